//! What wallets sign, as libraries that others wrote read it.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::codes::EMAIL;
use crate::support::node::Node;
use crate::support::wallets::{address, bearer, data_of, refused, text};

on_both! {
    others_find_the_wallet_behind_what_it_signed,
    typed_data_without_a_domain_or_of_another_chain_is_refused,
    a_family_says_what_it_cannot_do,
}

const TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DELEGATE: &str = "0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B";

/// A wallet, and the tokens of its newest call.
struct Signer<'a> {
    app: &'a TestApp,
    shop: &'a Client,
    tokens: Value,
}

impl Signer<'_> {
    async fn call(&mut self, path: &str, body: &Value) -> crate::support::client::Answer {
        self.tokens = self.app.refresh(self.shop, &self.tokens).await;
        let wallet = bearer(self.shop, &text(&self.tokens, "walletToken"));
        wallet.post(&format!("/api/v2/wallet/{path}"), body).await
    }

    async fn signs(&mut self, path: &str, body: Value) -> Value {
        data_of(&self.call(path, &body).await)
    }
}

fn document(chain: u64) -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" },
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" }, { "name": "to", "type": "Person[]" },
                { "name": "contents", "type": "string" },
            ],
        },
        "primaryType": "Mail",
        "domain": { "name": "Mail", "version": "1", "chainId": chain, "verifyingContract": TO },
        "message": {
            "from": { "name": "Ada", "wallet": TO },
            "to": [{ "name": "Bob", "wallet": DELEGATE }],
            "contents": "Καλημέρα",
        },
    })
}

async fn others_find_the_wallet_behind_what_it_signed(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.set("wallets.sign_hash", "true").await;
    app.set("wallets.delegates", &format!("[\"11155111:{DELEGATE}\"]"))
        .await;
    let shop = app.shop().await;
    let tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
    let (evm, solana) = (address(&tokens, "evm"), address(&tokens, "solana"));
    let mut holder = Signer {
        app: &app,
        shop: &shop,
        tokens,
    };
    let mut node = Node::start("verify-wallet.mjs", &[]);
    let both = json!({ "by": [evm, evm] });

    for message in ["hello", "", "Καλημέρα 👋", "0x00"] {
        let body = json!({ "network": "base-sepolia", "message": message });
        let signature = holder.signs("sign-message", body).await["signature"].clone();
        let said = node.say(&json!({ "what": "message", "message": message, "signature": signature }));
        assert_eq!(said, both, "{message}");
    }
    let data = document(84_532).to_string();
    let signed = holder
        .signs("sign-typed-data", json!({ "chainId": 84_532, "data": data }))
        .await;
    assert_eq!(
        node.say(&json!({ "what": "typed", "data": data, "signature": signed["signature"] })),
        both
    );
    let hash = format!("0x{}", "5c".repeat(32));
    let signed = holder
        .signs("sign-hash", json!({ "network": "base-sepolia", "hash": hash }))
        .await;
    assert_eq!(
        node.say(&json!({ "what": "hash", "hash": hash, "signature": signed["signature"] })),
        both
    );

    let body = json!({ "chainId": "11155111", "contractAddress": DELEGATE, "nonce": 7 });
    let authorization = holder.signs("sign-authorization", body).await["authorization"].clone();
    let said = node.say(&json!({ "what": "authorization", "authorization": authorization }));
    assert_eq!(said, json!({ "by": [evm] }));

    let fees = json!({ "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "0x3b9aca00" });
    for more in [
        fees.clone(),
        json!({ "gasPrice": "1000000000" }),
        json!({ "gasPrice": 1, "accessList": [{ "address": TO, "storageKeys": [hash] }] }),
        json!({ "maxFeePerGas": 9, "authorizationList": [authorization] }),
        json!({ "maxFeePerGas": 9, "data": "0xa9059cbb", "value": "1000000000000000000" }),
    ] {
        let mut transaction = json!({ "from": evm, "to": TO, "nonce": 5, "gasLimit": "90000" });
        for (name, value) in more.as_object().unwrap() {
            transaction[name] = value.clone();
        }
        let body = json!({ "network": "ethereum-sepolia", "transaction": transaction });
        let signed = holder.signs("sign-transaction", body).await;
        let expected = json!({
            "to": TO, "nonce": 5, "chainId": 11_155_111, "value": transaction["value"].as_str().unwrap_or("0"),
            "data": transaction["data"].as_str().unwrap_or("0x"),
        });
        let job = json!({ "what": "transaction", "raw": signed["signedTransaction"], "expected": expected });
        assert_eq!(node.say(&job), both, "{more}");
    }

    let body = json!({ "network": "solana-devnet", "message": "hello" });
    let signature = holder.signs("sign-message", body).await["signature"].clone();
    let job = json!({ "what": "solana", "address": solana, "message": "hello", "signature": signature });
    assert_eq!(node.say(&job), json!({ "by": [solana] }));
    let transfer = json!({
        "programId": "11111111111111111111111111111111",
        "keys": [
            { "pubkey": solana, "isSigner": true, "isWritable": true },
            { "pubkey": "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96", "isSigner": false, "isWritable": true },
        ],
        "data": [2, 0, 0, 0, 64, 66, 15, 0, 0, 0, 0, 0],
    });
    let blockhash = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N";
    let transaction = json!({ "feePayer": solana, "recentBlockhash": blockhash, "instructions": [transfer] });
    let signed = holder
        .signs(
            "sign-transaction",
            json!({ "network": "solana-devnet", "transaction": transaction }),
        )
        .await;
    let job = json!({ "what": "solanaTransaction", "address": solana, "signed": signed["signedTransaction"] });
    assert_eq!(node.say(&job), json!({ "by": [solana] }));
    let signed = holder
        .signs(
            "sign-message",
            json!({ "network": "bitcoin-testnet", "message": "hello" }),
        )
        .await;
    assert!(
        text(&signed, "signature").len() > 100,
        "a witness in base64; the vault's own tests check it"
    );
}

async fn typed_data_without_a_domain_or_of_another_chain_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
    let mut holder = Signer {
        app: &app,
        shop: &shop,
        tokens,
    };
    let mut bare = document(84_532);
    bare["domain"] = json!({});
    for (data, said) in [
        (document(1).to_string(), "chain"),
        (bare.to_string(), "domain"),
        ("{".to_owned(), "JSON"),
    ] {
        let body = json!({ "network": "base-sepolia", "data": data });
        let message = refused(&holder.call("sign-typed-data", &body).await, 400);
        assert!(message.contains(said), "{message}");
    }
}

async fn a_family_says_what_it_cannot_do(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
    let mut holder = Signer {
        app: &app,
        shop: &shop,
        tokens,
    };
    for (path, body) in [
        ("sign-typed-data", json!({ "network": "solana-devnet", "data": "{}" })),
        (
            "sign-authorization",
            json!({ "network": "bitcoin-testnet", "contractAddress": TO, "nonce": 0 }),
        ),
        ("sign-hash", json!({ "network": "bitcoin-testnet", "hash": "0x" })),
    ] {
        let message = refused(&holder.call(path, &body).await, 400);
        assert!(message.contains("only networks of the family evm"), "{path}: {message}");
    }
}
