//! `GET /api/v{1,2}/organization`: the organization of a client secret.
//!
//! `clientSecret` is the one that was sent. `rampableClientSecret` is shown to callers without `Origin` alone: in a
//! browser it would be everybody's. A client secret that a browser ever sent shows it no more: rotate it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use serde::Serialize;
use serde_json::Value;

use super::{Caller, answer, answered};
use crate::domain::{AppId, Code, Provider};
use crate::sealed;
use crate::store::AppScope;
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Failure, Web};

/// What is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Its name.
    name: String,
    /// The app's id.
    client_id: AppId,
    /// The secret that was sent.
    client_secret: String,
    /// Whether people may have accounts for Rampable.
    is_rampable_enabled: bool,
    /// The secret for Rampable's own API, if there is one and the caller may see it.
    rampable_client_secret: Option<String>,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let data = Schema::object([
        always("name", Schema::text()),
        always("clientId", Schema::id("app")),
        always("clientSecret", Schema::text().says("The one that was sent.")),
        always("isRampableEnabled", Schema::boolean()),
        always("rampableClientSecret", Schema::text().or_null()),
    ]);
    let shown = Organization {
        name: "Example".to_owned(),
        client_id: example::APP,
        client_secret: "abc_test_…".to_owned(),
        is_rampable_enabled: false,
        rampable_client_secret: None,
    };
    let Json(shown) = answer("Success", &shown);
    Operation::new("getOrganization", include_str!("organization.rs"))
        .takes(Takes::ClientSecret)
        .answers(200, "The organization.", answered(data.named("Organization")), shown)
}

/// 200 with the organization; an app's id alone is 401.
pub async fn organization(State(web): State<Web>, caller: Caller, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    let scope = &caller.app.scope;
    let sent = headers.get("x-client-secret").and_then(|value| value.to_str().ok());
    let (Some(_), Some(sent)) = (scope.key(), sent) else {
        return Err(Failure::new(Code::Unauthorized).saying("Send the app's client secret in x-client-secret."));
    };
    let settings = web.instance.settings.of(scope.environment());
    let rampable = if headers.contains_key(ORIGIN) || caller.app.exposed {
        None
    } else {
        rampable_secret(&web, scope).await?
    };
    let shown = Organization {
        name: web.instance.store.organization_name(scope).await?,
        client_id: scope.app(),
        client_secret: sent.trim().to_owned(),
        is_rampable_enabled: settings.login.rampable,
        rampable_client_secret: rampable,
    };
    Ok(answer("Success", &shown))
}

async fn rampable_secret(web: &Web, scope: &AppScope) -> Result<Option<String>, Failure> {
    let known = web.instance.store.app_providers(scope, Provider::Rampable).await?;
    let Some(known) = known.into_iter().next() else {
        return Ok(None);
    };
    let place = sealed::app_provider(scope.environment(), known.id);
    let opened = web.instance.vault.open(&place, &known.sealed.unwrap_or_default());
    let opened = opened.map_err(|_| Failure::internal("the secret for Rampable cannot be opened"))?;
    let text = String::from_utf8(opened.expose().to_vec());
    text.map(Some)
        .map_err(|_| Failure::internal("the secret for Rampable cannot be read"))
}
