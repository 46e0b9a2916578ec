//! What each rule lets through and refuses, on transactions that the vault has read.

#![expect(clippy::needless_pass_by_value, reason = "rules are written where they are tested")]

use aboard_vault::wallet::evm::{self, Fees, TypedData, U256, selector};
use serde_json::{Value, json};

use super::*;

const NETWORK: &str = "ethereum";
pub(super) const FRIEND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const OWN: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const STRANGER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
pub(super) const TOKEN: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";

#[track_caller]
pub(super) fn policy(rules: Value) -> Policy {
    Policy::parse(&rules.to_string()).unwrap()
}

/// The name of the rule that refuses, or what is to be counted.
fn decide(rules: Value, action: &Action) -> Result<Vec<Spend>, &'static str> {
    policy(rules).decide(action).map_err(|refusal| refusal.rule.as_str())
}

#[track_caller]
pub(super) fn allows(rules: Value, action: &Action) {
    assert!(decide(rules.clone(), action).is_ok(), "{rules}");
}

#[track_caller]
pub(super) fn refuses(rules: Value, action: &Action, rule: &str) {
    assert_eq!(decide(rules.clone(), action).unwrap_err(), rule, "{rules}");
}

fn evm_to(to: Option<&str>, value: u64, data: Vec<u8>) -> Action {
    let transaction = evm::Transaction {
        chain_id: 1,
        nonce: 0,
        gas_limit: 100,
        to: to.map(|to| evm::parse_address(to).unwrap()),
        value: U256::from(value),
        data,
        fees: Fees::Legacy { gas_price: 2 },
    };
    Action::evm(NETWORK, evm::parse_address(OWN).unwrap(), &transaction).unwrap()
}

fn call(method: &str, words: &[U256]) -> Vec<u8> {
    let mut data = selector(method).to_vec();
    for word in words {
        data.extend_from_slice(&word.to_be_bytes::<32>());
    }
    data
}

fn word(address: &str) -> U256 {
    U256::from_be_slice(evm::parse_address(address).unwrap().as_slice())
}

fn typed(domain: Value) -> Action {
    let document = json!({
        "types": { "Greeting": [{ "name": "text", "type": "string" }] }, "primaryType": "Greeting",
        "domain": domain, "message": { "text": "Hello" },
    });
    Action::typed_data(NETWORK, &TypedData::parse(&document.to_string()).unwrap())
}

fn delegation(contract: &str) -> Action {
    let address = evm::parse_address(contract).unwrap();
    let authorization = evm::Authorization {
        chain_id: 1,
        address,
        nonce: 0,
    };
    Action::authorization(NETWORK, &authorization)
}

#[test]
fn no_policy_refuses_nothing_and_an_empty_one_bare_hashes_alone() {
    let everything = [
        Action::message(NETWORK),
        typed(json!({ "name": "Any" })),
        evm_to(Some(STRANGER), u64::MAX, vec![1, 2, 3]),
        delegation(TOKEN),
    ];
    for action in &everything {
        assert_eq!(Policy::default().decide(action).unwrap(), []);
        assert_eq!(decide(json!({}), action).unwrap(), []);
    }
    assert!(Policy::default().decide(&Action::hash(NETWORK)).is_ok());
    refuses(json!({}), &Action::hash(NETWORK), "operations");
    allows(json!({ "operations": ["hash"] }), &Action::hash(NETWORK));
}

#[test]
fn operations_and_networks_are_those_that_are_listed() {
    let message = Action::message(NETWORK);
    allows(json!({ "operations": ["message"], "networks": [NETWORK] }), &message);
    refuses(
        json!({ "operations": ["transaction", "typed_data"] }),
        &message,
        "operations",
    );
    refuses(json!({ "operations": [] }), &message, "operations");
    refuses(json!({ "networks": ["base", "solana"] }), &message, "networks");
    allows(
        json!({ "operations": ["transaction"] }),
        &evm_to(Some(FRIEND), 1, vec![]),
    );
}

