//! Transactions of the family evm as JSON has them: quantities as numbers, or as texts in decimal or hex.

use aboard_vault::wallet::evm::{
    AccessListItem, Address, Authorization, B256, Fees, Signature, SignedAuthorization, Transaction, U256,
    parse_address,
};
use serde_json::{Value, json};

use super::wrong;
use crate::chains::evm::Call;
use crate::domain::Invalid;
use crate::web::{Failure, Fields};

/// `0x` and lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    format!("0x{}", bare_hex(bytes))
}

/// Lower-case hex.
pub fn bare_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Bytes from `0x` and hex.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    let even = digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !even {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A whole number that is not negative: a number, or a text in decimal or `0x` hex.
pub fn quantity(value: &Value) -> Option<U256> {
    match value {
        Value::Number(number) => number.as_u64().map(U256::from),
        Value::String(text) => match text.strip_prefix("0x") {
            Some(digits) if !digits.is_empty() => U256::from_str_radix(digits, 16).ok(),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                U256::from_str_radix(text, 10).ok().filter(|_| !text.is_empty())
            }
            Some(_) | None => None,
        },
        _ => None,
    }
}

/// A quantity that has to fit.
pub fn to_u64(quantity: U256) -> Option<u64> {
    u64::try_from(quantity).ok()
}

fn invalid(name: &str, why: &str) -> Failure {
    Failure::field(
        &format!("transaction.{name}"),
        Invalid::new(format!("transaction.{name} {why}")),
    )
}

/// A quantity of the transaction, or of the call beside it.
fn number(name: &str, transaction: &mut Fields, beside: &mut Fields) -> Result<Option<U256>, Failure> {
    let value = transaction.optional_value(name).or_else(|| beside.optional_value(name));
    value
        .map(|value| {
            quantity(&value).ok_or_else(|| {
                invalid(
                    name,
                    "must be a whole number, or a text of one in decimal or hex. Amounts are in wei.",
                )
                .holding(value.clone())
            })
        })
        .transpose()
}

fn fitting<T>(name: &str, found: Option<U256>, fit: impl FnOnce(U256) -> Option<T>) -> Result<Option<T>, Failure> {
    found
        .map(|found| fit(found).ok_or_else(|| invalid(name, "is larger than any chain takes.")))
        .transpose()
}

/// Reads what a transaction of this account calls: everything of it but its nonce, its gas and its fees.
pub fn call(chain: u64, own: Address, transaction: &mut Fields) -> Result<Call, Failure> {
    if let Some(from) = transaction.optional_text("from")? {
        let from = parse_address(&from).map_err(|error| wrong("transaction.from", error))?;
        if from != own {
            return Err(invalid(
                "from",
                "is not this wallet's address. Leave it out, or send the wallet's.",
            ));
        }
    }
    if let Some(value) = transaction.optional_value("chainId") {
        let found = quantity(&value).and_then(to_u64);
        if found != Some(chain) {
            let why = "is another than the network's. Make them agree, or leave it out.";
            return Err(invalid("chainId", why).holding(value));
        }
    }
    let to = match transaction.optional_text("to")?.filter(|to| !to.is_empty()) {
        Some(to) => Some(parse_address(&to).map_err(|error| wrong("transaction.to", error))?),
        None => None,
    };
    let data = match transaction.optional_text("data")? {
        Some(text) => bytes(&text).ok_or_else(|| invalid("data", "must be 0x and pairs of hex digits."))?,
        None => Vec::new(),
    };
    if to.is_none() && data.is_empty() {
        return Err(invalid("to", "is required, unless data creates a contract."));
    }
    let value = number("value", transaction, &mut Fields::new(serde_json::Map::new()))?.unwrap_or_default();
    Ok(Call {
        from: Some(own),
        to,
        value,
        data,
        ..Call::default()
    })
}

/// Reads a transaction for a chain, from this account.
pub fn transaction(
    chain: u64,
    own: Address,
    transaction: &mut Fields,
    beside: &mut Fields,
) -> Result<Transaction, Failure> {
    let Call { to, value, data, .. } = call(chain, own, transaction)?;
    let needed = |name: &str| invalid(name, "is required: this server asks no chain for it.");
    let nonce = fitting("nonce", number("nonce", transaction, beside)?, to_u64)?.ok_or_else(|| needed("nonce"))?;
    // Its name in the libraries that people come from.
    let gas = match number("gasLimit", transaction, beside)? {
        Some(gas) => Some(gas),
        None => number("gas", transaction, beside)?,
    };
    let gas_limit = fitting("gasLimit", gas, to_u64)?.ok_or_else(|| needed("gasLimit"))?;
    let fees = fees(transaction, beside)?;
    Ok(Transaction {
        chain_id: chain,
        nonce,
        gas_limit,
        to,
        value,
        data,
        fees,
    })
}

