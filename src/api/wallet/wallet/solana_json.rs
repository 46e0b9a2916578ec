//! Transactions of Solana as JSON has them.

use aboard_vault::wallet::solana::{AccountMeta, Address, Instruction, Key, Message, Transaction};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::wrong;
use crate::domain::Invalid;
use crate::web::{Failure, Fields};

/// A transaction that was read, to be signed.
pub enum Read {
    /// Made of instructions, paid by this wallet.
    Instructions {
        /// Who pays.
        payer: Address,
        /// A recent block.
        blockhash: [u8; 32],
        /// What is done.
        instructions: Vec<Instruction>,
    },
    /// Made by somebody else.
    Made(Box<Transaction>),
}

impl Read {
    /// Signs it; the bytes to send.
    pub fn sign(self, key: &Key) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Made(transaction) => {
                let signed = key.sign_transaction(&transaction);
                Ok(signed.map_err(|error| wrong("transaction", error))?.to_bytes())
            }
            Self::Instructions {
                payer,
                blockhash,
                instructions,
            } => {
                if payer != key.address() {
                    let message = Message::compile(payer, &instructions, blockhash);
                    let message = message.map_err(|error| wrong("transaction.instructions", error))?;
                    let unsigned = Transaction {
                        signatures: vec![[0; 64]; usize::from(message.signers)],
                        message,
                    };
                    return Self::Made(Box::new(unsigned)).sign(key);
                }
                let signed = key.sign_instructions(&instructions, None, blockhash);
                Ok(signed
                    .map_err(|error| wrong("transaction.instructions", error))?
                    .to_bytes())
            }
        }
    }
}

/// Reads `{feePayer, recentBlockhash, instructions}`, or a whole transaction as `{transaction: base64}`.
pub fn transaction(fields: &mut Fields) -> Result<Read, Failure> {
    if let Some(text) = fields.optional_text("transaction")? {
        let name = "transaction.transaction";
        let bytes =
            from_base64(&text).ok_or_else(|| Failure::field(name, Invalid::new("Send the transaction in base64.")))?;
        let read = Transaction::parse(&bytes).map_err(|error| wrong(name, error))?;
        return Ok(Read::Made(Box::new(read)));
    }
    let payer = fields.text("feePayer")?;
    let payer = Address::parse(&payer).map_err(|error| wrong("transaction.feePayer", error))?;
    let blockhash = fields.text("recentBlockhash")?;
    // 32 bytes in base58, as an address is.
    let blockhash = Address::parse(&blockhash).map_err(|_| {
        let why = "transaction.recentBlockhash must be 32 bytes in base58.";
        Failure::field("transaction.recentBlockhash", Invalid::new(why))
    })?;
    let list = fields.optional_value("instructions");
    let list = list.as_ref().and_then(Value::as_array).filter(|list| !list.is_empty());
    let wrong_list = || {
        let why = "transaction.instructions must be a list of { programId, keys: [{ pubkey, isSigner, isWritable }], data }; data is a list of bytes, or a text in base64.";
        Failure::field("transaction.instructions", Invalid::new(why))
    };
    let instructions = list.ok_or_else(wrong_list)?.iter().map(instruction);
    Ok(Read::Instructions {
        payer,
        blockhash: blockhash.0,
        instructions: instructions.collect::<Option<_>>().ok_or_else(wrong_list)?,
    })
}

fn instruction(value: &Value) -> Option<Instruction> {
    let address = |value: &Value| Address::parse(value.as_str()?).ok();
    let account = |account: &Value| {
        Some(AccountMeta {
            key: address(account.get("pubkey")?)?,
            signer: account.get("isSigner")?.as_bool()?,
            writable: account.get("isWritable")?.as_bool()?,
        })
    };
    let data = match value.get("data") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => from_base64(text)?,
        Some(Value::Array(list)) => byte_list(list)?,
        // A Node Buffer as JSON has it.
        Some(Value::Object(buffer)) => byte_list(buffer.get("data")?.as_array()?)?,
        Some(_) => return None,
    };
    Some(Instruction {
        program: address(value.get("programId")?)?,
        accounts: value
            .get("keys")?
            .as_array()?
            .iter()
            .map(account)
            .collect::<Option<_>>()?,
        data,
    })
}

fn byte_list(list: &[Value]) -> Option<Vec<u8>> {
    list.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect()
}

/// Base64 with its padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes from base64 with its padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}
