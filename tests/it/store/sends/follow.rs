//! Sends on their way, and how they end.

use aboard::domain::{Lane, SendKind, SendState};
use aboard::store::{Keeping, NewReservation, NewSend, Reservation, SendEnd, SendPause, WantedSequence};

use super::{NEXT, again, claim, end, refused, sender, sequence, state, told};
use crate::support::store::{TestStore, both, race};

both! {
    a_send_is_leased_to_one_and_comes_back,
    what_is_mined_ends_what_had_its_nonce,
    a_replacement_that_was_refused_leaves_what_it_replaced,
    what_ended_some_other_way_tells_of_it,
    a_pause_refuses_what_comes_and_holds_what_is_there,
    what_has_ended_is_swept_after_a_season,
}

async fn a_send_is_leased_to_one_and_comes_back(store: TestStore) {
    let sender = sender(&store).await;
    assert_eq!(store.next_send_due(store.system()).await.unwrap(), None);
    for _ in 0..5 {
        sender.send(&store).await;
    }
    // Whoever stored them sends them first.
    assert!(claim(&store, store.ids.id()).await.is_empty());
    assert_eq!(
        store.next_send_due(store.system()).await.unwrap(),
        Some(store.later(30))
    );
    store.advance(30);
    let claimed = race(4, |_| {
        let (store, owner) = (store.clone(), store.ids.id());
        async move { (owner, claim(&store, owner).await) }
    })
    .await;
    let taken: Vec<_> = claimed.iter().filter(|(_, due)| !due.is_empty()).collect();
    let [(owner, due)] = &taken[..] else {
        panic!("one claims them all: {taken:?}");
    };
    let nonces: Vec<_> = due.iter().map(|due| due.send.sequence).collect();
    assert_eq!(nonces, (0..5).map(Some).collect::<Vec<_>>());
    let one = &due[0];
    assert_eq!(
        (one.looks, one.gone_since, one.has_rival, one.paused),
        (0, None, false, false)
    );
    assert_eq!(one.send.state, SendState::Stored);
    assert!(
        !end(&store, store.ids.id(), one.send.id, again(&store, true)).await,
        "somebody else's lease"
    );
    assert!(end(&store, *owner, one.send.id, again(&store, false)).await);
    store.advance(2);
    let found = claim(&store, *owner).await;
    assert_eq!((found.len(), found[0].looks), (1, 1));
    assert!(told(&store).await.is_empty());
    for _ in 0..2 {
        assert!(end(&store, *owner, one.send.id, again(&store, true)).await);
        store.advance(2);
        let found = claim(&store, *owner).await;
        assert_eq!(found[0].send.state, SendState::Broadcast);
        assert!(found[0].send.broadcast_at.is_some());
    }
    assert_eq!(told(&store).await, ["transaction.sent"], "once");
    let open = store.open_sends(&sender.app, &sender.lane()).await.unwrap();
    assert_eq!(open.len(), 5);
    assert!(end(&store, *owner, one.send.id, SendEnd::Confirmed { block: 77 }).await);
    assert_eq!(told(&store).await, ["transaction.sent", "transaction.confirmed"]);
    let environment = sender.app.environment();
    let listed = async |open_alone| store.sends(store.system(), environment, open_alone, 10).await.unwrap();
    assert_eq!((listed(true).await.len(), listed(false).await.len()), (4, 5));
    let all = listed(false).await;
    let oldest = all.last().unwrap();
    assert_eq!((oldest.state, oldest.block), (SendState::Confirmed, Some(77)));
    assert!(oldest.finished_at.is_some() && all[0].id > oldest.id);
    // The dead worker's four come back.
    store.advance(60);
    assert_eq!(claim(&store, store.ids.id()).await.len(), 4);
}

async fn what_is_mined_ends_what_had_its_nonce(store: TestStore) {
    let sender = sender(&store).await;
    let (first, nonce) = sender.send(&store).await;
    let (other, _) = sender.send(&store).await;
    assert!(end(&store, first.owner, first.id, again(&store, true)).await);
    let second = sender.replace(&store, &first, SendKind::Coin).await;
    // What was replaced once is replaced no more, but by way of what replaced it.
    let wanted = sender.wants(
        &store,
        WantedSequence::Of {
            sequence: nonce,
            send: first.id,
        },
    );
    assert_eq!(sender.reserve(&store, &wanted).await, Reservation::NotOpen);
    let cancel = sender.replace(&store, &second, SendKind::Cancel).await;
    store.advance(31);
    let due = claim(&store, cancel.owner).await;
    let found = |id| due.iter().find(|due| due.send.id == id).expect("it is due");
    assert!(found(first.id).has_rival && !found(other.id).has_rival);
    assert_eq!(found(first.id).send.superseded_by, Some(second.id));
    assert_eq!(found(cancel.id).send.superseded_by, None);
    assert!(end(&store, cancel.owner, cancel.id, SendEnd::Confirmed { block: 9 }).await);
    for (send, expected) in [
        (&first, "replaced"),
        (&second, "replaced"),
        (&cancel, "confirmed"),
        (&other, "stored"),
    ] {
        assert_eq!(state(&store, send.id).await, expected);
    }
    assert_eq!(store.count("jobs").await, 1, "nobody looks at what has ended");
    assert!(!end(&store, cancel.owner, first.id, again(&store, true)).await);
    let mut all = told(&store).await;
    all.sort();
    let replaced = "transaction.replaced";
    assert_eq!(
        all,
        [
            "transaction.confirmed",
            replaced,
            replaced,
            "transaction.sent",
            "transaction.sent"
        ]
    );
    // Whoever signed to replace what has ended meanwhile keeps nothing.
    let late = sender.wants(&store, NEXT);
    assert_eq!(sequence(sender.reserve(&store, &late).await), 2);
    let late = NewSend {
        replaces: Some(second.id),
        ..sender.signed(&store, &late, nonce)
    };
    assert_eq!(sender.keep(&store, late).await, Keeping::Lost);
}

