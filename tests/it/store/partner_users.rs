//! `external_login` and `check_user`: who a partner's user is.

use aboard::domain::{Email, PartnerUserId, SubscriptionStatus, UserId};
use aboard::store::{CheckedUser, ExternalLoginOutcome, LoggedIn, NewSubscription};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both};
use crate::support::world::Partner;

both! {
    a_new_user_comes_with_its_identities_key_event_and_delivery,
    without_a_webhook_there_is_an_event_and_no_delivery_or_key,
    a_known_user_is_logged_in_and_not_made_again,
    a_suspended_user_gets_no_link_and_nothing_is_written,
    partner_user_ids_are_compared_byte_by_byte,
    an_email_known_elsewhere_makes_no_difference,
    a_partner_user_id_may_have_255_characters,
    a_subscription_is_active_or_in_trial_until_its_period_ends,
    an_unknown_user_is_none,
}

async fn a_new_user_comes_with_its_identities_key_event_and_delivery(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let call = store.call_with_webhook(&partner, "ada");
    let (user, wrapp_user) = (call.login.user, call.login.wrapp_user);

    let logged_in = store.log_in(&partner, call.login.clone()).await;
    assert_eq!(
        logged_in,
        LoggedIn {
            user,
            created: true,
            replayed: false
        }
    );

    assert_eq!(checked(&store, &partner, "ada").await.unwrap().email, "ada@example.com");
    let preview = store
        .preview_login_link(&call.link, store.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(preview.user, user);
    let holder = store
        .user_by_key(&call.user_key.key, store.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((holder.scope.user(), holder.wrapp_user), (user, wrapp_user));
    assert_eq!(
        store
            .rows("select kind, source, key, shown, state from identities order by kind")
            .await,
        [
            "email|partner|ada@example.com|ada@example.com|claimed",
            "partner_user|partner|ada|ada|verified",
            "phone|partner|1234567890|1234567890|claimed",
        ]
    );
    let event = format!(
        "events where id = {} and user_id = {} and type = 'user.created'",
        store.literal(call.login.event.0),
        store.literal(user.0)
    );
    assert_eq!(store.count(&event).await, 1);

    let owner = store.ids.id();
    let due = store
        .claim_deliveries(store.system(), owner, store.now(), store.later(60), 10)
        .await
        .unwrap();
    let webhook = call.login.webhook.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].id, due[0].event, due[0].secret),
        (webhook.delivery, call.login.event, partner.secret)
    );
    assert_eq!(due[0].sealed_body.as_ref(), Some(&webhook.sealed_body));
}

