//! E-mail, against the fake mail server: what arrives.

use aboard::channels::{AppName, Channel, ChannelKind, Purpose};
use aboard::domain::EnvironmentKind::Production;
use aboard::domain::Language;
use aboard_fakes::{Mail, Smtp, SmtpOptions, SmtpTls};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::rig::{CODE, assert_fails, channel, message, patient, says, send};

const ADA: &str = "ada@example.com";

async fn server(tls: SmtpTls) -> Smtp {
    let options = SmtpOptions {
        tls,
        ..SmtpOptions::default()
    };
    Smtp::start(options).await.unwrap()
}

fn to(fake: &Smtp) -> Channel {
    channel(ChannelKind::Email, &fake.credentials())
}

/// The header block, unfolded.
fn headers(mail: &Mail) -> Vec<String> {
    let (head, _) = mail.data.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.split("\r\n").map(str::to_owned).collect()
}

fn header<'a>(headers: &'a [String], name: &str) -> &'a str {
    let start = format!("{name}: ");
    let mut found = headers.iter().filter_map(|header| header.strip_prefix(&start));
    let value = found.next().unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    assert_eq!(found.next(), None, "{name} stands twice");
    value
}

/// The parts of a mail, decoded: content type and text.
fn parts(mail: &Mail) -> Vec<(String, String)> {
    let found = headers(mail);
    let (_, boundary) = header(&found, "Content-Type").split_once("boundary=\"").unwrap();
    let boundary = format!("--{}", boundary.trim_end_matches('"'));
    let parts = mail
        .data
        .split(&boundary)
        .skip(1)
        .filter(|part| !part.starts_with("--"));
    let decode = |part: &str| {
        let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
        let text = if head.contains("base64") {
            let joined: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(joined).unwrap()).unwrap()
        } else if head.contains("quoted-printable") {
            body.replace("=\r\n", "").replace("=3D", "=")
        } else {
            body.to_owned()
        };
        let kind = head.lines().find(|line| line.starts_with("Content-Type")).unwrap();
        (kind.to_owned(), text.replace("\r\n", "\n"))
    };
    parts.map(decode).collect()
}

#[tokio::test]
async fn a_code_arrives_encrypted_and_stands_first() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let fake = server(tls).await;
        let sent = send(&patient(), &to(&fake), &message(ADA)).await.unwrap();
        let [mail] = fake.mails().try_into().unwrap();
        assert!(mail.encrypted, "{tls:?}");
        assert_eq!(mail.user.as_deref(), Some("aboard"));
        assert_eq!(
            (mail.from.as_str(), mail.to.as_slice()),
            ("codes@example.com", &[ADA.to_owned()][..])
        );
        let headers = headers(&mail);
        assert_eq!(header(&headers, "From"), "Acme <codes@example.com>");
        assert_eq!(header(&headers, "To"), ADA);
        assert_eq!(
            header(&headers, "Subject"),
            format!("{CODE}: Your code to log in to Acme")
        );
        assert_eq!(header(&headers, "Date"), "Fri, 15 Jan 2027 08:00:00 +0000");
        assert_eq!(header(&headers, "Message-ID"), "<msg_01hzy8d3c3x1e@example.com>");
        assert_eq!(header(&headers, "Auto-Submitted"), "auto-generated");
        assert_eq!(sent.provider_id.as_deref(), Some("<msg_01hzy8d3c3x1e@example.com>"));
        let [(plain, text), (html, page)] = parts(&mail).try_into().unwrap();
        assert!(
            plain.contains("text/plain") && html.contains("text/html"),
            "{plain} {html}"
        );
        assert!(
            text.starts_with(&format!("{CODE}\n\nYour code to log in to Acme.\n")),
            "{text}"
        );
        assert!(page.contains(CODE) && page.contains("dir=\"ltr\""), "{page}");
    }
}

#[tokio::test]
async fn before_tls_nothing_but_the_name_of_the_sender_is_said() {
    let fake = server(SmtpTls::StartTls).await;
    send(&patient(), &to(&fake), &message(ADA)).await.unwrap();
    assert_eq!(
        fake.lines(),
        [
            "EHLO example.com",
            "STARTTLS",
            "EHLO example.com",
            "AUTH PLAIN",
            "MAIL FROM:<codes@example.com>",
            "RCPT TO:<ada@example.com>",
            "DATA",
            "QUIT",
        ]
    );
}

#[tokio::test]
async fn every_language_arrives_as_it_was_written() {
    let fake = server(SmtpTls::Implicit).await;
    for (language, word, dir) in [
        (Language::Greek, "Κωδικός σύνδεσης: Acme", "ltr"),
        (Language::Arabic, "رمز الدخول", "rtl"),
        (Language::Indonesian, "Kode Anda untuk masuk ke Acme", "ltr"),
    ] {
        let mut message = message(ADA);
        message.language = language;
        send(&patient(), &to(&fake), &message).await.unwrap();
        let mail = fake.mails().pop().unwrap();
        assert!(mail.data.is_ascii(), "{}", mail.data);
        let [(_, text), (_, page)] = parts(&mail).try_into().unwrap();
        assert!(text.contains(word), "{text}");
        assert!(page.contains(word) && page.contains(&format!("<html lang=\"{}\" dir=\"{dir}\"", language.tag())));
    }
}