#[test]
fn whoever_is_paid_is_read_from_the_call_and_not_from_its_address() {
    let friends = json!({ "recipients": [FRIEND.to_lowercase()] });
    allows(friends.clone(), &evm_to(Some(FRIEND), 7, vec![]));
    refuses(friends.clone(), &evm_to(Some(STRANGER), 7, vec![]), "recipients");
    for (method, party, others) in [
        ("transfer(address,uint256)", 0, 1),
        ("approve(address,uint256)", 0, 1),
        ("increaseAllowance(address,uint256)", 0, 1),
        ("setApprovalForAll(address,bool)", 0, 1),
        ("transferFrom(address,address,uint256)", 1, 2),
        ("safeTransferFrom(address,address,uint256)", 1, 2),
        ("safeTransferFrom(address,address,uint256,uint256,bytes)", 1, 4),
    ] {
        let to = |who: &str| {
            let mut words = vec![U256::from(1); party + 1 + others];
            words[party] = word(who);
            evm_to(Some(TOKEN), 0, call(method, &words))
        };
        allows(friends.clone(), &to(FRIEND));
        refuses(friends.clone(), &to(STRANGER), "recipients");
    }
    // What nothing is known of may pay anybody, unless the contract is listed by name.
    let unknown = evm_to(Some(TOKEN), 0, call("doIt()", &[]));
    refuses(friends, &unknown, "recipients");
    allows(json!({ "recipients": [FRIEND], "contracts": [TOKEN] }), &unknown);
    // Coins that go along with a call go to the contract.
    let pays = evm_to(
        Some(TOKEN),
        1,
        call("transfer(address,uint256)", &[word(FRIEND), U256::from(1)]),
    );
    refuses(json!({ "recipients": [FRIEND] }), &pays, "recipients");
    allows(json!({ "recipients": [FRIEND], "contracts": [TOKEN] }), &pays);
    refuses(
        json!({ "recipients": [FRIEND] }),
        &evm_to(None, 0, vec![1]),
        "contracts",
    );
}

#[test]
fn contracts_and_methods_are_those_that_are_listed() {
    let transfer = evm_to(
        Some(TOKEN),
        0,
        call("transfer(address,uint256)", &[word(FRIEND), U256::from(1)]),
    );
    allows(
        json!({ "contracts": [TOKEN], "methods": ["transfer(address,uint256)"] }),
        &transfer,
    );
    allows(json!({ "methods": ["0xa9059cbb"] }), &transfer);
    refuses(json!({ "contracts": [FRIEND] }), &transfer, "contracts");
    refuses(json!({ "methods": ["approve(address,uint256)"] }), &transfer, "methods");
    refuses(
        json!({ "methods": ["0xa9059cbb"] }),
        &evm_to(Some(TOKEN), 0, vec![0xa9]),
        "methods",
    );
    refuses(
        json!({ "methods": ["0xa9059cbb"] }),
        &evm_to(None, 0, vec![1]),
        "contracts",
    );
    // A plain payment calls nothing.
    allows(
        json!({ "contracts": [TOKEN], "methods": [] }),
        &evm_to(Some(STRANGER), 1, vec![]),
    );
}

#[test]
fn typed_data_is_for_domains_that_are_listed() {
    let permit = typed(json!({ "name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": TOKEN }));
    allows(
        json!({ "typed_data": [{ "name": "USD Coin", "chain_id": 1 }] }),
        &permit,
    );
    allows(
        json!({ "typed_data": [{ "name": "Other" }, { "verifying_contract": TOKEN }] }),
        &permit,
    );
    for other in [
        json!({ "name": "Other" }),
        json!({ "name": "USD Coin", "version": "1" }),
        json!({ "chain_id": 5 }),
        json!({ "verifying_contract": FRIEND }),
    ] {
        refuses(json!({ "typed_data": [other] }), &permit, "typed_data");
    }
    refuses(
        json!({ "typed_data": [{ "chain_id": 1 }] }),
        &typed(json!({ "name": "No chain" })),
        "typed_data",
    );
    // A permit moves tokens past every rule about transactions.
    refuses(json!({ "recipients": [FRIEND] }), &permit, "typed_data");
    refuses(
        json!({ "value": [{ "network": NETWORK, "token": TOKEN, "per_transaction": "1" }] }),
        &permit,
        "typed_data",
    );
    allows(json!({ "recipients": [FRIEND] }), &typed(json!({ "name": "Sign in" })));
}

#[test]
fn accounts_are_delegated_to_what_is_listed() {
    allows(json!({ "delegates": [format!("1:{TOKEN}")] }), &delegation(TOKEN));
    refuses(
        json!({ "delegates": [format!("5:{TOKEN}")] }),
        &delegation(TOKEN),
        "delegates",
    );
    refuses(json!({ "recipients": [FRIEND] }), &delegation(TOKEN), "delegates");
}

