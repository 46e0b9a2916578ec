//! `aboard settings`, beside a running server and without one.

use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

const SANDBOX: [&str; 2] = ["--environment", "sandbox"];
const PRODUCTION: [&str; 2] = ["--environment", "production"];

fn settings<'a>(words: &[&'a str], place: [&'a str; 2]) -> Vec<&'a str> {
    [&["settings"], words, &place[..]].concat()
}

#[test]
fn a_setting_holds_in_its_environment_at_once() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let limit = |key: &str| {
        let key = ("X-PARTNER-API-KEY", key);
        let body = json!({ "partner_user_id": "nobody" });
        let (status, _) = server.ask("POST", "/api/v1/embedded_check_user", key, &body);
        status
    };
    let set = settings(&["set", "limits.sandbox_per_minute", "1"], SANDBOX);
    assert_eq!(
        place.works(&set),
        "limits.sandbox_per_minute is now 1 in the sandbox of Example.\n"
    );
    let key = server.sandbox("partner_key");
    assert_eq!((limit(key), limit(key)), (404, 429));

    let one = place.json(&settings(&["get", "limits.sandbox_per_minute"], SANDBOX));
    assert_eq!(
        one["settings"],
        json!([{ "name": "limits.sandbox_per_minute", "value": 1, "own": true }])
    );
    let other = place.json(&settings(&["get", "limits.sandbox_per_minute"], PRODUCTION));
    assert_eq!(other["settings"][0]["own"], false);

    let unset = settings(&["unset", "limits.sandbox_per_minute"], SANDBOX);
    assert_eq!(
        place.works(&unset),
        "limits.sandbox_per_minute is again as configured: 1000000 in the sandbox of Example.\n"
    );
    assert_eq!(limit(key), 404);
    assert!(place.fails(&unset).contains("has no value of its own"));
}

#[test]
fn what_cannot_be_set_is_refused_by_name_and_changes_nothing() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    for (name, value, said) in [
        ("store.url", "sqlite:x", "store"),
        ("login.link_minutes", "soon", "login.link_minutes"),
        ("login.return_urls", "[\"/back\"]", "login.return_urls"),
        ("shoes", "1", "section.key"),
    ] {
        let error = place.fails(&settings(&["set", name, value], SANDBOX));
        assert!(error.contains(said), "{name}: {error}");
    }
    let error = place.fails(&settings(&["get", "login.nothing"], SANDBOX));
    assert!(error.contains("login.link_minutes"), "{error}");
    let all = place.json(&settings(&["get"], SANDBOX));
    let own = |setting: &&Value| setting["own"] == true;
    assert_eq!(all["settings"].as_array().unwrap().iter().filter(own).count(), 0);
    drop(server);
}
