//! Passwords: what they are compared with, and how often.

use aboard::domain::{LoginKind, Username};
use aboard::store::{AppLogin, AppScope, Expected, PasswordTried, PasswordTry};

use super::logins::{enter, login, user};
use super::sweep::DAY;
use super::world_app::new_app;
use crate::support::store::{TestStore, both, race};

both! {
    a_try_meets_the_hash_of_its_own_app,
    a_budget_holds_when_all_come_at_once,
    a_network_where_it_was_right_is_not_locked_out,
    strangers_behind_a_back_end_are_counted_apart,
    tries_are_forgotten,
}

fn new(store: &TestStore, username: &str, network: &str) -> PasswordTry {
    PasswordTry {
        id: store.ids.id(),
        username: Username::parse(username.to_owned()).unwrap(),
        network: Some(network.to_owned()),
        device: None,
        now: store.now(),
    }
}

async fn register(store: &TestStore, scope: &AppScope, username: &str) {
    let new = AppLogin {
        password: Some("a hash".to_owned()),
        ..login(store, LoginKind::Username, username, Expected::New)
    };
    user(enter(store, scope, new).await);
}

/// A try that turned out right.
async fn right(store: &TestStore, scope: &AppScope, username: &str, network: &str) {
    let tried = new(store, username, network);
    let id = tried.id;
    store.begin_password_try(scope, tried).await.unwrap();
    let known = AppLogin {
        tried: Some(id),
        ..login(store, LoginKind::Username, username, Expected::Known)
    };
    user(enter(store, scope, known).await);
}

async fn a_try_meets_the_hash_of_its_own_app(store: TestStore) {
    let world = store.world().await;
    let scope = new_app(&store, &world.sandbox).await;
    let other = new_app(&store, &world.sandbox).await;
    register(&store, &scope, "ada").await;
    let ask = async |scope: &AppScope, username: &str| {
        let tried = new(&store, username, "n");
        store.begin_password_try(scope, tried).await.unwrap()
    };
    let known = PasswordTried::Compare(Some("a hash".to_owned()));
    assert_eq!(ask(&scope, "ADA").await, known);
    assert_eq!(ask(&scope, "bob").await, PasswordTried::Compare(None));
    assert_eq!(ask(&other, "ada").await, PasswordTried::Compare(None));
}

async fn a_budget_holds_when_all_come_at_once(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    let outcomes = race(30, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move {
                let tried = new(&store, "nobody", "n");
                store.begin_password_try(&scope, tried).await.unwrap()
            }
        }
    });
    let (mut compared, mut refused) = (0, 0);
    for outcome in outcomes.await {
        match outcome {
            PasswordTried::Compare(None) => compared += 1,
            PasswordTried::TooMany(until) if until == store.later(3_600) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((compared, refused), (10, 20));
    // What was refused is not counted.
    assert_eq!(store.count("password_tries").await, 10);
}

async fn a_network_where_it_was_right_is_not_locked_out(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    register(&store, &scope, "ada").await;
    right(&store, &scope, "ada", "home").await;
    let ask = async |network: &str| {
        store
            .begin_password_try(&scope, new(&store, "ada", network))
            .await
            .unwrap()
    };
    for network in 0..5 {
        for _ in 0..10 {
            assert!(matches!(
                ask(&format!("away {network}")).await,
                PasswordTried::Compare(Some(_))
            ));
        }
    }
    assert_eq!(ask("away 9").await, PasswordTried::TooMany(store.later(3_600)));
    assert!(matches!(ask("home").await, PasswordTried::Compare(Some(_))));
    // For 90 days.
    store.advance(90 * DAY);
    for network in 0..5 {
        for _ in 0..10 {
            ask(&format!("away {network}")).await;
        }
    }
    assert!(matches!(ask("home").await, PasswordTried::TooMany(_)));
}

async fn strangers_behind_a_back_end_are_counted_apart(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    register(&store, &scope, "ada").await;
    let ask = async |network: Option<&str>, device: Option<&str>| {
        let tried = PasswordTry {
            network: network.map(str::to_owned),
            device: device.map(str::to_owned),
            ..new(&store, "ada", "")
        };
        store.begin_password_try(&scope, tried).await.unwrap()
    };
    let compared = |tried: &PasswordTried| matches!(tried, PasswordTried::Compare(Some(_)));
    // Through a back end more than from one network, because many people come that way, and no more than fifty.
    for _ in 0..50 {
        assert!(compared(&ask(None, None).await));
    }
    let later = PasswordTried::TooMany(store.later(3_600));
    assert_eq!(ask(None, None).await, later);
    // Neither a network of one's own nor a known device is shut by that; each has its bound.
    for (network, device) in [
        (Some("home"), None),
        (None, Some("device one")),
        (Some("home"), Some("device two")),
    ] {
        for _ in 0..10 {
            assert!(compared(&ask(network, device).await), "{network:?} {device:?}");
        }
        assert_eq!(ask(network, device).await, later);
    }
}

async fn tries_are_forgotten(store: TestStore) {
    let scope = new_app(&store, &store.world().await.sandbox).await;
    register(&store, &scope, "ada").await;
    right(&store, &scope, "ada", "home").await;
    store
        .begin_password_try(&scope, new(&store, "ada", "away"))
        .await
        .unwrap();
    let left = async || {
        store.sweep(store.system(), store.now()).await.unwrap();
        store.rows("select network from password_tries order by network").await
    };
    store.advance(DAY);
    assert_eq!(left().await, ["away", "home"]);
    store.advance(1);
    assert_eq!(left().await, ["home"]);
    store.advance(89 * DAY);
    assert_eq!(left().await, [""; 0]);
}
