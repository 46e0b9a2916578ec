//! Log-ins by a name of the app's.

use aboard::domain::{AppId, IdentityId, KeyKind, LoginKind, UserId};
use aboard::store::{AppLogin, AppLoginOutcome, AppScope, Assertion, Expected, NewApp, Once, SavedAnswer};

use super::sweep::DAY;
use super::world_app::new_app;
use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    a_name_is_made_once_and_found_afterwards,
    a_name_is_one_apps_and_one_kinds_alone,
    of_those_who_come_at_once_all_are_one_user,
    what_was_vouched_for_is_spent_once,
    a_locked_user_is_kept_out_and_has_spent_it,
    a_replay_names_the_user,
    an_organization_is_named_for_an_app,
}

pub fn login(store: &TestStore, kind: LoginKind, key: &str, expected: Expected) -> AppLogin {
    AppLogin {
        kind,
        key: key.to_owned(),
        shown: key.to_owned(),
        expected,
        assertion: None,
        password: None,
        tried: None,
        device: None,
        new_user: UserId(store.ids.id()),
        identity: IdentityId(store.ids.id()),
        now: store.now(),
    }
}

pub async fn enter(store: &TestStore, scope: &AppScope, login: AppLogin) -> AppLoginOutcome {
    match store.log_in_by_app(scope, login, None).await.unwrap() {
        Once::Done(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn user(outcome: AppLoginOutcome) -> UserId {
    match outcome {
        AppLoginOutcome::LoggedIn { user, .. } => user,
        other => panic!("{other:?}"),
    }
}

async fn a_name_is_made_once_and_found_afterwards(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let new = |expected| login(&store, LoginKind::Custody, "42", expected);
    assert_eq!(
        enter(&store, &scope, new(Expected::Known)).await,
        AppLoginOutcome::Unknown
    );
    let made = enter(&store, &scope, new(Expected::New)).await;
    let AppLoginOutcome::LoggedIn {
        user,
        created,
        since,
        device: None,
    } = made
    else {
        panic!("{made:?}")
    };
    assert!(created && since > store.now());
    assert_eq!(enter(&store, &scope, new(Expected::New)).await, AppLoginOutcome::Taken);
    for expected in [Expected::Known, Expected::Either] {
        let again = enter(&store, &scope, new(expected)).await;
        assert_eq!(
            again,
            AppLoginOutcome::LoggedIn {
                user,
                created: false,
                since,
                device: None,
            }
        );
    }
    let rows = store
        .rows("select source, state from identities where kind = 'custody'")
        .await;
    assert_eq!(rows, ["app|claimed"]);
    assert_eq!(store.rows("select status from users").await, ["linked"]);
    let google = login(&store, LoginKind::Google, "1", Expected::Either);
    self::user(enter(&store, &scope, google).await);
    let rows = store
        .rows("select source, state from identities where kind = 'google'")
        .await;
    assert_eq!(rows, ["person|verified"]);
    assert_eq!(store.count("users where status = 'verified'").await, 1);
}

async fn a_name_is_one_apps_and_one_kinds_alone(store: TestStore) {
    let world = store.world().await;
    let apps = [
        new_app(&store, &world.sandbox).await,
        new_app(&store, &world.sandbox).await,
        new_app(&store, &world.production).await,
    ];
    let mut users = Vec::new();
    for scope in &apps {
        for kind in [
            LoginKind::Google,
            LoginKind::Apple,
            LoginKind::Telegram,
            LoginKind::Custody,
        ] {
            users.push(user(
                enter(&store, scope, login(&store, kind, "1", Expected::Either)).await,
            ));
        }
    }
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), 12);
}

async fn of_those_who_come_at_once_all_are_one_user(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let outcomes = race(12, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move {
                let login = login(&store, LoginKind::Google, "1", Expected::Either);
                enter(&store, &scope, login).await
            }
        }
    });
    let mut users: Vec<_> = outcomes.await.into_iter().map(user).collect();
    users.dedup();
    assert_eq!((users.len(), store.count("users").await), (1, 1));
}

async fn what_was_vouched_for_is_spent_once(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let vouched = |store: &TestStore, id| AppLogin {
        assertion: Some(Assertion {
            id: [id; 32],
            expires_at: store.later(660),
        }),
        ..login(store, LoginKind::Google, "1", Expected::Either)
    };
    let outcomes = race(8, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move { enter(&store, &scope, vouched(&store, 1)).await }
        }
    });
    let spent = |outcome: &&AppLoginOutcome| **outcome == AppLoginOutcome::Spent;
    assert_eq!(outcomes.await.iter().filter(spent).count(), 7);
    user(enter(&store, &scope, vouched(&store, 2)).await);
    // It is remembered until nobody would take it any more.
    store.advance(660 + 3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("spent_assertions").await, 2);
    store.advance(1);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("spent_assertions").await, 0);
}

async fn a_locked_user_is_kept_out_and_has_spent_it(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let vouched = |id| AppLogin {
        assertion: Some(Assertion {
            id: [id; 32],
            expires_at: store.later(660),
        }),
        ..login(&store, LoginKind::Google, "1", Expected::Either)
    };
    user(enter(&store, &scope, vouched(1)).await);
    for status in ["suspended", "erased"] {
        store.execute(&format!("update users set status = '{status}'")).await;
        assert_eq!(enter(&store, &scope, vouched(2)).await, AppLoginOutcome::Suspended);
        assert_eq!(enter(&store, &scope, vouched(2)).await, AppLoginOutcome::Spent);
        store.execute("delete from spent_assertions").await;
    }
}

async fn a_replay_names_the_user(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let ask = async |request| {
        let claim = Some(idempotency(&store, 1, request));
        let login = login(&store, LoginKind::Custody, "42", Expected::New);
        store.log_in_by_app(&scope, login, claim).await.unwrap()
    };
    let Once::Done(AppLoginOutcome::LoggedIn { user, .. }) = ask(1).await else {
        panic!("it is new")
    };
    let saved = SavedAnswer {
        status: 200,
        body: None,
        resource: Some(user.0),
    };
    assert_eq!(ask(1).await, Once::Replayed(saved));
    assert_eq!(ask(2).await, Once::Mismatch);
    store.advance(DAY);
    assert_eq!(ask(1).await, Once::Done(AppLoginOutcome::Taken));
}

async fn an_organization_is_named_for_an_app(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    assert_eq!(store.organization_name(&scope).await.unwrap(), "Acme");
    // Custody is a scope of secrets; in a sandbox each has it.
    let world = store.world().await;
    for (plane, custody) in [(&world.sandbox, true), (&world.production, false)] {
        let app = AppId(store.ids.id());
        let new = NewApp {
            id: app,
            environment: plane.id,
            name: "Shop".to_owned(),
            origins: Vec::new(),
        };
        store.create_app(&store.admin(), new, store.now()).await.unwrap();
        let key = store.key(KeyKind::Client, plane.id, plane.kind, app.0).await;
        let presented = store
            .authenticate(&key, store.now())
            .await
            .unwrap()
            .expect("it is good");
        let scope = presented.credential.app_scope().expect("a client secret");
        assert_eq!(scope.allows(aboard::domain::KeyScope::Custody), custody);
        assert!(!scope.exposed().allows(aboard::domain::KeyScope::Custody));
    }
}
