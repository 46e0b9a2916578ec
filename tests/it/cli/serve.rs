//! `aboard serve`: refuses what is unsafe, prints no key, stops cleanly.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::place::{PATIENCE, Place};
use super::server::Server;

/// Everything that `serve` needs; `kek` is made by the test.
const GOOD: [&str; 11] = [
    "serve",
    "--json",
    "--listen",
    "127.0.0.1:0",
    "--set",
    "keys.file=kek",
    "--set",
    "server.public_url=http://127.0.0.1:1",
    "--set",
    "server.hosts=[]",
    "--data=data",
];

fn refused(place: &Place, more: &[&str], said: &str) {
    let text = place.fails(&[&GOOD[..], &["--set", "log.level=error"], more].concat());
    assert_eq!(text, format!("aboard: {said}\n"));
    assert!(!place.path("data").exists(), "nothing was begun");
}

#[test]
fn refuses_what_is_unsafe_before_it_begins() {
    let place = Place::new();
    place.works(&["keys", "init", "kek"]);
    refused(
        &place,
        &["--set", "server.public_url="],
        "server.public_url: `serve` needs the address that people use. Set it, like --set server.public_url=https://id.example.com",
    );
    refused(
        &place,
        &["--set", "server.public_url=http://id.example.com"],
        "server.public_url: http://id.example.com would send people's secrets in the clear. Write https://, and end TLS in a proxy in front; http:// is for loopback only.",
    );
    refused(
        &place,
        &["--set", "keys.file="],
        "keys.file: `serve` needs a key file. Make one with `aboard keys init FILE`, keep it apart from the data, and set keys.file.",
    );
    refused(
        &place,
        &["--set", "keys.file=./data/kek"],
        "keys.file: ./data/kek lies in the data directory, so a stolen backup would hold both. Move it elsewhere.",
    );
    refused(
        &place,
        &["--set", "store.sync=false"],
        "store.sync: without it a power cut can lose users who were told that they exist. Set store.sync=true.",
    );
    refused(
        &place,
        &["--set", "webhooks.sandbox_loopback=true"],
        "webhooks.sandbox_loopback: `serve` always has the guard on. List the networks that may be reached in webhooks.allow instead.",
    );
    // Several at once: each on a line of its own.
    let text = place.fails(&["serve"]);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.lines()
            .all(|line| line.contains("server.public_url: ") || line.contains("keys.file: ")),
        "{text}"
    );
}

#[test]
fn warns_of_what_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (place, _) = Place::with_organization();
    std::fs::set_permissions(place.path("kek"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let urls = r#"login.return_urls=["http://app.example.com/back"]"#;
    let server = Server::start(&place, &[&GOOD[..], &["--set", urls]].concat());
    server.logs("keys.file: every user of this machine may open kek. Run `chmod 600 kek`.");
    server.logs("login.return_urls: http://app.example.com/back would get people's codes in the clear.");
}

#[test]
fn refuses_a_key_file_of_another_store() {
    let (place, _) = Place::with_organization();
    place.works(&["keys", "init", "other"]);
    let text = place.fails(&[&GOOD[..], &["--set", "keys.file=other", "--set", "log.level=error"]].concat());
    assert!(
        text.starts_with("aboard: keys.file: this key (kek_") && text.contains(". Start with that key file\n"),
        "{text}"
    );
    let text = place.fails(&[&GOOD[..], &["--set", "keys.file=gone", "--set", "log.level=error"]].concat());
    assert!(
        text.starts_with("aboard: keys.file: cannot read gone, and this store was set up with kek_"),
        "{text}"
    );
    assert!(!place.path("gone").exists(), "serve never makes a key file");
}

#[test]
fn prints_where_it_is_and_no_key() {
    let place = Place::new();
    place.works(&["keys", "init", "kek"]);
    let server = Server::start(&place, &GOOD);
    let names: Vec<_> = server.ready.as_object().unwrap().keys().collect();
    assert_eq!(names, ["url", "metrics_url", "database"]);
    assert_eq!(
        place.json(&["orgs", "list"])["organizations"],
        serde_json::json!([]),
        "serve makes no organization"
    );
    assert!(!place.path("data/dev.key").exists() && !place.path("data/dev-keys.json").exists());
    server.logs("\"ready\"");
    assert_eq!(server.stop(), (Some(0), Vec::<String>::new()));
    assert!(!place.path("data/aboard.sock").exists(), "the socket is gone");
}

#[test]
fn a_stop_lets_a_running_request_finish() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (address, key) = (server.address(), server.sandbox("partner_key"));
    let body = r#"{"partner_user_id":"nobody"}"#;
    let head = format!(
        "POST /api/v1/embedded_check_user HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nExpect: 100-continue\r\nX-PARTNER-API-KEY: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // The handler waits for the body now.
    let mut first = [0; 25];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.terminate();
    server.logs("stopping: running requests are finished first");
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(server.wait(), (Some(0), Vec::<String>::new()));
}

#[test]
fn refuses_data_that_others_may_look_into() {
    use std::os::unix::fs::PermissionsExt as _;
    let (place, _) = Place::with_organization();
    let directory = place.path("data");
    let open = |mode| std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
    let arguments = [&GOOD[..], &["--set", "log.level=error"]].concat();
    open(0o750);
    assert_eq!(
        place.fails(&arguments),
        "aboard: store.url: other users may look into data (mode 0750). Run `chmod 700 data`, or name another with --data DIR.\n"
    );
    open(0o700);
    let server = Server::start(&place, &arguments);
    let second = place.fails(&arguments);
    assert!(
        second.starts_with("aboard: store.url: a server is running on data/aboard.db (process "),
        "{second}"
    );
    // Commands go on beside it.
    assert_eq!(
        place.json(&["orgs", "list"])["organizations"].as_array().unwrap().len(),
        1
    );
    assert_eq!(server.stop().0, Some(0));
}
