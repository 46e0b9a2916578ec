//! Wallets: what stands in the store, and what decides there.

use aboard::domain::{Amr, AppId, ConsentScopes, Custody, LoginKind, UserId, Uuid, WalletId};
use aboard::store::{
    AppScope, Consent, Expected, NewHalf, NewSecret, NewSecretLink, NewWallet, Once, PresentedWalletToken, Recovery,
    Spending, UserScope, WalletCreation, WalletRecovery,
};

use super::logins::{enter, login, user};
use super::world_app::new_app;
use crate::support::store::{TestStore, both, race};
use crate::support::world::World;

both! {
    of_many_who_make_a_wallet_one_is_made,
    of_many_who_spend_a_token_one_has_it,
    what_waits_for_its_secret_gives_way_and_what_was_proven_stays,
    a_recovery_moves_the_wallet_and_ends_what_was,
    of_many_who_recover_into_one_log_in_one_has_the_wallet,
    a_half_rides_until_its_token_goes,
    a_wallet_is_frozen_and_thawed,
    an_address_has_a_wallet_once_its_owner_has_proven_the_secret,
    consent_is_the_owners_to_give_and_to_take_back,
}

/// Somebody who has logged in to an app.
pub struct Person {
    pub world: World,
    pub app: AppScope,
    pub scope: UserScope,
}

pub async fn scope_of(store: &TestStore, app: &AppScope, subject: &str) -> UserScope {
    let entered = login(store, LoginKind::Google, subject, Expected::Either);
    let user = user(enter(store, app, entered).await);
    let later = store.later(1);
    let holder = store
        .user_by_access_token(app.environment(), user, app.app(), Amr::Federated, later)
        .await;
    holder.unwrap().expect("alive").scope
}

pub async fn person(store: &TestStore) -> Person {
    let world = store.world().await;
    let app = new_app(store, &world.sandbox).await;
    let scope = scope_of(store, &app, "1").await;
    Person { world, app, scope }
}

fn secret(store: &TestStore) -> (NewSecret, NewSecretLink) {
    let row = NewSecret {
        id: store.ids.id(),
        mac: store.ids.secret(),
        locator: store.ids.secret(),
        pepper: None,
    };
    let link = NewSecretLink {
        id: store.ids.id(),
        hash: store.ids.secret(),
        sealed: vec![1],
        expires_at: store.later(300),
    };
    (row, link)
}

fn wallet(store: &TestStore, custody: Custody) -> NewWallet {
    let (secret, link) = secret(store);
    NewWallet {
        id: WalletId(store.ids.id()),
        custody,
        key: b"key".to_vec(),
        body: b"body".to_vec(),
        imported: false,
        secret,
        link,
    }
}

impl Person {
    async fn create(&self, store: &TestStore, new: NewWallet) -> WalletCreation {
        let done = store
            .create_wallet(&self.scope, self.app.app(), new, None, store.now())
            .await;
        match done.unwrap() {
            Once::Done(outcome) => outcome,
            other => panic!("{:?}", std::mem::discriminant(&other)),
        }
    }

    pub async fn has(&self, store: &TestStore, custody: Custody) -> NewWallet {
        let new = wallet(store, custody);
        assert!(matches!(self.create(store, new.clone()).await, WalletCreation::Created));
        new
    }

    pub fn token(&self, store: &TestStore, wallet: WalletId) -> PresentedWalletToken {
        PresentedWalletToken {
            id: store.ids.id(),
            environment: self.app.environment(),
            user: self.scope.user(),
            wallet,
            app: self.app.app(),
            family: None,
            hold: None,
            issued_at: store.later(1),
            expires_at: store.later(900),
            single_use: true,
        }
    }

