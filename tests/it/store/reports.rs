//! What providers report, and what becomes of the message.

use aboard::domain::{Destination, EnvironmentId, MessageId, Phone, Uuid};
use aboard::store::{DueReport, MessageEnd, NewReport, NextMessage, ProviderScope, ReportEnd};

use super::messages::{claim, finish, queue};
use crate::support::store::{TestStore, both, race};

both! {
    copies_of_a_report_count_once,
    a_report_is_leased_to_one,
    a_report_finds_its_message_by_either_name,
    what_arrived_stays_arrived,
    of_two_failures_one_sends_the_code_again,
    nothing_goes_out_for_a_code_that_is_over,
    a_budget_of_fall_backs_leaves_proven_addresses_alone,
    old_reports_are_forgotten,
}

fn report(store: &TestStore, progress: &'static str) -> NewReport {
    NewReport {
        id: store.ids.id(),
        digest: [7; 32],
        provider_id: Some("wamid.1".to_owned()),
        message: None,
        progress,
        code: (progress == "failed").then_some(131_026),
    }
}

/// The scope of whoever calls the address of a set channel.
async fn provider(store: &TestStore, environment: EnvironmentId) -> ProviderScope {
    let admin = store.admin();
    let set = store.set_channel(&admin, environment, "whatsapp", b"one".to_vec(), store.now());
    set.await.unwrap();
    store
        .provider_channel(environment, "whatsapp")
        .await
        .unwrap()
        .expect("it is set")
        .0
}

/// A message of production that the provider took as `wamid.1`.
async fn sent(store: &TestStore) -> (ProviderScope, MessageId) {
    let production = store.world().await.production;
    let scope = provider(store, production.id).await;
    let (id, owner) = (queue(store, &production).await, store.ids.id());
    claim(store, owner).await;
    let end = MessageEnd::Sent {
        provider_id: Some("wamid.1".to_owned()),
    };
    assert!(finish(store, owner, id, end).await);
    (scope, id)
}

async fn take(store: &TestStore, scope: &ProviderScope, report: NewReport) -> usize {
    store.take_reports(scope, vec![report], store.now()).await.unwrap()
}

async fn due(store: &TestStore, owner: Uuid) -> Vec<DueReport> {
    let lease = store.later(60);
    store
        .claim_reports(store.system(), owner, store.now(), lease, 10)
        .await
        .unwrap()
}

/// Takes a report and settles it.
async fn settle(store: &TestStore, scope: &ProviderScope, new: NewReport, end: ReportEnd) {
    let owner = store.ids.id();
    assert_eq!(take(store, scope, new).await, 1);
    let [report] = &due(store, owner).await[..] else {
        panic!("one is due")
    };
    let settled = store.settle_report(store.system(), owner, report.id, end, store.now());
    assert!(settled.await.unwrap());
}

async fn copies_of_a_report_count_once(store: TestStore) {
    let (scope, _) = sent(&store).await;
    let taken = race(6, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move { take(&store, &scope, report(&store, "delivered")).await }
        }
    });
    assert_eq!(taken.await.into_iter().sum::<usize>(), 1);
    assert_eq!(
        (store.count("provider_reports").await, store.count("jobs").await),
        (1, 1)
    );
    let other = NewReport {
        digest: [8; 32],
        ..report(&store, "read")
    };
    assert_eq!(take(&store, &scope, other).await, 1);
}

async fn a_report_is_leased_to_one(store: TestStore) {
    let (scope, _) = sent(&store).await;
    assert_eq!(store.next_report_due(store.system()).await.unwrap(), None);
    take(&store, &scope, report(&store, "delivered")).await;
    assert_eq!(store.next_report_due(store.system()).await.unwrap(), Some(store.now()));
    let (one, other) = (store.ids.id(), store.ids.id());
    let [mine] = &due(&store, one).await[..] else {
        panic!("one is due")
    };
    assert_eq!(
        (mine.attempts, &*mine.channel, &*mine.progress),
        (1, "whatsapp", "delivered")
    );
    assert!(due(&store, other).await.is_empty());
    let settle = async |owner, end| {
        store
            .settle_report(store.system(), owner, mine.id, end, store.now())
            .await
            .unwrap()
    };
    assert!(!settle(other, ReportEnd::Done).await);
    assert!(settle(one, ReportEnd::Later(store.later(5))).await);
    store.advance(5);
    assert_eq!(due(&store, other).await[0].attempts, 2);
    assert!(settle(other, ReportEnd::Done).await);
    assert_eq!(store.count("jobs").await, 0);
}

async fn a_report_finds_its_message_by_either_name(store: TestStore) {
    let (scope, id) = sent(&store).await;
    take(&store, &scope, report(&store, "delivered")).await;
    let found = due(&store, store.ids.id()).await.remove(0);
    let look = async |report: &DueReport| store.reported_message(store.system(), report).await.unwrap();
    let message = look(&found).await.expect("it is there");
    assert_eq!(
        (message.id, &*message.state, &*message.asked_by, &*message.language),
        (id, "sent", "Shop", "en")
    );
    assert_eq!(message.to.key(), "+306912345678");
    for other in [
        DueReport {
            provider_id: Some("wamid.2".to_owned()),
            ..found.clone()
        },
        DueReport {
            channel: "sms".to_owned(),
            ..found.clone()
        },
        DueReport {
            environment: EnvironmentId(store.ids.id()),
            ..found.clone()
        },
        // Our own name of it counts while the provider's is not known, and no longer.
        DueReport {
            provider_id: Some("wamid.2".to_owned()),
            message: Some(id),
            ..found.clone()
        },
    ] {
        assert!(look(&other).await.is_none(), "{other:?}");
    }
    store
        .execute("update messages set provider_id = null, state = 'unknown'")
        .await;
    let by_ours = DueReport {
        provider_id: Some("wamid.2".to_owned()),
        message: Some(id),
        ..found
    };
    assert_eq!(look(&by_ours).await.expect("it is there").id, id);
}

