//! Sends on Solana, run by Solana's own runtime.

use aboard::domain::Code;
use aboard_fakes::{Answer, Receiver, Reply, Request};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::sending::{follow, told};
use crate::support::solana::{Solana, TOKEN, TOKEN_2022};
use crate::support::valve::{Loses, Valve};
use crate::support::wallets::{Holder, text};

on_both! {
    lamports_arrive_and_events_tell_of_it,
    tokens_arrive_and_the_account_for_them_is_made,
    what_would_fail_is_refused_and_not_signed,
    a_send_that_never_lands_expires_and_is_not_signed_again,
    a_send_that_got_lost_is_offered_again_until_it_lands,
    a_transaction_of_the_callers_own_is_sent,
    a_slow_node_gets_it_too,
    a_key_signs_one_payment_whatever_a_node_says_of_it,
    no_node_alone_says_what_a_token_is,
    whoever_gets_the_deposit_of_an_account_is_a_recipient,
}

const ENDPOINTS: &str = "networks.solana-devnet.endpoints";
const NETWORK: &str = "solana-devnet";
/// Somebody.
const TO: &str = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";
const MINT: &str = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const OTHER_MINT: &str = "Gh9ZwEmdLJ8DscKNTkTqPbNwLNNBjuSzaG9Vp2KGtKJr";

const SOL: u64 = 1_000_000_000;

/// A server with a node of its own, and a wallet with one SOL.
async fn rig(engine: Engine) -> (TestApp, Solana, Holder) {
    let node = Solana::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &node.url())]).await;
    let holder = app.holder().await;
    node.fund(&holder.solana, SOL).await;
    (app, node, holder)
}

fn coin(amount: &str) -> Value {
    json!({ "network": NETWORK, "to": TO, "amount": amount })
}

async fn lamports_arrive_and_events_tell_of_it(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    let receipt = holder.gets(&app, "send-coin", coin("0.25")).await["txReceipt"].clone();
    let hash = text(&receipt, "hash");
    for (field, expected) in [
        ("from", json!(holder.solana)),
        ("to", json!(TO)),
        ("value", json!("250000000")),
        ("nonce", Value::Null),
        ("signature", Value::Null),
    ] {
        assert_eq!(receipt[field], expected, "{field}");
    }
    assert_eq!(node.balance(TO).await, SOL / 4);
    // 5000 for the signature; 1000 units at 1200 millionths of a lamport, as others paid, rounded up.
    assert_eq!(node.balance(&holder.solana).await, SOL - SOL / 4 - 5002);
    assert_eq!(told(&app, &hash).await, ["sent"]);
    // Two thirds of the stake are not yet all that undoes it.
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent"]);
    node.blocks(32).await;
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "confirmed"]);
    // The same again is a mistake, unless somebody says that it is none; in one block it would be the same transaction.
    let mut again = coin("0.125");
    let first = holder.gets(&app, "send-coin", again.clone()).await["txReceipt"]["hash"].clone();
    let second = holder.call(&app, "send-coin", &again).await;
    assert_eq!((second.status, &second.json()["data"]["hash"]), (409, &first));
    again["allowDuplicate"] = json!(true);
    let message = holder.refused(&app, "send-coin", again.clone(), 409).await;
    assert!(message.contains("would land once"), "{message}");
    again["priorityFee"] = json!(0);
    holder.gets(&app, "send-coin", again).await;
    assert_eq!(node.balance(TO).await, SOL / 2);
}

