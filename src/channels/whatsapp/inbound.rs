//! Calls from `WhatsApp` to our webhook: pure functions over what arrived.
//!
//! Check the signature over the raw body **before** anything is read from it, answer 200 fast, and let each
//! [`StatusUpdate::dedupe_key`] count once: calls are repeated for days until they are answered 200, hold several
//! reports each, and come in any order.

use std::fmt::Write as _;

use aboard_vault::{constant_time_eq, hmac_sha256};
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::errors;
use crate::channels::status::id;
use crate::channels::{Progress, SendFailure, StatusUpdate};

/// The header that holds the signature.
pub const SIGNATURE: &str = "x-hub-signature-256";
/// The most characters of a challenge that is given back.
const LONGEST_CHALLENGE: usize = 256;

/// Whether the raw body of a call is signed with the app secret (`X-Hub-Signature-256: sha256=<hex>`).
#[must_use]
pub fn is_signed(app_secret: &[u8], signature: Option<&str>, body: &[u8]) -> bool {
    let mut expected = Zeroizing::new(String::with_capacity(71));
    expected.push_str("sha256=");
    for byte in hmac_sha256(app_secret, &[body]) {
        // Writing to a String cannot fail.
        let _ = write!(expected, "{byte:02x}");
    }
    signature.is_some_and(|signature| constant_time_eq(expected.as_bytes(), signature.as_bytes()))
}

/// The answer to the call that sets the webhook up: `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.
/// The challenge is to be answered as it is, as plain text; `None` is a 403.
#[must_use]
pub fn challenge(verify_token: &[u8], query: &str) -> Option<String> {
    let (mut mode, mut token, mut challenge) = (None, None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "hub.mode" => mode = Some(value),
            "hub.verify_token" => token = Some(value),
            "hub.challenge" => challenge = Some(value),
            _ => {}
        }
    }
    let known = constant_time_eq(verify_token, token?.as_bytes()) && mode? == "subscribe";
    let plain = |text: &str| text.len() <= LONGEST_CHALLENGE && text.bytes().all(|byte| byte.is_ascii_graphic());
    challenge
        .filter(|challenge| known && plain(challenge))
        .map(std::borrow::Cow::into_owned)
}

/// What one call says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    /// Reports about messages, in the order of the call.
    pub statuses: Vec<StatusUpdate>,
    /// Faults of an account: they concern all of its messages.
    pub faults: Vec<AccountFault>,
}

/// A fault that concerns a whole number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFault {
    /// The phone number id, if the call names one.
    pub account: Option<String>,
    /// What it is, and whether the channel has to stop.
    pub failure: SendFailure,
}

/// A body that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON")]
pub struct NotJson;

