//! What the partner's and the organization's own tools see of a token.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Header, claims and signature, unchecked.
pub fn parts(token: &str) -> (Value, Value, Vec<u8>) {
    let parts: Vec<&str> = token.split('.').collect();
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let json = |part: &str| serde_json::from_slice(&bytes(part)).expect("JSON");
    (json(parts[0]), json(parts[1]), bytes(parts[2]))
}

/// What `jose` says of a token at a time: header and claims, or why not. It asks the issuer for the keys.
pub async fn jose(
    token: &str,
    issuer: &str,
    audience: &str,
    kind: &str,
    now: jiff::Timestamp,
) -> Result<Value, String> {
    let job = json!({ "token": token, "issuer": issuer, "audience": audience, "type": kind, "now": now.as_second() });
    let run = move || {
        let mut node = Command::new("node")
            .arg("tests/node/verify-token.mjs")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node is there, as `make test` sees to");
        let mut stdin = node.stdin.take().expect("a pipe");
        stdin.write_all(job.to_string().as_bytes()).expect("it reads");
        drop(stdin);
        node.wait_with_output().expect("it ends")
    };
    // It talks to the server in this very process.
    let output = tokio::task::spawn_blocking(run).await.expect("it runs");
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
    } else {
        Err(String::from_utf8(output.stderr).expect("UTF-8"))
    }
}
