//! `aboard store copy`: the instance that comes out is the one that went in.

use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;
use crate::support::database::{Database, Engine};

/// What somebody outside has, and can ask with.
struct Known {
    user: String,
    server_key: String,
    partner_key: String,
    token: String,
}

fn linked(server: &Server) -> Known {
    let server_key = server.sandbox("server_key").to_owned();
    let bearer = format!("Bearer {server_key}");
    let mut user = String::new();
    for name in ["ada", "bob", "eve"] {
        let body = json!({
            "email": format!("{name}@example.com"), "phone": "+1234567890", "name": name, "metadata": { "z": 1, "a": [null] },
        });
        let (status, answer) = server.ask("POST", "/v1/users/link", ("Authorization", &bearer), &body);
        assert_eq!(status, 200, "{answer}");
        answer["data"]["user_id"].as_str().unwrap().clone_into(&mut user);
    }
    let (status, answer) = server.ask(
        "POST",
        &format!("/v1/users/{user}/tokens"),
        ("Authorization", &bearer),
        &json!({}),
    );
    assert_eq!(status, 201, "{answer}");
    Known {
        user,
        partner_key: server.sandbox("partner_key").to_owned(),
        token: answer["data"]["token"].as_str().unwrap().to_owned(),
        server_key,
    }
}

/// What the API says, without what changes with every call.
fn seen(server: &Server, known: &Known) -> Vec<Value> {
    let bearer = format!("Bearer {}", known.server_key);
    let ask = |path: &str, bearer: &str| {
        let (status, mut answer) = server.ask("GET", path, ("Authorization", bearer), &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer.as_object_mut().unwrap().remove("meta");
        answer
    };
    let token = format!("Bearer {}", known.token);
    assert_eq!(server.status_of_partner_key(&known.partner_key), 404);
    vec![
        ask("/v1/users", &bearer),
        ask(&format!("/v1/users/{}", known.user), &bearer),
        ask("/v1/users/me", &token),
    ]
}

/// Where to, and what holds it.
async fn targets(place: &Place) -> Vec<(String, Option<Database>)> {
    let postgres = Database::empty(Engine::Postgres).await;
    let file = format!("sqlite:{}", place.path("new/aboard.db").display());
    vec![(postgres.url(), Some(postgres)), (file, None)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copy_answers_as_the_source_did() {
    let begin = Place::new();
    for (url, _database) in targets(&begin).await {
        let place = Place::new();
        let server = Server::dev(&place, &[]);
        let address = server.address().to_owned();
        let known = linked(&server);
        let before = seen(&server, &known);

        let running = place.fails(&["store", "copy", "--to", &url]);
        assert!(
            running.contains("a server is running on data/aboard.db. Stop it first"),
            "{running}"
        );
        server.stop();

        let ended = place.run(&["store", "copy", "--to", &url, "--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let answer: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&answer["users"], &answer["found_rows"]), (&json!(3), &json!(0)));
        for line in ended.err.lines() {
            let step: Value = serde_json::from_str(line).unwrap();
            assert!(step["step"] == "compared" || step["step"] == "copied", "{line}");
        }

        let shown = answer["to"].as_str().unwrap();
        let moved =
            format!("aboard: store.url: this store was copied to {shown} and takes no more writes; use that one\n");
        assert_eq!(place.fails(&["users", "list", "--environment", "sandbox"]), moved);
        assert!(place.run(&["dev", "--listen", "127.0.0.1:0"]).err.ends_with(&moved));
        let again = place.fails(&["store", "copy", "--to", &url]);
        assert!(again.contains("was copied before"), "{again}");

        // The same address: a token names its issuer.
        let metrics = "server.metrics_listen=127.0.0.1:0";
        let there = [
            "dev",
            "--listen",
            &address,
            "--json",
            "--set",
            metrics,
            "--database",
            &url,
        ];
        let there = Server::start(&place, &there);
        assert_eq!(seen(&there, &known), before);
        assert_eq!(there.sandbox("partner_key"), known.partner_key, "the keys are the same");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_copied_is_named() {
    let (place, _) = Place::with_organization();
    let key = ["--set", "keys.file=kek"];
    let run = |to: &str, more: &[&str]| place.fails(&[&["store", "copy", "--to", to], more].concat());
    let same = run("sqlite:data/aboard.db", &key);
    assert_eq!(same, "aboard: --to: this is the source itself; name another database\n");
    assert!(run("mysql://a/b", &key).contains("--to: "));
    place.works(&["keys", "init", "other"]);
    let wrong = run("sqlite:new/aboard.db", &["--set", "keys.file=other"]);
    assert!(wrong.contains("does not open this store"), "{wrong}");
    assert!(
        !place.path("new/aboard.db").exists(),
        "nothing is made before the key is right"
    );
    let nothing = run("sqlite:new/aboard.db", &["--set", "keys.file=kek", "--data", "nowhere"]);
    assert!(
        nothing.contains("there is no database at nowhere/aboard.db"),
        "{nothing}"
    );

    place.works(&["orgs", "create", "Other", "--data", "taken", key[0], key[1]]);
    let taken = run("sqlite:taken/aboard.db", &key);
    assert!(taken.contains("is not empty"), "{taken}");
    let text = place.run(&["store", "copy", "--to", "sqlite:new/aboard.db", key[0], key[1]]);
    assert!(text.out.starts_with("Copied 0 users, "), "{}", text.out);
    assert!(text.err.contains("compared signing_keys: 4 rows"), "{}", text.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_is_lifted_on_demand_alone() {
    let (place, _) = Place::with_organization();
    let run = |words: &[&str]| place.run(&[words, &["--set", "keys.file=kek"]].concat());
    let said = |words: &[&str]| run(words).err;
    let unfence = ["store", "unfence"];
    let none = said(&[&unfence[..], &["--yes"]].concat());
    assert_eq!(
        none,
        "aboard: store.url: sqlite:data/aboard.db has no fence: it takes writes as it is.\n"
    );
    let copied = run(&["store", "copy", "--to", "sqlite:new/aboard.db"]);
    assert_eq!(copied.code, Some(0), "{}", copied.err);
    let fenced = || said(&["orgs", "create", "Second"]).contains("takes no more writes");
    assert!(fenced());
    let asked = said(&unfence);
    assert!(
        asked.contains("was copied to sqlite:new/aboard.db") && asked.contains("nothing was changed"),
        "{asked}"
    );
    assert!(said(&[&unfence[..], &["--json"]].concat()).contains("--yes"));
    assert!(fenced());
    let lifted = place.json(&["store", "unfence", "--yes", "--set", "keys.file=kek"]);
    assert_eq!(lifted["copy"], "sqlite:new/aboard.db");
    assert!(!fenced());
    let organizations = place.json(&["orgs", "list", "--set", "keys.file=kek"]);
    assert_eq!(organizations["organizations"].as_array().unwrap().len(), 2);
    let audit = place.json(&["audit", "list", "--set", "keys.file=kek"]);
    assert!(audit.to_string().contains("store.unfenced"), "{audit}");
    // The chain goes on where it stood.
    let checked = place.json(&["audit", "verify", "--set", "keys.file=kek"]);
    assert!(checked["entries"].as_u64() > Some(1), "{checked}");
}
