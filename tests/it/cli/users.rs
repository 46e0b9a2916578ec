//! `aboard users` and `aboard subscriptions` beside a running server.

use std::time::Duration;

use aboard::clock::Stopwatch;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::key_services::new_wallet;
use super::place::{Place, redacted};
use super::server::Server;

/// A user that a partner brought: its id and a token.
fn bring_user(server: &Server) -> (String, String) {
    let partner = ("X-PARTNER-API-KEY", server.sandbox("partner_key"));
    let body = json!({ "email": "user@example.com", "partner_user_id": "abc123", "phone": "1234567890" });
    assert_eq!(server.ask("POST", "/api/v1/external_login", partner, &body).0, 200);
    let (status, key) = server.ask("POST", "/api/v1/users/abc123/api_key", partner, &json!({}));
    assert_eq!(status, 200, "{key}");
    let body = json!({ "api_key": key["api_key"], "email": "user@example.com" });
    let watch = Stopwatch::start();
    let token = loop {
        let (status, answer) = server.ask("POST", "/api/v1/login", ("accept", "application/json"), &body);
        assert_eq!(status, 200, "{answer}");
        let token = answer["data"]["attributes"]["jwt"].as_str().unwrap().to_owned();
        // Tokens carry whole seconds: one of the second in which the user was made counts as older than the user.
        let bearer = ("Authorization", &*format!("Bearer {token}"));
        if server.ask("GET", "/api/v1/tenant_details", bearer, &Value::Null).0 == 200 {
            break token;
        }
        assert!(watch.elapsed() < Duration::from_secs(10), "no token works");
    };
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    (claims["sub"].as_str().unwrap().to_owned(), token)
}

#[test]
fn plans_and_suspensions_take_effect() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, token) = bring_user(&server);
    let bearer = format!("Bearer {token}");
    let details = || {
        server.ask(
            "GET",
            "/api/v1/tenant_details",
            ("Authorization", &bearer),
            &Value::Null,
        )
    };
    assert_eq!(details().1["has_plan"], false);

    let set = [
        "subscriptions",
        "set",
        &user,
        "--environment",
        "sandbox",
        "--plan",
        "Gold",
        "--status",
        "active",
    ];
    let text = place.works(&[&set[..], &["--until", "2999-01-01", "--amount", "9.00 EUR"]].concat());
    assert_eq!(
        redacted(&text),
        "Set the plan of usr_….\n\n  plan          Gold\n  status        active\n  until         DAY TIME\n  next payment  9.00 EUR"
    );
    let (_, found) = details();
    assert_eq!(
        (
            &found["has_plan"],
            &found["plan_name"],
            &found["next_payment_date"],
            &found["next_payment_amount"]
        ),
        (
            &json!(true),
            &json!("Gold"),
            &json!("2999-01-01T00:00:00Z"),
            &json!("9.00 EUR")
        )
    );
    let canceled = [
        "subscriptions",
        "set",
        &user,
        "--environment",
        "sandbox",
        "--plan",
        "Gold",
        "--status",
        "canceled",
        "--until",
        "2999-01-01T00:00:00Z",
    ];
    let answer = place.json(&canceled);
    assert_eq!(
        (&answer["status"], &answer["until"], &answer["amount"]),
        (&json!("canceled"), &json!("2999-01-01T00:00:00Z"), &Value::Null)
    );
    assert_eq!(details().1["has_plan"], false);

    assert_eq!(
        redacted(&place.works(&["users", "suspend", &user, "--environment", "sandbox"])),
        "usr_… (sandbox of Example) is suspended: every session and token has ended. `aboard users resume` lets it in again."
    );
    assert_eq!(details().0, 401);
    assert_eq!(
        place.json(&["users", "resume", &user, "--environment", "sandbox"])["suspended"],
        false
    );
    assert_eq!(details().0, 401, "a token from before stays dead");
}

#[test]
fn who_is_not_there_is_named() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, _) = bring_user(&server);
    let said =
        format!("aboard: there is no user {user} in the production of Example; check the id and --environment\n");
    assert_eq!(
        place.fails(&["users", "suspend", &user, "--environment", "production"]),
        said
    );
    let set = [
        "subscriptions",
        "set",
        &user,
        "--plan",
        "Gold",
        "--status",
        "active",
        "--until",
        "2999-01-01",
    ];
    assert_eq!(
        place.fails(&[&set[..], &["--environment", "production"]].concat()),
        said
    );
    assert_eq!(
        place.fails(&[&set[..], &["--environment", "sandbox", "--amount", "nine"]].concat()),
        "aboard: --amount: `nine` is no amount; write a number and a currency, like \"9.00 EUR\"\n"
    );
}

