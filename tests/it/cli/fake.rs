//! `aboard fake`: a newcomer sees credentials, and then each code.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use aboard::channels::{Channel, ChannelKind};

use crate::channels::rig::{PHONE, channel, message, patient, send};

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
