//! A full disk under SQLite, made by a limit on the size of files: what was answered stays, what was not
//! answered is said to be unknown, and the store goes on when there is room.

use std::process::Command;

use aboard::store::{SqliteOptions, Store, StoreError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::database::options;
use crate::support::store::{Engine, TestStore, race};

/// Set in the process whose disk is full: the limit must not meet any other test.
const INSIDE: &str = "ABOARD_TEST_FULL_DISK";
const NAME: &str = "store::full_disk::what_was_answered_survives_a_full_disk";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_full_disk() {
    if std::env::var_os(INSIDE).is_some() {
        return in_a_process_of_its_own().await;
    }
    // A write past the limit raises a signal that would end the process; only a shell can have it ignored.
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn in_a_process_of_its_own() {
    let store = TestStore::new(Engine::Sqlite).await;
    let partner = store.world().await.sandbox.partner;
    let node = Store::open(aboard::store::OpenStore {
        // Synced, and with so small a cache that pages are written before the commit as well.
        sqlite: SqliteOptions {
            sync: true,
            cache_kib: 64,
        },
        ..options(&store.database.url())
    })
    .await
    .unwrap();
    let log = store.database.file().with_extension("db-wal");
    let room = std::fs::metadata(log).unwrap().len() + 1_000_000;
    let before = getrlimit(Resource::Fsize);
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: Some(room),
            ..before
        },
    )
    .unwrap();

    let mut answered = Vec::new();
    let mut refused = 0;
    for round in 0..40 {
        let outcomes = race(16, |number| {
            let call = store.call_with_webhook(&partner, &format!("user {round} {number}"));
            let (node, scope) = (node.clone(), partner.scope);
            async move { (call.link, node.external_login(&scope, call.login).await) }
        })
        .await;
        for (link, outcome) in outcomes {
            match outcome {
                Ok(_) => answered.push(link),
                Err(StoreError::Unavailable(_)) => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    assert!(
        answered.len() > 16 && refused > 16,
        "{} answered, {refused} refused",
        answered.len()
    );
    // Reading goes on while there is no room to write.
    for link in &answered {
        assert!(node.preview_login_link(link, store.now()).await.unwrap().is_some());
    }

    setrlimit(Resource::Fsize, before).unwrap();
    let call = store.call_with_webhook(&partner, "after");
    node.external_login(&partner.scope, call.login).await.unwrap();
    answered.push(call.link);
    node.close().await;

    let again = store.another().await;
    for link in &answered {
        assert!(again.preview_login_link(link, store.now()).await.unwrap().is_some());
    }
    // Whatever became of the refused ones, it happened as a whole.
    let users = store.count("users").await;
    assert!((answered.len()..=answered.len() + refused).contains(&users));
    for (table, each) in [
        ("events where type like 'user.%'", 1),
        ("login_links", 1),
        ("deliveries", 1),
        ("jobs", 1),
        ("identities", 3),
    ] {
        assert_eq!(store.count(table).await, users * each, "{table}");
    }
    assert_eq!(store.rows("pragma integrity_check").await, ["ok"]);
}
