//! `aboard doctor`.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::place::Place;
use super::server::Server;
use crate::support::anvil::{Anvil, ENDPOINTS};

/// The doctor's verdict, and the names of what is wrong.
fn doctor(place: &Place, more: &[&str]) -> (Option<i32>, Vec<String>, Value) {
    let ended = place.run(&[&["doctor", "--json"], more].concat());
    assert_eq!(ended.err, "", "{more:?}");
    assert_eq!(ended.out.lines().count(), 1);
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let wrong = checks.iter().filter(|check| check["ok"] == false);
    let wrong: Vec<_> = wrong.map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(answer["ok"], wrong.is_empty());
    for check in checks {
        assert_eq!(check["advice"].is_null(), check["ok"] == true, "{check}");
    }
    (ended.code, wrong, answer)
}

#[test]
fn finds_a_running_dev_server_well() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    // Nobody has to say where it is: the default address is another.
    let (code, wrong, answer) = doctor(&place, &[]);
    assert_eq!((code, wrong), (Some(0), vec![]), "{answer}");
    let names: Vec<_> = answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "configuration",
            "key file",
            "data rights",
            "store",
            "durability",
            "clock",
            "schema",
            "canary",
            "server"
        ]
    );
    let text = place.works(&["doctor", "--listen", server.address()]);
    assert!(
        text.starts_with("✓ configuration  ") && text.ends_with("\n\nAll is well.\n"),
        "{text}"
    );
}

#[test]
fn says_what_is_wrong_and_changes_nothing() {
    let place = Place::new();
    let ended = place.run(&["doctor", "--offline"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.out,
        "✗ configuration  server.public_url: `serve` needs the address that people use\n\
         \u{20}                → Set it, like --set server.public_url=https://id.example.com\n\
         ✗ key file       keys.file is not set\n\
         \u{20}                → Set it, like --set keys.file=FILE: the file that the store was set up with, or for a new store one that `aboard keys init FILE` makes.\n\
         ✗ store          store.url: there is no database at data/aboard.db\n\
         \u{20}                → Name its directory with --data DIR, or begin one with `aboard orgs create NAME`.\n\
         \n3 things are wrong.\n"
    );
    assert!(!place.path("data").exists(), "the doctor begins no store");
    let (code, wrong, _) = doctor(&place, &["--set", "server.lisen=1"]);
    assert_eq!((code, wrong), (Some(1), vec!["configuration".to_owned()]));
}

#[test]
fn tells_each_fault_apart() {
    let (place, _) = Place::with_organization();
    let good = [
        "--offline",
        "--set",
        "keys.file=kek",
        "--set",
        "server.public_url=https://id.example.com",
    ];
    let with = |more: &[&str]| doctor(&place, &[&good, more].concat()).1;
    assert_eq!(with(&[]), [""; 0]);
    assert_eq!(with(&["--set", "store.sync=false"]), ["durability"]);
    assert_eq!(
        with(&["--set", "server.public_url=http://id.example.com"]),
        ["configuration"]
    );
    assert_eq!(with(&["--set", "keys.file=gone"]), ["key file"]);
    place.works(&["keys", "init", "other"]);
    assert_eq!(with(&["--set", "keys.file=other"]), ["canary"]);
    assert_eq!(with(&["--database", "mysql://x/y"]), ["store"]);

    std::fs::copy(place.path("kek"), place.path("data/kek")).unwrap();
    assert_eq!(with(&["--set", "keys.file=data/kek"]), ["key file"]);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.path("kek"), open.clone()).unwrap();
    assert_eq!(with(&[]), ["key file"]);
    std::fs::set_permissions(place.path("kek"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(place.path("data/aboard.db"), open).unwrap();
    assert_eq!(with(&[]), ["data rights"]);

    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path("data/aboard.db"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(place.path("data"), open).unwrap();
    assert_eq!(with(&[]), ["data rights"]);

    std::fs::create_dir(place.path("fresh")).unwrap();
    std::fs::set_permissions(place.path("fresh"), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(place.path("fresh/aboard.db"), "").unwrap();
    std::fs::set_permissions(place.path("fresh/aboard.db"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(with(&["--data", "fresh"]), ["schema"]);
}

#[test]
fn tells_no_server_from_another_program() {
    let (place, _) = Place::with_organization();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    let good = [
        "--set",
        "keys.file=kek",
        "--set",
        "server.public_url=http://127.0.0.1:1",
    ];
    let listen = format!("server.listen={address}");
    let found = |name: &str| {
        let (code, _, answer) = doctor(&place, &[&good[..], &["--set", &listen]].concat());
        assert_eq!(code, Some(1));
        let check = answer["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == name)
            .unwrap();
        check["detail"].as_str().unwrap().to_owned()
    };
    // It takes connections and never answers.
    assert_eq!(found("server"), format!("{address} does not answer within 2 s"));
    drop(free);
    assert!(found("server").starts_with(&format!("no server answers at {address} (")));
    assert!(found("public url").starts_with("http://127.0.0.1:1 cannot be reached from here ("));
}

#[test]
fn looks_at_each_node_of_the_networks() {
    let place = Place::new();
    let _server = Server::dev(&place, &[]);
    let (chain, other) = (Anvil::start(), Anvil::with(&["--chain-id", "1"]));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}/v3/secret", free.local_addr().unwrap());
    drop(free);
    let endpoints = format!("{ENDPOINTS}={},{dead},{}", chain.url, other.url);
    let (code, wrong, answer) = doctor(&place, &["--set", &endpoints]);
    assert_eq!((code, wrong.len()), (Some(1), 2), "{answer}");
    let checks = answer["checks"].as_array().unwrap().iter();
    let nodes: Vec<&str> = checks
        .filter(|check| check["name"] == "nodes")
        .map(|check| check["detail"].as_str().unwrap())
        .collect();
    assert!(nodes[0].ends_with(&format!("{} is at block 0", chain.url)), "{nodes:?}");
    assert!(nodes[1].contains("/*** does not answer"), "{nodes:?}");
    assert!(nodes[2].contains("a node of chain 1, not of 11155111"), "{nodes:?}");
    assert!(!answer.to_string().contains("secret"), "{answer}");
}
