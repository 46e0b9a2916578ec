//! Whether a server answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::Check;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks at `server.listen`, and at `server.public_url` where there is one.
pub async fn look(config: &Config, of_dev: bool, checks: &mut Vec<Check>) {
    checks.push(listen(config, of_dev).await);
    if let Ok(url) = Url::parse(&config.server.public_url) {
        checks.push(public_url(&url).await);
    }
}

async fn listen(config: &Config, of_dev: bool) -> Check {
    const NAME: &str = "server";
    let mut address = config.server.listen;
    if address.port() == 0 {
        return Check::bad(
            NAME,
            "server.listen has port 0, so nobody can know where it is",
            "Name the real address with --set server.listen=ADDR, or leave this out with --offline.",
        );
    }
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let host = Url::parse(&config.server.public_url)
        .ok()
        .and_then(|url| authority(&url));
    let host = host.unwrap_or_else(|| address.to_string());
    let start = if of_dev { "aboard dev" } else { "aboard serve" };
    match timeout(PATIENCE, ask(address, &host)).await {
        Ok(Ok(200)) => Check::good(NAME, format!("answers at {address}")),
        Ok(Ok(421)) => Check::bad(
            NAME,
            format!("the server at {address} does not know the host {host}"),
            "Start it with the same server.public_url as this command.",
        ),
        Ok(Ok(status)) => Check::bad(
            NAME,
            format!("what answers at {address} says {status} to /healthz"),
            "Another program seems to have the address; change server.listen.",
        ),
        Ok(Err(error)) => Check::bad(
            NAME,
            format!("no server answers at {address} ({error})"),
            format!("Start it with `{start}`, or leave this out with --offline."),
        ),
        Err(_) => Check::bad(
            NAME,
            format!("{address} does not answer within 2 s"),
            "Look at the server's log; if another program has the address, change server.listen.",
        ),
    }
}

async fn public_url(url: &Url) -> Check {
    const NAME: &str = "public url";
    let advice = "Check its DNS record, the firewall, and the proxy in front of the server.";
    let (Some(host), Some(port), Some(authority)) = (url.host_str(), url.port_or_known_default(), authority(url))
    else {
        return Check::bad(NAME, format!("{url} has no host"), "Correct server.public_url.");
    };
    let shown = url.as_str().trim_end_matches('/');
    let reached = async {
        // The brackets of an IPv6 address belong to the URL, not to the address.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses = tokio::net::lookup_host((host, port)).await?;
        let address = addresses.next().ok_or_else(|| std::io::Error::other("no address"))?;
        if url.scheme() == "https" {
            TcpStream::connect(address).await?;
            return Ok(None);
        }
        ask(address, &authority).await.map(Some)
    };
    match timeout(PATIENCE, reached).await {
        Ok(Ok(None)) => Check::good(
            NAME,
            format!("{shown} takes connections; its certificate was not looked at"),
        ),
        Ok(Ok(Some(200))) => Check::good(NAME, format!("{shown} answers")),
        Ok(Ok(Some(status))) => Check::bad(NAME, format!("{shown} says {status} to /healthz"), advice),
        Ok(Err(error)) => {
            let error: std::io::Error = error;
            Check::bad(NAME, format!("{shown} cannot be reached from here ({error})"), advice)
        }
        Err(_) => Check::bad(NAME, format!("{shown} does not answer within 2 s"), advice),
    }
}

/// `host:port` as a `Host` header has it.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

/// The status that `/healthz` answers with.
async fn ask(address: SocketAddr, host: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    stream.take(64).read_to_end(&mut head).await?;
    let text = String::from_utf8_lossy(&head);
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| std::io::Error::other("it does not speak HTTP"))
}
