//! `aboard config check` and `aboard config show`, and where settings come from.

use serde_json::{Value, json};

use super::place::Place;

#[test]
fn check_says_whether_serve_would_take_it() {
    let place = Place::new();
    let ended = place.run(&["config", "check"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
    assert_eq!(
        ended.out,
        "✗ server.public_url: `serve` needs the address that people use. Set it, like --set server.public_url=https://id.example.com\n\
         ✗ keys.file: `serve` needs a key file. Make one with `aboard keys init FILE`, keep it apart from the data, and set keys.file.\n"
    );
    let ended = place.run(&["config", "check", "--json", "--set", "limits.sandbox_per_minute=many"]);
    assert_eq!(ended.code, Some(1));
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(answer["ok"], false);
    assert!(
        answer["problems"][0]
            .as_str()
            .unwrap()
            .starts_with("limits.sandbox_per_minute"),
        "{answer}"
    );

    place.write(
        "aboard.toml",
        "[server]\npublic_url = \"https://id.example.com\"\n[keys]\nfile = \"/etc/aboard/kek\"\n",
    );
    assert_eq!(
        place.works(&["config", "check", "--config", "aboard.toml"]),
        "✓ The configuration is fit for `aboard serve`.\n"
    );
    assert_eq!(
        place.json(&["config", "check", "--config", "aboard.toml"]),
        json!({ "ok": true, "problems": [] })
    );
}

#[test]
fn unknown_settings_and_files() {
    let place = Place::new();
    for command in [&["config", "show"][..], &["serve"], &["orgs", "list"], &["migrate"]] {
        let said = place.fails(&[command, &["--set", "server.lisen=1"]].concat());
        assert_eq!(
            said,
            "aboard: server.lisen: there is no such setting; there are listen, public_url, hosts, sandbox_host, production_host, trusted_proxies, docs, metrics_listen, connections, connections_per_address, header_timeout_seconds, request_timeout_seconds, body_limit_bytes, shutdown_seconds.\n"
        );
    }
    assert_eq!(
        place.fails(&["config", "show", "--config", "gone.toml"]),
        "aboard: --config: there is no file gone.toml.\n"
    );
    place.write("aboard.toml", "[server]\nlisten = 7\n");
    let said = place.fails(&["config", "show", "--config", "aboard.toml"]);
    assert!(said.starts_with("aboard: server.listen (in aboard.toml): "), "{said}");
    let mut command = place.command(&["config", "show"]);
    let ended = command.env("ABOARD_SERVER__LISTEN", "nowhere").output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.starts_with("aboard: server.listen (in the environment): "),
        "{said}"
    );
}

#[test]
fn later_sources_win_and_passwords_are_masked() {
    let place = Place::new();
    place.write(
        "aboard.toml",
        "[limits]\nsandbox_per_minute = 1\nproduction_per_minute = 1\n[store]\nurl = \"postgres://u:hidden@db/x\"\n",
    );
    let mut command = place.command(&[
        "config",
        "show",
        "--json",
        "--config",
        "aboard.toml",
        "--set",
        "log.level=warn",
    ]);
    command
        .env("ABOARD_LIMITS__PRODUCTION_PER_MINUTE", "2")
        .env("ABOARD_LOG__LEVEL", "debug");
    let shown = command.output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(!text.contains("hidden"));
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        config["limits"],
        json!({
            "sandbox_per_minute": 1, "production_per_minute": 2, "anonymous_per_minute": 600,
            "registrations_per_network_hour": 30,
        })
    );
    assert_eq!(
        (&config["log"]["level"], &config["store"]["url"]),
        (&json!("warn"), &json!("postgres://u:***@db/x"))
    );

    // The flags for the store win over the file, and --database over --data.
    let url = |more: &[&str]| {
        place.json(&[&["config", "show", "--config", "aboard.toml"], more].concat())["store"]["url"].clone()
    };
    assert_eq!(url(&["--data", "d"]), "sqlite:d/aboard.db");
    assert_eq!(
        url(&["--data", "d", "--database", "sqlite:other.db"]),
        "sqlite:other.db"
    );
    assert_eq!(
        url(&["--data", "d", "--set", "store.url=sqlite:third.db"]),
        "sqlite:third.db"
    );

    // What is shown can be given back.
    let toml = place.works(&[
        "config",
        "show",
        "--set",
        "login.return_urls=[\"https://app.example.com/back\"]",
    ]);
    place.write("again.toml", &toml);
    assert_eq!(place.works(&["config", "show", "--config", "again.toml"]), toml);
}

#[test]
fn nodes_may_come_from_the_environment_and_their_keys_are_masked() {
    let place = Place::new();
    let mut command = place.command(&["config", "show", "--json"]);
    command.env(
        "ABOARD_NETWORKS__ETHEREUM_SEPOLIA__ENDPOINTS",
        "https://node.example.com/v3/hidden,http://127.0.0.1:8545",
    );
    command.env("ABOARD_NETWORKS__ETHEREUM_SEPOLIA__MAX_FEE_GWEI", "400");
    let shown = command.output().unwrap();
    let config: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        config["networks"]["ethereum-sepolia"],
        json!({
            "family": "evm", "chain_id": 11_155_111, "testnet": true,
            "endpoints": ["https://node.example.com/***", "http://127.0.0.1:8545"],
            "timeout_seconds": 8, "max_fee_gwei": 400, "max_tip_gwei": 100, "max_priority_fee": 10_000_000, "max_fee_rate": 1_000,
        })
    );
    let said = place.fails(&["config", "show", "--set", "networks.base.endpoints=ftp://u:hidden@x"]);
    assert_eq!(
        said,
        "aboard: networks.base.endpoints: address 1 is no http or https URL.\n"
    );
}
