//! Sessions: how they are found, how they end.

use aboard::domain::{EnvironmentKind, Token, UserKeyId};

use crate::support::store::{TestStore, both};

both! {
    a_cookie_with_another_secret_is_no_session,
    a_session_ends_when_it_is_not_used,
    a_session_that_is_used_lives_on,
    a_session_ends_absolutely,
    a_session_that_was_ended_stays_ended,
    log_out_everywhere_ends_every_session_of_the_user,
    suspension_ends_sessions_for_good,
    a_partners_log_out_everywhere_ends_what_that_partner_brought,
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

async fn a_partners_log_out_everywhere_ends_what_that_partner_brought(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let acme = &sandbox.partner;
    let rival = store.partner(sandbox.id, EnvironmentKind::Sandbox, "Rival").await;
    let call = store.call_with_webhook(acme, "ada");
    store.log_in(acme, call.login.clone()).await;
    let (ours, again) = (store.sign_in(acme, "ada").await, store.sign_in(acme, "ada").await);
    let theirs = store.sign_in(&rival, "ada").await;
    // Both partners' users are one person, as a join leaves them.
    let (person, other) = (store.literal(ours.user.0), store.literal(theirs.user.0));
    for table in ["identities", "sessions"] {
        let moved = format!("update {table} set user_id = {person} where user_id = {other}");
        store.execute(&moved).await;
    }
    let (key, now) = (UserKeyId(call.user_key.key.id), store.now());
    let token = async |issued_at| {
        let holder = store
            .user_by_token(sandbox.id, ours.user, key, issued_at, issued_at)
            .await;
        holder.unwrap().is_some()
    };
    assert!(token(now).await);
    let scope = store.alive(&ours.cookie).await.expect("alive").scope;
    for _ in 0..2 {
        store.end_all_sessions(&scope, now).await.unwrap();
    }
    for ended in [&ours.cookie, &again.cookie] {
        assert!(store.alive(ended).await.is_none());
    }
    assert!(store.alive(&theirs.cookie).await.is_some());
    assert_eq!(store.count("events where type = 'session.revoked'").await, 1);
    // The partner's tokens end with its sessions; its next ones are good.
    assert!(!token(now).await);
    store.advance(1);
    assert!(token(store.now()).await);
    assert!(store.alive(&store.sign_in(acme, "ada").await.cookie).await.is_some());
}
