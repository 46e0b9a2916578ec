//! `Idempotency-Key`, as `external_login` records it in its own transaction.

use aboard::domain::Email;
use aboard::store::{ExternalLogin, ExternalLoginOutcome, LoggedIn};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    the_same_request_again_is_a_replay_with_a_fresh_link,
    the_key_with_another_request_is_a_mismatch_and_writes_nothing,
    a_key_may_be_used_anew_once_it_has_expired,
    a_failed_call_leaves_its_key_unused,
    of_many_equal_calls_at_once_one_is_no_replay,
}

fn call(store: &TestStore, name: &str, key: u8, request: u8) -> ExternalLogin {
    ExternalLogin {
        idempotency: Some(idempotency(store, key, request)),
        ..store.call(name).login
    }
}

async fn the_same_request_again_is_a_replay_with_a_fresh_link(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let first = store.log_in(&partner, call(&store, "ada", 1, 1)).await;
    assert!(first.created && !first.replayed);
    let again = store.log_in(&partner, call(&store, "ada", 1, 1)).await;
    assert_eq!(
        again,
        LoggedIn {
            user: first.user,
            created: false,
            replayed: true
        }
    );
    assert_eq!(store.count("login_links").await, 2);
    assert_eq!(store.count("events where type like 'user.%'").await, 1);
    // Another key is another call.
    assert!(!store.log_in(&partner, call(&store, "ada", 2, 1)).await.replayed);
}

async fn the_key_with_another_request_is_a_mismatch_and_writes_nothing(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, call(&store, "ada", 1, 1)).await;
    let before = store.everything().await;
    store.advance(1);
    for name in ["ada", "somebody else"] {
        let mut other = call(&store, name, 1, 2);
        other.email = Email::parse("new@example.com").unwrap();
        let outcome = store.external_login(&partner.scope, other).await.unwrap();
        assert_eq!(outcome, ExternalLoginOutcome::IdempotencyMismatch, "{name}");
    }
    assert_eq!(store.everything().await, before);
}

async fn a_key_may_be_used_anew_once_it_has_expired(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, call(&store, "ada", 1, 1)).await;
    store.advance(86_399);
    assert!(store.log_in(&partner, call(&store, "ada", 1, 1)).await.replayed);
    store.advance(1);
    // Expired, though no sweep has deleted it: another request may have it, and then owns it for a day.
    assert!(!store.log_in(&partner, call(&store, "ada", 1, 2)).await.replayed);
    store.advance(86_399);
    assert!(store.log_in(&partner, call(&store, "ada", 1, 2)).await.replayed);
    let outcome = store
        .external_login(&partner.scope, call(&store, "ada", 1, 1))
        .await
        .unwrap();
    assert_eq!(outcome, ExternalLoginOutcome::IdempotencyMismatch);
}

async fn a_failed_call_leaves_its_key_unused(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let taken = call(&store, "ada", 1, 1);
    store.log_in(&partner, taken.clone()).await;

    let mut failing = call(&store, "bob", 2, 2);
    failing.link = taken.link;
    let before = store.everything().await;
    store
        .external_login(&partner.scope, failing)
        .await
        .expect_err("the link's id is taken");
    assert_eq!(store.everything().await, before);
    assert!(!store.log_in(&partner, call(&store, "bob", 2, 2)).await.replayed);
}

async fn of_many_equal_calls_at_once_one_is_no_replay(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let outcomes = race(40, |_| {
        let (store, scope, login) = (store.clone(), partner.scope, call(&store, "ada", 1, 1));
        async move { store.external_login(&scope, login).await.unwrap() }
    })
    .await;
    let fresh = |outcome: &&ExternalLoginOutcome| {
        matches!(
            outcome,
            ExternalLoginOutcome::LoggedIn(LoggedIn { replayed: false, .. })
        )
    };
    let fresh: Vec<_> = outcomes.iter().filter(fresh).collect();
    assert!(
        matches!(
            fresh[..],
            [ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. })]
        ),
        "{fresh:?}"
    );
    assert_eq!(store.count("users").await, 1);
    assert_eq!(store.count("idempotency_keys").await, 1);
}
