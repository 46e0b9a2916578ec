//! `aboard requests`: what was asked, beside a running server and after it.

use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

#[test]
fn what_was_asked_is_listed_with_the_newest_last() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    // The server that runs is asked; that nothing is written yet is no error.
    place.works(&["requests", "--limit", "1"]);
    let partner = ("X-PARTNER-API-KEY", server.sandbox("partner_key"));
    let body = json!({ "email": "user@example.com", "partner_user_id": "abc123", "phone": "1234567890" });
    assert_eq!(server.ask("POST", "/api/v1/external_login", partner, &body).0, 200);
    assert_eq!(server.ask("POST", "/api/v1/external_login", partner, &json!({})).0, 422);
    assert_eq!(server.ask("GET", "/api/v1/secret?secret", partner, &Value::Null).0, 404);
    assert_eq!(
        server.ask("GET", "/api/v1/secret", ("accept", "*/*"), &Value::Null).0,
        404
    );
    // A stop loses no line.
    assert_eq!(server.stop().0, Some(0));

    let run = |arguments: &[&str]| place.json(&[&["requests"], arguments].concat())["requests"].clone();
    let all = run(&[]);
    let calls: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["route"].as_str().unwrap(), one["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        calls,
        [
            ("/api/v1/external_login", 200),
            ("/api/v1/external_login", 422),
            ("none", 404)
        ]
    );
    let bad = &all[1];
    assert_eq!(
        (&bad["error"], &bad["field"], &bad["environment_kind"], &bad["key_kind"]),
        (
            &json!("VALIDATION_ERROR"),
            &json!("email"),
            &json!("sandbox"),
            &json!("partner")
        )
    );
    assert!(bad["id"].as_str().unwrap().starts_with("req_"));
    assert!(bad["key"].as_str().unwrap().starts_with("key_"));
    assert_eq!(run(&["--errors"]), json!([all[1], all[2]]));
    assert_eq!(run(&["--limit", "1"]), json!([all[2]]));
    assert_eq!(run(&["--environment", "production"]), json!([]));

    let table = place.works(&["requests", "--errors"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines[0],
        ["TIME", "ENVIRONMENT", "KEY", "CALL", "STATUS", "ERROR", "MS", "REQUEST"]
    );
    let words = [
        "sandbox",
        bad["key_name"].as_str().unwrap(),
        "POST",
        "/api/v1/external_login",
        "422",
        "VALIDATION_ERROR",
        "email",
    ];
    let shown = lines[1].join(" ");
    assert!(shown.contains(&words.join(" ")), "{table}");
    assert!(shown.ends_with(bad["id"].as_str().unwrap()), "{table}");
    assert!(!table.contains("secret"), "{table}");
    assert_eq!(
        place.works(&["requests", "--environment", "production"]),
        "There is no such request in the last 30 days. Only those with a valid credential are kept, and none where log.requests is off.\n"
    );
    let ended = place.run(&["requests", "--limit", "0"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("'--limit <N>'"), "{}", ended.err);
}
