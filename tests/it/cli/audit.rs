//! `aboard audit`, beside a running server and without one.

use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

#[test]
fn changes_are_listed_and_a_changed_entry_is_found() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let made = place.json(&["partners", "create", "--environment", "sandbox", "Acme"]);
    let listed = place.json(&["audit", "list", "--limit", "2"]);
    let said: Vec<&Value> = listed["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    assert_eq!(said, [&json!("key.created"), &json!("partner.created")]);
    assert_eq!(listed["entries"][1]["details"], json!({ "name": "Acme" }));
    let secret = made["partner_key"].as_str().unwrap();
    assert!(!listed.to_string().contains(secret), "{listed}");
    assert!(place.works(&["audit", "list"]).contains("partner.created"));
    let of_it = place.json(&[
        "audit",
        "list",
        "--target",
        listed["entries"][1]["target"].as_str().unwrap(),
    ]);
    assert_eq!(of_it["entries"].as_array().unwrap().len(), 1, "{of_it}");

    let whole = place.json(&["audit", "verify"]);
    let head = whole["head"].as_str().unwrap().to_owned();
    place.works(&["settings", "set", "login.link_minutes", "5", "--environment", "sandbox"]);
    let later = place.json(&["audit", "verify", "--head", &head]);
    assert_eq!(
        later["entries"].as_i64(),
        whole["entries"].as_i64().map(|count| count + 1)
    );
    drop(server);

    let store = rusqlite::Connection::open(place.path("data/aboard.db")).unwrap();
    let newest = later["head"].as_str().unwrap().to_owned();
    store
        .execute("delete from audit where seq = (select max(seq) from audit)", [])
        .unwrap();
    let error = place.fails(&["audit", "verify", "--head", &newest]);
    assert!(error.contains("its end was cut off"), "{error}");
    store
        .execute("update audit set actor = 'nobody' where action = 'partner.created'", [])
        .unwrap();
    let error = place.fails(&["audit", "verify"]);
    assert!(error.contains("does not fit its seal"), "{error}");
}
