//! Keys as they are presented: what is refused, and how long the cache is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aboard::domain::{ApiKey, AppId, EnvironmentKind, KeyId, KeyKind, NewKey};
use aboard::store::{KeyUse, NewApp};

use crate::support::store::{TestStore, both, race};
use crate::support::world::api_key_of;

both! {
    the_origins_of_every_app_are_known_until_they_change,
    a_key_opens_what_it_is_for_and_nothing_else,
    a_key_that_differs_in_anything_is_refused,
    a_revoked_key_is_refused_at_once_here,
    another_node_refuses_a_revoked_key_once_it_has_refreshed,
    a_cache_that_was_not_refreshed_for_5_seconds_is_not_believed,
    a_node_that_never_refreshed_believes_no_cache,
    an_expired_key_is_refused_even_when_cached,
    another_node_sees_a_new_key_at_once,
    keys_scopes_and_limit_come_with_the_credential,
    a_key_revoked_while_it_is_presented_is_refused_afterwards,
    last_uses_are_collected_once_and_written_down,
}

async fn good(store: &TestStore, key: &ApiKey) -> bool {
    store.authenticate(key, store.now()).await.unwrap().is_some()
}

async fn a_key_opens_what_it_is_for_and_nothing_else(store: TestStore) {
    let world = store.world().await;
    let (sandbox, partner) = (&world.sandbox, &world.sandbox.partner);
    let client = store.key(KeyKind::Client, sandbox.id, sandbox.kind, partner.id.0).await;
    let server = store.key(KeyKind::Server, sandbox.id, sandbox.kind, sandbox.id.0).await;
    for (key, kind) in [
        (&partner.key, KeyKind::Partner),
        (&server, KeyKind::Server),
        (&client, KeyKind::Client),
    ] {
        let presented = store.authenticate(key, store.now()).await.unwrap().unwrap();
        let credential = &presented.credential;
        assert_eq!((credential.key, credential.kind), (KeyId(key.id), kind));
        assert_eq!(
            (credential.environment, credential.environment_kind),
            (sandbox.id, EnvironmentKind::Sandbox)
        );
        assert_eq!(credential.partner_scope().is_some(), kind == KeyKind::Partner);
        assert_eq!(credential.server_scope().is_some(), kind == KeyKind::Server);
    }
    let scope = partner.scope;
    assert_eq!(
        (scope.partner(), scope.environment(), scope.kind()),
        (partner.id, sandbox.id, sandbox.kind)
    );
    assert_eq!(scope.key(), KeyId(partner.key.id));
    let scope = sandbox.server;
    assert_eq!((scope.environment(), scope.kind()), (sandbox.id, sandbox.kind));
}

async fn a_key_that_differs_in_anything_is_refused(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    let id = key.id;
    let wrong = [
        (
            "secret",
            NewKey::new(KeyKind::Partner, EnvironmentKind::Sandbox, id, store.ids.secret()).key,
        ),
        (
            "id",
            ApiKey {
                id: store.ids.id(),
                ..key.clone()
            },
        ),
        (
            "kind",
            ApiKey {
                kind: KeyKind::Server,
                ..key.clone()
            },
        ),
        (
            "environment",
            ApiKey {
                environment: EnvironmentKind::Production,
                ..key.clone()
            },
        ),
    ];
    store.refresh_credentials(store.now()).await.unwrap();
    // First not cached, then cached.
    for _ in 0..2 {
        for (what, wrong) in &wrong {
            assert!(!good(&store, wrong).await, "{what}");
        }
        assert!(good(&store, &key).await);
    }
}

async fn a_revoked_key_is_refused_at_once_here(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    store.refresh_credentials(store.now()).await.unwrap();
    assert!(good(&store, &key).await);
    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.id), store.now())
            .await
            .unwrap()
    );
    assert!(!good(&store, &key).await);
}

async fn another_node_refuses_a_revoked_key_once_it_has_refreshed(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    let node = store.another().await;
    node.refresh_credentials(node.now()).await.unwrap();
    assert!(good(&node, &key).await);

    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.id), store.now())
            .await
            .unwrap()
    );
    // Until it looks, the node believes what it knows: this is the cache at work.
    assert!(good(&node, &key).await);
    node.refresh_credentials(node.now()).await.unwrap();
    assert!(!good(&node, &key).await);
}

async fn a_cache_that_was_not_refreshed_for_5_seconds_is_not_believed(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    let node = store.another().await;
    node.refresh_credentials(node.now()).await.unwrap();
    assert!(good(&node, &key).await);
    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.id), store.now())
            .await
            .unwrap()
    );
    store.advance(5);
    assert!(good(&node, &key).await);
    store.advance(1);
    assert!(!good(&node, &key).await);
}

async fn a_node_that_never_refreshed_believes_no_cache(store: TestStore) {
    let key = store.world().await.sandbox.partner.key;
    let node = store.another().await;
    assert!(good(&node, &key).await);
    assert!(
        store
            .revoke_key(&store.admin(), KeyId(key.id), store.now())
            .await
            .unwrap()
    );
    assert!(!good(&node, &key).await);
}

async fn an_expired_key_is_refused_even_when_cached(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let key = sandbox.partner.key;
    let new = NewKey::new(KeyKind::Partner, sandbox.kind, store.ids.id(), store.ids.secret());
    let successor = api_key_of(&new, sandbox.id, sandbox.partner.id.0);
    let (until, now) = (store.later(2), store.now());
    assert!(
        store
            .rotate_key(&store.admin(), KeyId(key.id), successor, until, now)
            .await
            .unwrap()
    );

    store.refresh_credentials(store.now()).await.unwrap();
    for _ in 0..2 {
        assert!(good(&store, &key).await && good(&store, &new.key).await);
        store.advance(1);
    }
    assert!(!good(&store, &key).await);
    assert!(good(&store, &new.key).await);
}

