//! The channels of an environment, and whom they do not reach.

use aboard::domain::{Destination, Phone};
use aboard::store::NewMark;

use crate::support::store::{TestStore, both};

both! {
    a_channel_is_stopped_until_it_is_set_again,
    a_stopped_channel_is_put_back_to_work_as_it_is,
    a_removed_channel_is_gone,
    a_provider_finds_the_channel_it_calls,
    who_changed_a_channel_is_in_the_audit_log,
    marks_are_believed_for_a_while,
}

async fn a_stopped_channel_is_put_back_to_work_as_it_is(store: TestStore) {
    let (production, admin) = (store.world().await.production.id, store.admin());
    let set = store.set_channel(&admin, production, "sms", b"one".to_vec(), store.now());
    set.await.unwrap();
    assert!(
        !store
            .start_channel(&admin, production, "sms", store.now())
            .await
            .unwrap()
    );
    let known = store.channels(store.system(), production).await.unwrap().remove(0);
    let stop = async |now| {
        store
            .stop_channel(store.system(), production, &known, "unpaid", now)
            .await
            .unwrap()
    };
    assert!(stop(store.now()).await);
    assert_eq!(store.stopped_channels(store.system()).await.unwrap(), 1);
    store.advance(1);
    assert!(
        store
            .start_channel(&admin, production, "sms", store.now())
            .await
            .unwrap()
    );
    assert_eq!(store.stopped_channels(store.system()).await.unwrap(), 0);
    // An attempt that began before still finds the old fault.
    assert!(!stop(store.now()).await);
    let now = store.channels(store.system(), production).await.unwrap().remove(0);
    assert_eq!(
        (&now.sealed[..], now.stopped, now.stopped_at),
        (&b"one"[..], None, None)
    );
}

async fn a_removed_channel_is_gone(store: TestStore) {
    let (production, admin) = (store.world().await.production.id, store.admin());
    let remove = async || {
        store
            .remove_channel(&admin, production, "sms", store.now())
            .await
            .unwrap()
    };
    assert!(!remove().await);
    let set = store.set_channel(&admin, production, "sms", b"one".to_vec(), store.now());
    set.await.unwrap();
    assert!(remove().await);
    assert!(store.channels(store.system(), production).await.unwrap().is_empty());
}

async fn a_provider_finds_the_channel_it_calls(store: TestStore) {
    let world = store.world().await;
    let admin = store.admin();
    let set = store.set_channel(&admin, world.production.id, "sms", b"one".to_vec(), store.now());
    set.await.unwrap();
    let found = async |environment, channel| store.provider_channel(environment, channel).await.unwrap();
    let (_, stored) = found(world.production.id, "sms").await.expect("it is set");
    assert_eq!(stored.sealed, b"one");
    assert!(found(world.production.id, "whatsapp").await.is_none());
    assert!(found(world.sandbox.id, "sms").await.is_none());
}

async fn who_changed_a_channel_is_in_the_audit_log(store: TestStore) {
    let (production, admin) = (store.world().await.production.id, store.admin());
    let before = store.count("audit").await;
    let set = store.set_channel(&admin, production, "sms", b"one".to_vec(), store.now());
    set.await.unwrap();
    store
        .remove_channel(&admin, production, "sms", store.now())
        .await
        .unwrap();
    store
        .remove_channel(&admin, production, "sms", store.now())
        .await
        .unwrap();
    let entries = store.audit_before(store.system(), None, 10).await.unwrap();
    let said: Vec<_> = entries
        .iter()
        .take(2)
        .map(|entry| (&*entry.action, &*entry.target, entry.environment))
        .collect();
    assert_eq!(
        said,
        [
            ("channel.removed", "sms", Some(production)),
            ("channel.set", "sms", Some(production))
        ]
    );
    assert_eq!(store.count("audit").await, before + 2);
}

async fn a_channel_is_stopped_until_it_is_set_again(store: TestStore) {
    let world = store.world().await;
    let (system, environment) = (store.system(), world.production.id);
    let channels = async || store.channels(system, environment).await.unwrap();
    store
        .set_channel(&store.admin(), environment, "sms", b"one".to_vec(), store.now())
        .await
        .unwrap();
    let [old] = &channels().await[..] else {
        panic!("one is set")
    };
    assert_eq!(
        (&*old.channel, &old.sealed[..], &old.stopped),
        ("sms", &b"one"[..], &None)
    );
    store.advance(1);
    store
        .set_channel(&store.admin(), environment, "sms", b"two".to_vec(), store.now())
        .await
        .unwrap();
    // What went wrong with the old credentials says nothing of the new ones.
    assert!(
        !store
            .stop_channel(system, environment, old, "wrong key", store.now())
            .await
            .unwrap()
    );
    let [new] = &channels().await[..] else {
        panic!("one is set")
    };
    assert!(
        store
            .stop_channel(system, environment, new, "wrong key", store.now())
            .await
            .unwrap()
    );
    assert!(
        !store
            .stop_channel(system, environment, new, "wrong key", store.now())
            .await
            .unwrap()
    );
    assert_eq!(channels().await[0].stopped.as_deref(), Some("wrong key"));
    store
        .set_channel(&store.admin(), environment, "sms", b"three".to_vec(), store.now())
        .await
        .unwrap();
    assert_eq!(channels().await[0].stopped, None);
    assert!(store.channels(system, world.sandbox.id).await.unwrap().is_empty());
}

async fn marks_are_believed_for_a_while(store: TestStore) {
    let world = store.world().await;
    let (system, environment) = (store.system(), world.production.id);
    let to = Destination::Phone(Phone::parse("+306912345678", None).unwrap());
    let mark = NewMark {
        to: to.clone(),
        channel: "whatsapp".to_owned(),
        mark: "not_on_this_channel",
        until: store.later(60),
    };
    store.mark_destination(system, environment, mark).await.unwrap();
    let marks = async |environment| {
        store
            .destination_marks(system, environment, &to, store.now())
            .await
            .unwrap()
    };
    assert_eq!(
        marks(environment).await,
        [("whatsapp".to_owned(), "not_on_this_channel".to_owned())]
    );
    assert!(marks(world.sandbox.id).await.is_empty());
    store.advance(60);
    assert!(marks(environment).await.is_empty());
    store.advance(1);
    store.sweep(system, store.now()).await.unwrap();
    assert_eq!(store.count("destination_marks").await, 0);
}
