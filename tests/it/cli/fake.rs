//! `aboard fake`: a newcomer sees credentials, and then each code.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use aboard::channels::{Channel, ChannelKind};
use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;
use crate::channels::rig::{PHONE, channel, message, patient, send};

#[tokio::test]
async fn the_issuer_prints_its_settings_and_signs_what_the_server_believes() {
    let place = Place::new();
    let child = Command::new(env!("CARGO_BIN_EXE_aboard"))
        .args(["fake", "issuer", "--listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Ended(child);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let settings: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let server = Server::dev(&place, &[]);
    for (name, value) in settings.as_object().unwrap() {
        place.works(&[
            "settings",
            "set",
            name,
            value.as_str().unwrap(),
            "--environment",
            "sandbox",
        ]);
    }
    let app = server.sandbox("app_id");
    place.works(&["apps", "providers", "add", app, "google", "shop.apps.example.com"]);
    let keys = settings["providers.google_keys"].as_str().unwrap();
    let sign = keys.replace("/oauth2/v3/certs", "/sign/google?aud=shop.apps.example.com&sub=1001");
    let signed = reqwest::get(&sign).await.unwrap().text().await.unwrap();
    let signed: Value = serde_json::from_str(&signed).unwrap();
    let secret = ("x-client-secret", server.sandbox("client_secret"));
    let body = json!({ "credential": signed["credential"] });
    let (status, answer) = server.ask("POST", "/api/v2/auth/google", secret, &body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(server.ask("POST", "/api/v2/auth/google", secret, &body).0, 401, "once");
    let asked: Vec<String> = lines.take(2).map(Result::unwrap).collect();
    assert!(
        asked[0].contains("/sign/google") && asked[1].contains("/oauth2/v3/certs"),
        "{asked:?}"
    );
}

/// A child that ends with the test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_printed_credentials_fit_and_messages_are_shown() {
    for (name, kind, to) in [
        ("whatsapp", ChannelKind::WhatsApp, PHONE),
        ("twilio", ChannelKind::Sms, PHONE),
        ("smtp", ChannelKind::Email, "ada@example.com"),
    ] {
        let child = Command::new(env!("CARGO_BIN_EXE_aboard"))
            .args(["fake", name, "--listen", "127.0.0.1:0", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Ended(child);
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let credentials = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let channel: Channel = channel(kind, &credentials);
        tokio::time::timeout(Duration::from_secs(20), send(&patient(), &channel, &message(to)))
            .await
            .unwrap()
            .unwrap();
        let shown = lines.next().unwrap().unwrap();
        assert!(shown.contains("482913") && shown.contains(to), "{shown}");
    }
}
