//! `POST /api/v{1,2}/wallet/sign-transaction`: a transaction is read, and signed as what it was read to be.
//!
//! Ethereum and its like: the fields of the transaction; `nonce`, `gasLimit` and the fees have to be there. Solana: its
//! instructions, or `transaction` as base64 for one that others sign too. Bitcoin: `psbt` in base64 (BIP-174). The answer
//! is hex, base64 and base64; nothing is sent to any chain. Fees obey the ceilings of the network as if it were sent: what
//! was signed can be sent by anybody.

use aboard_vault::wallet::bitcoin::Payment;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::ceiling::Price;
use super::{Operation, evm_json, not_open, off_thread, shape, solana_json, wrong};
use crate::config::Chain;
use crate::domain::Invalid;
use crate::domain::policy::Action;
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Fields, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required(
            "transaction",
            Schema::map().says("The transaction, in the words of its family."),
        ),
        shape::network(),
        shape::chain(),
        shape::secret(),
    ]);
    let body = json!({ "network": "ethereum-sepolia", "transaction": {
        "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "value": "1000000000000000", "nonce": 0, "gasLimit": "21000",
        "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "1000000000",
    } });
    let source = include_str!("sign_transaction.rs");
    shape::signs(
        "signTransaction",
        source,
        MESSAGE,
        "signedTransaction",
        "0x02f8…".into(),
    )
    .body(request.named("TransactionToSign"), body)
}

const MESSAGE: &str = "Sign Transaction is successfully";

/// 200 with the signed transaction.
pub async fn sign_transaction(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let mut transaction = if let Some(Value::Object(map)) = operation.fields.optional_value("transaction") {
        Fields::new(map)
    } else {
        let why = "transaction is required: an object.";
        return Err(Failure::field("transaction", Invalid::new(why)));
    };
    let id = operation.wallet.id;
    let data = match network.chain {
        Chain::Evm(chain) => {
            let own = operation.addresses()?.evm;
            let parsed = evm_json::transaction(chain, own, &mut transaction, &mut operation.fields)?;
            network.must_allow_price("transaction.", Price::of(&parsed.fees))?;
            let action = Action::evm(&network.code, own, &parsed).map_err(|error| wrong("transaction", error))?;
            let permit = operation.permit(&web, &action).await?;
            let signed = operation
                .sign(&web, permit, move |wallet| {
                    let key = wallet.evm().map_err(|error| not_open(&error, id))?;
                    key.sign_transaction(&parsed)
                        .map_err(|error| wrong("transaction", error))
                })
                .await?;
            json!({ "signedTransaction": evm_json::hex(&signed.raw), "hash": signed.hash.to_string() })
        }
        Chain::Solana => {
            let parsed = solana_json::transaction(&mut transaction)?.unsigned()?;
            let own = operation.addresses()?.solana;
            network.must_allow_priority("transaction", own, &parsed.message)?;
            let permit = operation
                .permit(&web, &Action::solana(&network.code, own, &parsed.message))
                .await?;
            let signed = operation
                .sign(&web, permit, move |wallet| {
                    let key = wallet.solana().map_err(|error| not_open(&error, id))?;
                    let signed = key.sign_transaction(&parsed);
                    Ok(signed.map_err(|error| wrong("transaction", error))?.to_bytes())
                })
                .await?;
            json!({ "signedTransaction": solana_json::base64(&signed) })
        }
        Chain::Bitcoin => {
            let psbt = transaction.text("psbt")?;
            let own = operation.addresses()?.bitcoin;
            let payment = off_thread(move || {
                let bytes = solana_json::from_base64(&psbt).ok_or_else(|| {
                    let why = "transaction.psbt must be a PSBT in base64 (BIP-174).";
                    Failure::field("transaction.psbt", Invalid::new(why))
                })?;
                Payment::parse(&bytes, &own).map_err(|error| wrong("transaction.psbt", error))
            });
            let payment = payment.await?;
            network.must_allow_psbt("transaction.psbt", &payment)?;
            let shown_on = operation.bitcoin_network();
            let permit = operation
                .permit(&web, &Action::bitcoin(&network.code, shown_on, &payment))
                .await?;
            let signed = operation
                .sign(&web, permit, move |wallet| {
                    let key = wallet.bitcoin().map_err(|error| not_open(&error, id))?;
                    Ok(key.sign_psbt(&payment))
                })
                .await?;
            json!({
                "signedTransaction": solana_json::base64(&signed.psbt),
                "rawTransaction": signed.transaction.as_deref().map(evm_json::bare_hex),
                "hash": signed.txid.to_string(),
            })
        }
    };
    Ok(operation.answer(MESSAGE, &data))
}
