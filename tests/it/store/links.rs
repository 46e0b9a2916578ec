//! Login links: the page before the click, and the click.

use aboard::domain::{Amr, EnvironmentKind, LoginLinkId, Token};
use aboard::store::{Redeemed, RedemptionOutcome};

use crate::support::calls::RETURN_URL;
use crate::support::store::{TestStore, both, race};

both! {
    the_page_names_partner_and_user_and_changes_nothing,
    the_page_is_gone_for_a_link_that_cannot_be_used,
    a_click_begins_a_session_and_the_link_is_used,
    a_link_that_is_used_expired_or_unknown_begins_nothing,
    a_link_with_another_secret_begins_nothing,
    a_locked_users_link_begins_nothing,
    logging_out_everywhere_ends_the_links_that_were_sent_before,
    a_link_keeps_where_it_was_sent_to,
    a_new_session_takes_the_place_of_the_browsers_old_one,
    every_link_of_a_user_works_once,
    of_many_clicks_at_once_one_begins_a_session,
}

async fn the_page_names_partner_and_user_and_changes_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut call = store.call("ada");
    call.login.link.state = Some("a state".to_owned());
    call.login.link.return_url = Some(RETURN_URL.to_owned());
    let expires_at = call.login.link.expires_at;
    let user = store.log_in(&sandbox.partner, call.login).await.user;

    let before = store.everything().await;
    for _ in 0..2 {
        let preview = store
            .preview_login_link(&call.link, store.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (preview.environment, preview.kind),
            (sandbox.id, EnvironmentKind::Sandbox)
        );
        assert_eq!((&*preview.organization, &*preview.partner), ("Acme", "Wrapp"));
        assert_eq!((preview.user, &*preview.email), (user, "ada@example.com"));
        assert_eq!(
            (preview.state.as_deref(), preview.return_url.as_deref()),
            (Some("a state"), Some(RETURN_URL))
        );
        assert_eq!(preview.expires_at, expires_at);
    }
    assert_eq!(store.everything().await, before);
}

async fn the_page_is_gone_for_a_link_that_cannot_be_used(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let shown = async |link: &Token| store.preview_login_link(link, store.now()).await.unwrap().is_some();
    let [used, locked, expired] = ["used", "locked", "expired"].map(|name| store.call(name));
    let links = [used.link.clone(), locked.link.clone(), expired.link.clone()];
    let locked_user = locked.login.user;
    for call in [used, locked, expired] {
        store.log_in(&sandbox.partner, call.login).await;
    }
    let [used, locked, expired] = &links;
    for link in &links {
        assert!(shown(link).await);
    }

    store.redeem(store.click(used).redemption).await;
    assert!(!shown(used).await, "used");
    store
        .set_suspended(&store.admin(), sandbox.id, locked_user, true, store.now())
        .await
        .unwrap();
    assert!(!shown(locked).await, "locked");
    assert!(
        !shown(&Token::new(store.ids.id(), store.ids.secret())).await,
        "never made"
    );
    assert!(
        !shown(&Token::new(expired.id(), store.ids.secret())).await,
        "another secret"
    );
    store.advance(599);
    assert!(shown(expired).await);
    store.advance(1);
    assert!(!shown(expired).await, "expired");
}

async fn a_click_begins_a_session_and_the_link_is_used(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call("ada");
    let user = store.log_in(&sandbox.partner, call.login).await.user;
    let click = store.click(&call.link);

    let outcome = store.redeem_login_link(click.redemption).await.unwrap();
    assert_eq!(outcome, RedemptionOutcome::Redeemed(Redeemed { user }));
    let session = store.alive(&click.cookie).await.unwrap();
    assert_eq!(session.id.0, click.cookie.id());
    assert_eq!((session.scope.environment(), session.scope.user()), (sandbox.id, user));
    assert_eq!(
        (session.scope.partner(), session.scope.user_key()),
        (Some(sandbox.partner.id), None)
    );
    assert_eq!((session.amr, session.kind), (Amr::Partner, EnvironmentKind::Sandbox));
    assert_eq!((session.auth_time, session.seen_at), (store.now(), store.now()));
}

async fn a_link_that_is_used_expired_or_unknown_begins_nothing(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (used, expired) = (store.call("ada"), store.call("ada"));
    store.log_in(&partner, used.login).await;
    store.log_in(&partner, expired.login).await;
    store.redeem(store.click(&used.link).redemption).await;
    store.advance(600);
    let unknown = Token::new(store.ids.id(), store.ids.secret());

    let before = store.everything().await;
    for link in [&used.link, &expired.link, &unknown] {
        let click = store.click(link);
        let outcome = store.redeem_login_link(click.redemption).await.unwrap();
        assert_eq!(outcome, RedemptionOutcome::Gone);
        assert!(store.alive(&click.cookie).await.is_none());
    }
    assert_eq!(store.everything().await, before);
}

