//! `aboard apps set` and `aboard apps providers`, beside a running server and without one.

use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

const TOKEN: &str = "123456789:AAEhBP0av28AAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn an_app_of_production_is_served_version_1() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let made = place.json(&["apps", "create", "--environment", "production", "Shop"]);
    let (id, secret) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let ask = || {
        let key = ("x-client-secret", secret);
        let (status, _) = server.ask("POST", "/api/v1/auth/login", key, &json!({}));
        status
    };
    assert_eq!(ask(), 403);
    assert_eq!(
        place.works(&["apps", "set", id, "--v1", "on"]),
        "Shop is served version 1 of the wallet surface.\n"
    );
    assert_eq!(ask(), 400);
    assert_eq!(
        place.works(&["apps", "set", id, "--v1", "off"]),
        "Shop is not served version 1 of the wallet surface.\n"
    );
    assert_eq!(ask(), 403);
    let listed = place.json(&["apps", "list", "--environment", "sandbox"]);
    assert_eq!(listed["apps"][0]["serves_v1"], true);
}

#[test]
fn what_an_app_is_known_as_is_set_listed_and_taken_away() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let made = place.json(&["apps", "create", "--environment", "sandbox", "Shop"]);
    let id = made["id"].as_str().unwrap();
    let providers = |words: &[&'static str]| -> Vec<&str> {
        let (verb, rest) = words.split_first().unwrap();
        [&["apps", "providers", verb, id], rest].concat()
    };
    assert!(place.works(&providers(&["list"])).contains("is known at no provider"));
    place.write("bot", &format!("{TOKEN}\n"));
    assert_eq!(
        place.works(&providers(&["add", "telegram", "@Shop_Bot", "--secret-file", "bot"])),
        "Shop is now known at telegram as shop_bot.\n"
    );
    place.works(&providers(&["add", "google", "1.apps.example.com"]));
    let listed = place.json(&providers(&["list"]));
    let known = |row: &Value| json!([row["provider"], row["name"], row["has_secret"]]);
    let rows: Vec<_> = listed["providers"].as_array().unwrap().iter().map(known).collect();
    assert_eq!(
        rows,
        [
            json!(["google", "1.apps.example.com", false]),
            json!(["telegram", "shop_bot", true])
        ]
    );
    assert!(!listed.to_string().contains(TOKEN));
    let audit = place.json(&["audit", "list"]);
    assert!(audit.to_string().contains("app.provider_set") && !audit.to_string().contains(TOKEN));
    assert_eq!(
        place.works(&providers(&["remove", "google", "1.apps.example.com"])),
        "Shop is no longer known at google as 1.apps.example.com.\n"
    );
    assert!(
        place
            .fails(&providers(&["remove", "google", "1.apps.example.com"]))
            .contains("not known")
    );
    drop(server);
}

#[test]
fn what_is_wrong_is_named_and_a_secret_is_never_repeated() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let made = place.json(&["apps", "create", "--environment", "sandbox", "Shop"]);
    let id = made["id"].as_str().unwrap();
    place.write("bot", "not-a-token");
    for (words, said) in [
        (&["google"][..], "client id"),
        (&["google", "x", "--secret-file", "bot"], "no secret is needed"),
        (&["telegram", "shop_bot"], "--secret-file"),
        (&["telegram", "shop_bot", "--secret-file", "bot"], "BotFather"),
        (&["telegram", "shop_bot", "--secret-file", "nowhere"], "nowhere"),
        (&["telegram", "b", "--secret-file", "bot"], "5 to 32"),
        (&["rampable", "name", "--secret-file", "bot"], "leave it out"),
    ] {
        let error = place.fails(&[&["apps", "providers", "add", id], words].concat());
        assert!(
            error.contains(said) && !error.contains("not-a-token"),
            "{words:?}: {error}"
        );
    }
    drop(server);
}

#[test]
fn a_policy_is_checked_set_shown_and_taken_away() {
    let place = Place::new();
    let _server = Server::dev(&place, &[]);
    let made = place.json(&["apps", "create", "--environment", "sandbox", "Shop"]);
    let id = made["id"].as_str().unwrap();
    assert!(place.works(&["apps", "policy", "get", id]).contains("has no policy"));
    for (policy, said) in [
        ("{ \"networks\": [\"ethreum\"] }", "there is no network `ethreum`"),
        ("{ \"recipients\": [\"0x1\"] }", "recipients, line 1"),
        ("{", "cannot be read"),
    ] {
        place.write("bad.json", policy);
        for command in [
            &["apps", "policy", "set", id, "bad.json"][..],
            &["apps", "policy", "check", "bad.json"],
        ] {
            let why = place.fails(command);
            assert!(why.contains(said), "{policy}: {why}");
        }
    }
    let missing = place.fails(&["apps", "policy", "set", id, "nowhere.json"]);
    assert!(missing.contains("nowhere.json"), "{missing}");
    let policy =
        json!({ "networks": ["ethereum-sepolia"], "recipients": ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"] });
    place.write("policy.json", &policy.to_string());
    assert_eq!(
        place.works(&["apps", "policy", "check", "policy.json"]),
        "policy.json is a policy.\n"
    );
    place.works(&["apps", "policy", "set", id, "policy.json"]);
    assert_eq!(place.json(&["apps", "policy", "get", id])["policy"], policy);
    let entries = place.works(&["audit", "list"]);
    assert!(entries.contains("app.policy_set"), "{entries}");
    place.works(&["apps", "policy", "unset", id]);
    assert_eq!(place.json(&["apps", "policy", "get", id])["policy"], Value::Null);
}
