//! Calls that fail, and what becomes of those beside them.

use aboard::store::{ExternalLoginOutcome, LoggedIn, Result, StoreError};

use super::deliveries::bring;
use crate::support::store::{Engine, TestStore, both, hand_in, race};
use crate::support::world::Partner;

both! {
    a_failing_call_spoils_none_beside_it,
    a_call_that_nobody_waits_for_happens_as_a_whole_or_not_at_all,
}

async fn a_failing_call_spoils_none_beside_it(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let taken = store.call("taken").login;
    store.log_in(&partner, taken.clone()).await;
    let outcomes = race(40, |number| {
        let mut login = store.call(&format!("user {number}")).login;
        if number % 8 == 3 {
            login.link = taken.link.clone();
        }
        let (store, scope) = (store.clone(), partner.scope);
        async move { (number, store.external_login(&scope, login).await) }
    })
    .await;
    for (number, outcome) in outcomes {
        let failed = matches!(outcome, Err(StoreError::Fault(_)));
        assert_eq!(failed, number % 8 == 3, "{number}: {outcome:?}");
        assert!(
            failed || matches!(outcome, Ok(ExternalLoginOutcome::LoggedIn(_))),
            "{number}: {outcome:?}"
        );
    }
    assert_eq!(store.count("users").await, 36);
    assert_eq!(store.count("events where type like 'user.%'").await, 36);
}

async fn a_call_that_nobody_waits_for_happens_as_a_whole_or_not_at_all(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let node = store.another().await;
    for number in 0..20 {
        let login = store.call_with_webhook(&partner, &format!("user {number}")).login;
        let mut call = Box::pin(node.external_login(&partner.scope, login));
        // The caller goes away: its browser closed the connection, or a time-out struck.
        let _ = hand_in(call.as_mut());
    }
    store
        .log_in(&partner, store.call_with_webhook(&partner, "somebody").login)
        .await;
    node.close().await;
    let users = store.count("users").await;
    assert!((1..=21).contains(&users), "{users}");
    for (table, each) in [
        ("identities", 3),
        ("events where type like 'user.%'", 1),
        ("deliveries", 1),
        ("jobs", 1),
        ("user_keys", 1),
        ("login_links", 1),
    ] {
        assert_eq!(store.count(table).await, each * users, "{table}");
    }
}

/// Calls that the SQLite writer takes as one group: it is kept waiting until all of them are handed in.
async fn in_one_group(store: &TestStore, partner: &Partner, names: &[&str]) -> Vec<Result<ExternalLoginOutcome>> {
    let beside = store.beside();
    beside.execute_batch("begin immediate").unwrap();
    let call = |name: &&str| {
        let login = store.call_with_webhook(partner, name).login;
        let (store, scope) = (store.clone(), partner.scope);
        Box::pin(async move { store.external_login(&scope, login).await })
    };
    let mut calls: Vec<_> = names.iter().map(call).collect();
    for call in &mut calls {
        assert!(hand_in(call.as_mut()).is_pending());
    }
    beside.execute_batch("rollback").unwrap();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await);
    }
    outcomes
}

fn made(outcome: &Result<ExternalLoginOutcome>) -> bool {
    matches!(
        outcome,
        Ok(ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. }))
    )
}

#[tokio::test]
async fn calls_that_wait_together_share_a_commit() {
    let store = TestStore::new(Engine::Sqlite).await;
    let partner = store.world().await.sandbox.partner;
    let (operations, commits) = store.group_counts();
    let outcomes = in_one_group(&store, &partner, &["a", "b", "c", "d"]).await;
    assert!(outcomes.iter().all(made), "{outcomes:?}");
    assert_eq!(store.group_counts(), (operations + 4, commits + 1));
}

#[tokio::test]
async fn a_member_that_fails_leaves_nothing_and_its_group_stands() {
    let store = TestStore::new(Engine::Sqlite).await;
    let partner = store.world().await.sandbox.partner;
    // In the middle of its writes: the user is there already.
    let refuse = "create trigger refuse after insert on identities when new.key = 'bad' begin
         select raise(abort, 'refused'); end";
    store.execute(refuse).await;
    let (_, commits) = store.group_counts();
    let outcomes = in_one_group(&store, &partner, &["a", "bad", "c"]).await;
    assert!(matches!(outcomes[1], Err(StoreError::Fault(_))), "{outcomes:?}");
    assert!(made(&outcomes[0]) && made(&outcomes[2]), "{outcomes:?}");
    assert_eq!(store.group_counts().1, commits + 1);
    for (table, rows) in [
        ("users", 2),
        ("identities", 6),
        ("events where type like 'user.%'", 2),
        ("deliveries", 2),
        ("login_links", 2),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
}

/// Everybody in a group that was lost is told that the outcome is unknown; nothing of it is kept, and the
/// store goes on.
async fn a_lost_group(refuse: &str, names: &[&str]) {
    let store = TestStore::new(Engine::Sqlite).await;
    let partner = store.world().await.sandbox.partner;
    bring(&store, &partner, "before").await;
    store.execute(refuse).await;
    let before = store.everything().await;
    let outcomes = in_one_group(&store, &partner, names).await;
    for outcome in &outcomes {
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcomes:?}");
    }
    assert_eq!(store.everything().await, before);
    store.execute("drop trigger refuse").await;
    let outcomes = in_one_group(&store, &partner, names).await;
    assert!(outcomes.iter().all(made), "{outcomes:?}");
    assert_eq!(store.count("users").await, names.len() + 1);
}

#[tokio::test]
async fn a_transaction_that_the_engine_ended_is_lost_as_a_whole() {
    // As a full disk does it: the transaction is over, and what comes next would commit by itself.
    let refuse = "create trigger refuse after insert on identities when new.key = 'bad' begin
         select raise(rollback, 'ended'); end";
    a_lost_group(refuse, &["a", "b", "bad"]).await;
}

#[tokio::test]
async fn a_commit_that_fails_is_lost_as_a_whole() {
    let refuse = "create table parents (id integer primary key) strict;
         create table children (parent integer references parents (id) deferrable initially deferred) strict;
         create trigger refuse after insert on identities when new.key = 'bad' begin
         insert into children values (1); end";
    a_lost_group(refuse, &["a", "bad", "c"]).await;
}
