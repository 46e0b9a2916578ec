//! The node on a free port of this machine: it prints its address, and ends with its standard input, so that it never
//! outlives the test that started it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use aboard_solana_node::{Node, RpcError};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    std::thread::spawn(|| {
        // Read until whoever started this closes it, or is gone.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let mut node = Node::new();
    println!("http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    for stream in listener.incoming() {
        // A caller that went away is no reason to stop.
        let _ = stream.and_then(|stream| serve(&mut node, stream));
    }
    Ok(())
}

/// Answers one request and closes the connection.
fn serve(node: &mut Node, stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut answer = json!({ "jsonrpc": "2.0", "id": asked["id"] });
    match node.call(asked["method"].as_str().unwrap_or_default(), &asked["params"]) {
        Ok(result) => answer["result"] = result,
        Err(RpcError(code, message, data)) => answer["error"] = json!({ "code": code, "message": message, "data": data }),
    }
    let body = answer.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    reader.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat())
}
