//! What the vault signs is run by Solana's own runtime.

use aboard_solana_node::{Node, RpcError};
use aboard_vault::wallet::solana::{Address, Instruction, Key, Priority, TokenTransfer, Transaction, associated_token_address};
use aboard_vault::wallet::{Custody, Phrase, Place, SealedWallet};
use aboard_vault::{KeyFile, SystemEntropy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
const SOL: u64 = 1_000_000_000;
/// What an account of 165 bytes has to hold for ever.
const RENT: u64 = 2_039_280;

fn with_key(work: impl FnOnce(&Key)) {
    let kms = KeyFile::generate(&SystemEntropy);
    let place = Place { environment: [1; 16], user: [2; 16], wallet: [3; 16] };
    let phrase = Phrase::parse("test test test test test test test test test test test junk").unwrap();
    let made = SealedWallet::import(&kms, &place, Custody::Server, &phrase, &SystemEntropy).unwrap();
    work(&made.wallet.open(&kms, &place, None).unwrap().solana().unwrap());
}

fn ask(node: &mut Node, method: &str, params: Value) -> Value {
    node.call(method, &params).unwrap_or_else(|RpcError(_, words, data)| panic!("{method}: {words} {data}"))
}

fn blockhash(node: &mut Node) -> [u8; 32] {
    let hash = ask(node, "getLatestBlockhash", json!([]));
    Address::parse(hash["value"]["blockhash"].as_str().unwrap()).unwrap().0
}

fn send(node: &mut Node, transaction: &Transaction) -> Result<Value, RpcError> {
    let raw = STANDARD.encode(transaction.to_bytes());
    let sent = node.call("sendTransaction", &json!([raw, { "encoding": "base64" }]))?;
    Ok(ask(node, "getSignatureStatuses", json!([[sent]]))["value"][0].clone())
}

fn balance(node: &mut Node, address: Address) -> u64 {
    ask(node, "getBalance", json!([address.to_string()]))["value"].as_u64().unwrap()
}

/// What an owner has of a token, as the chain's own account says.
fn tokens(node: &mut Node, owner: Address, mint: Address) -> u64 {
    let found = ask(node, "getTokenAccountsByOwner", json!([owner.to_string(), { "mint": mint.to_string() }]));
    let accounts = found["value"].as_array().unwrap();
    let amount = |account: &Value| {
        let data = STANDARD.decode(account["account"]["data"][0].as_str().unwrap()).unwrap();
        let program = Address::parse(account["account"]["owner"].as_str().unwrap()).unwrap();
        aboard_vault::wallet::solana::TokenAccount::parse(program, &data).unwrap().amount
    };
    accounts.iter().map(amount).sum()
}

fn priority(units: u32) -> Option<Priority> {
    Some(Priority { price: 1_000_000, units })
}

#[test]
fn a_transfer_of_lamports_arrives() {
    with_key(|key| {
        let (mut node, to) = (Node::new(), Address([7; 32]));
        ask(&mut node, "test_airdrop", json!([key.address().to_string(), 10 * SOL]));
        let hash = blockhash(&mut node);
        // 300 units of computing are what a transfer and its two notes about fees take together, and 450 are asked for.
        let sent = key.sign_transfer(to, SOL, priority(450), hash).unwrap();
        let status = send(&mut node, &sent).unwrap();
        assert_eq!(status["err"], Value::Null, "{status}");
        assert_eq!(balance(&mut node, to), SOL);
        // 5000 for the signature, and 450 units at one lamport each: as the summary says.
        assert_eq!(sent.message.summary().most_fee, 5450);
        assert_eq!(balance(&mut node, key.address()), 9 * SOL - 5450);
        // The same bytes once more move nothing.
        send(&mut node, &sent).unwrap();
        assert_eq!(balance(&mut node, to), SOL);
    });
}

#[test]
fn a_token_arrives_at_an_account_that_is_made_for_it_and_at_one_that_is_there() {
    for (program, name) in [(TOKEN, 5_u8), (TOKEN_2022, 6)] {
        with_key(|key| {
            let (mut node, to, mint) = (Node::new(), Address([7; 32]), Address([name; 32]));
            let from = key.address();
            ask(&mut node, "test_airdrop", json!([from.to_string(), SOL]));
            ask(&mut node, "test_mint", json!([mint.to_string(), program, 6]));
            ask(&mut node, "test_tokens", json!([from.to_string(), mint.to_string(), 5_000_000]));
            let program = Address::parse(program).unwrap();
            let mut left = SOL;
            for (amount, sum) in [(1_500_000, 1_500_000), (2, 1_500_002)] {
                let transfer = TokenTransfer { mint, program, decimals: 6, to, amount };
                let hash = blockhash(&mut node);
                let sent = key.sign_token_transfer(&transfer, priority(100_000), hash).unwrap();
                let status = send(&mut node, &sent).unwrap();
                assert_eq!(status["err"], Value::Null, "{status}");
                assert_eq!(tokens(&mut node, to, mint), sum);
                assert_eq!(tokens(&mut node, from, mint), 5_000_000 - sum);
                let paid = left - balance(&mut node, from);
                left -= paid;
                // The account of the receiver is paid for once.
                let rent = paid - sent.message.summary().most_fee;
                if amount == 2 { assert_eq!(rent, 0) } else { assert!(rent >= RENT, "{rent}") }
            }
            let account = associated_token_address(&to, &mint, &program).unwrap();
            assert!(balance(&mut node, account) >= RENT);
        });
    }
}

/// `TransferChecked` names the decimals: whoever lied about them moved nothing.
#[test]
fn a_lie_about_decimals_moves_nothing() {
    with_key(|key| {
        let (mut node, to, mint) = (Node::new(), Address([7; 32]), Address([5; 32]));
        let from = key.address();
        ask(&mut node, "test_airdrop", json!([from.to_string(), SOL]));
        ask(&mut node, "test_mint", json!([mint.to_string(), TOKEN, 6]));
        ask(&mut node, "test_tokens", json!([from.to_string(), mint.to_string(), 5_000_000]));
        let program = Address::parse(TOKEN).unwrap();
        let transfer = TokenTransfer { mint, program, decimals: 9, to, amount: 1 };
        let hash = blockhash(&mut node);
        let sent = key.sign_token_transfer(&transfer, None, hash).unwrap();
        let RpcError(code, words, _) = send(&mut node, &sent).unwrap_err();
        assert_eq!(code, -32002, "{words}");
        assert_eq!((tokens(&mut node, from, mint), balance(&mut node, from)), (5_000_000, SOL));
    });
}

#[test]
fn any_instructions_are_run() {
    with_key(|key| {
        let mut node = Node::new();
        ask(&mut node, "test_airdrop", json!([key.address().to_string(), SOL]));
        let memo = Instruction {
            program: Address::parse("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr").unwrap(),
            accounts: Vec::new(),
            data: "Καλημέρα".into(),
        };
        let hash = blockhash(&mut node);
        let sent = key.sign_instructions(&[memo], None, hash).unwrap();
        assert_eq!(send(&mut node, &sent).unwrap()["err"], Value::Null);
        assert_eq!(balance(&mut node, key.address()), SOL - 5000);
    });
}

#[test]
fn an_expired_blockhash_is_refused() {
    with_key(|key| {
        let mut node = Node::new();
        ask(&mut node, "test_airdrop", json!([key.address().to_string(), SOL]));
        let hash = blockhash(&mut node);
        ask(&mut node, "test_expire", json!([]));
        let sent = key.sign_transfer(Address([7; 32]), SOL / 2, None, hash).unwrap();
        let RpcError(code, words, _) = send(&mut node, &sent).unwrap_err();
        assert_eq!((code, words.as_str()), (-32002, "Transaction simulation failed: Blockhash not found"));
    });
}

#[test]
fn what_is_not_signed_is_run_and_not_taken() {
    with_key(|key| {
        let (mut node, to) = (Node::new(), Address([7; 32]));
        ask(&mut node, "test_airdrop", json!([key.address().to_string(), SOL]));
        let hash = blockhash(&mut node);
        let signed = key.sign_transfer(to, SOL / 2, None, hash).unwrap();
        let unsigned = Transaction::unsigned(signed.message.clone());
        let raw = STANDARD.encode(unsigned.to_bytes());
        let ran = ask(&mut node, "simulateTransaction", json!([raw, { "encoding": "base64", "sigVerify": false }]));
        assert_eq!(ran["value"]["err"], Value::Null, "{ran}");
        let RpcError(code, ..) = send(&mut node, &unsigned).unwrap_err();
        assert_eq!((code, balance(&mut node, to)), (-32003, 0));
    });
}
