//! What is there before a test begins.

use aboard_vault::wallet::solana;
use serde_json::{Value, json};
use solana_account::Account;
use solana_address::Address;

use crate::{Node, RpcError, address};

/// SPL Token.
pub const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
/// Its successor.
pub const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

impl Node {
    /// `[address, lamports]`
    pub(crate) fn airdrop(&mut self, params: &Value) -> Result<Value, RpcError> {
        let to = address(&params[0])?;
        let mut account = self.svm.get_account(&to).unwrap_or_default();
        account.lamports += params[1].as_u64().unwrap_or(1_000_000_000);
        self.put(to, account)
    }

    /// `[address, program, decimals, supply, extensions?]`: a mint; `extensions` is a list of bytes behind it (Token-2022).
    pub(crate) fn make_mint(&mut self, params: &Value) -> Result<Value, RpcError> {
        let mut data = vec![0; 82];
        data[36..44].copy_from_slice(&params[3].as_u64().unwrap_or(u64::MAX).to_le_bytes());
        data[44] = params[2].as_u64().and_then(|n| u8::try_from(n).ok()).unwrap_or(6);
        data[45] = 1;
        if let Some(extensions) = params[4].as_array() {
            data.resize(165, 0);
            data.push(1);
            data.extend(extensions.iter().map(|byte| u8::try_from(byte.as_u64().unwrap_or(0)).unwrap_or(0)));
        }
        self.put_data(address(&params[0])?, address(&params[1])?, data)
    }

    /// `[owner, mint, amount]`: what the owner's associated account has.
    pub(crate) fn give_tokens(&mut self, params: &Value) -> Result<Value, RpcError> {
        let (owner, mint) = (address(&params[0])?, address(&params[1])?);
        let program = self.svm.get_account(&mint).ok_or_else(|| RpcError::invalid("no such mint"))?.owner;
        let ours = |address: Address| solana::Address(address.to_bytes());
        let account = solana::associated_token_address(&ours(owner), &ours(mint), &ours(program));
        let account = account.ok_or_else(|| RpcError::invalid("no associated account"))?;
        let mut data = vec![0; 165];
        data[..32].copy_from_slice(&mint.to_bytes());
        data[32..64].copy_from_slice(&owner.to_bytes());
        data[64..72].copy_from_slice(&params[2].as_u64().unwrap_or(0).to_le_bytes());
        data[108] = 1;
        self.put_data(Address::from(account.0), program, data)
    }

    fn put_data(&mut self, at: Address, owner: Address, data: Vec<u8>) -> Result<Value, RpcError> {
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        self.put(at, Account { lamports, data, owner, ..Account::default() })
    }

    fn put(&mut self, at: Address, account: Account) -> Result<Value, RpcError> {
        let stored = self.svm.set_account(at, account);
        stored.map_err(|error| RpcError::invalid(&error.to_string()))?;
        Ok(json!(at.to_string()))
    }
}
