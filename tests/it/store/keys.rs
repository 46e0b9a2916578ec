//! Keys as the command line manages them: created, listed, revoked, rotated.

use aboard::domain::{ApiKey, AppId, EventId, KeyId, KeyKind, NewKey};
use aboard::store::{KeyRow, NewApiKey, NewApp};
use jiff::Timestamp;

use crate::support::store::{TestStore, both};
use crate::support::world::{Plane, api_key_of};

both! {
    a_key_is_listed_with_what_may_be_shown,
    a_key_is_revoked_once,
    a_rotated_key_overlaps_with_its_successor,
    an_unknown_or_revoked_key_is_not_rotated,
    a_rotation_never_lengthens_a_life,
    every_change_of_a_credential_raises_the_revision,
    a_key_id_is_taken_once,
    a_limit_is_changed_until_the_key_is_revoked,
    an_exposed_secret_is_noted_once_and_loses_custody_in_production,
}

/// A partner key that is not stored yet.
fn fresh(store: &TestStore, plane: &Plane) -> (NewKey, NewApiKey) {
    let key = NewKey::new(KeyKind::Partner, plane.kind, store.ids.id(), store.ids.secret());
    let new = api_key_of(&key, plane.id, plane.partner.id.0);
    (key, new)
}

async fn row(store: &TestStore, key: &ApiKey) -> KeyRow {
    let keys = store.keys(store.system()).await.unwrap();
    keys.into_iter()
        .find(|row| row.id == KeyId(key.id))
        .expect("the key is listed")
}

async fn rotate(store: &TestStore, old: &ApiKey, new: NewApiKey, until: Timestamp) -> bool {
    store
        .rotate_key(&store.admin(), KeyId(old.id), new, until, store.now())
        .await
        .unwrap()
}

async fn good(store: &TestStore, key: &ApiKey) -> bool {
    store.authenticate(key, store.now()).await.unwrap().is_some()
}

async fn a_key_is_listed_with_what_may_be_shown(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (key, mut new) = fresh(&store, &sandbox);
    new.scopes = vec!["one".to_owned(), "two".to_owned()];
    store.create_key(&store.admin(), new, store.now()).await.unwrap();

    let row = row(&store, &key.key).await;
    assert_eq!(
        (row.environment, row.environment_kind, row.kind),
        (sandbox.id, sandbox.kind, "partner")
    );
    assert_eq!(
        (row.owner, &*row.name, row.hint),
        (sandbox.partner.id.0, "a key", key.hint())
    );
    assert_eq!(row.scopes, ["one", "two"]);
    assert_eq!(row.created_at, store.now());
    assert_eq!((row.last_used_at, row.expires_at, row.revoked_at), (None, None, None));
    // The list is as old keys are: the world's four first, this one last.
    let keys = store.keys(store.system()).await.unwrap();
    assert_eq!((keys.len(), keys[4].id), (5, KeyId(key.key.id)));
}

async fn a_key_is_revoked_once(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    let revoked_at = store.now();
    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.id), revoked_at)
            .await
            .unwrap()
    );
    store.advance(1);
    assert!(
        !store
            .revoke_key(&store.admin(), KeyId(key.id), store.now())
            .await
            .unwrap()
    );
    assert!(
        !store
            .revoke_key(&store.admin(), KeyId(store.ids.id()), store.now())
            .await
            .unwrap()
    );
    assert_eq!(row(&store, &key).await.revoked_at, Some(revoked_at));
}

async fn a_rotated_key_overlaps_with_its_successor(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let old = &sandbox.partner.key;
    let (key, new) = fresh(&store, &sandbox);
    assert!(rotate(&store, old, new, store.later(3_600)).await);
    assert_eq!(row(&store, old).await.expires_at, Some(store.later(3_600)));
    assert_eq!(row(&store, &key.key).await.expires_at, None);

    store.advance(3_599);
    for key in [old, &key.key] {
        let presented = store.authenticate(key, store.now()).await.unwrap().unwrap();
        let scope = presented.credential.partner_scope().unwrap();
        assert_eq!(scope.partner(), sandbox.partner.id);
    }
    store.advance(1);
    assert!(!good(&store, old).await);
    assert!(good(&store, &key.key).await);
}

async fn an_unknown_or_revoked_key_is_not_rotated(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let revoked = &sandbox.partner.key;
    store
        .revoke_key(&store.admin(), KeyId(revoked.id), store.now())
        .await
        .unwrap();
    let unknown = fresh(&store, &sandbox).0.key;
    let before = store.keys(store.system()).await.unwrap().len();
    for old in [revoked, &unknown] {
        let (key, new) = fresh(&store, &sandbox);
        assert!(!rotate(&store, old, new, store.later(3_600)).await);
        assert!(!good(&store, &key.key).await && !good(&store, old).await);
    }
    assert_eq!(store.keys(store.system()).await.unwrap().len(), before);
}