/// Reads a call whose signature is good. What is not about messages or accounts (incoming texts, template news), and
/// what is malformed, is left out: it would only be sent again.
///
/// # Errors
/// The body is not JSON.
pub fn read(body: &[u8]) -> Result<Call, NotJson> {
    let body: Value = serde_json::from_slice(body).map_err(|_| NotJson)?;
    let mut call = Call::default();
    if body["object"] != "whatsapp_business_account" {
        return Ok(call);
    }
    for change in items(&body["entry"]).flat_map(|entry| items(&entry["changes"])) {
        if change["field"] != "messages" {
            continue;
        }
        let value = &change["value"];
        let account = value["metadata"]["phone_number_id"].as_str().and_then(id);
        if let Some(account) = &account {
            let read = |status| update(status, account);
            call.statuses.extend(items(&value["statuses"]).filter_map(read));
        }
        let faults = items(&value["errors"]).filter_map(failure);
        call.faults.extend(faults.map(|failure| AccountFault {
            account: account.clone(),
            failure,
        }));
    }
    Ok(call)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn update(status: &Value, account: &str) -> Option<StatusUpdate> {
    let progress = match status["status"].as_str()? {
        "sent" => Progress::Sent,
        "delivered" => Progress::Delivered,
        "read" => Progress::Read,
        "failed" => Progress::Failed,
        _ => return None,
    };
    // A text of Unix seconds.
    let seconds = status["timestamp"].as_str().and_then(|text| text.parse().ok());
    let failed = progress == Progress::Failed;
    Some(StatusUpdate {
        account: account.to_owned(),
        provider_id: id(status["id"].as_str()?)?,
        reference: status["biz_opaque_callback_data"].as_str().and_then(id),
        progress,
        failure: items(&status["errors"]).find_map(failure).filter(|_| failed),
        at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    })
}

fn failure(error: &Value) -> Option<SendFailure> {
    let details = error["error_data"]["details"]
        .as_str()
        .or_else(|| error["title"].as_str());
    Some(errors::failure(error["code"].as_i64()?, details))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Then;
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &[u8] = b"test_app_secret";
    const EMPTY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const SIGNED: &str = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";

    #[test]
    fn the_signature_is_over_the_raw_body() {
        assert!(is_signed(SECRET, Some(SIGNED), EMPTY));
        let upper = SIGNED.to_uppercase();
        let (bare, longer) = (&SIGNED[7..], format!("{SIGNED}00"));
        for wrong in [
            None,
            Some(""),
            Some(bare),
            Some(&*upper),
            Some(&*longer),
            Some("sha256="),
        ] {
            assert!(!is_signed(SECRET, wrong, EMPTY), "{wrong:?}");
        }
        assert!(!is_signed(b"another", Some(SIGNED), EMPTY));
        assert!(!is_signed(
            SECRET,
            Some(SIGNED),
            br#"{"object": "whatsapp_business_account","entry":[]}"#
        ));
    }

    #[test]
    fn the_challenge_goes_back_to_who_knows_the_token() {
        let query = |mode, token| format!("hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}");
        assert_eq!(
            challenge(b"a b", &query("subscribe", "a%20b")).as_deref(),
            Some("1158201444")
        );
        for refused in [
            query("subscribe", "ab"),
            query("unsubscribe", "a+b"),
            "hub.mode=subscribe&hub.verify_token=a+b".to_owned(),
            "hub.mode=subscribe&hub.verify_token=a+b&hub.challenge=%3Cscript%3E%20x".to_owned(),
            String::new(),
        ] {
            assert_eq!(challenge(b"a b", &refused), None, "{refused}");
        }
    }

    fn value(statuses: &Value) -> Value {
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
            "statuses": statuses,
        }}]}]})
    }

    #[test]
    fn several_reports_of_one_call_are_read_in_order() {
        let body = value(&json!([
            {"id": "wamid.A", "status": "delivered", "timestamp": "1750857384", "recipient_id": "201001234567",
             "biz_opaque_callback_data": "msg_1", "pricing": {"billable": true}},
            {"id": "wamid.B", "status": "failed", "timestamp": "x", "errors": [
                {"code": 131_026, "title": "Message undeliverable", "error_data": {"details": "to 201001234567"}}]},
            {"id": "wamid.C", "status": "warning"},
            {"status": "read"},
            {"id": "wamid.A", "status": "delivered", "timestamp": "1750857385", "user_id": "US.1349"},
        ]));
        let call = read(body.to_string().as_bytes()).unwrap();
        let [delivered, failed, again] = call.statuses.try_into().unwrap();
        assert_eq!(delivered.account, "106540352242922");
        assert_eq!(
            (delivered.provider_id.as_str(), delivered.progress),
            ("wamid.A", Progress::Delivered)
        );
        assert_eq!(delivered.reference.as_deref(), Some("msg_1"));
        assert_eq!(delivered.at, Timestamp::from_second(1_750_857_384).ok());
        assert_eq!(delivered.dedupe_key(), again.dedupe_key());
        assert_ne!(delivered.dedupe_key(), failed.dedupe_key());
        let failure = failed.failure.unwrap();
        assert!(matches!(failure.then, Then::BadDestination(_)));
        assert_eq!(failure.details.as_deref(), Some("to …"));
        assert_eq!(failed.at, None);
        assert!(call.faults.is_empty());
    }

    #[test]
    fn faults_of_the_account_are_told_apart() {
        let mut body = value(&json!([]));
        body["entry"][0]["changes"][0]["value"]["errors"] = json!([{"code": 131_031, "title": "Account locked"}, {}]);
        let call = read(body.to_string().as_bytes()).unwrap();
        let [fault] = call.faults.try_into().unwrap();
        assert_eq!(fault.account.as_deref(), Some("106540352242922"));
        assert_eq!(fault.failure.then, Then::Stop);
    }

    #[test]
    fn other_calls_say_nothing() {
        for body in [
            json!(null),
            json!([]),
            json!({"object": "page", "entry": [{"changes": 1}]}),
            json!({"entry": {}}),
        ] {
            assert_eq!(read(body.to_string().as_bytes()), Ok(Call::default()));
        }
        assert_eq!(read(b"\xff"), Err(NotJson));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(body: Vec<u8>, header: Option<String>, query: String) {
            let _ = read(&body);
            prop_assert!(!is_signed(SECRET, header.as_deref(), &body));
            prop_assert_eq!(challenge(b"a secret token", &query), None);
        }

        #[test]
        fn any_status_is_answered(
            id in ".{0,300}", status in "sent|delivered|read|failed|.{0,9}", time in ".{0,20}", code: i64
        ) {
            let error = json!([{"code": code}]);
            let body = value(&json!([{"id": id, "status": status, "timestamp": time, "errors": error}]));
            for update in read(body.to_string().as_bytes()).unwrap().statuses {
                prop_assert!(update.provider_id.len() <= 255);
                prop_assert_eq!(update.failure.is_some(), update.progress == Progress::Failed);
            }
        }
    }
}
