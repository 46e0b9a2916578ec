//! `POST /api/v{1,2}/account/recover`: a wallet moves to this log-in, for whoever has its recovery secret.
//!
//! Send the `.xellar` file as `file` of a form (`multipart/form-data`), or as JSON with the secret's text or its 24 words
//! in `file`. The answer has a new secret; the old one goes on working until the new one is proven once. All tokens of
//! the log-in that had the wallet end. A copy with a PIN needs `pin` as well; whatever PIN is sent protects the new copy.

use std::sync::Arc;

use aboard_vault::wallet::{Secret0Error, WalletError};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::auth::until;
use super::super::bearer::{Arrived, note_use};
use super::super::secret::{Given, given_back, issue, not_a_secret, opened_by, pin_in, place_for, prove};
use super::super::session::{place, sealed};
use super::super::{Caller, answer};
use super::{made, must_fit, on_a_thread, shape};
use crate::domain::{Code, Invalid, WalletId};
use crate::store::{Recovery, Wallet, WalletRecovery};
use crate::web::reference::{Operation, Schema, Takes, optional, required};
use crate::web::{Bearer, Call, Context, Failure, IdempotencyKey, MultipartOrJson, Web, once, secret_was_shown};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required(
            "file",
            Schema::text().says("The file, its one line of text, or the 24 words."),
        ),
        shape::pin(),
        optional(
            "isCustodian",
            Schema::boolean().says("Ignored: a wallet keeps its custody."),
        ),
        optional(
            "expireDate",
            Schema::text()
                .format("date")
                .says("When the wallet token ends, in version 1; a day at most."),
        ),
    ]);
    shape::gives_wallet(
        "recoverWallet",
        include_str!("recover.rs"),
        "Recover wallet successfully",
    )
    .takes(Takes::AppAndAccessToken)
    .repeatable()
    .multipart_or_json(
        request.named("RecoverWallet"),
        json!({ "file": "xw0.1.example.example.example" }),
    )
    .refuses(&[
        Code::Conflict,
        Code::Forbidden,
        Code::SecretRefused,
        Code::NewDeviceHold,
    ])
}

/// 200 with the wallet and its new secret; 409 for a log-in that has another wallet; 403 for a secret that is none.
pub async fn recover(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    MultipartOrJson { mut fields, raw }: MultipartOrJson,
) -> Result<Json<Value>, Failure> {
    let arrived = Arrived::read(&web, &context, &caller, &bearer).await?;
    arrived.must_not_be_held(&web, &context).await?;
    let file = match fields.optional_value("file") {
        Some(Value::String(text)) => Zeroizing::new(text),
        Some(Value::Object(_)) => {
            let lost = "The file's content is not in the request: the client sent its FormData as JSON. Send multipart/form-data, or the file's text in `file`.";
            return Err(Failure::field("file", Invalid::new(lost)));
        }
        _ => {
            return Err(Failure::field(
                "file",
                Invalid::new("file is required: the recovery file, or its text."),
            ));
        }
    };
    let pin = pin_in(&mut fields)?;
    let until = until(&mut fields, context.now)?;
    let copy = Given {
        field: "file",
        text: &file,
        pin: pin.as_ref(),
    };
    let given = given_back(&web, &context, &caller, copy).await?;
    must_fit(&arrived, given.wallet.custody)?;
    let who = crate::web::Caller {
        environment: arrived.scope.environment(),
        credential: caller.app.scope.app().0,
        subject: Some(arrived.scope.user().0),
    };
    let repeatable = key.of(&web, who, &raw, context.now)?;
    let login = arrived.login(&caller, &context)?;
    if given.wallet.frozen {
        return Err(frozen());
    }
    note_use(&web, &caller, &given.wallet, None, "recover").await?;
    let from = opened_by(&given);
    let columns = sealed(&from)?;
    let (from, to) = (place(&from), place_for(&from, arrived.scope.user()));
    let (vault, random) = (Arc::clone(&web.instance.vault), web.instance.ids.clone());
    let (secret, mac) = (given.secret, given.row.mac.clone());
    let created = on_a_thread(move || {
        let proven = prove(&vault, &secret, &mac).ok_or(WalletError::Refused)?;
        columns.recover(vault.kms(), &from, &proven, &to, random.entropy())
    })
    .await?;
    let id = given.wallet.id;
    let secret0 = Arc::new(created.secret0);
    let issued = issue(&web, &context, &caller, id, &secret0, pin.as_ref()).await?;
    let recovery = Recovery {
        wallet: id,
        by: given.row.id,
        key: created.wallet.key().to_vec(),
        body: created.wallet.body().to_vec(),
        secret: issued.row.clone(),
        link: issued.link.clone(),
    };
    let wallet = Wallet {
        user: arrived.scope.user(),
        sealed_for: arrived.scope.user(),
        key: recovery.key.clone(),
        body: recovery.body.clone(),
        pending: false,
        ..given.wallet
    };
    let app = caller.app.scope.app();
    let claim = repeatable.claim.clone();
    let outcome = web
        .instance
        .store
        .recover_wallet(&arrived.scope, app, recovery, claim, context.now)
        .await?;
    match once(outcome)? {
        Call::Done(WalletRecovery::Moved { .. }) => {}
        Call::Done(WalletRecovery::HasAnother) => {
            let why = "This log-in has a wallet already. Recover into a log-in that has none.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
        Call::Done(WalletRecovery::Frozen) => return Err(frozen()),
        Call::Done(WalletRecovery::Refused) => return Err(not_a_secret("file", Secret0Error::Wrong)),
        Call::Replayed(saved) => {
            let moved = saved.resource.map_or(id, WalletId);
            return Err(secret_was_shown(&format!("the new secret of wallet {moved}")));
        }
    }
    let done = made(&web, &context, &caller, wallet, &login, until, &issued).await?;
    Ok(answer("Recover wallet successfully", &done))
}

fn frozen() -> Failure {
    Failure::new(Code::Forbidden).saying("This wallet is frozen. Ask whoever runs this server.")
}
