//! JSON bodies, read once and strictly.

use std::cell::Cell;
use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::body::RawBody;
use super::fields::Fields;
use super::{Failure, Web};
use crate::domain::Code;

/// The deepest nesting that is read.
const DEEPEST: usize = 32;
/// The most values that one body may hold: a value takes a hundred times the memory of its text.
const MOST_VALUES: u32 = 10_000;

/// A JSON object from a request body: UTF-8, at most 32 levels, no key twice, no NUL. Unknown fields are kept
/// and ignored by whoever reads the known ones.
pub struct JsonObject {
    /// The fields.
    pub fields: Fields,
    /// The raw body, for hashing.
    pub raw: Bytes,
}

impl FromRequest<Web> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Self::Rejection> {
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_json);
        let RawBody(raw) = RawBody::from_request(request, web).await?;
        if !is_json {
            return Err(Failure::new(Code::UnsupportedMediaType));
        }
        parse(&raw).map(|map| Self {
            fields: Fields::new(map),
            raw,
        })
    }
}

pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads an object strictly.
pub fn parse(raw: &[u8]) -> Result<Map<String, Value>, Failure> {
    let malformed = |why: String| Failure::new(Code::MalformedBody).saying(why);
    let mut reader = serde_json::Deserializer::from_slice(raw);
    let left = Cell::new(MOST_VALUES);
    let value = Strict { depth: 0, left: &left }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(malformed("Send one JSON object.".to_owned())),
        Err(error) => Err(malformed(format!("The body is not the JSON we can read: {error}."))),
    }
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    depth: usize,
    left: &'c Cell<u32>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST {
            return Err(E::custom(format_args!("it is nested deeper than {DEEPEST} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

fn text<E: serde::de::Error>(text: String) -> Result<String, E> {
    if text.contains('\0') {
        Err(E::custom("a text holds a NUL character"))
    } else {
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| D::Error::custom(format_args!("it holds more than {MOST_VALUES} values")))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        text(value).map(Value::String)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = text(key)?;
            let value = entries.next_value_seed(inner)?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands in an object twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_one_strict_object_is_refused() {
        let deep = format!("{}1{}", "{\"a\":".repeat(33), "}".repeat(33));
        for body in [
            "",
            "{",
            "[]",
            "1",
            "null",
            "{} {}",
            r#"{"a":1,"a":2}"#,
            "{\"a\":\"\\u0000\"}",
            "{\"\\u0000\":1}",
            r#"{"a":1e999}"#,
            &deep,
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(10_000));
        assert!(parse(many.as_bytes()).is_err());
        let just = format!("{}1{}", "{\"a\":".repeat(32), "}".repeat(32));
        assert!(parse(just.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(&bytes).is_ok() || parse(&bytes).is_err_and(|failure| failure.code == Code::MalformedBody));
        }

        #[test]
        fn what_is_read_is_what_serde_reads(key in "[a-z]{1,8}", number in any::<i64>(), word in "[^\\x00]{0,20}") {
            let value = serde_json::json!({ key: { "n": number, "w": word, "l": [true, null, 0.5] } });
            let read = parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(Value::Object(read), value);
        }
    }
}