fn fees(transaction: &mut Fields, beside: &mut Fields) -> Result<Fees, Failure> {
    let price = |name: &str, found| fitting(name, found, |price| u128::try_from(price).ok());
    let gas_price = price("gasPrice", number("gasPrice", transaction, beside)?)?;
    let most = price("maxFeePerGas", number("maxFeePerGas", transaction, beside)?)?;
    let tip = price(
        "maxPriorityFeePerGas",
        number("maxPriorityFeePerGas", transaction, beside)?,
    )?;
    let (access_list, authorizations) = lists(transaction)?;
    match (gas_price, most) {
        (Some(_), Some(_)) => Err(invalid("gasPrice", "and maxFeePerGas exclude each other. Send one.")),
        (Some(gas_price), None) if !authorizations.is_empty() || tip.is_some() => {
            let _ = gas_price;
            Err(invalid("maxFeePerGas", "is required here, in place of gasPrice."))
        }
        (Some(gas_price), None) => Ok(match access_list {
            None => Fees::Legacy { gas_price },
            Some(access_list) => Fees::AccessList { gas_price, access_list },
        }),
        (None, Some(max_fee_per_gas)) => {
            let max_priority_fee_per_gas = tip.unwrap_or_default();
            let access_list = access_list.unwrap_or_default();
            Ok(if authorizations.is_empty() {
                Fees::Dynamic {
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    access_list,
                }
            } else {
                Fees::SetCode {
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    access_list,
                    authorizations,
                }
            })
        }
        (None, None) => Err(invalid(
            "maxFeePerGas",
            "or gasPrice is required: this server asks no chain for it.",
        )),
    }
}

/// Reads what a transaction will touch, and the delegations that it carries.
pub fn lists(transaction: &mut Fields) -> Result<(Option<Vec<AccessListItem>>, Vec<SignedAuthorization>), Failure> {
    let touched = transaction.optional_value("accessList");
    let touched = touched.map(|list| access_list(&list)).transpose()?;
    let delegations = transaction.optional_value("authorizationList");
    let delegations = delegations.map(|list| authorizations(&list)).transpose()?;
    Ok((touched, delegations.unwrap_or_default()))
}

/// What a transaction will touch.
fn access_list(list: &Value) -> Result<Vec<AccessListItem>, Failure> {
    let wrong = || invalid("accessList", "must be a list of { address, storageKeys }.");
    let item = |item: &Value| {
        let address = parse_address(item.get("address")?.as_str()?).ok()?;
        let keys = item.get("storageKeys")?.as_array()?.iter();
        let storage_keys = keys
            .map(|key| Some(B256::from(<[u8; 32]>::try_from(bytes(key.as_str()?)?).ok()?)))
            .collect::<Option<_>>()?;
        Some(AccessListItem { address, storage_keys })
    };
    let items = list.as_array().ok_or_else(wrong)?.iter();
    items.map(item).collect::<Option<_>>().ok_or_else(wrong)
}

/// The delegations that a transaction carries.
fn authorizations(list: &Value) -> Result<Vec<SignedAuthorization>, Failure> {
    let wrong = || {
        invalid(
            "authorizationList",
            "must be a list of what sign-authorization answers: { address, chainId, nonce, r, s, yParity }.",
        )
    };
    let item = |item: &Value| {
        let number = |name: &str| quantity(item.get(name)?);
        let contract = item.get("address").or_else(|| item.get("contractAddress"))?;
        let y_parity = match number("yParity") {
            Some(parity) => to_u64(parity)?,
            None => to_u64(number("v")?)?.checked_sub(27)?,
        };
        Some(SignedAuthorization {
            authorization: Authorization {
                chain_id: to_u64(number("chainId")?)?,
                address: parse_address(contract.as_str()?).ok()?,
                nonce: to_u64(number("nonce")?)?,
            },
            signature: Signature {
                r: number("r")?,
                s: number("s")?,
                y_parity: match y_parity {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
            },
        })
    };
    let items = list.as_array().ok_or_else(wrong)?.iter();
    items.map(item).collect::<Option<_>>().ok_or_else(wrong)
}

/// A signed authorization as clients read it.
pub fn signed_authorization(signed: &SignedAuthorization) -> Value {
    let (what, signature) = (&signed.authorization, &signed.signature);
    json!({
        "address": what.address.to_checksum(None),
        "chainId": what.chain_id,
        "nonce": what.nonce,
        "r": hex(&signature.r.to_be_bytes::<32>()),
        "s": hex(&signature.s.to_be_bytes::<32>()),
        "v": (27 + u8::from(signature.y_parity)).to_string(),
        "yParity": u8::from(signature.y_parity),
    })
}
