//! Opening, migrating and closing.

use std::os::unix::fs::PermissionsExt as _;
use std::task::Poll;

use aboard::store::{Store, StoreError};

use crate::support::database::{Database, options};
use crate::support::store::{Engine, TestStore, both, hand_in, race};

both! {
    what_was_handed_in_is_answered_before_the_store_closes,
    a_closed_store_is_unavailable,
}

async fn what_was_handed_in_is_answered_before_the_store_closes(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let node = store.another().await;
    let mut waiting = Vec::new();
    for number in 0..50 {
        let (node, scope) = (node.clone(), partner.scope);
        let login = store.call(&format!("user {number}")).login;
        let mut call = Box::pin(async move { node.external_login(&scope, login).await });
        match hand_in(call.as_mut()) {
            Poll::Ready(answer) => assert!(answer.is_ok(), "{answer:?}"),
            Poll::Pending => waiting.push(call),
        }
    }
    node.close().await;
    for call in waiting {
        call.await.unwrap();
    }
    assert_eq!(store.count("users").await, 50);
}

async fn a_closed_store_is_unavailable(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let node = store.another().await;
    assert!(node.instance().await.is_ok());
    node.close().await;
    node.close().await;
    let reading = node.instance().await.unwrap_err();
    assert!(matches!(reading, StoreError::Unavailable(_)), "{reading:?}");
    let writing = node
        .external_login(&partner.scope, store.call("ada").login)
        .await
        .unwrap_err();
    assert!(matches!(writing, StoreError::Unavailable(_)), "{writing:?}");
    // Only this node is closed.
    store.log_in(&partner, store.call("ada").login).await;
}

/// Several nodes start on an empty database: each migration is applied by one of them.
async fn nodes_that_start_at_once_migrate_once(engine: Engine) {
    let database = Database::empty(engine).await;
    let applied = race(4, |_| {
        let url = database.url();
        async move {
            let store = Store::open(options(&url)).await.unwrap();
            let applied = store.migrate().await.unwrap();
            (applied, store.migrations().await.unwrap())
        }
    })
    .await;
    let all = &applied[0].1;
    assert!(!all.is_empty() && applied.iter().all(|(_, known)| known == all));
    let mut by_any: Vec<_> = applied.iter().flat_map(|(applied, _)| applied.clone()).collect();
    by_any.sort();
    assert_eq!(by_any, *all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_migrate_once_sqlite() {
    nodes_that_start_at_once_migrate_once(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_migrate_once_postgres() {
    nodes_that_start_at_once_migrate_once(Engine::Postgres).await;
}

#[tokio::test]
async fn another_scheme_is_a_wrong_setting() {
    for url in ["", "mysql://localhost/aboard", "aboard.db", "SQLITE:aboard.db"] {
        let refused = Store::open(options(url)).await.err();
        assert!(
            matches!(&refused, Some(StoreError::Setting(text)) if text.contains("store.url")),
            "{url}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_as_such() {
    // Port 1 is nobody's.
    let refused = Store::open(options("postgres://nobody@127.0.0.1:1/nothing"))
        .await
        .err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_a_wrong_setting() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let refused = Store::open(options(&format!("sqlite:{}/aboard.db", file.display())))
        .await
        .err();
    assert!(
        matches!(&refused, Some(StoreError::Setting(text)) if text.contains("store.url")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_files_are_this_users_alone() {
    let store = TestStore::new(Engine::Sqlite).await;
    store.world().await;
    let file = store.database.file();
    let directory = file.parent().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(directory), 0o700);
    let files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() > 1, "the write-ahead log is there too");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
