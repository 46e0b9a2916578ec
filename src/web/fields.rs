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
            Some(_) => Err(Failure::field(name, Invalid::new(format!("{name} must be a text.")))),
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &str) -> Result<String, Failure> {
        self.optional_text(name)?
            .ok_or_else(|| Failure::field(name, Invalid::new(format!("{name} is required."))))
    }

    /// A text that must be there and obey a rule.
    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(String) -> Result<T, Invalid>) -> Result<T, Failure> {
        parse(self.text(name)?).map_err(|wrong| Failure::field(name, wrong))
    }

    /// A text that must obey a rule where it is there.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(String) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Failure> {
        self.optional_text(name)?
            .map(parse)
            .transpose()
            .map_err(|wrong| Failure::field(name, wrong))
    }
}
