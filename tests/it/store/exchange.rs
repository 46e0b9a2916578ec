//! One-time codes: exchanged once, by the right back end, with the right verifier.

use aboard::domain::{Amr, CodeChallenge, Token};
use aboard::store::{Exchange, ExchangedLogin, ServerScope};

use crate::support::calls::SignedIn;
use crate::support::store::{TestStore, both, race};

both! {
    a_code_answers_who_was_logged_in,
    a_code_is_refused_when_wrong_expired_or_never_made,
    a_code_is_refused_for_another_environment_and_stays_good,
    a_code_of_a_challenge_wants_its_verifier,
    a_verifier_without_a_challenge_is_refused,
    a_second_exchange_ends_the_session,
    a_reuse_after_the_codes_end_ends_the_session_too,
    a_click_without_a_return_url_makes_no_code,
    a_suspended_users_code_is_refused,
    a_code_ends_with_its_session,
    the_email_is_verified_once_this_user_has_proven_it,
    of_many_exchanges_at_once_one_succeeds_and_the_session_ends,
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// S256 of [`VERIFIER`], both from RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn exchange(store: &TestStore, server: &ServerScope, code: &Token, verifier: Option<&str>) -> Exchange {
    let verifier = verifier.map(str::to_owned);
    store
        .exchange_login_code(server, code, verifier, store.now())
        .await
        .unwrap()
}

async fn a_code_answers_who_was_logged_in(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call("ada");
    let auth_time = store.now();
    let (user, wrapp_user) = (call.login.user, call.login.wrapp_user);
    store.log_in(&sandbox.partner, call.login).await;
    let click = store.click(&call.link);
    store.redeem(click.redemption).await;

    store.advance(59);
    let expected = ExchangedLogin {
        user,
        partner: sandbox.partner.id,
        partner_name: "Wrapp".to_owned(),
        partner_user_id: "ada".to_owned(),
        wrapp_user,
        email: "ada@example.com".to_owned(),
        email_verified: false,
        amr: Amr::Partner,
        auth_time,
    };
    assert_eq!(
        exchange(&store, &sandbox.server, &click.code, None).await,
        Exchange::LoggedIn(expected)
    );
    assert!(store.alive(&click.cookie).await.is_some());
}

async fn a_code_is_refused_when_wrong_expired_or_never_made(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    let before = store.everything().await;
    let wrong = Token::new(ada.code.id(), store.ids.secret());
    let unknown = Token::new(store.ids.id(), store.ids.secret());
    for code in [&wrong, &unknown, &ada.cookie] {
        assert_eq!(exchange(&store, &sandbox.server, code, None).await, Exchange::Refused);
    }
    store.advance(60);
    assert_eq!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::Refused
    );
    assert_eq!(store.everything().await, before);
    assert!(store.alive(&ada.cookie).await.is_some());
}

async fn a_code_is_refused_for_another_environment_and_stays_good(store: TestStore) {
    let (world, other) = (store.world().await, store.world().await);
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    for foreign in [&world.production.server, &other.sandbox.server] {
        assert_eq!(exchange(&store, foreign, &ada.code, None).await, Exchange::Refused);
    }
    let good = exchange(&store, &world.sandbox.server, &ada.code, None).await;
    assert!(matches!(good, Exchange::LoggedIn(_)), "{good:?}");
    // A spent code of another environment is refused too, and ends nothing.
    assert_eq!(
        exchange(&store, &world.production.server, &ada.code, None).await,
        Exchange::Refused
    );
    assert!(store.alive(&ada.cookie).await.is_some());
}

async fn a_code_of_a_challenge_wants_its_verifier(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut call = store.call("ada");
    let challenge = CodeChallenge::parse(CHALLENGE.to_owned()).unwrap();
    call.login.link.code_challenge = Some(challenge.as_str().to_owned());
    store.log_in(&sandbox.partner, call.login).await;
    let click = store.click(&call.link);
    store.redeem(click.redemption).await;

    for verifier in [
        None,
        Some(""),
        Some(CHALLENGE),
        Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"),
    ] {
        let refused = exchange(&store, &sandbox.server, &click.code, verifier).await;
        assert_eq!(refused, Exchange::Refused, "{verifier:?}");
    }
    let good = exchange(&store, &sandbox.server, &click.code, Some(VERIFIER)).await;
    assert!(matches!(good, Exchange::LoggedIn(_)), "{good:?}");
}

