//! A lane is held while something is signed, and what is kept takes the nonce.

use aboard::domain::{SendId, WalletId};
use aboard::store::{Keeping, NewReservation, Reservation, SendEnd, WantedSequence};

use super::{NEXT, end, refused, sender, sender_of, sequence, state};
use crate::store::world_app::new_app;
use crate::support::store::{TestStore, both, race};

both! {
    of_many_who_want_a_lane_one_has_it,
    what_is_not_kept_uses_nothing_up,
    a_lane_that_was_lost_keeps_nothing,
    nonces_follow_what_is_known_and_never_go_down,
    of_many_who_send_at_once_each_has_a_nonce_of_its_own,
    what_was_refused_leaves_its_nonce_to_the_next,
    the_same_within_a_minute_is_a_mistake,
    a_key_finds_what_it_sent,
    a_key_whose_send_was_refused_signs_again_with_its_nonce_alone,
    lanes_are_of_one_environment_and_network,
}

async fn of_many_who_want_a_lane_one_has_it(store: TestStore) {
    let sender = std::sync::Arc::new(sender(&store).await);
    let outcomes = race(6, |_| {
        let (store, sender) = (store.clone(), sender.clone());
        async move {
            let wanted = sender.wants(&store, NEXT);
            sender.reserve(&store, &wanted).await
        }
    })
    .await;
    let held = outcomes.iter().filter(|outcome| **outcome != Reservation::Busy);
    assert_eq!(held.collect::<Vec<_>>(), [&Reservation::Reserved { sequence: Some(0) }]);
}

async fn what_is_not_kept_uses_nothing_up(store: TestStore) {
    let sender = sender(&store).await;
    let first = sender.wants(&store, WantedSequence::Next { at_least: 7 });
    assert_eq!(sequence(sender.reserve(&store, &first).await), 7);
    // Whoever has it may ask again, and nobody else.
    assert_eq!(sequence(sender.reserve(&store, &first).await), 7);
    let second = sender.wants(&store, NEXT);
    assert_eq!(sender.reserve(&store, &second).await, Reservation::Busy);
    // Only the holder gives it back.
    store
        .release_send(&sender.app, &sender.lane(), second.id)
        .await
        .unwrap();
    assert_eq!(sender.reserve(&store, &second).await, Reservation::Busy);
    store.release_send(&sender.app, &sender.lane(), first.id).await.unwrap();
    assert_eq!(sequence(sender.reserve(&store, &second).await), 0);
    assert_eq!(store.count("sends").await + store.count("jobs").await, 0);
}

async fn a_lane_that_was_lost_keeps_nothing(store: TestStore) {
    let sender = sender(&store).await;
    let (slow, quick) = (sender.wants(&store, NEXT), sender.wants(&store, NEXT));
    let nonce = sequence(sender.reserve(&store, &slow).await);
    store.advance(21);
    let quick = NewReservation {
        held_until: store.later(20),
        ..quick
    };
    assert_eq!(
        sequence(sender.reserve(&store, &quick).await),
        nonce,
        "a dead holder used nothing up"
    );
    assert_eq!(
        sender.keep(&store, sender.signed(&store, &slow, nonce)).await,
        Keeping::Lost
    );
    assert_eq!(
        sender.keep(&store, sender.signed(&store, &quick, nonce)).await,
        Keeping::Kept
    );
    assert_eq!(
        sender.keep(&store, sender.signed(&store, &quick, nonce)).await,
        Keeping::Lost
    );
    assert_eq!(store.count("sends").await, 1);
}

