//! Transactions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use litesvm::types::FailedTransactionMetadata;
use serde_json::{Value, json};
use solana_transaction::versioned::VersionedTransaction;

use crate::{Landed, Node, RpcError};

impl Node {
    pub(crate) fn simulate(&self, params: &Value) -> Result<Value, RpcError> {
        let (_, transaction) = read(params)?;
        let (err, units, logs) = match self.svm.simulate_transaction(transaction) {
            Ok(done) => (Value::Null, done.meta.compute_units_consumed, done.meta.logs),
            Err(failed) => (json!(failed.err), failed.meta.compute_units_consumed, failed.meta.logs),
        };
        Ok(self.at_slot(&json!({ "err": err, "logs": logs, "unitsConsumed": units, "accounts": null, "returnData": null })))
    }

    pub(crate) fn send(&mut self, params: &Value) -> Result<Value, RpcError> {
        let (raw, transaction) = read(params)?;
        if transaction.verify_with_results().iter().any(|good| !good) {
            return Err(RpcError(-32003, "Transaction signature verification failure".to_owned(), Value::Null));
        }
        let signature = transaction.signatures.first().map(ToString::to_string).unwrap_or_default();
        if self.landed.contains_key(&signature) {
            // The network knows it, and says the name that it has.
            return Ok(json!(signature));
        }
        let hash = transaction.message.recent_blockhash().to_string();
        if self.hashes.get(&hash).is_some_and(|last| self.slot > *last) {
            return Err(refused("Blockhash not found", &json!("BlockhashNotFound"), &[]));
        }
        if params[1]["skipPreflight"].as_bool() != Some(true)
            && let Err(failed) = self.svm.simulate_transaction(transaction.clone())
        {
            return Err(preflight(&failed));
        }
        if self.loses {
            return Ok(json!(signature));
        }
        let (err, fee, units) = match self.svm.send_transaction(transaction) {
            Ok(done) => (Value::Null, done.fee, done.compute_units_consumed),
            Err(failed) => (json!(failed.err), failed.meta.fee, failed.meta.compute_units_consumed),
        };
        self.slot += 1;
        let slot = self.slot;
        self.landed.insert(signature.clone(), Landed { slot, fee, err, raw, units });
        Ok(json!(signature))
    }
}

fn read(params: &Value) -> Result<(Vec<u8>, VersionedTransaction), RpcError> {
    let undecoded = || RpcError::invalid("failed to deserialize solana_transaction::versioned::VersionedTransaction");
    if params[1]["encoding"] != "base64" {
        return Err(RpcError::invalid("invalid base58 encoding: base64 has to be asked for"));
    }
    let raw = STANDARD
        .decode(params[0].as_str().unwrap_or_default())
        .map_err(|_| undecoded())?;
    if raw.len() > 1232 {
        return Err(RpcError::invalid("solana_transaction::versioned::VersionedTransaction too large"));
    }
    let transaction = bincode::deserialize(&raw).map_err(|_| undecoded())?;
    Ok((raw, transaction))
}

fn preflight(failed: &FailedTransactionMetadata) -> RpcError {
    refused(&failed.err.to_string(), &json!(failed.err), &failed.meta.logs)
}

fn refused(words: &str, err: &Value, logs: &[String]) -> RpcError {
    let data = json!({ "accounts": null, "err": err, "logs": logs, "unitsConsumed": 0, "returnData": null });
    RpcError(-32002, format!("Transaction simulation failed: {words}"), data)
}
