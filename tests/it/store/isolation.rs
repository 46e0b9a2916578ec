//! Nobody reaches what is not theirs: each verb, across partners, users, environments and organizations.

use aboard::domain::{PartnerUserId, SubscriptionStatus, UserKeyId};
use aboard::store::{Exchange, NewSubscription, Once};

use crate::support::calls::user_key_of;
use crate::support::store::{TestStore, both};
use crate::support::world::{Partner, World};

both! {
    a_partner_sees_its_own_users_alone,
    the_same_name_is_another_user_for_each_partner,
    a_partner_signs_with_its_own_secret,
    a_partner_is_not_shown_what_another_brought_to_the_same_user,
    a_session_reaches_its_own_user_alone,
    a_click_ends_no_session_of_another_environment,
    a_token_names_its_own_user_environment_and_key,
    plans_and_suspension_stay_in_their_environment,
    a_back_end_exchanges_its_own_codes_alone,
}

/// The sandbox's partner, and others that must not reach what is its own.
async fn strangers(store: &TestStore, world: &World) -> Vec<Partner> {
    let neighbour = store.partner(world.sandbox.id, world.sandbox.kind, "Neighbour").await;
    let other = store.world().await;
    let production = store.partner(world.production.id, world.production.kind, "Wrapp").await;
    vec![neighbour, production, other.sandbox.partner, other.production.partner]
}

fn ada() -> PartnerUserId {
    PartnerUserId::parse("ada".to_owned()).unwrap()
}

async fn a_partner_sees_its_own_users_alone(store: TestStore) {
    let world = store.world().await;
    let strangers = strangers(&store, &world).await;
    store.sign_in(&world.sandbox.partner, "ada").await;
    let before = store.everything().await;
    for stranger in &strangers {
        let seen = store.check_user(&stranger.scope, &ada(), store.now()).await.unwrap();
        assert_eq!(seen, None);
        let key = user_key_of(&store.call("ada").user_key);
        let issued = store
            .issue_user_key(&stranger.scope, ada(), key, None, store.now())
            .await
            .unwrap();
        assert_eq!(issued, Once::Done(None));
    }
    assert_eq!(store.everything().await, before);
}

async fn the_same_name_is_another_user_for_each_partner(store: TestStore) {
    let world = store.world().await;
    let strangers = strangers(&store, &world).await;
    let mine = store.log_in(&world.sandbox.partner, store.call("ada").login).await.user;
    store
        .set_suspended(&store.admin(), world.sandbox.id, mine, true, store.now())
        .await
        .unwrap();
    let before = store
        .rows(&format!(
            "select * from identities where user_id = {}",
            store.literal(mine.0)
        ))
        .await;
    for stranger in &strangers {
        // Neither the user's state nor its identities tell anything.
        let theirs = store.log_in(stranger, store.call("ada").login).await;
        assert!(theirs.created && theirs.user != mine);
    }
    let after = store
        .rows(&format!(
            "select * from identities where user_id = {}",
            store.literal(mine.0)
        ))
        .await;
    assert_eq!(after, before);
    assert_eq!(store.count("users").await, 5);
}

async fn a_partner_signs_with_its_own_secret(store: TestStore) {
    let world = store.world().await;
    let strangers = strangers(&store, &world).await;
    for partner in strangers
        .iter()
        .chain([&world.sandbox.partner, &world.production.partner])
    {
        assert_eq!(store.signs_with(partner).await, Some(partner.secret));
    }
}

