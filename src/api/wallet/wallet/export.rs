//! `POST /api/v2/wallet/export`: a person takes the phrase of their wallet out, sealed to a key that their client brings.
//!
//! Call it with `publicKey`, an X25519 key that the client made for this, and the recovery secret. The answer has an
//! `exportId` and a `page`, on which the person proves that they want it, with a code of their own. From `readyAt` on the
//! same call with `exportId` in place of `publicKey` answers the phrase: HPKE (RFC 9180) in base mode with
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM; `info` is `aboard-wallet-export-1`, `aad` the 16 bytes of the
//! wallet's id, which `aad` of the answer holds in hex. It may be fetched again until `expiresAt`.

use std::sync::Arc;

use aboard_vault::wallet::WalletError;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Json, body::Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::bearer::{LetIn, consent_needed, must_be_allowed, note_use, spend};
use super::super::secret::{Given, GivenBack, pin_in, proven_secret};
use super::super::session::{place, sealed};
use super::super::{Caller, answer, answered};
use super::evm_json::bare_hex;
use super::not_open;
use crate::domain::{Code, ConsentScope, ExportId, Invalid};
use crate::store::{Export, ExportState, NewExport, UserScope, Wallet};
use crate::web::reference::{self, Schema, Takes, always, example, optional, required, sometimes};
use crate::web::{Bearer, Context, Failure, Fields, IdempotencyKey, JsonObject, Web, whole_seconds};

