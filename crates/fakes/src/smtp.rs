//! A mail server: a real SMTP conversation with TLS and log-in, that keeps every mail and can fail at every step.

mod session;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::CertifiedKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::inbox::{Inbox, lock};

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// With the connection.
    Implicit,
    /// After STARTTLS; without it there is no log-in.
    StartTls,
    /// Never: STARTTLS is not offered.
    None,
    /// STARTTLS is offered, and then something in the clear is slipped in behind its reply.
    Injected,
}

/// How the server is set up.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Where to listen; port 0 is a free one.
    pub address: SocketAddr,
    /// When TLS begins.
    pub tls: SmtpTls,
    /// The names that the certificate is for.
    pub names: Vec<String>,
    /// The only user name and password; `None` lets everybody send.
    pub login: Option<(String, String)>,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            tls: SmtpTls::Implicit,
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            login: Some(("aboard".to_owned(), "fake-password".to_owned())),
        }
    }
}

/// A step of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The connection was made.
    Greeting,
    /// EHLO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// The end of AUTH.
    Auth,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The dot at the end of the mail.
    End,
}

/// What the server does at a step instead of going on.
#[derive(Debug, Clone)]
pub enum Act {
    /// It replies this line, such as `450 4.7.1 Greylisted`. A refused mail is not kept.
    Reply(String),
    /// It closes the connection. At [`Stage::End`] the mail is kept: it was taken, and the reply was lost.
    Drop,
    /// It goes on after a while.
    Pause(Duration),
    /// It sends lines without an end.
    Flood,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The whole mail, with CRLF and without the dots that were stuffed.
    pub data: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// Who had logged in.
    pub user: Option<String>,
}

struct State {
    options: SmtpOptions,
    acceptor: TlsAcceptor,
    script: Mutex<VecDeque<(Stage, Act)>>,
    mails: Inbox<Mail>,
    /// What clients said, line by line, before and after TLS; without the contents of mails and log-ins.
    lines: Inbox<String>,
}

/// The server; it stops when it is dropped.
pub struct Smtp {
    address: SocketAddr,
    certificate: String,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

impl Smtp {
    /// Starts, with a certificate made for the occasion.
    ///
    /// # Errors
    /// The address is taken, or the certificate cannot be made.
    pub async fn start(options: SmtpOptions) -> io::Result<Self> {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(options.names.clone()).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![cert.der().clone()], key)
            })
            .map_err(io::Error::other)?;
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            options,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            script: Mutex::default(),
            mails: Inbox::default(),
            lines: Inbox::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            certificate: cert.pem(),
            state,
            listening,
        })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its certificate in PEM, which is its own authority.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The credentials that fit, as `Smtp::from_json` of the server reads them.
    #[must_use]
    pub fn credentials(&self) -> Value {
        let options = &self.state.options;
        let mut credentials = json!({
            "host": options.names.first(),
            "port": self.port(),
            "tls": if options.tls == SmtpTls::Implicit { "implicit" } else { "starttls" },
            "from": "codes@example.com",
            "ca_certificate": self.certificate,
        });
        if let Some((user, password)) = &options.login {
            credentials["username"] = json!(user);
            credentials["password"] = json!(password);
        }
        credentials
    }

    /// Tells what to do the next time a conversation comes to a step. Several for one step are taken in order.
    pub fn at(&self, stage: Stage, act: Act) {
        lock(&self.state.script).push_back((stage, act));
    }

    /// [`Smtp::at`] with a reply.
    pub fn reply_at(&self, stage: Stage, line: &str) {
        self.at(stage, Act::Reply(line.to_owned()));
    }

    /// The mails that were taken.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.state.mails.all()
    }

    /// Waits until this many mails were taken in all.
    pub async fn wait_for(&self, mails: usize) -> Vec<Mail> {
        self.state.mails.wait_for(mails).await
    }

    /// What clients said, line by line, before and after TLS; without the contents of mails and log-ins.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.state.lines.all()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl State {
    /// What was told for a step, once.
    fn act(&self, stage: Stage) -> Option<Act> {
        let mut script = lock(&self.script);
        let at = script.iter().position(|(told, _)| *told == stage)?;
        script.remove(at).map(|(_, act)| act)
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    // Dropped with this task, which ends every conversation.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        conversations.spawn(async move {
            // The other end may go away at any time.
            let _ = session::serve(stream, &state).await;
        });
        while conversations.try_join_next().is_some() {}
    }
}
