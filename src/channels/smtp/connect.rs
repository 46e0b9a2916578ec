//! An encrypted connection to a mail server, through the guard.

use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::replies::{lost, refused};
use super::{Smtp, Stage, Tls, server_name};
use crate::channels::credentials::CredentialsError;
use crate::channels::{About, Attempt, SendFailure, Then};

/// Where mail servers take mail from clients, with TLS: the standard ports, and those of providers beside them.
const PORTS: [u16; 6] = [465, 587, 2465, 2525, 2587, 25];
/// The most bytes of one reply.
const LONGEST_REPLY: usize = 4_096;

/// The authorities that a server's certificate is checked against.
pub(super) struct Roots(Arc<ClientConfig>);

impl Roots {
    /// Mozilla's authorities, or the ones of a PEM.
    pub fn new(pem: Option<&str>) -> Result<Self, CredentialsError> {
        let wrong = || CredentialsError::new("ca_certificate", "Send one or more certificates in PEM.");
        let mut roots = RootCertStore::empty();
        match pem {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                    let certificate = certificate.map_err(|_| wrong())?;
                    roots.add(certificate).map_err(|_| wrong())?;
                }
                if roots.is_empty() {
                    return Err(wrong());
                }
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| wrong())?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

impl Smtp {
    /// Connects, and encrypts. What comes back begins with a greeting, as lettre expects it.
    pub(super) async fn open(&self, attempt: &Attempt<'_>) -> Result<Box<dyn AsyncTokioStream>, SendFailure> {
        let connected = attempt.outbound.connect(attempt.kind, &self.host, self.port, &PORTS);
        let mut stream = connected.await.map_err(SendFailure::without_answer)?;
        let mut greeting = Vec::new();
        if self.tls == Tls::StartTls {
            let prepared = timeout(attempt.outbound.timeout(), start_tls(&mut stream, self.from.domain())).await;
            prepared.unwrap_or_else(|_| Err(lost(Stage::Connect, "no answer in time")))?;
            greeting.extend_from_slice(b"220 encrypted\r\n");
        }
        let failed = || SendFailure::new(Then::Stop, About::Configuration, "TLS with the mail server failed");
        let name = server_name(&self.host).ok_or_else(failed)?;
        let encrypting = TlsConnector::from(Arc::clone(&self.roots.0)).connect(name, stream);
        let stream = encrypting.await.map_err(|error| {
            // A lost connection mends itself, a certificate does not.
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
            let tls = cause.is_some();
            if tls {
                failed()
            } else {
                lost(Stage::Connect, "the connection to the mail server was lost")
            }
        })?;
        Ok(Box::new(Greeted {
            greeting: Cursor::new(greeting),
            stream,
        }))
    }
}

/// Everything before STARTTLS takes effect. Nothing of it is trusted afterwards, and nothing may come in the clear
/// behind the last reply: it would be taken for an encrypted one.
async fn start_tls(stream: &mut TcpStream, domain: &str) -> Result<(), SendFailure> {
    let not_offered = SendFailure::new(Then::Stop, About::Configuration, "the mail server offers no STARTTLS");
    let mut pending = Vec::new();
    expect(stream, &mut pending, 220).await?;
    say(stream, &format!("EHLO {domain}\r\n")).await?;
    let offer = expect(stream, &mut pending, 250).await?;
    let mut lines = offer.lines().filter_map(|line| line.get(4..));
    if !lines.any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(not_offered);
    }
    say(stream, "STARTTLS\r\n").await?;
    expect(stream, &mut pending, 220).await?;
    if pending.is_empty() {
        Ok(())
    } else {
        let words = "the mail server went on in the clear after STARTTLS";
        Err(SendFailure::new(Then::Stop, About::Configuration, words))
    }
}

async fn say(stream: &mut TcpStream, line: &str) -> Result<(), SendFailure> {
    let gone = |_| lost(Stage::Connect, "the connection to the mail server was lost");
    stream.write_all(line.as_bytes()).await.map_err(gone)
}

/// Reads one reply, which may have several lines, and leaves what comes behind it in `pending`.
async fn expect(stream: &mut TcpStream, pending: &mut Vec<u8>, code: u16) -> Result<String, SendFailure> {
    let gone = || lost(Stage::Connect, "the connection to the mail server was lost");
    let strange = || {
        let words = "what answers is not a mail server";
        SendFailure::new(Then::Stop, About::Configuration, words)
    };
    let end = loop {
        if let Some(end) = end_of_reply(pending) {
            break end;
        }
        if pending.len() > LONGEST_REPLY {
            return Err(strange());
        }
        if stream.read_buf(pending).await.map_err(|_| gone())? == 0 {
            return Err(gone());
        }
    };
    let rest = pending.split_off(end);
    let reply = String::from_utf8_lossy(&std::mem::replace(pending, rest)).into_owned();
    let found: u16 = reply.get(..3).and_then(|code| code.parse().ok()).ok_or_else(strange)?;
    if found == code {
        return Ok(reply);
    }
    Err(refused(Stage::Connect, found, reply.get(4..).unwrap_or_default()))
}

/// Where the first reply ends: behind the first line whose fourth character is not `-`.
fn end_of_reply(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[start..start + length];
        start += length + 1;
        if line.get(3) != Some(&b'-') {
            return Some(start);
        }
    }
    None
}

/// A connection that was greeted before it was encrypted.
#[derive(Debug)]
struct Greeted {
    greeting: Cursor<Vec<u8>>,
    stream: TlsStream<TcpStream>,
}

impl AsyncTokioStream for Greeted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Greeted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = io::Read::read(&mut self.greeting, out.initialize_unfilled())?;
        if read > 0 {
            out.advance(read);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, out)
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reply_ends_with_its_last_line() {
        for (bytes, end) in [
            ("220 hello\r\n", Some(11)),
            ("250-a\r\n250 b\r\n", Some(14)),
            ("220 go\r\n250 injected\r\n", Some(8)),
            ("250-a\r\n", None),
            ("220 hel", None),
            ("\n", Some(1)),
            ("", None),
        ] {
            assert_eq!(end_of_reply(bytes.as_bytes()), end, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            if let Some(end) = end_of_reply(&bytes) {
                prop_assert!(end <= bytes.len());
            }
        }
    }
}
