//! The instance: made once, its root keys, and whether the engine is durable.

use aboard::domain::RootKeyId;
use aboard::store::{NewRootKey, Store, StoreError};

use crate::support::database::options;
use crate::support::store::{Engine, TestStore, both, race};

both! {
    an_instance_is_there_once_it_is_made,
    an_instance_with_another_key_stays_as_it_is,
    a_purpose_that_is_lacking_is_added,
    of_two_creators_at_once_one_makes_the_instance,
    durability_is_what_the_engine_says,
    a_migration_is_applied_once,
    a_migration_that_was_changed_is_refused,
}

async fn an_instance_is_there_once_it_is_made(store: TestStore) {
    assert!(store.instance().await.unwrap().is_none());
    assert!(store.root_keys(store.system()).await.unwrap().is_empty());
    let new = store.instance_of("kek");
    store
        .create_instance(store.system(), new.clone(), store.now())
        .await
        .unwrap();

    let instance = store.instance().await.unwrap().unwrap();
    assert_eq!((instance.revision, instance.epoch), (1, 1));
    assert_eq!((&*instance.kek_id, instance.canary), ("kek", new.canary));
    let keys = store.root_keys(store.system()).await.unwrap();
    assert_eq!(keys.len(), new.root_keys.len());
    for (key, new) in keys.iter().zip(new.root_keys) {
        assert_eq!(
            (key.id, &*key.purpose, &key.wrapped),
            (new.id, new.purpose, &new.wrapped)
        );
    }
}

async fn an_instance_with_another_key_stays_as_it_is(store: TestStore) {
    store
        .create_instance(store.system(), store.instance_of("kek"), store.now())
        .await
        .unwrap();
    let before = store.everything().await;
    for kek_id in ["kek", "another"] {
        store
            .create_instance(store.system(), store.instance_of(kek_id), store.now())
            .await
            .unwrap();
        assert_eq!(store.everything().await, before, "{kek_id}");
    }
}

async fn a_purpose_that_is_lacking_is_added(store: TestStore) {
    let new = store.instance_of("kek");
    store
        .create_instance(store.system(), new.clone(), store.now())
        .await
        .unwrap();
    store.advance(1);
    let purpose = "secret0";
    let lacking = NewRootKey {
        id: RootKeyId(store.ids.id()),
        purpose,
        wrapped: store.bytes(),
    };
    let mut later = new.clone();
    later.root_keys.push(lacking.clone());
    // Not by somebody with another key-encryption key: nobody could open it.
    let mut foreign = later.clone();
    "another".clone_into(&mut foreign.kek_id);
    store
        .create_instance(store.system(), foreign, store.now())
        .await
        .unwrap();
    assert_eq!(store.root_keys(store.system()).await.unwrap().len(), 2);

    store.create_instance(store.system(), later, store.now()).await.unwrap();
    let ids: Vec<_> = store
        .root_keys(store.system())
        .await
        .unwrap()
        .iter()
        .map(|key| key.id)
        .collect();
    assert_eq!(ids, [new.root_keys[0].id, new.root_keys[1].id, lacking.id]);
}

async fn of_two_creators_at_once_one_makes_the_instance(store: TestStore) {
    let nodes = [store.clone(), store.another().await];
    race(2, |number| {
        let (node, new) = (nodes[number].clone(), store.instance_of(["one", "two"][number]));
        async move { node.create_instance(node.system(), new, node.now()).await.unwrap() }
    })
    .await;
    // The root keys are those of the one that came first: one per purpose, under its key.
    let kek_id = store.instance().await.unwrap().unwrap().kek_id;
    assert!(["one", "two"].contains(&&*kek_id));
    let keys = store.root_keys(store.system()).await.unwrap();
    assert_eq!(
        keys.iter().map(|key| &*key.purpose).collect::<Vec<_>>(),
        ["seal", "code"]
    );

    // Also when they share the key, as two nodes of one installation do that learn of a purpose with an upgrade.
    let later = ["secret0", "pin", "link", "device", "token", "inbox", "note", "wrap"];
    for purpose in later {
        race(2, |number| {
            let (node, kek_id) = (nodes[number].clone(), kek_id.clone());
            async move {
                let mut new = node.instance_of(&kek_id);
                new.root_keys.push(NewRootKey {
                    id: RootKeyId(node.ids.id()),
                    purpose,
                    wrapped: node.bytes(),
                });
                node.create_instance(node.system(), new, node.now()).await.unwrap();
            }
        })
        .await;
    }
    let keys = store.root_keys(store.system()).await.unwrap();
    assert_eq!(keys.iter().skip(2).map(|key| &*key.purpose).collect::<Vec<_>>(), later);
}

async fn durability_is_what_the_engine_says(store: TestStore) {
    let url = store.database.url();
    match store.engine {
        Engine::Sqlite => {
            for sync in [true, false] {
                let mut options = options(&url);
                options.sqlite.sync = sync;
                let durability = Store::open(options).await.unwrap().durability().await.unwrap();
                assert_eq!(durability.durable, sync, "{}", durability.detail);
                assert!(durability.detail.contains("synchronous") && durability.clock.is_none());
            }
        }
        Engine::Postgres => {
            let now = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
            let before = store.rows(now).await.remove(0);
            let durability = store.durability().await.unwrap();
            let after = store.rows(now).await.remove(0);
            let clock = durability.clock.unwrap().as_microsecond();
            assert!((before.parse().unwrap()..=after.parse().unwrap()).contains(&clock));
            let settings = store
                .rows("select current_setting('fsync') || current_setting('full_page_writes') || current_setting('synchronous_commit')")
                .await;
            let durable = settings[0].starts_with("onon") && settings[0] != "ononoff";
            assert_eq!(durability.durable, durable, "{}", durability.detail);
            assert!(durability.detail.contains("fsync"), "{}", durability.detail);
        }
    }
}

async fn a_migration_is_applied_once(store: TestStore) {
    let applied = store.migrations().await.unwrap();
    assert!(applied.starts_with(&["0001_foundation".to_owned()]));
    assert!(store.migrate().await.unwrap().is_empty());
    assert_eq!(store.another().await.migrations().await.unwrap(), applied);
}

async fn a_migration_that_was_changed_is_refused(store: TestStore) {
    let other = match store.engine {
        Engine::Sqlite => "x'00'",
        Engine::Postgres => "'\\x00'",
    };
    store
        .execute(&format!(
            "update migrations set checksum = {other} where name = '0001_foundation'"
        ))
        .await;
    let refused = store.migrate().await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Setting(text) if text.contains("0001_foundation")),
        "{refused:?}"
    );
}
