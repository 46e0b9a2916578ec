//! `POST /api/v2/wallet/unlock`: a person gives the recovery secret, for the rest of the log-in.
//!
//! Of a wallet that the operator cannot open, the half of the key that is in the secret rides along with the new tokens,
//! sealed under what only they carry. For any wallet it is the drill that shows that the copy of the secret is good; that
//! also ends the secret that a recovery replaced. The token is spent; the answer has new ones.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::account::{shape as account_shape, shown};
use super::super::bearer::spend;
use super::super::secret::{Given, pin_in, proven};
use super::super::session::{Born, addresses, begin};
use super::super::{Caller, answer, answered};
use crate::domain::{Code, Custody};
use crate::tokens::provider_word;
use crate::web::reference::{self, Schema, Takes, always, example, required};
use crate::web::{Bearer, Context, Failure, IdempotencyKey, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required(
            "secret",
            Schema::text().says("The recovery secret: its text, the file's content, or the 24 words."),
        ),
        account_shape::pin(),
    ]);
    let data = Schema::object([
        always("walletToken", Schema::jwt()),
        always("refreshToken", Schema::text()),
        always("address", account_shape::addresses()),
        always("custody", Schema::one_of(&["server", "shared"])),
    ]);
    let Json(shown) = answer(
        MESSAGE,
        &json!({
            "walletToken": example::JWT,
            "refreshToken": "abr_EXAMPLEexample",
            "address": account_shape::addresses_example(),
            "custody": "shared",
        }),
    );
    reference::Operation::new("unlockWallet", include_str!("unlock.rs"))
        .takes(Takes::AppAndWalletToken)
        .repeatable()
        .body(
            request.named("SecretToProve"),
            json!({ "secret": "xw0.1.example.example.example" }),
        )
        .answers(
            200,
            "The secret is the wallet's, and the new tokens open it.",
            answered(data),
            shown,
        )
        .refuses(&[Code::Forbidden, Code::SecretRefused])
}

const MESSAGE: &str = "Unlock Success";

/// 200 with new tokens; 403 for a secret that is not the wallet's.
pub async fn unlock(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let let_in = spend(&web, &context, &caller, bearer.0.as_deref(), key, &raw).await?;
    if let_in.usable.wallet.frozen {
        let why = "This wallet is frozen. Ask whoever runs this server.";
        return Err(Failure::new(Code::Forbidden).saying(why));
    }
    let secret = Zeroizing::new(fields.text("secret")?);
    let pin = pin_in(&mut fields)?;
    let given = Given {
        field: "secret",
        text: &secret,
        pin: pin.as_ref(),
    };
    let (half, wallet) = proven(&web, &context, &caller, &let_in.usable.wallet, given).await?;
    let known = web
        .instance
        .store
        .wallet_of(&caller.app.scope, wallet.user, context.now)
        .await?;
    let known = known
        .filter(|known| known.wallet.id == wallet.id)
        .ok_or_else(super::super::bearer::ended)?;
    let claims = &let_in.claims;
    let born = Born {
        amr: claims.amr,
        provider: provider_word(&claims.provider).unwrap_or("email"),
        // The token was found alive as of when it was made, which its whole second of proof cannot say.
        auth_time: let_in.issued_at,
        at: context.now,
        until: None,
        hold: claims.hold,
    };
    let rides = (wallet.custody == Custody::Shared).then_some(&half);
    let session = begin(&web, &caller, &known, &born, rides).await?;
    let data = json!({
        "walletToken": session.wallet_token,
        "refreshToken": session.refresh_token,
        "address": shown(2, addresses(&known.wallet, caller.app.scope.kind())?),
        "custody": wallet.custody.as_str(),
    });
    Ok(answer(MESSAGE, &data))
}