async fn another_node_sees_a_new_key_at_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let node = store.another().await;
    node.refresh_credentials(node.now()).await.unwrap();
    let new = NewKey::new(KeyKind::Server, sandbox.kind, store.ids.id(), store.ids.secret());
    assert!(!good(&node, &new.key).await);
    store
        .create_key(&store.admin(), api_key_of(&new, sandbox.id, sandbox.id.0), store.now())
        .await
        .unwrap();
    assert!(good(&node, &new.key).await);
}

async fn keys_scopes_and_limit_come_with_the_credential(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let new = NewKey::new(KeyKind::Server, sandbox.kind, store.ids.id(), store.ids.secret());
    let mut key = api_key_of(&new, sandbox.id, sandbox.id.0);
    key.scopes = vec!["users:read".to_owned(), "users:write".to_owned()];
    store.create_key(&store.admin(), key, store.now()).await.unwrap();
    let limit = format!(
        "update api_keys set per_minute = 7 where id = {}",
        store.literal(new.key.id)
    );
    store.execute(&limit).await;

    let presented = store.authenticate(&new.key, store.now()).await.unwrap().unwrap();
    let credential = &presented.credential;
    assert_eq!(credential.scopes, ["users:read", "users:write"]);
    assert_eq!(credential.per_minute, Some(7));
}

async fn the_origins_of_every_app_are_known_until_they_change(store: TestStore) {
    let world = store.world().await;
    let knows = async |store: &TestStore, origin: &str| store.is_app_origin(origin, store.now()).await.unwrap();
    let create = async |environment, origins: &[&str]| {
        let new = NewApp {
            id: AppId(store.ids.id()),
            environment,
            name: "web".to_owned(),
            origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        };
        store.create_app(&store.admin(), new, store.now()).await.unwrap();
    };
    let node = store.another().await;
    node.refresh_credentials(node.now()).await.unwrap();
    store.refresh_credentials(store.now()).await.unwrap();
    assert!(!knows(&store, "https://a.example").await && !knows(&node, "https://a.example").await);
    create(world.sandbox.id, &["https://a.example", "https://b.example"]).await;
    create(world.production.id, &["https://c.example"]).await;
    create(world.production.id, &[]).await;
    for origin in ["https://a.example", "https://b.example", "https://c.example"] {
        assert!(knows(&store, origin).await, "{origin}");
    }
    for origin in [
        "",
        "https://a",
        "https://a.example https://b.example",
        "https://d.example",
    ] {
        assert!(!knows(&store, origin).await, "{origin}");
    }
    // Another node learns it with the next look at the revision, or once it cannot have looked for too long.
    assert!(!knows(&node, "https://a.example").await);
    assert!(node.refresh_credentials(node.now()).await.unwrap());
    assert!(knows(&node, "https://a.example").await);
    create(world.sandbox.id, &["https://d.example"]).await;
    assert!(!knows(&node, "https://d.example").await);
    node.advance(6);
    assert!(knows(&node, "https://d.example").await);
}

async fn a_key_revoked_while_it_is_presented_is_refused_afterwards(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    for round in 0..40 {
        // Sometimes the callers find the cache fresh, sometimes they all read.
        store.advance(10);
        if round % 2 == 0 {
            store.refresh_credentials(store.now()).await.unwrap();
        }
        let key = store
            .key(KeyKind::Partner, sandbox.id, sandbox.kind, sandbox.partner.id.0)
            .await;
        let revoked = Arc::new(AtomicBool::new(false));
        race(4, |number| {
            let (store, key, revoked) = (store.clone(), key.clone(), Arc::clone(&revoked));
            async move {
                if number == 0 {
                    assert!(
                        store
                            .revoke_key(&store.admin(), KeyId(key.id), store.now())
                            .await
                            .unwrap()
                    );
                    revoked.store(true, Ordering::SeqCst);
                }
                while !revoked.load(Ordering::SeqCst) {
                    good(&store, &key).await;
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
        store.refresh_credentials(store.now()).await.unwrap();
        assert!(!good(&store, &key).await, "a reader put the key back");
    }
}

async fn last_uses_are_collected_once_and_written_down(store: TestStore) {
    let world = store.world().await;
    let (used, idle) = (&world.sandbox.partner.key, &world.production.partner.key);
    let node = store.another().await;
    node.refresh_credentials(node.now()).await.unwrap();
    assert!(node.key_uses().is_empty());
    for _ in 0..2 {
        assert!(good(&node, used).await);
        node.advance(1);
    }
    // A refused key was not used.
    let guessed = NewKey::new(
        KeyKind::Partner,
        EnvironmentKind::Production,
        idle.id,
        node.ids.secret(),
    );
    assert!(!good(&node, &guessed.key).await);

    let noted: Vec<KeyUse> = node.key_uses();
    assert_eq!(
        noted
            .iter()
            .map(|key_use| (key_use.key, key_use.at))
            .collect::<Vec<_>>(),
        [(KeyId(used.id), node.later(-1))]
    );
    assert!(node.key_uses().is_empty());
    node.note_key_uses(noted).await.unwrap();
    node.note_key_uses(Vec::new()).await.unwrap();

    let keys = store.keys(store.system()).await.unwrap();
    let last_used = |key: &ApiKey| keys.iter().find(|row| row.id == KeyId(key.id)).unwrap().last_used_at;
    assert_eq!((last_used(used), last_used(idle)), (Some(store.later(-1)), None));
}
