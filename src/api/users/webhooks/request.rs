//! The fields that making and changing a webhook have in common.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::domain::{EVENT_VERSION, EventFilter, Invalid, WebhookId};
use crate::sealed;
use crate::store::{NewHeaders, ServerScope};
use crate::web::reference::{Field, Schema, optional};
use crate::web::{Failure, Fields, Web};

const MOST_HEADERS: usize = 10;
const LONGEST_VALUE: usize = 1_024;
const LONGEST_DESCRIPTION: u32 = 500;
const FASTEST: i64 = 1_000;

/// Headers that are ours, the protocol's, or say what nobody else may say.
const KEPT: [&str; 20] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
    "x-webhook-secret",
];
const KEPT_BEGINNINGS: [&str; 6] = ["webhook-", "waffy-", "proxy-", "sec-", "x-forwarded-", "x-aboard-"];

/// The fields in the reference.
pub fn fields() -> Vec<Field> {
    let headers = Schema::map().says(
        "Headers to send along, names and texts; at most 10. Their values are sealed and never shown. Those of the \
         protocol and of the signatures cannot be set.",
    );
    vec![
        optional("description", Schema::text().lengths(0, LONGEST_DESCRIPTION)),
        optional("enabled", Schema::boolean()),
        optional("metadata", crate::api::users::link::metadata_schema()),
        optional("headers", headers),
        optional(
            "per_second",
            Schema::integer(1, FASTEST).says("Deliveries a second, at most; `0` for no limit."),
        ),
        optional("version", Schema::just(EVENT_VERSION)),
    ]
}

/// Where to.
pub fn url(fields: &mut Fields, web: &Web, scope: &ServerScope) -> Result<Option<String>, Failure> {
    fields.optional("url", |text| {
        web.guard.check_url(&text, scope.kind()).map(|url| url.to_string())
    })
}

/// Which events.
pub fn events(fields: &mut Fields) -> Result<Option<EventFilter>, Failure> {
    let wrong = |wrong| Failure::field("events", wrong);
    let Some(value) = fields.optional_value("events") else {
        return Ok(None);
    };
    let listed = value
        .as_array()
        .map(|words| words.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let words = listed
        .flatten()
        .ok_or_else(|| wrong(Invalid::new("Send a list of event types, like [\"user.created\"].")))?;
    for word in &words {
        EventFilter::parse([*word]).map_err(|error| wrong(error).holding((*word).into()))?;
    }
    EventFilter::parse(words).map(Some).map_err(wrong)
}

/// For people. An empty one is none.
#[expect(clippy::option_option, reason = "absent leaves it as it is, empty takes it away")]
pub fn description(fields: &mut Fields) -> Result<Option<Option<String>>, Failure> {
    fields.optional("description", |text| {
        if text.chars().count() > LONGEST_DESCRIPTION as usize || text.chars().any(char::is_control) {
            return Err(Invalid::new(format!(
                "Send a description of one line, at most {LONGEST_DESCRIPTION} characters."
            )));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    })
}

/// Deliveries a second; 0 is no limit.
#[expect(clippy::option_option, reason = "absent leaves it as it is, 0 takes it away")]
pub fn per_second(fields: &mut Fields) -> Result<Option<Option<u32>>, Failure> {
    let Some(value) = fields.optional_value("per_second") else {
        return Ok(None);
    };
    let rate = value.as_i64().filter(|rate| (0..=FASTEST).contains(rate));
    let rate = rate.and_then(|rate| u32::try_from(rate).ok());
    let wrong = || Invalid::new(format!("Send a whole number from 1 to {FASTEST}, or 0 for no limit."));
    rate.map(|rate| Some(Some(rate).filter(|rate| *rate > 0)))
        .ok_or_else(|| Failure::field("per_second", wrong()).holding(value))
}

/// The version of the events' shapes: there is one.
pub fn version(fields: &mut Fields) -> Result<(), Failure> {
    fields.optional("version", |text| {
        if text == EVENT_VERSION {
            Ok(())
        } else {
            Err(Invalid::new(format!(
                "There is version {EVENT_VERSION} alone. Send it, or nothing."
            )))
        }
    })?;
    Ok(())
}

/// Headers to send along, sealed. What is wrong is never repeated: values are often credentials.
pub fn headers(
    fields: &mut Fields,
    web: &Web,
    scope: &ServerScope,
    webhook: WebhookId,
) -> Result<Option<NewHeaders>, Failure> {
    let Some(value) = fields.optional_value("headers") else {
        return Ok(None);
    };
    let read = read(&value).map_err(|wrong| Failure::field("headers", wrong))?;
    if read.is_empty() {
        return Ok(Some(NewHeaders::default()));
    }
    let text =
        zeroize::Zeroizing::new(serde_json::to_vec(&read).map_err(|error| Failure::internal(error.to_string()))?);
    let place = sealed::webhook_headers(scope.environment(), webhook);
    let sealed = web.instance.vault.seal(&place, &text, web.instance.ids.entropy());
    Ok(Some(NewHeaders {
        names: read.into_keys().collect(),
        sealed: Some(sealed),
    }))
}

fn read(value: &Value) -> Result<BTreeMap<String, String>, Invalid> {
    let object = value.as_object();
    let object = object.ok_or_else(|| Invalid::new("Send an object of header names and texts."))?;
    if object.len() > MOST_HEADERS {
        return Err(Invalid::new(format!("Send at most {MOST_HEADERS} headers.")));
    }
    let mut read = BTreeMap::new();
    for (name, value) in object {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| Invalid::new("A name is no name of a header."))?;
        let name = name.as_str();
        if KEPT.contains(&name) || KEPT_BEGINNINGS.iter().any(|start| name.starts_with(start)) {
            return Err(Invalid::new(format!(
                "The header {name} is not yours to set; leave it out."
            )));
        }
        let value = value
            .as_str()
            .filter(|value| value.len() <= LONGEST_VALUE && visible(value));
        let value = value.ok_or_else(|| {
            Invalid::new(format!(
                "The value of {name} must be a text of 1 to {LONGEST_VALUE} visible ASCII characters."
            ))
        })?;
        if read.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Invalid::new(format!("The header {name} stands there twice.")));
        }
    }
    Ok(read)
}

fn visible(value: &str) -> bool {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    plain && !value.trim().is_empty() && value.trim() == value && HeaderValue::from_str(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headers_of_ones_own_pass_in_lower_case() {
        let read = read(&json!({ "Authorization": "Bearer abc", "X-Env": "test" })).unwrap();
        assert_eq!(read["authorization"], "Bearer abc");
        assert_eq!(read["x-env"], "test");
    }

    #[test]
    fn headers_that_are_not_ones_own_are_refused() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "webhook-signature",
            "Waffy-Signature",
            "X-Forwarded-For",
            "Proxy-Authorization",
            "Sec-Fetch-Site",
            "User-Agent",
            "Cookie",
            "a b",
            "",
            "x:y",
            "x\r\ny",
        ] {
            assert!(read(&json!({ name: "x" })).is_err(), "{name}");
        }
        for value in [
            json!("a\r\nb: c"),
            json!(""),
            json!(" a"),
            json!(1),
            json!(null),
            json!("é"),
            json!("x".repeat(1_025)),
        ] {
            assert!(read(&json!({ "x-own": value })).is_err());
        }
        let many: serde_json::Map<_, _> = (0..11).map(|at| (format!("x-{at}"), json!("a"))).collect();
        assert!(read(&Value::Object(many)).is_err());
        assert!(read(&json!([])).is_err());
        assert!(read(&json!({ "X-Own": "a", "x-own": "b" })).is_err());
    }
}
