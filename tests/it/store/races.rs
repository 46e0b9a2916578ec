//! Calls from many callers at once, on two nodes that share the database.

use aboard::domain::{Email, EventId, PartnerUserId};
use aboard::store::{ExternalLogin, ExternalLoginOutcome, LoggedIn, RedemptionOutcome};

use super::challenges::challenge;
use super::prove::{attempt, prove, user};
use crate::support::calls::Call;
use crate::support::store::{TestStore, both, race};
use crate::support::world::Partner;

both! {
    of_many_first_calls_at_once_one_makes_the_user,
    calls_for_many_users_at_once_make_each_once,
    claims_that_change_at_once_leave_one_of_each,
    clicks_that_end_each_others_sessions_all_begin_theirs,
    a_suspension_among_clicks_leaves_no_session,
    whoever_is_erased_while_a_code_is_typed_leaves_nothing_of_it,
}

/// Every call is made on one of two nodes, all from the same moment on.
async fn log_in_at_once(store: &TestStore, partner: &Partner, calls: &[Call]) -> Vec<LoggedIn> {
    let nodes = [store.clone(), store.another().await];
    race(calls.len(), |number| {
        let (node, scope) = (nodes[number % 2].clone(), partner.scope);
        let login: ExternalLogin = calls[number].login.clone();
        async move {
            match node.external_login(&scope, login).await.unwrap() {
                ExternalLoginOutcome::LoggedIn(logged_in) => logged_in,
                other => panic!("{other:?}"),
            }
        }
    })
    .await
}

async fn of_many_first_calls_at_once_one_makes_the_user(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let calls: Vec<_> = (0..200).map(|_| store.call_with_webhook(&partner, "ada")).collect();
    let outcomes = log_in_at_once(&store, &partner, &calls).await;

    let user = outcomes[0].user;
    assert!(outcomes.iter().all(|outcome| outcome.user == user && !outcome.replayed));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.created).count(), 1);
    for (table, rows) in [
        ("users", 1),
        ("identities", 3),
        ("events where type like 'user.%'", 1),
        ("deliveries", 1),
        ("jobs", 1),
        ("user_keys", 1),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
    // One of the calls made the user, and its key is the one that counts.
    let mut keys = 0;
    for call in &calls {
        let click = store.click(&call.link);
        assert_eq!(store.redeem(click.redemption).await.user, user);
        let holder = store.user_by_key(&call.user_key.key, store.now()).await.unwrap();
        keys += usize::from(holder.is_some_and(|holder| holder.wrapp_user == call.login.wrapp_user));
    }
    assert_eq!(keys, 1);
}

async fn calls_for_many_users_at_once_make_each_once(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    // Ten users, each named by ten callers, in an order that differs from caller to caller.
    let name = |number: usize| format!("user {}", (number * 7 + number / 10) % 10);
    let calls: Vec<_> = (0..100)
        .map(|number| store.call_with_webhook(&partner, &name(number)))
        .collect();
    let outcomes = log_in_at_once(&store, &partner, &calls).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.created).count(), 10);
    for (table, rows) in [
        ("users", 10),
        ("identities", 30),
        ("events where type like 'user.%'", 10),
        ("deliveries", 10),
        ("login_links", 100),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
}

async fn claims_that_change_at_once_leave_one_of_each(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    for name in ["ada", "bob"] {
        store.log_in(&partner, store.call(name).login).await;
    }
    store.advance(1);
    let call = |number: usize| {
        let mut call = store.call(["ada", "bob"][number / 2 % 2]);
        call.login.email = Email::parse(&format!("{number}@example.com")).unwrap();
        call
    };
    let calls: Vec<_> = (0..40).map(call).collect();
    let outcomes = log_in_at_once(&store, &partner, &calls).await;
    assert!(outcomes.iter().all(|outcome| !outcome.created));
    assert_eq!(store.count("identities").await, 6);
    for name in ["ada", "bob"] {
        let name = PartnerUserId::parse(name.to_owned()).unwrap();
        let email = store
            .check_user(&partner.scope, &name, store.now())
            .await
            .unwrap()
            .unwrap()
            .email;
        let given = |call: &Call| call.login.partner_user_id == name && call.login.email.shown() == email;
        assert!(calls.iter().any(given), "{email}");
    }
}