async fn a_partner_is_not_shown_what_another_brought_to_the_same_user(store: TestStore) {
    let world = store.world().await;
    let (wrapp, neighbour) = (&world.sandbox.partner, &strangers(&store, &world).await[0]);
    let person = store.sign_in(wrapp, "ada").await;
    store.advance(1);
    let mut call = store.call_with_webhook(neighbour, "ada");
    call.login.email = aboard::domain::Email::parse("private@example.com").unwrap();
    let joined = store.log_in(neighbour, call.login).await.user;
    // What a join leaves: both partners' identities and keys on one user.
    for table in ["identities", "user_keys"] {
        let (to, from) = (store.literal(person.user.0), store.literal(joined.0));
        store
            .execute(&format!("update {table} set user_id = {to} where user_id = {from}"))
            .await;
    }
    let email = async |partner: &Partner| {
        store
            .check_user(&partner.scope, &ada(), store.now())
            .await
            .unwrap()
            .unwrap()
            .email
    };
    assert_eq!(email(wrapp).await, "ada@example.com");
    assert_eq!(email(neighbour).await, "private@example.com");
    for (key, partner, email) in [
        (&person.user_key, wrapp, "ada@example.com"),
        (&call.user_key, neighbour, "private@example.com"),
    ] {
        let holder = store.user_by_key(&key.key, store.now()).await.unwrap().unwrap();
        assert_eq!((holder.scope.partner(), &*holder.email), (Some(partner.id), email));
        assert_eq!(holder.scope.user(), person.user);
    }
    let account = store.account(&person.session.scope).await.unwrap().unwrap();
    assert!(
        account
            .identities
            .iter()
            .all(|identity| identity.shown != "private@example.com")
    );
    let Exchange::LoggedIn(login) = store
        .exchange_login_code(&world.sandbox.server, &person.code, None, store.now())
        .await
        .unwrap()
    else {
        panic!("the code is good")
    };
    assert_eq!((login.partner, &*login.email), (wrapp.id, "ada@example.com"));
}

async fn a_session_reaches_its_own_user_alone(store: TestStore) {
    let world = store.world().await;
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let others = [
        store.sign_in(&world.sandbox.partner, "bob").await,
        store.sign_in(&world.production.partner, "ada").await,
    ];
    for other in &others {
        assert_eq!(
            store.account(&other.session.scope).await.unwrap().unwrap().user,
            other.user
        );
        store.end_session(&other.session, store.now()).await.unwrap();
        store.end_all_sessions(&other.session.scope, store.now()).await.unwrap();
        assert!(store.alive(&other.cookie).await.is_none());
    }
    assert!(store.alive(&ada.cookie).await.is_some());
    assert_eq!(store.account(&ada.session.scope).await.unwrap().unwrap().user, ada.user);
}

async fn a_click_ends_no_session_of_another_environment(store: TestStore) {
    let world = store.world().await;
    let elsewhere = store.sign_in(&world.production.partner, "ada").await;
    let call = store.call("ada");
    store.log_in(&world.sandbox.partner, call.login).await;
    let mut click = store.click(&call.link);
    click.redemption.replaces = Some(elsewhere.session.id);
    store.redeem(click.redemption).await;
    assert!(store.alive(&elsewhere.cookie).await.is_some());
    assert!(store.alive(&click.cookie).await.is_some());
}

async fn a_token_names_its_own_user_environment_and_key(store: TestStore) {
    let world = store.world().await;
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let bob = store.sign_in(&world.sandbox.partner, "bob").await;
    let (sandbox, production, now) = (world.sandbox.id, world.production.id, store.now());
    let [adas, bobs] = [&ada, &bob].map(|person| UserKeyId(person.user_key.key.id));
    for (environment, user, key, good) in [
        (sandbox, ada.user, adas, true),
        (production, ada.user, adas, false),
        (sandbox, bob.user, adas, false),
        (sandbox, ada.user, bobs, false),
        (sandbox, ada.user, UserKeyId(store.ids.id()), false),
    ] {
        let holder = store.user_by_token(environment, user, key, now, now).await.unwrap();
        assert_eq!(holder.is_some(), good, "{environment} {user} {key}");
    }
}

async fn plans_and_suspension_stay_in_their_environment(store: TestStore) {
    let world = store.world().await;
    let user = store.sign_in(&world.sandbox.partner, "ada").await.user;
    let before = store.everything().await;
    let plan = NewSubscription {
        plan_name: "Pro".to_owned(),
        status: SubscriptionStatus::Active,
        period_end: store.later(60),
        next_payment_amount: None,
    };
    let production = world.production.id;
    assert!(
        !store
            .set_subscription(&store.admin(), production, user, plan, store.now())
            .await
            .unwrap()
    );
    assert!(
        !store
            .set_suspended(&store.admin(), production, user, true, store.now())
            .await
            .unwrap()
    );
    assert_eq!(store.everything().await, before);
}

async fn a_back_end_exchanges_its_own_codes_alone(store: TestStore) {
    let (world, other) = (store.world().await, store.world().await);
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let before = store.everything().await;
    for server in [world.production.server, other.sandbox.server, other.production.server] {
        let answer = store
            .exchange_login_code(&server, &ada.code, None, store.now())
            .await
            .unwrap();
        assert_eq!(answer, Exchange::Refused);
    }
    assert_eq!(store.everything().await, before);
}
