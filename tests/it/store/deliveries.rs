//! Webhook deliveries: how attempts end.

use aboard::domain::{DeliveryId, EnvironmentKind, NewKey};
use aboard::store::{DeliveryEnd, DeliveryResult, DueDelivery, MadeAttempt};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::store::{TestStore, both};
use crate::support::world::{Partner, World};

both! {
    a_delivery_comes_with_all_it_takes_to_send_it,
    what_became_of_a_partners_delivery_is_told_with_its_event,
    a_delivered_body_is_erased_and_never_due_again,
    a_retry_comes_back_at_its_time,
    giving_up_erases_the_body_and_revokes_the_key,
    every_attempt_is_counted_and_its_answer_kept,
    results_are_taken_together,
    a_delivery_keeps_the_secret_it_started_with,
    a_body_without_a_secret_is_kept,
}

pub async fn bring(store: &TestStore, partner: &Partner, name: &str) -> (DeliveryId, NewKey) {
    let call = store.call_with_webhook(partner, name);
    let delivery = call.login.webhook.as_ref().unwrap().delivery;
    store.log_in(partner, call.login).await;
    (delivery, call.user_key)
}

pub async fn claim(store: &TestStore, owner: Uuid, limit: u32) -> Vec<DueDelivery> {
    store
        .claim_deliveries(store.system(), owner, store.now(), store.later(60), limit)
        .await
        .unwrap()
}

/// An attempt that took a moment and was answered with two bytes.
pub fn made() -> MadeAttempt {
    MadeAttempt {
        at: Timestamp::from_second(1_800_000_000).unwrap(),
        duration_us: 1_500,
        answer: b"ok".to_vec(),
    }
}

pub fn result(id: DeliveryId, end: DeliveryEnd) -> DeliveryResult {
    DeliveryResult {
        id,
        webhook: None,
        made: Some(made()),
        status: Some(200),
        error: None,
        end,
    }
}

pub async fn finish(store: &TestStore, owner: Uuid, results: Vec<DeliveryResult>) -> u64 {
    store
        .finish_deliveries(store.system(), owner, results, store.now())
        .await
        .unwrap()
}

async fn a_delivery_comes_with_all_it_takes_to_send_it(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call_with_webhook(&sandbox.partner, "ada");
    let webhook = call.login.webhook.clone().unwrap();
    let (event, created_at) = (call.login.event, store.now());
    store.log_in(&sandbox.partner, call.login).await;
    store.advance(1);

    let due = claim(&store, store.ids.id(), 10).await.remove(0);
    assert_eq!(
        (due.id, due.event, due.environment),
        (webhook.delivery, event, sandbox.id)
    );
    assert_eq!((due.kind, &*due.header_set), (EnvironmentKind::Sandbox, "partner"));
    assert_eq!(due.url, webhook.url);
    assert_eq!(
        (due.secret, due.sealed_secret),
        (sandbox.partner.secret, sandbox.partner.sealed_secret.clone())
    );
    assert_eq!((due.sealed_body, due.body), (Some(webhook.sealed_body), None));
    assert_eq!((due.attempts, due.created_at), (0, created_at));
}

