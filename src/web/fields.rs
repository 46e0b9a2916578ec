//! Fields of a JSON object, taken out one by one; what is wrong names the field.

use serde_json::{Map, Value};

use super::Failure;
use crate::domain::Invalid;

/// The fields of a request that are not read yet.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Wraps an object.
    #[must_use]
    pub fn new(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// A text that may be absent or `null`.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.0.get_mut(name).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            // Not repeated: it may be a secret, sent as a number.
            Some(_) => Err(Failure::field(name, Invalid::new(format!("{name} must be a text.")))),
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &str) -> Result<String, Failure> {
        self.optional_text(name)?.ok_or_else(|| required(name))
    }

    /// A text that must be there and obey a rule. What breaks it is repeated in the answer, so no secrets here.
    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(String) -> Result<T, Invalid>) -> Result<T, Failure> {
        self.optional(name, parse)?.ok_or_else(|| required(name))
    }

    /// As [`Fields::parsed`], where it is there.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(String) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        let kept = text.clone();
        let parsed = parse(text).map_err(|wrong| Failure::field(name, wrong).holding(kept.into()));
        parsed.map(Some)
    }

    /// `true` or `false`, where it is there.
    pub fn optional_bool(&mut self, name: &str) -> Result<Option<bool>, Failure> {
        match self.0.get_mut(name).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(other) => {
                Err(Failure::field(name, Invalid::new(format!("{name} must be true or false."))).holding(other))
            }
        }
    }

    /// Puts something in, as if the caller had.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Whether there is anything but `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// Any value but `null`, where it is there.
    pub fn optional_value(&mut self, name: &str) -> Option<Value> {
        self.0.get_mut(name).map(Value::take).filter(|value| !value.is_null())
    }
}

fn required(name: &str) -> Failure {
    Failure::field(name, Invalid::new(format!("{name} is required.")))
}
