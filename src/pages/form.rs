//! What a page's form sends.

use axum::extract::{FromRequest, Request};

use crate::web::{Failure, RawBody, Web};

/// The fields of a form, by name; of two of one name, the first.
pub struct Form(Vec<(String, String)>);

impl FromRequest<Web> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let RawBody(body) = RawBody::from_request(request, web).await?;
        let pairs = url::form_urlencoded::parse(&body);
        Ok(Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        ))
    }
}

impl Form {
    /// A field; empty if it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether a field holds this.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }
}
