//! What a call wants done on a chain of the family evm: coins sent, tokens, or whatever its transaction says; and whether
//! the wallet has that much.

use aboard_vault::wallet::evm::{Address, U256, parse_address};
use serde_json::Value;

use super::evm_json::quantity;
use super::{evm_json, wrong};
use crate::chains::ChainFailure;
use crate::chains::evm::{Call, Client, TokenError, abi};
use crate::domain::{Code, Invalid, parse_amount, show_amount};
use crate::web::{Failure, Fields};

/// One call moves at most so many kinds of tokens of ERC-1155.
const MOST_PAIRS: usize = 100;

/// What may be wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `send-coin`: `to` and `amount`, in decimal units of the coin.
    Coin,
    /// `send-token`: `to`, `amount` in the token's decimal units, and `tokenAddress`.
    Token,
    /// `transfer-erc721`: `to`, `tokenId` and `tokenAddress`.
    Erc721,
    /// `transfer-erc1155`: `to`, `tokenId`, `amount` or `tokenAmount` (one of each, or lists), and `tokenAddress`.
    Erc1155,
    /// `custom`: the `transaction`.
    Custom,
}

impl Wanted {
    /// The words of `estimate-gas`.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("send-coin", Self::Coin),
        ("send-token", Self::Token),
        ("transfer-erc721", Self::Erc721),
        ("transfer-erc1155", Self::Erc1155),
        ("custom", Self::Custom),
    ];
}

/// What is to be done.
pub struct Action {
    /// As the chain sees it.
    pub call: Call,
    /// The token of ERC-20 that is sent, with how much of it and its decimals.
    token: Option<(Address, U256, u8)>,
    /// The field that says how much is sent.
    amount: &'static str,
}

impl Action {
    /// Reads it from the fields of a call. For a token the chain is asked for its decimals.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub async fn read(wanted: Wanted, client: &Client, own: Address, fields: &mut Fields) -> Result<Self, Failure> {
        let mut call = Call {
            from: Some(own),
            ..Call::default()
        };
        let mut token = None;
        match wanted {
            Wanted::Coin => {
                call.to = Some(address("to", fields)?);
                call.value = fields.parsed("amount", |text| parse_amount(&text, 18))?;
            }
            Wanted::Token => {
                let (to, contract) = (address("to", fields)?, address("tokenAddress", fields)?);
                let text = fields.text("amount")?;
                let decimals = client.decimals(contract).await;
                let decimals = decimals.and_then(|decimals| decimals.ok_or(TokenError::NotAToken));
                let decimals = decimals.map_err(|error| asking_decimals(no_token("tokenAddress", error)))?;
                let amount = refusing(&text, parse_amount(&text, decimals))?;
                call.to = Some(contract);
                call.data = abi::transfer(to, amount);
                token = Some((contract, amount, decimals));
            }
            Wanted::Erc721 => {
                let (to, contract) = (address("to", fields)?, address("tokenAddress", fields)?);
                let (id, _) = numbers("tokenId", fields)?;
                let [id] = id[..] else {
                    let why = "tokenId must be one number: a call moves one token of ERC-721.";
                    return Err(Failure::field("tokenId", Invalid::new(why)));
                };
                call.to = Some(contract);
                call.data = abi::transfer_erc721(own, to, id);
            }
            Wanted::Erc1155 => {
                let (to, contract) = (address("to", fields)?, address("tokenAddress", fields)?);
                call.to = Some(contract);
                call.data = erc1155(own, to, fields)?;
            }
            Wanted::Custom => {
                let Some(Value::Object(map)) = fields.optional_value("transaction") else {
                    let why = "transaction is required: an object.";
                    return Err(Failure::field("transaction", Invalid::new(why)));
                };
                let mut inside = Fields::new(map);
                call = evm_json::call(client.chain_id(), own, &mut inside)?;
                let (access_list, authorizations) = evm_json::lists(&mut inside)?;
                call.access_list = access_list.unwrap_or_default();
                call.authorizations = authorizations;
            }
        }
        let amount = match wanted {
            Wanted::Custom => "transaction.value",
            _ => "amount",
        };
        Ok(Self { call, token, amount })
    }

    /// Whether the account has what it sends; what the gas costs is not looked at.
    ///
    /// # Errors
    /// 400 that names `amount`, or `transaction.value`, and says what there is.
    pub async fn covered(&self, client: &Client, own: Address, symbol: &str) -> Result<(), Failure> {
        if !self.call.value.is_zero() {
            let has = client.balance(own).await?;
            if has < self.call.value {
                return Err(beyond(self.amount, &show_amount(has, 18), symbol));
            }
        }
        if let Some((contract, amount, decimals)) = self.token {
            let has = client.token_balance(contract, own).await;
            let has = has.map_err(|error| no_token("tokenAddress", error))?;
            if has < amount {
                return Err(beyond(self.amount, &show_amount(has, decimals), "of this token"));
            }
        }
        Ok(())
    }
}