    pub async fn recover(&self, store: &TestStore, to: &UserScope, recovery: Recovery) -> WalletRecovery {
        let done = store
            .recover_wallet(to, self.app.app(), recovery, None, store.now())
            .await;
        match done.unwrap() {
            Once::Done(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }
}

pub fn recovery(store: &TestStore, wallet: WalletId, by: Uuid) -> Recovery {
    let (secret, link) = secret(store);
    Recovery {
        wallet,
        by,
        key: b"new key".to_vec(),
        body: b"new body".to_vec(),
        secret,
        link,
    }
}

pub async fn spend(store: &TestStore, token: PresentedWalletToken) -> Spending {
    match store.spend_wallet_token(token, None, store.now()).await.unwrap() {
        Once::Done(spending) => spending,
        _ => panic!("nothing was claimed"),
    }
}

async fn of_many_who_make_a_wallet_one_is_made(store: TestStore) {
    let person = person(&store).await;
    let (scope, app) = (person.scope, person.app.app());
    let outcomes = race(6, |_| {
        let store = store.clone();
        async move {
            let new = wallet(&store, Custody::Server);
            let done = store.create_wallet(&scope, app, new, None, store.now()).await.unwrap();
            matches!(done, Once::Done(WalletCreation::Created))
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|made| **made).count(), 1);
    assert_eq!(store.count("wallets").await, 1);
}

async fn of_many_who_spend_a_token_one_has_it(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let token = person.token(&store, made.id);
    let outcomes = race(8, |_| {
        let store = store.clone();
        async move { matches!(spend(&store, token).await, Spending::Usable(_)) }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|let_in| **let_in).count(), 1);
    assert!(matches!(spend(&store, token).await, Spending::Spent));
    // Reading spends nothing, nor does a token that may be used again.
    for _ in 0..2 {
        let read = store.read_wallet(person.token(&store, made.id), store.now()).await;
        assert!(matches!(read.unwrap(), Spending::Usable(_)));
        let again = PresentedWalletToken {
            single_use: false,
            ..token
        };
        assert!(matches!(spend(&store, again).await, Spending::Usable(_)));
    }
    // Whoever takes no use of it is told that another has.
    let look = async |token| store.unspent_wallet(token, store.now()).await.unwrap();
    assert!(matches!(look(token).await, Spending::Spent));
    let fresh = person.token(&store, made.id);
    for _ in 0..2 {
        assert!(matches!(look(fresh).await, Spending::Usable(_)));
    }
    assert!(matches!(spend(&store, fresh).await, Spending::Usable(_)));
    assert!(matches!(look(fresh).await, Spending::Spent));
    let stranger = PresentedWalletToken {
        user: UserId(store.ids.id()),
        ..person.token(&store, made.id)
    };
    assert!(matches!(look(stranger).await, Spending::Refused));
    // What names somebody else, another wallet or another app is refused.
    for wrong in [
        PresentedWalletToken {
            user: UserId(store.ids.id()),
            ..person.token(&store, made.id)
        },
        PresentedWalletToken {
            app: AppId(store.ids.id()),
            ..person.token(&store, made.id)
        },
        person.token(&store, WalletId(store.ids.id())),
    ] {
        assert!(matches!(spend(&store, wrong).await, Spending::Refused));
    }
    store.advance(3 * 3_600);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("spent_wallet_tokens").await, 0);
}

async fn what_waits_for_its_secret_gives_way_and_what_was_proven_stays(store: TestStore) {
    let person = person(&store).await;
    let first = person.has(&store, Custody::Shared).await;
    let second = person.has(&store, Custody::Shared).await;
    assert_ne!(first.id, second.id);
    assert_eq!(store.count("wallets").await + store.count("wallet_secrets").await, 2);
    assert!(store.wallet_named(&person.app, first.id).await.unwrap().is_none());
    let found = store.wallet_located(&person.app, second.secret.locator).await.unwrap();
    assert!(found.is_some_and(|known| known.id == second.id && known.pending));
    let known = store.wallet_secrets(&person.app, second.id).await.unwrap();
    assert!(known[0].mac == second.secret.mac && !known[0].proven);
    let now = store.now();
    let proven = store
        .prove_wallet_secret(&person.app, second.id, second.secret.id, now)
        .await;
    assert!(proven.unwrap().is_some_and(|known| !known.pending));
    let wrong = store
        .prove_wallet_secret(&person.app, second.id, first.secret.id, now)
        .await;
    assert!(wrong.unwrap().is_none());
    assert!(store.secret_link(second.link.id, now).await.unwrap().is_none());
    let third = wallet(&store, Custody::Shared);
    assert!(matches!(person.create(&store, third).await, WalletCreation::Taken));
    let (row, link) = secret(&store);
    let added = store.add_wallet_secret(&person.scope, second.id, row, link, now).await;
    assert!(!added.unwrap(), "only of a wallet that the operator can open");
    let known = store.wallet_of(&person.app, person.scope.user(), now).await.unwrap();
    assert_eq!(
        store
            .secret_link(second.id.0, now)
            .await
            .unwrap()
            .map(|link| link.wallet),
        None
    );
    assert!(known.is_some_and(|known| known.consent.is_some() && known.wallet.id == second.id));
}

async fn a_recovery_moves_the_wallet_and_ends_what_was(store: TestStore) {
    let person = person(&store).await;
    let other = scope_of(&store, &person.app, "2").await;
    let made = person.has(&store, Custody::Shared).await;
    let token = person.token(&store, made.id);
    store.advance(2);
    let first = recovery(&store, made.id, made.secret.id);
    let from = person.scope.user();
    assert_eq!(
        person.recover(&store, &other, first.clone()).await,
        WalletRecovery::Moved { from }
    );
    assert!(matches!(spend(&store, token).await, Spending::Refused));
    assert!(store.secret_link(made.link.id, store.now()).await.unwrap().is_none());
    assert!(store.secret_link(first.link.id, store.now()).await.unwrap().is_some());
    // The old secret opens what it opened, until one of the two is proven.
    let known = store.wallet_secrets(&person.app, made.id).await.unwrap();
    let older = known
        .iter()
        .find(|row| row.id == made.secret.id)
        .and_then(|row| row.older.clone());
    assert_eq!(older, Some((from, b"key".to_vec(), b"body".to_vec())));
    let now = store.now();
    let proven = store
        .prove_wallet_secret(&person.app, made.id, first.secret.id, now)
        .await
        .unwrap();
    assert!(proven.is_some_and(|known| known.key == b"new key" && known.user == other.user()));
    assert_eq!(store.count("wallet_secrets").await, 1);
    let again = recovery(&store, made.id, made.secret.id);
    assert_eq!(person.recover(&store, &other, again).await, WalletRecovery::Refused);
}

async fn of_many_who_recover_into_one_log_in_one_has_the_wallet(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let another = scope_of(&store, &person.app, "2").await;
    let second = Person {
        world: store.world().await,
        app: person.app,
        scope: another,
    };
    let theirs = second.has(&store, Custody::Server).await;
    let to = scope_of(&store, &person.app, "3").await;
    let app = person.app.app();
    let outcomes = race(4, |number| {
        let store = store.clone();
        let from = if number % 2 == 0 { &made } else { &theirs };
        let recovery = recovery(&store, from.id, from.secret.id);
        async move {
            store
                .recover_wallet(&to, app, recovery, None, store.now())
                .await
                .unwrap()
        }
    })
    .await;
    let moved = |outcome: &Once<WalletRecovery>| matches!(outcome, Once::Done(WalletRecovery::Moved { .. }));
    assert!(outcomes.iter().any(moved));
    assert!(
        outcomes.contains(&Once::Done(WalletRecovery::HasAnother)),
        "{outcomes:?}"
    );
    assert_eq!(store.count("wallets").await, 2);
}

async fn a_half_rides_until_its_token_goes(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Shared).await;
    let token = person.token(&store, made.id);
    let refresh = store.ids.id();
    let ride = |token| NewHalf {
        token,
        environment: person.app.environment(),
        wallet: made.id,
        sealed: vec![7; 65],
        expires_at: store.later(900),
    };
    store.add_halves(vec![ride(token.id), ride(refresh)]).await.unwrap();
    let Spending::Usable(usable) = spend(&store, token).await else {
        panic!("it was good");
    };
    assert_eq!(usable.half, Some(vec![7; 65]));
    let half = store.take_half(&person.app, refresh, store.now()).await.unwrap();
    assert_eq!(half, Some(vec![7; 65]));
    // A refresh whose answer was lost is made again within a minute; the first one began it.
    store.advance(60);
    let half = store.take_half(&person.app, refresh, store.now()).await.unwrap();
    assert_eq!(half, Some(vec![7; 65]));
    store.advance(1);
    assert_eq!(store.take_half(&person.app, refresh, store.now()).await.unwrap(), None);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("riding_halves").await, 0);
}

