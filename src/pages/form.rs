//! What a page's form sends.

use axum::extract::{FromRequest, Request};

use crate::web::{Failure, RawBody, Web};

/// More than any form of ours holds.
const LONGEST: usize = 16 << 10;

/// The fields of a form, by name; of two of one name, the first. 413 past 16 KiB.
pub struct Form(Vec<(String, String)>);

impl FromRequest<Web> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let body = RawBody::within(request, LONGEST.min(web.config.server.body_limit_bytes)).await?;
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
