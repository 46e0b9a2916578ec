//! Calls the other way: a POST over plain HTTP to the server under test.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// An answer is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a call is made until it is answered 2xx.
const TRIES: u32 = 4;

/// Posts until it is answered 2xx, with growing pauses; answers the last status, 0 for none.
pub(crate) async fn post_until_taken(url: &str, headers: &[(&str, &str)], body: &[u8], pause: Duration) -> u16 {
    let mut status = 0;
    for attempt in 0..TRIES {
        status = timeout(PATIENCE, post(url, headers, body))
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or(0);
        if (200..300).contains(&status) {
            break;
        }
        sleep(pause * 2_u32.pow(attempt)).await;
    }
    status
}

/// Posts once and answers the status.
async fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<u16> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "not http://HOST[:PORT]/PATH");
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut head = format!(
        "POST {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
        if path.is_empty() { "/" } else { path },
        body.len()
    );
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
