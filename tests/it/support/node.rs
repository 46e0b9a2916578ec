//! What other people's libraries say, asked in Node.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

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

/// A program of `tests/node` that answers one line of JSON with another. Dropping it ends it.
pub struct Node {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    /// Starts a program of `tests/node`.
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new("node")
            .arg(format!("tests/node/{program}"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there, as `make test` sees to");
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, stdin, lines }
    }

    /// One job; the server in this very process goes on meanwhile.
    pub fn say(&mut self, job: &Value) -> Value {
        let stdin = self.stdin.as_mut().expect("a pipe");
        tokio::task::block_in_place(|| {
            writeln!(stdin, "{job}").expect("it reads");
            let line = self.lines.next().expect("it answers").expect("a line");
            serde_json::from_str(&line).expect("JSON")
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
