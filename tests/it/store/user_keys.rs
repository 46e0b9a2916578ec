//! Keys of users: issued to a partner, presented, and behind tokens.

use aboard::domain::{ApiKey, EnvironmentKind, KeyKind, NewKey, PartnerUserId, SubscriptionStatus, UserKeyId};
use aboard::store::{IssuedUserKey, MOST_USER_KEYS, NewSubscription, Once, PartnerScope, Plan, UserKeyHolder};

use crate::support::calls::{SignedIn, user_key_of};
use crate::support::store::{TestStore, both, race};
use crate::support::world::Partner;

both! {
    a_key_names_its_user_as_the_partner_knows_it,
    a_key_with_another_secret_is_refused,
    an_unknown_key_is_refused,
    a_partner_may_issue_further_keys,
    no_key_is_issued_for_an_unknown_or_suspended_user,
    a_suspended_users_key_is_refused_until_it_is_let_in,
    a_token_works_while_its_key_does,
    log_out_everywhere_ends_tokens_but_not_keys,
    the_holder_shows_the_newest_email_and_the_plan,
    of_too_many_keys_the_oldest_ends,
    many_at_once_leave_as_many_as_there_may_be,
    a_partner_lists_and_ends_its_own_keys_alone,
    an_operator_ends_any_key_and_the_audit_log_says_so,
}

fn name(text: &str) -> PartnerUserId {
    PartnerUserId::parse(text.to_owned()).unwrap()
}

async fn holder(store: &TestStore, key: &ApiKey) -> Option<UserKeyHolder> {
    store.user_by_key(key, store.now()).await.unwrap()
}

async fn a_key_names_its_user_as_the_partner_knows_it(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call_with_webhook(&sandbox.partner, "ada");
    store.log_in(&sandbox.partner, call.login.clone()).await;

    let found = holder(&store, &call.user_key.key).await.unwrap();
    assert_eq!(found.scope.user(), call.login.user);
    assert_eq!(found.scope.environment(), sandbox.id);
    assert_eq!(found.scope.partner(), Some(sandbox.partner.id));
    assert_eq!(found.scope.user_key(), Some(UserKeyId(call.user_key.key.id)));
    assert_eq!(found.kind, EnvironmentKind::Sandbox);
    assert_eq!(found.wrapp_user, call.login.wrapp_user);
    assert_eq!(found.partner_user_id, "ada");
    assert_eq!(
        (&*found.email, &*found.email_key),
        ("ada@example.com", "ada@example.com")
    );
    assert_eq!(found.plan, None);
}

async fn a_key_with_another_secret_is_refused(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let call = store.call_with_webhook(&partner, "ada");
    store.log_in(&partner, call.login).await;
    let id = call.user_key.key.id;
    let guessed = NewKey::new(KeyKind::User, EnvironmentKind::Sandbox, id, store.ids.secret());
    assert!(holder(&store, &guessed.key).await.is_none());
    assert!(holder(&store, &call.user_key.key).await.is_some());
}

async fn an_unknown_key_is_refused(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    // Never stored: the call had no webhook.
    let call = store.call("ada");
    store.log_in(&partner, call.login).await;
    assert!(holder(&store, &call.user_key.key).await.is_none());
}

async fn a_partner_may_issue_further_keys(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let call = store.call_with_webhook(&partner, "ada");
    store.log_in(&partner, call.login.clone()).await;
    let another = store.call("ada").user_key;

    let issued = store
        .issue_user_key(&partner.scope, name("ada"), user_key_of(&another), None, store.now())
        .await
        .unwrap();
    let expected = IssuedUserKey {
        user: call.login.user,
        wrapp_user: call.login.wrapp_user,
    };
    assert_eq!(issued, Once::Done(Some(expected)));
    for key in [&another.key, &call.user_key.key] {
        assert_eq!(holder(&store, key).await.unwrap().scope.user(), call.login.user);
    }
}

async fn no_key_is_issued_for_an_unknown_or_suspended_user(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    assert!(
        store
            .set_suspended(&store.admin(), sandbox.id, user, true, store.now())
            .await
            .unwrap()
    );
    let before = store.everything().await;
    for unknown in ["ada", "bob"] {
        let key = user_key_of(&store.call(unknown).user_key);
        let issued = store
            .issue_user_key(&sandbox.partner.scope, name(unknown), key, None, store.now())
            .await
            .unwrap();
        assert_eq!(issued, Once::Done(None), "{unknown}");
    }
    assert_eq!(store.everything().await, before);
}

