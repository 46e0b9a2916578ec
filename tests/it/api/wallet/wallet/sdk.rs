//! The groups `account` and `wallet` of the published SDK, against this server.

use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::node::Node;
use crate::support::sending::COIN;

on_both! {
    the_published_sdk_makes_recovers_and_signs,
    the_published_sdk_reads_the_chain,
    the_published_sdk_sends_transfers_and_cancels,
}

const DELEGATE: &str = "0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B";

struct Sdk {
    app: TestApp,
    node: Node,
}

impl Sdk {
    #[track_caller]
    fn call(&mut self, call: &str, with: &[Value]) -> Value {
        let said = self.say(call, with);
        assert_eq!(said.get("error"), None, "{call}: {said}");
        said["returned"].clone()
    }

    fn fails(&mut self, call: &str, with: Value) -> Value {
        self.say(call, &[with])["error"].clone()
    }

    fn say(&mut self, call: &str, with: &[Value]) -> Value {
        let path: Vec<&str> = call.split('.').collect();
        self.node.say(&json!({ "do": path, "with": with }))
    }

    async fn log_in(&mut self, email: &str) -> Value {
        self.app.advance(60);
        let token = self.call("auth.email.login", &[json!(email)]);
        let code = self.app.code_for(email).await;
        self.call("auth.email.verify", &[token, json!(code)])
    }
}

async fn the_published_sdk_makes_recovers_and_signs(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.set("wallets.sign_hash", "true").await;
    app.set("wallets.delegates", &format!("[\"11155111:{DELEGATE}\"]"))
        .await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let node = Node::start("xellar.mjs", &[&app.app.url.clone(), &made.app.to_string(), ""]);
    let mut sdk = Sdk { app, node };
    let entered = sdk.log_in("ada@example.com").await;
    let wallet = sdk.call(
        "account.wallet.create",
        &[json!({ "accessToken": entered["accessToken"] })],
    );
    let evm = wallet["address"].as_array().expect("a list, as the kit wants it");
    assert!(evm.iter().any(|known| known["network"] == "evm"));
    assert_eq!(
        sdk.call("wallet.getAddresses", &[wallet["walletToken"].clone()]),
        wallet["address"]
    );
    let mut tokens = sdk.call("wallet.refreshToken", &[wallet["refreshToken"].clone()]);
    let network = "ethereum-sepolia";
    let document = json!({
        "types": { "Greeting": [{ "name": "text", "type": "string" }] }, "primaryType": "Greeting",
        "domain": { "name": "Example", "chainId": 11_155_111 }, "message": { "text": "Hello" },
    });
    let transaction =
        json!({ "to": DELEGATE, "value": "1", "nonce": "0", "gasLimit": "21000", "gasPrice": "1000000000" });
    for (call, body, field) in [
        (
            "signMessage",
            json!({ "network": network, "message": "hello" }),
            "signature",
        ),
        (
            "signTypedData",
            json!({ "network": network, "data": document.to_string() }),
            "signature",
        ),
        (
            "signHash",
            json!({ "network": network, "hash": format!("0x{}", "5c".repeat(32)) }),
            "signature",
        ),
        (
            "signTransaction",
            json!({ "network": network, "transaction": transaction }),
            "signature",
        ),
        (
            "signAuthorization",
            json!({ "chainId": 11_155_111, "contractAddress": DELEGATE, "nonce": "0", "executor": "self" }),
            "authorization",
        ),
    ] {
        let mut body = body;
        body["walletToken"] = tokens["walletToken"].clone();
        body["refreshToken"] = tokens["refreshToken"].clone();
        // It refreshes after the call by itself.
        tokens = sdk.call(&format!("wallet.{call}"), &[body]);
        assert!(!tokens[field].is_null(), "{call}: {tokens}");
        assert!(
            tokens["walletToken"].is_string() && tokens["refreshToken"].is_string(),
            "{call}: {tokens}"
        );
    }
    // A token that was used is an error as the SDK has them.
    let spent = json!({ "network": network, "message": "hello", "walletToken": wallet["walletToken"] });
    let error = sdk.fails("wallet.signMessage", spent);
    assert_eq!(
        (&error["is_xellar_error"], &error["code"]),
        (&json!(true), &json!("401"))
    );

    let other = sdk.log_in("bob@example.com").await;
    let lost = json!({ "accessToken": other["accessToken"], "formData": { "other": "x" } });
    assert_eq!(sdk.fails("account.wallet.recover", lost)["code"], "400");
    let form = json!({ "accessToken": other["accessToken"], "formData": { "file": wallet["secret0"] } });
    let moved = sdk.call("account.wallet.recover", &[form]);
    assert_eq!(moved["address"], wallet["address"]);
    let entered = sdk.log_in("bob@example.com").await;
    assert_eq!(
        (&entered["isWalletCreated"], &entered["addresses"]),
        (&json!(true), &wallet["address"])
    );
}

