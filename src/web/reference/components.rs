//! What the operations of a document share: headers, the idempotency key, credentials.

use serde_json::{Map, Value, json};

use super::example;
use crate::web::Surface;

const COUNTED: [&str; 5] = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
];

/// The headers of every answer of a surface.
pub fn common_headers(surface: Surface) -> Map<String, Value> {
    let counted: &[&str] = if surface.is_counted() { &COUNTED } else { &[] };
    ["X-Request-Id"]
        .iter()
        .chain(counted)
        .map(|name| {
            (
                (*name).to_owned(),
                json!({ "$ref": format!("#/components/headers/{name}") }),
            )
        })
        .collect()
}

/// Every header that answers may have.
pub fn headers() -> Value {
    let header = |required: bool, says: &str, schema: Value, example: Value| json!({ "description": says, "required": required, "schema": schema, "example": example });
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    json!({
        "X-Request-Id": header(true, "The id of the request, as in the log.", text("^req_[0-7][0-9a-hjkmnp-tv-z]{25}$"), example::REQUEST.to_string().into()),
        "X-RateLimit-Limit": header(true, "Requests per minute that this caller may make.", whole(), 1000.into()),
        "X-RateLimit-Remaining": header(true, "How many of them are left.", whole(), 999.into()),
        "X-RateLimit-Reset": header(true, "When there are more, in Unix seconds.", whole(), example::time().as_second().into()),
        "RateLimit-Policy": header(true, "The same limit, as the IETF's draft writes it.", text("^\"default\";q=[0-9]+;w=60$"), "\"default\";q=1000;w=60".into()),
        "RateLimit": header(true, "What is left of it, and in how many seconds there is more.", text("^\"default\";r=[0-9]+;t=[0-9]+$"), "\"default\";r=999;t=60".into()),
        "Retry-After": header(false, "Seconds to wait before the next try.", whole(), 17.into()),
        "Idempotent-Replayed": header(false, "`true` if a call with this Idempotency-Key was made before.", json!({ "type": "string", "enum": ["true"] }), "true".into()),
    })
}

/// The header that makes a call repeatable.
pub fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "The same call made twice with the same key has one effect, for 24 hours. Bare or in quotes.",
        "schema": { "type": "string", "pattern": "^([!#-~]([ !#-~]{0,253}[!#-~])?|\"[!#-~]([ !#-~]{0,253}[!#-~])?\")$" },
    })
}

/// How the calls of a surface show who makes them.
pub fn security_schemes(surface: Surface) -> Value {
    let partner_key = json!({
        "type": "apiKey", "in": "header", "name": "X-PARTNER-API-KEY",
        "description": "A partner key, `abp_…`. It decides the environment.",
    });
    let server_key = json!({
        "type": "http", "scheme": "bearer",
        "description": "A server key, `abs_…`, as `Bearer` or bare. It decides the environment.",
    });
    let user_token = json!({
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "A user's token, from `POST /api/v1/login` or `POST /v1/users/{user_id}/tokens`.",
    });
    let client_secret = json!({
        "type": "apiKey", "in": "header", "name": "x-client-secret",
        "description": "A client secret of an app, `abc_…`, for its back end. It decides the environment.",
    });
    let app_id = json!({
        "type": "apiKey", "in": "header", "name": "x-app-id",
        "description": "The id of an app, `app_…`, for browsers and phones; a browser's origin has to be registered.",
    });
    let token = |says: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": says });
    match surface {
        Surface::Wallet => json!({
            "ClientSecret": client_secret,
            "AppId": app_id,
            "AccessToken": token("The `accessToken` of a log-in without a wallet."),
            "WalletToken": token("A `walletToken`: in version 2 good for one call."),
        }),
        Surface::Partner => json!({ "PartnerKey": partner_key, "UserToken": user_token }),
        _ => json!({ "ServerKey": server_key, "UserToken": user_token }),
    }
}
