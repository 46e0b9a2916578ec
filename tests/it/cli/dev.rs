//! `aboard dev`: one ready line, the same keys every time, a clean stop.

use serde_json::Value;

use super::place::Place;
use super::server::Server;

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn prints_one_line_with_the_documented_keys_and_the_same_ones_again() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let first = server.ready.clone();
    assert_eq!(
        names(&first),
        ["url", "metrics_url", "database", "sandbox", "production"]
    );
    for environment in ["sandbox", "production"] {
        assert_eq!(
            names(&first[environment]),
            [
                "partner_key",
                "partner_webhook_secret",
                "server_key",
                "app_id",
                "client_secret",
                "issuer"
            ]
        );
        let issuer = first[environment]["issuer"].as_str().unwrap();
        assert!(issuer.starts_with(&format!("{}/e/env_", server.url())), "{issuer}");
    }
    assert_eq!(first["database"], "sqlite:data/aboard.db");
    assert!(first["metrics_url"].as_str().unwrap().ends_with("/metrics"));
    assert_eq!(server.status_of_partner_key(server.sandbox("partner_key")), 404);
    assert_eq!(
        (
            place.mode("data"),
            place.mode("data/dev-keys.json"),
            place.mode("data/dev.key")
        ),
        (0o700, 0o600, 0o600)
    );
    assert_eq!(server.stop(), (Some(0), Vec::<String>::new()));

    let server = Server::dev(&place, &[]);
    let second = server.ready.clone();
    for environment in ["sandbox", "production"] {
        for name in [
            "partner_key",
            "partner_webhook_secret",
            "server_key",
            "app_id",
            "client_secret",
        ] {
            assert_eq!(
                first[environment][name], second[environment][name],
                "{environment}.{name}"
            );
        }
    }
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn greets_people_with_keys_and_a_first_call() {
    let place = Place::new();
    let mut command = place.command(&["dev", "--listen", "127.0.0.1:0", "--data", "d"]);
    let mut child = command.spawn().unwrap();
    let out = super::place::lines(child.stdout.take().unwrap());
    let _log = super::place::lines(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("Stop with Ctrl-C.") {
        seen += &out.recv_timeout(super::place::PATIENCE).unwrap();
        seen += "\n";
    }
    super::place::end(&mut child);
    for part in [
        "Aboard is ready at http://127.0.0.1:",
        "    sandbox          env_",
        "    production       env_",
        "partner key      abp_test_",
        "server key       abs_test_",
        "/api/v1/external_login",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[test]
fn a_revoked_key_is_replaced_in_the_same_organization() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let first = server.ready.clone();
    let keys = place.json(&["keys", "list", "--environment", "sandbox"]);
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kind"] == "partner")
        .unwrap();
    place.works(&["keys", "revoke", key["id"].as_str().unwrap()]);
    assert_eq!(server.stop().0, Some(0));

    let server = Server::dev(&place, &[]);
    assert_ne!(first["sandbox"]["partner_key"], server.ready["sandbox"]["partner_key"]);
    assert_eq!(server.status_of_partner_key(server.sandbox("partner_key")), 404);
    let environment = |ready: &Value| {
        ready["sandbox"]["issuer"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(environment(&first), environment(&server.ready));
    assert_eq!(
        place.json(&["orgs", "list"])["organizations"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn commands_take_its_key_file_with_and_without_the_server() {
    let place = Place::new();
    let server = Server::dev(&place, &["--data", "d"]);
    assert_eq!(
        place.json(&["partners", "list", "--data", "d"])["partners"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(
        place.json(&["partners", "list", "--data", "d"])["partners"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // `serve` never does.
    let serve = [
        "serve",
        "--data",
        "d",
        "--set",
        "server.public_url=https://id.example.com",
    ];
    assert_eq!(
        place.fails(&serve),
        "aboard: keys.file: `serve` needs a key file. Make one with `aboard keys init FILE`, keep it apart from the data, and set keys.file.\n"
    );
}

#[test]
fn a_lost_key_file_is_not_made_again_over_a_store() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    assert_eq!(server.stop().0, Some(0));
    let kept = std::fs::read(place.path("data/dev.key")).unwrap();
    std::fs::remove_file(place.path("data/dev.key")).unwrap();
    let said = place.fails(&["dev", "--listen", "127.0.0.1:0", "--set", "log.level=error"]);
    assert!(
        said.starts_with("aboard: keys.file: data/dev.key is gone, and sqlite:data/aboard.db was set up with it (kek_")
            && said.contains("Bring the file back"),
        "{said}"
    );
    assert!(!place.path("data/dev.key").exists(), "no new key was made");
    std::fs::write(place.path("data/dev.key"), kept).unwrap();
    Server::dev(&place, &[]);
}

#[test]
fn lost_keys_are_made_again_where_they_were() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let first = server.ready.clone();
    assert_eq!(server.stop().0, Some(0));
    std::fs::remove_file(place.path("data/dev-keys.json")).unwrap();
    let server = Server::dev(&place, &[]);
    server.logs("the keys of an earlier start are not in this file");
    let organizations = place.json(&["orgs", "list"]);
    assert_eq!(
        organizations["organizations"].as_array().unwrap().len(),
        1,
        "{organizations}"
    );
    assert_ne!(first["sandbox"]["partner_key"], server.ready["sandbox"]["partner_key"]);
    for ready in [&first, &server.ready] {
        let key = ready["sandbox"]["partner_key"].as_str().unwrap();
        assert_eq!(server.status_of_partner_key(key), 404, "both work");
    }
}

#[test]
fn a_data_directory_that_others_may_look_into_is_closed() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    set_mode(&place, "data", 0o755);
    let server = Server::dev(&place, &[]);
    assert_eq!(place.mode("data"), 0o700);
    server.logs("now they cannot");
    drop(server);
    std::fs::create_dir(place.path("shared")).unwrap();
    set_mode(&place, "shared", 0o1777);
    let said = place.fails(&[
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--data",
        "shared",
        "--set",
        "log.level=error",
    ]);
    assert!(
        said.contains("shared is shared by every user") && said.contains("shared/aboard"),
        "{said}"
    );
}

fn set_mode(place: &Place, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn its_server_key_reads_what_was_asked() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let bearer = format!("Bearer {}", server.sandbox("server_key"));
    assert_eq!(
        server
            .ask("GET", "/v1/requests", ("Authorization", &bearer), &Value::Null)
            .0,
        200
    );
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    std::os::unix::fs::symlink(place.path("data"), place.path("other")).unwrap();
    for data in ["data", "other"] {
        let said = place.fails(&[
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data,
            "--set",
            "log.level=error",
        ]);
        let start = format!(
            "aboard: store.url: a server is running on {data}/aboard.db (process {}, socket {data}/aboard.sock). Stop it first",
            server.process()
        );
        assert!(said.starts_with(&start), "{said}");
    }
    assert_eq!(server.status_of_partner_key(server.sandbox("partner_key")), 404);
    // One that was killed leaves nothing in the way.
    server.kill();
    Server::dev(&place, &[]);
}
