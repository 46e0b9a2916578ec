//! Whatever arrives, the answer is one that the reference names, and never a fault of ours.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, user};
use crate::support::client::{Answer, Call, Client};
use crate::support::reference::{Operation, documents, operations};

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

/// Who may call an operation, and a user that a path can name.
struct Callers {
    partner: Client,
    server: Client,
    holder: Client,
    shop: Client,
    anonymous: Client,
    user: String,
}

impl Callers {
    async fn of(app: &TestApp) -> Self {
        let partner = app.partner().clone();
        partner.post("/api/v1/external_login", &user("ada")).await;
        let key = partner.post("/api/v1/users/ada/api_key", &json!({})).await.json();
        let login = json!({ "api_key": key["api_key"], "wrapp_user_id": key["wrapp_user_id"] });
        let token = app.anonymous().post("/api/v1/login", &login).await.json();
        let token = token["data"]["attributes"]["jwt"].as_str().expect("a token").to_owned();
        let brought = json!({ "email": "ada@example.com", "phone": "+1234567890", "name": "Ada" });
        let linked = app.server().post("/v1/users/link", &brought).await.json();
        Self {
            partner,
            server: app.server(),
            holder: app.anonymous().with("authorization", &format!("Bearer {token}")),
            shop: app.shop().await,
            anonymous: app.anonymous(),
            user: linked["data"]["user_id"].as_str().expect("an id").to_owned(),
        }
    }

    /// A call of an operation by whom it is for; the variable part of its path is `segment`.
    fn call(&self, operation: &Operation, segment: &str, query: &[(&str, &str)]) -> Call {
        let client = match operation.takes() {
            Some("PartnerKey") => &self.partner,
            Some("ServerKey") => &self.server,
            Some("UserToken") => &self.holder,
            Some("ClientSecret") => &self.shop,
            _ => &self.anonymous,
        };
        let segment = match (segment, operation.document) {
            ("known", "users") => &self.user,
            ("known", _) => "ada",
            _ => segment,
        };
        let segment = segment
            .bytes()
            .fold(String::new(), |path, byte| format!("{path}%{byte:02X}"));
        let (before, rest) = operation.path.split_once('{').unwrap_or((&operation.path, "}"));
        let (_, after) = rest.split_once('}').expect("a whole template");
        let segment = if before == operation.path {
            String::new()
        } else {
            segment
        };
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        client.call(&operation.method, &format!("{before}{segment}{after}?{query}"))
    }
}

/// The variable part of a path: any text but those that lead elsewhere, and one that names a user.
fn segment() -> impl Strategy<Value = String> {
    let any = prop_oneof![
        "\\PC{1,20}",
        any::<String>(),
        "usr_[0-7][0-9a-z]{25}",
        Just("known".to_owned())
    ];
    any.prop_filter("it leads elsewhere", |text| {
        !text.is_empty() && text.bytes().any(|byte| byte != b'.') && !["me", "link"].contains(&text.as_str())
    })
}

#[test]
fn any_bytes_as_a_body_are_answered_as_the_reference_says() {
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..300),
        "[\\[\\]{}\":,0-9a-z\\\\ ]{0,60}".prop_map(String::into_bytes)
    ];
    let kinds = [
        "application/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-8",
        "text/plain",
    ];
    let operations = operations();
    let case = (
        bytes,
        proptest::sample::select(kinds.to_vec()),
        segment(),
        "[ -~]{0,12}",
    );
    on_both(30, case, &async |app, (bytes, kind, segment, key)| {
        let callers = Callers::of(app).await;
        for operation in &operations {
            let call = callers.call(operation, &segment, &[]).header("content-type", kind);
            let call = call.header("idempotency-key", &key).body(bytes.clone());
            operation.assert_documented(&call.send().await, &(&bytes, kind, &segment, &key));
        }
    });
}

#[test]
fn any_values_are_answered_as_the_reference_says() {
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
    let documents = documents("https://id.example.com");
    let known: Vec<_> = operations()
        .into_iter()
        .map(|operation| {
            let document = documents.iter().find(|document| document.name == operation.document);
            let fields = operation.fields(document.expect("it is there"));
            (operation, fields)
        })
        .collect();
    // Which of an operation's fields and parameters get which value; the others are good ones.
    let case = (
        vec((0..8_usize, value), 0..4),
        vec((0..8_usize, "\\PC{0,30}"), 0..4),
        segment(),
    );
    on_both(30, case, &async |app, (values, texts, segment)| {
        let callers = Callers::of(app).await;
        for (operation, fields) in &known {
            let mut body = user("ada");
            body["phone"] = json!("+1234567890");
            body["name"] = json!("Ada");
            for (index, value) in &values {
                if let Some(name) = fields.get(*index) {
                    body[name] = value.clone();
                }
            }
            let names = operation.parameters();
            let query: BTreeMap<&str, &str> = texts
                .iter()
                .filter_map(|(index, text)| Some((names.get(*index)?.as_str(), text.as_str())))
                .collect();
            let query: Vec<_> = query.into_iter().collect();
            let call = callers.call(operation, &segment, &query).json(&body);
            operation.assert_documented(&call.send().await, &(&body, &query, &segment));
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