async fn what_became_of_a_partners_delivery_is_told_with_its_event(store: TestStore) {
    let World { sandbox, production } = store.world().await;
    let call = store.call_with_webhook(&sandbox.partner, "ada");
    let (id, url) = call
        .login
        .webhook
        .as_ref()
        .map(|webhook| (webhook.delivery, webhook.url.clone()))
        .unwrap();
    let event = call.login.event;
    store.log_in(&sandbox.partner, call.login).await;
    bring(&store, &sandbox.partner, "grace").await;
    let of = async |environment| {
        let everybody = store.system().users_of(environment);
        let event = store
            .event(store.system().users_of(sandbox.id), event)
            .await
            .unwrap()
            .expect("kept");
        store.deliveries_of_event(everybody, &event).await.unwrap()
    };
    let told = of(sandbox.id).await;
    let [(None, delivery)] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((delivery.id, &delivery.url, &*delivery.state), (id, &url, "pending"));
    assert_eq!((delivery.attempts, delivery.next_at), (0, Some(store.now())));
    let owner = store.ids.id();
    claim(&store, owner, 10).await;
    let failed = DeliveryResult {
        status: None,
        error: Some("time-out".to_owned()),
        ..result(id, DeliveryEnd::GivenUp)
    };
    assert_eq!(finish(&store, owner, vec![failed]).await, 1);
    let told = of(sandbox.id).await;
    assert_eq!((&*told[0].1.state, told[0].1.next_at), ("given_up", None));
    assert_eq!(told[0].1.last_error.as_deref(), Some("time-out"));
    assert!(of(production.id).await.is_empty());
    // A join moves the key to another user; the event keeps the id that it was of.
    let user = store
        .event(store.system().users_of(sandbox.id), event)
        .await
        .unwrap()
        .expect("kept")
        .user
        .unwrap();
    let [old, new, environment] = [user.0, store.ids.id(), sandbox.id.0].map(|id| store.literal(id));
    let (now, later) = (store.moment(store.now()), store.moment(store.later(60)));
    store
        .execute(&format!("update user_keys set user_id = {new} where user_id = {old}"))
        .await;
    let alias = format!(
        "insert into user_aliases (id, environment_id, user_id, joined_at, undo_until)
         values ({old}, {environment}, {new}, {now}, {later})"
    );
    store.execute(&alias).await;
    assert_eq!(of(sandbox.id).await.len(), 1);
}

async fn a_delivered_body_is_erased_and_never_due_again(store: TestStore) {
    let World { sandbox, .. } = store.world().await;
    let (delivery, key) = bring(&store, &sandbox.partner, "ada").await;
    let owner = store.ids.id();
    claim(&store, owner, 10).await;
    assert_eq!(
        finish(&store, owner, vec![result(delivery, DeliveryEnd::Delivered)]).await,
        1
    );

    let kept = store
        .rows("select state, attempts, last_status, sealed_body from deliveries")
        .await;
    assert_eq!(kept, ["delivered|1|200|null"]);
    assert_eq!(store.count("jobs").await, 0);
    store.advance(86_400);
    assert!(claim(&store, owner, 10).await.is_empty());
    assert_eq!(store.next_delivery_due(store.system()).await.unwrap(), None);
    assert!(store.user_by_key(&key.key, store.now()).await.unwrap().is_some());
}

async fn a_retry_comes_back_at_its_time(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, _) = bring(&store, &sandbox.partner, "ada").await;
    let owner = store.ids.id();
    let first = claim(&store, owner, 10).await.remove(0);
    let again = store.later(300);
    assert_eq!(
        finish(&store, owner, vec![result(delivery, DeliveryEnd::Retry(again))]).await,
        1
    );
    assert_eq!(store.next_delivery_due(store.system()).await.unwrap(), Some(again));

    store.advance(299);
    assert!(claim(&store, owner, 10).await.is_empty());
    store.advance(1);
    // By another worker as well as by the first.
    let second = claim(&store, store.ids.id(), 10).await.remove(0);
    assert_eq!((second.id, second.event, second.attempts), (delivery, first.event, 1));
    assert_eq!(
        (second.sealed_body, second.created_at),
        (first.sealed_body, first.created_at)
    );
}

async fn giving_up_erases_the_body_and_revokes_the_key(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, key) = bring(&store, &sandbox.partner, "ada").await;
    let (other, other_key) = bring(&store, &sandbox.partner, "bob").await;
    let owner = store.ids.id();
    claim(&store, owner, 10).await;
    let given_up = DeliveryResult {
        id: delivery,
        webhook: None,
        made: Some(made()),
        status: None,
        error: Some("connection refused".to_owned()),
        end: DeliveryEnd::GivenUp,
    };
    assert_eq!(
        finish(&store, owner, vec![given_up, result(other, DeliveryEnd::Delivered)]).await,
        2
    );

    let kept = store
        .rows("select state, last_status, last_error, sealed_body from deliveries order by id")
        .await;
    assert_eq!(
        kept,
        ["given_up|null|connection refused|null", "delivered|200|null|null"]
    );
    assert_eq!(store.count("jobs").await, 0);
    assert!(store.user_by_key(&key.key, store.now()).await.unwrap().is_none());
    assert!(store.user_by_key(&other_key.key, store.now()).await.unwrap().is_some());
}

