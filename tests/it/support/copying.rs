//! Stores that are copied, and how.

use std::ops::ControlFlow;

use aboard::domain::{
    Amr, AppId, FamilyId, KeyKind, LoginKind, Provider, RefreshToken, RequestId, SubscriptionStatus, Username,
};
use aboard::store::{
    AnsweredRequest, AppLogin, AppProvider, Assertion, Copied, CopyStore, Expected, NOT_COPIED, NewApp, NewAppProvider,
    NewFamily, NewSubscription, PasswordTry, Store, StoredSetting,
};

use super::calls::idempotency;
use super::store::{Engine, TestStore};
use super::world::{Plane, World};
use crate::store::logins;
use crate::store::world_app::new_app;

/// Rows in a batch: fewer than there are in the larger tables.
const BATCH: u64 = 7;

/// Something in every table that a verb or a row can fill.
pub async fn populate(store: &TestStore) -> World {
    let world = store.world().await;
    let (system, now, sandbox) = (store.system(), store.now(), &world.sandbox);
    store.sign_in(&sandbox.partner, "ada").await;
    let mut call = store.call("eve");
    call.login.idempotency = Some(idempotency(store, 1, 1));
    store.log_in(&sandbox.partner, call.login).await;
    let comers = (0..20).map(|number| store.comer(&format!("Ünal {number}").replace("Ünal ", "unal")));
    store
        .import_users(&sandbox.server, store.import_of(comers))
        .await
        .unwrap();
    let page = store
        .users(&sandbox.server, &aboard::store::UserFilter::default(), None, 1)
        .await;
    let user = page.unwrap().users[0].id;
    let plan = NewSubscription {
        plan_name: "Gold 'n' \\ \"more\" €".to_owned(),
        status: SubscriptionStatus::Active,
        period_end: store.later(86_400),
        next_payment_amount: None,
    };
    assert!(
        store
            .set_subscription(&store.admin(), sandbox.id, user, plan, now)
            .await
            .unwrap()
    );
    for name in ["login.default_region", "Z", "a", "_"] {
        let setting = StoredSetting {
            environment: sandbox.id,
            name: name.to_owned(),
            value: "GR".to_owned(),
        };
        store.set_setting(&store.admin(), setting, now).await.unwrap();
    }
    let app = NewApp {
        id: AppId(store.ids.id()),
        environment: sandbox.id,
        name: "App".to_owned(),
        origins: vec!["https://app.example.com".to_owned()],
    };
    store.create_app(&store.admin(), app, now).await.unwrap();
    log_in_somebody(store, sandbox).await;
    let code = crate::store::challenges::challenge(store, "eve@example.com");
    crate::store::prove::begin_with(store, sandbox, code).await;
    crate::store::sends::some(store, new_app(store, sandbox).await).await;
    let request = AnsweredRequest {
        environment: sandbox.id,
        id: RequestId(store.ids.id()),
        key_kind: KeyKind::Partner,
        key: None,
        method: "POST".into(),
        route: "/v1/users/link".into(),
        status: 200,
        code: None,
        field: None,
        duration_us: i64::MAX,
        at: now,
    };
    store.note_requests(system, vec![request]).await.unwrap();
    let (old, living, place) = (
        store.literal(store.ids.id()),
        store.literal(user.0),
        store.literal(sandbox.id.0),
    );
    let moment = store.moment(now);
    store
        .execute(&format!(
            "insert into user_aliases (id, environment_id, user_id, joined_at, undo_until)
             values ({old}, {place}, {living}, {moment}, {moment})"
        ))
        .await;
    for row in [
        format!(
            "code_counts (environment_id, day, bucket, shard, sent, proven) values ({place}, 20000, 'GR', 1, 2, 1)"
        ),
        format!(
            "familiar_networks (environment_id, kind, key, network, proven_at)
             values ({place}, 'phone', '+306912345678', '203.0.113.1', {moment})"
        ),
        format!(
            "destination_marks (environment_id, kind, key, channel, mark, expires_at)
             values ({place}, 'phone', '+306912345678', 'whatsapp', 'opted_out', {moment})"
        ),
        format!(
            "code_sends (environment_id, id, challenge_id, kind, key, network, familiar, created_at)
             values ({place}, {old}, {living}, 'phone', '+306912345678', '203.0.113.1', true, {moment})"
        ),
        format!(
            "source_ends (environment_id, user_id, source_id, valid_after) values ({place}, {living}, {old}, {moment})"
        ),
        format!("consents (environment_id, wallet_id, app_id, granted_at) values ({place}, {old}, {living}, {moment})"),
        format!(
            "device_holds (environment_id, id, user_id, app_id, since, proven_before, ends_at)
             values ({place}, {old}, {living}, {old}, {moment}, {moment}, {moment})"
        ),
        format!(
            "spent_wallet_tokens (environment_id, id, wallet_id, expires_at) values ({place}, {old}, {living}, {moment})"
        ),
    ] {
        store.execute(&format!("insert into {row}")).await;
    }
    // The last number was given out and its row is gone: it must not be given out again.
    store
        .execute("delete from events where seq = (select max(seq) from events)")
        .await;
    world
}

