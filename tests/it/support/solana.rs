//! A Solana cluster: the program of `tests/solana`, which runs transactions with Solana's own runtime. `make test` builds it
//! and says where it is.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use super::client::plain_http;

pub const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

/// The cluster; it ends when it is dropped.
pub struct Solana {
    child: Child,
    stdin: Option<ChildStdin>,
    url: String,
    http: reqwest::Client,
}

impl Solana {
    pub fn start() -> Self {
        let program = std::env::var("ABOARD_SOLANA_NODE")
            .expect("ABOARD_SOLANA_NODE names the program of tests/solana, as `make test` sees to");
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut url = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        lines.read_line(&mut url).expect("it says where it listens");
        Self {
            stdin: child.stdin.take(),
            child,
            url: url.trim().to_owned(),
            http: plain_http().build().expect("a client"),
        }
    }

    /// Its address, as a setting.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Calls a method.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.http.post(&self.url).body(body.to_string());
        let answer = request.send().await.expect("it answers").bytes().await.expect("whole");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(answer["error"], Value::Null, "{method}: {answer}");
        answer["result"].clone()
    }

    /// Gives somebody lamports.
    pub async fn fund(&self, address: &str, lamports: u64) {
        self.call("test_airdrop", json!([address, lamports])).await;
    }

    /// Makes a token, and gives somebody some of it.
    pub async fn token(&self, mint: &str, program: &str, decimals: u8, owner: &str, amount: u64) {
        self.call("test_mint", json!([mint, program, decimals])).await;
        self.call("test_tokens", json!([owner, mint, amount])).await;
    }

    pub async fn balance(&self, address: &str) -> u64 {
        let said = self.call("getBalance", json!([address])).await;
        said["value"].as_u64().expect("a number")
    }

    /// What somebody has of a token.
    pub async fn tokens(&self, owner: &str, mint: &str) -> u64 {
        let said = self
            .call(
                "getTokenAccountsByOwner",
                json!([owner, { "mint": mint }, { "encoding": "base64" }]),
            )
            .await;
        let amount = |account: &Value| {
            use base64::Engine as _;
            let data = account["account"]["data"][0].as_str().expect("a text");
            let data = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
            u64::from_le_bytes(data[64..72].try_into().expect("eight bytes"))
        };
        said["value"].as_array().expect("a list").iter().map(amount).sum()
    }

    /// Lets blocks pass.
    pub async fn blocks(&self, count: u64) {
        self.call("test_blocks", json!([count])).await;
    }

    /// Takes transactions from now on and loses them, or no longer.
    pub async fn lose(&self, loses: bool) {
        self.call("test_lose", json!([loses])).await;
    }

    /// Lets so many blocks pass that no transaction of now can land.
    pub async fn expire(&self) {
        self.call("test_expire", json!([])).await;
    }
}

impl Drop for Solana {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
