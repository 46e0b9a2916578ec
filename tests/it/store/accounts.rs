//! What a person sees of their own account, plans, and suspension.

use aboard::domain::{Email, SubscriptionStatus, UserId};
use aboard::store::{Account, AccountIdentity, NewSubscription};

use crate::support::store::{TestStore, both};

both! {
    an_account_shows_what_the_partner_brought,
    a_verified_identity_is_shown_as_such,
    the_newest_email_comes_first,
    a_session_of_ones_own_proof_shows_every_source,
    a_plan_is_set_and_set_anew,
    an_unknown_user_gets_no_plan_and_no_suspension,
    letting_in_keeps_what_the_user_was,
    letting_in_somebody_who_is_not_suspended_changes_nothing,
}

fn identity(kind: &str, shown: &str, verified: bool) -> AccountIdentity {
    AccountIdentity {
        kind: kind.to_owned(),
        shown: shown.to_owned(),
        verified,
    }
}

fn plan(store: &TestStore, name: &str, status: &str) -> NewSubscription {
    NewSubscription {
        plan_name: name.to_owned(),
        status: SubscriptionStatus::parse(status).expect("a status"),
        period_end: store.later(60),
        next_payment_amount: None,
    }
}

async fn an_account_shows_what_the_partner_brought(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    let account = store.account(&ada.session.scope).await.unwrap().unwrap();
    let expected = Account {
        user: ada.user,
        organization: "Acme".to_owned(),
        name: None,
        partner: Some("Wrapp".to_owned()),
        identities: vec![
            identity("email", "ada@example.com", false),
            identity("phone", "1234567890", false),
        ],
    };
    assert_eq!(account, expected);
    store.execute("update users set name = 'Ada'").await;
    assert_eq!(
        store
            .account(&ada.session.scope)
            .await
            .unwrap()
            .unwrap()
            .name
            .as_deref(),
        None,
        "the name is the organization's, and the session the partner's"
    );
}

async fn a_verified_identity_is_shown_as_such(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    store
        .execute("update identities set state = 'verified' where kind = 'phone'")
        .await;
    let account = store.account(&ada.session.scope).await.unwrap().unwrap();
    assert_eq!(account.identities[1], identity("phone", "1234567890", true));
    assert!(!account.identities[0].verified);
}

async fn the_newest_email_comes_first(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let ada = store.sign_in(&partner, "ada").await;
    store
        .execute("update identities set state = 'verified' where kind = 'email'")
        .await;
    store.advance(1);
    let mut call = store.call("ada").login;
    call.email = Email::parse("new@example.com").unwrap();
    store.log_in(&partner, call).await;
    let identities = store.account(&ada.session.scope).await.unwrap().unwrap().identities;
    let emails = [
        identity("email", "new@example.com", false),
        identity("email", "ada@example.com", true),
    ];
    assert_eq!(identities[..2], emails);
}

async fn a_session_of_ones_own_proof_shows_every_source(store: TestStore) {
    let world = store.world().await;
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let other = store
        .log_in(&world.sandbox.partner, store.call("other").login)
        .await
        .user;
    // What a join leaves: identities of another source on one user, and a session that no partner began.
    let moved = format!(
        "update identities set user_id = {}, source_id = {} where user_id = {} and kind = 'email'",
        store.literal(ada.user.0),
        store.literal(uuid::Uuid::nil()),
        store.literal(other.0)
    );
    store.execute(&moved).await;
    let scope = ada.session.scope;
    assert_eq!(store.account(&scope).await.unwrap().unwrap().identities.len(), 2);
    store
        .execute("update sessions set partner_id = null, amr = 'otp'")
        .await;
    let own = store.alive(&ada.cookie).await.unwrap();
    let account = store.account(&own.scope).await.unwrap().unwrap();
    assert_eq!((account.partner, account.identities.len()), (None, 3));
}

async fn a_plan_is_set_and_set_anew(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    for (name, status) in [("Basic", "active"), ("Pro", "canceled")] {
        let admin = store.admin();
        let set = store.set_subscription(&admin, sandbox.id, ada.user, plan(&store, name, status), store.now());
        assert!(set.await.unwrap());
        let holder = store
            .user_by_key(&ada.user_key.key, store.now())
            .await
            .unwrap()
            .unwrap();
        let held = holder.plan.unwrap();
        assert_eq!(
            (&*held.name, held.active, held.period_end),
            (name, status == "active", store.later(60))
        );
    }
    assert_eq!(store.count("subscriptions").await, 1);
}

async fn an_unknown_user_gets_no_plan_and_no_suspension(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let before = store.everything().await;
    let (admin, nobody) = (store.admin(), UserId(store.ids.id()));
    let set = store.set_subscription(&admin, sandbox.id, nobody, plan(&store, "Pro", "active"), store.now());
    assert!(!set.await.unwrap());
    assert!(
        !store
            .set_suspended(&store.admin(), sandbox.id, nobody, true, store.now())
            .await
            .unwrap()
    );
    assert_eq!(store.everything().await, before);
    // Somebody whose data was erased is not let in again.
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    store.execute("update users set status = 'erased'").await;
    for suspended in [true, false] {
        assert!(
            !store
                .set_suspended(&store.admin(), sandbox.id, user, suspended, store.now())
                .await
                .unwrap()
        );
    }
}

async fn letting_in_keeps_what_the_user_was(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let linked = store.log_in(&sandbox.partner, store.call("linked").login).await.user;
    let verified = store.log_in(&sandbox.partner, store.call("verified").login).await.user;
    // What a person's own proof of their e-mail leaves.
    let id = store.literal(verified.0);
    let proof =
        format!("update identities set state = 'verified', source = 'person' where kind = 'email' and user_id = {id}");
    store
        .execute(&format!(
            "{proof}; update users set status = 'verified' where id = {id}"
        ))
        .await;
    for user in [linked, verified] {
        for suspended in [true, false] {
            assert!(
                store
                    .set_suspended(&store.admin(), sandbox.id, user, suspended, store.now())
                    .await
                    .unwrap()
            );
        }
    }
    assert_eq!(
        store.rows("select status from users order by id").await,
        ["linked", "verified"]
    );
}

async fn letting_in_somebody_who_is_not_suspended_changes_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    store.execute("update users set status = 'verified'").await;
    store.advance(1);
    assert!(
        store
            .set_suspended(&store.admin(), sandbox.id, ada.user, false, store.now())
            .await
            .unwrap()
    );
    assert!(store.alive(&ada.cookie).await.is_some());
    assert_eq!(store.rows("select status from users").await, ["verified"]);
}