/// A username with a password that was tried, what a provider signed, a family of refresh tokens, a client id.
async fn log_in_somebody(store: &TestStore, sandbox: &Plane) {
    let scope = new_app(store, sandbox).await;
    let username = Username::parse("ada".to_owned()).unwrap();
    let tried = PasswordTry {
        id: store.ids.id(),
        username,
        network: Some("203.0.113.1".to_owned()),
        device: None,
        now: store.now(),
    };
    store.begin_password_try(&scope, tried).await.unwrap();
    let login = AppLogin {
        password: Some("a hash".to_owned()),
        assertion: Some(Assertion {
            id: [1; 32],
            expires_at: store.later(660),
        }),
        ..logins::login(store, LoginKind::Username, "ada", Expected::New)
    };
    let user = logins::user(logins::enter(store, &scope, login).await);
    let family = NewFamily {
        id: FamilyId(store.ids.id()),
        user,
        amr: Amr::Password,
        provider: "username",
        since: store.now(),
        first: RefreshToken::new(store.ids.id(), store.ids.secret()),
        hold: None,
    };
    store.begin_family(&scope, family, store.now()).await.unwrap();
    let client_id = NewAppProvider {
        app: scope.app(),
        environment: sandbox.id,
        provider: Provider::Google,
        known_as: AppProvider {
            id: store.ids.id(),
            name: "shop".to_owned(),
            sealed: None,
        },
    };
    store
        .set_app_provider(&store.admin(), client_id, store.now())
        .await
        .unwrap();
}

/// Ends this test's connections to a source: a copy wants to be alone.
pub async fn leave(store: &TestStore) {
    store.close().await;
    if store.engine == Engine::Postgres {
        let ours = "pg_stat_activity where datname = current_database() and application_name = 'aboard'";
        while store.count(ours).await > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// A copy from one to the other.
pub fn call(source: &TestStore, target: &TestStore) -> CopyStore {
    CopyStore {
        source: source.database.url(),
        target: target.database.url(),
        source_shown: "the old place".to_owned(),
        target_shown: "the new place".to_owned(),
        batch: BATCH,
        now: source.now(),
    }
}

/// A copy that has to work.
pub async fn copied(source: &TestStore, target: &TestStore) -> Copied {
    Store::copy(call(source, target), |_| ControlFlow::Continue(()))
        .await
        .unwrap()
}

/// What stopped a copy that may not succeed.
pub async fn stopped(source: &TestStore, target: &TestStore) -> String {
    let copied = Store::copy(call(source, target), |_| ControlFlow::Continue(())).await;
    copied.expect_err("the copy may not succeed").to_string()
}

/// Every row, as the engine itself shows it; without the transaction of an event, which is the server's own.
pub async fn contents(store: &TestStore) -> Vec<String> {
    let everything = store.everything().await.into_iter();
    let copied = everything.filter(|row| NOT_COPIED.iter().all(|table| !row.starts_with(&format!("{table}: "))));
    let rows = copied.map(|row| match (store.engine, row.strip_prefix("events: ")) {
        (Engine::Postgres, Some(event)) => {
            let (seq, rest) = event.split_once('|').unwrap();
            format!("events: {seq}|{}", rest.split_once('|').unwrap().1)
        }
        _ => row,
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}
