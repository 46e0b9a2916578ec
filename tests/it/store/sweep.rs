//! What has ended is deleted, and nothing else.

use aboard::store::DeliveryEnd;

use super::deliveries::{bring, claim, finish, result};
use crate::support::calls::idempotency;
use crate::support::store::{Engine, TestStore, both};

both! {
    what_lives_is_kept,
    links_go_an_hour_after_their_end,
    sessions_go_an_hour_after_their_end,
    idempotency_keys_go_at_their_end,
    events_and_finished_deliveries_go_after_30_days,
    a_pending_delivery_stays_however_old_it_is,
    one_sweep_deletes_a_batch,
    what_others_keep_longer_holds_nothing_up,
}

const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;

async fn sweep(store: &TestStore) -> u64 {
    store.sweep(store.system(), store.now()).await.unwrap()
}

async fn what_lives_is_kept(store: TestStore) {
    let world = store.world().await;
    let mut call = store.call_with_webhook(&world.sandbox.partner, "ada").login;
    call.idempotency = Some(idempotency(&store, 1, 1));
    store.log_in(&world.sandbox.partner, call).await;
    store.sign_in(&world.production.partner, "bob").await;
    let before = store.everything().await;
    assert_eq!(sweep(&store).await, 0);
    assert_eq!(store.everything().await, before);
}

async fn links_go_an_hour_after_their_end(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    // One link is used, with its code, and one is not; both live for ten minutes.
    store.sign_in(&partner, "ada").await;
    store.log_in(&partner, store.call("ada").login).await;
    store.advance(600 + HOUR);
    assert_eq!(sweep(&store).await, 0);
    store.advance(1);
    assert_eq!(sweep(&store).await, 2);
    assert_eq!(store.count("login_links").await, 0);
    assert_eq!(store.count("sessions").await, 1);
}

async fn sessions_go_an_hour_after_their_end(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ended = store.sign_in(&partner, "ada").await;
    let living = store.sign_in(&partner, "bob").await;
    store.end_session(&ended.session, store.now()).await.unwrap();
    let sessions = async || {
        sweep(&store).await;
        store.count("sessions").await
    };
    store.advance(HOUR);
    assert_eq!(sessions().await, 2);
    store.advance(1);
    assert_eq!(sessions().await, 1);
    assert!(store.alive(&living.cookie).await.is_some());
    store.advance(90 * DAY - 1);
    assert_eq!(sessions().await, 1);
    store.advance(1);
    assert_eq!(sessions().await, 0);
}

async fn idempotency_keys_go_at_their_end(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let mut call = store.call("ada").login;
    call.idempotency = Some(idempotency(&store, 1, 1));
    store.log_in(&partner, call).await;
    let keys = async || {
        sweep(&store).await;
        store.count("idempotency_keys").await
    };
    store.advance(DAY);
    assert_eq!(keys().await, 1);
    store.advance(1);
    assert_eq!(keys().await, 0);
}

async fn events_and_finished_deliveries_go_after_30_days(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (delivered, _) = bring(&store, &partner, "ada").await;
    let (given_up, _) = bring(&store, &partner, "bob").await;
    store.advance(DAY);
    let worker = store.ids.id();
    claim(&store, worker, 10).await;
    let results = vec![
        result(delivered, DeliveryEnd::Delivered),
        result(given_up, DeliveryEnd::GivenUp),
    ];
    assert_eq!(finish(&store, worker, results).await, 2);

    let left = async || {
        sweep(&store).await;
        let events = "events where type = 'user.created'";
        (store.count(events).await, store.count("deliveries").await)
    };
    store.advance(29 * DAY);
    assert_eq!(left().await, (2, 2));
    store.advance(1);
    assert_eq!(left().await, (0, 2));
    // A delivery's 30 days begin when it was finished.
    store.advance(DAY - 1);
    assert_eq!(left().await, (0, 2));
    store.advance(1);
    assert_eq!(left().await, (0, 0));
    assert_eq!(store.count("users").await, 2);
    assert_eq!(store.count("user_keys").await, 2);
}

async fn a_pending_delivery_stays_however_old_it_is(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (delivery, _) = bring(&store, &partner, "ada").await;
    store.advance(365 * DAY);
    sweep(&store).await;
    let worker = store.ids.id();
    let due = claim(&store, worker, 10).await;
    assert_eq!(due.len(), 1);
    assert!(due[0].sealed_body.is_some());
    assert_eq!(
        finish(&store, worker, vec![result(delivery, DeliveryEnd::Delivered)]).await,
        1
    );
}

async fn one_sweep_deletes_a_batch(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let bytes = match store.engine {
        Engine::Sqlite => "cast(printf('%032d', n) as blob)",
        Engine::Postgres => "convert_to(lpad(n::text, 32, '0'), 'UTF8')",
    };
    let (environment, end) = (store.literal(sandbox.id.0), store.moment(store.now()));
    let many = format!(
        "insert into idempotency_keys (id, environment_id, request_hash, status, expires_at)
         with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1001)
         select {bytes}, {environment}, {bytes}, 200, {end} from numbers"
    );
    store.execute(&many).await;
    store.advance(1);
    for swept in [1_000, 1, 0] {
        assert_eq!(sweep(&store).await, swept);
    }
}

/// More rows than one sweep looks at, of an environment with longer lives, stand before those that are due.
async fn what_others_keep_longer_holds_nothing_up(store: TestStore) {
    let world = store.world().await;
    let bytes = |prefix: &str| match store.engine {
        Engine::Sqlite => format!("cast(printf('{prefix}%014d', n) as blob)"),
        Engine::Postgres => {
            format!("encode(convert_to('{prefix}' || lpad(n::text, 14, '0'), 'UTF8'), 'hex')::uuid")
        }
    };
    let hash = match store.engine {
        Engine::Sqlite => "cast(printf('%032d', n) as blob)",
        Engine::Postgres => "convert_to(lpad(n::text, 32, '0'), 'UTF8')",
    };
    let environment = store.literal(world.production.id.0);
    let (now, late) = (store.moment(store.now()), store.moment(store.later(365 * 86_400)));
    let numbers = "with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1500)";
    let (link, session, user) = (bytes("00"), bytes("00"), bytes("99"));
    store
        .execute(&format!(
            "insert into login_links (id, environment_id, partner_id, user_id, hash, created_at, expires_at)
             {numbers} select {link}, {environment}, {user}, {user}, {hash}, {now}, {late} from numbers"
        ))
        .await;
    store
        .execute(&format!(
            "insert into sessions (id, environment_id, user_id, hash, amr, auth_time, seen_at, expires_at)
             {numbers} select {session}, {environment}, {user}, {hash}, 'otp', {now}, {now}, {late} from numbers"
        ))
        .await;
    store.sign_in(&world.sandbox.partner, "ada").await;
    assert_eq!(
        (store.count("login_links").await, store.count("sessions").await),
        (1_501, 1_501)
    );
    store.advance(600 + HOUR + 1);
    assert_eq!(sweep(&store).await, 1);
    assert_eq!(store.count("login_links").await, 1_500);
    store.advance(90 * DAY);
    sweep(&store).await;
    assert_eq!(store.count("sessions").await, 1_500);
}
