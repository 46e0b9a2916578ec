//! Leases of deliveries: who may work on what, and until when.

use std::collections::HashSet;

use aboard::domain::DeliveryId;
use aboard::store::{DeliveryEnd, DueDelivery};

use super::deliveries::{bring, claim, finish, result};
use crate::support::store::{TestStore, both, race};

both! {
    the_oldest_are_claimed_first,
    what_is_not_due_yet_is_not_claimed,
    a_leased_delivery_is_nobody_elses_until_the_lease_runs_out,
    a_result_under_a_lost_lease_changes_nothing,
    a_result_under_a_late_lease_that_nobody_took_counts,
    the_next_due_time_is_that_of_the_oldest_or_of_a_lease,
    many_workers_share_the_deliveries_without_doubling_any,
}

fn ids(due: &[DueDelivery]) -> Vec<DeliveryId> {
    due.iter().map(|delivery| delivery.id).collect()
}

async fn the_oldest_are_claimed_first(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut made = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        made.push(bring(&store, &sandbox.partner, name).await.0);
        store.advance(1);
    }
    let worker = store.ids.id();
    assert_eq!(ids(&claim(&store, worker, 2).await), made[..2]);
    assert!(claim(&store, worker, 0).await.is_empty());
    assert_eq!(ids(&claim(&store, worker, 2).await), made[2..4]);
    assert_eq!(ids(&claim(&store, worker, 2).await), made[4..]);
    assert!(claim(&store, worker, 2).await.is_empty());
}

async fn what_is_not_due_yet_is_not_claimed(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    bring(&store, &sandbox.partner, "ada").await;
    let (system, worker, before) = (store.system(), store.ids.id(), store.later(-1));
    let claimed = store
        .claim_deliveries(system, worker, before, store.later(60), 10)
        .await
        .unwrap();
    assert!(claimed.is_empty());
    assert_eq!(claim(&store, worker, 10).await.len(), 1);
}

async fn a_leased_delivery_is_nobody_elses_until_the_lease_runs_out(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, _) = bring(&store, &sandbox.partner, "ada").await;
    let (first, second) = (store.ids.id(), store.ids.id());
    assert_eq!(ids(&claim(&store, first, 10).await), [delivery]);
    for worker in [first, second] {
        assert!(claim(&store, worker, 10).await.is_empty());
    }
    store.advance(59);
    assert!(claim(&store, second, 10).await.is_empty());
    store.advance(1);
    let claimed = claim(&store, second, 10).await;
    assert_eq!(ids(&claimed), [delivery]);
    // The first worker died before it could say that it tried.
    assert_eq!(claimed[0].attempts, 0);
}

async fn a_result_under_a_lost_lease_changes_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, key) = bring(&store, &sandbox.partner, "ada").await;
    let (first, second) = (store.ids.id(), store.ids.id());
    claim(&store, first, 10).await;
    store.advance(60);
    claim(&store, second, 10).await;

    let before = store.everything().await;
    for end in [
        DeliveryEnd::Delivered,
        DeliveryEnd::GivenUp,
        DeliveryEnd::Retry(store.later(5)),
    ] {
        assert_eq!(finish(&store, first, vec![result(delivery, end)]).await, 0);
    }
    assert_eq!(store.everything().await, before);
    assert_eq!(
        finish(&store, second, vec![result(delivery, DeliveryEnd::Delivered)]).await,
        1
    );
    // Nor once it is over.
    let before = store.everything().await;
    for worker in [first, second] {
        assert_eq!(
            finish(&store, worker, vec![result(delivery, DeliveryEnd::GivenUp)]).await,
            0
        );
    }
    assert_eq!(store.everything().await, before);
    assert!(store.user_by_key(&key.key, store.now()).await.unwrap().is_some());
}

async fn a_result_under_a_late_lease_that_nobody_took_counts(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, _) = bring(&store, &sandbox.partner, "ada").await;
    let worker = store.ids.id();
    claim(&store, worker, 10).await;
    store.advance(3_600);
    assert_eq!(
        finish(&store, worker, vec![result(delivery, DeliveryEnd::Delivered)]).await,
        1
    );
    assert!(claim(&store, store.ids.id(), 10).await.is_empty());
}

async fn the_next_due_time_is_that_of_the_oldest_or_of_a_lease(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    assert_eq!(store.next_delivery_due(store.system()).await.unwrap(), None);
    let made_at = store.now();
    bring(&store, &sandbox.partner, "ada").await;
    store.advance(10);
    bring(&store, &sandbox.partner, "bob").await;
    assert_eq!(store.next_delivery_due(store.system()).await.unwrap(), Some(made_at));
    let worker = store.ids.id();
    claim(&store, worker, 1).await;
    assert_eq!(
        store.next_delivery_due(store.system()).await.unwrap(),
        Some(store.now())
    );
    let runs_out = store.later(60);
    claim(&store, worker, 1).await;
    assert_eq!(store.next_delivery_due(store.system()).await.unwrap(), Some(runs_out));
}

async fn many_workers_share_the_deliveries_without_doubling_any(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let made = race(500, |number| {
        let (store, scope) = (store.clone(), sandbox.partner.scope);
        let login = store
            .call_with_webhook(&sandbox.partner, &format!("user {number}"))
            .login;
        async move { store.external_login(&scope, login).await.unwrap() }
    })
    .await;
    assert_eq!(made.len(), 500);

    let shares = race(4, |_| {
        let (store, worker) = (store.clone(), store.ids.id());
        async move {
            let mut share = Vec::new();
            loop {
                let due = ids(&claim(&store, worker, 7).await);
                if due.is_empty() {
                    return share;
                }
                let results: Vec<_> = due.iter().map(|id| result(*id, DeliveryEnd::Delivered)).collect();
                assert_eq!(finish(&store, worker, results).await, due.len() as u64);
                share.extend(due);
            }
        }
    })
    .await;
    let all: Vec<_> = shares.into_iter().flatten().collect();
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (500, 500));
    assert_eq!(
        store
            .count("deliveries where state = 'delivered' and attempts = 1")
            .await,
        500
    );
    assert_eq!(store.count("jobs").await, 0);
}
