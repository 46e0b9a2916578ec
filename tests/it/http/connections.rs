//! However many connections somebody opens, others find a place.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;

on_both! {
    an_address_with_its_share_is_closed_until_one_of_its_own_ends,
    a_trusted_proxy_shares_only_the_whole,
    half_requests_shut_nobody_out,
}

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that the server has answered on, and that stays open; none if it was closed.
async fn connect(app: &TestApp) -> Option<TcpStream> {
    let host = app.app.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("the system takes it");
    let ask = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
    // A server that has closed may not take all of it.
    let _ = stream.write_all(ask.as_bytes()).await;
    let mut first = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("in time");
    read.ok().map(|_| stream)
}

/// As many as are taken, of at most twenty.
async fn fill(app: &TestApp) -> Vec<TcpStream> {
    let mut open = Vec::new();
    while open.len() < 20
        && let Some(stream) = connect(app).await
    {
        open.push(stream);
    }
    open
}

async fn metrics(app: &TestApp) -> String {
    let url = app.app.metrics_url.as_deref().expect("metrics are on");
    let base = url.strip_suffix("/metrics").expect("its path");
    Client::new(base).get("/metrics").await.text().to_owned()
}

async fn an_address_with_its_share_is_closed_until_one_of_its_own_ends(engine: Engine) {
    let app = TestApp::with(engine, &[("server.connections_per_address", "3")]).await;
    let mut open = fill(&app).await;
    assert_eq!(open.len(), 3);
    let told = metrics(&app).await;
    assert!(told.contains("aboard_connections{listener=\"server\"} 3"), "{told}");
    let refused = "aboard_connections_refused_total{listener=\"server\",full=\"address\"} 1";
    assert!(told.contains(refused), "{told}");
    open.pop();
    // The server has to see the end first.
    let again = timeout(PATIENCE, async {
        loop {
            if let Some(stream) = connect(&app).await {
                break stream;
            }
        }
    });
    open.push(again.await.expect("there is a place again"));
    assert!(connect(&app).await.is_none());
}

async fn a_trusted_proxy_shares_only_the_whole(engine: Engine) {
    let settings = [
        ("server.connections", "8"),
        ("server.connections_per_address", "2"),
        ("server.trusted_proxies", "[\"127.0.0.0/8\"]"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let open = fill(&app).await;
    assert_eq!(open.len(), 8);
    let told = metrics(&app).await;
    let refused = "aboard_connections_refused_total{listener=\"server\",full=\"all\"} 1";
    assert!(told.contains(refused), "{told}");
}

/// From another address of this machine.
async fn connect_from(app: &TestApp, from: &str, ask: &str) -> TcpStream {
    let host: SocketAddr = app.app.url.trim_start_matches("http://").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(format!("{from}:0").parse().expect("an address"))
        .expect("it is ours");
    let mut stream = socket.connect(host).await.expect("the system takes it");
    let ask = ask.replace("{host}", &host.to_string());
    // A server that has closed may not take all of it.
    let _ = stream.write_all(ask.as_bytes()).await;
    stream
}

async fn half_requests_shut_nobody_out(engine: Engine) {
    let settings = [("server.connections", "8"), ("server.connections_per_address", "4")];
    let app = TestApp::with(engine, &settings).await;
    // Half a head, and a head with half a body.
    let halves = [
        "POST /api/v1/login HTTP/1.1\r\nHost: {host}\r\nX-Half: ",
        "POST /api/v1/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ];
    let mut held = Vec::new();
    for from in ["127.0.0.2", "127.0.0.3"] {
        for half in halves.iter().cycle().take(4) {
            held.push(connect_from(&app, from, half).await);
        }
    }
    for _ in 0..2 {
        let ask = "GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n";
        let mut one = connect_from(&app, "127.0.0.9", ask).await;
        let mut first = [0; 12];
        let read = timeout(PATIENCE, one.read_exact(&mut first)).await.expect("in time");
        read.expect("there is a place");
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(one);
    }
}
