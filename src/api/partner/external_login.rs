//! `POST /api/v1/external_login`: create a user or log one in.
//!
//! The user is who `(partner, partner_user_id)` names, and nothing else: e-mail and phone are claims of this
//! partner, nobody else's identities are looked at, and the answer is the same whether or not an address is
//! known elsewhere. The answer holds a one-time login URL; when the call created the user and names a
//! `webhook_endpoint`, that address is told and handed the user's API key.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::caller;
use crate::domain::{
    Code, CodeChallenge, DeliveryId, Email, EventId, IdentityId, Invalid, KeyKind, LoginLinkId, NewKey, PartnerId,
    PartnerUserId, Phone, Token, UserId, UserKeyId, WrappUserId,
};
use crate::sealed;
use crate::store::{ExternalLogin, ExternalLoginOutcome, NewLoginLink, NewPartnerWebhook, NewUserKey, PartnerScope};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional, required};
use crate::web::{Context, Failure, Fields, IdempotencyKey, JsonObject, PartnerKey, Web, mark_replayed, whole_seconds};

/// What the partner sends. Unknown fields are ignored.
struct Request {
    email: Email,
    partner_user_id: PartnerUserId,
    phone: Phone,
    webhook_endpoint: Option<String>,
    state: Option<String>,
    code_challenge: Option<CodeChallenge>,
    return_url: Option<String>,
}

/// The event of a new user, as it is stored and sent.
#[derive(Serialize)]
struct UserCreated<'a> {
    r#type: &'static str,
    timestamp: &'a str,
    data: NewUser<'a>,
}

#[derive(Serialize)]
struct NewUser<'a> {
    user_id: UserId,
    status: &'static str,
    source: &'static str,
    partner_id: PartnerId,
    created_at: &'a str,
}

#[derive(Serialize)]
struct Answer {
    login_url: String,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required("email", Schema::email().says("A claim of yours, never proof.")),
        required(
            "partner_user_id",
            Schema::text()
                .lengths(1, 255)
                .says("Your own id of the user; it alone says who it is."),
        ),
        required(
            "phone",
            Schema::text()
                .lengths(3, 40)
                .pattern(Phone::PATTERN)
                .says("3 to 20 digits with the usual separators; a claim of yours."),
        ),
        optional(
            "webhook_endpoint",
            Schema::text().format("uri").says(
                "Told when this call creates the user. https (http in the sandbox), public, no user name, no fragment.",
            ),
        ),
        optional(
            "state",
            Schema::text().lengths(0, 512).says("Handed back at the return URL."),
        ),
        optional(
            "code_challenge",
            Schema::text()
                .pattern(CodeChallenge::PATTERN)
                .says("S256 of RFC 7636: the code can then only be exchanged with its `code_verifier`."),
        ),
        optional(
            "return_url",
            Schema::text().says("Used if it is registered, ignored otherwise."),
        ),
    ]);
    let answer = Answer::new("https://id.example.com", &example::token());
    let schema = Schema::object([always(
        "login_url",
        Schema::text()
            .format("uri")
            .says("Works once, for ten minutes unless the environment says otherwise."),
    )]);
    Operation::new("externalLogin", include_str!("external_login.rs"))
        .takes(Takes::PartnerKey)
        .repeatable()
        .body(
            request.named("ExternalLogin"),
            json!({
                "email": "ada@example.com", "partner_user_id": "abc123", "phone": "1234567890",
                "webhook_endpoint": "https://partner.example.com/hooks/aboard", "state": "s-1",
            }),
        )
        .answers(
            200,
            "The login URL, the same for a new and for a known user.",
            schema.named("LoginUrl"),
            json!(answer),
        )
        .refuses(&[Code::Forbidden])
}