async fn a_suspended_users_key_is_refused_until_it_is_let_in(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let SignedIn { user, user_key, .. } = store.sign_in(&sandbox.partner, "ada").await;
    for suspended in [true, false] {
        assert!(
            store
                .set_suspended(&store.admin(), sandbox.id, user, suspended, store.now())
                .await
                .unwrap()
        );
        assert_eq!(holder(&store, &user_key.key).await.is_none(), suspended);
    }
}

async fn by_token(store: &TestStore, partner: &Partner, ada: &SignedIn, seconds_ago: i64) -> Option<UserKeyHolder> {
    let (environment, key) = (partner.scope.environment(), UserKeyId(ada.user_key.key.id));
    let (issued_at, now) = (store.later(-seconds_ago), store.now());
    store
        .user_by_token(environment, ada.user, key, issued_at, now)
        .await
        .unwrap()
}

async fn a_token_works_while_its_key_does(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ada = store.sign_in(&partner, "ada").await;
    let found = by_token(&store, &partner, &ada, 0).await.unwrap();
    assert_eq!((found.scope.user(), &*found.partner_user_id), (ada.user, "ada"));

    store
        .execute(&format!(
            "update user_keys set revoked_at = {}",
            store.moment(store.now())
        ))
        .await;
    assert!(by_token(&store, &partner, &ada, 0).await.is_none());
    assert!(holder(&store, &ada.user_key.key).await.is_none());
}

async fn log_out_everywhere_ends_tokens_but_not_keys(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ada = store.sign_in(&partner, "ada").await;
    store.advance(10);
    store.end_all_sessions(&ada.session.scope, store.now()).await.unwrap();
    assert!(by_token(&store, &partner, &ada, 5).await.is_none());
    // Even one of that very moment.
    assert!(by_token(&store, &partner, &ada, 0).await.is_none());
    assert!(holder(&store, &ada.user_key.key).await.is_some());
    store.advance(1);
    assert!(by_token(&store, &partner, &ada, 0).await.is_some());
}

async fn the_holder_shows_the_newest_email_and_the_plan(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    store
        .execute("update identities set state = 'verified' where kind = 'email'")
        .await;
    store.advance(1);
    let mut call = store.call("ada").login;
    call.email = aboard::domain::Email::parse("New@example.com").unwrap();
    store.log_in(&sandbox.partner, call).await;
    let plan = NewSubscription {
        plan_name: "Pro".to_owned(),
        status: SubscriptionStatus::Trialing,
        period_end: store.later(60),
        next_payment_amount: Some("9.99 EUR".to_owned()),
    };
    assert!(
        store
            .set_subscription(&store.admin(), sandbox.id, ada.user, plan, store.now())
            .await
            .unwrap()
    );

    let found = holder(&store, &ada.user_key.key).await.unwrap();
    assert_eq!(
        (&*found.email, &*found.email_key),
        ("New@example.com", "new@example.com")
    );
    let expected = Plan {
        name: "Pro".to_owned(),
        active: true,
        period_end: store.later(60),
        next_payment_amount: Some("9.99 EUR".to_owned()),
    };
    assert_eq!(found.plan, Some(expected.clone()));
    store.advance(60);
    let ended = holder(&store, &ada.user_key.key).await.unwrap().plan;
    assert_eq!(
        ended,
        Some(Plan {
            active: false,
            ..expected
        })
    );
}

/// Another key of the partner's user; answers it.
async fn issue(store: &TestStore, partner: PartnerScope, user: &str) -> ApiKey {
    let key = store.call(user).user_key;
    let issued = store
        .issue_user_key(&partner, name(user), user_key_of(&key), None, store.now())
        .await
        .unwrap();
    assert!(matches!(issued, Once::Done(Some(_))), "{issued:?}");
    key.key
}

async fn ids_of(store: &TestStore, partner: &Partner, user: &str) -> Option<Vec<UserKeyId>> {
    let keys = store.partners_user_keys(&partner.scope, &name(user)).await.unwrap()?;
    Some(keys.into_iter().map(|key| key.id).collect())
}

