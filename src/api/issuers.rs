//! Each environment as an issuer of tokens, for whoever checks them: `GET /e/{environment}/.well-known/jwks.json`
//! (RFC 7517) and `GET /.well-known/oauth-authorization-server/e/{environment}` (RFC 8414).

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::{Code, EnvironmentId};
use crate::tokens::PublishedKeys;
use crate::web::{Context, Failure, Segment, Web};

/// The published keys; 404 for an environment that does not exist. A copy may be kept for five minutes, or until the
/// first of the keys ends if that is sooner; whoever meets a `kid` that is not in its copy should ask again.
pub async fn jwks(
    State(web): State<Web>,
    context: Context,
    Segment(environment): Segment,
) -> Result<Response, Failure> {
    let (_, published) = find(&web, &context, environment)?;
    let kept = format!("public, max-age={}", published.max_age);
    Ok(([(CACHE_CONTROL, kept)], Json(json!({ "keys": published.keys }))).into_response())
}

/// Where an issuer's keys are, and where its tokens are introspected. No grant is listed, because none of OAuth's is
/// offered here. 404 for an environment that does not exist.
pub async fn metadata(
    State(web): State<Web>,
    context: Context,
    Segment(environment): Segment,
) -> Result<Response, Failure> {
    let (environment, _) = find(&web, &context, environment)?;
    let issuer = web.tokens.issuer(environment);
    let document = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{}/v1/tokens/introspect", web.public_url),
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
        "response_types_supported": [],
        "grant_types_supported": [],
    });
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response())
}

fn find(web: &Web, context: &Context, environment: Option<String>) -> Result<(EnvironmentId, PublishedKeys), Failure> {
    let not_found = || Failure::new(Code::RouteNotFound);
    let environment: EnvironmentId = environment.and_then(|text| text.parse().ok()).ok_or_else(not_found)?;
    let keys = web.tokens.published(environment, context.now).ok_or_else(not_found)?;
    Ok((environment, keys))
}
