//! A node between the server and a chain that loses what it is told to lose, and remembers what it was sent.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use aboard_fakes::{Answer, Receiver, Reply, Request};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::anvil::Anvil;

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
}

/// The node.
pub struct Valve {
    receiver: Receiver,
    loses: Arc<Mutex<Loses>>,
    meanwhile: Arc<Mutex<Option<BoxFuture<'static, ()>>>>,
}

impl Valve {
    pub async fn before(chain: &Anvil) -> Self {
        let receiver = Receiver::start().await.expect("a free port");
        let loses = Arc::new(Mutex::new(Loses::Nothing));
        let meanwhile = Arc::new(Mutex::new(None));
        let next = Arc::clone(&meanwhile);
        let (now, address) = (Arc::clone(&loses), chain.url.trim_start_matches("http://").to_owned());
        receiver.reply_with(move |request: &Request| {
            if let Some(work) = next.lock().expect("no test panicked here").take() {
                wait_for(work);
            }
            let loses = now.lock().expect("no test panicked here").clone();
            let call: Value = serde_json::from_slice(&request.body).expect("JSON");
            let sends = call["method"] == "eth_sendRawTransaction";
            match loses {
                Loses::Everything => Reply::Reset,
                Loses::Sends if sends => Reply::Reset,
                Loses::SendsSaying(words) if sends => {
                    let error = json!({ "code": -32000, "message": words });
                    Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })).into()
                }
                Loses::AnswersToSends if sends => {
                    forward(&address, &request.body);
                    Reply::Reset
                }
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
