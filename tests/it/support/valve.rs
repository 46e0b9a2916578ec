//! A node between the server and a chain that loses what it is told to lose, and remembers what it was sent.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use aboard_fakes::{Answer, Receiver, Reply, Request};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::anvil::Anvil;
use super::solana::Solana;

/// What a valve does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loses {
    Nothing,
    Everything,
    /// Transactions do not arrive; everything else does.
    Sends,
    /// Transactions arrive, and the answer does not.
    AnswersToSends,
    /// Transactions do not arrive, and are answered with these words.
    SendsSaying(&'static str),
    /// Transactions arrive, and nobody is shown a receipt.
    Receipts,
    /// Receipts name another sender.
    Senders,
    /// So many transactions are said to be on their way and before, whatever the chain has.
    Pending(u64),
    /// So many are said to be in the chain as well.
    Counts(u64),
    /// Tokens are said to have so many decimals.
    Decimals(u8),
}

/// The node.
pub struct Valve {
    receiver: Receiver,
    loses: Arc<Mutex<Loses>>,
    meanwhile: Arc<Mutex<Option<BoxFuture<'static, ()>>>>,
}

impl Valve {
    pub async fn before(chain: &Anvil) -> Self {
        Self::between(&chain.url, "eth_sendRawTransaction", -32000).await
    }

    pub async fn before_solana(chain: &Solana) -> Self {
        Self::between(&chain.url(), "sendTransaction", -32002).await
    }

    /// Before the chain at an address; how transactions are sent to it, and the code of a refusal.
    async fn between(url: &str, method: &'static str, code: i64) -> Self {
        let receiver = Receiver::start().await.expect("a free port");
        let loses = Arc::new(Mutex::new(Loses::Nothing));
        let meanwhile = Arc::new(Mutex::new(None));
        let next = Arc::clone(&meanwhile);
        let (now, address) = (
            Arc::clone(&loses),
            url.trim_start_matches("http://").trim_end_matches('/').to_owned(),
        );
        receiver.reply_with(move |request: &Request| {
            if let Some(work) = next.lock().expect("no test panicked here").take() {
                wait_for(work);
            }
            let loses = now.lock().expect("no test panicked here").clone();
            let call: Value = serde_json::from_slice(&request.body).expect("JSON");
            let sends = call["method"] == method;
            let tag = call["params"][1].clone();
            let counts = call["method"] == "eth_getTransactionCount";
            let receipts = call["method"] == "eth_getTransactionReceipt";
            let result =
                |result: Value| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }));
            match loses {
                Loses::Everything => Reply::Reset,
                Loses::Sends if sends => Reply::Reset,
                Loses::SendsSaying(words) if sends => {
                    let error = json!({ "code": code, "message": words });
                    Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })).into()
                }
                Loses::AnswersToSends if sends => {
                    forward(&address, &request.body);
                    Reply::Reset
                }
                Loses::Receipts if receipts => result(Value::Null).into(),
                Loses::Senders if receipts => {
                    let mut answer = forward(&address, &request.body);
                    answer["result"]["from"] = json!("0x2222222222222222222222222222222222222222");
                    Answer::json(200, &answer).into()
                }
                Loses::Pending(count) if counts && tag == "pending" => result(json!(format!("{count:#x}"))).into(),
                Loses::Decimals(decimals) if asks_decimals(&call) => {
                    let mut answer = forward(&address, &request.body);
                    say_decimals(&mut answer["result"], decimals);
                    Answer::json(200, &answer).into()
                }
                Loses::Counts(count) if counts => result(json!(format!("{count:#x}"))).into(),
                _ => Answer::json(200, &forward(&address, &request.body)).into(),
            }
        });
        Self {
            receiver,
            loses,
            meanwhile,
        }
    }

    /// What happens before the node answers the next call.
    pub fn before_the_next_answer(&self, work: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().expect("no test panicked here") = Some(Box::pin(work));
    }

    pub fn url(&self) -> String {
        self.receiver.url("/")
    }

    pub fn loses(&self, what: Loses) {
        *self.loses.lock().expect("no test panicked here") = what;
    }

    /// The transactions that came here, lost ones too.
    pub fn sent(&self) -> Vec<String> {
        self.asked("eth_sendRawTransaction")
            .iter()
            .map(|call| call["params"][0].as_str().expect("bytes").to_owned())
            .collect()
    }

    /// The calls of a method that came here, lost ones too.
    pub fn asked(&self, method: &str) -> Vec<Value> {
        let calls = self.receiver.requests().into_iter();
        let calls = calls.filter_map(|request| serde_json::from_slice::<Value>(&request.body).ok());
        calls.filter(|call| call["method"] == method).collect()
    }
}

/// `decimals()` of ERC-20, or an account of Solana, which may be a mint.
pub fn asks_decimals(call: &Value) -> bool {
    call["params"][0]["data"] == "0x313ce567" || call["method"] == "getAccountInfo"
}

fn say_decimals(result: &mut Value, decimals: u8) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    if result.is_string() {
        *result = json!(format!("0x{decimals:064x}"));
    } else if let Some(data) = result["value"]["data"][0].as_str() {
        let mut data = STANDARD.decode(data).expect("base64");
        if data.len() == 82 {
            data[44] = decimals;
        }
        result["value"]["data"][0] = json!(STANDARD.encode(data));
    }
}

/// Waits on this very thread; the server in this process goes on meanwhile.
fn wait_for(work: BoxFuture<'static, ()>) {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
}

/// Asks the chain itself; the thread waits.
fn forward(address: &str, body: &[u8]) -> Value {
    let mut stream = TcpStream::connect(address).expect("the chain listens");
    let head = format!(
        "POST / HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it is sent");
    stream.write_all(body).expect("it is sent");
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).expect("it answers");
    let text = String::from_utf8(whole).expect("UTF-8");
    let (_, answer) = text.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(answer.trim()).expect("JSON")
}
