//! Every route of the product on one screen.

mod issuers;
mod partner;
mod users;
mod wallet;

use axum::routing::{get, post};

use crate::web::Routes;

/// The routes. Fallbacks and layers are added by `http`.
pub fn routes() -> Routes {
    Routes::new()
        // The partner surface: `X-PARTNER-API-KEY`, or the token of a user key.
        .route("/api/v1/external_login", post(partner::external_login::external_login))
        .route("/api/v1/embedded_check_user", post(partner::embedded_check_user::embedded_check_user))
        .route("/api/v1/users/{partner_user_id}/api_key", post(partner::api_key::api_key))
        .route("/api/v1/login", post(partner::login::login))
        .route("/api/v1/tenant_details", get(partner::tenant_details::tenant_details))
        // The users surface: `Authorization` with a server key.
        .route("/v1/login_codes/exchange", post(users::login_codes::exchange))
        .route("/v1/requests", get(users::requests::requests))
        .route("/v1/users", get(users::list::list))
        .route("/v1/users/link", post(users::link::link))
        .route("/v1/users/me", get(users::me::me))
        .route("/v1/users/{user_id}", get(users::get::get).put(users::put::put).delete(users::delete::delete))
        .route("/v1/users/{user_id}/tokens", post(users::tokens::tokens))
        .route("/v1/users/{user_id}/verifications", post(users::verifications::verifications))
        .route("/v1/users/{user_id}/verifications/check", post(users::verifications_check::check))
        .route("/v1/tokens/introspect", post(users::introspect::introspect))
        .route("/v1/inbox", get(users::inbox::inbox))
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
        .route("/e/{environment}/.well-known/jwks.json", get(issuers::jwks))
        .route("/.well-known/oauth-authorization-server/e/{environment}", get(issuers::metadata))
}