async fn state(store: &TestStore, id: MessageId) -> String {
    let rows = store
        .rows(&format!(
            "select state from messages where id = {}",
            store.literal(id.0)
        ))
        .await;
    rows[0].clone()
}

fn came(message: MessageId, delivered: bool) -> ReportEnd {
    ReportEnd::Came {
        message,
        delivered,
        provider_id: Some("wamid.1".to_owned()),
    }
}

fn failed(message: MessageId, next: Option<NextMessage>) -> ReportEnd {
    ReportEnd::Failed {
        message,
        error: "not on WhatsApp".to_owned(),
        next,
    }
}

fn next(store: &TestStore) -> NextMessage {
    NextMessage {
        id: MessageId(store.ids.id()),
        channel: "sms".to_owned(),
        fell_back: true,
        attempts: 0,
        tried: vec!["whatsapp".to_owned()],
        sealed: b"the same code".to_vec(),
        at: store.now(),
    }
}

async fn what_arrived_stays_arrived(store: TestStore) {
    let (scope, id) = sent(&store).await;
    let mut turn = 0;
    let mut numbered = |progress| {
        turn += 1;
        NewReport {
            digest: [turn; 32],
            ..report(&store, progress)
        }
    };
    let (first, second, third, fourth) = (
        numbered("failed"),
        numbered("delivered"),
        numbered("failed"),
        numbered("sent"),
    );
    settle(&store, &scope, first, failed(id, None)).await;
    assert_eq!(state(&store, id).await, "failed");
    settle(&store, &scope, second, came(id, true)).await;
    assert_eq!(state(&store, id).await, "delivered");
    settle(&store, &scope, third, failed(id, Some(next(&store)))).await;
    settle(&store, &scope, fourth, came(id, false)).await;
    assert_eq!(
        (state(&store, id).await, store.count("messages").await),
        ("delivered".to_owned(), 1)
    );
}

async fn of_two_failures_one_sends_the_code_again(store: TestStore) {
    let (scope, id) = sent(&store).await;
    for digest in [[1; 32], [2; 32]] {
        let new = NewReport {
            digest,
            ..report(&store, "failed")
        };
        settle(&store, &scope, new, failed(id, Some(next(&store)))).await;
    }
    assert_eq!(
        store
            .count("messages where channel = 'sms' and fell_back_at is not null")
            .await,
        1
    );
    let [again] = &claim(&store, store.ids.id()).await[..] else {
        panic!("one is due")
    };
    assert_eq!(
        (&*again.channel, &again.sealed[..], again.lost),
        ("sms", &b"the same code"[..], false)
    );
    assert_eq!(again.tried, ["whatsapp"]);
}

async fn nothing_goes_out_for_a_code_that_is_over(store: TestStore) {
    let (scope, id) = sent(&store).await;
    store.execute("update challenges set tries = 5").await;
    settle(&store, &scope, report(&store, "failed"), failed(id, Some(next(&store)))).await;
    assert_eq!(
        (state(&store, id).await, store.count("messages").await),
        ("failed".to_owned(), 1)
    );
    assert_eq!(store.count("jobs").await, 0);
}

async fn a_budget_of_fall_backs_leaves_proven_addresses_alone(store: TestStore) {
    let (scope, id) = sent(&store).await;
    let environment = EnvironmentId(
        store.rows("select environment_id from messages").await[0]
            .replace('-', "")
            .parse()
            .expect("an id"),
    );
    let to = Destination::Phone(Phone::parse("+306912345678", None).unwrap());
    let began = store.now() - jiff::SignedDuration::from_secs(1);
    let may = async |since| {
        let system = store.system();
        store
            .may_fall_back(system, environment, "sms", &to, since, 1)
            .await
            .unwrap()
    };
    assert!(may(began).await);
    settle(&store, &scope, report(&store, "failed"), failed(id, Some(next(&store)))).await;
    assert!(!may(began).await);
    assert!(may(store.now()).await, "an hour later");
    let user = store.literal(store.ids.id());
    let [row, nil, plane] = [store.ids.id(), Uuid::nil(), environment.0].map(|id| store.literal(id));
    let now = store.moment(store.now());
    store
        .execute(&format!(
            "insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
             values ({user}, 'phone', {nil}, {row}, {plane}, 'person', '+306912345678', '+306912345678', 'verified', {now}, {now}, {now})"
        ))
        .await;
    assert!(may(began).await);
}

async fn old_reports_are_forgotten(store: TestStore) {
    let (scope, _) = sent(&store).await;
    settle(&store, &scope, report(&store, "delivered"), ReportEnd::Done).await;
    store.advance(10 * 86_400);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("provider_reports").await, 1);
    store.advance(1);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("provider_reports").await, 0);
}
