//! The key-encryption key on another machine, and the move to another one.

use aboard_fakes::{AWS_ACCESS_KEY, AWS_KEY, KeyService, TRANSIT_KEY, TRANSIT_TOKEN};
use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

/// The settings of the transit engine of a fake.
fn transit(place: &Place, service: &KeyService) -> Vec<String> {
    place.write("token", &format!("{TRANSIT_TOKEN}\n"));
    [
        "--set".to_owned(),
        "keys.kind=transit".to_owned(),
        "--set".to_owned(),
        format!("keys.transit_url={}", service.transit_url()),
        "--set".to_owned(),
        format!("keys.transit_key={TRANSIT_KEY}"),
        "--set".to_owned(),
        "keys.transit_token_file=token".to_owned(),
    ]
    .into()
}

fn with<'a>(arguments: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    arguments
        .iter()
        .copied()
        .chain(more.iter().map(String::as_str))
        .collect()
}

/// A wallet of somebody who logs in with the shop's own word.
pub fn new_wallet(server: &Server, name: &str) {
    let (status, answer) = try_new_wallet(server, name);
    assert_eq!(status, 200, "{answer}");
}

/// The answer of making one, whatever it is. Somebody who registered before has no wallet yet.
fn try_new_wallet(server: &Server, name: &str) -> (u16, Value) {
    let secret = server.sandbox("client_secret").to_owned();
    let who = json!({ "subId": name });
    let known = server.ask("POST", "/api/v2/auth/login-custody", ("x-client-secret", &secret), &who);
    let (status, answer) = match known {
        (200, answer) => (200, answer),
        _ => server.ask(
            "POST",
            "/api/v2/auth/register-custody",
            ("x-client-secret", &secret),
            &who,
        ),
    };
    assert_eq!(status, 200, "{answer}");
    let headers = format!(
        "{secret}\r\nAuthorization: Bearer {}",
        answer["data"]["accessToken"].as_str().unwrap()
    );
    server.ask(
        "POST",
        "/api/v2/account/create",
        ("x-client-secret", &headers),
        &json!({}),
    )
}

/// Logs in again, and signs.
fn signs(server: &Server, name: &str) -> (u16, Value) {
    let secret = server.sandbox("client_secret").to_owned();
    let (status, answer) = server.ask(
        "POST",
        "/api/v2/auth/login-custody",
        ("x-client-secret", &secret),
        &json!({ "subId": name }),
    );
    assert_eq!(status, 200, "{answer}");
    let token = answer["data"]["walletToken"].as_str().unwrap();
    let headers = format!("{secret}\r\nAuthorization: Bearer {token}");
    let body = json!({ "network": "ethereum-sepolia", "message": "hello" });
    server.ask(
        "POST",
        "/api/v2/wallet/sign-message",
        ("x-client-secret", &headers),
        &body,
    )
}

#[test]
fn a_server_starts_and_signs_with_a_key_in_a_transit_engine() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(KeyService::start()).unwrap();
    let keys = transit(&place, &service);
    let server = Server::dev(&place, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    new_wallet(&server, "ada");
    assert_eq!(signs(&server, "ada").0, 200);
    // Who has just signed may go on for a while; nothing new is made, and nothing of the service is told.
    service.go_away(true);
    assert_eq!(signs(&server, "ada").0, 200);
    let (status, answer) = try_new_wallet(&server, "grace");
    assert_eq!(status, 503, "{answer}");
    assert!(!answer.to_string().contains("transit"), "{answer}");
    service.go_away(false);
    new_wallet(&server, "grace");
    server.stop();
    let looked = place.run(&with(&["doctor", "--offline"], &keys)).out;
    assert!(
        looked.contains("key service") && looked.contains("opens this store"),
        "{looked}"
    );
    // No key ever went over the wire in the clear to be kept there: the service saw what it was asked to seal, bound to
    // a place, with the token.
    assert!(
        service
            .requests()
            .iter()
            .all(|request| request.header("x-vault-token") == Some(TRANSIT_TOKEN))
    );
    for (setting, said) in [
        ("keys.transit_token_file=nowhere", "keys.transit_token_file"),
        ("keys.transit_key=", "keys.transit_key"),
        (
            "keys.transit_url=http://vault.example.com/v1/transit",
            "keys.transit_url",
        ),
        ("keys.transit_key=other", "does not open this store"),
    ] {
        let arguments = with(&["dev", "--listen", "127.0.0.1:0"], &keys);
        let ended = place.run(&[&arguments[..], &["--set", setting]].concat());
        let why = ended.err;
        assert_eq!(ended.code, Some(1), "{setting}: {why}");
        assert!(why.contains(said), "{setting}: {why}");
    }
}

#[test]
fn a_server_starts_and_signs_with_a_key_of_aws() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(KeyService::start()).unwrap();
    let endpoint = format!("keys.aws_endpoint={}", service.aws_endpoint());
    let key = format!("keys.aws_key={AWS_KEY}");
    let keys = [
        "--set",
        "keys.kind=aws",
        "--set",
        "keys.aws_region=eu-central-1",
        "--set",
        &key,
        "--set",
        &endpoint,
    ];
    let why = place.fails(&[&["dev", "--listen", "127.0.0.1:0"], &keys[..]].concat());
    assert!(why.contains("AWS_ACCESS_KEY_ID"), "{why}");
    let credentials = [
        ("AWS_ACCESS_KEY_ID", AWS_ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let server = Server::dev_with(&place, &keys, &credentials);
    new_wallet(&server, "ada");
    assert_eq!(signs(&server, "ada").0, 200);
    server.stop();
}

#[test]
fn everything_moves_to_another_key_while_people_work() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(KeyService::start()).unwrap();
    let server = Server::dev(&place, &[]);
    new_wallet(&server, "ada");
    server.stop();
    // The new key wraps, the old one still opens.
    let mut both = transit(&place, &service);
    both.extend(["--set".to_owned(), "keys.others=[\"data/dev.key\"]".to_owned()]);
    let server = Server::dev(&place, &both.iter().map(String::as_str).collect::<Vec<_>>());
    new_wallet(&server, "grace");
    assert_eq!((signs(&server, "ada").0, signs(&server, "grace").0), (200, 200));
    let done = place.json(&["keys", "rewrap"]);
    assert_eq!(
        (&done["wallet_keys"], &done["rewrapped"]),
        (&json!(2), &json!(1)),
        "{done}"
    );
    assert_eq!(done["kek_id"], format!("transit:{TRANSIT_KEY}"));
    let again = place.json(&["keys", "rewrap"]);
    assert_eq!(again["rewrapped"], json!(0), "what is done is passed over");
    assert_eq!((signs(&server, "ada").0, signs(&server, "grace").0), (200, 200));
    server.stop();
    // The old key is of no use any more, and not needed.
    let alone = transit(&place, &service);
    std::fs::remove_file(place.path("data/dev.key")).unwrap();
    let server = Server::dev(&place, &alone.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((signs(&server, "ada").0, signs(&server, "grace").0), (200, 200));
    let entries = place.works(&["audit", "list"]);
    assert!(entries.contains("keys.rewrapped"), "{entries}");
    place.works(&["audit", "verify"]);
    server.stop();
}
