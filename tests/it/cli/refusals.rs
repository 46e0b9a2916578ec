//! What is wrong is said in a sentence that names the setting or argument and what to do.

use std::net::TcpListener;

use super::place::Place;

#[test]
fn arguments_are_checked_by_name() {
    let place = Place::new();
    for (arguments, said) in [
        (
            &["keys", "revoke", "abc"][..],
            "error: invalid value 'abc' for '<ID>': not an id that starts with `key_` and has 26 characters after it\n",
        ),
        (
            &["keys", "create", "--environment", "sandbox", "--kind", "robot", "x"],
            "error: invalid value 'robot' for '--kind <KIND>'\n  [possible values: server, partner, client]\n",
        ),
        (
            &["keys", "create", "--environment", "sandbox", "--kind", "partner", "x"],
            "error: the following required arguments were not provided:\n  --partner <ID>\n",
        ),
        (
            &["keys", "set", "key_00000000000000000000000000", "--per-minute", "0"],
            "error: invalid value '0' for '--per-minute <N>': write a number from 1 on, or default\n",
        ),
        (
            &["partners", "create", "Acme"],
            "error: the following required arguments were not provided:\n  --environment <ENV>\n",
        ),
        (
            &[
                "partners",
                "rotate-secret",
                "prt_00000000000000000000000000",
                "--overlap",
                "soon",
            ],
            "error: invalid value 'soon' for '--overlap <TIME>': write a number with s, m, h or d, like 24h, at most 366d\n",
        ),
        (
            &["orgs", "list", "--set", "x"],
            "error: invalid value 'x' for '--set <SECTION.KEY=VALUE>': write SECTION.KEY=VALUE\n",
        ),
    ] {
        let ended = place.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.starts_with(said), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn a_store_that_is_not_there_is_not_begun_by_a_list() {
    let place = Place::new();
    place.works(&["keys", "init", "kek"]);
    assert_eq!(
        place.fails(&["orgs", "list", "--data", "dta", "--set", "keys.file=kek"]),
        "aboard: store.url: there is no database at dta/aboard.db. Name its directory with --data DIR, or begin one with `aboard orgs create NAME`.\n"
    );
    assert!(!place.path("dta").exists());
    assert_eq!(
        place.fails(&[
            "orgs",
            "list",
            "--database",
            "mysql://root@localhost/x",
            "--set",
            "keys.file=kek"
        ]),
        "aboard: store.url: cannot open mysql://root@localhost/x\n  because: store.url must start with `sqlite:` (a file) or `postgres://` (a server).\n"
    );
}

#[test]
fn key_files() {
    let begin = Place::new();
    assert_eq!(
        begin.fails(&["orgs", "create", "Example"]),
        "aboard: keys.file: no key file is set. Make one with `aboard keys init FILE` and start with `--set keys.file=FILE`.\n"
    );
    assert_eq!(
        begin.fails(&["orgs", "create", "Example", "--set", "keys.file=gone"]),
        "aboard: keys.file: cannot read gone. Make one with `aboard keys init gone`, or check the path and its rights\n  because: No such file or directory (os error 2)\n"
    );
    // A store that was set up is of no use with a new one.
    let place = Place::new();
    let kek = place.json(&["keys", "init", "kek"]);
    let kek = kek["id"].as_str().unwrap();
    place.works(&["orgs", "create", "Example", "--set", "keys.file=kek"]);
    assert_eq!(
        place.fails(&["orgs", "list"]),
        format!(
            "aboard: keys.file: no key file is set, and this store was set up with {kek}. Name that file with `--set keys.file=FILE`; a new one does not open what is there.\n"
        )
    );
    assert_eq!(
        place.fails(&["orgs", "list", "--set", "keys.file=gone"]),
        format!(
            "aboard: keys.file: cannot read gone, and this store was set up with {kek}. Check the path and its rights, or bring that file back from its backup; a new one does not open what is there\n  because: No such file or directory (os error 2)\n"
        )
    );
    place.write("torn", "aboard-kek-1:abc:def\n");
    assert_eq!(
        place.fails(&["orgs", "list", "--set", "keys.file=torn"]),
        "aboard: keys.file: torn\n  because: the key in the key file is damaged: copy it again from its backup\n"
    );
    let other = place.json(&["keys", "init", "other"]);
    let said = place.fails(&["orgs", "list", "--set", "keys.file=other"]);
    let start = format!(
        "aboard: keys.file: this key ({}) does not open this store, which was set up with kek_",
        other["id"].as_str().unwrap()
    );
    assert!(said.starts_with(&start), "{said}");
    assert!(said.contains(". Start with that key file\n"), "{said}");
}

#[test]
fn names_environments_and_owners() {
    let (place, made) = Place::with_organization();
    let fails = |arguments: &[&str]| place.fails(&[arguments, &["--set", "keys.file=kek"]].concat());
    let (sandbox, production) = (
        made["environments"]["sandbox"].as_str().unwrap(),
        made["environments"]["production"].as_str().unwrap(),
    );
    let nobody = "env_00000000000000000000000000";
    for (environment, said) in [
        (
            "staging",
            "write sandbox, production or an id like env_…, which `aboard orgs list` shows",
        ),
        (
            nobody,
            "there is no environment env_00000000000000000000000000; see `aboard orgs list`",
        ),
    ] {
        let arguments = ["partners", "create", "--environment", environment, "Acme"];
        assert_eq!(fails(&arguments), format!("aboard: --environment: {said}\n"));
    }
    for name in ["", " ", "a\nb"] {
        let said = "aboard: NAME: write 1 to 100 characters on one line\n";
        assert_eq!(fails(&["orgs", "create", name]), said);
        assert_eq!(fails(&["partners", "create", "--environment", "sandbox", name]), said);
    }
    assert_eq!(
        fails(&[
            "apps",
            "create",
            "--environment",
            "sandbox",
            "--origin",
            "app.example.com",
            "web"
        ]),
        "aboard: --origin: `app.example.com` is no web origin; write scheme and host, like https://app.example.com\n"
    );
    let create = ["keys", "create", "--environment", "sandbox", "--kind"];
    assert_eq!(
        fails(&[&create[..], &["server", "--scope", "users token", "x"]].concat()),
        "aboard: --scope: server keys have no scope `users token`; there are users, users:token, wallets:erase, requests, events, webhooks\n"
    );
    let stranger = "prt_00000000000000000000000000";
    let said = format!("aboard: there is no partner {stranger}; see `aboard partners list`\n");
    assert_eq!(fails(&["partners", "revoke", stranger]), said);
    assert_eq!(fails(&["partners", "rotate-secret", stranger]), said);
    assert_eq!(
        fails(&[&create[..], &["partner", "--partner", stranger, "x"]].concat()),
        said
    );
    assert_eq!(
        fails(&[&create[..], &["server", "--partner", stranger, "x"]].concat()),
        "aboard: --kind: --partner goes with --kind partner, --app with --kind client, neither with server\n"
    );
    let key = "key_00000000000000000000000000";
    let said = format!("aboard: there is no key {key}; see `aboard keys list`\n");
    assert_eq!(fails(&["keys", "revoke", key]), said);
    assert_eq!(fails(&["keys", "rotate", key]), said);

    let theirs = place.json(&[
        "partners",
        "create",
        "--environment",
        "production",
        "Acme",
        "--set",
        "keys.file=kek",
    ]);
    let id = theirs["id"].as_str().unwrap();
    assert_eq!(
        fails(&[&create[..], &["partner", "--partner", id, "x"]].concat()),
        format!("aboard: --partner: {id} belongs to another environment; write --environment {production}\n")
    );

    let second = place.json(&["orgs", "create", "Second", "--set", "keys.file=kek"]);
    let other = second["environments"]["sandbox"].as_str().unwrap();
    assert_eq!(
        fails(&["partners", "list", "--environment", "sandbox"]),
        format!(
            "aboard: --environment: several organizations have a sandbox; name one by its id:\n  {sandbox}  sandbox of Example\n  {other}  sandbox of Second\n"
        )
    );
    assert_eq!(
        place.json(&["partners", "list", "--environment", other, "--set", "keys.file=kek"])["partners"],
        serde_json::json!([])
    );
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(
        place.fails(&[
            "dev",
            "--listen",
            &address,
            "--set",
            "log.level=error",
            "--set",
            "server.metrics_listen="
        ]),
        format!(
            "aboard: server.listen: {address} is taken by another program. Stop that one, choose another address, or let the system choose with `--listen 127.0.0.1:0`.\n"
        )
    );
    let metrics = format!("server.metrics_listen={address}");
    assert_eq!(
        place.fails(&[
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "log.level=error",
            "--set",
            &metrics
        ]),
        format!(
            "aboard: server.metrics_listen: {address} is taken by another program. Stop that one, choose another address, or let the system choose with `--set server.metrics_listen=127.0.0.1:0`.\n"
        )
    );
}
