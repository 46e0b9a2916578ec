//! `POST /api/v2/account/import`: the person brings a wallet along.
//!
//! Send its phrase: 12, 15, 18, 21 or 24 words of BIP-39, without a passphrase. The addresses are those that `MetaMask`,
//! Phantom and Sparrow show first. All else is as with `account/create`. Whoever else has the phrase has the wallet as
//! well, and no policy holds for them.

use aboard_vault::wallet::Phrase;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::Caller;
use super::make::{Asking, make};
use super::shape;
use crate::domain::{Code, Invalid};
use crate::web::reference::{Operation, Schema, Takes, required};
use crate::web::{Bearer, Context, Failure, Fields, IdempotencyKey, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let phrase = required("phrase", Schema::text().says("The words, with spaces between them."));
    let request = Schema::object_of([phrase].into_iter().chain(shape::new_wallet()));
    let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    shape::gives_wallet("importWallet", include_str!("import.rs"), MESSAGE)
        .takes(Takes::AppAndAccessToken)
        .repeatable()
        .body(request.named("WalletToImport"), json!({ "phrase": words }))
        .refuses(&[Code::Conflict, Code::Forbidden])
}

const MESSAGE: &str = "Import wallet successfully";

/// 200 with the wallet; 409 for a log-in that has one.
pub async fn import(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let asking = Asking {
        web: &web,
        context: &context,
        caller: &caller,
        bearer: &bearer,
        key,
        raw: &raw,
    };
    make(asking, &mut fields, Some(phrase_in), MESSAGE).await
}

fn phrase_in(fields: &mut Fields) -> Result<Phrase, Failure> {
    let words = Zeroizing::new(fields.text("phrase")?);
    let wrong = |error| Failure::field("phrase", Invalid::new(format!("This is no phrase: {error}.")));
    Phrase::parse(&words).map_err(wrong)
}
