//! The OpenAPI documents: whole, true, and valid in the eyes of others.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use aboard::api;
use aboard::web::Surface;
use aboard::web::reference::Document;
use serde_json::{Value, json};

use crate::support::app::{Engine, Setup, TestApp, on_both};
use crate::support::reference::{documents, operations, resolved, validator};

on_both! {
    the_documents_are_served_where_the_reference_is_on,
    without_the_setting_there_is_nothing,
}

fn all() -> Vec<Document> {
    documents("https://id.example.com")
}

/// What the providers of channels call: theirs is the description.
fn is_providers(path: &str) -> bool {
    path.starts_with("/e/{environment}/channels/")
}

/// A path that the published SDK misspells.
fn is_misspelt(path: &str) -> bool {
    path.ends_with("%22")
}

#[test]
fn every_route_of_the_api_stands_in_one_document_and_no_other_does() {
    let (_, templates) = api::routes().into_parts();
    let is_ours = |path: &&str| !is_providers(path) && !is_misspelt(path);
    let routed: BTreeSet<&str> = templates.into_iter().filter(is_ours).collect();
    let mut described = BTreeMap::<String, BTreeSet<&str>>::new();
    for operation in operations() {
        described.entry(operation.path).or_default().insert(operation.document);
    }
    assert_eq!(routed, described.keys().map(String::as_str).collect());
    assert!(
        described.values().all(|documents| documents.len() == 1),
        "{described:?}"
    );
}

/// What only the running server can tell: each method that a path answers is described, and each described is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_that_is_answered_is_described() {
    let app = TestApp::start(Engine::Sqlite).await;
    let mut described = BTreeMap::<String, BTreeSet<String>>::new();
    for operation in operations() {
        described.entry(operation.path).or_default().insert(operation.method);
    }
    for (path, methods) in described {
        let url = path.replace(['{', '}'], "");
        let refused = app.anonymous().call("PATCH", &url).send().await;
        assert_eq!(refused.status, 405, "{path}");
        let allowed = refused.header("allow").split(',').map(str::to_owned);
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[test]
fn ids_of_operations_are_unique_and_a_name_stands_for_one_schema() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        assert!(ids.insert(operation.id.clone()), "{} stands there twice", operation.id);
    }
    for surface in [Surface::Partner, Surface::Users, Surface::Wallet] {
        let mut known = BTreeMap::<&str, Value>::new();
        for registered in api::routes().operations() {
            let own = match Surface::of(registered.template) {
                Surface::Pages => Surface::Users,
                own => own,
            };
            if own != surface {
                continue;
            }
            let operation = &registered.operation;
            let schemas = operation.answers.iter().map(|answer| &answer.schema);
            let schemas = schemas.chain(operation.body.iter().map(|body| &body.schema));
            for (name, schema) in schemas.flat_map(aboard::web::reference::Schema::definitions) {
                let first = known.entry(name).or_insert_with(|| schema.clone());
                assert_eq!(first, schema, "two schemas are called {name}");
            }
        }
    }
}

#[test]
fn every_operation_says_what_it_is_for() {
    for operation in operations() {
        let summary = operation.json["summary"].as_str().expect("a summary");
        assert!((10..100).contains(&summary.len()), "{}: {summary}", operation.id);
        assert!(!summary.contains("//!") && !summary.contains("`POST"), "{summary}");
    }
}

#[test]
fn every_example_is_what_its_schema_allows() {
    let mut seen = 0;
    for document in all() {
        let paths = document.json["paths"].as_object().expect("paths");
        for (path, method, operation) in paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| (path, method, operation))
        }) {
            let responses = operation["responses"].as_object().expect("responses").values();
            let bodies = responses.map(|response| (resolved(&document, response), true));
            for (body, closed) in bodies.chain([(&operation["requestBody"], true)]) {
                let content = body["content"].as_object().into_iter().flatten();
                for (media, content) in content.filter(|(media, _)| *media != "text/html") {
                    let judge = validator(&document, &content["schema"], closed);
                    let examples = content["examples"].as_object().expect("examples");
                    assert!(!examples.is_empty(), "{method} {path}: {media} has no example");
                    for (name, example) in examples {
                        let verdict = judge.validate(&example["value"]);
                        assert!(verdict.is_ok(), "{method} {path}: {name}: {:?}", verdict.err());
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} examples");
}

#[test]
fn other_tools_take_them_for_openapi_3_1() {
    for document in all() {
        let mut node = Command::new("node")
            .arg("tests/node/verify-openapi.mjs")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node is there, as `make test` sees to");
        let mut stdin = node.stdin.take().expect("a pipe");
        stdin.write_all(document.json.to_string().as_bytes()).expect("it reads");
        drop(stdin);
        let output = node.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", document.name);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "OpenAPI 3.1", "{said}");
    }
}

async fn the_documents_are_served_where_the_reference_is_on(engine: Engine) {
    let settings = [
        ("server.docs", "true"),
        ("server.sandbox_host", "sandbox-api.example.com"),
    ];
    let app = TestApp::with(engine, &settings).await;
    for name in ["partner", "users", "wallet"] {
        let answer = app.anonymous().get(&format!("/openapi/{name}.json")).await;
        let (status, served) = answer.whole();
        assert_eq!((status, &served["openapi"]), (200, &json!("3.1.0")));
        let urls: Vec<_> = served["servers"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| &one["url"])
            .collect();
        assert_eq!(urls, [&json!(app.app.url), &json!("http://sandbox-api.example.com")]);
        let ours = documents("")
            .into_iter()
            .find(|document| document.name == name)
            .expect("it is there");
        assert_eq!(served["paths"], ours.json["paths"]);
    }
    assert_eq!(app.anonymous().get("/openapi/nothing.json").await.status, 404);
    assert_eq!(app.anonymous().get("/openapi/users").await.status, 404);
}

async fn without_the_setting_there_is_nothing(engine: Engine) {
    let setup = Setup {
        welcome: true,
        ..Setup::default()
    };
    let app = TestApp::set_up(engine, setup).await;
    for path in ["/docs", "/docs/start.js", "/docs/reader.js", "/openapi/users.json"] {
        assert_eq!(app.anonymous().get(path).await.status, 404, "{path}");
    }
}