async fn a_rotation_never_lengthens_a_life(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let old = &sandbox.partner.key;
    assert!(rotate(&store, old, fresh(&store, &sandbox).1, store.later(60)).await);
    // Rotated once more, by mistake or on purpose: it still ends when it was said to.
    rotate(&store, old, fresh(&store, &sandbox).1, store.later(3_600)).await;
    assert_eq!(row(&store, old).await.expires_at, Some(store.later(60)));
    store.advance(60);
    assert!(!good(&store, old).await);
    // What has ended does not come back, and has no successors any more.
    let (key, new) = fresh(&store, &sandbox);
    assert!(!rotate(&store, old, new, store.later(3_600)).await);
    assert!(!good(&store, old).await && !good(&store, &key.key).await);
    // Sooner is allowed.
    let (key, new) = fresh(&store, &sandbox);
    store.create_key(&store.admin(), new, store.now()).await.unwrap();
    assert!(rotate(&store, &key.key, fresh(&store, &sandbox).1, store.later(60)).await);
    assert!(rotate(&store, &key.key, fresh(&store, &sandbox).1, store.later(1)).await);
    store.advance(1);
    assert!(!good(&store, &key.key).await);
}

async fn every_change_of_a_credential_raises_the_revision(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let partner = store.partner_of(sandbox.id, "Another");
    let (key, new) = fresh(&store, &sandbox);
    let secret = store.partner_of(sandbox.id, "unused").secret;
    let now = store.now();
    let mut last = store.instance().await.unwrap().unwrap().revision;
    for change in 0..6 {
        match change {
            0 => store
                .create_partner(&store.admin(), partner.clone(), now)
                .await
                .unwrap(),
            1 => store.create_key(&store.admin(), new.clone(), now).await.unwrap(),
            2 => assert!(rotate(&store, &key.key, fresh(&store, &sandbox).1, store.later(60)).await),
            3 => assert!(
                store
                    .set_key_limit(&store.admin(), KeyId(key.key.id), Some(5), now)
                    .await
                    .unwrap()
            ),
            4 => assert!(store.revoke_key(&store.admin(), KeyId(key.key.id), now).await.unwrap()),
            _ => {
                let rotated = store
                    .rotate_webhook_secret(&store.admin(), partner.id, secret.clone(), store.later(60), now)
                    .await;
                assert!(rotated.unwrap());
            }
        }
        let revision = store.instance().await.unwrap().unwrap().revision;
        assert!(revision > last, "change {change}");
        last = revision;
    }
}

async fn a_key_id_is_taken_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (key, new) = fresh(&store, &sandbox);
    store
        .create_key(&store.admin(), new.clone(), store.now())
        .await
        .unwrap();
    let mut thief = new;
    thief.hash = [1; 32];
    store
        .create_key(&store.admin(), thief, store.now())
        .await
        .expect_err("the id is taken");
    assert!(good(&store, &key.key).await);
}

async fn a_limit_is_changed_until_the_key_is_revoked(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (key, mut new) = fresh(&store, &sandbox);
    new.per_minute = Some(7);
    store.create_key(&store.admin(), new, store.now()).await.unwrap();
    store.refresh_credentials(store.now()).await.unwrap();
    let limit = async |key: &ApiKey| {
        let presented = store.authenticate(key, store.now()).await.unwrap().unwrap();
        let listed = row(&store, key).await.per_minute;
        assert_eq!(presented.credential.per_minute, listed);
        listed
    };
    let set = async |per_minute| {
        let set = store
            .set_key_limit(&store.admin(), KeyId(key.key.id), per_minute, store.now())
            .await;
        set.unwrap()
    };
    assert_eq!(limit(&key.key).await, Some(7));
    assert!(set(Some(u32::MAX)).await);
    assert_eq!(limit(&key.key).await, Some(u32::MAX));
    assert_eq!(limit(&sandbox.partner.key).await, None, "no other key");
    // A successor has the limit that it is made with.
    let (successor, mut new) = fresh(&store, &sandbox);
    new.per_minute = Some(9);
    assert!(rotate(&store, &key.key, new, store.later(60)).await);
    assert_eq!(limit(&successor.key).await, Some(9));
    assert!(set(None).await);
    assert_eq!(limit(&key.key).await, None);

    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.key.id), store.now())
            .await
            .unwrap()
    );
    assert!(!set(Some(1)).await);
    assert!(
        !store
            .set_key_limit(&store.admin(), KeyId(store.ids.id()), Some(1), store.now())
            .await
            .unwrap()
    );
    assert_eq!(row(&store, &key.key).await.per_minute, None);
}

async fn an_exposed_secret_is_noted_once_and_loses_custody_in_production(store: TestStore) {
    let world = store.world().await;
    for (plane, kept) in [(&world.sandbox, true), (&world.production, false)] {
        let app = AppId(store.ids.id());
        let new = NewApp {
            id: app,
            environment: plane.id,
            name: "Shop".to_owned(),
            origins: Vec::new(),
        };
        store.create_app(&store.admin(), new, store.now()).await.unwrap();
        let key = store.key(KeyKind::Client, plane.id, plane.kind, app.0).await;
        store
            .execute("update api_keys set scopes = 'custody' where kind = 'client'")
            .await;
        let credential = async || {
            store.refresh_credentials(store.now()).await.unwrap();
            let presented = store
                .authenticate(&key, store.now())
                .await
                .unwrap()
                .expect("it is good");
            presented.credential.clone()
        };
        let scope = credential().await.app_scope().expect("a client secret");
        let expose = async || {
            let event = EventId(store.ids.id());
            store
                .expose_secret(&scope, event, b"{}".to_vec(), store.now())
                .await
                .unwrap()
        };
        assert!(expose().await);
        assert!(!expose().await);
        let after = credential().await;
        assert_eq!(
            (after.exposed, after.scopes.iter().any(|scope| scope == "custody")),
            (true, kept)
        );
    }
    assert_eq!(store.count("events where type = 'secret.exposed'").await, 2);
}
