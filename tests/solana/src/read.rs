//! What is on the ledger.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use solana_account::{Account, ReadableAccount as _};

use crate::{FINAL, LIFE, Node, RpcError, address};

impl Node {
    pub(crate) fn balance(&self, params: &Value) -> Result<Value, RpcError> {
        let balance = self.svm.get_balance(&address(&params[0])?).unwrap_or(0);
        Ok(self.at_slot(&json!(balance)))
    }

    pub(crate) fn account_info(&self, params: &Value) -> Result<Value, RpcError> {
        let account = self.svm.get_account(&address(&params[0])?);
        let shown = account.filter(|account| account.lamports > 0).map(|account| shown(&account));
        Ok(self.at_slot(&json!(shown)))
    }

    pub(crate) fn token_accounts(&self, params: &Value) -> Result<Value, RpcError> {
        let (owner, mint) = (address(&params[0])?, address(&params[1]["mint"])?);
        if self.svm.get_account(&mint).is_none() {
            return Err(RpcError::invalid("Invalid param: could not find mint"));
        }
        let mut found: Vec<Value> = Vec::new();
        for (key, account) in &self.svm.accounts_db().inner {
            let data = account.data();
            let is_token = [crate::set_up::TOKEN, crate::set_up::TOKEN_2022].contains(&account.owner().to_string().as_str());
            let fits = is_token && data.len() >= 165 && data[..32] == mint.to_bytes() && data[32..64] == owner.to_bytes();
            if fits {
                found.push(json!({ "pubkey": key.to_string(), "account": shown(&account.clone().into()) }));
            }
        }
        Ok(self.at_slot(&json!(found)))
    }

    pub(crate) fn latest_blockhash(&mut self) -> Value {
        let hash = self.svm.latest_blockhash().to_string();
        let height = self.slot + LIFE;
        // Asked again, the same block's hash lives no longer than it was first said to.
        let last = *self.hashes.entry(hash.clone()).or_insert(height);
        self.at_slot(&json!({ "blockhash": hash, "lastValidBlockHeight": last }))
    }

    pub(crate) fn is_blockhash_valid(&self, params: &Value) -> Result<Value, RpcError> {
        let hash = params[0].as_str().ok_or_else(|| RpcError::invalid("Invalid param: a hash"))?;
        let good = self.hashes.get(hash).is_some_and(|last| self.slot <= *last);
        Ok(self.at_slot(&json!(good && self.svm.latest_blockhash().to_string() == hash)))
    }

    pub(crate) fn statuses(&self, params: &Value) -> Result<Value, RpcError> {
        let asked = params[0].as_array().filter(|asked| asked.len() <= 256);
        let asked = asked.ok_or_else(|| RpcError::invalid("Too many inputs provided; max 256"))?;
        let status = |signature: &Value| {
            let landed = self.landed.get(signature.as_str()?)?;
            let passed = self.slot - landed.slot;
            let is_final = passed >= FINAL;
            Some(json!({
                "slot": landed.slot,
                "confirmations": (!is_final).then_some(passed),
                "err": landed.err,
                "status": if landed.err.is_null() { json!({ "Ok": null }) } else { json!({ "Err": landed.err }) },
                "confirmationStatus": if is_final { "finalized" } else { "confirmed" },
            }))
        };
        Ok(self.at_slot(&json!(asked.iter().map(status).collect::<Vec<_>>())))
    }

    pub(crate) fn transaction(&self, params: &Value) -> Result<Value, RpcError> {
        let Some(landed) = params[0].as_str().and_then(|signature| self.landed.get(signature)) else {
            return Ok(Value::Null);
        };
        Ok(json!({
            "slot": landed.slot,
            "blockTime": 1_700_000_000 + landed.slot,
            "meta": {
                "err": landed.err, "fee": landed.fee, "computeUnitsConsumed": landed.units,
                "preBalances": [], "postBalances": [], "logMessages": [],
            },
            "transaction": [STANDARD.encode(&landed.raw), "base64"],
            "version": "legacy",
        }))
    }
}

fn shown(account: &Account) -> Value {
    json!({
        "data": [STANDARD.encode(&account.data), "base64"], "executable": account.executable,
        "lamports": account.lamports, "owner": account.owner.to_string(), "rentEpoch": u64::MAX, "space": account.data.len(),
    })
}
