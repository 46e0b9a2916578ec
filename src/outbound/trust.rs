//! Who may vouch for a server that is called.

use std::sync::LazyLock;

use reqwest::ClientBuilder;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The certificates of this machine; where it has none (an empty container), those that Mozilla trusts. They are read once
/// for all clients: it is a good part of a start.
static TRUSTED: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut config = match ClientConfig::builder().with_platform_verifier() {
        Ok(machine) => machine.with_no_client_auth(),
        Err(_) => bundled(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
});

fn bundled() -> ClientConfig {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A client of HTTP/1.1 that trusts what the machine trusts.
pub(crate) fn trusting(builder: ClientBuilder) -> ClientBuilder {
    builder.http1_only().tls_backend_preconfigured(TRUSTED.clone())
}
