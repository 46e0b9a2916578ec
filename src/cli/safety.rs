//! What `aboard serve` refuses to start with, and what it warns of.

use std::net::IpAddr;
use std::path::Path;

use url::{Host, Url};

use super::data_directory::{EVERYBODY, STICKY, mode, or_here, others_may};
use crate::config::{Config, KeyKind};
use crate::instance::is_beside_the_data;

/// Every setting that is unsafe in production, each as a sentence that says what to do; none if all is well.
pub fn refusals(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let url = &config.server.public_url;
    if url.is_empty() {
        found.push(
            "server.public_url: `serve` needs the address that people use. Set it, like --set server.public_url=https://id.example.com"
                .to_owned(),
        );
    } else if !is_private_to_the_wire(url) {
        found.push(format!(
            "server.public_url: {url} would send people's secrets in the clear. Write https://, and end TLS in a proxy in front; http:// is for loopback only."
        ));
    }
    if config.webhooks.sandbox_loopback {
        found.push(
            "webhooks.sandbox_loopback: `serve` always has the guard on. List the networks that may be reached in webhooks.allow instead."
                .to_owned(),
        );
    }
    if config.keys.kind != KeyKind::File {
        // Whatever is missing of a key service is said when it is asked.
    } else if config.keys.file.is_empty() {
        found.push(
            "keys.file: `serve` needs a key file. Make one with `aboard keys init FILE`, keep it apart from the data, and set keys.file."
                .to_owned(),
        );
    } else if is_beside_the_data(config, Path::new(&config.keys.file)) {
        found.push(format!(
            "keys.file: {} lies in the data directory, so a stolen backup would hold both. Move it elsewhere.",
            config.keys.file
        ));
    }
    if config.store.file().is_some() && !config.store.sync {
        found.push(
            "store.sync: without it a power cut can lose users who were told that they exist. Set store.sync=true."
                .to_owned(),
        );
    }
    if let Some(directory) = config.store.file().and_then(Path::parent).map(or_here) {
        let mode = mode(directory);
        if others_may(mode) {
            let directory = directory.display();
            let way_out = if mode & STICKY == 0 {
                format!("Run `chmod 700 {directory}`, or name another with --data DIR.")
            } else {
                format!("Name a directory of its own, like --data {directory}/aboard.")
            };
            let mode = mode & 0o777;
            found.push(format!(
                "store.url: other users may look into {directory} (mode {mode:04o}). {way_out}"
            ));
        }
    }
    found
}

/// What `serve` starts with and would rather not, each as a sentence that says what to do.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let file = &config.keys.file;
    if config.keys.kind == KeyKind::File && mode(Path::new(file)) & EVERYBODY != 0 {
        found.push(format!(
            "keys.file: every user of this machine may open {file}. Run `chmod 600 {file}`."
        ));
    }
    for url in &config.login.return_urls {
        if !is_private_to_the_wire(url) {
            found.push(format!(
                "login.return_urls: {url} would get people's codes in the clear. Write https://; http:// is for loopback only."
            ));
        }
    }
    found
}

/// https, or an address that never leaves this machine.
fn is_private_to_the_wire(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback() {
        for safe in [
            "https://id.example.com",
            "http://localhost:8080",
            "http://a.localhost",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(is_private_to_the_wire(safe), "{safe}");
        }
        for unsafe_ in [
            "http://id.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://notlocalhost",
        ] {
            assert!(!is_private_to_the_wire(unsafe_), "{unsafe_}");
        }
    }
}
