//! Credential × power: which credential opens which route, cell by cell, over every route of the API. One in the wrong
//! place is 401, never "close enough".

use std::collections::BTreeSet;

use aboard::admin;
use aboard::domain::{KeyKind, UserId};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::users::{LINK, UPDATE};

on_both! {
    each_credential_opens_its_own_routes_and_no_other,
}

/// Everything that somebody could hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Nothing,
    PartnerKey,
    ServerKey,
    ClientSecret,
    AppId,
    UserKey,
    UserKeyToken,
    OrganizationToken,
    /// Of a log-in with a code.
    AccessToken,
    /// Of a log-in by nothing but the app's word.
    CustodyToken,
    RefreshToken,
    WaffyToken,
    SessionCookie,
}
use Held::{
    AccessToken, AppId, ClientSecret, CustodyToken, Nothing, OrganizationToken, PartnerKey, RefreshToken, ServerKey,
    SessionCookie, UserKey, UserKeyToken, WaffyToken,
};

const ALL: [Held; 13] = [
    Nothing,
    PartnerKey,
    ServerKey,
    ClientSecret,
    AppId,
    UserKey,
    UserKeyToken,
    OrganizationToken,
    AccessToken,
    CustodyToken,
    RefreshToken,
    WaffyToken,
    SessionCookie,
];

/// The headers that a credential may be put into, right or wrong.
const HEADERS: [&str; 4] = ["authorization", "x-partner-api-key", "x-client-secret", "x-app-id"];

/// A route, what opens it and in which header. A route that `anybody` may call asks for no credential.
struct Route {
    method: &'static str,
    template: &'static str,
    opens: &'static [(Held, &'static str)],
    anybody: bool,
}

const fn route(method: &'static str, template: &'static str, opens: &'static [(Held, &'static str)]) -> Route {
    Route {
        method,
        template,
        opens,
        anybody: false,
    }
}

const fn public(method: &'static str, template: &'static str) -> Route {
    Route {
        method,
        template,
        opens: &[],
        anybody: true,
    }
}

const BY_PARTNER: &[(Held, &str)] = &[(PartnerKey, "x-partner-api-key")];
const BY_SERVER: &[(Held, &str)] = &[(ServerKey, "authorization")];
const BY_APP: &[(Held, &str)] = &[(ClientSecret, "x-client-secret"), (AppId, "x-app-id")];
const BY_SECRET: &[(Held, &str)] = &[(ClientSecret, "x-client-secret")];

const BY_NONE_ALONE: &[(Held, &str)] = &[];

