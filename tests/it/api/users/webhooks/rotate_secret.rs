//! `POST /v1/webhooks/{webhook_id}/rotate_secret`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use aboard::clock::Clock;
use aboard_fakes::{Receiver, Request};
use serde_json::{Value, json};

use crate::support::app::{Engine, Setup, TestApp, on_both};
use crate::support::hooks::{data_of, deliver, happen, hook, secret_of, signatures, signed_by};

on_both! {
    both_secrets_sign_until_the_overlap_ends,
    their_own_libraries_take_either_secret_during_the_overlap,
    an_overlap_of_nothing_ends_the_old_one_at_once,
}

async fn both_secrets_sign_until_the_overlap_ends(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    let rotated = data_of(
        200,
        &hook
            .post(&app, "rotate_secret", &json!({ "overlap_seconds": 3_600 }))
            .await,
    );
    let new = secret_of(&rotated);
    happen(&app, "ada").await;
    deliver(&app).await;
    let during = receiver.requests().remove(0);
    let signed = signatures(&during);
    assert_eq!(signed.len(), 4, "{signed:?}");
    assert_eq!(
        (&signed[0], &signed[2]),
        (&signed_by(&new, &during), &signed_by(&hook.secret, &during))
    );
    let waffy = |secret: &aboard::domain::webhook::WebhookSecret, request: &Request| {
        format!("sha256={}", secret.sign_body(&request.body))
    };
    assert_eq!(during.header("waffy-signature"), Some(&*waffy(&hook.secret, &during)));

    app.advance(3_601);
    happen(&app, "bob").await;
    deliver(&app).await;
    let after = receiver.requests().remove(1);
    assert_eq!(signatures(&after)[0], signed_by(&new, &after));
    assert_eq!(signatures(&after).len(), 2);
    assert_eq!(after.header("waffy-signature"), Some(&*waffy(&new, &after)));
}

async fn their_own_libraries_take_either_secret_during_the_overlap(engine: Engine) {
    let setup = Setup {
        // The verifier compares the time with its own clock.
        starts_at: Some(Clock::System.now()),
        ..Setup::default()
    };
    let app = TestApp::set_up(engine, setup).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    let new = secret_of(&data_of(200, &hook.post(&app, "rotate_secret", &json!({})).await));
    happen(&app, "ada").await;
    deliver(&app).await;
    let request = receiver.requests().remove(0);
    let stranger = aboard::domain::webhook::WebhookSecret::new(vec![1; 32]);
    for library in [Library::Npm, Library::PyPi] {
        for secret in [&hook.secret, &new] {
            assert_eq!(
                verify(library, &secret.expose(), &request),
                Ok("ok\n".to_owned()),
                "{library:?}"
            );
        }
        let refused = verify(library, &stranger.expose(), &request).unwrap_err();
        assert!(
            refused.starts_with("WebhookVerificationError"),
            "{library:?}: {refused}"
        );
    }
}

/// The two `standardwebhooks` packages.
#[derive(Debug, Clone, Copy)]
enum Library {
    Npm,
    PyPi,
}

impl Library {
    fn command(self) -> Command {
        let (program, script) = match self {
            Self::Npm => ("node".to_owned(), "tests/node/verify-webhook.mjs"),
            Self::PyPi => {
                let python = std::env::var("ABOARD_PYTHON").unwrap_or_else(|_| "python3".to_owned());
                (python, "tests/python/verify_webhook.py")
            }
        };
        let mut command = Command::new(program);
        command.arg(script);
        command
    }
}

/// What a `standardwebhooks` package says.
fn verify(library: Library, secret: &str, request: &Request) -> Result<String, String> {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names
        .iter()
        .map(|name| ((*name).to_owned(), json!(request.header(name))))
        .collect();
    let body = String::from_utf8(request.body.to_vec()).expect("UTF-8");
    let job = json!({ "secret": secret, "headers": headers, "body": body });
    let mut verifier = library
        .command()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it is there, as `make test` sees to");
    let mut stdin = verifier.stdin.take().expect("a pipe");
    stdin.write_all(job.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = verifier.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

async fn an_overlap_of_nothing_ends_the_old_one_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    let new = secret_of(&data_of(
        200,
        &hook.post(&app, "rotate_secret", &json!({ "overlap_seconds": 0 })).await,
    ));
    happen(&app, "ada").await;
    deliver(&app).await;
    let request = receiver.requests().remove(0);
    assert_eq!(signatures(&request).len(), 2);
    assert_eq!(signatures(&request)[0], signed_by(&new, &request));
    for wrong in [json!(-1), json!(604_801), json!("soon")] {
        let answer = hook
            .post(&app, "rotate_secret", &json!({ "overlap_seconds": wrong }))
            .await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}
