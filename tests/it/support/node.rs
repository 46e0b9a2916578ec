//! What other people's libraries say, asked in Node.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a script of `tests/node` on a job; answers what it printed, or why it failed.
pub fn node(script: &str, job: &Value) -> Result<String, String> {
    let mut node = Command::new("node")
        .arg(format!("tests/node/{script}"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is there, as `make test` sees to");
    let mut stdin = node.stdin.take().expect("a pipe");
    stdin.write_all(job.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = node.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}
