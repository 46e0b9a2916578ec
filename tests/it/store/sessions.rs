//! Sessions: how they are found, how they end.

use aboard::domain::Token;

use crate::support::store::{TestStore, both};

both! {
    a_cookie_with_another_secret_is_no_session,
    a_session_ends_when_it_is_not_used,
    a_session_that_is_used_lives_on,
    a_session_ends_absolutely,
    a_session_that_was_ended_stays_ended,
    log_out_everywhere_ends_every_session_of_the_user,
    suspension_ends_sessions_for_good,
}

const DAY: u64 = 86_400;

async fn a_cookie_with_another_secret_is_no_session(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    for cookie in [
        Token::new(ada.cookie.id(), store.ids.secret()),
        Token::new(store.ids.id(), store.ids.secret()),
        ada.code,
    ] {
        assert!(
            store
                .session(&cookie, store.now(), store.later(-60))
                .await
                .unwrap()
                .is_none()
        );
    }
    assert!(
        store
            .session(&ada.cookie, store.now(), store.later(-60))
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_session_ends_when_it_is_not_used(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    store.advance(14 * DAY - 1);
    assert!(store.alive(&ada.cookie).await.is_some());
    store.advance(1);
    assert!(store.alive(&ada.cookie).await.is_none());
}

async fn a_session_that_is_used_lives_on(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    let born = store.now();
    store.advance(13 * DAY);
    store.touch_session(&ada.session, store.now()).await.unwrap();
    let session = store.alive(&ada.cookie).await.unwrap();
    assert_eq!((session.auth_time, session.seen_at), (born, store.now()));
    store.advance(13 * DAY);
    assert!(store.alive(&ada.cookie).await.is_some());
}

async fn a_session_ends_absolutely(store: TestStore) {
    let ada = store.sign_in(&store.world().await.sandbox.partner, "ada").await;
    store.advance(90 * DAY - 1);
    store.touch_session(&ada.session, store.now()).await.unwrap();
    assert!(store.alive(&ada.cookie).await.is_some());
    store.advance(1);
    assert!(store.alive(&ada.cookie).await.is_none());
}

async fn a_session_that_was_ended_stays_ended(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (ada, elsewhere) = (
        store.sign_in(&partner, "ada").await,
        store.sign_in(&partner, "ada").await,
    );
    store.end_session(&ada.session, store.now()).await.unwrap();
    assert!(store.alive(&ada.cookie).await.is_none());
    assert!(store.alive(&elsewhere.cookie).await.is_some());

    let ended = store.everything().await;
    store.advance(1);
    store.touch_session(&ada.session, store.now()).await.unwrap();
    store.end_session(&ada.session, store.now()).await.unwrap();
    assert_eq!(store.everything().await, ended);
}

async fn log_out_everywhere_ends_every_session_of_the_user(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let bob = store.sign_in(&partner, "bob").await;
    let first = store.sign_in(&partner, "ada").await;
    store.advance(1);
    // Born in the very moment of the log-out.
    let second = store.sign_in(&partner, "ada").await;
    store.end_all_sessions(&first.session.scope, store.now()).await.unwrap();
    for ended in [&first, &second] {
        assert!(store.alive(&ended.cookie).await.is_none());
    }
    assert!(store.alive(&bob.cookie).await.is_some());

    store.advance(1);
    let after = store.sign_in(&partner, "ada").await;
    assert!(store.alive(&after.cookie).await.is_some());
    assert!(store.alive(&first.cookie).await.is_none());
}

async fn suspension_ends_sessions_for_good(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    for suspended in [true, false] {
        store.advance(1);
        assert!(
            store
                .set_suspended(&store.admin(), sandbox.id, ada.user, suspended, store.now())
                .await
                .unwrap()
        );
        assert!(store.alive(&ada.cookie).await.is_none(), "suspended: {suspended}");
    }
    let after = store.sign_in(&sandbox.partner, "ada").await;
    assert!(store.alive(&after.cookie).await.is_some());
}