async fn a_wallet_is_frozen_and_thawed(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let environment = person.app.environment();
    let set = async |wallet, frozen| {
        let (admin, now) = (store.admin(), store.now());
        store
            .set_wallet_frozen(&admin, environment, wallet, frozen, now)
            .await
            .unwrap()
    };
    let of_user = async |user| {
        let everybody = store.system().users_of(environment);
        store.wallet_of_user(everybody, user).await.unwrap()
    };
    let is_frozen = async || of_user(person.scope.user()).await.expect("there is one").frozen;
    assert!(!set(made.id, false).await && !is_frozen().await);
    assert!(set(made.id, true).await && is_frozen().await);
    assert!(!set(made.id, true).await);
    assert!(!set(WalletId(store.ids.id()), true).await);
    let Spending::Usable(usable) = spend(&store, person.token(&store, made.id)).await else {
        panic!("whoever has it is told that it is frozen");
    };
    assert!(usable.wallet.frozen);
    let other = scope_of(&store, &person.app, "2").await;
    assert!(of_user(other.user()).await.is_none());
    let frozen = recovery(&store, made.id, made.secret.id);
    assert_eq!(person.recover(&store, &other, frozen).await, WalletRecovery::Frozen);
    assert!(set(made.id, false).await);
}

async fn an_address_has_a_wallet_once_its_owner_has_proven_the_secret(store: TestStore) {
    let person = person(&store).await;
    let sandbox = &person.world.sandbox;
    let new = crate::store::challenges::challenge(&store, "+306912345678");
    let to = new.to.clone();
    assert!(!store.has_wallet(&person.app, &to).await.unwrap());
    let id = crate::store::prove::begin_with(&store, sandbox, new).await;
    let attempt = crate::store::prove::attempt(&store, id, true);
    let owner = crate::store::prove::user(&crate::store::prove::prove(&store, sandbox, attempt).await);
    assert!(!store.has_wallet(&person.app, &to).await.unwrap(), "there is none");
    let made = person.has(&store, Custody::Shared).await;
    let given = |to: &str| {
        format!(
            "update wallets set user_id = {}, state = '{to}' where id = {}",
            store.literal(owner.0),
            store.literal(made.id.0)
        )
    };
    store.execute(&given("pending")).await;
    assert!(!store.has_wallet(&person.app, &to).await.unwrap(), "nobody's yet");
    store.execute(&given("active")).await;
    assert!(store.has_wallet(&person.app, &to).await.unwrap());
    let elsewhere = new_app(&store, &person.world.production).await;
    assert!(!store.has_wallet(&elsewhere, &to).await.unwrap());
}

async fn consent_is_the_owners_to_give_and_to_take_back(store: TestStore) {
    let person = person(&store).await;
    let made = person.has(&store, Custody::Server).await;
    let stranger = scope_of(&store, &person.app, "2").await;
    let contact = store.wallet_contact(&person.app, made.id).await.unwrap();
    assert_eq!(contact, None, "what a provider says proves no address");
    let app = AppId(store.ids.id());
    let consent = Consent {
        app,
        environment: person.app.environment(),
        wallet: made.id,
        scopes: ConsentScopes::WITHOUT_SENDING,
        expires_at: Some(store.later(60)),
    };
    let now = store.now();
    assert!(!store.grant_consent(&stranger, consent, now).await.unwrap());
    assert!(store.grant_consent(&person.scope, consent, now).await.unwrap());
    assert_eq!(store.count("events where type = 'consent.granted'").await, 1);
    assert!(!store.withdraw_consent(&stranger, made.id, app, now).await.unwrap());
    assert!(store.withdraw_consent(&person.scope, made.id, app, now).await.unwrap());
    assert!(!store.withdraw_consent(&person.scope, made.id, app, now).await.unwrap());
    assert_eq!(store.count("events where type = 'consent.withdrawn'").await, 1);
}