async fn a_replacement_that_was_refused_leaves_what_it_replaced(store: TestStore) {
    let sender = sender(&store).await;
    let (first, _) = sender.send(&store).await;
    let second = sender.replace(&store, &first, SendKind::Coin).await;
    assert!(end(&store, second.owner, second.id, refused()).await);
    let open = store.open_sends(&sender.app, &sender.lane()).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].id, open[0].superseded_by), (first.id, None));
    // Its nonce is taken: what comes next has another.
    assert_eq!(sender.send(&store).await.1, 1);
    sender.replace(&store, &first, SendKind::Cancel).await;
}

async fn what_ended_some_other_way_tells_of_it(store: TestStore) {
    let sender = sender(&store).await;
    let failed = SendEnd::Failed {
        block: 3,
        reason: "it was reverted".to_owned(),
    };
    let by_another = SendEnd::ReplacedBy { hash: "5c".repeat(32) };
    for (ended, expected, events) in [
        (failed, "failed", &["transaction.sent", "transaction.failed"][..]),
        (SendEnd::Replaced, "replaced", &["transaction.replaced"]),
        (by_another, "replaced", &["transaction.replaced"]),
        (SendEnd::Expired, "expired", &["transaction.failed"]),
        (refused(), "dropped", &["transaction.failed"]),
    ] {
        let before = told(&store).await.len();
        let (new, _) = sender.send(&store).await;
        assert!(end(&store, new.owner, new.id, ended.clone()).await);
        assert_eq!(state(&store, new.id).await, expected);
        assert_eq!(told(&store).await[before..], *events, "{ended:?}");
        assert!(!end(&store, new.owner, new.id, SendEnd::Confirmed { block: 1 }).await);
    }
    assert_eq!(store.count("jobs").await, 0);
}

async fn a_pause_refuses_what_comes_and_holds_what_is_there(store: TestStore) {
    let sender = sender(&store).await;
    let environment = sender.app.environment();
    let (waiting, _) = sender.send(&store).await;
    let far = SendEnd::Again {
        at: store.later(3_000),
        broadcast: false,
        block: None,
        gone_since: None,
        error: Some("no node answers".to_owned()),
    };
    assert!(end(&store, waiting.owner, waiting.id, far).await);
    for network in [Some("ethereum-sepolia"), None] {
        let pause = SendPause {
            environment,
            network: network.map(str::to_owned),
            reason: "the network is being upgraded".to_owned(),
            paused_at: store.now(),
        };
        assert!(store.pause_sends(&store.admin(), pause.clone()).await.unwrap());
        assert!(!store.pause_sends(&store.admin(), pause.clone()).await.unwrap());
        assert_eq!(store.send_pauses(store.system()).await.unwrap(), [pause]);
        let refused = sender.reserve(&store, &sender.wants(&store, NEXT)).await;
        assert_eq!(refused, Reservation::Paused("the network is being upgraded".to_owned()));
        let elsewhere = NewReservation {
            lane: Lane {
                network: "base-sepolia".to_owned(),
                ..sender.lane()
            },
            ..sender.wants(&store, NEXT)
        };
        let free = matches!(sender.reserve(&store, &elsewhere).await, Reservation::Reserved { .. });
        assert_eq!(free, network.is_some());
        store.advance(3_001);
        let due = claim(&store, waiting.owner).await;
        assert!(due[0].paused);
        let far = SendEnd::Again {
            at: store.later(3_000),
            broadcast: false,
            block: None,
            gone_since: None,
            error: None,
        };
        assert!(end(&store, waiting.owner, waiting.id, far).await);
        let resumed = async || {
            store
                .resume_sends(&store.admin(), environment, network, store.now())
                .await
                .unwrap()
        };
        assert!(resumed().await);
        assert!(!resumed().await);
        let due = claim(&store, waiting.owner).await;
        assert!(due.len() == 1 && !due[0].paused, "what waited is sent at once");
        assert!(end(&store, waiting.owner, waiting.id, again(&store, false)).await);
    }
    let entries = store.audit_after(store.system(), 0, 100).await.unwrap();
    let actions = entries.iter().filter(|entry| entry.action.starts_with("sends."));
    assert_eq!(actions.count(), 4);
}

async fn what_has_ended_is_swept_after_a_season(store: TestStore) {
    let sender = sender(&store).await;
    let (ended, _) = sender.send(&store).await;
    assert!(end(&store, ended.owner, ended.id, SendEnd::Confirmed { block: 1 }).await);
    sender.send(&store).await;
    for (days, left) in [(89, 2), (2, 1)] {
        store.advance(days * 86_400);
        store.sweep(store.system(), store.now()).await.unwrap();
        assert_eq!(store.count("sends").await, left);
    }
    assert_eq!(sender.send(&store).await.1, 2, "a nonce is never forgotten");
}