/// 200 `{"login_url":"https://host/<64 characters>"}`, the same for create and for log-in.
pub async fn external_login(
    State(web): State<Web>,
    context: Context,
    PartnerKey(scope, presented): PartnerKey,
    key: IdempotencyKey,
    JsonObject { fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let request = Request::read(fields, &web, &scope)?;
    let ids = &web.instance.ids;
    let now = context.now;
    let link = LoginLinkId(ids.id());
    let token = Token::new(link.0, ids.secret());
    let user = UserId(ids.id());
    let wrapp_user = WrappUserId(ids.id());
    let event = EventId(ids.id());
    let webhook = match request.webhook_endpoint {
        None => None,
        Some(url) => {
            let secret = presented
                .webhook_secret
                .ok_or_else(|| Failure::internal("the partner has no webhook secret"))?;
            let key_id = UserKeyId(ids.id());
            let key = NewKey::new(KeyKind::User, scope.kind(), key_id.0, ids.secret());
            let delivery = DeliveryId(ids.id());
            let body = json!({
                "wrapp_user_id": wrapp_user, "partner_user_id": request.partner_user_id.as_str(), "api_key": key.expose(),
            });
            let body = zeroize::Zeroizing::new(body.to_string());
            let place = sealed::delivery_body(scope.environment(), delivery);
            let sealed_body = web.instance.vault.seal(&place, body.as_bytes(), ids.entropy());
            let user_key = NewUserKey {
                id: key_id,
                hash: key.key.hash,
                hint: key.hint(),
            };
            Some(NewPartnerWebhook {
                delivery,
                url,
                secret,
                sealed_body,
                user_key,
            })
        }
    };
    let wakes = webhook.is_some();
    let created_at = whole_seconds(now);
    let event_body = UserCreated {
        r#type: "user.created",
        timestamp: &created_at,
        data: NewUser {
            user_id: user,
            status: "linked",
            source: "partner",
            partner_id: scope.partner(),
            created_at: &created_at,
        },
    };
    let repeatable = key.of(&web, caller(&scope), &raw, now)?;
    let call = ExternalLogin {
        now,
        partner_user_id: request.partner_user_id,
        email: request.email,
        phone: request.phone,
        link: NewLoginLink {
            id: link,
            hash: token.hash(),
            expires_at: now + web.instance.settings.of(scope.environment()).login.link_life(),
            state: request.state,
            code_challenge: request.code_challenge.map(|challenge| challenge.as_str().to_owned()),
            return_url: request.return_url,
        },
        user,
        wrapp_user,
        email_identity: IdentityId(ids.id()),
        phone_identity: IdentityId(ids.id()),
        event,
        event_body: serde_json::to_vec(&event_body).map_err(|error| Failure::internal(error.to_string()))?,
        webhook,
        idempotency: repeatable.claim.clone(),
    };
    match web.instance.store.external_login(&scope, call).await? {
        ExternalLoginOutcome::LoggedIn(login) => {
            if login.created && wakes {
                (web.wake_deliveries)();
            }
            let mut response = Json(Answer::new(&web.pages_url(scope.kind()), &token)).into_response();
            if login.replayed {
                // The link is never stored, so a replay mints another one for the same user.
                mark_replayed(response.headers_mut());
            }
            Ok(response)
        }
        ExternalLoginOutcome::Suspended => {
            Err(Failure::new(Code::Forbidden).saying("This user is suspended and cannot log in."))
        }
        ExternalLoginOutcome::Gone => Err(Failure::new(Code::UserNotFound)
            .saying("The user that this call made was deleted since. Use a new Idempotency-Key to make it again.")),
        ExternalLoginOutcome::IdempotencyMismatch => Err(Failure::new(Code::IdempotencyMismatch)),
    }
}

impl Answer {
    fn new(public_url: &str, token: &Token) -> Self {
        let login_url = format!("{public_url}/{}", token.expose());
        Self { login_url }
    }
}

impl Request {
    fn read(mut fields: Fields, web: &Web, scope: &PartnerScope) -> Result<Self, Failure> {
        let settings = web.instance.settings.of(scope.environment());
        let login = &settings.login;
        let (region, registered) = (login.region(), &login.return_urls);
        Ok(Self {
            email: fields.parsed("email", |text| Email::parse(&text))?,
            partner_user_id: fields.parsed("partner_user_id", PartnerUserId::parse)?,
            phone: fields.parsed("phone", |text| Phone::parse(&text, region))?,
            webhook_endpoint: fields.optional("webhook_endpoint", |text| {
                web.guard.check_url(&text, scope.kind()).map(|url| url.to_string())
            })?,
            state: fields.optional("state", |text| {
                if text.chars().count() <= 512 {
                    Ok(text)
                } else {
                    Err(Invalid::new("Send a state of at most 512 characters."))
                }
            })?,
            code_challenge: fields.optional("code_challenge", CodeChallenge::parse)?,
            return_url: fields
                .optional_text("return_url")?
                .filter(|url| registered.contains(url)),
        })
    }
}