async fn every_attempt_is_counted_and_its_answer_kept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, _) = bring(&store, &sandbox.partner, "ada").await;
    let owner = store.ids.id();
    for (attempts, status) in [(0, Some(500)), (1, None), (2, Some(429))] {
        assert_eq!(claim(&store, owner, 10).await[0].attempts, attempts);
        let again = DeliveryResult {
            id: delivery,
            webhook: None,
            made: Some(made()),
            status,
            error: status.is_none().then(|| "timed out".to_owned()),
            end: DeliveryEnd::Retry(store.later(1)),
        };
        assert_eq!(finish(&store, owner, vec![again]).await, 1);
        let status = status.map_or("null".to_owned(), |status| status.to_string());
        let error = if status == "null" { "timed out" } else { "null" };
        let kept = store
            .rows("select state, attempts, last_status, last_error from deliveries")
            .await;
        assert_eq!(kept, [format!("pending|{}|{status}|{error}", attempts + 1)]);
        store.advance(1);
    }
}

async fn results_are_taken_together(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let owner = store.ids.id();
    assert_eq!(finish(&store, owner, Vec::new()).await, 0);

    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(bring(&store, &sandbox.partner, &format!("user {number}")).await.0);
    }
    claim(&store, owner, 3).await;
    let results = vec![
        result(ids[0], DeliveryEnd::Delivered),
        result(ids[1], DeliveryEnd::Retry(store.later(5))),
        result(ids[2], DeliveryEnd::GivenUp),
        // Twice, never claimed, and never made.
        result(ids[0], DeliveryEnd::GivenUp),
        result(ids[3], DeliveryEnd::Delivered),
        result(DeliveryId(store.ids.id()), DeliveryEnd::Delivered),
    ];
    assert_eq!(finish(&store, owner, results).await, 3);
    let states = store.rows("select state, attempts from deliveries order by id").await;
    assert_eq!(states, ["delivered|1", "pending|1", "given_up|1", "pending|0"]);
    assert_eq!(store.count("user_keys where revoked_at is not null").await, 1);
}

async fn a_delivery_keeps_the_secret_it_started_with(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    bring(&store, &sandbox.partner, "ada").await;
    let new = store.partner_of(sandbox.id, "unused").secret;
    let (partner, now) = (sandbox.partner.id, store.now());
    assert!(
        store
            .rotate_webhook_secret(&store.admin(), partner, new, store.later(60), now)
            .await
            .unwrap()
    );
    store.advance(3_600);
    let due = claim(&store, store.ids.id(), 10).await.remove(0);
    assert_eq!(
        (due.secret, due.sealed_secret),
        (sandbox.partner.secret, sandbox.partner.sealed_secret.clone())
    );
}

async fn a_body_without_a_secret_is_kept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (delivery, _) = bring(&store, &sandbox.partner, "ada").await;
    let body = match store.engine {
        crate::support::store::Engine::Sqlite => "x'7b7d'",
        crate::support::store::Engine::Postgres => "'\\x7b7d'",
    };
    let plain = "update deliveries set header_set = 'standard', sealed_body = null, user_key_id = null, body";
    store.execute(&format!("{plain} = {body}")).await;

    let owner = store.ids.id();
    let due = claim(&store, owner, 10).await.remove(0);
    assert_eq!(
        (&*due.header_set, due.sealed_body, due.body),
        ("standard", None, Some(b"{}".to_vec()))
    );
    assert_eq!(
        finish(&store, owner, vec![result(delivery, DeliveryEnd::GivenUp)]).await,
        1
    );
    assert_eq!(
        store
            .count("deliveries where body is not null and state = 'given_up'")
            .await,
        1
    );
    assert_eq!(store.count("user_keys where revoked_at is not null").await, 0);
}
