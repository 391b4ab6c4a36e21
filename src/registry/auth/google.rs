//! Google's registries: service-account keys, and tokens of virtual machines in Google's cloud.

use super::auth_file;
use super::credentials::Credentials;
use crate::progress::Progress;
use crate::registry::RegistryOptions;
use crate::registry::http::client::Client;
use crate::registry::http::request::Request;
use crate::registry::http::url::{Scheme, Url, host_of};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The metadata server of a virtual machine in Google's cloud.
const SERVER: &str = "metadata.google.internal";

const TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// The header that the metadata server requires and returns: a browser that was lured there would
/// not send it.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

/// Where the firmware reports the product name.
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

/// The metadata server runs on the same host: it responds at once or not at all.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The longest response that is read, in bytes.
const MAX_ANSWER: u64 = 64 << 10;

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
}

/// Whether a registry is Google's. Whole host names are compared: the Go tool sent an access token
/// to `gcr.io.evil.net`.
pub(crate) fn is_google(registry: &str) -> bool {
    let host = host_of(registry);
    host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with(".pkg.dev")
}

/// A service-account key, which Google's registries accept as the password of `_json_key`.
pub(crate) fn key(text: String) -> Option<Credentials> {
    let json: Value = serde_json::from_str(&text).ok()?;
    let is_key = json.get("type")?.as_str()? == "service_account";
    is_key.then(|| Credentials::Basic {
        user: "_json_key".to_owned(),
        password: text,
    })
}

/// The key in the file that `GOOGLE_APPLICATION_CREDENTIALS` names.
pub(crate) fn key_file(path: &Path) -> Result<Credentials, &'static str> {
    let text = auth_file::read(path).map_err(|_| "cannot be read as text")?;
    key(text).ok_or("not a Google service-account key")
}

/// The token of this machine, if it is a Google virtual machine. No request is made unless it is,
/// or a metadata server is configured.
pub(crate) fn machine(
    named: Option<&str>,
    options: &RegistryOptions,
    progress: Progress,
) -> Option<Credentials> {
    let product = || auth_file::read(Path::new(PRODUCT)).unwrap_or_default();
    let server = match named {
        Some(named) => named,
        None if is_product(&product()) => SERVER,
        None => return None,
    };
    token(server, options, progress)
        .inspect_err(|why| progress.detail(format_args!("{server}: no token: {why}")))
        .ok()
}

fn is_product(product: &str) -> bool {
    matches!(product.trim(), "Google" | "Google Compute Engine")
}

/// Requests a token from a metadata server, never through a proxy: a proxy is another machine, and
/// the token would be that machine's.
fn token(
    server: &str,
    options: &RegistryOptions,
    progress: Progress,
) -> Result<Credentials, String> {
    let options = RegistryOptions {
        timeout: TIMEOUT.min(options.timeout),
        ..options.clone()
    };
    let base = Url::parse(&format!("http://{server}")).ok_or("not the name of a server")?;
    let url = Url::new(Scheme::Http, base.authority(), TOKEN.to_owned());
    let request = Request {
        headers: &[FLAVOR],
        ..Request::get(&url, 0)
    };
    let http = Client::direct(&options, &url, progress);
    let response = http.request(request).map_err(|e| e.to_string())?;
    if response.status != 200 {
        return Err(format!("status {}", response.status));
    }
    if !response.url.same_origin(&url) || response.header(FLAVOR.0) != Some(FLAVOR.1) {
        return Err("the answer is not that of a metadata server".to_owned());
    }
    let body = response.bytes(MAX_ANSWER).map_err(|e| e.to_string())?;
    let response: Result<TokenResponse, _> = serde_json::from_slice(&body);
    let response = response.map_err(|_| "there is no token in the response")?;
    Ok(Credentials::Basic {
        user: "oauth2accesstoken".to_owned(),
        password: response.access_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    #[test]
    fn google_is_named_by_whole_hosts() {
        for host in [
            "gcr.io",
            "eu.gcr.io",
            "gcr.io:443",
            "europe-docker.pkg.dev",
            "a.b.pkg.dev",
        ] {
            assert!(is_google(host), "{host}");
        }
        for host in [
            "gcr.io.evil.net",
            "gcr.io.evil.net:443",
            "xgcr.io",
            "ghcr.io",
            "pkg.dev",
            "evilpkg.dev",
            "pkg.dev.evil.net",
            "docker.io",
            "gcr.io@evil.net",
            "[::1]:5000",
        ] {
            assert!(!is_google(host), "{host}");
        }
    }

    #[test]
    fn a_key_is_one_of_a_service_account() {
        assert!(key(r#"{"type":"service_account"}"#.to_owned()).is_some());
        for other in [
            r#"{"type":"authorized_user"}"#,
            "{}",
            r#"{"type":7}"#,
            "",
            "}{",
        ] {
            assert!(key(other.to_owned()).is_none(), "{other}");
        }
    }

    #[test]
    fn only_google_makes_googles_machines() {
        assert!(is_product("Google Compute Engine\n") && is_product("Google\n"));
        for other in ["", "Standard PC", "Googlewerk", "Not Google"] {
            assert!(!is_product(other), "{other}");
        }
    }

    /// A server that sends one response, and the request it received.
    #[expect(clippy::disallowed_methods, reason = "a server in a test has a thread")]
    fn asked(response: &'static str) -> (Option<Credentials>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(response.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let options = RegistryOptions::default();
        let found = machine(Some(&address), &options, Progress::silent());
        (found, server.join().unwrap())
    }

    #[test]
    fn a_machine_has_a_token() {
        let (found, request) = asked(
            "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nContent-Length: 40\r\n\r\n\
             {\"access_token\":\"ya29.x\",\"expires_in\":9}",
        );
        let wanted = Credentials::of("oauth2accesstoken", "ya29.x").basic();
        assert_eq!(found.and_then(|found| found.basic()), wanted);
        assert!(request.starts_with(&format!("GET {TOKEN} HTTP/1.1\r\n")));
        assert!(
            request
                .to_lowercase()
                .contains("\r\nmetadata-flavor: google\r\n")
        );
    }

    #[test]
    fn what_is_no_answer_is_no_token() {
        for response in [
            "HTTP/1.1 404 Not Found\r\nMetadata-Flavor: Google\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"x\"}",
            "HTTP/1.1 302 F\r\nMetadata-Flavor: Google\r\nLocation: ftp://x\r\n\r\n",
            "",
        ] {
            assert!(asked(response).0.is_none(), "{response}");
        }
        let options = RegistryOptions::default();
        let nobody = machine(Some("x y"), &options, Progress::silent());
        assert!(nobody.is_none());
    }
}
