//! Every route of the product on one screen, each with its handler and, but for the wallet surface and what stands on
//! it, its description.

mod issuers;
mod partner;
mod users;
mod wallet;

use partner::{api_key, embedded_check_user, external_login, login, tenant_details};
use users::{delete, events, get, introspect, link, list, login_codes, me, put, requests, tokens, webhooks};

use axum::routing::post;

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
        .get("/v1/events", events::list::list, events::list::doc)
        .post("/v1/events", events::trigger::trigger, events::trigger::doc)
        .get("/v1/events/stream", events::stream::stream, events::stream::doc)
        .get("/v1/events/{event_id}", events::get::get, events::get::doc)
        .get("/v1/webhooks", webhooks::list::list, webhooks::list::doc)
        .post("/v1/webhooks", webhooks::create::create, webhooks::create::doc)
        .get("/v1/webhooks/{webhook_id}", webhooks::get::get, webhooks::get::doc)
        .put("/v1/webhooks/{webhook_id}", webhooks::update::update, webhooks::update::doc)
        .delete("/v1/webhooks/{webhook_id}", webhooks::delete::delete, webhooks::delete::doc)
        .post("/v1/webhooks/{webhook_id}/rotate_secret", webhooks::rotate_secret::rotate_secret, webhooks::rotate_secret::doc)
        .post("/v1/webhooks/{webhook_id}/test", webhooks::send_test::send_test, webhooks::send_test::doc)
        .post("/v1/webhooks/{webhook_id}/replay", webhooks::replay::replay, webhooks::replay::doc)
        .get("/v1/webhooks/{webhook_id}/deliveries", webhooks::deliveries::deliveries, webhooks::deliveries::doc)
        .get("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", webhooks::delivery::delivery, webhooks::delivery::doc)
        .route("/v1/users/{user_id}/verifications", post(users::verifications::verifications))
        .route("/v1/users/{user_id}/verifications/check", post(users::verifications_check::check))
        .route("/v1/inbox", axum::routing::get(users::inbox::inbox))
        // The wallet surface: `x-client-secret`, or `x-app-id` alone.
        .route("/api/v1/auth/login-otp", post(wallet::auth::login_otp::login_otp))
        .route("/api/v2/auth/login-otp", post(wallet::auth::login_otp::login_otp))
        .route("/api/v1/auth/verify-otp", post(wallet::auth::verify_otp::verify_otp))
        .route("/api/v2/auth/verify-otp", post(wallet::auth::verify_otp::verify_otp))
        .route("/api/v1/auth/login-whatsapp", post(wallet::auth::login_whatsapp::login_whatsapp))
        .route("/api/v2/auth/login-whatsapp", post(wallet::auth::login_whatsapp::login_whatsapp))
        .route("/api/v1/auth/verify-whatsapp", post(wallet::auth::verify_whatsapp::verify_whatsapp))
        .route("/api/v2/auth/verify-whatsapp", post(wallet::auth::verify_whatsapp::verify_whatsapp))
        .route("/api/v1/auth/login-sms", post(wallet::auth::login_sms::login_sms))
        .route("/api/v2/auth/login-sms", post(wallet::auth::login_sms::login_sms))
        .route("/api/v1/auth/verify-sms", post(wallet::auth::verify_sms::verify_sms))
        .route("/api/v2/auth/verify-sms", post(wallet::auth::verify_sms::verify_sms))
        // Issuers: public.
        .get("/e/{environment}/.well-known/jwks.json", issuers::jwks, issuers::jwks_doc)
        .get("/.well-known/oauth-authorization-server/e/{environment}", issuers::metadata, issuers::metadata_doc)
}

/// The reference of all routes, for whoever calls them at these addresses.
#[must_use]
pub fn documents(servers: &[Server]) -> Vec<Document> {
    reference::documents(&routes().operations(), &users::events::catalogue::hooks(), servers)
}
