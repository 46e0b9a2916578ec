//! One-time codes as e-mail, over the organization's own mail server.
//!
//! TLS always, with a certificate that is valid for the host: at once (port 465) or after STARTTLS, and nothing is sent
//! to a server that does not offer it. lettre writes the mail and speaks SMTP; it opens no connection itself, so that
//! every address passes the guard. One connection carries one mail.

mod connect;
mod mail;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::credentials::{CredentialsError, Fields, made_of};
use super::failure::presentable;
use super::{About, Attempt, Destination, Mark, Message, SendFailure, Sent, Then};
use crate::domain::Email;

/// How long a server that greylists is left alone.
const GREYLISTED: Duration = Duration::from_mins(1);

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

/// A conversation that ended without a reply.
fn lost(stage: Stage, words: &'static str) -> SendFailure {
    let then = match stage {
        Stage::End => Then::Unknown,
        _ => Then::Retry { after: None },
    };
    SendFailure::new(then, About::Provider, words)
}

/// What a failed step means.
fn after(stage: Stage, error: &lettre::transport::smtp::Error) -> SendFailure {
    let Some(code) = error.status() else {
        let no_mechanism = stage == Stage::LogIn && error.is_client();
        return if no_mechanism {
            let words = "the server offers no way to log in that we know";
            SendFailure::new(Then::Stop, About::Configuration, words)
        } else {
            lost(stage, "the connection to the mail server was lost")
        };
    };
    let code = code.to_string().parse().unwrap_or(0);
    // lettre keeps the reply's text as the error's source.
    let text = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    refused(stage, code, &text)
}

/// What a reply means: by its enhanced code (RFC 3463) if it has one, else by where in the conversation it came.
fn refused(stage: Stage, code: u16, text: &str) -> SendFailure {
    use {About as A, Stage as S};
    const NOWHERE: Then = Then::BadDestination(Mark::DoesNotExist);
    const AGAIN: Then = Then::Retry { after: None };

    let word = text.split_whitespace().next().unwrap_or_default();
    let mut numbers = word.split('.').map(|number| number.parse::<u16>().ok());
    let enhanced = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(4 | 5)), Some(Some(subject)), Some(Some(detail)), None) => Some((subject, detail)),
        _ => None,
    };
    let greylisted = Then::Retry {
        after: Some(GREYLISTED),
    };
    let (then, about, words) = match (code, stage, enhanced) {
        (400..=499, _, Some((7, _))) if stage != S::LogIn => (greylisted, A::Limit, "the mail server asks to wait"),
        (450 | 451, S::Recipient, None) => (greylisted, A::Limit, "the mail server asks to wait"),
        (400..=499, _, Some((2, 2))) => (Then::FallBack, A::Destination, "the mailbox is full"),
        (400..=499, ..) => (AGAIN, A::Provider, "the mail server cannot take it now"),
        (_, S::Connect, _) => (Then::Stop, A::Configuration, "the mail server does not serve us"),
        (_, S::LogIn, _) => (Then::Stop, A::Credentials, "user name or password is wrong"),
        (_, S::Sender, _) => (Then::Stop, A::Configuration, "the mail server refuses the sender"),
        (_, _, Some((1, 0..=4 | 6 | 10))) | (550 | 551 | 553, S::Recipient, None) => {
            (NOWHERE, A::Destination, "there is no such mailbox")
        }
        (_, _, Some((2, 1))) => (NOWHERE, A::Destination, "the mailbox is closed"),
        (_, _, Some((2, 2))) => (Then::FallBack, A::Destination, "the mailbox is full"),
        (_, _, Some((7, _))) => (Then::FallBack, A::Abuse, "a policy of the mail server forbids it"),
        (_, S::Recipient, _) => (Then::FallBack, A::Destination, "the mail server refuses the recipient"),
        _ => (Then::FallBack, A::Message, "the mail server refuses the mail"),
    };
    SendFailure {
        code: Some(code.into()),
        details: Some(presentable(text)),
        ..SendFailure::new(then, about, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_has_its_consequence() {
        #[rustfmt::skip]
        let expected = [
            (Stage::Connect, 421, "4.3.2 busy", "retry", "provider"),
            (Stage::Connect, 554, "no service", "stop", "configuration"),
            (Stage::LogIn, 535, "5.7.8 bad", "stop", "credentials"),
            (Stage::LogIn, 454, "4.7.0 later", "retry", "provider"),
            (Stage::Sender, 550, "5.7.1 not yours", "stop", "configuration"),
            (Stage::Sender, 451, "4.3.0 later", "retry", "provider"),
            (Stage::Recipient, 450, "4.7.1 greylisted", "retry", "limit"),
            (Stage::Recipient, 450, "wait", "retry", "limit"),
            (Stage::Recipient, 452, "4.2.2 full", "fall_back", "destination"),
            (Stage::Recipient, 550, "5.1.1 unknown", "bad_destination", "destination"),
            (Stage::Recipient, 550, "unknown", "bad_destination", "destination"),
            (Stage::Recipient, 550, "5.7.1 blocked", "fall_back", "abuse"),
            (Stage::Recipient, 552, "5.2.2 full", "fall_back", "destination"),
            (Stage::Recipient, 550, "5.2.1 disabled", "bad_destination", "destination"),
            (Stage::Recipient, 554, "no", "fall_back", "destination"),
            (Stage::Data, 503, "5.5.1 what", "fall_back", "message"),
            (Stage::End, 550, "5.1.1 unknown", "bad_destination", "destination"),
            (Stage::End, 554, "5.6.0 malformed", "fall_back", "message"),
            (Stage::End, 554, "5.7.1 spam", "fall_back", "abuse"),
            (Stage::End, 451, "4.3.0 later", "retry", "provider"),
        ];
        for (stage, code, text, then, about) in expected {
            let failure = refused(stage, code, text);
            assert_eq!(
                (failure.then.name(), failure.about.name()),
                (then, about),
                "{code} {text}"
            );
        }
        assert_eq!(
            refused(Stage::Recipient, 450, "4.7.1 greylisted").then,
            Then::Retry {
                after: Some(GREYLISTED)
            }
        );
    }

    #[test]
    fn only_what_was_sent_whole_may_have_arrived() {
        for stage in [
            Stage::Connect,
            Stage::LogIn,
            Stage::Sender,
            Stage::Recipient,
            Stage::Data,
        ] {
            assert_eq!(lost(stage, "").then, Then::Retry { after: None });
        }
        assert_eq!(lost(Stage::End, "").then, Then::Unknown);
    }
}