/// How long a person has to prove that they want it.
const TO_PROVE: SignedDuration = SignedDuration::from_hours(1);

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        optional(
            "publicKey",
            Schema::text().says("32 bytes in base64, to begin an export."),
        ),
        optional("exportId", Schema::id("exp").says("To go on with one.")),
        required(
            "secret",
            Schema::text().says("The recovery secret: its text, the file's content, or the 24 words."),
        ),
        super::super::account::shape::pin(),
    ]);
    let data = Schema::object([
        always("exportId", Schema::id("exp")),
        always("status", Schema::one_of(&["asked", "waiting", "done"])),
        always(
            "page",
            Schema::text()
                .format("uri")
                .says("Where the person proves that they want it, or stops it."),
        ),
        always("readyAt", Schema::time().or_null()),
        always("expiresAt", Schema::time()),
        sometimes("enc", Schema::text().says("The encapsulated key, in base64.")),
        sometimes(
            "ciphertext",
            Schema::text().says("The phrase's words, sealed, in base64."),
        ),
        sometimes("aad", Schema::text().says("What the words are bound to, in hex.")),
    ]);
    let Json(shown) = answer(
        MESSAGE,
        &json!({
            "exportId": example::EXPORT, "status": "asked", "page": format!("https://id.example.com/export/{}", example::EXPORT),
            "readyAt": null, "expiresAt": whole_seconds(example::time()),
        }),
    );
    let body = json!({ "publicKey": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=", "secret": "xw0.1.example.example.example" });
    reference::Operation::new("exportWallet", include_str!("export.rs"))
        .takes(Takes::AppAndWalletToken)
        .repeatable()
        .body(request.named("ExportWallet"), body)
        .answers(
            200,
            "How far the export is, and once it is done the sealed phrase.",
            answered(data.named("WalletExport")),
            shown,
        )
        .refuses(&[
            Code::ConsentNeeded,
            Code::Forbidden,
            Code::SecretRefused,
            Code::NewDeviceHold,
            Code::Conflict,
        ])
}

const MESSAGE: &str = "Export is processing";

/// 200 with how far it is; 409 for an export that is over; 403 for a secret that is not the wallet's.
pub async fn export(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    headers: HeaderMap,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let let_in = let_in(&web, &context, &caller, (&bearer, key, &raw), &headers).await?;
    let wallet = &let_in.usable.wallet;
    let secret = Zeroizing::new(fields.text("secret")?);
    let pin = pin_in(&mut fields)?;
    let given = Given {
        field: "secret",
        text: &secret,
        pin: pin.as_ref(),
    };
    let asked = Asked::read(&mut fields)?;
    let (given, wallet) = proven_secret(&web, &context, &caller, wallet, given).await?;
    let scope = let_in.usable.scope(caller.app.scope.app(), let_in.claims.amr);
    let export = match asked {
        Asked::New(client_key) => begin(&web, &context, &caller, &scope, &wallet, client_key).await?,
        Asked::GoOn(id) => find(&web, &context, &caller, &wallet, id).await?,
    };
    let mut data = json!({
        "exportId": export.id,
        "status": "asked",
        "page": format!("{}/export/{}", web.public_url, export.id),
        "readyAt": export.ready_at.map(whole_seconds),
        "expiresAt": whole_seconds(export.expires_at),
    });
    if export.ready_at.is_some_and(|ready_at| ready_at > context.now) {
        data["status"] = json!("waiting");
    } else if export.ready_at.is_some() {
        if !web.instance.store.take_export(&scope, export.id, context.now).await? {
            return Err(over());
        }
        note_use(&web, &caller, &wallet, Some(let_in.by(ConsentScope::Send)), "export").await?;
        let out = take_out(&web, &wallet, given, &export).await?;
        data["status"] = json!("done");
        data["enc"] = json!(STANDARD.encode(out.enc));
        data["ciphertext"] = json!(STANDARD.encode(&out.ciphertext));
        data["aad"] = json!(bare_hex(&wallet.id.bytes()));
    }
    Ok(answer(MESSAGE, &data))
}

/// What a call asks for.
enum Asked {
    New([u8; 32]),
    GoOn(ExportId),
}

impl Asked {
    fn read(fields: &mut Fields) -> Result<Self, Failure> {
        match (fields.optional_text("publicKey")?, fields.optional_text("exportId")?) {
            (Some(key), None) => {
                let bytes = STANDARD.decode(key.trim()).ok();
                let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                let wrong = || {
                    Failure::field(
                        "publicKey",
                        Invalid::new("publicKey must be an X25519 key: 32 bytes in base64."),
                    )
                };
                bytes.map(Self::New).ok_or_else(wrong)
            }
            (None, Some(id)) => {
                let wrong = |_| {
                    Failure::field(
                        "exportId",
                        Invalid::new("exportId must be one of an earlier answer: exp_…"),
                    )
                };
                id.parse().map(Self::GoOn).map_err(wrong)
            }
            _ => {
                let why = "Send publicKey to begin an export, or exportId to go on with one.";
                Err(Failure::field("publicKey", Invalid::new(why)))
            }
        }
    }
}

async fn let_in(
    web: &Web,
    context: &Context,
    caller: &Caller,
    (bearer, key, raw): (&Bearer, IdempotencyKey, &Bytes),
    headers: &HeaderMap,
) -> Result<LetIn, Failure> {
    let let_in = spend(web, context, caller, bearer.0.as_deref(), key, raw).await?;
    let_in.must_not_be_held()?;
    must_be_allowed(web, caller, headers, &let_in)?;
    if !let_in
        .usable
        .consent
        .is_some_and(|scopes| scopes.allow(ConsentScope::Send))
    {
        return Err(consent_needed(web, caller, headers, &let_in));
    }
    Ok(let_in)
}

async fn begin(
    web: &Web,
    context: &Context,
    caller: &Caller,
    scope: &UserScope,
    wallet: &Wallet,
    client_key: [u8; 32],
) -> Result<Export, Failure> {
    let new = NewExport {
        id: ExportId(web.instance.ids.id()),
        wallet: wallet.id,
        app: caller.app.scope.app(),
        client_key,
        expires_at: context.now + TO_PROVE,
    };
    let id = new.id;
    let store = &web.instance.store;
    if !store.ask_export(scope, new, context.now).await? {
        return Err(over());
    }
    store.export(id).await?.ok_or_else(over)
}

/// One that this app asked for, of this wallet, and that is not over.
async fn find(web: &Web, context: &Context, caller: &Caller, wallet: &Wallet, id: ExportId) -> Result<Export, Failure> {
    let found = web.instance.store.export(id).await?;
    let found = found.filter(|export| {
        export.wallet == wallet.id && export.user == wallet.user && export.app == caller.app.scope.app()
    });
    found
        .filter(|export| export.state != ExportState::Stopped && export.expires_at > context.now)
        .ok_or_else(over)
}

async fn take_out(
    web: &Web,
    wallet: &Wallet,
    given: GivenBack,
    export: &Export,
) -> Result<aboard_vault::wallet::Exported, Failure> {
    let (columns, place) = (sealed(wallet)?, place(wallet));
    let (vault, random) = (Arc::clone(&web.instance.vault), web.instance.ids.clone());
    let (key, id, GivenBack { secret, row, .. }) = (export.client_key, wallet.id, given);
    let done = tokio::task::spawn_blocking(move || {
        let half = secret.half();
        let proven = super::super::secret::prove(&vault, &secret, &row.mac).ok_or(WalletError::Refused)?;
        let open = columns.open(vault.kms(), &place, Some(&half))?;
        open.export(&proven, &key, random.entropy())
    });
    let done = done.await.map_err(|_| Failure::internal("an export was broken off"))?;
    done.map_err(|error| match error {
        WalletError::ExportKey => {
            let why = "The publicKey of this export is no X25519 key that anything can be sealed to. Begin another.";
            Failure::new(Code::Conflict).saying(why)
        }
        error => not_open(&error, id),
    })
}

fn over() -> Failure {
    let why =
        "This export is over: it was stopped, its time has passed, or the wallet is frozen or moved. Begin another.";
    Failure::new(Code::Conflict).saying(why)
}
