//! `external_login` from many callers at once.

use aboard::store::{ExternalLoginOutcome, LoggedIn};

use crate::support::store::{TestStore, both, race};

both! {
    of_many_first_calls_at_once_one_makes_the_user,
    calls_for_many_users_at_once_make_each_once,
}

async fn of_many_first_calls_at_once_one_makes_the_user(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let calls: Vec<_> = (0..200).map(|_| store.call_with_webhook(&partner, "ada")).collect();
    let outcomes = race(calls.len(), |number| {
        let (store, scope, login) = (store.clone(), partner.scope, calls[number].login.clone());
        async move { store.external_login(&scope, login).await.unwrap() }
    })
    .await;

    let created = |outcome: &&ExternalLoginOutcome| {
        matches!(outcome, ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. }))
    };
    let winners: Vec<_> = outcomes.iter().filter(created).collect();
    let [ExternalLoginOutcome::LoggedIn(LoggedIn { user, .. })] = winners[..] else {
        panic!("{winners:?}")
    };
    let known = ExternalLoginOutcome::LoggedIn(LoggedIn {
        user: *user,
        created: false,
        replayed: false,
    });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == known).count(), 199);
    for (table, rows) in [
        ("users", 1),
        ("identities", 3),
        ("events", 1),
        ("deliveries", 1),
        ("jobs", 1),
        ("user_keys", 1),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
    for call in &calls {
        let click = store.click(&call.link);
        assert_eq!(store.redeem(click.redemption).await.user, *user);
    }
}

async fn calls_for_many_users_at_once_make_each_once(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    // Ten users, each named by ten callers, in an order that differs from caller to caller.
    let outcomes = race(100, |number| {
        let name = format!("user {}", (number * 7 + number / 10) % 10);
        let (store, scope, call) = (store.clone(), partner.scope, store.call_with_webhook(&partner, &name));
        async move { store.external_login(&scope, call.login).await.unwrap() }
    })
    .await;
    let created = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. })));
    assert_eq!(created.count(), 10);
    for (table, rows) in [
        ("users", 10),
        ("identities", 30),
        ("events", 10),
        ("deliveries", 10),
        ("login_links", 100),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
}
