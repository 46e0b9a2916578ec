//! Each environment as an issuer of tokens, for whoever checks them: `GET /e/{environment}/.well-known/jwks.json`
//! (RFC 7517) and `GET /.well-known/oauth-authorization-server/e/{environment}` (RFC 8414).

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::{Code, EnvironmentId};
use crate::tokens::PublishedKeys;
use crate::web::reference::{Operation, Schema, always, example, sometimes};
use crate::web::{Context, Failure, Segment, Web};

/// What the reference says of the published keys.
pub fn jwks_doc() -> Operation {
    let key = Schema::object([
        always("kty", Schema::one_of(&["OKP", "EC", "RSA"])),
        sometimes("crv", Schema::one_of(&["Ed25519", "P-256"])),
        sometimes("x", Schema::text()),
        sometimes("y", Schema::text()),
        sometimes("n", Schema::text()),
        sometimes("e", Schema::text()),
        always("alg", Schema::one_of(&["EdDSA", "ES256", "RS256"])),
        always("use", Schema::just("sig")),
        always("kid", Schema::id("sgn")),
    ]);
    let schema = Schema::object([always("keys", Schema::list(key.named("Jwk")))]);
    let example = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "alg": "EdDSA", "use": "sig", "kid": example::SIGNING_KEY,
    }] });
    Operation::saying(
        "getJwks",
        "The keys that sign the tokens of an environment",
        "RFC 7517. A copy may be kept for five minutes, or until the first of the keys ends if that is sooner; whoever \
         meets a `kid` that is not in its copy should ask again.",
    )
    .path("environment", environment_schema())
    .answers(200, "The keys, the newest last.", schema.named("Jwks"), example)
    .refuses(&[Code::RouteNotFound])
}

/// What the reference says of the metadata.
pub fn metadata_doc() -> Operation {
    let none = || Schema::list(Schema::text());
    let schema = Schema::object([
        always("issuer", Schema::text().format("uri")),
        always("jwks_uri", Schema::text().format("uri")),
        always("introspection_endpoint", Schema::text().format("uri")),
        always(
            "introspection_endpoint_auth_methods_supported",
            Schema::list(Schema::text()),
        ),
        always("response_types_supported", none()),
        always("grant_types_supported", none()),
    ]);
    let url = "https://id.example.com";
    Operation::saying(
        "getIssuerMetadata",
        "An environment as an issuer of tokens",
        "RFC 8414: where its keys are, and where its tokens are introspected. No grant is listed, because none of \
         OAuth's is offered here.",
    )
    .path("environment", environment_schema())
    .answers(
        200,
        "The metadata.",
        schema.named("IssuerMetadata"),
        about(&format!("{url}/e/{}", example::ENVIRONMENT), url),
    )
    .refuses(&[Code::RouteNotFound])
}

fn environment_schema() -> Schema {
    Schema::id("env").such_as(example::ENVIRONMENT.to_string())
}

fn about(issuer: &str, public_url: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{public_url}/v1/tokens/introspect"),
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
        "response_types_supported": [],
        "grant_types_supported": [],
    })
}

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
    let document = about(&web.tokens.issuer(environment), &web.public_url);
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response())
}

fn find(web: &Web, context: &Context, environment: Option<String>) -> Result<(EnvironmentId, PublishedKeys), Failure> {
    let not_found = || Failure::new(Code::RouteNotFound);
    let environment: EnvironmentId = environment.and_then(|text| text.parse().ok()).ok_or_else(not_found)?;
    let keys = web.tokens.published(environment, context.now).ok_or_else(not_found)?;
    Ok((environment, keys))
}
