//! Status calls from Twilio: pure functions over what arrived.
//!
//! The signature covers the address that Twilio called, which is the one we gave it: build it from the configured
//! public URL, never from `Host` or forwarded headers. Calls come in any order and may be repeated.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use aboard_vault::{constant_time_eq, sha256};

use super::errors;
use crate::channels::status::id;
use crate::channels::{Progress, StatusUpdate};

/// The header that holds the signature.
pub const SIGNATURE: &str = "x-twilio-signature";

/// Whether a form was signed with the auth token: base64 of HMAC-SHA1 over the URL and every parameter, sorted by name.
#[must_use]
pub fn is_signed(auth_token: &[u8], signature: Option<&str>, url: &str, form: &[u8]) -> bool {
    let mut pairs: Vec<_> = form_urlencoded::parse(form).collect();
    pairs.sort();
    // A pair that stands twice is signed once.
    pairs.dedup();
    let mut signed = url.to_owned();
    for (name, value) in &pairs {
        signed.push_str(name);
        signed.push_str(value);
    }
    matches(auth_token, signature, signed.as_bytes())
}

/// Whether a body that is no form was signed: the signature covers the URL alone, and the URL's `bodySHA256` the body.
#[must_use]
pub fn is_signed_body(auth_token: &[u8], signature: Option<&str>, url: &str, body: &[u8]) -> bool {
    let hash = sha256(body).map(|byte| format!("{byte:02x}")).concat();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let covers = named.is_some_and(|(_, named)| constant_time_eq(hash.as_bytes(), named.as_bytes()));
    matches(auth_token, signature, url.as_bytes()) && covers
}

fn matches(auth_token: &[u8], signature: Option<&str>, signed: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token);
    let expected = STANDARD.encode(hmac::sign(&key, signed));
    signature.is_some_and(|signature| constant_time_eq(expected.as_bytes(), signature.as_bytes()))
}

/// Reads a status call whose signature is good. `None` if it is not about a message, or malformed: it is to be
/// answered 200 all the same, since it would only be sent again.
#[must_use]
pub fn read(form: &[u8]) -> Option<StatusUpdate> {
    let (mut account, mut sid, mut status, mut error) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "AccountSid" => account = Some(value),
            "MessageSid" => sid = Some(value),
            "MessageStatus" => status = Some(value),
            "ErrorCode" => error = Some(value),
            _ => {}
        }
    }
    let progress = match &*status? {
        "accepted" | "scheduled" | "queued" | "sending" => Progress::Accepted,
        "sent" => Progress::Sent,
        "delivered" => Progress::Delivered,
        "read" => Progress::Read,
        "undelivered" | "failed" | "canceled" => Progress::Failed,
        _ => return None,
    };
    let failed = progress == Progress::Failed;
    let code = error.and_then(|code| code.parse().ok()).unwrap_or(errors::UNKNOWN);
    Some(StatusUpdate {
        account: id(&account?)?,
        provider_id: id(&sid?)?,
        reference: None,
        progress,
        failure: failed.then(|| errors::failure(code, None)),
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{Mark, Then};
    use proptest::prelude::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    /// The published vectors.
    #[test]
    fn the_signature_is_twilios() {
        let form = |number: &str| {
            format!("CallSid=CA1234567890ABCDE&To=%2B18005551212&From=%2B{number}&Digits=1234&Caller=%2B{number}")
        };
        for (number, signature) in [
            ("14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            ("12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        ] {
            let form = form(number);
            assert!(is_signed(b"12345", Some(signature), URL, form.as_bytes()));
            let twice = format!("{form}&Digits=1234");
            assert!(is_signed(b"12345", Some(signature), URL, twice.as_bytes()));
            for (token, signature, url, form) in [
                (&b"12346"[..], Some(signature), URL, &*form),
                (b"12345", None, URL, &form),
                (b"12345", Some(""), URL, &form),
                (
                    b"12345",
                    Some(signature),
                    "https://mycompany.com/myapp.php?foo=1",
                    &form,
                ),
                (b"12345", Some(signature), URL, &form.replace("1234&", "1235&")),
                (b"12345", Some(signature), URL, &format!("{form}&x=")),
            ] {
                assert!(!is_signed(token, signature, url, form.as_bytes()), "{url} {form}");
            }
        }
    }

    #[test]
    fn a_body_that_is_no_form_is_covered_by_its_hash() {
        let body = br#"{"a":1}"#;
        let hash = sha256(body).map(|byte| format!("{byte:02x}")).concat();
        let url = format!("https://example.com/x?bodySHA256={hash}");
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
        let signature = STANDARD.encode(hmac::sign(&key, url.as_bytes()));
        assert!(is_signed_body(b"12345", Some(&signature), &url, body));
        assert!(!is_signed_body(b"12345", Some(&signature), &url, b"{}"));
        let bare = STANDARD.encode(hmac::sign(&key, b"https://example.com/x"));
        assert!(!is_signed_body(b"12345", Some(&bare), "https://example.com/x", body));
    }

    #[test]
    fn a_status_is_read_with_its_error() {
        let form = b"SmsSid=SM1&MessageSid=SM1&AccountSid=AC1&MessageStatus=undelivered&ErrorCode=30006";
        let update = read(form).unwrap();
        assert_eq!((&*update.account, &*update.provider_id), ("AC1", "SM1"));
        assert_eq!(update.progress, Progress::Failed);
        assert_eq!(
            update.failure.unwrap().then,
            Then::BadDestination(Mark::NotOnThisChannel)
        );
        let silent = read(b"MessageSid=SM1&AccountSid=AC1&MessageStatus=failed").unwrap();
        assert_eq!(silent.failure.unwrap().code, Some(errors::UNKNOWN));
        for (status, progress) in [
            ("queued", Progress::Accepted),
            ("sent", Progress::Sent),
            ("delivered", Progress::Delivered),
        ] {
            let form = format!("MessageSid=SM1&AccountSid=AC1&MessageStatus={status}&ErrorCode=");
            let update = read(form.as_bytes()).unwrap();
            assert_eq!((update.progress, update.failure), (progress, None));
        }
        for other in [
            "MessageSid=SM1&AccountSid=AC1&MessageStatus=dancing",
            "MessageStatus=sent",
            "",
        ] {
            assert_eq!(read(other.as_bytes()), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(form: Vec<u8>, header: Option<String>, url: String) {
            let _ = read(&form);
            prop_assert!(!is_signed(b"a token", header.as_deref(), &url, &form));
            prop_assert!(!is_signed_body(b"a token", header.as_deref(), &url, &form));
        }
    }
}
