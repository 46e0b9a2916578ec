//! What apps are known as at providers, and accounts for Rampable.

use aboard::domain::{Amr, AppId, Provider, UserId};
use aboard::store::{AppProvider, NewAppProvider, NewRampableAccount, RampableAccount, RampableAdded};

use super::logins::{enter, login, user};
use super::world_app::new_app;
use crate::support::store::{TestStore, both};
use crate::support::world::Plane;

both! {
    what_is_set_is_the_apps_own,
    a_user_has_one_account_for_rampable,
}

fn known_as(store: &TestStore, plane: &Plane, app: AppId, provider: Provider, name: &str) -> NewAppProvider {
    NewAppProvider {
        app,
        environment: plane.id,
        provider,
        known_as: AppProvider {
            id: store.ids.id(),
            name: name.to_owned(),
            sealed: (provider == Provider::Telegram).then(|| vec![7; 40]),
        },
    }
}

async fn what_is_set_is_the_apps_own(store: TestStore) {
    let world = store.world().await;
    let plane = &world.sandbox;
    let (scope, other) = (new_app(&store, plane).await, new_app(&store, plane).await);
    let set = async |new| store.set_app_provider(&store.admin(), new, store.now()).await.unwrap();
    let first = known_as(&store, plane, scope.app(), Provider::Telegram, "shop_bot");
    assert!(set(first).await);
    for name in ["b", "a"] {
        assert!(set(known_as(&store, plane, scope.app(), Provider::Google, name)).await);
    }
    // Again: its secret is another, and so is the row that it is bound to.
    let again = known_as(&store, plane, scope.app(), Provider::Telegram, "shop_bot");
    let id = again.known_as.id;
    assert!(set(again).await);
    let of = async |scope, provider| {
        let known = store.app_providers(scope, provider).await.unwrap();
        known
            .into_iter()
            .map(|known| (known.name, known.id, known.sealed))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(&scope, Provider::Telegram).await,
        [("shop_bot".to_owned(), id, Some(vec![7; 40]))]
    );
    let names: Vec<_> = of(&scope, Provider::Google)
        .await
        .into_iter()
        .map(|known| known.0)
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(of(&other, Provider::Google).await.is_empty());
    // An app of another environment, one that nobody has, and one that has ended.
    let production = known_as(&store, &world.production, scope.app(), Provider::Google, "c");
    assert!(!set(production).await);
    assert!(!set(known_as(&store, plane, AppId(store.ids.id()), Provider::Google, "c")).await);
    store
        .revoke_app(&store.admin(), other.app(), store.now())
        .await
        .unwrap();
    assert!(!set(known_as(&store, plane, other.app(), Provider::Google, "c")).await);
    let listed = store.list_app_providers(store.system(), scope.app()).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|row| (&*row.provider, &*row.name, row.has_secret))
        .collect();
    assert_eq!(
        listed,
        [
            ("google", "a", false),
            ("google", "b", false),
            ("telegram", "shop_bot", true)
        ]
    );
    let remove = async |app, name: &str| {
        let (admin, now) = (store.admin(), store.now());
        store
            .remove_app_provider(&admin, app, Provider::Google, name.to_owned(), now)
            .await
            .unwrap()
    };
    assert!(!remove(other.app(), "a").await);
    assert!(remove(scope.app(), "a").await);
    assert!(!remove(scope.app(), "a").await);
    assert_eq!(store.count("app_providers").await, 2);
}

async fn a_user_has_one_account_for_rampable(store: TestStore) {
    let world = store.world().await;
    let scope = new_app(&store, &world.sandbox).await;
    let elsewhere = new_app(&store, &world.production).await;
    let ada = login(
        &store,
        aboard::domain::LoginKind::Google,
        "1",
        aboard::store::Expected::Either,
    );
    let ada = user(enter(&store, &scope, ada).await);
    let holder = store
        .user_by_access_token(world.sandbox.id, ada, scope.app(), Amr::Federated, store.later(1))
        .await
        .unwrap()
        .expect("it stands");
    assert_eq!(
        (holder.scope.app(), holder.scope.amr()),
        (Some(scope.app()), Amr::Federated)
    );
    let new = |username: &str| NewRampableAccount {
        username: username.to_owned(),
        full_name: "Ada Lovelace".to_owned(),
        password: "a hash".to_owned(),
        app: scope.app(),
    };
    assert_eq!(store.rampable_account(&scope, ada).await.unwrap(), None);
    let add = async |username: &str| {
        let new = new(username);
        store
            .add_rampable_account(&holder.scope, new, store.now())
            .await
            .unwrap()
    };
    assert_eq!(add("ada").await, RampableAdded::Added);
    assert_eq!(add("eve").await, RampableAdded::Known);
    let account = RampableAccount {
        username: "ada".to_owned(),
        app: Some(scope.app()),
    };
    assert_eq!(store.rampable_account(&scope, ada).await.unwrap(), Some(account));
    assert_eq!(store.rampable_account(&elsewhere, ada).await.unwrap(), None);
    assert_eq!(
        store.rampable_account(&scope, UserId(store.ids.id())).await.unwrap(),
        None
    );
    store.execute("update users set status = 'suspended'").await;
    store.execute("delete from rampable_accounts").await;
    assert_eq!(
        add("ada").await,
        RampableAdded::Refused,
        "nobody who is locked out gets one"
    );
}
