//! Commands beside a running server, and its local socket.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use aboard::clock::Stopwatch;
use serde_json::{Value, json};

use super::place::{PATIENCE, Place};
use super::server::Server;

const SOCKET: &str = "data/aboard.sock";

fn send(place: &Place, line: &[u8]) -> Value {
    let mut stream = UnixStream::connect(place.path(SOCKET)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may hang up before it has read everything.
    let _ = stream.write_all(line);
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_revoked_key_fails_at_once() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    for _ in 0..20 {
        let made = place.json(&["partners", "create", "--environment", "sandbox", "Acme"]);
        let key = made["partner_key"].as_str().unwrap();
        assert_eq!(server.status_of_partner_key(key), 404, "a new key works at once");
        place.works(&["keys", "revoke", made["key_id"].as_str().unwrap()]);
        assert_eq!(server.status_of_partner_key(key), 401, "a revoked key fails at once");
    }
    let made = place.json(&["partners", "create", "--environment", "sandbox", "Acme"]);
    let rotated = place.json(&["keys", "rotate", made["key_id"].as_str().unwrap(), "--overlap", "0s"]);
    assert_eq!(server.status_of_partner_key(made["partner_key"].as_str().unwrap()), 401);
    assert_eq!(server.status_of_partner_key(rotated["key"].as_str().unwrap()), 404);
    place.works(&["partners", "revoke", made["id"].as_str().unwrap()]);
    assert_eq!(server.status_of_partner_key(rotated["key"].as_str().unwrap()), 401);
    server.logs(r#""command":"revoke_partner""#);
}

#[test]
fn a_new_organization_signs_tokens_at_once() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let made = place.json(&["orgs", "create", "Second"]);
    let path = format!(
        "/e/{}/.well-known/jwks.json",
        made["environments"]["production"].as_str().unwrap()
    );
    let (status, keys) = server.ask("GET", &path, ("accept", "application/json"), &Value::Null);
    assert_eq!((status, keys["keys"].as_array().map(Vec::len)), (200, Some(1)));
}

#[test]
fn needs_no_key_file_and_reports_errors_as_its_own() {
    let place = Place::new();
    let _server = Server::dev(&place, &[]);
    // The server has the key: a command that could not open the store by itself works all the same.
    assert_eq!(
        place.json(&["orgs", "list", "--set", "keys.file=gone"])["organizations"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        place.fails(&["partners", "list", "--environment", "staging"]),
        "aboard: --environment: write sandbox, production or an id like env_…, which `aboard orgs list` shows\n"
    );
    assert_eq!(
        place.works(&["migrate"]),
        "Nothing to do: the schema of sqlite:data/aboard.db is up to date.\n"
    );
}

#[test]
fn is_private_replaced_when_stale_and_gone_at_the_end() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    assert_eq!(place.mode(SOCKET), 0o600);
    // A second server on the same data is refused, and leaves this one's alone.
    assert!(
        place
            .fails(&["dev", "--listen", "127.0.0.1:0", "--set", "log.level=error"])
            .contains("is running on")
    );
    assert!(place.path(SOCKET).exists());
    server.kill();
    assert!(place.path(SOCKET).exists(), "a killed server leaves its socket behind");
    place.works(&["orgs", "list"]);
    let server = Server::dev(&place, &[]);
    assert!(UnixStream::connect(place.path(SOCKET)).is_ok());
    assert_eq!(server.stop().0, Some(0));
    assert!(!place.path(SOCKET).exists());
}

#[test]
fn a_file_of_its_name_is_left_alone() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    place.write(SOCKET, "mine");
    let server = Server::dev(&place, &[]);
    server.logs("a file that is no socket has its name");
    assert_eq!(
        place.json(&["orgs", "list"])["organizations"].as_array().unwrap().len(),
        1
    );
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(std::fs::read_to_string(place.path(SOCKET)).unwrap(), "mine");
}

#[test]
fn requests_are_bounded_and_checked() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let failed = |answer: Value| answer["failed"][0].as_str().unwrap().to_owned();
    assert_eq!(failed(send(&place, b"nonsense\n")), "the request cannot be read");
    assert_eq!(
        failed(send(&place, &vec![b'x'; 70_000])),
        "the request is cut off or longer than 65536 bytes"
    );
    let unknown = json!({ "version": "9.9.9", "command": { "do": "fly" } });
    assert_eq!(
        failed(send(&place, format!("{unknown}\n").as_bytes())),
        format!(
            "the running server is version {} and does not know this command of version 9.9.9; restart the server with the new version",
            env!("CARGO_PKG_VERSION")
        )
    );
    // Nobody can hold it up: more idle connections than are served at once, then a command.
    let idle: Vec<_> = (0..10)
        .map(|_| UnixStream::connect(place.path(SOCKET)).unwrap())
        .collect();
    place.works(&["orgs", "list"]);
    drop(idle);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_path_too_long_for_a_socket_means_none_and_still_works() {
    let place = Place::new();
    let data = format!("data/{}", "long".repeat(30));
    let server = Server::dev(&place, &["--data", &data]);
    server.logs("no local socket: ");
    let made = place.json(&[
        "partners",
        "create",
        "--environment",
        "sandbox",
        "Acme",
        "--data",
        &data,
    ]);
    let key = made["partner_key"].as_str().unwrap();
    assert_eq!(server.status_of_partner_key(key), 404);
    place.works(&["keys", "revoke", made["key_id"].as_str().unwrap(), "--data", &data]);
    // Another process wrote: the server sees it within 2 s (twice that here, for a machine under load).
    let watch = Stopwatch::start();
    while server.status_of_partner_key(key) != 401 {
        assert!(watch.elapsed() < Duration::from_secs(4), "still good");
    }
    assert_eq!(server.stop().0, Some(0));
}
