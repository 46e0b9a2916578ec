//! `aboard users export` and `aboard users import`.

use std::collections::BTreeMap;

use aboard::admin::{AdminCommand, NumberedLine, execute};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::place::Place;
use super::server::Server;
use crate::support::app::{TestApp, on_both};

on_both! {
    what_is_exported_and_imported_is_exported_again,
}

/// Which fields there are, name, metadata, status, microseconds of the time.
type Made = (
    (bool, bool, bool, bool, bool),
    Option<String>,
    BTreeMap<String, Value>,
    &'static str,
    i64,
);

/// Users of all sorts, each with something that tells it from the others.
fn any_users() -> impl Strategy<Value = Vec<Value>> {
    let metadata = btree_map(
        "[a-zÄ-ü ]{1,6}",
        prop_oneof![
            any::<i32>().prop_map(|n| json!(n)),
            "\\PC{0,9}".prop_map(|t| json!(t)),
            Just(json!({ "deep": [null, 1.5] }))
        ],
        0..4,
    );
    let name = proptest::option::of("[A-Za-zΑ-ω李'][A-Za-zΑ-ω李' -]{0,20}[a-z]");
    let user = (
        (
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
        ),
        name,
        metadata,
        prop_oneof![4 => Just("linked"), 1 => Just("suspended")],
        0..1_700_000_000_000_000_i64,
    );
    vec(user, 1..40).prop_map(|users| {
        let users = users.into_iter().enumerate();
        let line =
            |(number, ((named, mailed, proven, called, reached), name, metadata, status, made)): (usize, Made)| {
                let mut line = Map::new();
                if named || !mailed {
                    line.insert("external_id".to_owned(), json!(format!("id {number} €")));
                }
                if mailed {
                    line.insert("email".to_owned(), json!(format!("User{number}@Bücher.example")));
                    line.insert("email_verified".to_owned(), json!(proven));
                }
                if called {
                    line.insert("phone".to_owned(), json!(format!("+3069{number:08}")));
                    line.insert("phone_verified".to_owned(), json!(reached));
                }
                line.insert("name".to_owned(), json!(name));
                line.insert("metadata".to_owned(), json!(metadata));
                line.insert("status".to_owned(), json!(status));
                let made = jiff::Timestamp::from_microsecond(made).unwrap();
                line.insert("created_at".to_owned(), json!(made));
                Value::Object(line)
            };
        users.map(line).collect()
    })
}

async fn import(app: &TestApp, lines: &[Value], trust_verified: bool) -> Value {
    let lines = lines.iter().zip(1..).map(|(line, number)| NumberedLine {
        line: number,
        text: line.to_string(),
    });
    let command = AdminCommand::ImportUsers {
        environment: app.sandbox.environment.id.to_string(),
        lines: lines.collect(),
        trust_verified,
    };
    execute(app.instance(), command).await.unwrap()
}

async fn export(app: &TestApp) -> Vec<Value> {
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let command = AdminCommand::ExportUsers {
            environment: app.sandbox.environment.id.to_string(),
            after,
            limit: 7,
        };
        let page = execute(app.instance(), command).await.unwrap();
        users.extend(page["users"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = Some(next.parse().unwrap()),
            None => return users,
        }
    }
}

async fn what_is_exported_and_imported_is_exported_again(engine: crate::support::app::Engine) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let lines = any_users().new_tree(&mut runner).unwrap().current();
        let (one, other) = (TestApp::start(engine).await, TestApp::start(engine).await);
        let answer = import(&one, &lines, true).await;
        assert_eq!(
            (&answer["imported"], &answer["errors"]),
            (&json!(lines.len()), &json!([])),
            "{answer}"
        );
        let exported = export(&one).await;
        assert_eq!(exported.len(), lines.len());
        for (line, user) in lines.iter().rev().zip(&exported) {
            for (field, value) in line.as_object().unwrap() {
                let verified = line["email_verified"] == true || line["phone_verified"] == true;
                match (field.as_str(), value.as_str()) {
                    ("status", Some("linked")) if verified => assert_eq!(user["status"], "verified"),
                    _ => assert_eq!(&user[field], value, "{field} of {line}"),
                }
            }
        }
        import(&other, &exported, true).await;
        assert_eq!(export(&other).await, exported);
        // Once more is once too often, and changes nothing.
        let again = import(&other, &exported, true).await;
        assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(lines.len())));
        assert_eq!(export(&other).await, exported);
    }
}

const FILE: &str = r#"{"email":"ada@example.com","email_verified":true,"name":"Ada","metadata":{"plan":"gold"},"created_at":"2020-01-31T12:00:00.5Z"}
{"external_id":"7","phone":"+306912345678"}

{"email":"nobody"}
{"email":"ada@example.com","external_id":"8"}
{"email":"eve@example.com","emial":"x"}
not json
{"name":"Nobody"}
{"email":"eve@example.com","status":"erased"}
{"email":"eve@example.com","created_at":"2999-01-01T00:00:00Z"}
{"email":"eve@example.com","email":"eve@example.com"}
{"external_id":"9","phone_verified":"yes"}
{"external_id":"9","metadata":[]}
{"external_id":"a\u0000b"}
{"id":"usr_1","external_id":"9"}
{"external_id":9}
"#;

