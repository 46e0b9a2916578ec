//! The app that calls: by its client secret, or by its public id.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;

use super::auth::{admit_address, authenticate, check_host, context, header, refuse};
use super::{Failure, Web};
use crate::domain::KeyKind;
use crate::store::{App, AppScope};

const SECRET: &str = "x-client-secret";
const ID: &str = "x-app-id";

/// An app that may start log-ins: `x-client-secret` alone, or `x-app-id` alone, which makes it a public client.
pub struct AppCredential {
    /// What it reaches.
    pub scope: AppScope,
    /// Its name, as people see it.
    pub name: String,
    /// Whether it is served version 1 of the wallet surface.
    pub serves_v1: bool,
}

impl FromRequestParts<Web> for AppCredential {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let origin = header(parts, ORIGIN.as_str()).map(str::to_owned);
        let (app, scope) = match (header(parts, SECRET), header(parts, ID)) {
            (Some(secret), named) => by_secret(parts, web, secret, named).await?,
            (None, Some(id)) => by_id(parts, web, id).await?,
            (None, None) => {
                return Err(refuse(
                    "Send the app's client secret in x-client-secret, or its id in x-app-id.",
                ));
            }
        };
        if let Some(origin) = origin.filter(|_| scope.key().is_none())
            && !app.origins.contains(&origin)
        {
            return Err(refuse(
                "This origin is not registered for the app. Add it with `aboard apps create --origin`.",
            ));
        }
        Ok(Self {
            scope,
            name: app.name,
            serves_v1: app.serves_v1,
        })
    }
}

async fn by_secret(parts: &Parts, web: &Web, secret: &str, named: Option<&str>) -> Result<(App, AppScope), Failure> {
    let presented = authenticate(parts, web, secret, KeyKind::Client).await?;
    let scope = presented.credential.app_scope();
    let mut scope = scope.ok_or_else(|| refuse("This is no client secret."))?;
    // In a browser a secret is none: it lies in the bundle for everybody to read.
    if parts.headers.contains_key(ORIGIN) || parts.headers.contains_key(HeaderName::from_static("sec-fetch-site")) {
        web.instance
            .store
            .tell_exposed_secret(&scope, context(parts)?.now)
            .await?;
        scope = scope.exposed();
    }
    let app = web.instance.store.app(scope.app()).await?;
    let app = app.ok_or_else(|| refuse("This app was revoked."))?;
    if named.is_some_and(|named| named != app.id.to_string()) {
        return Err(refuse("x-app-id and x-client-secret belong to different apps."));
    }
    Ok((app, scope))
}

async fn by_id(parts: &Parts, web: &Web, id: &str) -> Result<(App, AppScope), Failure> {
    let unknown = || refuse("There is no app with this x-app-id. `aboard apps list` shows them.");
    let context = context(parts)?;
    let id = id.parse().map_err(|_| unknown())?;
    let app = web.instance.store.app(id).await?.ok_or_else(unknown)?;
    let scope = app.public_scope();
    check_host(web, &context, scope.kind())?;
    // A public id is nobody's secret: what counts is who calls, not whom they name.
    admit_address(web, &context)?;
    Ok((app, scope))
}