async fn without_a_webhook_there_is_an_event_and_no_delivery_or_key(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    assert!(store.log_in(&partner, store.call("ada").login).await.created);
    for (table, rows) in [
        ("users", 1),
        ("identities", 3),
        ("events where type like 'user.%'", 1),
        ("login_links", 1),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
    for table in ["deliveries", "jobs", "user_keys"] {
        assert_eq!(store.count(table).await, 0, "{table}");
    }
}

async fn a_known_user_is_logged_in_and_not_made_again(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (first, second) = (
        store.call_with_webhook(&partner, "ada"),
        store.call_with_webhook(&partner, "ada"),
    );
    let user = first.login.user;
    store.log_in(&partner, first.login).await;
    let again = store.log_in(&partner, second.login).await;
    assert_eq!(
        again,
        LoggedIn {
            user,
            created: false,
            replayed: false
        }
    );

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
    for link in [&first.link, &second.link] {
        assert_eq!(
            store.preview_login_link(link, store.now()).await.unwrap().unwrap().user,
            user
        );
    }
    assert!(
        store
            .user_by_key(&second.user_key.key, store.now())
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_suspended_user_gets_no_link_and_nothing_is_written(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    suspend(&store, &sandbox.partner, user).await;

    let before = store.everything().await;
    let mut call = store.call_with_webhook(&sandbox.partner, "ada").login;
    call.email = Email::parse("new@example.com").unwrap();
    call.idempotency = Some(idempotency(&store, 1, 1));
    let outcome = store.external_login(&sandbox.partner.scope, call).await.unwrap();
    assert_eq!(outcome, ExternalLoginOutcome::Suspended);
    assert_eq!(store.everything().await, before);
}

async fn partner_user_ids_are_compared_byte_by_byte(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    // Case, blanks, the two ways to write é, and letters that a language sorts as equal.
    let names = [
        "ada",
        "Ada",
        "ada ",
        " ada",
        "\u{e9}",
        "e\u{301}",
        "ß",
        "ss",
        "%",
        "'; drop table users; --",
    ];
    for name in names {
        assert!(store.log_in(&partner, store.call(name).login).await.created, "{name}");
    }
    for name in names {
        assert!(!store.log_in(&partner, store.call(name).login).await.created, "{name}");
    }
    assert!(checked(&store, &partner, "ADA").await.is_none());
}

async fn an_email_known_elsewhere_makes_no_difference(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ada = store.log_in(&partner, store.call("ada").login).await;
    store
        .execute("update identities set state = 'verified' where kind in ('email', 'phone')")
        .await;
    // The same e-mail and phone under another name is another user, with claims of its own.
    let other = store.log_in(&partner, store.call("other").login).await;
    assert!(other.created && other.user != ada.user);
    assert_eq!(
        checked(&store, &partner, "other").await,
        checked(&store, &partner, "ada").await
    );
}

async fn a_partner_user_id_may_have_255_characters(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let name = "𝒜".repeat(255);
    assert!(store.log_in(&partner, store.call(&name).login).await.created);
    assert!(!store.log_in(&partner, store.call(&name).login).await.created);
    assert!(checked(&store, &partner, &name).await.is_some());
}

async fn a_subscription_is_active_or_in_trial_until_its_period_ends(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    assert!(
        !checked(&store, &sandbox.partner, "ada")
            .await
            .unwrap()
            .active_subscription
    );

    for (status, active) in [
        ("active", true),
        ("trialing", true),
        ("past_due", false),
        ("canceled", false),
    ] {
        let plan = NewSubscription {
            plan_name: "Pro".to_owned(),
            status: SubscriptionStatus::parse(status).expect("a status"),
            period_end: store.later(60),
            next_payment_amount: None,
        };
        assert!(
            store
                .set_subscription(&store.admin(), sandbox.id, user, plan, store.now())
                .await
                .unwrap()
        );
        let checked = checked(&store, &sandbox.partner, "ada").await;
        let expected = CheckedUser {
            email: "ada@example.com".to_owned(),
            active_subscription: active,
        };
        assert_eq!(checked, Some(expected), "{status}");
    }
    store.execute("update subscriptions set status = 'active'").await;
    store.advance(59);
    assert!(
        checked(&store, &sandbox.partner, "ada")
            .await
            .unwrap()
            .active_subscription
    );
    store.advance(1);
    assert!(
        !checked(&store, &sandbox.partner, "ada")
            .await
            .unwrap()
            .active_subscription
    );
}

async fn an_unknown_user_is_none(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ada = PartnerUserId::parse("ada".to_owned()).unwrap();
    assert_eq!(store.check_user(&partner.scope, &ada, store.now()).await.unwrap(), None);
}

pub async fn checked(store: &TestStore, partner: &Partner, name: &str) -> Option<CheckedUser> {
    let name = PartnerUserId::parse(name.to_owned()).unwrap();
    store.check_user(&partner.scope, &name, store.now()).await.unwrap()
}

async fn suspend(store: &TestStore, partner: &Partner, user: UserId) {
    let environment = partner.scope.environment();
    assert!(
        store
            .set_suspended(&store.admin(), environment, user, true, store.now())
            .await
            .unwrap()
    );
}
