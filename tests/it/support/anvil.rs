//! A real chain of one's own: anvil, one process for the test that starts it, on a free port, ended with the test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aboard::chains::evm::wire::hex;
use serde_json::{Value, json};

use super::client::plain_http;

/// The chain id of `ethereum-sepolia`.
pub const SEPOLIA: u64 = 11_155_111;
/// Anvil's first account: it has 10,000 coins, and anvil signs for it.
pub const RICH: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// The setting that an anvil's address goes into.
pub const ENDPOINTS: &str = "networks.ethereum-sepolia.endpoints";

/// The chain; it ends when this is dropped.
pub struct Anvil {
    child: Child,
    pub url: String,
    http: reqwest::Client,
}

impl Anvil {
    /// A chain that calls itself Sepolia and makes a block for each transaction.
    pub fn start() -> Self {
        Self::with(&["--chain-id", &SEPOLIA.to_string()])
    }

    /// A chain with arguments of one's own, such as `--no-mining`.
    pub fn with(arguments: &[&str]) -> Self {
        let mut child = Command::new(program())
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil is there, as `make test` sees to");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let listening = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.trim().strip_prefix("Listening on ")?.to_owned()));
        let address = listening.expect("anvil says where it listens");
        // It writes a line for each call: somebody has to read them.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            url: format!("http://{address}"),
            http: plain_http().build().expect("a client"),
        }
    }

    /// What the chain answers to a call.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let said = self.say(method, &params).await;
        assert_eq!(said.get("error"), None, "{method} {params}: {said}");
        said["result"].clone()
    }

    async fn say(&self, method: &str, params: &Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let call = self.http.post(&self.url).header("content-type", "application/json");
        let answer = call.body(body.to_string()).send().await.expect("it answers");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// Gives an account so many wei.
    pub async fn fund(&self, account: &str, wei: u128) {
        self.ask("anvil_setBalance", json!([account, format!("{wei:#x}")]))
            .await;
    }

    /// What an account has, in wei.
    pub async fn balance(&self, account: &str) -> u128 {
        number(&self.ask("eth_getBalance", json!([account, "latest"])).await)
    }

    /// Makes so many blocks.
    pub async fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// The receipt of a transaction, as soon as its block is made.
    pub async fn mined(&self, hash: &str) -> Value {
        // Each question takes the chain about a millisecond: it has half a minute.
        for _ in 0..30_000 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                return receipt;
            }
        }
        panic!("{hash} is in no block");
    }

    /// A transaction of the rich account, until it stands in a block; answers its receipt.
    pub async fn does(&self, transaction: Value) -> Value {
        self.mined(&self.send(transaction).await).await
    }

    /// A transaction of the rich account, which may still wait for its block; answers its hash.
    pub async fn send(&self, transaction: Value) -> String {
        let mut transaction = transaction;
        transaction["from"] = RICH.into();
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        hash.as_str().expect("a hash").to_owned()
    }

    /// Makes a contract of `OpenZeppelin`'s with the words of its constructor; answers its address.
    pub async fn deploy(&self, contract: &str, words: &str) -> String {
        let path = packages().join(format!("@openzeppelin/contracts/build/contracts/{contract}.json"));
        let artefact = std::fs::read(path).expect("the contract is there");
        let artefact: Value = serde_json::from_slice(&artefact).expect("JSON");
        let code = artefact["bytecode"].as_str().expect("bytecode");
        let receipt = self.does(json!({ "data": format!("{code}{words}") })).await;
        assert_eq!(receipt["status"], "0x1", "{contract}: {receipt}");
        receipt["contractAddress"].as_str().expect("an address").to_owned()
    }

    /// A token of ERC-20 with 18 decimals, of which `owner` has all the units.
    pub async fn erc20(&self, symbol: &str, units: u128, owner: &str) -> String {
        let head = [word(0x80), word(0xc0), word(units), address_word(owner)].concat();
        let words = format!("{head}{}{}", text_words("A token"), text_words(symbol));
        self.deploy("ERC20PresetFixedSupply", &words).await
    }

    /// A collection of ERC-721 in which the tokens from 0 on belong to `owner`.
    pub async fn erc721(&self, tokens: u32, owner: &str) -> String {
        let head = [word(0x60), word(0xa0), word(0xe0)].concat();
        let words = format!(
            "{head}{}{}{}",
            text_words("Things"),
            text_words("THING"),
            text_words("x")
        );
        let contract = self.deploy("ERC721PresetMinterPauserAutoId", &words).await;
        for _ in 0..tokens {
            let mint = format!("0x6a627842{}", address_word(owner));
            self.does(json!({ "to": contract, "data": mint })).await;
        }
        contract
    }

    /// A collection of ERC-1155: (token, how many of it `owner` has).
    pub async fn erc1155(&self, tokens: &[(u128, u128)], owner: &str) -> String {
        let words = format!("{}{}", word(0x20), text_words("x"));
        let contract = self.deploy("ERC1155PresetMinterPauser", &words).await;
        for (token, amount) in tokens {
            let arguments = [address_word(owner), word(*token), word(*amount), word(0x80), word(0)].concat();
            self.does(json!({ "to": contract, "data": format!("0x731133e9{arguments}") }))
                .await;
        }
        contract
    }

    /// Puts a contract at an address that answers each of these calls (the first four bytes) with these bytes, whatever
    /// their arguments, and fails on all others.
    pub async fn answering(&self, at: &str, answers: &[([u8; 4], &[u8])]) {
        self.ask("anvil_setCode", json!([at, hex(&code_answering(answers))]))
            .await;
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn packages() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/node_modules"))
}

