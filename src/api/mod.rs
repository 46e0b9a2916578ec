//! Every route of the product on one screen, each with its handler and its description.

mod channels;
mod issuers;
mod partner;
mod users;
pub(crate) mod wallet;

use partner::{api_key, api_keys, embedded_check_user, external_login, login, revoke_api_key, tenant_details};
use users::{
    delete, events, get, inbox, introspect, link, list, log_out, login_codes, me, put, requests, tokens, verifications,
    verifications_check, webhooks,
};
use wallet::account::{create, import, rampable_create, recover};
use wallet::auth::{
    self, apple, google, login_custody, login_otp, login_sms, login_whatsapp, register, register_custody, resend,
    telegram, verify_otp, verify_sms, verify_whatsapp,
};
use wallet::organization;
use wallet::wallet::{
    address, balance_coin, balance_token, batch_balance_token, cancel_transaction, estimate_gas, export, refresh,
    refresh_rampable, send_coin, send_token, send_transaction, sign_authorization, sign_hash, sign_message,
    sign_transaction, sign_typed_data, transaction_detail, transfer_erc721, transfer_erc1155, unlock,
};

use axum::routing::{get, post};

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
        .get("/api/v1/users/{partner_user_id}/api_keys", api_keys::api_keys, api_keys::doc)
        .delete("/api/v1/api_keys/{user_key_id}", revoke_api_key::revoke_api_key, revoke_api_key::doc)
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
        .delete("/v1/users/{user_id}/tokens", log_out::log_out, log_out::doc)
        .post("/v1/tokens/introspect", introspect::introspect, introspect::doc)
        .post("/v1/users/{user_id}/verifications", verifications::verifications, verifications::doc)
        .post("/v1/users/{user_id}/verifications/check", verifications_check::check, verifications_check::doc)
        .get("/v1/inbox", inbox::inbox, inbox::doc)
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
        // The wallet surface: `x-client-secret`, or `x-app-id` alone.
        .post("/api/v1/auth/login-otp", login_otp::login_otp, login_otp::doc)
        .post("/api/v1/auth/verify-otp", verify_otp::verify_otp, verify_otp::doc)
        .post("/api/v1/auth/login-whatsapp", login_whatsapp::login_whatsapp, login_whatsapp::doc)
        .post("/api/v1/auth/verify-whatsapp", verify_whatsapp::verify_whatsapp, verify_whatsapp::doc)
        .post("/api/v1/auth/login-sms", login_sms::login_sms, login_sms::doc)
        .post("/api/v1/auth/verify-sms", verify_sms::verify_sms, verify_sms::doc)
        .post("/api/v1/auth/resend", resend::resend, resend::doc)
        .post("/api/v1/auth/register-custody", register_custody::register_custody, register_custody::doc)
        .post("/api/v1/auth/login-custody", login_custody::login_custody, login_custody::doc)
        .post("/api/v1/auth/register", register::register, register::doc)
        .post("/api/v1/auth/login", auth::login::login, auth::login::doc)
        .post("/api/v1/auth/google", google::google, google::doc)
        .post("/api/v1/auth/apple", apple::apple, apple::doc)
        .post("/api/v1/auth/telegram", telegram::telegram, telegram::doc)
        .get("/api/v1/organization", organization::organization, organization::doc)
        .post("/api/v1/account/create", create::create, create::doc)
        .post("/api/v1/account/recover", recover::recover, recover::doc)
        .post("/api/v1/account/rampable/create", rampable_create::rampable_create, rampable_create::doc)
        .post("/api/v1/wallet/refresh-rampable", refresh_rampable::refresh_rampable, refresh_rampable::doc)
        .get("/api/v1/wallet/address", address::address, address::doc)
        .post("/api/v1/wallet/address", address::post_address, address::post_doc)
        .post("/api/v1/wallet/sign-message", sign_message::sign_message, sign_message::doc)
        .post("/api/v1/wallet/sign-typed-data", sign_typed_data::sign_typed_data, sign_typed_data::doc)
        .post("/api/v1/wallet/sign-hash", sign_hash::sign_hash, sign_hash::doc)
        .post("/api/v1/wallet/sign-transaction", sign_transaction::sign_transaction, sign_transaction::doc)
        .post("/api/v1/wallet/sign-authorization", sign_authorization::sign_authorization, sign_authorization::doc)
        .post("/api/v1/wallet/balance-coin", balance_coin::balance_coin, balance_coin::doc)
        .post("/api/v1/wallet/balance-token", balance_token::balance_token, balance_token::doc)
        .post("/api/v1/wallet/batch-balance-token", batch_balance_token::batch_balance_token, batch_balance_token::doc)
        .post("/api/v1/wallet/estimate-gas", estimate_gas::estimate_gas, estimate_gas::doc)
        .post("/api/v1/wallet/transaction-detail", transaction_detail::transaction_detail, transaction_detail::doc)
        .post("/api/v1/wallet/send-coin", send_coin::send_coin, send_coin::doc)
        .post("/api/v1/wallet/send-token", send_token::send_token, send_token::doc)
        .post("/api/v1/wallet/send-transaction", send_transaction::send_transaction, send_transaction::doc)
        .post("/api/v1/wallet/transfer-erc721", transfer_erc721::transfer_erc721, transfer_erc721::doc)
        .post("/api/v1/wallet/transfer-erc1155", transfer_erc1155::transfer_erc1155, transfer_erc1155::doc)
        .post("/api/v1/wallet/cancel-transaction", cancel_transaction::cancel_transaction, cancel_transaction::doc)
        .post("/api/v2/auth/login-otp", login_otp::login_otp, login_otp::doc)
        .post("/api/v2/auth/verify-otp", verify_otp::verify_otp, verify_otp::doc)
        .post("/api/v2/auth/login-whatsapp", login_whatsapp::login_whatsapp, login_whatsapp::doc)
        .post("/api/v2/auth/verify-whatsapp", verify_whatsapp::verify_whatsapp, verify_whatsapp::doc)
        .post("/api/v2/auth/login-sms", login_sms::login_sms, login_sms::doc)
        .post("/api/v2/auth/verify-sms", verify_sms::verify_sms, verify_sms::doc)
        .post("/api/v2/auth/resend", resend::resend, resend::doc)
        .post("/api/v2/auth/register-custody", register_custody::register_custody, register_custody::doc)
        .post("/api/v2/auth/login-custody", login_custody::login_custody, login_custody::doc)
        .post("/api/v2/auth/register", register::register, register::doc)
        .post("/api/v2/auth/login", auth::login::login, auth::login::doc)
        .post("/api/v2/auth/google", google::google, google::doc)
        .post("/api/v2/auth/apple", apple::apple, apple::doc)
        .post("/api/v2/auth/telegram", telegram::telegram, telegram::doc)
        .get("/api/v2/organization", organization::organization, organization::doc)
        .post("/api/v2/account/create", create::create, create::doc)
        .post("/api/v2/account/import", import::import, import::doc)
        .post("/api/v2/account/recover", recover::recover, recover::doc)
        .post("/api/v2/account/rampable/create", rampable_create::rampable_create, rampable_create::doc)
        .post("/api/v2/wallet/refresh", refresh::refresh, refresh::doc)
        .post("/api/v2/wallet/unlock", unlock::unlock, unlock::doc)
        .post("/api/v2/wallet/export", export::export, export::doc)
        .post("/api/v2/wallet/refresh-rampable", refresh_rampable::refresh_rampable, refresh_rampable::doc)
        .get("/api/v2/wallet/address", address::address, address::doc)
        .post("/api/v2/wallet/address", address::post_address, address::post_doc)
        .post("/api/v2/wallet/sign-message", sign_message::sign_message, sign_message::doc)
        .post("/api/v2/wallet/sign-typed-data", sign_typed_data::sign_typed_data, sign_typed_data::doc)
        .post("/api/v2/wallet/sign-hash", sign_hash::sign_hash, sign_hash::doc)
        .post("/api/v2/wallet/sign-transaction", sign_transaction::sign_transaction, sign_transaction::doc)
        .post("/api/v2/wallet/sign-authorization", sign_authorization::sign_authorization, sign_authorization::doc)
        .post("/api/v2/wallet/balance-coin", balance_coin::balance_coin, balance_coin::doc)
        .post("/api/v2/wallet/balance-token", balance_token::balance_token, balance_token::doc)
        .post("/api/v2/wallet/batch-balance-token", batch_balance_token::batch_balance_token, batch_balance_token::doc)
        .post("/api/v2/wallet/estimate-gas", estimate_gas::estimate_gas, estimate_gas::doc)
        .post("/api/v2/wallet/transaction-detail", transaction_detail::transaction_detail, transaction_detail::doc)
        // The published SDK writes a quote at the end of the path.
        .route("/api/v2/wallet/estimate-gas%22", post(estimate_gas::estimate_gas))
        .post("/api/v2/wallet/send-coin", send_coin::send_coin, send_coin::doc)
        .post("/api/v2/wallet/send-token", send_token::send_token, send_token::doc)
        .post("/api/v2/wallet/send-transaction", send_transaction::send_transaction, send_transaction::doc)
        .post("/api/v2/wallet/transfer-erc721", transfer_erc721::transfer_erc721, transfer_erc721::doc)
        .post("/api/v2/wallet/transfer-erc1155", transfer_erc1155::transfer_erc1155, transfer_erc1155::doc)
        .post("/api/v2/wallet/cancel-transaction", cancel_transaction::cancel_transaction, cancel_transaction::doc)
        // What the providers of channels call about messages: signed, and described by them.
        .route("/e/{environment}/channels/whatsapp", get(channels::whatsapp::subscribe).post(channels::whatsapp::reports))
        .route("/e/{environment}/channels/sms", post(channels::sms::reports))
        // Issuers: public.
        .get("/e/{environment}/.well-known/jwks.json", issuers::jwks, issuers::jwks_doc)
        .get("/.well-known/oauth-authorization-server/e/{environment}", issuers::metadata, issuers::metadata_doc)
}

/// The reference of all routes, for whoever calls them at these addresses.
#[must_use]
pub fn documents(servers: &[Server]) -> Vec<Document> {
    reference::documents(&routes().operations(), &users::events::catalogue::hooks(), servers)
}
