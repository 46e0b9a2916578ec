//! `aboard sends`: what was sent is listed, stopped and let go on, beside a running server and after it.

use serde_json::json;

use super::place::Place;
use super::server::Server;

#[test]
fn sends_are_paused_and_go_on() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let sandbox = ["--environment", "sandbox"];
    let pause = [
        &["sends", "pause"],
        &sandbox[..],
        &["--network", "ethereum-sepolia", "--reason", "An upgrade."],
    ]
    .concat();
    let said = place.works(&pause);
    assert!(said.contains("sends nothing on ethereum-sepolia"), "{said}");
    assert!(place.fails(&pause).contains("are paused there already"));
    let listed = place.json(&["sends", "list"]);
    assert_eq!(listed["sends"], json!([]));
    assert_eq!(listed["pauses"][0]["network"], "ethereum-sepolia");
    assert_eq!(listed["pauses"][0]["environment_kind"], "sandbox");
    assert_eq!(server.stop().0, Some(0));

    let shown = place.works(&["sends", "list", "--open", "--environment", "sandbox"]);
    assert!(
        shown.contains("Paused in sandbox on ethereum-sepolia") && shown.contains("An upgrade."),
        "{shown}"
    );
    assert!(shown.contains("Nothing was sent."), "{shown}");
    let resume = [&["sends", "resume"], &sandbox[..]].concat();
    assert!(
        place.fails(&resume).contains("are not paused there"),
        "all networks were not"
    );
    let resume = [&resume[..], &["--network", "ethereum-sepolia"]].concat();
    assert!(place.works(&resume).contains("sends on ethereum-sepolia again"));
    assert_eq!(place.json(&["sends", "list"])["pauses"], json!([]));
    let unknown = [&["sends", "pause"], &sandbox[..], &["--network", "sepolia"]].concat();
    assert!(place.fails(&unknown).contains("there is no network sepolia"));
    let audit = place.json(&["audit", "list"]);
    let actions: Vec<_> = audit["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["action"].as_str().unwrap_or_default())
        .filter(|action| action.starts_with("sends."))
        .collect();
    assert_eq!(actions.len(), 2, "{audit}");
}