async fn a_link_with_another_secret_begins_nothing(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let call = store.call("ada");
    store.log_in(&partner, call.login).await;
    let guessed = Token::new(call.link.id(), store.ids.secret());
    let outcome = store.redeem_login_link(store.click(&guessed).redemption).await.unwrap();
    assert_eq!(outcome, RedemptionOutcome::Gone);
    // The guess has not used it up.
    store.redeem(store.click(&call.link).redemption).await;
}

async fn a_locked_users_link_begins_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call("ada");
    let user = store.log_in(&sandbox.partner, call.login).await.user;
    store
        .set_suspended(&store.admin(), sandbox.id, user, true, store.now())
        .await
        .unwrap();
    let before = store.everything().await;
    let outcome = store
        .redeem_login_link(store.click(&call.link).redemption)
        .await
        .unwrap();
    assert_eq!(outcome, RedemptionOutcome::Gone);
    assert_eq!(store.everything().await, before);
}

async fn logging_out_everywhere_ends_the_links_that_were_sent_before(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let (first, waiting) = (store.call("ada"), store.call("ada"));
    store.log_in(&partner, first.login).await;
    store.log_in(&partner, waiting.login).await;
    let click = store.click(&first.link);
    let cookie = click.cookie.clone();
    store.redeem(click.redemption).await;
    let session = store.alive(&cookie).await.unwrap();
    store.end_all_sessions(&session.scope, store.now()).await.unwrap();
    store.advance(1);

    let now = store.now();
    assert!(store.preview_login_link(&waiting.link, now).await.unwrap().is_none());
    let outcome = store
        .redeem_login_link(store.click(&waiting.link).redemption)
        .await
        .unwrap();
    assert_eq!(outcome, RedemptionOutcome::Gone);

    let later = store.call("ada");
    store.log_in(&partner, later.login).await;
    store.redeem(store.click(&later.link).redemption).await;
}

async fn a_link_keeps_where_it_was_sent_to(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let without_code = store.call("ada");
    let mut with_code = store.call("ada");
    with_code.login.link.return_url = Some("https://app.example.com/asked".to_owned());
    let (first, second) = (without_code.login.link.id, with_code.login.link.id);
    store.log_in(&partner, without_code.login).await;
    store.log_in(&partner, with_code.login).await;

    let mut click = store.click(&without_code.link).redemption;
    click.code = None;
    store.redeem(click).await;
    store.redeem(store.click(&with_code.link).redemption).await;
    let stored = async |link: LoginLinkId| {
        let id = store.literal(link.0);
        store
            .rows(&format!(
                "select return_url, code_hash is null from login_links where id = {id}"
            ))
            .await
            .remove(0)
    };
    assert!(["null|1", "null|t"].contains(&&*stored(first).await));
    assert!([format!("{RETURN_URL}|0"), format!("{RETURN_URL}|f")].contains(&stored(second).await));
}

async fn a_new_session_takes_the_place_of_the_browsers_old_one(store: TestStore) {
    let world = store.world().await;
    let old = store.sign_in(&world.sandbox.partner, "ada").await;
    let elsewhere = store.sign_in(&world.sandbox.partner, "ada").await;
    let call = store.call("bob");
    store.log_in(&world.sandbox.partner, call.login).await;
    let mut click = store.click(&call.link);
    click.redemption.replaces = Some(old.session.id);
    store.redeem(click.redemption).await;

    assert!(store.alive(&old.cookie).await.is_none());
    assert!(store.alive(&elsewhere.cookie).await.is_some());
    assert!(store.alive(&click.cookie).await.is_some());

    // A click that begins nothing ends nothing either.
    let mut late = store.click(&call.link);
    late.redemption.replaces = Some(elsewhere.session.id);
    assert_eq!(
        store.redeem_login_link(late.redemption).await.unwrap(),
        RedemptionOutcome::Gone
    );
    assert!(store.alive(&elsewhere.cookie).await.is_some());
}

async fn every_link_of_a_user_works_once(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let calls = [store.call("ada"), store.call("ada")];
    for call in &calls {
        store.log_in(&partner, call.login.clone()).await;
    }
    for call in &calls {
        store.redeem(store.click(&call.link).redemption).await;
    }
    assert_eq!(store.count("sessions where ended_at is null").await, 2);
}

async fn of_many_clicks_at_once_one_begins_a_session(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    let call = store.call("ada");
    store.log_in(&partner, call.login).await;
    let clicks: Vec<_> = (0..20).map(|_| store.click(&call.link)).collect();
    let outcomes = race(clicks.len(), |number| {
        let (store, redemption) = (store.clone(), clicks[number].redemption.clone());
        async move { (number, store.redeem_login_link(redemption).await.unwrap()) }
    })
    .await;
    let winners: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome != RedemptionOutcome::Gone)
        .collect();
    let [(winner, _)] = winners[..] else {
        panic!("{winners:?}")
    };
    for (number, click) in clicks.iter().enumerate() {
        assert_eq!(store.alive(&click.cookie).await.is_some(), number == *winner);
    }
    assert_eq!(store.count("sessions").await, 1);
}
