//! JSON-RPC 2.0, as the nodes of evm and solana speak it.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::endpoints::{Ask, Endpoints, Identity, Missed, Problem, Reply, words};

const INTERNAL: i64 = -32603;
/// The code of a call that a contract refused.
const REVERTED: i64 = 3;
/// What a node says when it could not do its work, so that another one may: an internal error, too many requests, a
/// limit.
const CANNOT_NOW: &[i64] = &[INTERNAL, -32005, -32016, -32029, -32097, -32098, -32099, 429];
/// The same in words, for the code that says nothing.
const TROUBLES: &[&str] = &[
    "header not found",
    "missing trie node",
    "rate limit",
    "too many requests",
    "timeout",
    "timed out",
    "capacity",
];
/// Words of the chain's own no.
const VERDICTS: &[&str] = &["revert", "nonce", "insufficient", "underpriced", "known", "fee", "gas"];

#[derive(serde::Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Value,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    id: u64,
    ask: Ask,
}

impl Call {
    /// A call of a method with its parameters, a list.
    #[must_use]
    pub fn new(id: u64, method: &str, params: &Value) -> Self {
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        Self {
            id,
            ask: Ask::json(body.to_string()),
        }
    }

    /// As it is sent.
    #[must_use]
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// The result; `null` where the node says `null`.
    ///
    /// # Errors
    /// [`Problem::Refused`] with the node's error; [`Problem::Down`] for what is no JSON-RPC, or says that this node cannot
    /// answer now; [`Problem::Lied`] for the answer to another call.
    pub fn result(&self, reply: &Reply) -> Result<Value, Problem> {
        let envelope: Option<Envelope> = reply.json()?;
        let envelope = envelope.ok_or_else(|| {
            let status = reply.status;
            Problem::Down(format!("status {status} and no JSON-RPC"))
        })?;
        if !envelope.error.is_null() {
            return Err(refusal(&envelope.error));
        }
        if envelope.id == json!(self.id) {
            return Ok(envelope.result);
        }
        Err(match reply.status {
            200 => Problem::Lied("the answer to another call".to_owned()),
            status => Problem::Down(format!("status {status}")),
        })
    }
}

fn refusal(error: &Value) -> Problem {
    let code = error["code"].as_i64().unwrap_or_default();
    let reason = words(error["message"].as_str().unwrap_or_default());
    let lower = reason.to_ascii_lowercase();
    // The words of a contract are anybody's, and say nothing about the node.
    if code == REVERTED || lower.starts_with("execution reverted") {
        return Problem::Refused { code, reason };
    }
    // Some nodes say "internal error" of what the chain itself refuses.
    let is_verdict = code == INTERNAL && VERDICTS.iter().any(|word| lower.contains(word));
    let is_trouble = TROUBLES.iter().any(|word| lower.contains(word));
    if is_trouble || (CANNOT_NOW.contains(&code) && !is_verdict) {
        return Problem::Down(format!("the node says {code}: {reason}"));
    }
    Problem::Refused { code, reason }
}

/// The client of nodes that speak JSON-RPC. Cheap to clone.
#[derive(Clone)]
pub struct Rpc {
    /// The nodes.
    pub endpoints: Endpoints,
    identity: std::sync::Arc<Identity>,
}