fn refused_lines(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path("users.ndjson.errors.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn lines_that_are_refused_are_named_and_the_others_taken() {
    let (place, _) = Place::with_organization();
    place.write("users.ndjson", FILE);
    let words = [
        "users",
        "import",
        "users.ndjson",
        "--environment",
        "sandbox",
        "--set",
        "keys.file=kek",
    ];
    let ended = place.run(&words);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.out,
        "Imported 2 of 15 users; 0 were known before, 13 were refused.\n"
    );
    assert!(ended.err.ends_with("aboard: 13 lines were refused; users.ndjson.errors.ndjson says which and why. Correct them and import the same file again\n"), "{}", ended.err);
    let refused = refused_lines(&place);
    let named: Vec<_> = refused
        .iter()
        .map(|error| (error["line"].as_u64().unwrap(), error["field"].as_str().unwrap()))
        .collect();
    assert_eq!(
        named,
        [
            (4, "email"),
            (5, "email"),
            (6, ""),
            (7, ""),
            (8, "id"),
            (9, "status"),
            (10, "created_at"),
            (11, ""),
            (12, "phone_verified"),
            (13, "metadata"),
            (14, ""),
            (15, "id"),
            (16, "external_id"),
        ]
    );
    assert_eq!(
        refused[0]["message"],
        "Send a valid e-mail address, like ada@example.com."
    );
    assert!(refused[1]["message"].as_str().unwrap().contains(" was brought with it"));
    assert_eq!(place.mode("users.ndjson.errors.ndjson"), 0o600);

    // Corrected, the same file is taken again: who was there is known.
    place.write("users.ndjson", &FILE.lines().take(2).collect::<Vec<_>>().join("\n"));
    let answer = place.json(&words);
    assert_eq!(
        (&answer["imported"], &answer["known"], &answer["errors"]),
        (&json!(0), &json!(2), &Value::Null)
    );
    assert!(!place.path("users.ndjson.errors.ndjson").exists());

    let out = place.works(&["users", "export", "--environment", "sandbox", "--set", "keys.file=kek"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut ada = lines[1].clone();
    assert!(
        ada.as_object_mut()
            .unwrap()
            .remove("id")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("usr_")
    );
    assert_eq!(
        ada,
        json!({
            "external_id": null, "email": "ada@example.com", "email_verified": false, "phone": null, "phone_verified": false,
            "name": "Ada", "metadata": { "plan": "gold" }, "status": "linked", "created_at": "2020-01-31T12:00:00.5Z",
        }),
        "nobody has proven it, and nobody vouched"
    );
}

#[test]
fn many_users_go_through_a_running_server_and_come_out_the_same() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let lines: Vec<String> = (0..1_100)
        .map(|number| json!({ "email": format!("u{number}@example.com"), "email_verified": true, "metadata": { "text": "x".repeat(number) } }).to_string())
        .collect();
    place.write("users.ndjson", &lines.join("\n"));
    let import = |environment: &str, file: &str| {
        let ended = place.run(&[
            "users",
            "import",
            file,
            "--environment",
            environment,
            "--trust-verified",
            "--json",
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        serde_json::from_str::<Value>(&ended.out).unwrap()
    };
    assert_eq!(import("sandbox", "users.ndjson")["imported"], 1_100);
    server.logs("the operator vouched for what is verified");
    let found = place.json(&[
        "users",
        "list",
        "--environment",
        "sandbox",
        "--email",
        "u1099@example.com",
    ]);
    assert_eq!(found["users"][0]["verification_status"]["email_verified"], true);

    let export = ["users", "export", "--environment", "sandbox", "--out", "all.ndjson"];
    assert_eq!(place.works(&export), "Wrote 1100 users to all.ndjson.\n");
    assert_eq!(place.mode("all.ndjson"), 0o600);
    assert!(place.fails(&export).contains("name a file that is not there yet"));
    let text = std::fs::read_to_string(place.path("all.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 1_100);
    assert_eq!(import("sandbox", "all.ndjson")["known"], 1_100);
    drop(server);
    // The ids are taken, on the same instance, by the users of the sandbox.
    let ended = place.run(&["users", "import", "all.ndjson", "--environment", "production"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("1100 were refused"), "{}", ended.out);
    let nowhere = place.fails(&["users", "import", "none.ndjson", "--environment", "sandbox"]);
    assert!(nowhere.contains("FILE: cannot read none.ndjson"), "{nowhere}");
}

/// The JSON Schema of the documentation has the fields that an export has.
#[test]
fn the_documented_line_is_the_one_that_is_written() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import.md")).unwrap();
    let mut blocks = text
        .split("```json\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap());
    let example: Value = serde_json::from_str(blocks.next().unwrap()).unwrap();
    let schema: Value = serde_json::from_str(blocks.next().unwrap()).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&example), names(&schema["properties"]));

    let (place, _) = Place::with_organization();
    place.write("users.ndjson", &example.to_string());
    let key = ["--environment", "sandbox", "--set", "keys.file=kek"];
    place.works(&[&["users", "import", "users.ndjson", "--trust-verified"], &key[..]].concat());
    let out = place.works(&[&["users", "export"], &key[..]].concat());
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), example);
}