async fn nonces_follow_what_is_known_and_never_go_down(store: TestStore) {
    let sender = sender(&store).await;
    assert_eq!(store.next_sequence(&sender.app, &sender.lane()).await.unwrap(), None);
    let next = async |sequence_wanted| {
        let wanted = sender.wants(&store, sequence_wanted);
        let reserved = sender.reserve(&store, &wanted).await;
        if let Reservation::Reserved { sequence: Some(nonce) } = reserved {
            let kept = sender.keep(&store, sender.signed(&store, &wanted, nonce)).await;
            assert_eq!(kept, Keeping::Kept);
        }
        reserved
    };
    let reserved = |nonce| Reservation::Reserved { sequence: Some(nonce) };
    assert_eq!(next(WantedSequence::Next { at_least: 5 }).await, reserved(5));
    // A node that has forgotten something moves nothing down.
    assert_eq!(next(WantedSequence::Next { at_least: 0 }).await, reserved(6));
    assert_eq!(
        next(WantedSequence::Exactly {
            sequence: 7,
            at_least: 6
        })
        .await,
        reserved(7)
    );
    for wrong in [5, 7, 9] {
        let exactly = WantedSequence::Exactly {
            sequence: wrong,
            at_least: 3,
        };
        assert_eq!(next(exactly).await, Reservation::WrongSequence { next: 8 });
    }
    assert_eq!(next(WantedSequence::Next { at_least: 20 }).await, reserved(20));
    assert_eq!(
        store.next_sequence(&sender.app, &sender.lane()).await.unwrap(),
        Some(21)
    );
    // What waits on the network and was not sent here may be replaced, which moves nothing down either.
    let foreign = WantedSequence::Foreign { sequence: 12 };
    assert_eq!(next(foreign).await, reserved(12));
    // Once it is, what replaces it is the wallet's own.
    assert_eq!(next(foreign).await, Reservation::NotOpen);
    assert_eq!(next(NEXT).await, reserved(21));
}

async fn of_many_who_send_at_once_each_has_a_nonce_of_its_own(store: TestStore) {
    let sender = std::sync::Arc::new(sender(&store).await);
    let mut nonces = race(8, |_| {
        let (store, sender) = (store.clone(), sender.clone());
        async move {
            let wanted = sender.wants(&store, NEXT);
            loop {
                match sender.reserve(&store, &wanted).await {
                    Reservation::Busy => tokio::task::yield_now().await,
                    reserved => {
                        let nonce = sequence(reserved);
                        let kept = sender.keep(&store, sender.signed(&store, &wanted, nonce)).await;
                        assert_eq!(kept, Keeping::Kept);
                        return nonce;
                    }
                }
            }
        }
    })
    .await;
    nonces.sort_unstable();
    assert_eq!(nonces, (0..8).collect::<Vec<_>>());
}

async fn what_was_refused_leaves_its_nonce_to_the_next(store: TestStore) {
    let sender = sender(&store).await;
    let (first, _) = sender.send(&store).await;
    let (second, _) = sender.send(&store).await;
    assert!(end(&store, first.owner, first.id, refused()).await);
    let exactly = |sequence| WantedSequence::Exactly { sequence, at_least: 0 };
    let wanted = sender.wants(&store, exactly(2));
    assert_eq!(
        sender.reserve(&store, &wanted).await,
        Reservation::WrongSequence { next: 0 }
    );
    // A nonce that the network has used meanwhile is not free.
    let wanted = sender.wants(&store, WantedSequence::Next { at_least: 1 });
    assert_eq!(sequence(sender.reserve(&store, &wanted).await), 2);
    store
        .release_send(&sender.app, &sender.lane(), wanted.id)
        .await
        .unwrap();
    assert_eq!(sender.send(&store).await.1, 0);
    assert_eq!(sender.send(&store).await.1, 2);
    assert_eq!(state(&store, second.id).await, "stored");
}

async fn the_same_within_a_minute_is_a_mistake(store: TestStore) {
    let sender = sender(&store).await;
    let (first, _) = sender.send(&store).await;
    let same = |more: &dyn Fn(NewReservation) -> NewReservation| {
        more(NewReservation {
            digest: first.digest,
            held_until: store.later(1),
            ..sender.wants(&store, NEXT)
        })
    };
    let plain = same(&|wanted| wanted);
    let Reservation::Duplicate(known) = sender.reserve(&store, &plain).await else {
        panic!("it is the same");
    };
    assert_eq!((known.id, &known.hash), (first.id, &first.hash));
    for meant in [
        same(&|wanted| NewReservation {
            allow_duplicate: true,
            ..wanted
        }),
        same(&|wanted| NewReservation {
            key: Some([9; 32]),
            ..wanted
        }),
        same(&|wanted| NewReservation {
            sequence: WantedSequence::Of {
                sequence: 0,
                send: first.id,
            },
            ..wanted
        }),
    ] {
        assert!(matches!(
            sender.reserve(&store, &meant).await,
            Reservation::Reserved { .. }
        ));
        store.release_send(&sender.app, &sender.lane(), meant.id).await.unwrap();
    }
    store.advance(59);
    assert!(matches!(
        sender.reserve(&store, &plain).await,
        Reservation::Duplicate(_)
    ));
    store.advance(2);
    assert_eq!(sequence(sender.reserve(&store, &same(&|wanted| wanted)).await), 1);
}

