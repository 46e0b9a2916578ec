//! Webhooks and the log, past what the surface shows: claims of several nodes, places, the end of replays.

use std::collections::HashSet;

use aboard::domain::{DeliveryId, EventFilter, EventId, EventType, Metadata, ReplayId, WebhookId, WebhookSecretId};
use aboard::store::*;
use serde_json::json;
use uuid::Uuid;

use super::deliveries::{finish, made};
use crate::support::store::{TestStore, both};
use crate::support::world::World;

both! {
    a_webhook_is_told_from_where_it_was_made_and_each_event_once,
    two_nodes_share_a_log_and_no_event,
    a_claim_that_nobody_ends_comes_back,
    what_attempts_say_is_counted_and_ends_a_failing_time,
    one_that_is_switched_off_claims_nothing_and_that_is_told_once,
    a_rotated_secret_signs_until_its_end,
    a_webhook_changes_and_goes,
    a_replay_ends_where_the_log_ended,
    a_page_of_the_log_says_where_the_next_one_begins,
}

fn new_webhook(store: &TestStore, events: &[&str]) -> NewWebhook {
    NewWebhook {
        id: WebhookId(store.ids.id()),
        url: "https://example.com/".to_owned(),
        description: None,
        events: EventFilter::parse(events.iter().copied()).unwrap(),
        version: "1".to_owned(),
        metadata: Metadata::default(),
        headers: NewHeaders::default(),
        per_second: None,
        enabled: true,
        secret: new_secret(store),
    }
}

fn new_secret(store: &TestStore) -> NewWebhookSecret {
    NewWebhookSecret {
        id: WebhookSecretId(store.ids.id()),
        sealed: vec![7; 40],
    }
}

async fn webhook(store: &TestStore, world: &World, events: &[&str]) -> WebhookId {
    store.settled().await;
    let new = new_webhook(store, events);
    let id = new.id;
    let scope = world.sandbox.server;
    let made = store
        .create_webhook(&scope, &store.admin(), new, None, store.now())
        .await
        .unwrap();
    assert!(matches!(made, Once::Done(CreateWebhookOutcome::Created(_))));
    id
}

async fn happen(store: &TestStore, world: &World, count: usize) -> Vec<EventId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = EventId(store.ids.id());
        let what = (EventType::UserLinked, json!({}));
        let done = store
            .trigger_event(&world.sandbox.server, id, what, None, store.now())
            .await
            .unwrap();
        assert_eq!(done, Once::Done(true));
        ids.push(id);
    }
    store.settled().await;
    ids
}

async fn claim(store: &TestStore, owner: Uuid, webhook: WebhookId, limit: u32) -> ClaimedEvents {
    let ids = (0..limit).map(|_| DeliveryId(store.ids.id())).collect();
    let wants = vec![EventClaim { webhook, limit }];
    let system = store.system();
    let claimed = store
        .claim_events(system, owner, wants, ids, store.now(), store.later(60))
        .await;
    claimed.unwrap().remove(0)
}

fn result_of(due: &DueDelivery, end: DeliveryEnd) -> DeliveryResult {
    DeliveryResult {
        id: due.id,
        webhook: due.webhook,
        made: Some(made()),
        status: Some(200),
        error: None,
        end,
    }
}

async fn a_webhook_is_told_from_where_it_was_made_and_each_event_once(store: TestStore) {
    let world = store.world().await;
    happen(&store, &world, 2).await;
    let id = webhook(&store, &world, &["user.*"]).await;
    let heads = store.log_heads(store.system()).await.unwrap();
    let [head] = heads[..] else { panic!("{heads:?}") };
    assert_eq!(head.environment, world.sandbox.id);
    assert!(store.webhooks_behind(store.system(), head).await.unwrap().is_empty());

    let happened = happen(&store, &world, 3).await;
    let head = store.log_heads(store.system()).await.unwrap()[0];
    let behind = store.webhooks_behind(store.system(), head).await.unwrap();
    assert_eq!(behind.iter().map(|one| one.webhook).collect::<Vec<_>>(), [id]);
    let owner = store.ids.id();
    let first = claim(&store, owner, id, 2).await;
    let second = claim(&store, owner, id, 2).await;
    assert!(first.more && !second.more);
    let told: Vec<_> = first.due.iter().chain(&second.due).map(|due| due.event).collect();
    assert_eq!(told, happened);
    assert!(
        first
            .due
            .iter()
            .all(|due| due.webhook == Some(id) && due.body.is_some() && due.header_set == "standard")
    );
    assert!(claim(&store, owner, id, 2).await.due.is_empty());
    assert!(store.webhooks_behind(store.system(), head).await.unwrap().is_empty());
}

async fn two_nodes_share_a_log_and_no_event(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    happen(&store, &world, 60).await;
    let other = store.another().await;
    let node = |store: TestStore| async move {
        let (owner, mut told) = (store.ids.id(), Vec::new());
        loop {
            let claimed = claim(&store, owner, id, 7).await;
            told.extend(claimed.due.iter().map(|due| due.event));
            if !claimed.more {
                return told;
            }
        }
    };
    let (one, other) = tokio::join!(tokio::spawn(node(store.clone())), tokio::spawn(node(other)));
    let told: Vec<_> = one.unwrap().into_iter().chain(other.unwrap()).collect();
    assert_eq!((told.len(), told.iter().collect::<HashSet<_>>().len()), (60, 60));
}