async fn a_verifier_without_a_challenge_is_refused(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    assert_eq!(
        exchange(&store, &sandbox.server, &ada.code, Some(VERIFIER)).await,
        Exchange::Refused
    );
    assert!(matches!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::LoggedIn(_)
    ));
}

async fn a_second_exchange_ends_the_session(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (ada, elsewhere) = (
        store.sign_in(&sandbox.partner, "ada").await,
        store.sign_in(&sandbox.partner, "ada").await,
    );
    assert!(matches!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::LoggedIn(_)
    ));
    for _ in 0..2 {
        assert_eq!(
            exchange(&store, &sandbox.server, &ada.code, None).await,
            Exchange::Reused
        );
        assert!(store.alive(&ada.cookie).await.is_none());
    }
    assert!(store.alive(&elsewhere.cookie).await.is_some());
}

async fn a_reuse_after_the_codes_end_ends_the_session_too(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    assert!(matches!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::LoggedIn(_)
    ));
    store.advance(3_600);
    assert_eq!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::Reused
    );
    assert!(store.alive(&ada.cookie).await.is_none());
}

async fn a_click_without_a_return_url_makes_no_code(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let call = store.call("ada");
    store.log_in(&sandbox.partner, call.login).await;
    let mut click = store.click(&call.link);
    click.redemption.code = None;
    store.redeem(click.redemption).await;
    assert_eq!(
        exchange(&store, &sandbox.server, &click.code, None).await,
        Exchange::Refused
    );
    // Nor is the link itself a code.
    assert_eq!(
        exchange(&store, &sandbox.server, &call.link, None).await,
        Exchange::Refused
    );
}

async fn a_suspended_users_code_is_refused(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    store
        .set_suspended(&store.admin(), sandbox.id, ada.user, true, store.now())
        .await
        .unwrap();
    assert_eq!(
        exchange(&store, &sandbox.server, &ada.code, None).await,
        Exchange::Refused
    );
}

async fn a_code_ends_with_its_session(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let SignedIn { session, code, .. } = store.sign_in(&sandbox.partner, "ada").await;
    store.end_session(&session, store.now()).await.unwrap();
    assert_eq!(exchange(&store, &sandbox.server, &code, None).await, Exchange::Refused);

    let SignedIn { session, code, .. } = store.sign_in(&sandbox.partner, "ada").await;
    store.end_all_sessions(&session.scope, store.now()).await.unwrap();
    assert_eq!(exchange(&store, &sandbox.server, &code, None).await, Exchange::Refused);
}

async fn the_email_is_verified_once_this_user_has_proven_it(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (bob, ada) = (
        store.sign_in(&sandbox.partner, "bob").await,
        store.sign_in(&sandbox.partner, "ada").await,
    );
    let prove = format!(
        "update identities set state = 'verified' where kind = 'email' and user_id = {}",
        store.literal(ada.user.0)
    );
    store.execute(&prove).await;
    // Bob gave the same address, and has proven nothing.
    for (person, verified) in [(ada, true), (bob, false)] {
        let Exchange::LoggedIn(login) = exchange(&store, &sandbox.server, &person.code, None).await else {
            panic!("the code is good")
        };
        assert_eq!((login.user, login.email_verified), (person.user, verified));
    }
}

async fn of_many_exchanges_at_once_one_succeeds_and_the_session_ends(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    let outcomes = race(20, |_| {
        let (store, server, code) = (store.clone(), sandbox.server, ada.code.clone());
        async move { exchange(&store, &server, &code, None).await }
    })
    .await;
    let won = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Exchange::LoggedIn(_)))
        .count();
    let reused = outcomes.iter().filter(|outcome| **outcome == Exchange::Reused).count();
    assert_eq!((won, reused), (1, 19));
    assert!(store.alive(&ada.cookie).await.is_none());
}
