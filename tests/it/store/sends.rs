//! Sends: what holds a lane, what is kept of it, and how it ends.

use aboard::config::Family;
use aboard::domain::{Lane, SendId, SendKind, SendState, Uuid, WalletId};
use aboard::store::{
    AppScope, DueSend, Keeping, NewReservation, NewSend, Reservation, SendEnd, SendPause, WantedSequence,
};

use super::world_app::new_app;
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
    a_send_is_leased_to_one_and_comes_back,
    what_is_mined_ends_what_had_its_nonce,
    a_replacement_that_was_refused_leaves_what_it_replaced,
    what_ended_some_other_way_tells_of_it,
    a_pause_refuses_what_comes_and_holds_what_is_there,
    lanes_are_of_one_environment_and_network,
    what_has_ended_is_swept_after_a_season,
}

/// An app, and a wallet of which the store knows nothing but its sends.
struct Sender {
    app: AppScope,
    wallet: WalletId,
    address: &'static str,
}

async fn sender(store: &TestStore) -> Sender {
    let world = store.world().await;
    sender_of(store, new_app(store, &world.sandbox).await)
}

fn sender_of(store: &TestStore, app: AppScope) -> Sender {
    Sender {
        app,
        wallet: WalletId(store.ids.id()),
        address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    }
}

/// A send on its way, on a network that is paused.
pub async fn some(store: &TestStore, app: AppScope) {
    sender_of(store, app).send(store).await;
    let pause = SendPause {
        environment: app.environment(),
        network: None,
        reason: "a reason".to_owned(),
        paused_at: store.now(),
    };
    assert!(store.pause_sends(&store.admin(), pause).await.unwrap());
}

const NEXT: WantedSequence = WantedSequence::Next { at_least: 0 };

impl Sender {
    fn lane(&self) -> Lane {
        Lane {
            network: "ethereum-sepolia".to_owned(),
            address: self.address.to_owned(),
        }
    }

    fn wants(&self, store: &TestStore, sequence: WantedSequence) -> NewReservation {
        NewReservation {
            id: SendId(store.ids.id()),
            wallet: self.wallet,
            lane: self.lane(),
            digest: store.ids.secret(),
            key: None,
            allow_duplicate: false,
            sequence,
            held_until: store.later(20),
        }
    }

    async fn reserve(&self, store: &TestStore, wanted: &NewReservation) -> Reservation {
        store
            .reserve_send(&self.app, wanted.clone(), store.now())
            .await
            .unwrap()
    }

    fn signed(&self, store: &TestStore, reserved: &NewReservation, sequence: u64) -> NewSend {
        NewSend {
            id: reserved.id,
            wallet: self.wallet,
            app: self.app.app(),
            kind: SendKind::Coin,
            family: Family::Evm,
            lane: reserved.lane.clone(),
            sequence: Some(sequence),
            digest: reserved.digest,
            key: reserved.key,
            raw: reserved.id.bytes().to_vec(),
            hash: format!("0x{}", reserved.id.0.simple()),
            replaces: None,
            expires_at_height: None,
            owner: store.ids.id(),
            due_at: store.later(30),
        }
    }

    async fn keep(&self, store: &TestStore, new: NewSend) -> Keeping {
        store.keep_send(&self.app, new, store.now()).await.unwrap()
    }

    /// A whole send with the next nonce; who has its lease.
    async fn send(&self, store: &TestStore) -> (NewSend, u64) {
        let wanted = self.wants(store, NEXT);
        let sequence = sequence(self.reserve(store, &wanted).await);
        let new = self.signed(store, &wanted, sequence);
        assert_eq!(self.keep(store, new.clone()).await, Keeping::Kept);
        (new, sequence)
    }

    /// A send in the place of another one.
    async fn replace(&self, store: &TestStore, replaced: &NewSend, kind: SendKind) -> NewSend {
        let nonce = replaced.sequence.unwrap();
        let place = WantedSequence::Of {
            sequence: nonce,
            send: replaced.id,
        };
        let wanted = self.wants(store, place);
        assert_eq!(sequence(self.reserve(store, &wanted).await), nonce);
        let new = NewSend {
            kind,
            replaces: Some(replaced.id),
            ..self.signed(store, &wanted, nonce)
        };
        assert_eq!(self.keep(store, new.clone()).await, Keeping::Kept);
        new
    }
}

#[track_caller]
fn sequence(reserved: Reservation) -> u64 {
    match reserved {
        Reservation::Reserved { sequence: Some(nonce) } => nonce,
        other => panic!("{other:?}"),
    }
}

async fn end(store: &TestStore, owner: Uuid, send: SendId, end: SendEnd) -> bool {
    store
        .finish_send(store.system(), owner, send, end, store.now())
        .await
        .unwrap()
}

async fn claim(store: &TestStore, owner: Uuid) -> Vec<DueSend> {
    let (now, lease) = (store.now(), store.later(60));
    store.claim_sends(store.system(), owner, now, lease, 100).await.unwrap()
}

fn again(store: &TestStore, broadcast: bool) -> SendEnd {
    SendEnd::Again {
        at: store.later(2),
        broadcast,
        block: None,
        gone_since: None,
        error: None,
    }
}

fn refused() -> SendEnd {
    SendEnd::Dropped {
        reason: "no".to_owned(),
    }
}

/// The kinds of the events about sends, in order.
async fn told(store: &TestStore) -> Vec<String> {
    store
        .rows("select type from events where type like 'transaction%' order by seq")
        .await
}

async fn state(store: &TestStore, send: SendId) -> String {
    let row = format!("select state from sends where id = {}", store.literal(send.0));
    store.rows(&row).await.remove(0)
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
    assert_eq!(next(WantedSequence::Foreign { sequence: 12 }).await, reserved(12));
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
    for (ended, expected, events) in [
        (failed, "failed", &["transaction.sent", "transaction.failed"][..]),
        (SendEnd::Replaced, "replaced", &["transaction.replaced"]),
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
