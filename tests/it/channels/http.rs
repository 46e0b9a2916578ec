//! The organization's own sender.

use std::time::Duration;

use aboard::channels::{Channel, ChannelKind, Then};
use aboard_fakes::{Answer, Receiver, Reply};
use aboard_vault::hmac_sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::rig::{CODE, NOW, PHONE, assert_fails, channel, impatient, message, patient, send};

const KEY: [u8; 32] = [7; 32];

fn to(receiver: &Receiver) -> Channel {
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    channel(
        ChannelKind::Http,
        &json!({"url": receiver.url("/send?a=1"), "secret": secret}),
    )
}

#[tokio::test]
async fn the_sender_gets_everything_signed() {
    let receiver = Receiver::start().await.unwrap();
    receiver.push(Answer::json(200, &json!({"id": "their-1"})));
    let sent = send(&patient(), &to(&receiver), &message(PHONE)).await.unwrap();
    assert_eq!(sent.provider_id.as_deref(), Some("their-1"));
    let [request] = receiver.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/send?a=1"));
    let id = request.header("webhook-id").unwrap();
    let seconds = request.header("webhook-timestamp").unwrap();
    assert_eq!((id, seconds), ("msg_01hzy8d3c3x1e", &*NOW.to_string()));
    let signed = [id.as_bytes(), b".", seconds.as_bytes(), b".", &request.body].concat();
    let signature = format!("v1,{}", STANDARD.encode(hmac_sha256(&KEY, &[&signed])));
    assert_eq!(request.header("webhook-signature"), Some(&*signature));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    insta::assert_json_snapshot!(body, @r#"
    {
      "type": "code.send",
      "timestamp": "2027-01-15T08:00:00Z",
      "data": {
        "id": "msg_01hzy8d3c3x1e",
        "to": {
          "phone": "+306912345678"
        },
        "code": "482913",
        "text": "482913: Your code to log in to Acme. Do not share it.",
        "purpose": "log_in",
        "app": "Acme",
        "language": "en",
        "expires_at": "2027-01-15T08:10:00Z"
      }
    }
    "#);
}

#[tokio::test]
async fn an_address_gets_the_text_of_an_e_mail() {
    let receiver = Receiver::start().await.unwrap();
    let sent = send(&patient(), &to(&receiver), &message("ada@example.com"))
        .await
        .unwrap();
    assert_eq!(sent.provider_id, None);
    let body: Value = serde_json::from_slice(&receiver.requests()[0].body).unwrap();
    assert_eq!(body["data"]["to"], json!({"email": "ada@example.com"}));
    let text = body["data"]["text"].as_str().unwrap();
    assert!(
        text.starts_with(&format!("{CODE}\n\n")) && text.contains("10 minutes"),
        "{text}"
    );
}

#[tokio::test]
async fn every_answer_has_its_consequence() {
    let receiver = Receiver::start().await.unwrap();
    for (status, then, about) in [
        (400, "stop", "configuration"),
        (401, "stop", "configuration"),
        (404, "stop", "configuration"),
        (410, "stop", "configuration"),
        (301, "stop", "configuration"),
        (422, "bad_destination", "destination"),
        (429, "retry", "limit"),
        (500, "retry", "provider"),
        (503, "retry", "provider"),
    ] {
        receiver.push(Answer::new(status).header("retry-after", "9"));
        let failure = assert_fails(send(&patient(), &to(&receiver), &message(PHONE)).await, then, about);
        assert_eq!(failure.code, Some(status.into()));
        if let Then::Retry { after } = failure.then {
            assert_eq!(after, Some(Duration::from_secs(9)));
        }
    }
    // It had been sent before: an earlier answer was lost.
    receiver.push(Answer::new(409));
    assert!(send(&patient(), &to(&receiver), &message(PHONE)).await.is_ok());
}

#[tokio::test]
async fn no_answer_is_tried_again_because_the_id_makes_it_harmless() {
    let receiver = Receiver::start().await.unwrap();
    for reply in [Reply::Reset, Reply::Garbage] {
        receiver.push(reply);
        assert_fails(
            send(&patient(), &to(&receiver), &message(PHONE)).await,
            "retry",
            "provider",
        );
    }
    for reply in [
        Reply::Hold(Answer::new(200)),
        Reply::DripHead(Duration::from_millis(20)),
    ] {
        receiver.push(reply);
        assert_fails(
            send(&impatient(), &to(&receiver), &message(PHONE)).await,
            "retry",
            "provider",
        );
    }
    // Its status is an answer, whatever follows.
    receiver.push(Reply::Flood(1 << 30));
    assert!(send(&patient(), &to(&receiver), &message(PHONE)).await.is_ok());
}

#[test]
fn credentials_name_the_field_that_is_wrong() {
    let secret = format!("whsec_{}", STANDARD.encode([1; 24]));
    for (credentials, field) in [
        (json!({"url": "https://x.example/a", "secret": "whsec_AAAA"}), "secret"),
        (json!({"url": "https://x.example/a", "secret": &secret[6..]}), "secret"),
        (json!({"url": "mailto:a@x.example", "secret": secret}), "url"),
        (json!({"secret": secret}), "url"),
    ] {
        let read = Channel::from_json(ChannelKind::Http, credentials.to_string().as_bytes());
        assert_eq!(read.err().unwrap().field, field);
    }
}