async fn a_claim_that_nobody_ends_comes_back(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    let happened = happen(&store, &world, 1).await;
    let dead = claim(&store, store.ids.id(), id, 5).await.due.remove(0);
    store.advance(61);
    let owner = store.ids.id();
    let system = store.system();
    let again = store
        .claim_deliveries(system, owner, store.now(), store.later(60), 5)
        .await
        .unwrap();
    let [again] = &again[..] else { panic!("{again:?}") };
    assert_eq!(
        (again.id, again.event, again.webhook, &again.body),
        (dead.id, happened[0], Some(id), &dead.body)
    );
    assert_eq!(
        finish(&store, owner, vec![result_of(again, DeliveryEnd::Delivered)]).await,
        1
    );
    assert_eq!(store.count("jobs").await, 0);
}

async fn what_attempts_say_is_counted_and_ends_a_failing_time(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    let events = happen(&store, &world, 3).await;
    let owner = store.ids.id();
    let due = claim(&store, owner, id, 5).await.due;
    let failed = vec![
        result_of(&due[0], DeliveryEnd::Retry(store.later(5))),
        result_of(&due[1], DeliveryEnd::GivenUp),
    ];
    assert_eq!(finish(&store, owner, failed).await, 2);
    let scope = store.system().users_of(world.sandbox.id);
    let webhook = || async { store.webhook(scope, id).await.unwrap().unwrap() };
    let shown = webhook().await;
    assert_eq!(
        (shown.delivered, shown.failed, shown.failing_since),
        (0, 2, Some(store.now()))
    );
    let target = store
        .webhook_target(store.system(), id, store.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (target.active, target.failing_since, target.secrets.len()),
        (true, Some(store.now()), 1)
    );
    store.advance(1);
    assert_eq!(
        finish(&store, owner, vec![result_of(&due[2], DeliveryEnd::Delivered)]).await,
        1
    );
    let shown = webhook().await;
    assert_eq!(
        (shown.delivered, shown.failing_since, shown.last_delivery_at),
        (1, None, Some(store.now()))
    );

    let (delivery, attempts) = store.delivery(scope, id, due[2].id).await.unwrap().unwrap();
    assert_eq!(
        (&*delivery.state, delivery.attempts, delivery.event),
        ("delivered", 1, events[2])
    );
    let attempt = &attempts[0];
    assert_eq!(
        (attempt.number, attempt.status, &attempt.answer[..]),
        (1, Some(200), &b"ok"[..])
    );
    let page = store.deliveries(scope, id, Some("given_up"), None, 10).await.unwrap();
    assert_eq!(
        page.deliveries.iter().map(|one| one.id).collect::<Vec<_>>(),
        [due[1].id]
    );
    let event = store.event(scope, events[0]).await.unwrap().unwrap();
    let of_event = store.deliveries_of_event(scope, &event).await.unwrap();
    let of_event: Vec<_> = of_event.iter().map(|(webhook, one)| (*webhook, one.id)).collect();
    assert_eq!(of_event, [(Some(id), due[0].id)]);
}

async fn one_that_is_switched_off_claims_nothing_and_that_is_told_once(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    happen(&store, &world, 1).await;
    let system = store.system();
    assert!(
        store
            .disable_webhook(system, id, DisabledWhy::Failing, store.now())
            .await
            .unwrap()
    );
    assert!(
        !store
            .disable_webhook(system, id, DisabledWhy::Gone, store.now())
            .await
            .unwrap()
    );
    assert!(claim(&store, store.ids.id(), id, 5).await.due.is_empty());
    assert!(store.log_heads(system).await.unwrap().is_empty());
    assert_eq!(store.count("events where type = 'webhook.disabled'").await, 1);
    assert!(
        !store
            .webhook_target(system, id, store.now())
            .await
            .unwrap()
            .unwrap()
            .active
    );
}

async fn a_rotated_secret_signs_until_its_end(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    let new = new_secret(&store);
    let newest = new.id;
    let scope = world.sandbox.server;
    let rotated = store
        .rotate_secret_of_webhook(&scope, &store.admin(), id, new, store.later(60), None, store.now())
        .await;
    assert_eq!(rotated.unwrap(), Once::Done(true));
    let secrets = || async {
        let target = store
            .webhook_target(store.system(), id, store.now())
            .await
            .unwrap()
            .unwrap();
        target.secrets.iter().map(|secret| secret.id).collect::<Vec<_>>()
    };
    assert_eq!((secrets().await.len(), secrets().await[0]), (2, newest));
    store.advance(61);
    assert_eq!(secrets().await, [newest]);
    store.advance(3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("webhook_secrets where expires_at is not null").await, 0);
}

