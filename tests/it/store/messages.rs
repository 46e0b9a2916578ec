//! Messages on their way, and the inbox they end in.

use std::collections::HashSet;

use aboard::domain::{InboxId, MessageId, Uuid};
use aboard::store::{DueMessage, MessageEnd, NewChallenge, NewInboxMessage};

use super::challenges::challenge;
use crate::support::store::{TestStore, both, race};
use crate::support::world::Plane;

both! {
    a_message_is_leased_to_one,
    another_attempt_may_take_another_channel,
    an_attempt_that_nobody_ended_is_lost,
    what_has_ended_is_erased,
    a_kept_message_is_in_the_inbox_of_its_environment,
    many_ends_are_written_at_once_and_those_of_others_are_left_alone,
}

pub async fn queue(store: &TestStore, plane: &Plane) -> MessageId {
    let new = challenge(store, "+306912345678");
    let id = new.message.unwrap().id;
    let new = NewChallenge { limits: None, ..new };
    store.start_challenge(&plane.server, new, None).await.unwrap();
    id
}

pub async fn claim(store: &TestStore, owner: Uuid) -> Vec<DueMessage> {
    let (now, lease) = (store.now(), store.later(60));
    store
        .claim_messages(store.system(), owner, now, lease, 10)
        .await
        .unwrap()
}

pub async fn finish(store: &TestStore, owner: Uuid, id: MessageId, end: MessageEnd) -> bool {
    let held = store.finish_messages(store.system(), owner, vec![(id, end)], store.now());
    held.await.unwrap() == 1
}

fn failed() -> MessageEnd {
    MessageEnd::Failed { error: "no".to_owned() }
}

async fn a_message_is_leased_to_one(store: TestStore) {
    let world = store.world().await;
    assert_eq!(store.next_message_due(store.system()).await.unwrap(), None);
    for _ in 0..6 {
        queue(&store, &world.production).await;
    }
    assert_eq!(store.next_message_due(store.system()).await.unwrap(), Some(store.now()));
    let claimed = race(4, {
        let store = store.clone();
        move |_| {
            let (store, owner) = (store.clone(), store.ids.id());
            async move { claim(&store, owner).await }
        }
    });
    let all: Vec<_> = claimed.await.into_iter().flatten().map(|due| due.id).collect();
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (6, 6));
    assert_eq!(
        store.next_message_due(store.system()).await.unwrap(),
        Some(store.later(60))
    );
    // Somebody else's lease is not to be ended.
    assert!(!finish(&store, store.ids.id(), all[0], failed()).await);
}

async fn another_attempt_may_take_another_channel(store: TestStore) {
    let production = store.world().await.production;
    let (id, owner) = (queue(&store, &production).await, store.ids.id());
    let again = |channel: &str, tried: &[&str]| MessageEnd::Again {
        at: store.later(5),
        channel: channel.to_owned(),
        fell_back: false,
        tried: tried.iter().map(|tried| (*tried).to_owned()).collect(),
        error: "busy".to_owned(),
    };
    let [due] = &claim(&store, owner).await[..] else {
        panic!("one is due")
    };
    assert_eq!(
        (due.id, &*due.channel, due.attempts, due.lost),
        (id, "whatsapp", 0, false)
    );
    assert_eq!(
        (due.environment, due.kind, &due.sealed[..]),
        (production.id, production.kind, &b"the code"[..])
    );
    assert!(finish(&store, owner, id, again("whatsapp", &[])).await);
    assert!(claim(&store, owner).await.is_empty());
    store.advance(5);
    let [due] = &claim(&store, owner).await[..] else {
        panic!("one is due")
    };
    assert_eq!((&*due.channel, due.attempts, due.lost), ("whatsapp", 1, false));
    assert!(finish(&store, owner, id, again("sms", &["whatsapp"])).await);
    store.advance(5);
    let [due] = &claim(&store, owner).await[..] else {
        panic!("one is due")
    };
    assert_eq!(
        (&*due.channel, due.attempts, due.lost, &due.tried[..]),
        ("sms", 0, false, &["whatsapp".to_owned()][..])
    );
}

