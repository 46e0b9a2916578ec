//! `POST /api/v2/wallet/refresh`: a refresh token becomes a new wallet token and a new refresh token.
//!
//! It needs no other credential than the app's. Each works once; the same one may be sent again for a minute, as long as
//! nobody used what was answered. Any other use of a spent one means that two hold it, and ends the log-in. The new token
//! says anew whether the person lets the app work with the wallet.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::session::{Born, mint, place, riding_key};
use super::super::{Caller, answer, answered};
use crate::domain::{Code, Custody, RefreshToken};
use crate::store::{Family, Refreshed};
use crate::tokens::provider_word;
use crate::web::reference::{self, Schema, Takes, always, example, required};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([required("refreshToken", Schema::text())]);
    let data = Schema::object([
        always("walletToken", Schema::jwt()),
        always("refreshToken", Schema::text()),
    ]);
    let tokens = json!({ "walletToken": example::JWT, "refreshToken": "abr_EXAMPLEexample" });
    let Json(shown) = answer("Refresh Success", &tokens);
    reference::Operation::new("refreshWalletToken", include_str!("refresh.rs"))
        .takes(Takes::App)
        .body(
            request.named("RefreshToken"),
            json!({ "refreshToken": "abr_EXAMPLEexample" }),
        )
        .answers(200, "The new tokens.", answered(data.named("Refreshed")), shown)
}

/// 200 with the new tokens; one and the same 401 for whatever is wrong with the old one.
pub async fn refresh(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let refused = || {
        let why = "This refresh token is not good: it was used, it has ended, or it is another app's. Log in again.";
        Failure::new(Code::Unauthorized).saying(why)
    };
    let text = zeroize::Zeroizing::new(fields.text("refreshToken")?);
    let old = RefreshToken::parse(&text).ok_or_else(refused)?;
    let (store, ids, scope) = (&web.instance.store, &web.instance.ids, &caller.app.scope);
    let next = RefreshToken::new(ids.id(), ids.secret());
    let refreshed = store
        .rotate_refresh_token(scope, old.clone(), next.clone(), context.now)
        .await?;
    let Refreshed::Rotated(family) = refreshed else {
        return Err(refused());
    };
    let known = store.wallet_of(scope, family.user, context.now).await?;
    let known = known.ok_or_else(refused)?;
    let half = match known.wallet.custody {
        Custody::Server => None,
        Custody::Shared => {
            let sealed = store.take_half(scope, old.id(), context.now).await?;
            let open = |sealed: Vec<u8>| {
                aboard_vault::wallet::UserHalf::open(&riding_key(&old), &place(&known.wallet), &sealed).ok()
            };
            sealed.and_then(open)
        }
    };
    let born = born(&family, context.now)?;
    let session = mint(&web, &caller, &known, &born, Some((family.id, &next)), half.as_ref()).await?;
    let tokens = json!({ "walletToken": session.wallet_token, "refreshToken": session.refresh_token });
    Ok(answer("Refresh Success", &tokens))
}

fn born(family: &Family, now: jiff::Timestamp) -> Result<Born, Failure> {
    let provider = provider_word(&family.provider);
    Ok(Born {
        amr: family.amr,
        provider: provider.ok_or_else(|| Failure::internal("a family names an unknown provider"))?,
        auth_time: family.auth_time,
        // No earlier than the log-in, which says a moment that is just after the call's.
        at: now.max(family.auth_time),
        until: None,
        hold: family.hold,
    })
}
