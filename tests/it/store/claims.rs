//! What a partner claims of its user: the newest is shown, a proven one stays.

use aboard::domain::{Email, Phone};

use super::partner_users::checked;
use crate::support::store::{TestStore, both};
use crate::support::world::Partner;

both! {
    another_email_or_phone_replaces_the_claim,
    the_same_email_written_otherwise_is_shown_as_given,
    a_verified_claim_is_never_replaced,
}

async fn another_email_or_phone_replaces_the_claim(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, store.call("ada").login).await;
    give(&store, &partner, "countess@example.com", "+306912345678").await;

    assert_eq!(email(&store, &partner).await, "countess@example.com");
    assert_eq!(
        claims(&store).await,
        ["email|countess@example.com|claimed", "phone|+306912345678|claimed"]
    );
}

async fn the_same_email_written_otherwise_is_shown_as_given(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, store.call("ada").login).await;
    give(&store, &partner, "Ada@Example.com", "1234567890").await;

    assert_eq!(email(&store, &partner).await, "Ada@Example.com");
    assert_eq!(
        claims(&store).await,
        ["email|ada@example.com|claimed", "phone|1234567890|claimed"]
    );
}

async fn a_verified_claim_is_never_replaced(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.log_in(&partner, store.call("ada").login).await;
    store
        .execute("update identities set state = 'verified' where kind in ('email', 'phone')")
        .await;

    give(&store, &partner, "new@example.com", "7654321").await;
    assert_eq!(email(&store, &partner).await, "new@example.com");
    let both_of_each = [
        "email|ada@example.com|verified",
        "email|new@example.com|claimed",
        "phone|1234567890|verified",
        "phone|7654321|claimed",
    ];
    assert_eq!(claims(&store).await, both_of_each);

    // The verified ones again: no third row.
    give(&store, &partner, "ada@example.com", "1234567890").await;
    assert_eq!(email(&store, &partner).await, "ada@example.com");
    assert_eq!(claims(&store).await, both_of_each);

    // Yet another takes the place of the claim.
    give(&store, &partner, "other@example.com", "1234567890").await;
    assert_eq!(email(&store, &partner).await, "other@example.com");
    assert_eq!(
        claims(&store).await,
        [
            "email|ada@example.com|verified",
            "email|other@example.com|claimed",
            "phone|1234567890|verified",
            "phone|7654321|claimed",
        ]
    );
}

async fn email(store: &TestStore, partner: &Partner) -> String {
    checked(store, partner, "ada").await.unwrap().email
}

async fn claims(store: &TestStore) -> Vec<String> {
    store
        .rows("select kind, key, state from identities where kind <> 'partner_user' order by kind, state desc")
        .await
}

/// Ada's partner gives another e-mail and phone, a second later.
async fn give(store: &TestStore, partner: &Partner, email: &str, phone: &str) {
    store.advance(1);
    let mut call = store.call("ada").login;
    call.email = Email::parse(email).unwrap();
    call.phone = Phone::parse(phone, None).unwrap();
    assert!(!store.log_in(partner, call).await.created);
}