/// The program itself, as `make test` found it: the script in front of it would leave it running.
fn program() -> PathBuf {
    match std::env::var_os("ABOARD_ANVIL") {
        Some(found) => found.into(),
        None => packages().join("@foundry-rs/anvil-linux-amd64/bin/anvil"),
    }
}

/// A quantity as a number.
pub fn number(quantity: &Value) -> u128 {
    let text = quantity.as_str().expect("a quantity");
    u128::from_str_radix(text.trim_start_matches("0x"), 16).expect("hex")
}

/// 32 bytes of a number, in hex.
pub fn word(number: u128) -> String {
    format!("{number:064x}")
}

fn address_word(address: &str) -> String {
    format!("{:0>64}", address.trim_start_matches("0x").to_lowercase())
}

fn text_words(text: &str) -> String {
    let bytes = hex(text.as_bytes());
    format!("{}{:0<64}", word(text.len() as u128), &bytes[2..])
}

fn code_answering(answers: &[([u8; 4], &[u8])]) -> Vec<u8> {
    // The selector on the stack: PUSH1 0 CALLDATALOAD PUSH1 e0 SHR.
    let mut code = vec![0x60, 0, 0x35, 0x60, 0xe0, 0x1c];
    let blocks_from = code.len() + answers.len() * 11 + 5;
    let mut blocks = Vec::new();
    for (selector, answer) in answers {
        let here = u16::try_from(blocks_from + blocks.len()).expect("short");
        // DUP1 PUSH4 selector EQ PUSH2 block JUMPI.
        code.extend([0x80, 0x63]);
        code.extend(selector);
        code.extend([0x14, 0x61]);
        code.extend(here.to_be_bytes());
        code.push(0x57);
        blocks.push(0x5b);
        for (at, chunk) in answer.chunks(32).enumerate() {
            let mut word = [0; 32];
            word[..chunk.len()].copy_from_slice(chunk);
            // PUSH32 word PUSH2 place MSTORE.
            blocks.push(0x7f);
            blocks.extend(word);
            blocks.push(0x61);
            blocks.extend(u16::try_from(32 * at).expect("short").to_be_bytes());
            blocks.push(0x52);
        }
        // PUSH2 length PUSH1 0 RETURN.
        blocks.push(0x61);
        blocks.extend(u16::try_from(answer.len()).expect("short").to_be_bytes());
        blocks.extend([0x60, 0, 0xf3]);
    }
    // PUSH1 0 PUSH1 0 REVERT.
    code.extend([0x60, 0, 0x60, 0, 0xfd]);
    code.extend(blocks);
    code
}
