//! The app that calls: by its client secret, or by its public id.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use jiff::Timestamp;

use super::auth::{admit_address, authenticate, check_host, context, header, refuse};
use super::limits::Who;
use super::{Context, Failure, Web};
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
    /// Whether everybody may know its client secret: a browser sent it, now or before.
    pub exposed: bool,
}

impl AppCredential {
    /// Whose share of what everybody shares a call uses up: the address of a person's device, or the client secret of a
    /// back end, whose address is that of all who come through it. What everybody may know is no back end's.
    #[must_use]
    pub fn who(&self, context: &Context) -> Who {
        match self.scope.key().filter(|_| !self.exposed) {
            Some(key) => Who::Key(key.0),
            None => Who::at(context.address),
        }
    }
}

impl FromRequestParts<Web> for AppCredential {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let origin = header(parts, ORIGIN.as_str()).map(str::to_owned);
        let (app, scope, exposed) = match (header(parts, SECRET), header(parts, ID)) {
            (Some(secret), named) => by_secret(parts, web, secret, named).await?,
            (None, Some(id)) => {
                let (app, scope) = by_id(parts, web, id).await?;
                (app, scope, false)
            }
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
            exposed,
        })
    }
}

/// The app of a client secret, and whether everybody may know the secret.
async fn by_secret(
    parts: &Parts,
    web: &Web,
    secret: &str,
    named: Option<&str>,
) -> Result<(App, AppScope, bool), Failure> {
    let presented = authenticate(parts, web, secret, KeyKind::Client).await?;
    let scope = presented.credential.app_scope();
    let mut scope = scope.ok_or_else(|| refuse("This is no client secret."))?;
    // In a browser a secret is none: it lies in the bundle for everybody to read.
    let by_browser = |name: &HeaderName| *name == ORIGIN || name.as_str().starts_with("sec-fetch-");
    let in_browser = parts.headers.keys().any(by_browser);
    if in_browser && !presented.credential.exposed {
        note_exposed(web, context(parts)?.now, &scope).await?;
    }
    // Whoever copied it there leaves the headers out.
    let exposed = in_browser || presented.credential.exposed;
    if exposed {
        scope = scope.exposed();
    }
    let app = web.instance.store.app(scope.app()).await?;
    let app = app.ok_or_else(|| refuse("This app was revoked."))?;
    if named.is_some_and(|named| named != app.id.to_string()) {
        return Err(refuse("x-app-id and x-client-secret belong to different apps."));
    }
    Ok((app, scope, exposed))
}

/// Once for each secret.
async fn note_exposed(web: &Web, now: Timestamp, scope: &AppScope) -> Result<(), Failure> {
    if web.instance.store.expose_secret(scope, now).await? {
        metrics::counter!("aboard_secrets_exposed_total").increment(1);
        tracing::warn!(
            app = %scope.app(), key = ?scope.key(),
            "a client secret came from a browser, where everybody can read it: rotate it with `aboard keys rotate`, and use x-app-id there"
        );
    }
    Ok(())
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
