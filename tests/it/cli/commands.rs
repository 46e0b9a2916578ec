//! `migrate`, `keys init`, `orgs`, `partners`, `apps` and `keys`, without a server.

use std::process::Stdio;

use serde_json::json;

use super::place::{Place, redacted};

const KEY: [&str; 2] = ["--set", "keys.file=kek"];

#[test]
fn migrate_says_what_it_applied() {
    let known: Vec<&str> = aboard::store::known_migrations().collect();
    let place = Place::new();
    assert_eq!(
        place.works(&["migrate"]),
        format!("Brought sqlite:data/aboard.db up to date: {}.\n", known.join(", "))
    );
    assert_eq!(
        place.works(&["migrate"]),
        "Nothing to do: the schema of sqlite:data/aboard.db is up to date.\n"
    );
    assert_eq!((place.mode("data"), place.mode("data/aboard.db")), (0o700, 0o600));
    let answer = place.json(&["migrate", "--data", "other"]);
    assert_eq!(
        answer,
        json!({ "database": "sqlite:other/aboard.db", "applied": known })
    );
    assert_eq!(place.json(&["migrate", "--data", "other"])["applied"], json!([]));
}

#[test]
fn keys_init_makes_a_private_file_and_never_overwrites() {
    let place = Place::new();
    let text = place.works(&["keys", "init", "kek"]);
    let real = place.real();
    let real = real.display();
    assert!(
        text.starts_with(&format!("Made the key file {real}/kek (kek_")),
        "{text}"
    );
    assert!(text.contains("\n\nBack it up now, apart from the data and the data's backups: without it every secret in the store is lost.\n\n"));
    assert!(
        text.ends_with(&format!("\nNext: aboard serve --set keys.file={real}/kek …\n")),
        "{text}"
    );
    assert_eq!(place.mode("kek"), 0o600);

    let before = std::fs::read(place.path("kek")).unwrap();
    assert_eq!(
        place.fails(&["keys", "init", "kek"]),
        "aboard: FILE: kek is there already and is never overwritten: what it sealed would be lost. Choose another name.\n"
    );
    assert_eq!(std::fs::read(place.path("kek")).unwrap(), before);

    let answer = place.json(&["keys", "init", "second"]);
    assert_eq!(answer["file"], format!("{real}/second"));
    assert!(answer["id"].as_str().unwrap().starts_with("kek_"));
}

#[test]
fn keys_init_stays_out_of_the_data_directory() {
    let place = Place::new();
    let reason = "lies in the data directory, so a stolen backup of the data would hold its key as well. Choose a place apart from it.";
    // Before the directory is there, after, by another name of it, and through a link.
    assert_eq!(
        place.fails(&["keys", "init", "data/kek"]),
        format!("aboard: FILE: data/kek {reason}\n")
    );
    std::fs::create_dir_all(place.path("data/below")).unwrap();
    std::os::unix::fs::symlink(place.path("data"), place.path("link")).unwrap();
    for file in ["data/kek", "./data/kek", "data/below/kek", "link/kek"] {
        assert_eq!(
            place.fails(&["keys", "init", file]),
            format!("aboard: FILE: {file} {reason}\n")
        );
    }
    assert_eq!(
        place.fails(&["keys", "init", "kek", "--data", "."]),
        format!("aboard: FILE: kek {reason}\n")
    );
    place.works(&["keys", "init", "data.kek"]);
}

#[test]
fn organizations() {
    let (place, made) = Place::with_organization();
    assert_eq!(
        redacted(&place.works(&[&["orgs", "create", "Second & Sons"], &KEY[..]].concat())),
        "Made the organization Second & Sons.\n\n  id          org_…\n  sandbox     env_…\n  production  env_…\n\nNext: aboard partners create --environment env_… NAME"
    );
    let listed = place.json(&[&["orgs", "list"], &KEY[..]].concat());
    assert_eq!(listed["organizations"][0], made);
    assert_eq!(listed["organizations"][1]["name"], "Second & Sons");
    let text = place.works(&[&["orgs", "list"], &KEY[..]].concat());
    assert_eq!(
        redacted(&text),
        "ID                              NAME           SANDBOX                         PRODUCTION                      MADE\n\
         org_…  Example        env_…  env_…  DAY TIME\n\
         org_…  Second & Sons  env_…  env_…  DAY TIME"
    );
}

