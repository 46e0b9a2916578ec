//! The audit log: an entry for each change, in its transaction, sealed into a chain.

use std::sync::Arc;

use aboard::domain::KeyKind;
use aboard::store::AuditEntry;

use crate::support::store::{TestStore, both, race, seal_of};
use crate::support::world::api_key_of;

both! {
    every_change_has_its_entry_and_a_refused_one_has_none,
    numbers_follow_the_order_of_the_commits,
    a_page_goes_on_after_its_last_entry,
    each_entry_is_sealed_over_the_one_before_it,
}

async fn all(store: &TestStore) -> Vec<AuditEntry> {
    store.audit_after(store.system(), 0, 10_000).await.unwrap()
}

async fn every_change_has_its_entry_and_a_refused_one_has_none(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let before = all(&store).await.len();
    let key = store.key(KeyKind::Server, sandbox.id, sandbox.kind, sandbox.id.0).await;
    let id = aboard::domain::KeyId(key.id);
    let now = store.now();
    assert!(store.set_key_limit(&store.admin(), id, Some(7), now).await.unwrap());
    assert!(
        store
            .revoke_key(&store.administer("somebody else", Arc::new(seal_of)), id, now)
            .await
            .unwrap()
    );
    // Nothing is left to be revoked or limited.
    assert!(!store.revoke_key(&store.admin(), id, now).await.unwrap());
    assert!(!store.set_key_limit(&store.admin(), id, Some(8), now).await.unwrap());
    let entries = all(&store).await.split_off(before);
    let said: Vec<_> = entries
        .iter()
        .map(|entry| (&*entry.actor, &*entry.action, &*entry.target))
        .collect();
    let target = id.to_string();
    assert_eq!(
        said,
        [
            ("a test", "key.created", &*target),
            ("a test", "key.limited", &target),
            ("somebody else", "key.revoked", &target),
        ]
    );
    assert!(entries.iter().all(|entry| entry.environment == Some(sandbox.id)));
    assert_eq!(entries[1].details, r#"{"per_minute":7}"#);
    assert!(entries.iter().all(|entry| entry.at == now));
}

async fn numbers_follow_the_order_of_the_commits(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let before = all(&store).await.len();
    let seen = race(16, |_| {
        let store = store.clone();
        async move {
            let key = store.ids.id();
            let text = aboard::domain::NewKey::new(KeyKind::Server, sandbox.kind, key, store.ids.secret());
            let new = api_key_of(&text, sandbox.id, sandbox.id.0);
            store.create_key(&store.admin(), new, store.now()).await.unwrap();
            all(&store).await
        }
    })
    .await;
    let entries = all(&store).await;
    assert_eq!(entries.len(), before + 16);
    // Whoever looks after its own commit finds no gap that is filled later.
    for seen in seen {
        assert_eq!(seen, entries[..seen.len()]);
    }
}

async fn a_page_goes_on_after_its_last_entry(store: TestStore) {
    store.world().await;
    let whole = all(&store).await;
    assert!(whole.len() > 4, "{whole:?}");
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = store.audit_after(store.system(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        found.extend(page);
    }
    assert_eq!(found, whole);
    let mut newest = store.audit_before(store.system(), None, 3).await.unwrap();
    newest.reverse();
    assert_eq!(newest, whole[whole.len() - 3..]);
    let before = whole[2].seq;
    let older = store.audit_before(store.system(), Some(before), 10).await.unwrap();
    assert_eq!(older.len(), 2);
}

async fn each_entry_is_sealed_over_the_one_before_it(store: TestStore) {
    store.world().await;
    let mut before = Vec::new();
    for entry in all(&store).await {
        let seal = entry.seal.clone().unwrap();
        assert_eq!(seal, seal_of(&before, &entry));
        before = seal;
    }
}
