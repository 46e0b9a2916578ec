//! Sends: what holds a lane, what is kept of it, and how it ends.

mod follow;
mod lanes;

use aboard::config::Family;
use aboard::domain::{Lane, SendId, SendKind, Uuid, WalletId};
use aboard::store::{
    AppScope, DueSend, Keeping, NewReservation, NewSend, Reservation, SendEnd, SendPause, WantedSequence,
};

use super::world_app::new_app;
use crate::support::store::TestStore;

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
