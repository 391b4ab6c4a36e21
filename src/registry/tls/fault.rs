//! Why TLS fails, in words for the user.

use super::algorithm;
use super::verifier::WeakKey;
use crate::error::TlsFault;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, ClientConnection, InvalidMessage, OtherError};
use std::io::{self, Read};

/// The server, for error messages.
pub(super) struct Peer {
    pub(super) host: String,
    /// Whether a client certificate is configured for it.
    pub(super) has_client: bool,
    pub(super) is_proxy: bool,
}

impl Peer {
    /// Turns a stream error into an error of its own if TLS caused it.
    pub(super) fn failed(&self, error: io::Error) -> io::Error {
        match error.downcast::<rustls::Error>() {
            Ok(error) => self.named(error),
            Err(error) => error,
        }
    }

    /// The same for a write error. A server that requires a certificate sends an alert and closes
    /// the connection while we still write: its alert is then left to be read.
    pub(super) fn hung_up(
        &self,
        error: io::Error,
        connection: &mut ClientConnection,
        channel: &mut impl Read,
    ) -> io::Error {
        let gone = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        if !gone.contains(&error.kind()) {
            return self.failed(error);
        }
        let read = connection.read_tls(channel).ok();
        match read.and_then(|_| connection.process_new_packets().err()) {
            Some(alert) => self.named(alert),
            None => error,
        }
    }

    pub(super) fn named(&self, error: rustls::Error) -> io::Error {
        io::Error::other(self.fault(error).of(&self.host))
    }

    fn fault(&self, error: rustls::Error) -> TlsFault {
        use AlertDescription as Alert;
        match error {
            rustls::Error::InvalidCertificate(error) => certificate_fault(error),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                if self.is_proxy {
                    TlsFault::ProxyNotTls
                } else {
                    TlsFault::NotTls
                }
            }
            // TLS 1.2 has no alert for a missing certificate: servers send bad_certificate.
            rustls::Error::AlertReceived(Alert::CertificateRequired) => {
                TlsFault::ClientCertificateRequired
            }
            rustls::Error::AlertReceived(
                Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError,
            ) => {
                if self.has_client {
                    TlsFault::ClientCertificateRefused
                } else {
                    TlsFault::ClientCertificateRequired
                }
            }
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(Alert::ProtocolVersion) => TlsFault::UnsupportedVersion,
            rustls::Error::AlertReceived(Alert::HandshakeFailure) => TlsFault::HandshakeFailure,
            rustls::Error::AlertReceived(Alert::UnrecognisedName) => TlsFault::UnrecognizedName,
            rustls::Error::AlertReceived(alert) => TlsFault::Alert(alert.into()),
            rustls::Error::InvalidMessage(_) | rustls::Error::PeerMisbehaved(_) => {
                TlsFault::Other("it sends what is not valid TLS")
            }
            _ => TlsFault::Other("unknown error"),
        }
    }
}

fn certificate_fault(error: CertificateError) -> TlsFault {
    use CertificateError as Wrong;
    let days = |late: UnixTime, early: UnixTime| {
        late.as_secs().saturating_sub(early.as_secs()) / (24 * 60 * 60)
    };
    match error {
        // BadSignature: another key than that of the trusted authority with the same name.
        Wrong::UnknownIssuer | Wrong::BadSignature => TlsFault::UnknownAuthority,
        Wrong::ExpiredContext { time, not_after } => TlsFault::Expired {
            end: not_after.as_secs(),
            days: days(time, not_after),
        },
        Wrong::NotValidYetContext { time, not_before } => TlsFault::NotYetValid {
            days: days(not_before, time),
        },
        Wrong::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName(presented.iter().map(|name| bare(name)).collect())
        }
        Wrong::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => TlsFault::UnsupportedAlgorithm(algorithm::name(&signature_algorithm_id)),
        Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext {
            public_key_algorithm_id,
            ..
        } => TlsFault::UnsupportedAlgorithm(algorithm::name(&public_key_algorithm_id)),
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            TlsFault::InvalidCertificate("it is not for servers")
        }
        Wrong::Revoked => TlsFault::InvalidCertificate("it has been revoked"),
        Wrong::BadEncoding => TlsFault::InvalidCertificate("it is malformed"),
        Wrong::Other(OtherError(why)) => match why.downcast_ref() {
            Some(WeakKey(bits)) => TlsFault::WeakKey(*bits),
            None => match why.to_string().as_str() {
                // X.509 version 1, which has no names but the common name.
                "UnsupportedCertVersion" => TlsFault::WrongName(Vec::new()),
                name => TlsFault::InvalidCertificate(words(name)),
            },
        },
        _ => TlsFault::InvalidCertificate("it cannot be used"),
    }
}

/// A description of certificate errors for which webpki only has a name.
fn words(name: &str) -> &'static str {
    match name {
        "EndEntityUsedAsCa" => "it is signed with a certificate that is not of an authority",
        "NameConstraintViolation" => "its authority is not one for this name",
        "PathLenConstraintViolated" => "there are more authorities between than it allows",
        "UnsupportedCriticalExtension" => "it has a critical extension that is not supported",
        _ => "it cannot be used",
    }
}

/// The name as written in a URL; webpki writes `DnsName("name")`.
fn bare(name: &str) -> String {
    let inside = name.split_once('(').map_or(name, |(_, inside)| inside);
    inside.trim_end_matches(')').trim_matches('"').to_owned()
}
