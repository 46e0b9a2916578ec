//! What is counted of a wallet, and left of it.

use aboard::domain::policy::{Policy, Spend, Whose};
use aboard::domain::{ConsentScope, Custody, EventId, WalletId};
use aboard::store::{LetInBy, WalletUse, WalletUsed};
use serde_json::json;

use super::wallets::{Person, person, recovery, scope_of};
use crate::support::store::{TestStore, both, race};

both! {
    of_many_who_spend_at_once_as_many_go_through_as_fit,
    all_wallets_of_an_app_share_what_it_may_spend_in_a_time,
    amounts_of_many_digits_add_up_exactly,
    a_call_is_counted_once_and_a_refused_one_not_at_all,
    a_policy_is_set_read_and_taken_away,
    pins_are_counted_and_forgiven,
    an_erased_users_wallet_goes_after_thirty_days,
    what_was_wrapped_is_wrapped_anew_where_it_still_stands,
}

/// What a real policy says is to be counted, so that what is counted is what is decided.
pub fn spends(amount: u128, limits: &[(u128, u32)]) -> Vec<Spend> {
    let value: Vec<_> = limits
        .iter()
        .map(|(most, hours)| json!({ "network": "base", "per_window": most.to_string(), "window_hours": hours }))
        .collect();
    decided(amount, &json!(value))
}

/// The same of limits for the wallet and for all wallets of the app, in an hour.
fn shared(amount: u128, wallet: u128, app: u128) -> Vec<Spend> {
    let value = json!([{
        "network": "base", "per_window": wallet.to_string(), "per_app_window": app.to_string(), "window_hours": 1,
    }]);
    decided(amount, &value)
}

fn decided(amount: u128, value: &serde_json::Value) -> Vec<Spend> {
    use aboard_vault::wallet::evm::{Fees, Transaction, U256};
    let policy = Policy::parse(&json!({ "value": value }).to_string()).unwrap();
    let transaction = Transaction {
        chain_id: 8453,
        nonce: 0,
        gas_limit: 0,
        to: Some([7; 20].into()),
        value: U256::from(amount),
        data: Vec::new(),
        fees: Fees::Legacy { gas_price: 0 },
    };
    let action = aboard::domain::policy::Action::evm("base", [9; 20].into(), &transaction).unwrap();
    policy.decide(&action).unwrap()
}

/// By a token that is made now.
pub fn use_of(store: &TestStore, person: &Person, wallet: WalletId, spends: Vec<Spend>) -> WalletUse {
    WalletUse {
        wallet,
        environment: person.app.environment(),
        user: person.scope.user(),
        app: person.app.app(),
        let_in: Some(LetInBy {
            issued_at: store.later(1),
            family: None,
            needs: ConsentScope::Send,
        }),
        operation: "transaction",
        network: Some("base".to_owned()),
        spends,
        call: None,
    }
}

pub async fn noted(store: &TestStore, key_use: WalletUse) -> bool {
    let used = store.use_wallet(&store.admin(), key_use, store.now()).await.unwrap();
    used == WalletUsed::Noted
}

