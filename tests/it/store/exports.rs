//! Phrases that people take out of their wallets.

use aboard::domain::{Custody, ExportId};
use aboard::store::{ExportState, NewExport};

use super::wallets::{Person, person, recovery, scope_of};
use crate::support::store::{TestStore, both};

both! {
    an_export_waits_and_is_told_once,
    an_export_is_over_once_it_was_stopped_or_the_wallet_moved,
}

fn export_of(store: &TestStore, person: &Person, wallet: aboard::domain::WalletId) -> NewExport {
    NewExport {
        id: ExportId(store.ids.id()),
        wallet,
        app: person.app.app(),
        client_key: [9; 32],
        expires_at: store.later(3_600),
    }
}

async fn an_export_waits_and_is_told_once(store: TestStore) {
    let person = person(&store).await;
    let stranger = scope_of(&store, &person.app, "2").await;
    let made = person.has(&store, Custody::Server).await;
    let (first, second) = (export_of(&store, &person, made.id), export_of(&store, &person, made.id));
    assert!(!store.ask_export(&stranger, first.clone(), store.now()).await.unwrap());
    for new in [&first, &second] {
        assert!(store.ask_export(&person.scope, new.clone(), store.now()).await.unwrap());
    }
    let state = async |id| store.export(id).await.unwrap().unwrap().state;
    assert_eq!(
        (state(first.id).await, state(second.id).await),
        (ExportState::Stopped, ExportState::Asked)
    );
    let times = (store.later(100), store.later(200));
    let prove = async |scope, id| store.prove_export(scope, id, times, store.now()).await.unwrap();
    assert!(!prove(&stranger, second.id).await);
    assert!(!prove(&person.scope, first.id).await);
    assert!(prove(&person.scope, second.id).await);
    assert!(!prove(&person.scope, second.id).await);
    assert_eq!(store.export(second.id).await.unwrap().unwrap().ready_at, Some(times.0));
    let take = async |scope| store.take_export(scope, second.id, store.now()).await.unwrap();
    assert!(!take(&person.scope).await, "it is not ready");
    store.advance(100);
    assert!(!take(&stranger).await);
    for _ in 0..2 {
        assert!(take(&person.scope).await);
    }
    assert_eq!(store.count("events where type = 'wallet.exported'").await, 1);
    assert_eq!(store.count("events where type = 'wallet.export_asked'").await, 1);
    store.advance(100);
    assert!(!take(&person.scope).await, "it is over");
}

async fn an_export_is_over_once_it_was_stopped_or_the_wallet_moved(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let ready = async || {
        let new = export_of(&store, &person, made.id);
        assert!(store.ask_export(&person.scope, new.clone(), store.now()).await.unwrap());
        let times = (store.now(), store.later(3_600));
        assert!(
            store
                .prove_export(&person.scope, new.id, times, store.now())
                .await
                .unwrap()
        );
        new.id
    };
    let stopped = ready().await;
    assert!(store.stop_export(&person.app, stopped).await.unwrap());
    assert!(!store.stop_export(&person.app, stopped).await.unwrap());
    assert!(!store.take_export(&person.scope, stopped, store.now()).await.unwrap());
    let frozen = ready().await;
    let freeze = async |on| {
        let (admin, environment) = (store.admin(), person.app.environment());
        assert!(
            store
                .set_wallet_frozen(&admin, environment, made.id, on, store.now())
                .await
                .unwrap()
        );
    };
    freeze(true).await;
    assert!(!store.take_export(&person.scope, frozen, store.now()).await.unwrap());
    assert!(
        !store
            .ask_export(&person.scope, export_of(&store, &person, made.id), store.now())
            .await
            .unwrap()
    );
    freeze(false).await;
    let moved = ready().await;
    let other = scope_of(&store, &person.app, "2").await;
    store.advance(2);
    person
        .recover(&store, &other, recovery(&store, made.id, made.secret.id))
        .await;
    assert!(!store.take_export(&person.scope, moved, store.now()).await.unwrap());
    assert!(!store.take_export(&other, moved, store.now()).await.unwrap());
    assert_eq!(store.count("events where type = 'wallet.recovered'").await, 1);
}
