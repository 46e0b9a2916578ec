//! Bodies that need not be JSON: a form's fields, or nothing at all.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::Map;

use super::body::RawBody;
use super::fields::Fields;
use super::json::{is_json, parse};
use super::{Failure, Web};
use crate::domain::Code;

/// A JSON object as in [`super::JsonObject`], or no body at all, which is an empty one.
pub struct OptionalJson {
    /// The fields.
    pub fields: Fields,
    /// The raw body, for hashing.
    pub raw: Bytes,
}

/// The fields of a form (`application/x-www-form-urlencoded`), where a name may stand only once, or of a JSON object.
pub struct FormOrJson(pub Fields);

impl FromRequest<Web> for OptionalJson {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let kind = content_type(&request);
        let RawBody(raw) = RawBody::from_request(request, web).await?;
        let map = match kind {
            _ if raw.is_empty() => Map::new(),
            Some(kind) if is_json(&kind) => parse(&raw)?,
            _ => return Err(Failure::new(Code::UnsupportedMediaType)),
        };
        Ok(Self {
            fields: Fields::new(map),
            raw,
        })
    }
}

impl FromRequest<Web> for FormOrJson {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let kind = content_type(&request).unwrap_or_default();
        let RawBody(raw) = RawBody::from_request(request, web).await?;
        if is_json(&kind) {
            return Ok(Self(Fields::new(parse(&raw)?)));
        }
        if !is_form(&kind) {
            return Err(Failure::new(Code::UnsupportedMediaType)
                .saying("Send Content-Type: application/x-www-form-urlencoded or application/json."));
        }
        let mut map = Map::new();
        for (name, value) in url::form_urlencoded::parse(&raw) {
            if map.insert(name.into_owned(), value.into_owned().into()).is_some() {
                return Err(Failure::new(Code::MalformedBody).saying("A field stands in the form twice."));
            }
        }
        Ok(Self(Fields::new(map)))
    }
}

fn content_type(request: &Request) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}

fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