impl Rpc {
    /// A client of nodes that show what they are by this call: `is` says what is wrong with the result.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        method: &str,
        is: impl Fn(&Value) -> Result<(), Problem> + Send + Sync + 'static,
    ) -> Self {
        let call = Call::new(endpoints.next_call(), method, &json!([]));
        let identity = Identity {
            ask: call.ask().clone(),
            is: Box::new(move |reply| is(&call.result(reply)?)),
        };
        Self {
            endpoints,
            identity: identity.into(),
        }
    }

    /// Asks the nodes in turn. `read` turns the result into what was asked for; a result that it does not take is a lie.
    ///
    /// # Errors
    /// As [`Endpoints::ask`].
    pub async fn ask<T>(&self, method: &str, params: &Value, read: impl Fn(&Value) -> Option<T>) -> Result<T, Problem> {
        let call = Call::new(self.endpoints.next_call(), method, params);
        let read = |reply: &Reply| {
            let result = call.result(reply)?;
            read(&result).ok_or_else(|| nonsense(method))
        };
        self.endpoints.ask(&self.identity, call.ask(), read).await
    }

    /// Asks one node, by its place in the list.
    pub(super) async fn ask_at<T>(
        &self,
        place: usize,
        method: &str,
        params: &Value,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, Problem> {
        let call = Call::new(self.endpoints.next_call(), method, params);
        let read = |reply: &Reply| {
            let result = call.result(reply)?;
            read(&result).ok_or_else(|| nonsense(method))
        };
        self.endpoints.ask_at(place, &self.identity, call.ask(), read).await
    }

    /// Tells all nodes the same at once: as [`Endpoints::tell_all`].
    pub(super) fn tell_all<T: Send + 'static>(
        &self,
        method: &'static str,
        params: &Value,
        read: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
    ) -> mpsc::Receiver<Result<T, Missed>> {
        let call = Call::new(self.endpoints.next_call(), method, params);
        let ask = call.ask().clone();
        let read = move |reply: &Reply| {
            let result = call.result(reply)?;
            read(&result).ok_or_else(|| nonsense(method))
        };
        self.endpoints.tell_all(&self.identity, &ask, read)
    }

    /// What two nodes say alike, where there are two: for an answer that nothing else would show to be a lie. `what` names
    /// it. Two that refuse say the same, in whatever words.
    ///
    /// # Errors
    /// The refusal; [`Problem::Lied`] where several answer and no two alike; [`Problem::Down`] where one alone answers.
    pub(super) async fn agreed<T: PartialEq + Send + 'static>(
        &self,
        what: &str,
        method: &'static str,
        params: &Value,
        read: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
    ) -> Result<T, Problem> {
        if self.endpoints.count() < 2 {
            return self.ask(method, params, read).await;
        }
        let mut heard = self.tell_all(method, params, read);
        let (mut said, mut worst) = (Vec::new(), Problem::Down("no two nodes answer".to_owned()));
        while let Some(answer) = heard.recv().await {
            match answer.map_err(Problem::from) {
                Err(problem @ Problem::Lied(_)) => worst = problem,
                Err(problem @ Problem::Down(_)) => {
                    if !matches!(worst, Problem::Lied(_)) {
                        worst = problem;
                    }
                }
                settled => {
                    if said.iter().any(|other| alike(&settled, other)) {
                        return settled;
                    }
                    said.push(settled);
                }
            }
        }
        if said.len() > 1 {
            worst = Problem::Lied(format!("no two of them say the same of {what}"));
        }
        Err(worst)
    }
}

fn alike<T: PartialEq>(one: &Result<T, Problem>, other: &Result<T, Problem>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

fn nonsense(method: &str) -> Problem {
    Problem::Lied(format!("a result of {method} that cannot be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: u16, body: &str) -> Result<Value, Problem> {
        let call = Call::new(7, "eth_chainId", &json!([]));
        call.result(&Reply {
            status,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn a_result_is_read_and_a_refusal_told_from_a_node_that_cannot() {
        assert_eq!(
            result(200, r#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#),
            Ok(json!("0x1"))
        );
        assert_eq!(result(200, r#"{"id":7,"result":null,"error":null}"#), Ok(Value::Null));
        let refused = |code, reason: &str| {
            let reason = reason.to_owned();
            Err(Problem::Refused { code, reason })
        };
        // Nodes that cannot read a call answer no id.
        let body = r#"{"id":7,"error":{"code":-32603,"message":"nonce too low"}}"#;
        assert_eq!(result(200, body), refused(-32603, "nonce too low"));
        let body = r#"{"id":null,"error":{"code":3,"message":"execution\nreverted"}}"#;
        assert_eq!(result(400, body), refused(3, "execution reverted"));
        assert_eq!(result(200, r#"{"id":7,"error":{}}"#), refused(0, "no reason given"));
        // What a contract says is no word of the node's about itself.
        for (code, said) in [
            (3, "execution reverted: capacity reached"),
            (3, "rate limit"),
            (-32000, "execution reverted: too many requests"),
            (-32603, "Execution reverted: timeout"),
        ] {
            let body = json!({ "id": 7, "error": { "code": code, "message": said } }).to_string();
            assert_eq!(result(200, &body), refused(code, said));
        }
        for (status, body) in [
            (200, r#"{"id":7,"error":{"code":-32005,"message":"limit exceeded"}}"#),
            (200, r#"{"id":7,"error":{"code":-32603,"message":"Internal error"}}"#),
            (200, r#"{"id":7,"error":{"code":-32000,"message":"header not found"}}"#),
            (502, "<html>bad gateway</html>"),
            (200, ""),
            (429, "{}"),
        ] {
            assert!(matches!(result(status, body), Err(Problem::Down(_))), "{body}");
        }
        assert!(matches!(
            result(200, r#"{"id":8,"result":"0x1"}"#),
            Err(Problem::Lied(_))
        ));
    }

    #[test]
    fn a_nodes_words_are_made_harmless() {
        assert_eq!(words("a\r\nb\u{0}\u{202e}c"), "a  bc");
        assert_eq!(words(&"x".repeat(1_000)).len(), 200);
    }
}
