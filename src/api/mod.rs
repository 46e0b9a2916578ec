//! Every route of the product on one screen, each with its handler and its description.

mod issuers;
mod partner;
mod users;

use partner::{api_key, embedded_check_user, external_login, login, tenant_details};
use users::{delete, get, introspect, link, list, login_codes, me, put, requests, tokens};

use crate::web::Routes;
use crate::web::reference::{self, Document, Server};

/// The routes. Fallbacks and layers are added by `http`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    Routes::new()
        // The partner surface: `X-PARTNER-API-KEY`, or the token of a user key.
        .post("/api/v1/external_login", external_login::external_login, external_login::doc)
        .post("/api/v1/embedded_check_user", embedded_check_user::embedded_check_user, embedded_check_user::doc)
        .post("/api/v1/users/{partner_user_id}/api_key", api_key::api_key, api_key::doc)
        .post("/api/v1/login", login::login, login::doc)
        .get("/api/v1/tenant_details", tenant_details::tenant_details, tenant_details::doc)
        // The users surface: `Authorization` with a server key.
        .post("/v1/login_codes/exchange", login_codes::exchange, login_codes::doc)
        .get("/v1/requests", requests::requests, requests::doc)
        .get("/v1/users", list::list, list::doc)
        .post("/v1/users/link", link::link, link::doc)
        .get("/v1/users/me", me::me, me::doc)
        .get("/v1/users/{user_id}", get::get, get::doc)
        .put("/v1/users/{user_id}", put::put, put::doc)
        .delete("/v1/users/{user_id}", delete::delete, delete::doc)
        .post("/v1/users/{user_id}/tokens", tokens::tokens, tokens::doc)
        .post("/v1/tokens/introspect", introspect::introspect, introspect::doc)
        // Issuers: public.
        .get("/e/{environment}/.well-known/jwks.json", issuers::jwks, issuers::jwks_doc)
        .get("/.well-known/oauth-authorization-server/e/{environment}", issuers::metadata, issuers::metadata_doc)
}

/// The reference of all routes, for whoever calls them at these addresses.
#[must_use]
pub fn documents(servers: &[Server]) -> Vec<Document> {
    reference::documents(&routes().operations(), servers)
}
