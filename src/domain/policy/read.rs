//! A policy as its file has it.
//!
//! ```json
//! {
//!   "operations": ["message", "transaction"],
//!   "networks": ["ethereum", "solana"],
//!   "recipients": ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
//!   "contracts": ["0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"],
//!   "methods": ["transfer(address,uint256)", "0x095ea7b3"],
//!   "typed_data": [{ "name": "Example", "chain_id": 1 }],
//!   "programs": ["11111111111111111111111111111111"],
//!   "delegates": ["1:0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B"],
//!   "value": [{ "network": "ethereum", "per_transaction": "1000000000000000000", "per_window": "5000000000000000000",
//!     "per_app_window": "100000000000000000000", "window_hours": 24 }]
//! }
//! ```

use aboard_vault::wallet::{bitcoin, evm, solana};
use serde::Deserialize;

use super::value::{Limit, Window};
use super::{Asset, DomainRule, MOST_COUNTED, Operation, Party, Policy, Whose};
use crate::domain::Invalid;

/// As many lines as a list may have: all of them are read with each signature.
const MOST_LINES: usize = 1_000;
/// The longest time that a limit holds for: a year.
const MOST_HOURS: u32 = 366 * 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    operations: Option<Vec<Operation>>,
    networks: Option<Vec<String>>,
    recipients: Option<Vec<String>>,
    contracts: Option<Vec<String>>,
    methods: Option<Vec<String>>,
    typed_data: Option<Vec<FileDomain>>,
    programs: Option<Vec<String>>,
    delegates: Option<Vec<String>>,
    #[serde(default)]
    value: Vec<FileLimit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDomain {
    name: Option<String>,
    version: Option<String>,
    chain_id: Option<u64>,
    verifying_contract: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLimit {
    network: String,
    token: Option<String>,
    per_transaction: Option<String>,
    per_window: Option<String>,
    per_app_window: Option<String>,
    window_hours: Option<u32>,
}

impl Policy {
    /// Reads a policy's file.
    ///
    /// # Errors
    /// Names the rule and its line, and says what is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let file: File =
            serde_json::from_str(text).map_err(|error| Invalid::new(format!("The policy cannot be read: {error}.")))?;
        let policy = Self {
            is_there: true,
            operations: file.operations,
            networks: file.networks,
            recipients: each("recipients", file.recipients, |text| party(text))?,
            contracts: each("contracts", file.contracts, |text| address(text))?,
            methods: each("methods", file.methods, |text| method(text))?,
            typed_data: each("typed_data", file.typed_data, domain)?,
            programs: each("programs", file.programs, |text| {
                solana::Address::parse(text).map_err(|error| error.to_string())
            })?,
            delegates: each("delegates", file.delegates, |text| delegate(text))?,
            value: each("value", Some(file.value), limit)?.unwrap_or_default(),
        };
        policy.hash_stands_alone()?;
        Ok(policy)
    }

    /// The codes of the networks that it names.
    pub fn named_networks(&self) -> impl Iterator<Item = &str> {
        let limited = self.value.iter().map(|limit| limit.asset.network());
        self.networks.iter().flatten().map(String::as_str).chain(limited)
    }

    fn hash_stands_alone(&self) -> Result<(), Invalid> {
        let lists_hash = self
            .operations
            .iter()
            .flatten()
            .any(|operation| *operation == Operation::Hash);
        if lists_hash && self.hash().is_err() {
            let why = "operations: `hash` passes every other rule, so it goes with `networks` alone. Take it out, or the other rules.";
            return Err(Invalid::new(why));
        }
        Ok(())
    }
}

/// Reads each line of a rule; names the first that is wrong.
fn each<A, B>(
    rule: &str,
    lines: Option<Vec<A>>,
    read: impl Fn(&A) -> Result<B, String>,
) -> Result<Option<Vec<B>>, Invalid> {
    let Some(lines) = lines else { return Ok(None) };
    if lines.len() > MOST_LINES {
        return Err(Invalid::new(format!(
            "{rule}: it has {} lines, and {MOST_LINES} is the most.",
            lines.len()
        )));
    }
    let numbered = (1_usize..).zip(&lines);
    let read = numbered.map(|(at, line)| read(line).map_err(|why| Invalid::new(format!("{rule}, line {at}: {why}."))));
    read.collect::<Result<_, _>>().map(Some)
}

fn address(text: &str) -> Result<evm::Address, String> {
    evm::parse_address(text).map_err(|error| error.to_string())
}

fn party(text: &str) -> Result<Party, String> {
    if text.starts_with("0x") {
        return evm::parse_address(text)
            .map(Party::Evm)
            .map_err(|error| error.to_string());
    }
    for network in [
        bitcoin::Network::Main,
        bitcoin::Network::Test,
        bitcoin::Network::Regtest,
    ] {
        if let Ok(recipient) = bitcoin::Recipient::parse(text, network) {
            return Ok(Party::Bitcoin(recipient));
        }
    }
    solana::Address::parse(text)
        .map(Party::Solana)
        .map_err(|_| "this is no address of the families evm, solana and bitcoin".to_owned())
}

