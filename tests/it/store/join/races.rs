//! Joins and whatever else happens at the same moment.

use aboard::domain::EventId;
use aboard::store::{JoinOutcome, Once, UndoOutcome};

use super::{found, offer, standing, two};
use crate::store::challenges::challenge;
use crate::store::prove::{attempt, begin_with, user};
use crate::support::store::{TestStore, both, race};

both! {
    of_many_joins_at_once_one_joins,
    of_many_undos_at_once_one_undoes,
    a_join_and_an_erasure_at_once_leave_nothing_half,
    a_join_and_a_log_in_at_once_log_in_somebody_alive,
}

async fn of_many_joins_at_once_one_joins(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    // The same page in several tabs, and a page in the other direction.
    let two = two(&store, &sandbox).await;
    let back = offer(&store, &sandbox, two.second, two.first, "ada@example.com").await;
    two.show_all(&store, &sandbox).await;
    back.show_all(&store, &sandbox).await;
    let scopes = [two.now(&store).await.scope, back.now(&store).await.scope];
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(8, |number| {
        let (node, scope) = (nodes[number % 2].clone(), scopes[number / 4]);
        let call = [&two, &back][number / 4].call(&store);
        async move { node.join_users(&scope, call).await.unwrap() }
    })
    .await;
    let joined = outcomes
        .iter()
        .filter(|outcome| **outcome == JoinOutcome::Joined)
        .count();
    assert_eq!((joined, store.count("user_aliases").await), (1, 1), "{outcomes:?}");
    let [one, other] = [
        found(&store, &sandbox, two.first).await,
        found(&store, &sandbox, two.second).await,
    ];
    assert!(one.is_some() && one == other, "{one:?} {other:?}");
    assert_eq!(store.count("events where type = 'user.joined'").await, 1);
}

async fn of_many_undos_at_once_one_undoes(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    let before = standing(&store).await;
    two.joined(&store, &sandbox).await;
    store.advance(60);
    two.show(&store, &sandbox, 0, &two.holder).await;
    let scope = two.now(&store).await.scope;
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(8, |number| {
        let (node, call) = (nodes[number % 2].clone(), two.undo_call(&store));
        async move { node.undo_join(&scope, call).await.unwrap() }
    })
    .await;
    let undone = outcomes
        .iter()
        .filter(|outcome| **outcome == UndoOutcome::Undone)
        .count();
    assert_eq!(undone, 1, "{outcomes:?}");
    assert_eq!(standing(&store).await, before);
}

async fn a_join_and_an_erasure_at_once_leave_nothing_half(store: TestStore) {
    for turn in 0..4 {
        let sandbox = store.world().await.sandbox;
        let two = two(&store, &sandbox).await;
        two.show_all(&store, &sandbox).await;
        let scope = two.now(&store).await.scope;
        let nodes = [store.clone(), store.another().await];
        let (environment, first) = (sandbox.server, two.first);
        let outcomes = race(2, |number| {
            let (node, call, event) = (nodes[number].clone(), two.call(&store), EventId(store.ids.id()));
            async move {
                if (number + turn) % 2 == 0 {
                    format!("{:?}", node.join_users(&scope, call).await.unwrap())
                } else {
                    let erased = node
                        .erase_user(&environment, &node.admin(), first, event, node.now())
                        .await;
                    format!("{:?}", erased.unwrap())
                }
            }
        })
        .await;
        // Either the first was erased and there was nothing to join, or the joined account was erased by its old id.
        let joined = outcomes.contains(&"Joined".to_owned());
        assert_eq!(found(&store, &sandbox, two.first).await, None, "{outcomes:?}");
        let left = found(&store, &sandbox, two.second).await;
        assert_eq!(left, (!joined).then_some(two.second), "{outcomes:?}");
        let of_first = store.literal(two.first.0);
        assert_eq!(store.count(&format!("identities where user_id = {of_first}")).await, 0);
    }
}

async fn a_join_and_a_log_in_at_once_log_in_somebody_alive(store: TestStore) {
    for _ in 0..4 {
        let sandbox = store.world().await.sandbox;
        let two = two(&store, &sandbox).await;
        two.show_all(&store, &sandbox).await;
        let scope = two.now(&store).await.scope;
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(begin_with(&store, &sandbox, challenge(&store, "ada@example.com")).await);
        }
        let nodes = [store.clone(), store.another().await];
        let server = sandbox.server;
        let logged_in = race(4, |number| {
            let (node, call) = (nodes[number % 2].clone(), two.call(&store));
            let typed = codes.get(number).map(|id| attempt(&store, *id, true));
            async move {
                let Some(typed) = typed else {
                    assert_eq!(node.join_users(&scope, call).await.unwrap(), JoinOutcome::Joined);
                    return None;
                };
                match node.prove(&server, typed, None).await.unwrap() {
                    Once::Done(outcome) => Some(user(&outcome)),
                    other => panic!("{other:?}"),
                }
            }
        })
        .await;
        assert!(
            logged_in
                .iter()
                .flatten()
                .all(|user| [two.first, two.second].contains(user))
        );
        assert_eq!(found(&store, &sandbox, two.first).await, Some(two.second));
    }
}
