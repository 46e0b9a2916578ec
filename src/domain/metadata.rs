//! What the organization's own back end keeps beside a user.

use serde_json::{Map, Value};

use super::Invalid;

const MOST_KEYS: usize = 50;
const MOST_BYTES: usize = 16 * 1024;

/// A JSON object of at most 50 keys and 16 KiB. Its keys keep the order in which they were sent; it is stored as
/// text, because a database's own JSON type would sort them and drop digits.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

/// A change of metadata: each key is set, or removed if its value is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetadataChange(Map<String, Value>);

impl MetadataChange {
    /// Reads what was sent.
    ///
    /// # Errors
    /// It is no object. Whether the result is small enough is known once it is merged.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Invalid::new("metadata must be an object.")),
        }
    }
}

impl Metadata {
    /// Reads stored text; `None` if it is no JSON object.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// The same with a change made: known keys stay where they are, new ones come last.
    ///
    /// # Errors
    /// The result has more than 50 keys or more than 16 KiB.
    pub fn merged(&self, change: &MetadataChange) -> Result<Self, Invalid> {
        let mut merged = self.0.clone();
        for (key, value) in &change.0 {
            if value.is_null() {
                merged.shift_remove(key);
            } else {
                merged.insert(key.clone(), value.clone());
            }
        }
        let merged = Self(merged);
        if merged.0.len() > MOST_KEYS {
            return Err(Invalid::new(format!(
                "metadata may hold at most {MOST_KEYS} keys; remove some by sending null for them."
            )));
        }
        if merged.text().len() > MOST_BYTES {
            return Err(Invalid::new(format!(
                "metadata may be at most {MOST_BYTES} bytes of JSON; keep large values elsewhere."
            )));
        }
        Ok(merged)
    }

    /// As it is stored.
    #[must_use]
    pub fn text(&self) -> String {
        // A map of JSON values always has a text.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// As it is shown.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn change(value: Value) -> MetadataChange {
        MetadataChange::parse(value).unwrap()
    }

    #[test]
    fn keys_are_set_and_removed_and_keep_their_order() {
        let first = Metadata::default()
            .merged(&change(
                json!({ "z": 1, "a": [null], "gone": null, "m": { "x": null } }),
            ))
            .unwrap();
        assert_eq!(first.text(), r#"{"z":1,"a":[null],"m":{"x":null}}"#);
        let then = first
            .merged(&change(json!({ "b": true, "z": "new", "a": null })))
            .unwrap();
        assert_eq!(then.text(), r#"{"z":"new","m":{"x":null},"b":true}"#);
        assert_eq!(Metadata::stored(&then.text()), Some(then));
    }

    #[test]
    fn what_is_no_object_or_too_much_is_refused() {
        for value in [json!([]), json!("a"), json!(1), json!(false)] {
            assert!(MetadataChange::parse(value).is_err());
        }
        let keys = |count: usize| {
            change(
                (0..count)
                    .map(|n| (n.to_string(), json!(1)))
                    .collect::<Map<_, _>>()
                    .into(),
            )
        };
        let full = Metadata::default().merged(&keys(50)).unwrap();
        assert!(Metadata::default().merged(&keys(51)).is_err());
        assert!(full.merged(&change(json!({ "more": 1 }))).is_err());
        assert!(full.merged(&change(json!({ "more": 1, "7": null }))).is_ok());
        // {"a":"…"} is eight bytes around its text.
        let long = |bytes: usize| change(json!({ "a": "x".repeat(bytes - 8) }));
        assert!(Metadata::default().merged(&long(16 * 1024)).is_ok());
        assert!(Metadata::default().merged(&long(16 * 1024 + 1)).is_err());
    }

    proptest! {
        #[test]
        fn a_merge_holds_what_was_sent_last(
            before in proptest::collection::btree_map("[a-e]", any::<i32>(), 0..5),
            sent in proptest::collection::btree_map("[a-e]", proptest::option::of(any::<i32>()), 0..5),
        ) {
            let start = Metadata::default().merged(&change(json!(before))).unwrap();
            let end = start.merged(&change(json!(sent))).unwrap().to_value();
            for key in ["a", "b", "c", "d", "e"] {
                let expected = match sent.get(key) {
                    Some(value) => json!(value),
                    None => json!(before.get(key)),
                };
                prop_assert_eq!(&end[key], &expected);
            }
        }
    }
}
