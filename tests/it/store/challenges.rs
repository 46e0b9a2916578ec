//! Challenges: what is sent, and how often.

use aboard::domain::{ChallengeId, CodeCaps, Destination, Email, MessageId, Phone, Purpose, SendLimits, Withheld};
use aboard::store::{NewChallenge, NewMessage, Once, PreparedCode, Resend, Resent, SavedAnswer, Started};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    a_challenge_is_queued_with_its_message,
    the_last_send_is_given_once,
    a_test_number_is_counted_for_nobody,
    a_replay_begins_nothing,
    what_was_too_much_leaves_the_key_free,
    a_resend_is_another_message_of_the_same_challenge,
    what_is_over_a_cap_is_withheld,
    many_who_ask_at_once_are_all_counted,
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
        network: Some("203.0.113.1".to_owned()),
        known_device: false,
        limits: Some(LIMITS),
        wrong_per_hour: 10,
        caps: None,
        asked_by: "Shop".to_owned(),
        language: "en",
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

fn resend(store: &TestStore, challenge: ChallengeId, to: &Destination) -> Resend {
    Resend {
        challenge,
        to: to.clone(),
        network: Some("203.0.113.1".to_owned()),
        known_device: false,
        limits: Some(LIMITS),
        caps: None,
        message: MessageId(store.ids.id()),
        channel: "sms",
        sealed: Some(b"the same code".to_vec()),
        now: store.now(),
    }
}

async fn a_resend_is_another_message_of_the_same_challenge(store: TestStore) {
    let world = store.world().await;
    let sandbox = world.sandbox;
    let new = challenge(&store, "+306912345678");
    let (id, to) = (new.id, new.to.clone());
    store.start_challenge(&sandbox.server, new, None).await.unwrap();
    let again = async || {
        store
            .resend_code(&sandbox.server, resend(&store, id, &to))
            .await
            .unwrap()
    };
    assert_eq!(again().await, Resent::TooMany(store.later(60)));
    store.advance(60);
    let open = store
        .open_challenge(&sandbox.server, id, store.now())
        .await
        .unwrap()
        .expect("it is open");
    assert_eq!(
        (open.to.key(), open.purpose, &open.mac[..]),
        ("+306912345678", Purpose::LogIn, &MAC[..])
    );
    assert_eq!((&*open.asked_by, open.expires_at), ("Shop", store.later(540)));
    assert_eq!(again().await, Resent::Sent);
    assert_eq!((store.count("challenges").await, store.count("messages").await), (1, 2));
    assert_eq!(store.count("code_sends").await, 2);
    // Nobody else's, and nothing once it is over.
    let theirs = resend(&store, id, &to);
    assert_eq!(
        store.resend_code(&world.production.server, theirs).await.unwrap(),
        Resent::Over
    );
    assert!(
        store
            .open_challenge(&world.production.server, id, store.now())
            .await
            .unwrap()
            .is_none()
    );
    store.advance(540);
    assert_eq!(again().await, Resent::Over);
    assert!(
        store
            .open_challenge(&sandbox.server, id, store.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn what_is_over_a_cap_is_withheld(store: TestStore) {
    let production = store.world().await.production;
    let caps = |to: &str| CodeCaps {
        country: "country:GR".to_owned(),
        per_country: 2,
        prefix: format!("prefix:{to}"),
        prefix_least: 100,
        prefix_percent: 10,
        cost: 1,
        spend: 0,
    };
    let start = async |to: &str| {
        let new = NewChallenge {
            caps: Some(caps(to)),
            ..challenge(&store, to)
        };
        store.start_challenge(&production.server, new, None).await.unwrap()
    };
    for to in ["+306912345671", "+306912345672"] {
        assert_eq!(start(to).await, Once::Done(Started::Sent));
    }
    assert_eq!(
        start("+306912345673").await,
        Once::Done(Started::Withheld(Withheld::Country))
    );
    assert_eq!(store.count("jobs where kind = 'message'").await, 2);
    assert_eq!(
        store.count("messages where state = 'failed' and sealed is null").await,
        1
    );
    // It took its share of the budgets, so that nobody learns anything by asking again.
    assert_eq!(store.count("code_sends").await, 3);
    store.advance(86_400);
    assert_eq!(start("+306912345673").await, Once::Done(Started::Sent));
    store.advance(86_400);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(
        store
            .rows("select distinct bucket from code_counts order by bucket")
            .await
            .len(),
        3
    );
}

async fn many_who_ask_at_once_are_all_counted(store: TestStore) {
    let production = store.world().await.production;
    let outcomes = race(16, {
        let (store, scope) = (store.clone(), production.server);
        move |number| {
            let store = store.clone();
            async move {
                let to = format!("+3069123456{number:02}");
                let new = NewChallenge {
                    caps: Some(CodeCaps {
                        country: "country:GR".to_owned(),
                        per_country: 1_000,
                        prefix: "prefix:+30691234".to_owned(),
                        prefix_least: 1_000,
                        prefix_percent: 0,
                        cost: 30,
                        spend: 0,
                    }),
                    network: Some(format!("203.0.113.{number}")),
                    ..challenge(&store, &to)
                };
                store.start_challenge(&scope, new, None).await.unwrap()
            }
        }
    });
    assert!(
        outcomes
            .await
            .iter()
            .all(|outcome| *outcome == Once::Done(Started::Sent))
    );
    let sums = "select bucket, sum(sent) from code_counts group by bucket order by bucket";
    assert_eq!(
        store.rows(sums).await,
        ["country:GR|16", "prefix:+30691234|16", "spend|480"]
    );
}
