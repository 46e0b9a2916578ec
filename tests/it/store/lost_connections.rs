//! PostgreSQL closes connections: at rest and in the middle of a write.

use aboard::store::StoreError;

use crate::support::database::connect;
use crate::support::store::{Engine, TestStore};

/// The writing connections of a test's store.
const POOL: usize = 8;

const END_ALL: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()";
const END_THOSE_THAT_WAIT: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_were_lost_are_made_anew() {
    let store = TestStore::new(Engine::Postgres).await;
    let partner = store.world().await.sandbox.partner;
    for round in 0..3 {
        store.execute(END_ALL).await;
        // Reading changes nothing, so it is tried again by itself.
        assert!(store.instance().await.unwrap().is_some());
        // Writing is not: at most every idle connection is found out to be dead.
        let mut lost = 0;
        loop {
            let call = store.call(&format!("user {round}"));
            match store.external_login(&partner.scope, call.login).await {
                Ok(_) => break,
                Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
            }
            lost += 1;
            assert!(lost <= POOL, "the pool does not recover");
        }
    }
    assert_eq!(store.count("users").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_whose_connection_is_lost_is_unknown_and_harms_no_other() {
    let store = TestStore::new(Engine::Postgres).await;
    let partner = store.world().await.sandbox.partner;
    let beside = connect(&store.database.url()).await;
    beside
        .batch_execute("begin; lock table users in exclusive mode")
        .await
        .unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..6 {
        let (store, scope) = (store.clone(), partner.scope);
        let login = store.call_with_webhook(&partner, &format!("user {number}")).login;
        calls.spawn(async move { store.external_login(&scope, login).await });
    }
    // They wait for the lock, and their connections end one after the other.
    while !calls.is_empty() {
        store.execute(END_THOSE_THAT_WAIT).await;
        while let Some(outcome) = calls.try_join_next() {
            let outcome = outcome.unwrap();
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        }
    }
    beside.batch_execute("rollback").await.unwrap();
    for table in [
        "users",
        "identities",
        "events where type like 'user.%'",
        "deliveries",
        "login_links",
    ] {
        assert_eq!(store.count(table).await, 0, "{table}");
    }
    store.log_in(&partner, store.call("user 0").login).await;
}