async fn a_webhook_changes_and_goes(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["*"]).await;
    let (scope, admin) = (world.sandbox.server, store.admin());
    let change = UpdateWebhook {
        events: Some(EventFilter::parse(["login.*"]).unwrap()),
        per_second: Some(Some(9)),
        ..UpdateWebhook::default()
    };
    let changed = store
        .update_webhook(&scope, &admin, id, change.clone(), store.now())
        .await
        .unwrap();
    let changed = changed.unwrap().unwrap();
    assert_eq!(
        (changed.events.text().as_str(), changed.per_second),
        ("login.*", Some(9))
    );
    let listed = store.webhooks(&scope, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    assert!(
        store
            .webhooks(&world.production.server, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let foreign = store
        .update_webhook(&world.production.server, &admin, id, change, store.now())
        .await;
    assert!(foreign.unwrap().is_none());
    assert!(
        !store
            .delete_webhook(&world.production.server, &admin, id, store.now())
            .await
            .unwrap()
    );
    assert!(store.delete_webhook(&scope, &admin, id, store.now()).await.unwrap());
    assert!(
        store
            .webhook_target(store.system(), id, store.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_replay_ends_where_the_log_ended(store: TestStore) {
    let world = store.world().await;
    let id = webhook(&store, &world, &["user.*"]).await;
    let owner = store.ids.id();
    let first = happen(&store, &world, 3).await;
    claim(&store, owner, id, 10).await;
    let replay = |from| NewReplay {
        id: ReplayId(store.ids.id()),
        from,
    };
    let scope = world.sandbox.server;
    let since = store.now() - jiff::SignedDuration::from_hours(1);
    let begun = store
        .replay(&scope, id, replay(ReplayFrom::Range(since, None)), None, store.now())
        .await;
    assert_eq!(begun.unwrap(), Once::Done(true));
    let later = happen(&store, &world, 1).await;
    assert_eq!(store.webhooks_replaying(store.system()).await.unwrap().len(), 1);
    let mut told = Vec::new();
    loop {
        let claimed = claim(&store, owner, id, 2).await;
        told.extend(claimed.due.iter().map(|due| due.event));
        if !claimed.more {
            break;
        }
    }
    let expected: HashSet<_> = first.iter().chain(&later).copied().collect();
    assert_eq!((told.len(), told.into_iter().collect::<HashSet<_>>()), (4, expected));
    assert!(store.webhooks_replaying(store.system()).await.unwrap().is_empty());

    let test = NewTestDelivery {
        delivery: DeliveryId(store.ids.id()),
        event: EventId(store.ids.id()),
        kind: "user.linked".to_owned(),
        body: b"{}".to_vec(),
    };
    assert_eq!(
        store.send_test(&scope, id, test, None, store.now()).await.unwrap(),
        Once::Done(true)
    );
    let due = store
        .claim_deliveries(store.system(), owner, store.now(), store.later(60), 5)
        .await
        .unwrap();
    assert_eq!(due[0].body.as_deref(), Some(&b"{}"[..]));
}

async fn a_page_of_the_log_says_where_the_next_one_begins(store: TestStore) {
    let world = store.world().await;
    let scope = world.sandbox.server;
    let happened = happen(&store, &world, 5).await;
    let page = |after, filter: &'static str| {
        let filter = EventFilter::parse([filter]).unwrap();
        let store = store.clone();
        async move { store.events(&scope, after, &filter, 2).await.unwrap() }
    };
    let ids = |page: &EventPage| page.events.iter().map(|event| event.id).collect::<Vec<_>>();
    let first = page(AfterEvent::Start, "user.*").await.unwrap();
    assert_eq!(
        (ids(&first), first.next, first.has_more),
        (happened[..2].to_vec(), Some(happened[1]), true)
    );
    let last = page(AfterEvent::Event(happened[3]), "user.*").await.unwrap();
    assert_eq!((ids(&last), last.has_more), (happened[4..].to_vec(), false));
    let none = page(AfterEvent::Event(happened[0]), "login.*").await.unwrap();
    assert_eq!(
        (ids(&none), none.next, none.has_more),
        (vec![], Some(happened[4]), false)
    );
    assert!(
        page(AfterEvent::Event(EventId(store.ids.id())), "user.*")
            .await
            .is_none()
    );
    let newest = store.newest_events(&scope, &EventFilter::all(), 1).await.unwrap();
    assert_eq!(newest[0].id, happened[4]);
    assert_eq!(
        store.event(&scope, happened[2]).await.unwrap().unwrap().kind,
        "user.linked"
    );
    assert!(
        store
            .event(&world.production.server, happened[2])
            .await
            .unwrap()
            .is_none()
    );
    // A cursor that is older than all that is kept stands before it.
    store.advance(31 * 86_400);
    let kept = happen(&store, &world, 1).await;
    store.sweep(store.system(), store.now()).await.unwrap();
    let after = page(AfterEvent::Event(happened[4]), "*").await.unwrap();
    assert_eq!(ids(&after), kept);
    let mut waiting = store.happened();
    waiting.mark_unchanged();
    store.stop_waiting();
    assert!(waiting.has_changed().unwrap());
}