async fn tokens_arrive_and_the_account_for_them_is_made(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    for (mint, program) in [(MINT, TOKEN), (OTHER_MINT, TOKEN_2022)] {
        node.token(mint, program, 6, &holder.solana, 2_500_000).await;
        let mut body = coin("1.5");
        body["tokenAddress"] = mint.into();
        let receipt = holder.gets(&app, "send-token", body.clone()).await["txReceipt"].clone();
        assert_eq!(
            (receipt["to"].clone(), receipt["value"].clone()),
            (json!(TO), json!("0"))
        );
        assert_eq!(
            (node.tokens(TO, mint).await, node.tokens(&holder.solana, mint).await),
            (1_500_000, 1_000_000)
        );
        // More than is left, more decimals than it has, an account of the token instead of its owner.
        let account = node
            .call(
                "getTokenAccountsByOwner",
                json!([TO, { "mint": mint }, { "encoding": "base64" }]),
            )
            .await;
        for (field, value, said) in [
            ("amount", json!("1.000001"), "send less"),
            ("amount", json!("0.0000001"), "has 6"),
            ("to", account["value"][0]["pubkey"].clone(), "its owner's address"),
            ("to", json!(mint), "its owner's address"),
            ("tokenAddress", json!(TO), "mint"),
        ] {
            let mut wrong = body.clone();
            wrong["amount"] = json!("0.1");
            wrong[field] = value;
            let message = holder.refused(&app, "send-token", wrong, 400).await;
            assert!(message.contains(said), "{field}: {message}");
        }
    }
    let body = json!({ "network": NETWORK, "to": TO, "tokenAddress": MINT, "tokenId": "1" });
    holder.refused(&app, "transfer-erc721", body, 400).await;
}

async fn what_would_fail_is_refused_and_not_signed(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    for (field, value, said) in [
        ("amount", json!("1"), "send less"),
        ("amount", json!("0"), "more than nothing"),
        ("to", json!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"), "base58"),
        ("to", json!(TOKEN), "is a program"),
        ("priorityFee", json!(10_000_001), "at most 10000000"),
        ("priorityFee", json!("much"), "whole number"),
    ] {
        let mut body = coin("0.1");
        body[field] = value.clone();
        let message = holder.refused(&app, "send-coin", body, 400).await;
        assert!(message.contains(said), "{field} {value}: {message}");
    }
    // So little that the chain would not keep the account; so much that the wallet's own would be left like that.
    for amount in ["0.0000001", "0.9999"] {
        let message = holder.refused(&app, "send-coin", coin(amount), 422).await;
        assert!(message.contains("rent"), "{amount}: {message}");
    }
    assert_eq!((node.balance(TO).await, node.balance(&holder.solana).await), (0, SOL));
}

async fn a_send_that_never_lands_expires_and_is_not_signed_again(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    node.lose(true).await;
    let hash = text(&holder.gets(&app, "send-coin", coin("0.1")).await["txReceipt"], "hash");
    node.blocks(150).await;
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent"]);
    // The last block that would have taken it is final.
    node.lose(false).await;
    node.expire().await;
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "failed"]);
    assert_eq!((node.balance(TO).await, node.balance(&holder.solana).await), (0, SOL));
    // Whoever still wants it sends anew, and that is another transaction.
    let again = text(&holder.gets(&app, "send-coin", coin("0.1")).await["txReceipt"], "hash");
    assert_ne!(again, hash);
    assert_eq!(node.balance(TO).await, SOL / 10);
}

async fn a_send_that_got_lost_is_offered_again_until_it_lands(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    node.lose(true).await;
    let hash = text(&holder.gets(&app, "send-coin", coin("0.1")).await["txReceipt"], "hash");
    assert_eq!(node.balance(TO).await, 0);
    node.lose(false).await;
    node.blocks(20).await;
    follow(&app).await;
    assert_eq!(node.balance(TO).await, SOL / 10);
    node.blocks(32).await;
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "confirmed"]);
    assert_eq!(node.balance(TO).await, SOL / 10);
}

async fn a_transaction_of_the_callers_own_is_sent(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    let own = holder.solana.clone();
    let account = |key: &str, signs: bool| json!({ "pubkey": key, "isSigner": signs, "isWritable": true });
    let transfer = json!({
        "programId": "11111111111111111111111111111111",
        "keys": [account(&own, true), account(TO, false)],
        "data": [2, 0, 0, 0, 0x80, 0xb2, 0xe6, 0x0e, 0, 0, 0, 0],
    });
    let body = |transaction: Value| json!({ "network": NETWORK, "transaction": transaction });
    let made = json!({ "instructions": [transfer] });
    let sent = holder.gets(&app, "send-transaction", body(made.clone())).await["txReceipt"].clone();
    assert_eq!(
        (sent["to"].clone(), sent["value"].clone()),
        (json!(TO), json!("250000000"))
    );
    assert_eq!(
        (node.balance(TO).await, node.balance(&own).await),
        (SOL / 4, SOL - SOL / 4 - 5000)
    );
    for (field, value, said) in [
        (
            "recentBlockhash",
            json!("EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"),
            "not a recent block",
        ),
        ("feePayer", json!(TO), "not this wallet's address"),
        ("instructions", json!([]), "list of"),
    ] {
        let mut wrong = made.clone();
        wrong[field] = value;
        let message = holder.refused(&app, "send-transaction", body(wrong), 400).await;
        assert!(message.contains(said), "{field}: {message}");
    }
    let mut others = transfer.clone();
    others["keys"][1]["isSigner"] = json!(true);
    let message = holder
        .refused(&app, "send-transaction", body(json!({ "instructions": [others] })), 400)
        .await;
    assert!(message.contains("let them sign"), "{message}");
}