async fn of_many_who_spend_at_once_as_many_go_through_as_fit(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let key_use = use_of(&store, &person, made.id, spends(30, &[(100, 1), (1_000, 24)]));
    let outcomes = race(8, |_| {
        let (store, key_use) = (store.clone(), key_use.clone());
        async move { noted(&store, key_use).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|noted| **noted).count(), 3);
    assert_eq!(store.count("audit where action = 'wallet.key_used'").await, 3);
    // What was refused by the hour did not use up the day.
    store.advance(3_600);
    for _ in 0..3 {
        assert!(noted(&store, key_use.clone()).await);
    }
    let rest = use_of(&store, &person, made.id, spends(10, &[(100, 1), (190, 24)]));
    assert!(noted(&store, rest.clone()).await, "six of 30 and one of 10");
    assert!(!noted(&store, rest).await);
    store.advance(48 * 3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("value_windows").await, 0);
}

async fn all_wallets_of_an_app_share_what_it_may_spend_in_a_time(store: TestStore) {
    let person = person(&store).await;
    let one = person.has(&store, Custody::Server).await.id;
    let elsewhere = super::world_app::new_app(&store, &person.world.production).await;
    let owner = person.scope.user();
    let other = Person {
        scope: scope_of(&store, &person.app, "2").await,
        ..person
    };
    let two = other.has(&store, Custody::Server).await.id;
    let of = |wallet, amount| WalletUse {
        user: if wallet == one { owner } else { other.scope.user() },
        let_in: None,
        ..use_of(&store, &other, wallet, shared(amount, 60, 100))
    };
    // Of eight at once, from two wallets, three are within the hundred: two of one wallet and one of the other.
    let outcomes = race(8, |at| {
        let (store, key_use) = (store.clone(), of(if at % 2 == 0 { one } else { two }, 30));
        async move { (at % 2 == 0, noted(&store, key_use).await) }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|(_, noted)| *noted).count(), 3);
    // Whoever was refused by the app's limit has used up nothing of their own.
    assert_eq!(store.count("value_windows where low = 60").await, 1);
    assert_eq!(store.count("value_windows where low = 30").await, 1);
    assert_eq!(store.count("app_value_windows where low = 90").await, 1);
    let used = store
        .use_wallet(&store.admin(), of(one, 11), store.now())
        .await
        .unwrap();
    let of_one = outcomes.iter().filter(|outcome| **outcome == (true, true)).count();
    let limit = if of_one == 2 { Whose::Wallet } else { Whose::App };
    assert!(
        matches!(used, WalletUsed::Over { whose, .. } if whose == limit),
        "{used:?}"
    );
    // Another app counts for itself.
    let theirs = WalletUse {
        app: elsewhere.app(),
        ..of(one, 60)
    };
    assert!(noted(&store, theirs).await);
    store.advance(3_600);
    assert!(noted(&store, of(one, 60)).await && noted(&store, of(two, 40)).await);
    assert!(!noted(&store, of(two, 1)).await);
    store.advance(3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert!(
        store.count("app_value_windows").await > 0,
        "a call that waits may still count into it"
    );
    store.advance(2 * 3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("app_value_windows").await, 0);
}

async fn amounts_of_many_digits_add_up_exactly(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let most = 10_u128.pow(30);
    let spend = |amount| use_of(&store, &person, made.id, spends(amount, &[(most, 1)]));
    assert!(noted(&store, spend(999_999_999_999_999_999)).await);
    assert!(noted(&store, spend(most - 10_u128.pow(18))).await);
    assert!(!noted(&store, spend(2)).await);
    assert!(noted(&store, spend(1)).await);
    assert!(!noted(&store, spend(1)).await);
    assert!(noted(&store, spend(0)).await);
}

async fn a_call_is_counted_once_and_a_refused_one_not_at_all(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let call = |id: u8, amount| WalletUse {
        call: Some(([id; 32], store.later(3_600))),
        ..use_of(&store, &person, made.id, spends(amount, &[(100, 24), (60, 1)]))
    };
    for _ in 0..3 {
        assert!(noted(&store, call(1, 50)).await);
    }
    // It fits the day, not the hour: neither is counted, nor is the call remembered.
    for _ in 0..2 {
        assert!(!noted(&store, call(2, 20)).await);
    }
    assert_eq!(store.count("counted_calls").await, 1);
    store.advance(3_600);
    assert!(noted(&store, call(2, 50)).await, "the day has 50 left");
    store.advance(3_700);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("counted_calls").await, 1);
}

async fn a_policy_is_set_read_and_taken_away(store: TestStore) {
    let person = person(&store).await;
    let (app, now) = (person.app.app(), store.now());
    let made = person.has(&store, Custody::Server).await;
    for policy in [Some("{\"networks\":[]}".to_owned()), None] {
        assert!(
            store
                .set_app_policy(&store.admin(), app, policy.clone(), now)
                .await
                .unwrap()
        );
        assert_eq!(store.app_policy(store.system(), app).await.unwrap(), policy);
        let spent = super::wallets::spend(&store, person.token(&store, made.id)).await;
        let aboard::store::Spending::Usable(usable) = spent else {
            panic!("it is alive")
        };
        assert_eq!(usable.policy, policy);
    }
    assert_eq!(store.count("audit where action = 'app.policy_set'").await, 2);
    let nobody = aboard::domain::AppId(store.ids.id());
    assert!(!store.set_app_policy(&store.admin(), nobody, None, now).await.unwrap());
}

async fn pins_are_counted_and_forgiven(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let elsewhere = super::world_app::new_app(&store, &person.world.production).await;
    let secret = made.secret.id;
    assert!(!store.try_pin(&elsewhere, secret, store.now()).await.unwrap());
    let outcomes = race(9, |_| {
        let store = store.clone();
        let app = person.app;
        async move { store.try_pin(&app, secret, store.now()).await.unwrap() }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|counted| **counted).count(), 5);
    store.pin_was_right(&elsewhere, secret).await.unwrap();
    assert!(!store.try_pin(&person.app, secret, store.now()).await.unwrap());
    store.advance(24 * 3_600);
    assert!(store.try_pin(&person.app, secret, store.now()).await.unwrap());
    store.pin_was_right(&person.app, secret).await.unwrap();
    for left in [true, true, true, true, true, false] {
        assert_eq!(store.try_pin(&person.app, secret, store.now()).await.unwrap(), left);
    }
}

async fn an_erased_users_wallet_goes_after_thirty_days(store: TestStore) {
    const DAY: u64 = 24 * 3_600;
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let other = scope_of(&store, &person.app, "2").await;
    let kept = super::wallets::Person { scope: other, ..person };
    kept.has(&store, Custody::Server).await;
    let users = store.system().users_of(kept.app.environment());
    let erased = store
        .erase_user(
            users,
            &store.admin(),
            person.scope.user(),
            EventId(store.ids.id()),
            store.now(),
        )
        .await;
    assert!(erased.unwrap().is_some());
    store.advance(29 * DAY);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(
        store.count("wallets").await,
        2,
        "whoever has its secret may still bring it to another log-in"
    );
    store.advance(DAY + 1);
    store.sweep(store.system(), store.now()).await.unwrap();
    let left = format!("wallets where id = {}", store.literal(made.id.0));
    assert_eq!((store.count("wallets").await, store.count(&left).await), (1, 0));
    assert_eq!(store.count("wallet_secrets").await, 1);
    // Whoever may erase users and not wallets leaves the keys.
    let server = &kept.world.sandbox.server;
    let erased = store
        .erase_user(
            server,
            &store.admin(),
            kept.scope.user(),
            EventId(store.ids.id()),
            store.now(),
        )
        .await;
    assert!(erased.unwrap().is_some());
    store.advance(31 * DAY);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("wallets").await, 1);
}

