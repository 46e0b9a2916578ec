//! `POST /api/v{1,2}/wallet/sign-transaction`: what is refused. What is signed is in [`super::sign`].

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, refused, text};

on_both! {
    what_does_not_hold_together_is_not_signed,
    fees_past_the_ceiling_of_the_network_are_not_signed,
    a_priority_past_the_ceiling_is_not_signed_by_whoever_pays_for_it,
}

fn good() -> Value {
    json!({
        "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "value": "1", "nonce": 0, "gasLimit": "21000",
        "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "1000000000",
    })
}

async fn what_does_not_hold_together_is_not_signed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let mut tokens = made.clone();
    let mut call = async |body: &Value| {
        tokens = app.refresh(&shop, &tokens).await;
        bearer(&shop, &text(&tokens, "walletToken"))
            .post("/api/v2/wallet/sign-transaction", body)
            .await
    };
    for (field, value, said) in [
        ("to", json!("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"), "checksum"),
        ("to", json!("vitalik.eth"), "40 hex digits"),
        ("to", json!(null), "to is required"),
        (
            "from",
            json!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            "not this wallet's address",
        ),
        ("value", json!("0.1"), "whole number"),
        ("value", json!(-1), "whole number"),
        ("nonce", json!(null), "nonce is required"),
        ("gasLimit", json!(null), "gasLimit is required"),
        ("maxFeePerGas", json!(null), "maxFeePerGas or gasPrice is required"),
        (
            "maxPriorityFeePerGas",
            json!("3000000000"),
            "maxPriorityFeePerGas` is more than",
        ),
        ("gasPrice", json!("1"), "exclude each other"),
        ("chainId", json!(1), "another than the network's"),
        ("data", json!("0x123"), "pairs of hex digits"),
    ] {
        let mut transaction = good();
        transaction[field] = value;
        let message = refused(
            &call(&json!({ "network": "ethereum-sepolia", "transaction": transaction })).await,
            400,
        );
        assert!(message.contains(said), "{field}: {message}");
    }
    for (body, said) in [
        (
            json!({ "network": "ethereum", "transaction": good() }),
            "test networks alone",
        ),
        (
            json!({ "network": "tron", "transaction": good() }),
            "no network with this code",
        ),
        (json!({ "chainId": 424_242, "transaction": good() }), "known here"),
        (
            json!({ "network": "ethereum-sepolia", "chainId": 84_532, "transaction": good() }),
            "Make them agree",
        ),
        (json!({ "network": "ethereum-sepolia" }), "transaction is required"),
        (
            json!({ "network": "ethereum-sepolia", "transaction": "0x02" }),
            "transaction is required",
        ),
        (
            json!({ "network": "bitcoin-testnet", "transaction": { "psbt": "AAAA" } }),
            "no PSBT",
        ),
        (
            json!({ "network": "solana-devnet", "transaction": { "transaction": "AAAA" } }),
            "Solana",
        ),
    ] {
        let message = refused(&call(&body).await, 400);
        assert!(message.contains(said), "{body}: {message}");
    }
    // Rules come after what is right or wrong by itself.
    app.set("wallets.networks", "[\"base-sepolia\"]").await;
    let message = refused(
        &call(&json!({ "network": "ethereum-sepolia", "transaction": good() })).await,
        403,
    );
    assert!(message.contains("wallets.networks"), "{message}");
    assert!(address(&made, "evm").starts_with("0x"));
}

/// A unit of gas at the ceiling is signed for; one wei more is not, and no key is opened for it.
async fn fees_past_the_ceiling_of_the_network_are_not_signed(engine: Engine) {
    let settings = [
        ("networks.ethereum-sepolia.max_fee_gwei", "60"),
        ("networks.ethereum-sepolia.max_tip_gwei", "2"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let mut holder = app.holder().await;
    let body = |fees: &Value| {
        let mut transaction = good();
        for name in ["maxFeePerGas", "maxPriorityFeePerGas"] {
            transaction[name] = fees[name].clone();
        }
        if let Some(price) = fees.get("gasPrice") {
            transaction["gasPrice"] = price.clone();
        }
        transaction["gasLimit"] = json!(30_000_000);
        json!({ "network": "ethereum-sepolia", "transaction": transaction })
    };
    for fees in [
        json!({ "maxFeePerGas": "60000000000", "maxPriorityFeePerGas": "2000000000" }),
        json!({ "gasPrice": "60000000000" }),
    ] {
        holder.gets(&app, "sign-transaction", body(&fees)).await;
    }
    let uses = app.count("audit where action = 'wallet.key_used'").await;
    for (fees, field, most) in [
        (
            json!({ "maxFeePerGas": "60000000001", "maxPriorityFeePerGas": "1" }),
            "transaction.maxFeePerGas",
            "60000000000 wei at most",
        ),
        (
            json!({ "maxFeePerGas": "1000000000000000000" }),
            "transaction.maxFeePerGas",
            "networks.ethereum-sepolia.max_fee_gwei",
        ),
        (
            json!({ "maxFeePerGas": "60000000000", "maxPriorityFeePerGas": "2000000001" }),
            "transaction.maxPriorityFeePerGas",
            "2000000000 wei at most",
        ),
        (
            json!({ "gasPrice": "60000000001" }),
            "transaction.gasPrice",
            "60000000000 wei at most",
        ),
    ] {
        let message = holder.refused(&app, "sign-transaction", body(&fees), 400).await;
        assert!(message.contains(field) && message.contains(most), "{message}");
    }
    assert_eq!(app.count("audit where action = 'wallet.key_used'").await, uses);
}

async fn a_priority_past_the_ceiling_is_not_signed_by_whoever_pays_for_it(engine: Engine) {
    const FRIEND: &str = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";
    let app = TestApp::with(engine, &[("networks.solana-devnet.max_priority_fee", "1000")]).await;
    let mut holder = app.holder().await;
    let own = holder.solana.clone();
    let body = |payer: &str, price: u64| {
        let mut data = vec![3_u8];
        data.extend(price.to_le_bytes());
        let budget = json!({ "programId": "ComputeBudget111111111111111111111111111111", "keys": [], "data": data });
        let transfer = json!({
            "programId": "11111111111111111111111111111111", "data": [2, 0, 0, 0, 64, 66, 15, 0, 0, 0, 0, 0], "keys": [
                { "pubkey": own, "isSigner": true, "isWritable": true },
                { "pubkey": FRIEND, "isSigner": false, "isWritable": true },
            ],
        });
        json!({ "network": "solana-devnet", "transaction": {
            "feePayer": payer, "recentBlockhash": "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N",
            "instructions": [budget, transfer],
        } })
    };
    holder.gets(&app, "sign-transaction", body(&own, 1_000)).await;
    let message = holder.refused(&app, "sign-transaction", body(&own, 1_001), 400).await;
    assert!(
        message.contains("at most 1000") && message.contains("networks.solana-devnet.max_priority_fee"),
        "{message}"
    );
    // Of what somebody else pays nothing is the wallet's.
    holder.gets(&app, "sign-transaction", body(FRIEND, 1_001)).await;
}
