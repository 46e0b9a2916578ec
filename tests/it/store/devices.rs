//! Devices that log-ins come from: who is told of a new one, and what waits for a day.

use aboard::domain::{Custody, DeviceId, KnownDevice, LoginKind, NewDevices, Uuid};
use aboard::store::{
    AppLogin, AppLoginOutcome, DeviceCheck, Expected, PresentedWalletToken, SeenDevice, Spending, UserScope,
};
use jiff::{SignedDuration, Timestamp};

use super::logins::{enter, login};
use super::notices::written;
use super::wallets::{Person, person, scope_of, spend};
use crate::support::store::{TestStore, both, race};

both! {
    of_many_who_log_in_at_once_one_is_told_of,
    a_hold_is_lifted_once_by_an_address_that_was_there_before,
    what_belongs_to_somebody_else_lifts_nothing,
    after_a_join_every_device_waits_and_nothing_lifts_it,
    a_join_begins_the_wait_of_a_device_anew,
}

const DAY: u64 = 24 * 3_600;
const EMAIL: &str = "ada@example.com";

/// Somebody with a wallet who has proven an address, two days ago.
async fn settled(store: &TestStore) -> Person {
    let person = person(store).await;
    person.has(store, Custody::Server).await;
    proves(store, &person, EMAIL).await;
    store.advance(2 * DAY);
    person
}

async fn proves(store: &TestStore, person: &Person, email: &str) {
    let [user, none, row, environment] = [
        person.scope.user().0,
        Uuid::nil(),
        store.ids.id(),
        person.app.environment().0,
    ]
    .map(|id| store.literal(id));
    let now = store.moment(store.now());
    store
        .execute(&format!(
            "insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
             values ({user}, 'email', {none}, {row}, {environment}, 'person', '{email}', '{email}', 'verified', {now}, {now}, {now})"
        ))
        .await;
}

fn by_device(store: &TestStore, known: Option<KnownDevice>) -> AppLogin {
    AppLogin {
        device: Some(DeviceCheck {
            policy: NewDevices::Hold,
            known,
            new: DeviceId(store.ids.id()),
            about: "Shop\n2027-01-15 08:00\nhttps://id.example.com/account".to_owned(),
        }),
        ..login(store, LoginKind::Google, "1", Expected::Known)
    }
}

async fn seen(store: &TestStore, person: &Person, known: Option<KnownDevice>) -> SeenDevice {
    match enter(store, &person.app, by_device(store, known)).await {
        AppLoginOutcome::LoggedIn {
            device: Some(device), ..
        } => device,
        other => panic!("{other:?}"),
    }
}

fn known(person: &Person, device: SeenDevice) -> KnownDevice {
    KnownDevice {
        id: device.id,
        user: person.scope.user(),
        since: device.since,
    }
}

async fn lift(store: &TestStore, scope: &UserScope, device: DeviceId, key: &str) -> bool {
    store.lift_device_hold(scope, device, key, store.now()).await.unwrap()
}

