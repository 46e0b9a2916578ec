//! The published SDK, against this server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::other_than;

on_both! { the_published_sdk_logs_people_in }

async fn the_published_sdk_logs_people_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let mut node = Command::new("node")
        .args(["tests/node/xellar.mjs", &app.app.url, &made.app.to_string()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there, as `make test` sees to");
    let mut stdin = node.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(node.stdout.take().expect("a pipe")).lines();
    // It talks to the server in this very process, which goes on meanwhile.
    let mut say = |job: Value| -> Value {
        tokio::task::block_in_place(|| {
            writeln!(stdin, "{job}").expect("it reads");
            let line = lines.next().expect("it answers").expect("a line");
            serde_json::from_str(&line).expect("JSON")
        })
    };
    for (group, to) in [("email", "a+b@example.com"), ("whatsapp", "306912345678")] {
        let begun = say(json!({ "do": [group, "login"], "with": [to] }));
        let token = match group {
            "email" => &begun["returned"],
            _ => &begun["returned"]["verifyToken"],
        };
        let token = token.as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
        let code = app.code_for(&to.replace('+', "%2B")).await;
        let wrong = say(json!({ "do": [group, "verify"], "with": [token, other_than(&code)] }));
        assert_eq!(
            (&wrong["error"]["is_xellar_error"], &wrong["error"]["code"]),
            (&json!(true), &json!("401"))
        );
        let message = wrong["error"]["message"].as_str().unwrap();
        assert!(message.contains("wrong, expired or already used"), "{message}");
        let done = say(json!({ "do": [group, "verify"], "with": [token, code] }));
        assert_eq!(done["returned"]["isWalletCreated"], false, "{done}");
        let access = done["returned"]["accessToken"].as_str().expect("a token");
        assert_eq!(app.me(access).await.status, 200);
    }
    let limited = say(json!({ "do": ["whatsapp", "login"], "with": ["306912345678"] }));
    assert_eq!(limited["error"]["code"], "429", "{limited}");
    drop(stdin);
    let ended = tokio::task::block_in_place(|| node.wait());
    assert!(ended.expect("it ends").success());
}
