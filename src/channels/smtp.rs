//! One-time codes as e-mail, over the organization's own mail server.
//!
//! TLS always, with a certificate that is valid for the host: at once (port 465) or after STARTTLS, and nothing is sent
//! to a server that does not offer it. lettre writes the mail and speaks SMTP; it opens no connection itself, so that
//! every address passes the guard. One connection carries one mail.

mod connect;
mod mail;
mod replies;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::credentials::{CredentialsError, Fields, made_of};
use super::{About, Attempt, Destination, Mark, Message, SendFailure, Sent, Then};
use crate::domain::Email;
use replies::{after, lost};

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// With the connection (RFC 8314).
    Implicit,
    /// After STARTTLS (RFC 3207), or the mail is not sent.
    StartTls,
}

/// A mail server, and whom mails come from.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<(String, Zeroizing<String>)>,
    from: Address,
    from_name: Option<String>,
    code_in_subject: bool,
    roots: connect::Roots,
}

/// How far a conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connect,
    LogIn,
    Sender,
    Recipient,
    Data,
    /// The mail was sent, and the last reply is awaited.
    End,
}

impl Smtp {
    /// Reads credentials:
    ///
    /// | field | |
    /// |---|---|
    /// | `host` | the name in the server's certificate |
    /// | `tls` | `implicit` (the default) or `starttls` |
    /// | `port` | optional: 465, or 587 with `starttls` |
    /// | `username`, `password` | optional, for servers that know us by our address |
    /// | `from` | the address that mails come from |
    /// | `from_name` | optional: the name beside it |
    /// | `code_in_subject` | optional, `true`: whether a code to log in shows in lists and on locked screens |
    /// | `ca_certificate` | optional: the PEM of the authority that signed the certificate, if it is not a public one |
    ///
    /// # Errors
    /// Names the field.
    pub fn from_json(json: &[u8]) -> Result<Self, CredentialsError> {
        let mut fields = Fields::read(json)?;
        let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        let host = |text: &str| made_of(text, 1, 253, in_host) && server_name(text).is_some();
        let host = fields.required("host", host, "Send the server's name, such as smtp.example.com.")?;
        let help = "Send `implicit` or `starttls`. Mail without TLS is not possible.";
        let tls = match fields.text("tls")?.as_deref() {
            None | Some("implicit") => Tls::Implicit,
            Some("starttls") => Tls::StartTls,
            Some(_) => return Err(CredentialsError::new("tls", help)),
        };
        let usual = if tls == Tls::Implicit { 465 } else { 587 };
        let port = fields.port("port", usual)?;
        let user = |text: &str| text.len() <= 320 && !text.contains(char::is_control);
        let username = fields.optional("username", user, "Send at most 320 characters on one line.")?;
        let password = fields.text("password")?.map(Zeroizing::new);
        let login = match (username, password) {
            (Some(username), Some(password)) if !password.contains(['\0', '\r', '\n']) => Some((username, password)),
            (None, None) => None,
            (None, _) => return Err(CredentialsError::new("username", "Send it with the password.")),
            (_, None) => return Err(CredentialsError::new("password", "Send it with the user name.")),
            _ => return Err(CredentialsError::new("password", "Send it on one line.")),
        };
        let from = fields.text("from")?.and_then(|text| Email::parse(&text).ok());
        let from = from.and_then(|email| email.key().parse().ok());
        let help = "Send the address that mails come from, such as codes@example.com.";
        let from = from.ok_or_else(|| CredentialsError::new("from", help))?;
        let name = |text: &str| text.chars().count() <= 64 && !text.contains(char::is_control);
        let from_name = fields.optional("from_name", name, "Send at most 64 characters on one line.")?;
        let code_in_subject = fields.switch("code_in_subject", true)?;
        let roots = connect::Roots::new(fields.text("ca_certificate")?.as_deref())?;
        fields.end()?;
        Ok(Self {
            host,
            port,
            tls,
            login,
            from,
            from_name,
            code_in_subject,
            roots,
        })
    }

    pub(super) fn described(&self) -> Vec<(&'static str, String)> {
        vec![
            ("host", format!("{}:{}", self.host, self.port)),
            ("from", self.from.to_string()),
        ]
    }

    pub(super) fn secrets(&self) -> Vec<&str> {
        self.login.iter().map(|(_, password)| password.as_str()).collect()
    }

    pub(super) async fn send(&self, attempt: &Attempt<'_>, message: &Message) -> Result<Sent, SendFailure> {
        let to = match &message.to {
            Destination::Email(email) => email.key().parse::<Address>().ok(),
            Destination::Phone(_) => None,
        };
        let Some(to) = to else {
            let then = Then::BadDestination(Mark::DoesNotExist);
            return Err(SendFailure::new(
                then,
                About::Destination,
                "the address cannot receive mail",
            ));
        };
        let mut stage = Stage::Connect;
        let conversation = self.converse(attempt, message, to, &mut stage);
        match timeout(attempt.outbound.timeout(), conversation).await {
            Ok(sent) => sent,
            Err(_) => Err(lost(stage, "no answer in time")),
        }
    }

    async fn converse(
        &self,
        attempt: &Attempt<'_>,
        message: &Message,
        to: Address,
        stage: &mut Stage,
    ) -> Result<Sent, SendFailure> {
        let (id, mail) = mail::write(self, message, &to, attempt.now).ok_or_else(|| {
            let words = "the mail cannot be written";
            SendFailure::new(Then::FallBack, About::Message, words)
        })?;
        let stream = self.open(attempt).await?;
        let hello = ClientId::Domain(self.from.domain().to_owned());
        let at = |stage: Stage| move |error| after(stage, &error);
        let mut server = AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(at(Stage::Connect))?;
        if let Some((username, password)) = &self.login {
            *stage = Stage::LogIn;
            let credentials = Credentials::new(username.clone(), password.to_string());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            server.auth(&mechanisms, &credentials).await.map_err(at(*stage))?;
        }
        *stage = Stage::Sender;
        let sender = Mail::new(Some(self.from.clone()), Vec::new());
        server.command(sender).await.map_err(at(*stage))?;
        *stage = Stage::Recipient;
        server.command(Rcpt::new(to, Vec::new())).await.map_err(at(*stage))?;
        *stage = Stage::Data;
        server.command(Data).await.map_err(at(*stage))?;
        *stage = Stage::End;
        server.message(&mail).await.map_err(at(*stage))?;
        // The mail is taken; whether the server says goodbye does not matter.
        let _ = timeout(Duration::from_secs(1), server.quit()).await;
        Ok(Sent::new(Some(id)))
    }
}

/// A host's name as certificates know it.
fn server_name(host: &str) -> Option<rustls::pki_types::ServerName<'static>> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    rustls::pki_types::ServerName::try_from(bare.to_owned()).ok()
}