async fn of_many_who_log_in_at_once_one_is_told_of(store: TestStore) {
    let person = settled(&store).await;
    written(&store);
    let outcomes = race(8, {
        let (store, app) = (store.clone(), person.app);
        move |_| {
            let store = store.clone();
            async move { enter(&store, &app, by_device(&store, None)).await }
        }
    });
    for outcome in outcomes.await {
        let AppLoginOutcome::LoggedIn { device, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(device.is_some_and(|device| device.held));
    }
    assert_eq!(store.count("messages where notice = 'new_device'").await, 1);
    assert_eq!(store.count("device_holds").await, 8);
}

async fn a_hold_is_lifted_once_by_an_address_that_was_there_before(store: TestStore) {
    let person = settled(&store).await;
    let wallet = store.wallet_of(&person.app, person.scope.user(), store.now()).await;
    let wallet = wallet.unwrap().expect("one").wallet.id;
    let device = seen(&store, &person, None).await;
    assert!(device.held && device.since == store.now());
    let hold = store.device_hold(device.id).await.unwrap().expect("it waits");
    assert_eq!((hold.user, hold.app), (person.scope.user(), person.app.app()));
    assert!(hold.is_on(store.later(86_399)) && !hold.is_on(store.later(86_400)));
    let held_until = async || {
        let token = PresentedWalletToken {
            hold: Some(device.id),
            ..person.token(&store, wallet)
        };
        match spend(&store, token).await {
            Spending::Usable(usable) => usable.held_until,
            _ => panic!("it is good"),
        }
    };
    assert_eq!(held_until().await, Some(hold.ends_at));
    let contact = store.device_contact(device.id).await.unwrap();
    assert_eq!(contact, Some(("email".to_owned(), EMAIL.to_owned())));
    let lifted = race(6, {
        let (store, scope) = (store.clone(), person.scope);
        move |_| {
            let store = store.clone();
            async move { lift(&store, &scope, device.id, EMAIL).await }
        }
    });
    assert_eq!(lifted.await.into_iter().filter(|lifted| *lifted).count(), 1);
    assert_eq!(held_until().await, None);
    assert!(
        !store
            .device_hold(device.id)
            .await
            .unwrap()
            .expect("kept")
            .is_on(store.now())
    );
    assert!(!seen(&store, &person, Some(known(&person, device))).await.held);
    assert!(seen(&store, &person, None).await.held, "another one waits");
}

async fn what_belongs_to_somebody_else_lifts_nothing(store: TestStore) {
    let person = settled(&store).await;
    let device = seen(&store, &person, None).await;
    let stranger = scope_of(&store, &person.app, "2").await;
    assert!(!lift(&store, &stranger, device.id, EMAIL).await);
    proves(&store, &person, "late@example.com").await;
    for key in ["late@example.com", "nobody@example.com"] {
        assert!(!lift(&store, &person.scope, device.id, key).await, "{key}");
    }
    let theirs = KnownDevice {
        user: stranger.user(),
        ..known(&person, device)
    };
    let seen = seen(&store, &person, Some(theirs)).await;
    assert!(seen.held && seen.id != device.id, "another's device is a new one");
    store.advance(DAY);
    assert!(!lift(&store, &person.scope, device.id, EMAIL).await, "it is over");
}

async fn after_a_join_every_device_waits_and_nothing_lifts_it(store: TestStore) {
    let person = settled(&store).await;
    let since: Timestamp = store.now() - SignedDuration::from_hours(36);
    let old = |id| KnownDevice {
        id,
        user: person.scope.user(),
        since,
    };
    let (one, other) = (DeviceId(store.ids.id()), DeviceId(store.ids.id()));
    assert!(!seen(&store, &person, Some(old(one))).await.held);
    join(&store, &person).await;
    store.advance(3_600);
    let device = seen(&store, &person, Some(old(other))).await;
    assert!(device.held && device.since == since);
    assert_eq!(store.device_contact(other).await.unwrap(), None);
    assert!(!lift(&store, &person.scope, other, EMAIL).await);
    store.advance(23 * 3_600);
    assert!(!seen(&store, &person, Some(old(other))).await.held);
}

/// Another account is joined into this one.
async fn join(store: &TestStore, person: &Person) {
    let [retired, environment, user] =
        [store.ids.id(), person.app.environment().0, person.scope.user().0].map(|id| store.literal(id));
    let (now, later) = (store.moment(store.now()), store.moment(store.later(86_400)));
    store
        .execute(&format!(
            "insert into user_aliases (id, environment_id, user_id, joined_at, undo_until)
             values ({retired}, {environment}, {user}, {now}, {later})"
        ))
        .await;
}

async fn a_join_begins_the_wait_of_a_device_anew(store: TestStore) {
    let person = settled(&store).await;
    let [held, lifted] = [seen(&store, &person, None).await, seen(&store, &person, None).await];
    assert!(lift(&store, &person.scope, lifted.id, EMAIL).await);
    store.advance(23 * 3_600);
    join(&store, &person).await;
    store.advance(1_800);
    written(&store);
    let told = store.count("messages where notice = 'new_device'").await;
    for device in [held, lifted] {
        let again = seen(&store, &person, Some(known(&person, device))).await;
        assert!(again.held && again.id == device.id);
        assert!(!lift(&store, &person.scope, device.id, EMAIL).await, "it joined");
    }
    let told_now = store.count("messages where notice = 'new_device'").await;
    assert_eq!(told_now, told + 1, "the other person's device is news");
    store.advance(23 * 3_600);
    assert!(
        seen(&store, &person, Some(known(&person, held))).await.held,
        "the join was 23.5 hours ago"
    );
    store.advance(1_800);
    for device in [held, lifted] {
        assert!(!seen(&store, &person, Some(known(&person, device))).await.held);
    }
}
