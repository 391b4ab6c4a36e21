//! Authorities and certificates, made for one test: right, expired, for another name.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};

/// Somebody who signs certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// From the first day of the one year to the first day of the other.
pub type Years = (i32, i32);

/// Whenever the tests run, today lies in between.
pub const NOW: Years = (2020, 4000);

impl Authority {
    /// A new one, with a name for people.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        Self { issuer }
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server's certificate for some names or addresses.
    pub fn server(&self, names: &[&str]) -> Identity {
        self.server_in(names, NOW)
    }

    /// The same, good at another time.
    pub fn server_in(&self, names: &[&str], years: Years) -> Identity {
        self.sign(names, years, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client's certificate.
    pub fn client(&self, name: &str) -> Identity {
        self.sign(&[name], NOW, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, names: &[&str], years: Years, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = params(names, years);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Identity {
    /// What `openssl req -x509` makes: it signs itself, and is an authority as well as a server.
    pub fn self_signed(names: &[&str], years: Years) -> Self {
        Self::self_signed_for(names, years, &[])
    }

    /// The same of one that says what its key is for.
    pub fn self_signed_as(
        names: &[&str],
        usages: &[KeyUsagePurpose],
        purposes: &[ExtendedKeyUsagePurpose],
    ) -> Self {
        let mut params = params(names, NOW);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = usages.to_vec();
        params.extended_key_usages = purposes.to_vec();
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// The same of an authority for the names below some only, if there are any.
    pub fn self_signed_for(names: &[&str], years: Years, below: &[&str]) -> Self {
        let mut params = params(names, years);
        let below = below
            .iter()
            .map(|&name| GeneralSubtree::DnsName(name.to_owned()));
        params.name_constraints = (below.len() > 0).then(|| NameConstraints {
            permitted_subtrees: below.collect(),
            excluded_subtrees: Vec::new(),
        });
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

fn params(names: &[&str], (from, to): Years) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a test");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}