#[test]
fn users_are_listed_shown_and_erased() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, token) = bring_user(&server);
    let environment = ["--environment", "sandbox"];
    let run = |words: &[&str]| place.works(&[&["users"], words, &environment].concat());
    assert_eq!(
        redacted(&run(&["show", &user])),
        "  id           usr_…\n  environment  sandbox of Example\n  status       linked\n  email        user@example.com\n  phone        1234567890\n  made         DAY TIME\n  changed      DAY TIME"
    );
    let listed = run(&["list", "--external-id", "abc123"]);
    assert!(
        listed.starts_with("ID ") && listed.contains(&user) && listed.contains("user@example.com"),
        "{listed}"
    );
    assert_eq!(
        run(&["list", "--email", "user@example.com"]),
        "There is no such user.\n"
    );
    let all = place.json(&["users", "list", "--environment", "sandbox"]);
    assert_eq!(
        (&all["users"][0]["user_id"], &all["next"]),
        (&json!(user), &Value::Null)
    );

    assert_eq!(
        redacted(&run(&["erase", &user, "--yes"])),
        "usr_… (sandbox of Example) is erased: its sessions, keys and tokens have ended, and nothing that names the person is left."
    );
    let bearer = ("Authorization", &*format!("Bearer {token}"));
    assert_eq!(server.ask("GET", "/api/v1/tenant_details", bearer, &Value::Null).0, 401);
    for gone in ["show", "erase", "suspend"] {
        assert_eq!(
            place.fails(&["users", gone, &user, "--environment", "sandbox"]),
            format!("aboard: there is no user {user} in the sandbox of Example; check the id and --environment\n")
        );
    }
    assert_eq!(
        place.fails(&["users", "list", "--environment", "sandbox", "--phone", "123"]),
        "aboard: --phone: Invalid phone format: send E.164, a + and 7 to 15 digits, like +306912345678.\n"
    );
}

#[test]
fn a_user_is_shown_with_the_wallet_that_can_be_frozen() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, _) = bring_user(&server);
    assert!(!place.works(&["users", "show", &user]).contains("wallet"));
    assert_eq!(place.json(&["users", "show", &user])["wallet"], Value::Null);
    new_wallet(&server, "ada");
    let newest = place.json(&["users", "list", "--environment", "sandbox", "--limit", "1"]);
    let owner = newest["users"][0]["user_id"].as_str().unwrap();
    let shown = place.json(&["users", "show", owner])["wallet"].clone();
    let wallet = shown["wallet_id"].as_str().unwrap();
    assert_eq!(
        shown,
        json!({ "wallet_id": wallet, "custody": "server", "pending": false, "frozen": false })
    );
    place.works(&["wallets", "freeze", wallet, "--environment", "sandbox"]);
    let shown = place.works(&["users", "show", owner]);
    assert!(
        shown.contains(&format!("wallet       {wallet} (server, frozen)\n")),
        "{shown}"
    );
}

#[test]
fn a_user_is_found_wherever_it_is() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, _) = bring_user(&server);
    let shown = place.json(&["users", "show", &user]);
    assert_eq!(
        (&shown["user_id"], &shown["environment_kind"]),
        (&json!(user), &json!("sandbox"))
    );
    assert!(
        place
            .works(&["users", "suspend", &user])
            .contains("(sandbox of Example)")
    );
    assert_eq!(place.json(&["users", "resume", &user])["suspended"], false);
    let nobody = "usr_01hzzzzzzzzzzzzzzzzzzzzzzz";
    assert_eq!(
        place.fails(&["users", "show", nobody]),
        format!("aboard: there is no user {nobody} in any environment; check the id, and --data or --database\n")
    );
}

#[test]
fn nobody_is_erased_by_accident() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, _) = bring_user(&server);
    let said = place.fails(&["users", "erase", &user]);
    assert!(
        said.contains("user@example.com") && said.contains("Type yes to go on") && said.contains("nothing was changed"),
        "{said}"
    );
    let said = place.fails(&["users", "erase", &user, "--json"]);
    assert!(said.starts_with("aboard: --yes: with --json nobody is asked"), "{said}");
    assert_eq!(place.json(&["users", "show", &user])["status"], "linked");
    let answered = place.answering(&["users", "erase", &user], "no\n");
    assert_eq!(answered.code, Some(1), "{}", answered.err);
    let answered = place.answering(&["users", "erase", &user], "yes\n");
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    assert!(
        answered.out.contains("(sandbox of Example) is erased"),
        "{}",
        answered.out
    );
    assert!(place.fails(&["users", "show", &user]).contains("there is no user"));
}

#[test]
fn keys_of_a_user_are_listed_and_revoked() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let (user, token) = bring_user(&server);
    let listed = place.json(&["users", "keys", &user]);
    let key = listed["keys"][0]["id"].as_str().unwrap();
    assert_eq!(listed["keys"][0]["partner_name"], "Acme");
    let text = place.works(&["users", "keys", &user]);
    assert!(
        text.starts_with("ID ") && text.contains(key) && text.contains("abu_test_"),
        "{text}"
    );
    let bearer = ("Authorization", &*format!("Bearer {token}"));
    assert_eq!(server.ask("GET", "/api/v1/tenant_details", bearer, &Value::Null).0, 200);
    let said = place.works(&["users", "revoke-key", key]);
    assert!(
        said.starts_with(&format!("Revoked {key}, a key of {user} (sandbox of Example).")),
        "{said}"
    );
    assert_eq!(server.ask("GET", "/api/v1/tenant_details", bearer, &Value::Null).0, 401);
    assert!(
        place
            .works(&["users", "keys", &user])
            .starts_with("No partner holds a key of")
    );
    assert!(place.fails(&["users", "revoke-key", key]).contains("there is no key"));
    let audit = place.json(&["audit", "list"]);
    assert!(audit.to_string().contains("user_key.revoked"), "{audit}");
}