fn method(text: &str) -> Result<[u8; 4], String> {
    let wrong = || "a method is `0x` and 8 hex digits, or its signature, like transfer(address,uint256)".to_owned();
    if let Some(digits) = text.strip_prefix("0x") {
        let plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
        return number.map(u32::to_be_bytes).ok_or_else(wrong);
    }
    let shaped = text
        .split_once('(')
        .is_some_and(|(name, rest)| !name.is_empty() && rest.ends_with(')'));
    if !shaped || text.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok(evm::selector(text))
}

fn domain(file: &FileDomain) -> Result<DomainRule, String> {
    if file.name.is_none() && file.version.is_none() && file.chain_id.is_none() && file.verifying_contract.is_none() {
        return Err("name at least one of name, version, chain_id, verifying_contract".to_owned());
    }
    Ok(DomainRule {
        name: file.name.clone(),
        version: file.version.clone(),
        chain_id: file.chain_id,
        verifying_contract: file.verifying_contract.as_deref().map(address).transpose()?,
    })
}

fn delegate(text: &str) -> Result<(u64, evm::Address), String> {
    let (chain, contract) = text
        .split_once(':')
        .ok_or("write the chain id, a colon and the contract's address")?;
    let chain = chain.parse().ok().filter(|chain| *chain > 0);
    let chain = chain.ok_or("the chain id is a number above 0")?;
    Ok((chain, address(contract)?))
}

fn limit(file: &FileLimit) -> Result<Limit, String> {
    let network = file.network.as_str();
    let asset = match &file.token {
        None => Asset::coin(network),
        Some(text) if text.starts_with("0x") => Asset::token(network, address(text)?),
        Some(text) => Asset::mint(
            network,
            &solana::Address::parse(text).map_err(|error| error.to_string())?,
        ),
    };
    let per_transaction = file.per_transaction.as_deref().map(amount).transpose()?;
    let seconds = match file.window_hours {
        Some(hours) if !(1..=MOST_HOURS).contains(&hours) => {
            return Err(format!("window_hours is a number from 1 to {MOST_HOURS}"));
        }
        hours => hours.map(|hours| hours * 3_600),
    };
    let per_wallet = file.per_window.as_deref().map(amount).transpose()?;
    let per_app = file.per_app_window.as_deref().map(amount).transpose()?;
    let windows: Vec<Window> = [(Whose::Wallet, per_wallet), (Whose::App, per_app)]
        .into_iter()
        .filter_map(|(whose, most)| {
            Some(Window {
                whose,
                most: most?,
                seconds: seconds.unwrap_or_default(),
            })
        })
        .collect();
    if seconds.is_some() == windows.is_empty() {
        return Err("per_window or per_app_window, and window_hours, go together".to_owned());
    }
    if per_transaction.is_none() && windows.is_empty() {
        return Err("name per_transaction, or per_window or per_app_window with window_hours".to_owned());
    }
    Ok(Limit {
        asset,
        per_transaction,
        windows,
    })
}

fn amount(text: &str) -> Result<u128, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = text.parse().ok().filter(|amount| digits && *amount <= MOST_COUNTED);
    amount.ok_or_else(|| {
        "an amount is a whole number in a text, in the smallest unit (wei, lamports, satoshi), of at most 36 digits"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Policy;
    use crate::domain::policy::tests::{FRIEND, TOKEN, policy};

    #[test]
    fn a_file_that_is_wrong_says_where() {
        for (rules, said) in [
            (json!({ "recipient": [] }), "recipient"),
            (json!({ "operations": ["sign"] }), "sign"),
            (json!({ "recipients": ["0x1"] }), "recipients, line 1"),
            (json!({ "recipients": [FRIEND, "nobody"] }), "recipients, line 2"),
            (json!({ "contracts": [FRIEND.replace('C', "c")] }), "checksum"),
            (json!({ "methods": ["0xa9059cb"] }), "methods, line 1"),
            (json!({ "methods": ["transfer"] }), "methods, line 1"),
            (json!({ "typed_data": [{}] }), "typed_data, line 1"),
            (json!({ "programs": ["x"] }), "programs, line 1"),
            (json!({ "delegates": [TOKEN] }), "delegates, line 1"),
            (json!({ "value": [{ "network": "base" }] }), "per_transaction"),
            (
                json!({ "value": [{ "network": "base", "per_window": "1" }] }),
                "together",
            ),
            (
                json!({ "value": [{ "network": "base", "per_app_window": "1" }] }),
                "together",
            ),
            (
                json!({ "value": [{ "network": "base", "per_transaction": "1", "window_hours": 1 }] }),
                "together",
            ),
            (
                json!({ "value": [{ "network": "base", "per_window": "1", "window_hours": 0 }] }),
                "window_hours",
            ),
            (
                json!({ "value": [{ "network": "base", "per_transaction": "1.5" }] }),
                "whole number",
            ),
            (
                json!({ "value": [{ "network": "base", "per_transaction": "1".repeat(37) }] }),
                "36 digits",
            ),
            (json!({ "operations": ["hash"], "recipients": [FRIEND] }), "hash"),
        ] {
            let wrong = Policy::parse(&rules.to_string()).unwrap_err();
            assert!(wrong.message.contains(said), "{rules}: {wrong}");
        }
        let known = policy(
            json!({ "networks": ["base"], "value": [{ "network": "solana", "token": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "per_transaction": "1" }] }),
        );
        assert_eq!(known.named_networks().collect::<Vec<_>>(), ["base", "solana"]);
    }
}