/// The first that takes it may forget it.
async fn a_slow_node_gets_it_too(engine: Engine) {
    let (quick, slow) = (Solana::start(), Receiver::start().await.expect("a free port"));
    slow.reply_with(|request: &Request| {
        let call: Value = serde_json::from_slice(&request.body).expect("JSON");
        // A block of a test network.
        let answer = Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "result": MINT }));
        if call["method"] == "getGenesisHash" {
            Reply::Hold(answer)
        } else {
            answer.into()
        }
    });
    let nodes = format!("{},{}", quick.url(), slow.url("/"));
    let app = TestApp::with(engine, &[(ENDPOINTS, &nodes)]).await;
    let mut holder = app.holder().await;
    quick.fund(&holder.solana, SOL).await;
    holder.gets(&app, "send-coin", coin("0.1")).await;
    assert_eq!(quick.balance(TO).await, SOL / 10);
    assert_eq!(slow.wait_for(1).await.len(), 1, "what it is");
    slow.release();
    let asked = slow.wait_for(2).await;
    let last: Value = serde_json::from_slice(&asked[1].body).expect("JSON");
    assert_eq!((asked.len(), &last["method"]), (2, &json!("sendTransaction")));
}

/// A node that says no may keep the bytes, and they are good as long as their block.
async fn a_key_signs_one_payment_whatever_a_node_says_of_it(engine: Engine) {
    let node = Solana::start();
    let between = Valve::before_solana(&node).await;
    let app = TestApp::with(engine, &[(ENDPOINTS, &between.url())]).await;
    let mut holder = app.holder().await;
    node.fund(&holder.solana, SOL).await;
    between.loses(Loses::SendsSaying("Transaction simulation failed: custom"));
    let keyed = async |holder: &mut Holder| {
        let caller = holder.next(&app).await.with("idempotency-key", "pay");
        caller.post("/api/v2/wallet/send-coin", &coin("0.25")).await
    };
    let refused = keyed(&mut holder).await;
    let hash = text(&refused.json()["data"], "hash");
    // So does the reference of its code, for all who did not read the message.
    assert!(Code::ChainRefused.help().contains("With `data.hash`"));
    let message = refused.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        refused.status == 422 && message.contains("may yet arrive"),
        "{refused:?}"
    );
    between.loses(Loses::Nothing);
    node.blocks(1).await;
    assert_eq!(holder.call(&app, "send-coin", &coin("0.25")).await.status, 409);
    let again = keyed(&mut holder).await;
    assert_eq!(again.json()["data"]["txReceipt"]["hash"], hash, "{again:?}");
    follow(&app).await;
    node.blocks(32).await;
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "confirmed"]);
    assert_eq!(node.balance(TO).await, SOL / 4);
    let mut bytes: Vec<_> = between.asked("sendTransaction");
    bytes.dedup_by_key(|call| call["params"][0].clone());
    assert_eq!(bytes.len(), 1, "the same bytes again and again");
}

