//! `POST /v1/tokens/introspect`: whether a user's token stands right now (RFC 7662).
//!
//! For a service that is handed a user's token and wants to know what a published key cannot say: that the user was
//! not suspended and did not log out since. Send `token` as a form, as the RFC says, or as JSON. The answer is bare,
//! without the envelope of this surface, because the libraries that speak the RFC expect it so; refusals of the call
//! itself are those of the surface.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Amr, EnvironmentId, PartnerId, UserId, UserKeyId};
use crate::tokens::{AccessClaims, Claims, OrganizationClaims, Read, UserKeyClaims};
use crate::web::reference::{Operation, Schema, Takes, always, example, required, sometimes};
use crate::web::{ANY_SCOPE, Context, Failure, FormOrJson, LiveToken, ServerKey, Web};

/// What a token that stands says, in the names of its own claims.
#[derive(Serialize)]
pub struct ActiveToken {
    /// `true`.
    active: bool,
    /// `Bearer`.
    token_type: &'static str,
    iss: String,
    aud: &'static str,
    sub: UserId,
    iat: i64,
    exp: i64,
    /// How it was born.
    amr: Amr,
    /// The user key it was made from, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    uky: Option<UserKeyId>,
    /// The partner of that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    prt: Option<PartnerId>,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([required("token", Schema::text().says("The user's token."))]);
    let active = Schema::object([
        always("active", Schema::just(true)),
        always("token_type", Schema::just("Bearer")),
        always(
            "iss",
            Schema::text().format("uri").says("The environment, as an issuer."),
        ),
        always("aud", Schema::text()),
        always("sub", Schema::id("usr")),
        always("iat", Schema::count()),
        always("exp", Schema::count()),
        always(
            "amr",
            Schema::one_of(&["user_key", "org", "otp", "federated", "password", "custody"]).says("How it was born."),
        ),
        sometimes(
            "uky",
            Schema::id("uky").says("The user key it was made from, if it was."),
        ),
        sometimes("prt", Schema::id("prt").says("The partner of that key.")),
    ]);
    let inactive = Schema::object([always("active", Schema::just(false))]);
    let answer = Schema::either(active.named("ActiveToken"), inactive.named("InactiveToken"));
    let now = example::time().as_second();
    let example = ActiveToken {
        active: true,
        token_type: "Bearer",
        iss: format!("https://id.example.com/e/{}", example::ENVIRONMENT),
        aud: UserKeyClaims::AUDIENCE,
        sub: example::USER,
        iat: now,
        exp: now + 86_400,
        amr: Amr::UserKey,
        uky: Some(example::USER_KEY),
        prt: Some(example::PARTNER),
    };
    Operation::new("introspectToken", include_str!("introspect.rs"))
        .takes(Takes::ServerKey(None))
        .form_or_json(request.named("TokenToIntrospect"), json!({ "token": example::JWT }))
        .answers(200, "What the token says, if it stands.", answer, json!(example))
        .or("inactive", json!({ "active": false }))
}

/// 200 with the claims of a token of the key's own environment that stands; exactly `{"active":false}` for whatever
/// else was sent. Any server key may ask: the caller holds the token already.
pub async fn introspect(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<ANY_SCOPE>,
    FormOrJson(mut fields): FormOrJson,
) -> Result<Json<Value>, Failure> {
    let token = zeroize::Zeroizing::new(fields.text("token")?);
    let live = LiveToken::read(&web, &token, &context).await?;
    let active = live.and_then(|live| active(&web, scope.environment(), live));
    Ok(Json(
        active.map_or_else(|| json!({ "active": false }), |active| json!(active)),
    ))
}

/// What may be told of a token; nothing of one of another environment.
fn active(web: &Web, environment: EnvironmentId, live: LiveToken) -> Option<ActiveToken> {
    match live {
        LiveToken::UserKey(read, holder) => {
            let (uky, prt) = (Some(read.claims.uky), Some(read.claims.prt));
            (read.environment == environment).then(|| ActiveToken {
                uky,
                prt,
                ..said::<UserKeyClaims>(web, &read, holder.scope.amr())
            })
        }
        LiveToken::Organization(read, holder) => {
            (read.environment == environment).then(|| said::<OrganizationClaims>(web, &read, holder.scope.amr()))
        }
        LiveToken::Access(read, holder) => {
            (read.environment == environment).then(|| said::<AccessClaims>(web, &read, holder.scope.amr()))
        }
    }
}

fn said<C: Claims<Subject = UserId>>(web: &Web, read: &Read<C>, amr: Amr) -> ActiveToken {
    ActiveToken {
        active: true,
        token_type: "Bearer",
        iss: web.tokens.issuer(read.environment),
        aud: C::AUDIENCE,
        sub: read.subject,
        iat: read.issued_at.as_second(),
        exp: read.expires_at.as_second(),
        amr,
        uky: None,
        prt: None,
    }
}