fn beyond(field: &str, has: &str, of: &str) -> Failure {
    let why = format!("This is more than the wallet has: {has} {of}.");
    Failure::field(field, Invalid::new(why))
}

/// An address with a right checksum, or with none.
pub fn address(field: &str, fields: &mut Fields) -> Result<Address, Failure> {
    let text = fields.text(field)?;
    parse_address(&text).map_err(|error| wrong(field, error).holding(text.into()))
}

/// What is wrong with a token.
pub fn no_token(field: &str, error: TokenError) -> Failure {
    match error {
        TokenError::NotAToken => {
            let why = "There is no ERC-20 token at this address on this network. Check both.";
            Failure::field(field, Invalid::new(why))
        }
        TokenError::Chain(failure) => failure.into(),
    }
}

/// Says what nobody answers. Two nodes have to, so that "no node answers" may be wrong.
pub fn asking_decimals(failure: Failure) -> Failure {
    if failure.code != Code::ChainUnavailable {
        return failure;
    }
    failure.saying(
        "Nobody can be asked right now how many decimals this token has: where the network has several nodes, two have to say the same. Nothing was signed. Try again in a moment.",
    )
}

fn refusing<T>(text: &str, parsed: Result<T, Invalid>) -> Result<T, Failure> {
    parsed.map_err(|wrong| Failure::field("amount", wrong).holding(text.into()))
}

/// One number or a list of them, and whether it was a list.
fn numbers(field: &str, fields: &mut Fields) -> Result<(Vec<U256>, bool), Failure> {
    let wrong = |why: &str| Failure::field(field, Invalid::new(format!("{field} {why}")));
    let value = fields.optional_value(field).ok_or_else(|| wrong("is required."))?;
    let (items, is_list) = match value {
        Value::Array(items) => (items, true),
        one => (vec![one], false),
    };
    if !(1..=MOST_PAIRS).contains(&items.len()) {
        return Err(wrong(&format!("must hold 1 to {MOST_PAIRS} numbers.")));
    }
    let read: Option<Vec<U256>> = items.iter().map(quantity).collect();
    let read = read.ok_or_else(|| wrong("must be a whole number, or a text of one in decimal or hex."))?;
    Ok((read, is_list))
}

fn erc1155(own: Address, to: Address, fields: &mut Fields) -> Result<Vec<u8>, Failure> {
    let (tokens, listed) = numbers("tokenId", fields)?;
    let field = if fields.has("tokenAmount") {
        "tokenAmount"
    } else {
        "amount"
    };
    let (amounts, amounts_listed) = numbers(field, fields)?;
    if tokens.len() != amounts.len() || listed != amounts_listed {
        let why = format!("{field} must have as many numbers as tokenId.");
        return Err(Failure::field(field, Invalid::new(why)));
    }
    Ok(match (&tokens[..], &amounts[..]) {
        ([token], [amount]) if !listed => abi::transfer_erc1155(own, to, *token, *amount),
        _ => {
            let pairs: Vec<(U256, U256)> = tokens.into_iter().zip(amounts).collect();
            abi::transfer_erc1155_batch(own, to, &pairs)
        }
    })
}

/// What a call would take: the chain tries it out.
///
/// # Errors
/// 422 with the contract's reason, for a call that would fail.
pub async fn gas(client: &Client, call: &Call) -> Result<u64, Failure> {
    client.estimate_gas(call).await.map_err(|failure| match failure {
        ChainFailure::Refused(reason) => {
            let why = format!("The network says that this would fail: {reason}.");
            Failure::new(Code::ChainRefused).saying(why)
        }
        other => other.into(),
    })
}
