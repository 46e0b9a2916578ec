//! Whatever arrives, the answer is one that the reference names, and never a fault of ours.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, user};
use crate::support::client::{Answer, Client};

/// Runs a property on each engine, one server for all its cases.
fn on_both<S: Strategy>(cases: u32, strategy: S, property: &impl AsyncFn(&TestApp, S::Value)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let runtime = Runtime::new().expect("a runtime");
        let app = runtime.block_on(TestApp::start(engine));
        let config = Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        };
        let run = TestRunner::new(config).run(&strategy, |value| {
            runtime.block_on(property(&app, value));
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{engine:?}: {error}"));
        // Its connections end inside their runtime.
        runtime.block_on(async { drop(app) });
    }
}

#[track_caller]
fn assert_documented(answer: &Answer, documented: &[u16], what: &dyn std::fmt::Debug) {
    assert!(
        documented.contains(&answer.status),
        "{}: {what:?}: {answer:?}",
        answer.status
    );
    assert!(
        answer.header("x-request-id").starts_with("req_"),
        "{what:?}: {answer:?}"
    );
    if answer.header("content-type") == "application/json" {
        assert!(answer.json().is_object());
    } else {
        answer.page();
    }
}

fn callers(app: &TestApp) -> [(&'static str, Client); 5] {
    [
        ("/api/v1/external_login", app.partner().clone()),
        ("/api/v1/embedded_check_user", app.partner().clone()),
        ("/api/v1/login", app.anonymous()),
        ("/v1/login_codes/exchange", app.server()),
        ("/api/v1/users/ada/api_key", app.partner().clone()),
    ]
}

#[test]
fn any_bytes_as_a_body_are_answered() {
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..300),
        "[\\[\\]{}\":,0-9a-z\\\\ ]{0,60}".prop_map(String::into_bytes)
    ];
    on_both(40, bytes, &async |app, bytes| {
        for (path, client) in callers(app) {
            let call = client.call("POST", path).header("content-type", "application/json");
            let answer = call.body(bytes.clone()).send().await;
            assert_documented(&answer, &[200, 400, 401, 404, 422], &(path, &bytes));
        }
    });
}

#[test]
fn any_texts_in_the_fields_are_answered() {
    let text = || prop_oneof!["\\PC{0,40}", any::<String>(), "[ -~]{1,300}", Just("ada".to_owned())];
    let fields = (text(), text(), text(), text(), text());
    on_both(40, fields, &async |app, (id, state, email, phone, other)| {
        let mut ours = user("ada");
        ours["partner_user_id"] = json!(id);
        ours["state"] = json!(state);
        ours["return_url"] = json!(other);
        let documented = [200, 400, 422];
        assert_documented(
            &app.partner().post("/api/v1/external_login", &ours).await,
            &documented,
            &ours,
        );
        ours["email"] = json!(email);
        ours["phone"] = json!(phone);
        ours["webhook_endpoint"] = json!(other);
        assert_documented(
            &app.partner().post("/api/v1/external_login", &ours).await,
            &documented,
            &ours,
        );
        let asked = json!({ "partner_user_id": id });
        let answer = app.partner().post("/api/v1/embedded_check_user", &asked).await;
        assert_documented(&answer, &[200, 400, 404, 422], &asked);
        let login = json!({ "api_key": other, "email": email, "wrapp_user_id": id });
        assert_documented(
            &app.anonymous().post("/api/v1/login", &login).await,
            &[400, 401],
            &login,
        );
        let code = json!({ "code": other, "code_verifier": state });
        assert_documented(
            &app.server().post("/v1/login_codes/exchange", &code).await,
            &[400],
            &code,
        );
    });
}

#[test]
fn any_values_in_the_fields_are_answered() {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 16, 4, |inner| {
        let object = vec(("[a-z_]{1,8}", inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|pairs| pairs.into_iter().collect())
        ]
    });
    let names = [
        "email",
        "phone",
        "partner_user_id",
        "webhook_endpoint",
        "state",
        "code_challenge",
        "api_key",
        "code",
    ];
    let object = vec((proptest::sample::select(names.to_vec()), value), 0..8);
    on_both(40, object, &async |app, pairs| {
        let mut body = user("ada");
        for (name, value) in pairs {
            body[name] = value;
        }
        for (path, client) in callers(app) {
            assert_documented(
                &client.post(path, &body).await,
                &[200, 400, 401, 404, 422],
                &(path, &body),
            );
        }
    });
}

#[test]
fn any_path_is_answered() {
    let part = prop_oneof![
        "[a-zA-Z0-9_.~-]{1,70}",
        "(%[0-9A-F]{2}){1,12}",
        Just("api/v1".to_owned()),
        Just("v1".to_owned()),
        Just("account".to_owned()),
        Just("users".to_owned()),
        Just("..".to_owned()),
    ];
    let path = (vec(part, 0..5), "(\\?[a-z0-9=&%]{0,20})?");
    on_both(60, path, &async |app, (parts, query)| {
        let path = format!("/{}{query}", parts.join("/"));
        for method in ["GET", "POST"] {
            let answer = app.partner().call(method, &path).send().await;
            assert_documented(&answer, &[200, 400, 401, 404, 405, 410, 415], &(method, &path));
        }
    });
}

#[test]
fn any_bytes_on_a_connection_are_answered_or_cut_off() {
    let line = prop_oneof![
        vec(any::<u8>(), 0..200),
        "(GET|POST) [ -~]{0,40} HTTP/1\\.[01]\r\n".prop_map(String::into_bytes)
    ];
    let bytes = (line, vec(any::<u8>(), 0..200));
    on_both(60, bytes, &async |app, (line, rest)| {
        let address = app.app.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let bytes = [&line[..], &rest, b"\r\n\r\n"].concat();
        let read = async {
            // The server may close before it has read everything.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            answer
        };
        let answer = timeout(std::time::Duration::from_secs(20), read)
            .await
            .expect("it is closed");
        let told = String::from_utf8_lossy(&answer);
        let refused = answer.is_empty() || told.starts_with("HTTP/1.1 4") || told.starts_with("HTTP/1.0 4");
        assert!(refused || told.starts_with("HTTP/1.1 2"), "{bytes:?}: {told}");
    });
}
