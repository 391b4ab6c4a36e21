//! An authority that nobody knows, and what it signs; openssl makes it all.

use super::peer;
use crate::support::Sandbox;
use std::path::PathBuf;

/// One authority, in a folder of the sandbox.
pub(super) struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// Makes an authority and, signed by it, a server's certificate for an address and a client's for `joe`: each as
    /// `NAME.crt` and `NAME.key`.
    pub(super) fn new(sandbox: &Sandbox, name: &str, address: &str) -> Self {
        let folder = sandbox.mkdir(name);
        let common = name.rsplit('/').next().unwrap_or_default();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        let script = format!(
            "openssl req -x509 {key} -days 2 -subj '/CN={common}' -keyout ca.key -out ca.crt\n\
             sign() {{\n\
                 openssl req {key} -subj \"/CN=$1\" -keyout \"$1.key\" -out \"$1.csr\"\n\
                 printf 'subjectAltName=%s\\nextendedKeyUsage=%s\\n' \"$2\" \"$3\" >\"$1.ext\"\n\
                 openssl x509 -req -in \"$1.csr\" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
                     -extfile \"$1.ext\" -out \"$1.crt\"\n\
             }}\n\
             sign server IP:{address} serverAuth\n\
             sign client DNS:joe clientAuth\n"
        );
        peer::script(&folder, &script);
        Self { folder }
    }

    /// One of its files.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }
}
