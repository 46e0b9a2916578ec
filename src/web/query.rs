//! The query of an address, read parameter by parameter; what is wrong names the parameter.

use std::collections::HashMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;

use super::Failure;
use crate::domain::Invalid;

/// The parameters of a query. Unknown ones are ignored, as unknown fields are.
pub struct Query(HashMap<String, Vec<String>>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn read(query: &str) -> Self {
        let mut read: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            read.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self(read)
    }

    /// A parameter that obeys a rule, where it is there. What breaks the rule is repeated in the answer.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Failure> {
        // Names that nobody asks for are the caller's own words, and are never repeated.
        let wrong = |why: &str| Failure::field(name, Invalid::new(format!("{name} {why}")));
        let text = match self.0.remove(name).as_deref() {
            None => return Ok(None),
            Some([text]) if text.contains('\0') => return Err(wrong("holds a NUL character.")),
            Some([text]) => text.clone(),
            Some(_) => return Err(wrong("stands in the query twice; send it once.")),
        };
        let parsed = parse(&text).map_err(|wrong| Failure::field(name, wrong).holding(text.into()));
        parsed.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_stand_there_once() {
        let mut query = Query::read("a=1&b=x%20y&c=&d&secret=%00");
        let mut text = |name| query.optional(name, |text| Ok(text.to_owned())).unwrap();
        assert_eq!(text("a").as_deref(), Some("1"));
        assert_eq!(text("b").as_deref(), Some("x y"));
        assert_eq!(text("c").as_deref(), Some(""));
        assert_eq!(text("e"), None);
        for wrong in ["a=1&a=2", "a=%00"] {
            let failure = Query::read(wrong)
                .optional("a", |text| Ok(text.to_owned()))
                .unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("a"), "{wrong}");
        }
    }
}