/// The table.
const POWER: &[Route] = &[
    route("POST", "/api/v1/external_login", BY_PARTNER),
    route("POST", "/api/v1/embedded_check_user", BY_PARTNER),
    route("POST", "/api/v1/users/{partner_user_id}/api_key", BY_PARTNER),
    route("GET", "/api/v1/users/{partner_user_id}/api_keys", BY_PARTNER),
    route("DELETE", "/api/v1/api_keys/{user_key_id}", BY_PARTNER),
    // The user key stands in the body.
    public("POST", "/api/v1/login"),
    route("GET", "/api/v1/tenant_details", &[(UserKeyToken, "authorization")]),
    route("POST", "/v1/login_codes/exchange", BY_SERVER),
    route("GET", "/v1/requests", BY_SERVER),
    route("GET", "/v1/users", BY_SERVER),
    route("POST", "/v1/users/link", BY_SERVER),
    route(
        "GET",
        "/v1/users/me",
        &[
            (UserKeyToken, "authorization"),
            (OrganizationToken, "authorization"),
            (AccessToken, "authorization"),
            (CustodyToken, "authorization"),
        ],
    ),
    route("GET", "/v1/users/{user_id}", BY_SERVER),
    route("PUT", "/v1/users/{user_id}", BY_SERVER),
    route("POST", "/v1/users/{user_id}/tokens", BY_SERVER),
    route("GET", "/v1/events", BY_SERVER),
    route("POST", "/v1/events", BY_SERVER),
    route("GET", "/v1/events/stream", BY_SERVER),
    route("GET", "/v1/events/{event_id}", BY_SERVER),
    route("GET", "/v1/webhooks", BY_SERVER),
    route("POST", "/v1/webhooks", BY_SERVER),
    route("GET", "/v1/webhooks/{webhook_id}", BY_SERVER),
    route("PUT", "/v1/webhooks/{webhook_id}", BY_SERVER),
    route("DELETE", "/v1/webhooks/{webhook_id}", BY_SERVER),
    route("POST", "/v1/webhooks/{webhook_id}/rotate_secret", BY_SERVER),
    route("POST", "/v1/webhooks/{webhook_id}/test", BY_SERVER),
    route("POST", "/v1/webhooks/{webhook_id}/replay", BY_SERVER),
    route("GET", "/v1/webhooks/{webhook_id}/deliveries", BY_SERVER),
    route("GET", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", BY_SERVER),
    route("POST", "/v1/users/{user_id}/verifications", BY_SERVER),
    route("POST", "/v1/users/{user_id}/verifications/check", BY_SERVER),
    route("POST", "/v1/tokens/introspect", BY_SERVER),
    route("GET", "/v1/inbox", BY_SERVER),
    route("POST", "/api/v1/auth/login-otp", BY_APP),
    route("POST", "/api/v1/auth/verify-otp", BY_APP),
    route("POST", "/api/v1/auth/login-whatsapp", BY_APP),
    route("POST", "/api/v1/auth/verify-whatsapp", BY_APP),
    route("POST", "/api/v1/auth/login-sms", BY_APP),
    route("POST", "/api/v1/auth/verify-sms", BY_APP),
    route("POST", "/api/v2/auth/login-otp", BY_APP),
    route("POST", "/api/v2/auth/verify-otp", BY_APP),
    route("POST", "/api/v2/auth/login-whatsapp", BY_APP),
    route("POST", "/api/v2/auth/verify-whatsapp", BY_APP),
    route("POST", "/api/v2/auth/login-sms", BY_APP),
    route("POST", "/api/v2/auth/verify-sms", BY_APP),
    route("POST", "/api/v1/auth/register", BY_APP),
    route("POST", "/api/v1/auth/login", BY_APP),
    route("POST", "/api/v1/auth/google", BY_APP),
    route("POST", "/api/v1/auth/apple", BY_APP),
    route("POST", "/api/v1/auth/telegram", BY_APP),
    route("POST", "/api/v1/auth/register-custody", BY_SECRET),
    route("POST", "/api/v1/auth/login-custody", BY_SECRET),
    route("GET", "/api/v1/organization", BY_SECRET),
    route("POST", "/api/v2/auth/register", BY_APP),
    route("POST", "/api/v2/auth/login", BY_APP),
    route("POST", "/api/v2/auth/google", BY_APP),
    route("POST", "/api/v2/auth/apple", BY_APP),
    route("POST", "/api/v2/auth/telegram", BY_APP),
    route("POST", "/api/v2/auth/register-custody", BY_SECRET),
    route("POST", "/api/v2/auth/login-custody", BY_SECRET),
    route("GET", "/api/v2/organization", BY_SECRET),
    route("POST", "/api/v1/auth/resend", BY_APP),
    route("POST", "/api/v2/auth/resend", BY_APP),
    // The provider's signature opens these, and nothing else.
    route("GET", "/e/{environment}/channels/whatsapp", &[]),
    route("POST", "/e/{environment}/channels/whatsapp", &[]),
    route("POST", "/e/{environment}/channels/sms", &[]),
    // A log-in's token beside the app: no credential alone. Which pairs open what is in `wallet::account` and
    // `wallet::wallet`.
    route("POST", "/api/v1/account/create", BY_NONE_ALONE),
    route("POST", "/api/v1/account/recover", BY_NONE_ALONE),
    route("POST", "/api/v1/account/rampable/create", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/refresh-rampable", BY_APP),
    route("GET", "/api/v1/wallet/address", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/address", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/sign-message", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/sign-typed-data", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/sign-hash", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/send-coin", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/send-token", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/send-transaction", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/transfer-erc721", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/transfer-erc1155", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/cancel-transaction", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/sign-transaction", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/sign-authorization", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/balance-coin", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/balance-token", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/batch-balance-token", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/estimate-gas", BY_NONE_ALONE),
    route("POST", "/api/v1/wallet/transaction-detail", BY_NONE_ALONE),
    route("POST", "/api/v2/account/create", BY_NONE_ALONE),
    route("POST", "/api/v2/account/import", BY_NONE_ALONE),
    route("POST", "/api/v2/account/recover", BY_NONE_ALONE),
    route("POST", "/api/v2/account/rampable/create", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/refresh", BY_APP),
    route("POST", "/api/v2/wallet/unlock", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/export", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/refresh-rampable", BY_APP),
    route("GET", "/api/v2/wallet/address", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/address", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/sign-message", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/sign-typed-data", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/sign-hash", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/send-coin", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/send-token", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/send-transaction", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/transfer-erc721", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/transfer-erc1155", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/cancel-transaction", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/sign-transaction", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/sign-authorization", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/balance-coin", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/balance-token", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/batch-balance-token", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/estimate-gas", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/transaction-detail", BY_NONE_ALONE),
    route("POST", "/api/v2/wallet/estimate-gas%22", BY_NONE_ALONE),
    public("GET", "/e/{environment}/.well-known/jwks.json"),
    public("GET", "/.well-known/oauth-authorization-server/e/{environment}"),
    route("DELETE", "/v1/users/{user_id}/tokens", BY_SERVER),
    // Last: it leaves nothing to be read.
    route("DELETE", "/v1/users/{user_id}", BY_SERVER),
];

#[test]
fn the_table_has_every_route_and_no_other() {
    let (_, templates) = aboard::api::routes().into_parts();
    let routes: BTreeSet<&str> = templates.into_iter().collect();
    let table: BTreeSet<&str> = POWER.iter().map(|route| route.template).collect();
    assert_eq!(table, routes);
}

/// One of each credential, and a user for the routes that name one.
struct Holders {
    texts: Vec<(Held, String)>,
    user: UserId,
}

async fn holders(app: &TestApp) -> Holders {
    let plane = &app.sandbox;
    let instance = app.instance();
    let client = admin::create_app(instance, &plane.environment, "an app", Vec::new()).await;
    let client = client.expect("made");
    let environment = &plane.environment;
    let allowed = admin::Allowed {
        scopes: aboard::domain::KeyScope::ALL
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .filter(|scope| {
                matches!(
                    scope.as_str(),
                    "users" | "users:token" | "requests" | "events" | "webhooks"
                )
            })
            .collect(),
        per_minute: None,
    };
    let server = admin::create_key(instance, environment, KeyKind::Server, environment.id.0, "all", allowed).await;
    let server = server.expect("made").secret;
    app.link("ada").await;
    let key = plane
        .partner
        .client
        .post("/api/v1/users/ada/api_key", &json!({}))
        .await
        .json();
    let user_key = key["api_key"].as_str().expect("a key").to_owned();
    let login = json!({ "api_key": user_key, "wrapp_user_id": key["wrapp_user_id"] });
    let login = app.anonymous().post("/api/v1/login", &login).await.json();
    let user_token = login["data"]["attributes"]["jwt"].as_str().expect("a token").to_owned();
    let back_end = app.anonymous().with("authorization", &server);
    let linked: Value = serde_json::from_str(LINK).expect("JSON");
    let linked = back_end.post("/v1/users/link", &linked).await.json();
    let user: UserId = linked["data"]["user_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let made = back_end
        .post(&format!("/v1/users/{user}/tokens"), &json!({}))
        .await
        .json();
    let browser = app.signed_in("grace").await;
    let cookies: Vec<String> = browser
        .cookies()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let shop = app.anonymous().with("x-client-secret", &client.client_secret);
    let access = app.log_in(EMAIL.with("grace@example.com"), &shop).await;
    let custody = shop
        .post("/api/v2/auth/register-custody", &json!({ "subId": "42" }))
        .await
        .json();
    let refresh = aboard::domain::RefreshToken::new(instance.ids.id(), instance.ids.secret());
    Holders {
        texts: vec![
            (PartnerKey, plane.partner.created.partner_key.clone()),
            (ServerKey, server),
            (ClientSecret, client.client_secret),
            (AppId, client.app.to_string()),
            (UserKey, user_key),
            (UserKeyToken, user_token),
            (OrganizationToken, text(&made["data"]["token"])),
            (AccessToken, access),
            (CustodyToken, text(&custody["data"]["accessToken"])),
            (RefreshToken, refresh.text()),
            (WaffyToken, text(&linked["data"]["waffy_token"])),
            (SessionCookie, cookies.join("; ")),
        ],
        user,
    }
}

async fn call(app: &TestApp, route: &Route, user: UserId, held: Option<(&str, &str)>) -> u16 {
    let path = route
        .template
        .replace("{user_id}", &user.to_string())
        .replace("{partner_user_id}", "ada")
        // Nowhere in the log: an answer that ends.
        .replace("/stream", "/stream?after=none")
        .replace("{environment}", &app.sandbox.environment.id.to_string());
    let mut call = app.anonymous().call(route.method, &path);
    if let Some((header, text)) = held {
        call = call.header(header, text);
    }
    let body = match (route.method, route.template) {
        ("PUT", _) => UPDATE.to_owned(),
        ("POST", "/v1/users/link") => LINK.to_owned(),
        ("POST", _) => json!({}).to_string(),
        _ => return call.send().await.status,
    };
    call.header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .status
}

async fn each_credential_opens_its_own_routes_and_no_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    let holders = holders(&app).await;
    let mut wrong = Vec::new();
    for route in POWER {
        for held in ALL {
            let text = holders
                .texts
                .iter()
                .find(|(known, _)| *known == held)
                .map(|(_, text)| text.as_str());
            let headers: &[&str] = match held {
                Nothing => &[""],
                SessionCookie => &["cookie"],
                _ => &HEADERS,
            };
            for header in headers {
                let opens = route.anybody || route.opens.contains(&(held, *header));
                // The route's own credential would use it up: the delete comes at the end, and only once. A log-out may
                // be repeated.
                if route.method == "DELETE" && !route.template.ends_with("/tokens") && opens {
                    continue;
                }
                let presented = text.map(|text| (*header, text));
                let status = call(&app, route, holders.user, presented).await;
                if (status == 401 || status == 403) == opens || status >= 500 {
                    wrong.push(format!(
                        "{} {} with {held:?} in {header:?}: {status}",
                        route.method, route.template
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let text = holders
        .texts
        .iter()
        .find(|(held, _)| *held == ServerKey)
        .map(|(_, text)| text.as_str());
    let delete = POWER.last().expect("the last route");
    let presented = text.map(|text| ("authorization", text));
    assert_eq!(call(&app, delete, holders.user, presented).await, 200);
}
