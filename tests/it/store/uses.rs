//! What ends a call that was let in, before its key is opened.

use aboard::domain::{Amr, AppId, ConsentScope, ConsentScopes, Custody, FamilyId, RefreshToken, WalletId};
use aboard::store::{Consent, LetInBy, NewFamily, PresentedWalletToken, Refreshed, Spending, WalletUse, WalletUsed};

use super::custody::{noted, spends, use_of};
use super::wallets::{Person, person, recovery, scope_of, spend};
use crate::support::store::{TestStore, both, race, seal_of};

both! {
    what_the_operator_stops_is_not_signed,
    what_the_person_takes_back_is_not_signed,
    a_wallet_that_moved_signs_for_nobody_who_was_let_in_before,
    a_log_in_that_ended_signs_nothing,
    what_is_served_late_ends_what_was_born_meanwhile,
    what_is_not_signed_is_not_counted,
    no_use_is_noted_after_the_wallet_was_frozen,
    of_many_uses_at_once_each_has_its_own_answer_and_place_in_the_log,
    a_recovery_opens_nothing_that_was_stopped_or_moved,
}

async fn used(store: &TestStore, key_use: &WalletUse) -> WalletUsed {
    let used = store.use_wallet(&store.admin(), key_use.clone(), store.now()).await;
    used.unwrap()
}

#[track_caller]
fn ended(used: &WalletUsed) {
    assert_eq!(*used, WalletUsed::Ended);
}

/// Somebody with a wallet, and a call that was let in a moment ago.
async fn let_in(store: &TestStore) -> (Person, WalletId, WalletUse) {
    let person = person(store).await;
    let wallet = person.has(store, Custody::Server).await.id;
    let key_use = use_of(store, &person, wallet, Vec::new());
    store.advance(2);
    assert!(noted(store, key_use.clone()).await);
    (person, wallet, key_use)
}

async fn freeze(store: &TestStore, person: &Person, wallet: WalletId, frozen: bool) {
    let environment = person.app.environment();
    let (admin, now) = (store.admin(), store.now());
    let set = store.set_wallet_frozen(&admin, environment, wallet, frozen, now);
    assert!(set.await.unwrap());
}

fn consent(person: &Person, wallet: WalletId, scopes: ConsentScopes) -> Consent {
    Consent {
        app: person.app.app(),
        environment: person.app.environment(),
        wallet,
        scopes,
        expires_at: None,
    }
}

async fn what_the_operator_stops_is_not_signed(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    freeze(&store, &person, wallet, true).await;
    ended(&used(&store, &key_use).await);
    freeze(&store, &person, wallet, false).await;
    assert!(noted(&store, key_use.clone()).await);
    for (end, undo) in [
        (
            "update users set status = 'suspended'",
            "update users set status = 'verified'",
        ),
        (
            "update apps set revoked_at = created_at",
            "update apps set revoked_at = null",
        ),
    ] {
        store.execute(end).await;
        ended(&used(&store, &key_use).await);
        store.execute(undo).await;
        assert!(noted(&store, key_use.clone()).await);
    }
    assert_eq!(store.count("audit where action = 'wallet.key_used'").await, 4);
}

async fn what_the_person_takes_back_is_not_signed(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    let (scope, app) = (person.scope, person.app.app());
    assert!(store.withdraw_consent(&scope, wallet, app, store.now()).await.unwrap());
    ended(&used(&store, &key_use).await);
    let less = consent(&person, wallet, ConsentScopes::WITHOUT_SENDING);
    assert!(store.grant_consent(&scope, less, store.now()).await.unwrap());
    ended(&used(&store, &key_use).await);
    let for_a_minute = Consent {
        expires_at: Some(store.later(60)),
        ..consent(&person, wallet, ConsentScopes::ALL)
    };
    assert!(store.grant_consent(&scope, for_a_minute, store.now()).await.unwrap());
    assert!(noted(&store, key_use.clone()).await);
    store.advance(60);
    ended(&used(&store, &key_use).await);
    let elsewhere = WalletUse {
        app: AppId(store.ids.id()),
        ..key_use
    };
    ended(&used(&store, &elsewhere).await);
}

async fn a_wallet_that_moved_signs_for_nobody_who_was_let_in_before(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let first = use_of(&store, &person, made.id, Vec::new());
    store.advance(2);
    // Even where it goes to the same log-in, whoever was in it before is out.
    let again = recovery(&store, made.id, made.secret.id);
    let by = again.secret.id;
    person.recover(&store, &person.scope, again).await;
    ended(&used(&store, &first).await);
    let second = use_of(&store, &person, made.id, Vec::new());
    assert!(noted(&store, second.clone()).await);
    store.advance(2);
    let other = scope_of(&store, &person.app, "2").await;
    person.recover(&store, &other, recovery(&store, made.id, by)).await;
    ended(&used(&store, &second).await);
    let theirs = Person { scope: other, ..person };
    let third = use_of(&store, &theirs, made.id, Vec::new());
    assert!(noted(&store, third).await);
}

async fn a_log_in_that_ended_signs_nothing(store: TestStore) {
    let (person, _, key_use) = let_in(&store).await;
    let family = FamilyId(store.ids.id());
    let new = NewFamily {
        id: family,
        user: person.scope.user(),
        amr: Amr::Federated,
        provider: "google",
        since: store.now(),
        first: RefreshToken::new(store.ids.id(), store.ids.secret()),
        hold: None,
    };
    store.begin_family(&person.app, new, store.now()).await.unwrap();
    let of_family = WalletUse {
        let_in: key_use.let_in.map(|by| LetInBy {
            family: Some(family),
            ..by
        }),
        ..key_use.clone()
    };
    assert!(noted(&store, of_family.clone()).await);
    assert!(store.end_family(&person.app, family, store.now()).await.unwrap());
    ended(&used(&store, &of_family).await);
    assert!(noted(&store, key_use.clone()).await, "another log-in goes on");
    store.end_all_sessions(&person.scope, store.now()).await.unwrap();
    ended(&used(&store, &key_use).await);
}