/// The chain refuses a transfer that names other decimals than the token has: what is agreed on is never signed for nothing.
async fn no_node_alone_says_what_a_token_is(engine: Engine) {
    let node = Solana::start();
    let (liar, third) = (Valve::before_solana(&node).await, Valve::before_solana(&node).await);
    liar.loses(Loses::Decimals(5));
    let two = format!("{},{}", liar.url(), node.url());
    let three = format!("{two},{}", third.url());
    let pinned = (format!("networks.{NETWORK}.tokens.{MINT}.decimals"), "6".to_owned());
    let alone = (ENDPOINTS.to_owned(), liar.url());
    for (settings, arrived) in [
        (vec![(ENDPOINTS.to_owned(), two)], 0),
        (vec![(ENDPOINTS.to_owned(), three)], 1_500_000),
        (vec![alone, pinned], 3_000_000),
    ] {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (&**name, &**value)).collect();
        let app = TestApp::with(engine, &settings).await;
        let mut holder = app.holder().await;
        node.fund(&holder.solana, SOL).await;
        if arrived == 0 {
            node.token(MINT, TOKEN, 6, &holder.solana, 2_500_000).await;
        } else {
            node.call("test_tokens", json!([holder.solana, MINT, 2_500_000])).await;
        }
        let mut body = coin("1.5");
        body["tokenAddress"] = MINT.into();
        if arrived == 0 {
            let message = holder.refused(&app, "send-token", body, 502).await;
            assert!(message.contains("the token's decimals"), "{message}");
            assert_eq!(app.count("sends").await, 0);
        } else {
            holder.gets(&app, "send-token", body).await;
        }
        assert_eq!(node.tokens(TO, MINT).await, arrived);
    }
}

/// It would be theirs once they close the account, again and again.
async fn whoever_gets_the_deposit_of_an_account_is_a_recipient(engine: Engine) {
    let (app, node, mut holder) = rig(engine).await;
    node.token(MINT, TOKEN, 6, &holder.solana, 2_500_000).await;
    let own = holder.solana.clone();
    let account =
        |key: &str, signs: bool, writable: bool| json!({ "pubkey": key, "isSigner": signs, "isWritable": writable });
    // Any account would do: the policy is asked before the chain is.
    let create = |owner: &str| {
        json!({ "instructions": [{
            "programId": "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
            "keys": [
                account(&own, true, true), account("8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR", false, true),
                account(owner, false, false), account(MINT, false, false),
                account("11111111111111111111111111111111", false, false), account(TOKEN, false, false),
            ],
            "data": [1],
        }], "feePayer": own, "recentBlockhash": "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM" })
    };
    let stranger = "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8";
    for (rules, path, body, rule) in [
        (
            json!({ "recipients": [TO] }),
            "sign-transaction",
            json!({ "network": NETWORK, "transaction": create(stranger) }),
            "recipients",
        ),
        (
            json!({ "value": [{ "network": NETWORK, "per_transaction": "2044279" }] }),
            "sign-transaction",
            json!({ "network": NETWORK, "transaction": create(TO) }),
            "value",
        ),
        (
            json!({ "value": [
                { "network": NETWORK, "per_window": "2000000", "window_hours": 24 },
            ] }),
            "send-token",
            json!({ "network": NETWORK, "to": TO, "amount": "1", "tokenAddress": MINT }),
            "value",
        ),
    ] {
        let (store, admin) = (&app.instance().store, app.admin());
        let rules = Some(rules.to_string());
        assert!(
            store
                .set_app_policy(&admin, holder.app(), rules, app.now())
                .await
                .unwrap()
        );
        let uses = app.count("audit where action = 'wallet.key_used'").await;
        let why = holder.refused(&app, path, body, 403).await;
        assert!(why.contains(&format!("`{rule}`")), "{why}");
        assert_eq!(app.count("audit where action = 'wallet.key_used'").await, uses);
    }
    let (store, admin) = (&app.instance().store, app.admin());
    let rules = json!({ "recipients": [TO], "value": [
        { "network": NETWORK, "per_window": "3000000", "window_hours": 24 },
    ] });
    let rules = Some(rules.to_string());
    assert!(
        store
            .set_app_policy(&admin, holder.app(), rules, app.now())
            .await
            .unwrap()
    );
    let body = json!({ "network": NETWORK, "to": TO, "amount": "1", "tokenAddress": MINT });
    holder.gets(&app, "send-token", body).await;
    assert_eq!(node.tokens(TO, MINT).await, 1_000_000);
    // The deposit was counted: what is left does not pay for another one.
    let body = json!({ "network": NETWORK, "to": TO, "amount": "0.5", "tokenAddress": MINT });
    let why = holder.refused(&app, "send-token", body, 403).await;
    assert!(why.contains("24 hours"), "{why}");
}
