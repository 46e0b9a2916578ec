//! `keys signing`, without a server and beside one.

use serde_json::{Value, json};

use super::place::{Place, redacted};
use super::server::Server;

const KEY: [&str; 2] = ["--set", "keys.file=kek"];

#[test]
fn an_environment_gets_a_new_key_beside_the_old_one() {
    let (place, made) = Place::with_organization();
    let run = |arguments: &[&str]| place.json(&[arguments, &KEY].concat());
    let text = |arguments: &[&str]| redacted(&place.works(&[arguments, &KEY].concat()));
    let list = ["keys", "signing", "list", "--environment", "sandbox"];
    let listed = |answer: &Value| -> Vec<(Value, Value)> {
        let keys = answer["signing_keys"].as_array().unwrap();
        keys.iter()
            .map(|key| (key["algorithm"].clone(), key["state"].clone()))
            .collect()
    };
    assert_eq!(listed(&run(&["keys", "signing", "list"])).len(), 2);
    let first = run(&list)["signing_keys"][0].clone();
    assert_eq!(
        (
            &first["algorithm"],
            &first["state"],
            &first["environment"],
            &first["retired_at"]
        ),
        (
            &json!("EdDSA"),
            &json!("signing"),
            &made["environments"]["sandbox"],
            &Value::Null
        )
    );
    assert_eq!(first.get("sealed"), None);

    assert_eq!(
        text(&[
            "keys",
            "signing",
            "rotate",
            "--environment",
            "sandbox",
            "--algorithm",
            "rs256"
        ]),
        "The sandbox of Example signs its tokens with a new key.\n\n  id              sgn_…\n  algorithm       RS256\n  old keys until  DAY TIME\n\nTokens that an older key signed fail from that time on."
    );
    // Without a word of it, the algorithm stays.
    let second = run(&[
        "keys",
        "signing",
        "rotate",
        "--environment",
        "sandbox",
        "--overlap",
        "7d",
    ]);
    assert_eq!(
        (&second["algorithm"], &second["replaces"][0]),
        (&json!("RS256"), &first["id"])
    );
    let state = |algorithm: &str, state: &str| (json!(algorithm), json!(state));
    let expected = [
        state("EdDSA", "ending"),
        state("RS256", "ending"),
        state("RS256", "signing"),
    ];
    assert_eq!(listed(&run(&list)), expected);
    assert!(text(&list).contains("sgn_…  RS256"), "{}", text(&list));
    let production = ["keys", "signing", "list", "--environment", "production"];
    assert_eq!(listed(&run(&production)), [state("EdDSA", "signing")]);

    run(&[
        "keys",
        "signing",
        "rotate",
        "--environment",
        "sandbox",
        "--algorithm",
        "ES256",
        "--overlap",
        "0s",
    ]);
    assert_eq!(listed(&run(&list)), [state("ES256", "signing")]);
}

#[test]
fn what_is_no_algorithm_is_refused() {
    let (place, _) = Place::with_organization();
    for wrong in ["HS256", "none", "PS256", ""] {
        let arguments = [
            "keys",
            "signing",
            "rotate",
            "--environment",
            "sandbox",
            "--algorithm",
            wrong,
        ];
        let ended = place.run(&[&arguments[..], &KEY].concat());
        assert_eq!(ended.code, Some(2), "{wrong}");
        assert!(ended.err.contains("EdDSA, ES256, RS256"), "{}", ended.err);
    }
    let arguments = ["keys", "signing", "rotate", "--environment", "staging"];
    let said = place.fails(&[&arguments[..], &KEY].concat());
    assert!(said.starts_with("aboard: --environment: write sandbox"), "{said}");
}

#[test]
fn a_running_server_publishes_the_new_key_at_once() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let listed = place.json(&["keys", "signing", "list", "--environment", "sandbox"]);
    let environment = listed["signing_keys"][0]["environment"].as_str().unwrap();
    let path = format!("/e/{environment}/.well-known/jwks.json");
    let mut algorithms = vec!["EdDSA"];
    for algorithm in ["RS256", "ES256"] {
        place.works(&[
            "keys",
            "signing",
            "rotate",
            "--environment",
            "sandbox",
            "--algorithm",
            algorithm,
        ]);
        algorithms.push(algorithm);
        let (status, keys) = server.ask("GET", &path, ("accept", "application/json"), &Value::Null);
        let published: Vec<_> = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["alg"].as_str().unwrap())
            .collect();
        assert_eq!((status, &published), (200, &algorithms));
    }
    server.logs(r#""command":"rotate_signing_key""#);
}