async fn an_attempt_that_nobody_ended_is_lost(store: TestStore) {
    let production = store.world().await.production;
    let (id, dead, owner) = (queue(&store, &production).await, store.ids.id(), store.ids.id());
    assert_eq!(claim(&store, dead).await.len(), 1);
    assert!(claim(&store, owner).await.is_empty());
    store.advance(60);
    let [due] = &claim(&store, owner).await[..] else {
        panic!("the lease is over")
    };
    assert!(due.lost);
    assert!(!finish(&store, dead, id, failed()).await);
    assert!(finish(&store, owner, id, failed()).await);
}

async fn what_has_ended_is_erased(store: TestStore) {
    let production = store.world().await.production;
    for (end, state) in [
        (
            MessageEnd::Sent {
                provider_id: Some("wamid.1".to_owned()),
            },
            "sent",
        ),
        (
            MessageEnd::Unknown {
                error: "no answer".to_owned(),
            },
            "unknown",
        ),
        (failed(), "failed"),
    ] {
        let (id, owner) = (queue(&store, &production).await, store.ids.id());
        claim(&store, owner).await;
        assert!(finish(&store, owner, id, end).await);
        let row = format!(
            "messages where id = {} and state = '{state}' and sealed is null",
            store.literal(id.0)
        );
        assert_eq!((store.count(&row).await, store.count("jobs").await), (1, 0), "{state}");
    }
    store.advance(7 * 86_400 + 1);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("messages").await, 0);
}

async fn a_kept_message_is_in_the_inbox_of_its_environment(store: TestStore) {
    let world = store.world().await;
    let (id, owner) = (queue(&store, &world.sandbox).await, store.ids.id());
    claim(&store, owner).await;
    let kept = NewInboxMessage {
        id: InboxId(store.ids.id()),
        recipient: "+306912345678".to_owned(),
        sealed: b"text".to_vec(),
    };
    assert!(finish(&store, owner, id, MessageEnd::Kept(kept)).await);
    let inbox = async |plane: &Plane, to: Option<&str>| store.inbox(&plane.server, to, 10).await.unwrap();
    let [message] = &inbox(&world.sandbox, None).await[..] else {
        panic!("one is there")
    };
    assert_eq!(
        (&*message.channel, &*message.recipient, &message.sealed[..]),
        ("whatsapp", "+306912345678", &b"text"[..])
    );
    assert_eq!(inbox(&world.sandbox, Some("+306912345678")).await.len(), 1);
    assert!(inbox(&world.sandbox, Some("+3069")).await.is_empty());
    assert!(inbox(&world.production, None).await.is_empty());
}

async fn many_ends_are_written_at_once_and_those_of_others_are_left_alone(store: TestStore) {
    let production = store.world().await.production;
    for _ in 0..10 {
        queue(&store, &production).await;
    }
    let (owner, other) = (store.ids.id(), store.ids.id());
    let all = claim(&store, owner).await;
    assert_eq!(all.len(), 10);
    store.advance(61);
    let (mine, theirs) = (all[..4].to_vec(), claim(&store, other).await);
    assert_eq!(theirs.len(), 10, "the leases have run out");
    let end = |at: usize, due: &DueMessage| {
        let end = match at % 3 {
            0 => MessageEnd::Sent {
                provider_id: Some(format!("id-{at}")),
            },
            1 => MessageEnd::Unknown {
                error: "lost".to_owned(),
            },
            _ => failed(),
        };
        (due.id, end)
    };
    let late = mine.iter().enumerate().map(|(at, due)| end(at, due)).collect();
    let held = store.finish_messages(store.system(), owner, late, store.now()).await;
    assert_eq!(held.unwrap(), 0);
    let ends = theirs.iter().enumerate().rev().map(|(at, due)| end(at, due)).collect();
    let held = store.finish_messages(store.system(), other, ends, store.now()).await;
    assert_eq!(held.unwrap(), 10);
    let states = store
        .rows("select state, count(*) from messages where sealed is null group by state order by state")
        .await;
    assert_eq!(states, ["failed|3", "sent|4", "unknown|3"]);
    assert_eq!(store.count("jobs").await, 0);
    assert_eq!(store.count("events where type = 'message.failed'").await, 3);
}
