//! A server that runs, and a client for it that knows no more HTTP than it needs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use serde_json::Value;

use super::place::{PATIENCE, Place, end, lines};

/// `aboard dev` or `aboard serve`, ended with the test.
pub struct Server {
    child: Child,
    out: Receiver<String>,
    log: Receiver<String>,
    /// What it printed when it was ready.
    pub ready: Value,
}

impl Server {
    /// Starts `aboard dev --listen 127.0.0.1:0 --json` with more arguments.
    pub fn dev(place: &Place, more: &[&str]) -> Self {
        Self::dev_with(place, more, &[])
    }

    /// The same with something in its environment.
    pub fn dev_with(place: &Place, more: &[&str], environment: &[(&str, &str)]) -> Self {
        // Tests ask more often than a sandbox allows.
        let arguments = [
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--set",
            "limits.sandbox_per_minute=1000000",
        ];
        Self::start_with(place, &[&arguments, more].concat(), environment)
    }

    /// Starts a server with `--json` and waits until it is ready.
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::start_with(place, arguments, &[])
    }

    fn start_with(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = place.command(arguments);
        let mut child = command.envs(environment.iter().copied()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let log = lines(child.stderr.take().unwrap());
        let Ok(line) = out.recv_timeout(PATIENCE) else {
            end(&mut child);
            panic!("{arguments:?} did not start: {:?}", log.iter().collect::<Vec<_>>());
        };
        Self {
            child,
            out,
            log,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    /// Where it listens, as `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        self.url().strip_prefix("http://").unwrap()
    }

    /// A key of the sandbox by its name in the ready line.
    pub fn sandbox(&self, name: &str) -> &str {
        self.ready["sandbox"][name].as_str().unwrap()
    }

    /// Waits for a line of the log that holds a text.
    pub fn logs(&self, text: &str) {
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return,
                Ok(_) => {}
                Err(error) => panic!("no line with {text:?} in the log: {error}"),
            }
        }
    }

    /// Sends SIGTERM and waits; answers the exit code and what else was printed since the ready line.
    pub fn stop(self) -> (Option<i32>, Vec<String>) {
        self.terminate();
        self.wait()
    }

    /// Waits for the end of a server that was told to stop.
    pub fn wait(mut self) -> (Option<i32>, Vec<String>) {
        let mut printed = Vec::new();
        loop {
            match self.out.recv_timeout(PATIENCE) {
                Ok(line) => printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server did not stop"),
            }
        }
        (self.child.wait().unwrap().code(), printed)
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Kills it, as a power cut would.
    pub fn kill(mut self) {
        end(&mut self.child);
    }

    /// Sends a request with one header; answers the status and the body.
    pub fn ask(&self, method: &str, path: &str, header: (&str, &str), body: &Value) -> (u16, Value) {
        let address = self.address();
        let (name, value) = header;
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{name}: {value}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// The status that a partner key is answered with: 404 (no such user) if it is good, 401 if not.
    pub fn status_of_partner_key(&self, key: &str) -> u16 {
        let body = serde_json::json!({ "partner_user_id": "nobody" });
        let path = "/api/v1/embedded_check_user";
        self.ask("POST", path, ("X-PARTNER-API-KEY", key), &body).0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
