//! Challenges: what is sent, and how often.

use aboard::domain::{ChallengeId, Destination, Email, MessageId, Phone, Purpose, SendLimits};
use aboard::store::{NewChallenge, NewMessage, Once, PreparedCode, SavedAnswer, Started};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    a_challenge_is_queued_with_its_message,
    the_last_send_is_given_once,
    a_test_number_is_counted_for_nobody,
    a_replay_begins_nothing,
    what_was_too_much_leaves_the_key_free,
}

const LIMITS: SendLimits = SendLimits {
    per_minute: 1,
    per_hour: 5,
    per_day: 10,
    per_network_hour: 60,
};

/// The code that tests type: its MAC is these bytes.
pub const MAC: [u8; 48] = [1; 48];

/// A challenge to log in, to `+306912345678` or an e-mail.
pub fn challenge(store: &TestStore, to: &str) -> NewChallenge {
    let to = if to.contains('@') {
        Destination::Email(Email::parse(to).unwrap())
    } else {
        Destination::Phone(Phone::parse(to, None).unwrap())
    };
    NewChallenge {
        id: ChallengeId(store.ids.id()),
        user: None,
        purpose: Purpose::LogIn,
        to,
        network: "203.0.113.1".to_owned(),
        limits: Some(LIMITS),
        wrong_per_hour: 10,
        code: PreparedCode {
            mac: MAC,
            sealed: b"the code".to_vec(),
        },
        long_code: PreparedCode {
            mac: [2; 48],
            sealed: b"the long code".to_vec(),
        },
        message: Some(NewMessage {
            id: MessageId(store.ids.id()),
            channel: "whatsapp",
        }),
        expires_at: store.later(600),
        now: store.now(),
    }
}

async fn a_challenge_is_queued_with_its_message(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let new = challenge(&store, "+306912345678");
    let started = store.start_challenge(&sandbox.server, new.clone(), None).await.unwrap();
    assert_eq!(started, Once::Done(Started::Sent));
    for table in ["challenges", "code_sends", "messages", "jobs where kind = 'message'"] {
        assert_eq!(store.count(table).await, 1, "{table}");
    }
    let again = NewChallenge {
        id: ChallengeId(store.ids.id()),
        ..new
    };
    let started = store.start_challenge(&sandbox.server, again, None).await.unwrap();
    assert_eq!(started, Once::Done(Started::TooMany(store.later(60))));
    assert_eq!(store.count("challenges").await, 1);
}

async fn the_last_send_is_given_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let outcomes = race(8, {
        let (store, scope) = (store.clone(), sandbox.server);
        move |_| {
            let (store, new) = (store.clone(), challenge(&store, "ada@example.com"));
            async move { store.start_challenge(&scope, new, None).await.unwrap() }
        }
    });
    let sent = outcomes
        .await
        .into_iter()
        .filter(|outcome| *outcome == Once::Done(Started::Sent));
    assert_eq!((sent.count(), store.count("messages").await), (1, 1));
}

async fn a_test_number_is_counted_for_nobody(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    for _ in 0..7 {
        let new = NewChallenge {
            limits: None,
            message: None,
            ..challenge(&store, "+12025550123")
        };
        let started = store.start_challenge(&sandbox.server, new, None).await.unwrap();
        assert_eq!(started, Once::Done(Started::Sent));
    }
    assert_eq!(
        (store.count("challenges").await, store.count("code_sends").await),
        (7, 0)
    );
    assert_eq!((store.count("messages").await, store.count("jobs").await), (0, 0));
}

fn saved() -> SavedAnswer {
    SavedAnswer {
        status: 201,
        body: Some("{}".to_owned()),
        resource: None,
    }
}

async fn a_replay_begins_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = async |request| {
        let repeatable = Some((idempotency(&store, 1, request), saved()));
        let new = challenge(&store, "ada@example.com");
        store.start_challenge(&sandbox.server, new, repeatable).await.unwrap()
    };
    assert_eq!(call(1).await, Once::Done(Started::Sent));
    assert_eq!(call(1).await, Once::Replayed(saved()));
    assert_eq!(call(2).await, Once::Mismatch);
    assert_eq!(store.count("challenges").await, 1);
}

async fn what_was_too_much_leaves_the_key_free(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let first = challenge(&store, "ada@example.com");
    store.start_challenge(&sandbox.server, first, None).await.unwrap();
    let call = async || {
        let repeatable = Some((idempotency(&store, 1, 1), saved()));
        let new = challenge(&store, "ada@example.com");
        store.start_challenge(&sandbox.server, new, repeatable).await.unwrap()
    };
    assert!(matches!(call().await, Once::Done(Started::TooMany(_))));
    store.advance(60);
    assert_eq!(call().await, Once::Done(Started::Sent));
}
