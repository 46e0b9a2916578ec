//! The published SDK, against this server.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aboard::domain::Provider;
use aboard::store::StoredSetting;
use aboard_fakes::Issuer;
use aboard_fakes::telegram::widget_hash;
use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::codes::other_than;
use crate::support::logins::{BOT, BOT_TOKEN, CLIENT_ID, Federation};

on_both! {
    it_logs_people_in_with_codes,
    it_logs_people_in_with_a_password,
    it_logs_people_in_through_providers,
    it_asks_for_the_organization,
}

/// The SDK in a process of its own.
struct Sdk {
    node: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Sdk {
    fn start(at: &Federation) -> Self {
        let app = at.made.app.to_string();
        let mut node = Command::new("node")
            .args(["tests/node/xellar.mjs", &at.app.app.url, &app, &at.made.client_secret])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there, as `make test` sees to");
        let stdin = node.stdin.take().expect("a pipe");
        let lines = BufReader::new(node.stdout.take().expect("a pipe")).lines();
        Self { node, stdin, lines }
    }

    /// Makes it call something. It talks to the server in this very process, which goes on meanwhile.
    fn call(&mut self, path: &str, with: &Value) -> Value {
        let path: Vec<&str> = path.split('.').collect();
        let job = json!({ "do": path, "with": with });
        tokio::task::block_in_place(|| {
            writeln!(self.stdin, "{job}").expect("it reads");
            let line = self.lines.next().expect("it answers").expect("a line");
            serde_json::from_str(&line).expect("JSON")
        })
    }

    /// What a call returns.
    #[track_caller]
    fn returns(&mut self, path: &str, with: &Value) -> Value {
        let answer = self.call(path, with);
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer["returned"].clone()
    }

    /// The message of the error that a call throws, which has this code.
    #[track_caller]
    fn throws(&mut self, path: &str, with: &Value, code: &str) -> String {
        let answer = self.call(path, with);
        let error = &answer["error"];
        assert_eq!(
            (&error["is_xellar_error"], &error["code"]),
            (&json!(true), &json!(code)),
            "{path}: {answer}"
        );
        let message = error["message"].as_str().expect("a message").to_owned();
        // Whole sentences, for whoever reads them.
        assert!(message.ends_with('.') && message.contains(' '), "{message}");
        message
    }

    fn end(mut self) {
        drop(self.stdin);
        let ended = tokio::task::block_in_place(|| self.node.wait());
        assert!(ended.expect("it ends").success());
    }
}

/// That a log-in came to its end: for a user without a wallet, with a token that stands.
async fn assert_logged_in(at: &Federation, done: &Value) {
    assert_eq!(done["isWalletCreated"], false, "{done}");
    let access = done["accessToken"].as_str().expect("a token");
    assert_eq!(at.app.me(access).await.status, 200);
}

async fn it_logs_people_in_with_codes(engine: Engine) {
    let at = Federation::start(engine).await;
    let mut sdk = Sdk::start(&at);
    for (group, to) in [("email", "a+b@example.com"), ("whatsapp", "306912345678")] {
        let begun = sdk.returns(&format!("auth.{group}.login"), &json!([to]));
        let token = match group {
            "email" => &begun,
            _ => &begun["verifyToken"],
        };
        let token = token.as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
        let code = at.app.code_for(&to.replace('+', "%2B")).await;
        let verify = format!("auth.{group}.verify");
        let message = sdk.throws(&verify, &json!([token, other_than(&code)]), "401");
        assert!(message.contains("wrong, expired or already used"), "{message}");
        let done = sdk.returns(&verify, &json!([token, code]));
        assert_logged_in(&at, &done).await;
        sdk.throws(&verify, &json!([token, code]), "401");
    }
    sdk.throws("auth.whatsapp.login", &json!(["306912345678"]), "429");
    sdk.throws("auth.email.login", &json!(["nobody"]), "400");
    sdk.end();
}

async fn it_logs_people_in_with_a_password(engine: Engine) {
    let at = Federation::start(engine).await;
    let mut sdk = Sdk::start(&at);
    let right = json!(["ada", "correct horse battery"]);
    let made = sdk.returns("auth.username.register", &right);
    assert_logged_in(&at, &made).await;
    let done = sdk.returns("auth.username.login", &right);
    assert_logged_in(&at, &done).await;
    let message = sdk.throws("auth.username.login", &json!(["ada", "wrong horse"]), "401");
    assert!(message.contains("password is wrong"), "{message}");
    let message = sdk.throws("auth.username.register", &right, "409");
    assert!(message.contains("taken"), "{message}");
    sdk.throws("auth.username.register", &json!(["bob", "short"]), "400");
    sdk.end();
}

async fn it_logs_people_in_through_providers(engine: Engine) {
    let at = Federation::start(engine).await;
    let mut sdk = Sdk::start(&at);
    let google = json!([at.google("1001"), "2030-01-31"]);
    assert_logged_in(&at, &sdk.returns("auth.google.authorize", &google)).await;
    let apple = Issuer::apple_claims(CLIENT_ID, "000123.abc", "ada@example.com", at.now());
    let apple = json!([at.issuer.sign(&apple)]);
    assert_logged_in(&at, &sdk.returns("auth.apple.authorize", &apple)).await;
    let seconds = at.now().to_string();
    let hash = widget_hash(
        BOT_TOKEN,
        &[("id", "42"), ("first_name", "Ada"), ("auth_date", &seconds)],
    );
    let data = json!({ "id": "42", "first_name": "Ada", "auth_date": seconds, "hash": hash });
    let telegram = json!([{ "botUsername": BOT, "data": data }]);
    assert_logged_in(&at, &sdk.returns("auth.telegram.authorize", &telegram)).await;
    for (group, used) in [("google", &google), ("apple", &apple), ("telegram", &telegram)] {
        let message = sdk.throws(&format!("auth.{group}.authorize"), used, "401");
        assert!(message.contains("used before"), "{message}");
    }
    sdk.end();
}

/// The SDK asks before it goes to the ramp provider.
async fn it_asks_for_the_organization(engine: Engine) {
    let at = Federation::start(engine).await;
    let mut sdk = Sdk::start(&at);
    let off = sdk.call("rampableReference.listBanks", &json!([{}]));
    assert!(
        off["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("enable the rampable")),
        "{off}"
    );
    at.app
        .known_at(at.made.app, Provider::Rampable, "", Some("rampable-secret"))
        .await;
    let setting = StoredSetting {
        environment: at.app.sandbox.environment.id,
        name: "login.rampable".to_owned(),
        value: "true".to_owned(),
    };
    let store = &at.app.instance().store;
    store.set_setting(&at.app.admin(), setting, at.app.now()).await.unwrap();
    at.app.instance().settings.load(store).await.unwrap();
    let asked = sdk.returns("rampableReference.listBanks", &json!([{}]));
    assert_eq!(asked, json!({ "secret": "rampable-secret" }));
    sdk.end();
}