async fn of_too_many_keys_the_oldest_ends(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let rival = store.partner(sandbox.id, sandbox.kind, "Globex").await;
    let (partner, rival) = (&sandbox.partner, &rival);
    let ada = store.sign_in(partner, "ada").await;
    store.log_in(rival, store.call("ada").login).await;
    store.log_in(partner, store.call("bob").login).await;
    store.advance(1);
    let (of_rival, of_bob) = (
        issue(&store, rival.scope, "ada").await,
        issue(&store, partner.scope, "bob").await,
    );
    let mut keys = vec![ada.user_key.key];
    for _ in 1..MOST_USER_KEYS {
        store.advance(1);
        keys.push(issue(&store, partner.scope, "ada").await);
    }
    for key in &keys {
        assert!(holder(&store, key).await.is_some(), "so many stand beside each other");
    }
    store.advance(1);
    keys.push(issue(&store, partner.scope, "ada").await);
    assert!(holder(&store, &keys[0]).await.is_none());
    for key in keys[1..].iter().chain([&of_rival, &of_bob]) {
        assert!(holder(&store, key).await.is_some());
    }
    let newest_first: Vec<_> = keys[1..].iter().rev().map(|key| UserKeyId(key.id)).collect();
    assert_eq!(ids_of(&store, partner, "ada").await, Some(newest_first));
}

async fn many_at_once_leave_as_many_as_there_may_be(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, store.call("ada").login).await;
    race(30, |_| {
        let (store, partner) = (store.clone(), partner.scope);
        async move { issue(&store, partner, "ada").await }
    })
    .await;
    let left = ids_of(&store, &partner, "ada").await.unwrap();
    assert_eq!(i64::try_from(left.len()).unwrap(), MOST_USER_KEYS);
}

async fn a_partner_lists_and_ends_its_own_keys_alone(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let rival = store.partner(sandbox.id, sandbox.kind, "Globex").await;
    let (partner, rival) = (&sandbox.partner, &rival);
    let ada = store.sign_in(partner, "ada").await;
    let (id, now) = (UserKeyId(ada.user_key.key.id), store.now());
    assert_eq!(ids_of(&store, partner, "ada").await, Some(vec![id]));
    assert_eq!(ids_of(&store, rival, "ada").await, None);
    assert_eq!(ids_of(&store, partner, "nobody").await, None);
    let end = async |partner: &Partner| {
        store
            .revoke_partners_user_key(&partner.scope, &store.admin(), id, now)
            .await
            .unwrap()
    };
    let before = store.everything().await;
    assert_eq!(end(rival).await, None);
    assert_eq!(store.everything().await, before);
    assert!(by_token(&store, partner, &ada, 0).await.is_some());
    assert_eq!(end(partner).await, Some(ada.user));
    assert!(holder(&store, &ada.user_key.key).await.is_none());
    assert!(by_token(&store, partner, &ada, 0).await.is_none());
    assert_eq!(ids_of(&store, partner, "ada").await, Some(vec![]));
    assert_eq!(end(partner).await, None);
    assert_eq!(
        store.audit_before(store.system(), None, 10).await.unwrap()[0].action,
        "user_key.revoked"
    );
}

async fn an_operator_ends_any_key_and_the_audit_log_says_so(store: TestStore) {
    let world = store.world().await;
    let sandbox = world.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    let id = UserKeyId(ada.user_key.key.id);
    let listed = async |environment| {
        let scope = store.system().users_of(environment);
        store.user_keys(scope, ada.user).await.unwrap()
    };
    assert_eq!(listed(world.production.id).await, []);
    let [shown] = &listed(sandbox.id).await[..] else {
        panic!("one key")
    };
    assert_eq!(
        (shown.id, shown.partner, &*shown.partner_name),
        (id, sandbox.partner.id, "Wrapp")
    );
    let end = async || store.revoke_user_key(&store.admin(), id, store.now()).await.unwrap();
    assert_eq!(end().await, Some((sandbox.id, ada.user)));
    assert_eq!(end().await, None);
    assert_eq!(listed(sandbox.id).await, []);
    let said = store.audit_before(store.system(), None, 1).await.unwrap();
    assert_eq!(
        (&*said[0].action, &*said[0].target, said[0].environment),
        ("user_key.revoked", &*id.to_string(), Some(sandbox.id))
    );
    assert!(said[0].details.contains(&ada.user.to_string()), "{said:?}");
}
