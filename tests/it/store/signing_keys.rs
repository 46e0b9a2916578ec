//! Keys that sign tokens: rotation with overlap.

use aboard::domain::{EnvironmentId, SigningKeyId, SigningPurpose};
use aboard::store::{NewSigningKey, SigningKeyRotation};
use aboard_vault::Algorithm;

use crate::support::store::{TestStore, both, race};

both! {
    a_new_key_stands_behind_the_old_one_which_ends,
    a_later_rotation_ends_a_key_sooner_but_never_later,
    purposes_and_environments_rotate_apart,
    rotations_at_once_leave_one_key_without_an_end,
    an_unknown_environment_gets_no_key,
    other_nodes_see_a_new_revision,
    a_key_is_erased_an_hour_after_its_end,
}

fn rotation(store: &TestStore, environment: EnvironmentId, overlap: i64) -> SigningKeyRotation {
    SigningKeyRotation {
        environment,
        purpose: SigningPurpose::Published,
        algorithm: Algorithm::Es256,
        key: NewSigningKey {
            id: SigningKeyId(store.ids.id()),
            public_key: store.bytes(),
            sealed: store.bytes(),
        },
        until: store.later(overlap),
    }
}

async fn rotate(store: &TestStore, rotation: SigningKeyRotation) -> bool {
    store
        .rotate_signing_key(&store.admin(), rotation, store.now())
        .await
        .unwrap()
}

/// The keys of an environment: id, algorithm, and how many seconds they have left.
async fn keys(store: &TestStore, environment: EnvironmentId) -> Vec<(SigningKeyId, Algorithm, Option<i64>)> {
    let keys = store.signing_keys(store.system(), store.now()).await.unwrap();
    let keys = keys.into_iter().filter(|key| key.environment == environment);
    keys.map(|key| {
        let left = key.retired_at.map(|end| store.now().duration_until(end).as_secs());
        (key.id, key.algorithm, left)
    })
    .collect()
}

async fn a_new_key_stands_behind_the_old_one_which_ends(store: TestStore) {
    let sandbox = store.world().await.sandbox.id;
    let old = keys(&store, sandbox).await[0].0;
    store.advance(1);
    let new = rotation(&store, sandbox, 60);
    assert!(rotate(&store, new.clone()).await);
    let expected = [(old, Algorithm::EdDsa, Some(60)), (new.key.id, Algorithm::Es256, None)];
    assert_eq!(keys(&store, sandbox).await, expected);
    let stored = store.signing_keys(store.system(), store.now()).await.unwrap();
    let stored = stored.iter().find(|key| key.id == new.key.id).unwrap();
    assert_eq!(
        (&stored.public_key, &stored.sealed),
        (&new.key.public_key, &new.key.sealed)
    );
    assert_eq!(
        (stored.purpose, stored.created_at),
        (SigningPurpose::Published, store.now())
    );
    store.advance(59);
    assert_eq!(keys(&store, sandbox).await.len(), 2);
    store.advance(1);
    assert_eq!(keys(&store, sandbox).await, [(new.key.id, Algorithm::Es256, None)]);
}

async fn a_later_rotation_ends_a_key_sooner_but_never_later(store: TestStore) {
    let sandbox = store.world().await.sandbox.id;
    for (overlap, left) in [(600, &[600][..]), (3_600, &[599, 3_600]), (60, &[60, 60, 60])] {
        store.advance(1);
        assert!(rotate(&store, rotation(&store, sandbox, overlap)).await);
        let keys = keys(&store, sandbox).await;
        let ends: Vec<_> = keys.into_iter().filter_map(|(.., left)| left).collect();
        assert_eq!(ends, left);
    }
}

async fn purposes_and_environments_rotate_apart(store: TestStore) {
    let world = store.world().await;
    let (sandbox, production) = (world.sandbox.id, world.production.id);
    let before = keys(&store, production).await;
    let published = keys(&store, sandbox).await;
    store.advance(1);
    let mut private = rotation(&store, sandbox, 60);
    private.purpose = SigningPurpose::Private;
    assert!(rotate(&store, private.clone()).await);
    assert_eq!(
        keys(&store, sandbox).await,
        [published[0], (private.key.id, Algorithm::Es256, None)]
    );
    let stored = store.signing_keys(store.system(), store.now()).await.unwrap();
    let stored = stored.iter().find(|key| key.id == private.key.id).unwrap();
    assert_eq!(stored.purpose, SigningPurpose::Private);
    store.advance(1);
    assert!(rotate(&store, rotation(&store, sandbox, 60)).await);
    let ends: Vec<_> = keys(&store, sandbox).await.into_iter().map(|(.., left)| left).collect();
    assert_eq!(ends, [Some(60), None, None]);
    assert_eq!(keys(&store, production).await, before);
}

async fn rotations_at_once_leave_one_key_without_an_end(store: TestStore) {
    let sandbox = store.world().await.sandbox.id;
    let made = race(8, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move { rotate(&store, rotation(&store, sandbox, 60)).await }
        }
    });
    assert!(made.await.into_iter().all(|made| made));
    let keys = keys(&store, sandbox).await;
    assert_eq!(keys.len(), 9);
    assert_eq!(keys.iter().filter(|(.., left)| left.is_none()).count(), 1);
}

async fn an_unknown_environment_gets_no_key(store: TestStore) {
    store.world().await;
    let before = store.everything().await;
    assert!(!rotate(&store, rotation(&store, EnvironmentId(store.ids.id()), 60)).await);
    assert_eq!(store.everything().await, before);
}

async fn other_nodes_see_a_new_revision(store: TestStore) {
    let sandbox = store.world().await.sandbox.id;
    store.refresh_credentials(store.now()).await.unwrap();
    assert!(!store.refresh_credentials(store.now()).await.unwrap());
    assert!(rotate(&store, rotation(&store, sandbox, 60)).await);
    assert!(store.refresh_credentials(store.now()).await.unwrap());
}

async fn a_key_is_erased_an_hour_after_its_end(store: TestStore) {
    let sandbox = store.world().await.sandbox.id;
    assert!(rotate(&store, rotation(&store, sandbox, 60)).await);
    store.advance(60 + 3_600);
    for (swept, left) in [(0, 3), (1, 2), (0, 2)] {
        assert_eq!(store.sweep(store.system(), store.now()).await.unwrap(), swept);
        assert_eq!(store.count("signing_keys").await, left);
        store.advance(1);
    }
    assert_eq!(keys(&store, sandbox).await.len(), 1);
}
