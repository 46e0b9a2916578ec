//! `POST /api/v{1,2}/account/create`: the person's wallet is made.
//!
//! One phrase, three addresses. Of two calls at once one makes it, and both answer the same addresses: a secret that
//! nobody has proven is no loss. With `isCustodian` `false` the operator cannot open the wallet without the person's
//! `secret0`; such a wallet has no address to show until the secret was proven once with `wallet/unlock`, and making one
//! again until then starts afresh.

use std::sync::Arc;

use aboard_vault::wallet::{Place, SealedWallet};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::auth::until;
use super::super::bearer::Arrived;
use super::super::secret::issue;
use super::super::{Caller, answer};
use super::{RampableAsked, made, must_fit, must_have_rampable, on_a_thread, rampable, shape};
use crate::domain::{Code, Custody, WalletId};
use crate::store::{NewWallet, Wallet, WalletCreation};
use crate::web::reference::{Operation, Schema, Takes, optional, required};
use crate::web::{Bearer, Call, Context, Failure, Fields, IdempotencyKey, OptionalJson, Web, once, secret_was_shown};

/// What the reference says of it.
pub fn doc() -> Operation {
    let rampable = Schema::object([
        required("username", Schema::text()),
        required("fullName", Schema::text()),
        required("password", Schema::text().lengths(8, 256)),
    ]);
    let request = Schema::object([
        optional(
            "isCustodian",
            Schema::boolean().says("Whether the operator can sign without the person: `true` without it."),
        ),
        optional("rampable", rampable),
        optional(
            "expireDate",
            Schema::text()
                .format("date")
                .says("When the wallet token ends, in version 1; a day at most."),
        ),
    ]);
    shape::gives_wallet("createWallet", include_str!("create.rs"), "Create wallet successfully")
        .takes(Takes::AppAndAccessToken)
        .repeatable()
        .optional_body(request.named("NewWallet"), json!({ "isCustodian": true }))
        .refuses(&[Code::Conflict, Code::Forbidden])
}

/// 200 with the wallet; 409 for a log-in that has one.
pub async fn create(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Json<Value>, Failure> {
    let arrived = Arrived::read(&web, &context, &caller, &bearer).await?;
    let custody = match fields.optional_bool("isCustodian")? {
        Some(false) => Custody::Shared,
        _ => Custody::Server,
    };
    must_fit(&arrived, custody)?;
    let until = until(&mut fields, context.now)?;
    let asked = rampable_asked(&web, &caller, &mut fields)?;
    let who = crate::web::Caller {
        environment: arrived.scope.environment(),
        credential: caller.app.scope.app().0,
        subject: Some(arrived.scope.user().0),
    };
    let repeatable = key.of(&web, who, &raw, context.now)?;
    let login = arrived.login(&caller, &context)?;
    let (store, ids) = (&web.instance.store, &web.instance.ids);
    let id = WalletId(ids.id());
    let place = Place {
        environment: arrived.scope.environment().bytes(),
        user: arrived.scope.user().bytes(),
        wallet: id.bytes(),
    };
    let (vault, random) = (Arc::clone(&web.instance.vault), ids.clone());
    let make = move || SealedWallet::create(vault.kms(), &place, custody, random.entropy());
    let created = on_a_thread(make).await?;
    let issued = issue(&web, &context, &caller, id, &created.secret0);
    let new = NewWallet {
        id,
        custody,
        key: created.wallet.key().to_vec(),
        body: created.wallet.body().to_vec(),
        secret: issued.row,
        link: issued.link.clone(),
    };
    let wallet = Wallet {
        id,
        environment: arrived.scope.environment(),
        user: arrived.scope.user(),
        app: caller.app.scope.app(),
        custody,
        pending: custody == Custody::Shared,
        sealed_for: arrived.scope.user(),
        key: new.key.clone(),
        body: new.body.clone(),
        frozen: false,
    };
    let app = caller.app.scope.app();
    let outcome = store
        .create_wallet(&arrived.scope, app, new, repeatable.claim.clone(), context.now)
        .await?;
    let (wallet, issued) = match once(outcome)? {
        Call::Done(WalletCreation::Created) => (wallet, issued),
        // Whoever made it may have missed the answer: the same wallet, and a secret of its own for this answer.
        Call::Done(WalletCreation::Unproven(known)) => {
            let again = issue(&web, &context, &caller, known.id, &created.secret0);
            let added = store
                .add_wallet_secret(&arrived.scope, known.id, again.row, again.link.clone(), context.now)
                .await?;
            if !added {
                return Err(taken());
            }
            (*known, again)
        }
        Call::Done(WalletCreation::Taken) => return Err(taken()),
        Call::Done(WalletCreation::Refused) => return Err(Failure::new(Code::Unauthorized)),
        Call::Replayed(saved) => {
            let what = saved
                .resource
                .map_or_else(|| "a wallet".to_owned(), |id| format!("wallet {}", WalletId(id)));
            return Err(secret_was_shown(&what));
        }
    };
    let mut done = made(&web, &context, &caller, wallet, &login, until, &issued).await?;
    if let Some(asked) = asked {
        done.rampable_access_token = Some(rampable(&web, &context, &caller, &arrived.scope, &login, asked).await?);
    }
    Ok(answer("Create wallet successfully", &done))
}

fn rampable_asked(web: &Web, caller: &Caller, fields: &mut Fields) -> Result<Option<RampableAsked>, Failure> {
    match fields.optional_value("rampable") {
        None => Ok(None),
        Some(Value::Object(map)) => {
            must_have_rampable(web, caller)?;
            RampableAsked::read(&mut Fields::new(map)).map(Some)
        }
        Some(_) => {
            let wrong = crate::domain::Invalid::new("rampable must be an object.");
            Err(Failure::field("rampable", wrong))
        }
    }
}

fn taken() -> Failure {
    let why = "This log-in has a wallet already. Log in again: the answer has its wallet token.";
    Failure::new(Code::Conflict).saying(why)
}
