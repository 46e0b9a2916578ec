//! What the partner's and the organization's own tools see of a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::node::node;

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
    // It talks to the server in this very process.
    let run = tokio::task::spawn_blocking(move || node("verify-token.mjs", &job));
    let said = run.await.expect("it runs")?;
    Ok(serde_json::from_str(&said).expect("JSON"))
}