#[tokio::test]
async fn a_step_up_keeps_its_code_out_of_the_subject() {
    let fake = server(SmtpTls::Implicit).await;
    let mut step_up = message(ADA);
    step_up.says = says(Purpose::JoinAccounts, "K7M29QXT");
    send(&patient(), &to(&fake), &step_up).await.unwrap();
    let mail = fake.mails().pop().unwrap();
    let headers = headers(&mail);
    assert!(header(&headers, "Subject").contains("JOIN TWO ACCOUNTS"));
    assert!(!headers.join("\n").contains("K7M29QXT"));

    let mut credentials = fake.credentials();
    credentials["code_in_subject"] = json!(false);
    let shy = channel(ChannelKind::Email, &credentials);
    send(&patient(), &shy, &message(ADA)).await.unwrap();
    let mail = fake.mails().pop().unwrap();
    assert!(!self::headers(&mail).join("\n").contains(CODE));
}

#[tokio::test]
async fn an_apps_name_injects_nothing() {
    let fake = server(SmtpTls::Implicit).await;
    for name in [
        "Acme\r\nBcc: eve@example.com",
        "Acme\r\n\r\n.\r\nMAIL FROM:<eve@example.com>",
        "\"Acme\" <eve@example.com>, ",
        "=?utf-8?q?Acme=0D=0ABcc:_eve?=",
        "<img src=x onerror=alert(1)>",
        "Ακμή\u{202e}\nX: y",
    ] {
        let mut message = message(ADA);
        message.app = AppName::new(name).unwrap();
        send(&patient(), &to(&fake), &message).await.unwrap();
        let mail = fake.mails().pop().unwrap();
        assert_eq!(
            (mail.from.as_str(), mail.to.as_slice()),
            ("codes@example.com", &[ADA.to_owned()][..])
        );
        let headers = headers(&mail);
        for once in ["From", "To", "Subject", "Date", "Message-ID"] {
            header(&headers, once);
        }
        assert!(
            !headers
                .iter()
                .any(|header| header.starts_with("Bcc") || header.starts_with("X:")),
            "{headers:?}"
        );
        assert!(
            header(&headers, "From").ends_with(" <codes@example.com>"),
            "{headers:?}"
        );
        let [_, (_, page)] = parts(&mail).try_into().unwrap();
        assert!(!page.contains("<img"), "{page}");
    }
    assert_eq!(fake.lines().iter().filter(|line| line.starts_with("MAIL")).count(), 6);
}

#[tokio::test]
async fn production_reaches_no_inward_server_and_no_odd_port() {
    let fake = server(SmtpTls::Implicit).await;
    let sent = patient().send(Production, &to(&fake), &message(ADA)).await;
    assert_fails(sent, "stop", "configuration");
    assert_eq!(fake.lines(), [""; 0]);
    for (host, port) in [
        ("8.8.8.8", 22),
        ("8.8.8.8", 80),
        ("169.254.169.254", 465),
        ("0x7f.1", 465),
        ("[::1]", 465),
    ] {
        let mut credentials = fake.credentials();
        credentials["host"] = json!(host);
        credentials["port"] = json!(port);
        let Ok(channel) = Channel::from_json(ChannelKind::Email, credentials.to_string().as_bytes()) else {
            continue;
        };
        let sent = patient().send(Production, &channel, &message(ADA)).await;
        assert_fails(sent, "stop", "configuration");
    }
}

#[test]
fn credentials_name_the_field_that_is_wrong() {
    let good = json!({"host": "smtp.example.com", "from": "codes@example.com", "username": "u", "password": "p"});
    for (change, field) in [
        (json!({"host": "smtp example"}), "host"),
        (json!({"host": null}), "host"),
        (json!({"tls": "none"}), "tls"),
        (json!({"port": 0}), "port"),
        (json!({"port": "587"}), "port"),
        (json!({"username": null}), "username"),
        (json!({"password": null}), "password"),
        (json!({"password": "a\r\nb"}), "password"),
        (json!({"username": "a\r\nb"}), "username"),
        (json!({"from": "Acme <codes@example.com>"}), "from"),
        (json!({"from_name": "Acme\r\nBcc: x"}), "from_name"),
        (json!({"code_in_subject": "yes"}), "code_in_subject"),
        (json!({"ca_certificate": "none"}), "ca_certificate"),
        (json!({"ca": "x"}), "ca"),
    ] {
        let mut credentials = good.clone();
        for (name, value) in change.as_object().unwrap() {
            credentials[name] = value.clone();
        }
        let read = Channel::from_json(ChannelKind::Email, credentials.to_string().as_bytes());
        let error = read.err().unwrap_or_else(|| panic!("{change}"));
        assert_eq!(error.field, field, "{error}");
    }
    assert!(Channel::from_json(ChannelKind::Email, good.to_string().as_bytes()).is_ok());
}
