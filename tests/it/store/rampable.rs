//! Accounts for Rampable: one a user, and a name that is nobody else's.

use aboard::domain::{Amr, LoginKind, UserId};
use aboard::store::{AppScope, Expected, NewRampableAccount, RampableAdded, UserScope};

use super::logins::{enter, login, user};
use super::world_app::new_app;
use crate::support::store::{Engine, TestStore, both, race};

both! {
    a_name_is_one_persons_in_an_environment,
    of_those_who_come_at_once_one_has_the_name,
    names_that_were_had_twice_stop_no_migration,
}

fn account(app: &AppScope, username: &str) -> NewRampableAccount {
    NewRampableAccount {
        username: username.to_owned(),
        full_name: "Ada Lovelace".to_owned(),
        password: "a hash".to_owned(),
        app: app.app(),
    }
}

async fn person(store: &TestStore, app: &AppScope, subject: &str) -> UserScope {
    let entered = login(store, LoginKind::Google, subject, Expected::Either);
    let user = user(enter(store, app, entered).await);
    let later = store.later(1);
    let holder = store
        .user_by_access_token(app.environment(), user, app.app(), Amr::Federated, later)
        .await;
    holder.unwrap().expect("alive").scope
}

async fn a_name_is_one_persons_in_an_environment(store: TestStore) {
    let world = store.world().await;
    let app = new_app(&store, &world.sandbox).await;
    let (ada, bob) = (person(&store, &app, "1").await, person(&store, &app, "2").await);
    let add = async |app: &AppScope, scope: &UserScope, name: &str| {
        let new = account(app, name);
        store.add_rampable_account(scope, new, store.now()).await.unwrap()
    };
    assert_eq!(add(&app, &ada, "ada@bank.example").await, RampableAdded::Added);
    assert_eq!(add(&app, &ada, "another").await, RampableAdded::Known);
    for taken in ["ada@bank.example", "Ada@Bank.example"] {
        assert_eq!(add(&app, &bob, taken).await, RampableAdded::Taken);
    }
    assert_eq!(store.rampable_account(&app, bob.user()).await.unwrap(), None);
    let known = store.rampable_account(&app, ada.user()).await.unwrap().expect("there");
    assert_eq!((&*known.username, known.app), ("ada@bank.example", Some(app.app())));
    let other = new_app(&store, &world.sandbox).await;
    for (app, amr, reached) in [
        (&app, Amr::Custody, true),
        (&other, Amr::Custody, false),
        (&other, Amr::Otp, true),
    ] {
        assert_eq!(known.is_reached_by(app.app(), amr), reached);
    }
    // Another environment's names are others.
    let far = new_app(&store, &world.production).await;
    let there = person(&store, &far, "1").await;
    assert_eq!(add(&far, &there, "ada@bank.example").await, RampableAdded::Added);
    // Whoever is locked out gets none.
    let (admin, now) = (store.admin(), store.now());
    store
        .set_suspended(&admin, app.environment(), bob.user(), true, now)
        .await
        .unwrap();
    assert_eq!(add(&app, &bob, "bob").await, RampableAdded::Refused);
}

async fn of_those_who_come_at_once_one_has_the_name(store: TestStore) {
    let app = new_app(&store, &store.world().await.sandbox).await;
    let mut people = Vec::new();
    for subject in 0..6 {
        people.push(person(&store, &app, &subject.to_string()).await);
    }
    let outcomes = race(people.len(), |number| {
        let (store, scope, new) = (store.clone(), people[number], account(&app, "ada"));
        async move { store.add_rampable_account(&scope, new, store.now()).await.unwrap() }
    })
    .await;
    let added = outcomes.iter().filter(|outcome| **outcome == RampableAdded::Added);
    assert_eq!(added.count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| *outcome != RampableAdded::Known));
    assert_eq!(store.count("rampable_accounts").await, 1);
}

/// A database of before: the oldest account of a name keeps it, and whoever came later chooses another.
async fn names_that_were_had_twice_stop_no_migration(store: TestStore) {
    let app = new_app(&store, &store.world().await.sandbox).await;
    store
        .execute(
            "drop index rampable_accounts_name;
             alter table rampable_accounts drop column name_key;
             alter table rampable_accounts drop column app_id;
             alter table wallets drop column used_at",
        )
        .await;
    let mut people = Vec::new();
    for (at, name) in [(5, "Ada"), (3, "ada"), (7, "ADA"), (9, "bob")] {
        let scope = person(&store, &app, &at.to_string()).await;
        let (user, environment) = (store.literal(scope.user().0), store.literal(app.environment().0));
        let then = store.moment(store.later(at));
        store
            .execute(&format!(
                "insert into rampable_accounts (user_id, environment_id, username, full_name, password, created_at)
                 values ({user}, {environment}, '{name}', 'Ada', 'a hash', {then})"
            ))
            .await;
        people.push(scope);
    }
    store
        .execute(match store.engine {
            Engine::Sqlite => include_str!("../../../migrations/sqlite/0019_mend.sql"),
            Engine::Postgres => include_str!("../../../migrations/postgres/0019_mend.sql"),
        })
        .await;
    let named = async |user: UserId| {
        let known = store.rampable_account(&app, user).await.unwrap();
        known.map(|account| account.username)
    };
    let mut held = Vec::new();
    for person in &people {
        held.push(named(person.user()).await);
    }
    assert_eq!(held, [None, Some("ada".to_owned()), None, Some("bob".to_owned())]);
    let again = async |name: &str| {
        let new = account(&app, name);
        store.add_rampable_account(&people[0], new, store.now()).await.unwrap()
    };
    assert_eq!(again("ada").await, RampableAdded::Taken);
    assert_eq!(again("ada.lovelace").await, RampableAdded::Added);
    assert_eq!(named(people[0].user()).await.as_deref(), Some("ada.lovelace"));
}