async fn what_is_served_late_ends_what_was_born_meanwhile(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    let called_at = store.now();
    store.advance(3);
    let family = FamilyId(store.ids.id());
    let first = RefreshToken::new(store.ids.id(), store.ids.secret());
    let new = NewFamily {
        id: family,
        user: person.scope.user(),
        amr: Amr::Federated,
        provider: "google",
        since: store.now(),
        first: first.clone(),
        hold: None,
    };
    store.begin_family(&person.app, new, store.now()).await.unwrap();
    // A call that came before that log-in ends everything, after it.
    store.end_all_sessions(&person.scope, called_at).await.unwrap();
    store.advance(1);
    // Also what a refresh makes of it that is under way.
    let token = PresentedWalletToken {
        family: Some(family),
        ..person.token(&store, wallet)
    };
    assert!(matches!(spend(&store, token).await, Spending::Refused));
    let of_family = WalletUse {
        let_in: Some(LetInBy {
            issued_at: store.later(1),
            family: Some(family),
            needs: ConsentScope::Sign,
        }),
        ..key_use
    };
    ended(&used(&store, &of_family).await);
    let next = RefreshToken::new(store.ids.id(), store.ids.secret());
    let refreshed = store.rotate_refresh_token(&person.app, first, next, store.now());
    assert_eq!(refreshed.await.unwrap(), Refreshed::Refused);
}

async fn what_is_not_signed_is_not_counted(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    let call = |id: u8| WalletUse {
        spends: spends(60, &[(100, 24), (200, 48)]),
        call: Some(([id; 32], store.later(3_600))),
        ..key_use.clone()
    };
    freeze(&store, &person, wallet, true).await;
    for _ in 0..3 {
        ended(&used(&store, &call(1)).await);
    }
    assert_eq!(store.count("counted_calls").await, 0);
    freeze(&store, &person, wallet, false).await;
    assert!(noted(&store, call(1)).await);
    // What was counted before stays so when the call is made again in vain.
    freeze(&store, &person, wallet, true).await;
    ended(&used(&store, &call(1)).await);
    freeze(&store, &person, wallet, false).await;
    assert!(!noted(&store, call(2)).await);
}

async fn no_use_is_noted_after_the_wallet_was_frozen(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    let person = &person;
    race(8, |number| {
        let (store, key_use, environment) = (store.clone(), key_use.clone(), person.app.environment());
        async move {
            if number == 3 {
                let (admin, now) = (store.admin(), store.now());
                let set = store.set_wallet_frozen(&admin, environment, wallet, true, now);
                assert!(set.await.unwrap());
                return;
            }
            for _ in 0..5 {
                used(&store, &key_use).await;
            }
        }
    })
    .await;
    let log = store.audit_after(store.system(), 0, 1_000).await.unwrap();
    let stopped = log
        .iter()
        .position(|entry| entry.action == "wallet.frozen")
        .expect("it was");
    let after = log[stopped..].iter().filter(|entry| entry.action == "wallet.key_used");
    assert_eq!(after.count(), 0);
}

async fn of_many_uses_at_once_each_has_its_own_answer_and_place_in_the_log(store: TestStore) {
    let (_, _, key_use) = let_in(&store).await;
    let answers = race(96, |number| {
        let (store, mut key_use) = (store.clone(), key_use.clone());
        key_use.network = Some(format!("network-{number}"));
        if number % 3 == 0 {
            key_use.app = AppId(store.ids.id());
        }
        async move { (number, used(&store, &key_use).await) }
    })
    .await;
    for (number, answer) in answers {
        let right = if number % 3 == 0 {
            WalletUsed::Ended
        } else {
            WalletUsed::Noted
        };
        assert_eq!(answer, right, "{number}");
    }
    let log = store.audit_after(store.system(), 0, 1_000).await.unwrap();
    let mut before = Vec::new();
    let mut networks = Vec::new();
    for entry in &log {
        let seal = entry.seal.clone().expect("sealed");
        assert_eq!(seal, seal_of(&before, entry));
        before = seal;
        if entry.action == "wallet.key_used" {
            let details: serde_json::Value = serde_json::from_str(&entry.details).unwrap();
            networks.push(details["network"].as_str().unwrap().to_owned());
        }
    }
    networks.sort();
    let mut each: Vec<_> = (0..96)
        .filter(|number| number % 3 != 0)
        .map(|number| format!("network-{number}"))
        .collect();
    each.push("base".to_owned());
    each.sort();
    assert_eq!(networks, each);
}

async fn a_recovery_opens_nothing_that_was_stopped_or_moved(store: TestStore) {
    let (person, wallet, key_use) = let_in(&store).await;
    let by_secret = WalletUse {
        let_in: None,
        operation: "recover",
        ..key_use
    };
    let app = person.app.app();
    assert!(
        store
            .withdraw_consent(&person.scope, wallet, app, store.now())
            .await
            .unwrap()
    );
    assert!(
        noted(&store, by_secret.clone()).await,
        "whoever has the secret asks nobody"
    );
    freeze(&store, &person, wallet, true).await;
    ended(&used(&store, &by_secret).await);
    freeze(&store, &person, wallet, false).await;
    store.execute("update wallets set user_id = id").await;
    ended(&used(&store, &by_secret).await);
}