async fn clicks_that_end_each_others_sessions_all_begin_theirs(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let mut browsers = Vec::new();
    for number in 0..20 {
        browsers.push(store.sign_in(&partner, &format!("user {number}")).await);
    }
    let calls: Vec<_> = (0..20).map(|number| store.call(&format!("user {number}"))).collect();
    log_in_at_once(&store, &partner, &calls).await;
    // In opposite orders: each click ends another browser's session.
    let click = |number: usize| {
        let mut click = store.click(&calls[number].link);
        click.redemption.replaces = Some(browsers[19 - number].session.id);
        click
    };
    let clicks: Vec<_> = (0..20).map(click).collect();
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(20, |number| {
        let (node, redemption) = (nodes[number % 2].clone(), clicks[number].redemption.clone());
        async move { node.redeem_login_link(redemption).await.unwrap() }
    })
    .await;
    assert!(!outcomes.contains(&RedemptionOutcome::Gone));
    for (old, new) in browsers.iter().zip(&clicks) {
        assert!(store.alive(&old.cookie).await.is_none());
        assert!(store.alive(&new.cookie).await.is_some());
    }
}

async fn a_suspension_among_clicks_leaves_no_session(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let calls: Vec<_> = (0..20).map(|_| store.call("ada")).collect();
    let user = log_in_at_once(&store, &sandbox.partner, &calls).await[0].user;
    let clicks: Vec<_> = calls.iter().map(|call| store.click(&call.link)).collect();
    let nodes = [store.clone(), store.another().await];
    race(21, |number| {
        let (node, environment) = (nodes[number % 2].clone(), sandbox.id);
        let redemption = clicks.get(number).map(|click| click.redemption.clone());
        async move {
            match redemption {
                Some(redemption) => drop(node.redeem_login_link(redemption).await.unwrap()),
                None => assert!(
                    node.set_suspended(&node.admin(), environment, user, true, node.now())
                        .await
                        .unwrap()
                ),
            }
        }
    })
    .await;
    // Whatever came first, nobody is signed in: not now, and not when the user is let in again.
    for suspended in [true, false] {
        store.advance(1);
        let admin = store.admin();
        let set = store.set_suspended(&admin, sandbox.id, user, suspended, store.now());
        assert!(set.await.unwrap());
        for click in &clicks {
            assert!(store.alive(&click.cookie).await.is_none());
        }
    }
}

async fn whoever_is_erased_while_a_code_is_typed_leaves_nothing_of_it(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    for round in 0..12 {
        let address = format!("user{round}@example.com");
        let begin = async || {
            let new = challenge(&store, &address);
            let id = new.id;
            store.start_challenge(&sandbox.server, new, None).await.unwrap();
            store.advance(60);
            id
        };
        let first = begin().await;
        let owner = user(&prove(&store, &sandbox, attempt(&store, first, true)).await);
        let id = begin().await;
        let erased = race(2, {
            let (store, scope) = (store.clone(), sandbox.server);
            move |which| {
                let (store, attempt) = (store.clone(), attempt(&store, id, true));
                async move {
                    if which == 0 {
                        let event = EventId(store.ids.id());
                        let admin = store.admin();
                        let erased = store.erase_user(&scope, &admin, owner, event, store.now());
                        return erased.await.unwrap() == Some(owner);
                    }
                    store.prove(&scope, attempt, None).await.unwrap();
                    true
                }
            }
        });
        assert_eq!(erased.await, [true, true], "round {round}");
        for table in ["challenges", "familiar_networks", "identities"] {
            let left = format!("{table} where key = '{address}'");
            assert_eq!(store.count(&left).await, 0, "{left}");
        }
    }
}