async fn what_was_wrapped_is_wrapped_anew_where_it_still_stands(store: TestStore) {
    let person = person(&store).await;
    let other = scope_of(&store, &person.app, "2").await;
    let made = person.has(&store, Custody::Shared).await;
    store.advance(2);
    let moved = recovery(&store, made.id, made.secret.id);
    person.recover(&store, &other, moved.clone()).await;
    let page = async |of_secrets, after| {
        let page = store.wrapped_keys(store.system(), of_secrets, after, 10).await.unwrap();
        page.into_iter()
            .map(|key| (key.row, key.sealed_for, key.key.clone(), key))
            .collect::<Vec<_>>()
    };
    let nil = aboard::domain::Uuid::nil();
    let (wallets, secrets) = (page(false, nil).await, page(true, nil).await);
    assert!(wallets.len() == 1 && secrets.len() == 1);
    let (row, sealed_for, key, wallet) = wallets.into_iter().next().unwrap();
    assert!(row == made.id.0 && sealed_for == other.user() && key == moved.key);
    let (row, sealed_for, key, secret) = secrets.into_iter().next().unwrap();
    assert!(row == made.secret.id && sealed_for == person.scope.user() && key == made.key);
    assert!(page(false, made.id.0).await.is_empty());
    let anew = vec![(wallet.clone(), b"wrapped".to_vec()), (secret, b"anew".to_vec())];
    assert_eq!(store.rewrap_keys(store.system(), anew).await.unwrap(), 2);
    // What changed meanwhile stays as it was changed.
    let late = vec![(wallet, b"late".to_vec())];
    assert_eq!(store.rewrap_keys(store.system(), late).await.unwrap(), 0);
    let (wallets, secrets) = (page(false, nil).await, page(true, nil).await);
    assert!(wallets[0].2 == b"wrapped" && secrets[0].2 == b"anew");
    let roots = store.root_keys(store.system()).await.unwrap();
    let anew = roots.iter().map(|key| (key.id, b"root".to_vec())).collect();
    store
        .rewrap_instance(
            &store.admin(),
            "kek_new".to_owned(),
            b"canary".to_vec(),
            anew,
            store.now(),
        )
        .await
        .unwrap();
    let instance = store.instance().await.unwrap().unwrap();
    assert_eq!(
        (instance.kek_id.as_str(), &*instance.canary),
        ("kek_new", &b"canary"[..])
    );
    let roots = store.root_keys(store.system()).await.unwrap();
    assert!(roots.iter().all(|key| key.wrapped == b"root"));
    assert_eq!(store.count("audit where action = 'keys.rewrapped'").await, 1);
}