async fn a_key_finds_what_it_sent(store: TestStore) {
    let sender = sender(&store).await;
    let key = [3; 32];
    let wanted = NewReservation {
        key: Some(key),
        ..sender.wants(&store, NEXT)
    };
    assert_eq!(sequence(sender.reserve(&store, &wanted).await), 0);
    let since = store.later(-86_400);
    let find = async |wallet| store.send_of_key(&sender.app, wallet, key, since).await.unwrap();
    assert_eq!(find(sender.wallet).await, None);
    let new = sender.signed(&store, &wanted, 0);
    assert_eq!(sender.keep(&store, new.clone()).await, Keeping::Kept);
    let found = find(sender.wallet).await.expect("it is kept");
    assert_eq!(found, new.as_kept(sender.app.environment(), store.now()));
    assert_eq!(find(WalletId(store.ids.id())).await, None);
    let again = NewReservation {
        id: SendId(store.ids.id()),
        ..wanted
    };
    let known = sender.reserve(&store, &again).await;
    assert_eq!(known, Reservation::Known(Box::new(found)));
    // What was refused was not sent: the key is free for another try.
    assert!(end(&store, new.owner, new.id, refused()).await);
    assert_eq!(find(sender.wallet).await, None);
    assert_eq!(sequence(sender.reserve(&store, &again).await), 0);
}

async fn lanes_are_of_one_environment_and_network(store: TestStore) {
    let world = store.world().await;
    let sender = sender_of(&store, new_app(&store, &world.sandbox).await);
    let (new, _) = sender.send(&store).await;
    let elsewhere = new_app(&store, &world.production).await;
    let lane = sender.lane();
    assert_eq!(store.next_sequence(&elsewhere, &lane).await.unwrap(), None);
    assert!(store.open_sends(&elsewhere, &lane).await.unwrap().is_empty());
    let wanted = sender.wants(
        &store,
        WantedSequence::Of {
            sequence: 0,
            send: new.id,
        },
    );
    let theirs = store.reserve_send(&elsewhere, wanted, store.now()).await.unwrap();
    assert_eq!(theirs, Reservation::NotOpen);
    let same = NewReservation {
        digest: new.digest,
        ..sender.wants(&store, NEXT)
    };
    let theirs = store.reserve_send(&elsewhere, same, store.now()).await.unwrap();
    assert_eq!(sequence(theirs), 0);
    let listed = store.sends(store.system(), world.production.id, false, 10).await;
    assert!(listed.unwrap().is_empty());
}

async fn a_key_whose_send_was_refused_signs_again_with_its_nonce_alone(store: TestStore) {
    let sender = sender(&store).await;
    let with_key = |at_least| NewReservation {
        key: Some([9; 32]),
        ..sender.wants(&store, WantedSequence::Next { at_least })
    };
    let first = with_key(0);
    assert_eq!(sequence(sender.reserve(&store, &first).await), 0);
    let new = sender.signed(&store, &first, 0);
    assert_eq!(sender.keep(&store, new.clone()).await, Keeping::Kept);
    assert!(end(&store, new.owner, new.id, refused()).await);
    // Whoever says that the nonce is used may have kept what was signed with it, and brought it in.
    for at_least in [1, 5] {
        let said = sender.reserve(&store, &with_key(at_least)).await;
        assert!(
            matches!(&said, Reservation::Known(send) if send.id == new.id),
            "{said:?}"
        );
    }
    let again = with_key(0);
    assert_eq!(sequence(sender.reserve(&store, &again).await), 0);
    store.release_send(&sender.app, &sender.lane(), again.id).await.unwrap();
    // Another send takes the nonce: only once it has landed is what was signed before it worth nothing.
    let (other, nonce) = sender.send(&store).await;
    assert_eq!(nonce, 0);
    let said = sender.reserve(&store, &with_key(1)).await;
    assert!(matches!(said, Reservation::Known(_)), "{said:?}");
    let landed = SendEnd::Confirmed { block: 7 };
    assert!(end(&store, other.owner, other.id, landed).await);
    assert_eq!(sequence(sender.reserve(&store, &with_key(1)).await), 1);
}