#[test]
fn partners_apps_and_keys() {
    let (place, made) = Place::with_organization();
    let run = |arguments: &[&str]| place.json(&[arguments, &KEY].concat());
    let text = |arguments: &[&str]| redacted(&place.works(&[arguments, &KEY].concat()));
    let sandbox = made["environments"]["sandbox"].as_str().unwrap();

    assert_eq!(
        text(&["partners", "list"]),
        "There is no partner yet. Make one with `aboard partners create --environment sandbox NAME`."
    );
    assert_eq!(
        text(&["apps", "list"]),
        "There is no app yet. Make one with `aboard apps create --environment sandbox NAME`."
    );
    assert_eq!(
        text(&["keys", "list"]),
        "There is no key yet. Make one with `aboard keys create --environment sandbox --kind server NAME`."
    );
    assert_eq!(
        text(&["partners", "create", "--environment", "sandbox", "Acme"]),
        "Made the partner Acme in the sandbox of Example.\n\n  id              prt_…\n  partner key     abp_test_…\n  webhook secret  whsec_…\n  key id          key_…\n\nKeep the key and the secret now: they are not shown again."
    );
    let partner = run(&["partners", "create", "--environment", sandbox, "Beta"]);
    assert_eq!(
        (
            &partner["environment"],
            &partner["environment_kind"],
            &partner["organization"]
        ),
        (&json!(sandbox), &json!("sandbox"), &json!("Example"))
    );
    let id = partner["id"].as_str().unwrap();
    assert_eq!(run(&["partners", "list"])["partners"][1]["id"], id);
    assert_eq!(
        run(&["partners", "list", "--environment", "production"])["partners"],
        json!([])
    );
    assert_eq!(
        text(&["partners", "rotate-secret", id]),
        "The partner Beta has a new webhook secret.\n\n  webhook secret    whsec_…\n  old secret until  DAY TIME\n\nKeep it now: it is not shown again. Deliveries that have begun keep the secret they began with."
    );
    assert_ne!(
        run(&["partners", "rotate-secret", id, "--overlap", "0s"])["webhook_secret"],
        partner["webhook_secret"]
    );

    let origins = [
        "--origin",
        "https://App.example.com/",
        "--origin",
        "http://localhost:3000",
    ];
    let create = [
        &["apps", "create", "--environment", "production"],
        &origins[..],
        &["web"],
    ]
    .concat();
    assert_eq!(
        text(&create),
        "Made the app web in the production of Example.\n\n  app id         app_…\n  client secret  abc_live_…\n  origins        https://app.example.com http://localhost:3000\n  key id         key_…\n\nKeep the client secret now: it is not shown again. It belongs on a server, never in a browser."
    );
    let app = run(&create);
    let app_id = app["id"].as_str().unwrap();

    let server = run(&[
        "keys",
        "create",
        "--environment",
        "sandbox",
        "--kind",
        "server",
        "back end",
    ]);
    assert_eq!(
        (&server["scopes"], &server["owner"]),
        (&json!(["users", "users:token", "events", "webhooks"]), &json!(sandbox))
    );
    assert_eq!(
        text(&[
            "keys",
            "create",
            "--environment",
            "sandbox",
            "--kind",
            "server",
            "--scope",
            "users",
            "reader"
        ]),
        "Made the server key reader in the sandbox of Example.\n\n  key     abs_test_…\n  id      key_…\n  scopes  users\n\nKeep the key now: it is not shown again."
    );
    let second = run(&[
        "keys",
        "create",
        "--environment",
        "sandbox",
        "--kind",
        "partner",
        "--partner",
        id,
        "--per-minute",
        "5",
        "second",
    ]);
    let client = run(&[
        "keys",
        "create",
        "--environment",
        "production",
        "--kind",
        "client",
        "--app",
        app_id,
        "--scope",
        "custody",
        "c",
    ]);
    assert_eq!((&second["owner"], &client["owner"]), (&json!(id), &json!(app_id)));
    assert_eq!(client["scopes"], json!(["custody"]));

    let key = server["id"].as_str().unwrap();
    let limit = |per_minute| text(&["keys", "set", key, "--per-minute", per_minute]);
    assert_eq!(limit("250"), "key_… has 250 requests a minute from now on.");
    let rotated = run(&["keys", "list"])["keys"].clone();
    let listed = |id: &str| rotated.as_array().unwrap().iter().find(|key| key["id"] == id).unwrap();
    assert_eq!(
        (
            &listed(key)["per_minute"],
            &listed(second["id"].as_str().unwrap())["per_minute"]
        ),
        (&json!(250), &json!(5))
    );
    assert_eq!(
        limit("default"),
        "key_… has as many requests a minute as every key of its environment."
    );
    assert_eq!(
        text(&["keys", "rotate", key, "--overlap", "1h"]),
        "Made a new key beside key_….\n\n  key            abs_test_…\n  id             key_…\n  old key until  DAY TIME\n\nKeep the key now: it is not shown again."
    );
    assert!(
        place
            .fails(&[&["keys", "rotate", key], &KEY[..]].concat())
            .contains("was rotated before and ends at")
    );
    assert_eq!(
        text(&["keys", "revoke", key]),
        "Revoked key_… (back end). It fails from now on."
    );
    let again = run(&["keys", "revoke", key]);
    assert_eq!(again["was_revoked_before"], true);
    assert!(
        place
            .fails(&[&["keys", "rotate", key], &KEY[..]].concat())
            .contains(key)
    );

    // Both of Beta's keys, none of Acme's.
    let revoked = run(&["partners", "revoke", id]);
    assert_eq!(revoked["revoked_keys"], json!([partner["key_id"], second["id"]]));
    assert_eq!(
        text(&["partners", "revoke", id]),
        "Beta had no key that was not revoked before."
    );
    assert_eq!(
        run(&["apps", "revoke", app_id])["revoked_keys"],
        json!([app["key_id"], client["id"]])
    );

    let keys = run(&["keys", "list", "--environment", "sandbox"]);
    let states: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["name"].as_str().unwrap(), key["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("Acme", "active"),
            ("Beta", "revoked"),
            ("back end", "revoked"),
            ("reader", "active"),
            ("second", "revoked"),
            ("back end", "active")
        ]
    );
    let all = place.works(&[&["keys", "list"], &KEY[..]].concat());
    assert!(all.starts_with("ID                              KIND     ENVIRONMENT  NAME      KEY                STATE    LAST USED  PER MINUTE  OWNER\n"), "{all}");
    for made in [
        &partner["partner_key"],
        &server["key"],
        &app["client_secret"],
        &client["key"],
    ] {
        assert!(!all.contains(made.as_str().unwrap()), "a list shows no key");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure_to_tell_of() {
    let place = Place::new();
    place.works(&["migrate"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.command(&["migrate"]);
    let ended = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr), (Some(141), Vec::new()));
}