#[test]
fn fees_count_as_value_and_tokens_by_what_the_call_moves() {
    let limit = |most: &str| json!({ "value": [{ "network": NETWORK, "per_transaction": most }] });
    // 100 gas at 2 wei.
    allows(limit("207"), &evm_to(Some(FRIEND), 7, vec![]));
    refuses(limit("206"), &evm_to(Some(FRIEND), 7, vec![]), "value");
    let tokens = json!({ "value": [{ "network": NETWORK, "token": TOKEN, "per_transaction": "9" }] });
    let moves = |method: &str, amount: U256| evm_to(Some(TOKEN), 0, call(method, &[word(FRIEND), amount]));
    allows(tokens.clone(), &moves("transfer(address,uint256)", U256::from(9)));
    refuses(
        tokens.clone(),
        &moves("transfer(address,uint256)", U256::from(10)),
        "value",
    );
    refuses(tokens.clone(), &moves("approve(address,uint256)", U256::MAX), "value");
    refuses(
        tokens.clone(),
        &moves("setApprovalForAll(address,bool)", U256::from(1)),
        "value",
    );
    refuses(
        tokens.clone(),
        &moves("unheardOf(address,uint256)", U256::from(1)),
        "value",
    );
    let elsewhere = evm_to(
        Some(FRIEND),
        0,
        call("transfer(address,uint256)", &[word(FRIEND), U256::MAX]),
    );
    allows(tokens.clone(), &elsewhere);
    // What is not understood may draw on an allowance of that token, from wherever it is called.
    let router = evm_to(Some(STRANGER), 0, call("swap(uint256)", &[U256::MAX]));
    refuses(tokens.clone(), &router, "value");
    let mut named = tokens;
    named["methods"] = json!(["swap(uint256)"]);
    allows(named, &router);
}

#[test]
fn arguments_that_contracts_read_in_different_ways_pass_no_rule_about_content() {
    let mut dirty = call("transfer(address,uint256)", &[word(STRANGER), U256::from(9)]);
    dirty[4] = 1;
    let short = call("transfer(address,uint256)", &[word(STRANGER), U256::from(9)])[..67].to_vec();
    for data in [dirty, short] {
        let moved = evm_to(Some(TOKEN), 0, data);
        refuses(
            json!({ "recipients": [FRIEND], "contracts": [TOKEN] }),
            &moved,
            "methods",
        );
        refuses(json!({ "contracts": [TOKEN] }), &moved, "methods");
        allows(json!({ "networks": [NETWORK] }), &moved);
    }
}

#[test]
fn a_call_of_the_own_account_is_what_its_delegate_makes_of_it() {
    let own = evm_to(
        Some(OWN),
        0,
        call("execute(address,uint256)", &[word(STRANGER), U256::MAX]),
    );
    refuses(
        json!({ "value": [{ "network": NETWORK, "per_transaction": "900" }] }),
        &own,
        "delegates",
    );
    refuses(json!({ "methods": ["execute(address,uint256)"] }), &own, "delegates");
    allows(json!({ "networks": [NETWORK] }), &own);
}

#[test]
fn what_holds_for_a_time_is_counted() {
    let rules = json!({ "value": [
        { "network": NETWORK, "per_transaction": "500", "per_window": "1000", "window_hours": 24 },
        { "network": NETWORK, "per_window": "300", "window_hours": 1 },
    ] });
    let spends = decide(rules.clone(), &evm_to(Some(FRIEND), 50, vec![])).unwrap();
    let counted: Vec<_> = spends
        .iter()
        .map(|spend| (spend.asset.as_str(), spend.amount, spend.most, spend.seconds))
        .collect();
    assert_eq!(counted, [(NETWORK, 250, 1000, 86_400), (NETWORK, 250, 300, 3_600)]);
    refuses(rules, &evm_to(Some(FRIEND), 101, vec![]), "value");
    let rules = json!({ "value": [
        { "network": NETWORK, "per_window": "500", "per_app_window": "300", "window_hours": 24 },
        { "network": NETWORK, "per_window": "400", "window_hours": 24 },
    ] });
    let spends = decide(rules.clone(), &evm_to(Some(FRIEND), 100, vec![])).unwrap();
    let counted: Vec<_> = spends.iter().map(|spend| (spend.whose, spend.most)).collect();
    assert_eq!(counted, [(Whose::Wallet, 400), (Whose::App, 300)]);
    refuses(rules, &evm_to(Some(FRIEND), 101, vec![]), "value");
}