async fn the_published_sdk_reads_the_chain(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let node = Node::start("xellar.mjs", &[&app.app.url.clone(), &made.app.to_string(), ""]);
    let mut sdk = Sdk { app, node };
    let entered = sdk.log_in("ada@example.com").await;
    let access = json!({ "accessToken": entered["accessToken"] });
    let wallet = sdk.call("account.wallet.create", &[access]);
    let all = wallet["address"].as_array().expect("a list").iter();
    let evm = all
        .clone()
        .find(|known| known["network"] == "evm")
        .expect("it is there");
    let evm = evm["address"].as_str().expect("a text").to_owned();
    chain.fund(&evm, 20_000_000_000_000_000).await;
    let token = chain.erc20("NORTH", 1_500_000_000_000_000_000, &evm).await;

    let mut tokens = json!({ "walletToken": wallet["walletToken"], "refreshToken": wallet["refreshToken"] });
    let mut call = |call: &str, more: Value| {
        let mut body = json!({ "network": "ethereum-sepolia" });
        for (name, value) in more.as_object().into_iter().chain(tokens.as_object()).flatten() {
            body[name] = value.clone();
        }
        // It refreshes after the call by itself.
        let said = sdk.call(&format!("wallet.{call}"), &[body]);
        tokens = json!({ "walletToken": said["walletToken"], "refreshToken": said["refreshToken"] });
        said
    };
    let coin = call("balanceCoin", json!({}));
    assert_eq!(
        (&coin["balance"], &coin["symbol"], &coin["address"]),
        (&json!("0.02"), &json!("ETH"), &json!(evm))
    );
    let balance = call("balanceToken", json!({ "tokenAddress": token }));
    assert_eq!(
        (&balance["balance"], &balance["symbol"]),
        (&json!("1.5"), &json!("NORTH"))
    );
    let batch = call("balanceTokenBatch", json!({ "tokenAddresses": [token, token] }));
    assert_eq!(batch["address"], evm);
    assert_eq!(
        (&batch["tokens"][1]["balance"], &batch["tokens"][1]["decimals"]),
        (&json!("1.5"), &json!(18))
    );
    // To a path with a quote at its end.
    let estimate = call(
        "estimateGas",
        json!({ "type": "send-coin", "to": DELEGATE, "amount": "0.015" }),
    );
    assert_eq!(estimate["gasLimit"], "21000");
    for price in ["gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"] {
        assert!(
            estimate[price].as_str().expect("a text").parse::<u128>().is_ok(),
            "{estimate}"
        );
    }
}

async fn the_published_sdk_sends_transfers_and_cancels(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let node = Node::start("xellar.mjs", &[&app.app.url.clone(), &made.app.to_string(), ""]);
    let mut sdk = Sdk { app, node };
    let entered = sdk.log_in("ada@example.com").await;
    let wallet = sdk.call(
        "account.wallet.create",
        &[json!({ "accessToken": entered["accessToken"] })],
    );
    let evm = crate::support::wallets::address(&wallet, "evm");
    chain.fund(&evm, 10 * COIN).await;
    let token = chain.erc20("NORTH", COIN, &evm).await;
    let things = chain.erc721(1, &evm).await;
    let pieces = chain.erc1155(&[(7, 10), (8, 10)], &evm).await;
    let network = "ethereum-sepolia";
    let mut tokens = wallet;
    for (nonce, (call, body)) in [
        ("sendCoin", json!({ "to": DELEGATE, "amount": "0.015" })),
        (
            "sendToken",
            json!({ "to": DELEGATE, "amount": "0.5", "tokenAddress": token }),
        ),
        (
            "sendTransaction",
            json!({ "transaction": { "from": evm, "to": DELEGATE, "data": "0x", "value": "7" } }),
        ),
        (
            "transferERC721",
            json!({ "to": DELEGATE, "tokenId": "0", "tokenAddress": things }),
        ),
        (
            "transferERC1155",
            json!({ "to": DELEGATE, "tokenId": ["7", "8"], "amount": ["1", "2"], "tokenAddress": pieces }),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = body;
        body["network"] = json!(network);
        body["walletToken"] = tokens["walletToken"].clone();
        body["refreshToken"] = tokens["refreshToken"].clone();
        tokens = sdk.call(&format!("wallet.{call}"), &[body]);
        let receipt = &tokens["txReceipt"];
        assert_eq!(receipt["nonce"], nonce, "{call}: {tokens}");
        let mined = chain.mined(receipt["hash"].as_str().expect("a hash")).await;
        assert_eq!(mined["status"], "0x1", "{call}");
    }
    let mut call = json!({ "network": network, "to": DELEGATE, "amount": "0.015" });
    call["walletToken"] = tokens["walletToken"].clone();
    let twice = sdk.fails("wallet.sendCoin", call);
    assert_eq!(
        (&twice["is_xellar_error"], &twice["code"]),
        (&json!(true), &json!("409"))
    );

    chain.ask("evm_setAutomine", json!([false])).await;
    let mut tokens = sdk.call("wallet.refreshToken", &[tokens["refreshToken"].clone()]);
    for (call, body) in [
        ("sendCoin", json!({ "to": DELEGATE, "amount": "1" })),
        ("cancelTransaction", json!({ "nonce": 5 })),
    ] {
        let mut body = body;
        body["network"] = json!(network);
        body["walletToken"] = tokens["walletToken"].clone();
        body["refreshToken"] = tokens["refreshToken"].clone();
        tokens = sdk.call(&format!("wallet.{call}"), &[body]);
    }
    chain.mine(1).await;
    let hash = &tokens["hash"];
    let cancelled = chain.mined(hash.as_str().expect("a hash")).await;
    assert_eq!(cancelled["status"], "0x1", "{tokens}");
    assert_eq!(chain.balance(DELEGATE).await, 15 * COIN / 1_000 + 7);
}
