//! Tokens that the organization's back end asks for.

use aboard::domain::{Amr, EnvironmentKind, UserId};
use aboard::store::{Once, SavedAnswer, TokenSubject};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    a_token_is_for_a_user_of_the_keys_environment,
    a_key_is_recorded_only_where_a_token_may_be_made,
    calls_at_once_with_one_key_record_it_once,
    a_token_stands_while_its_user_does,
    a_token_shows_what_the_organization_brought,
    a_back_end_ends_the_tokens_of_its_own_users,
}

async fn a_token_is_for_a_user_of_the_keys_environment(store: TestStore) {
    let world = store.world().await;
    let user = store.log_in(&world.sandbox.partner, store.call("ada").login).await.user;
    let nobody = UserId(store.ids.id());
    let ask = async |scope, user| store.token_subject(scope, user, None, store.now()).await.unwrap();
    assert_eq!(
        ask(&world.sandbox.server, user).await,
        Once::Done(TokenSubject::Known(user))
    );
    assert_eq!(
        ask(&world.sandbox.server, nobody).await,
        Once::Done(TokenSubject::Unknown)
    );
    assert_eq!(
        ask(&world.production.server, user).await,
        Once::Done(TokenSubject::Unknown)
    );
    for (status, subject) in [
        ("verified", TokenSubject::Known(user)),
        ("suspended", TokenSubject::Suspended),
        ("erased", TokenSubject::Unknown),
    ] {
        store.execute(&format!("update users set status = '{status}'")).await;
        assert_eq!(ask(&world.sandbox.server, user).await, Once::Done(subject), "{status}");
        assert_eq!(
            ask(&world.production.server, user).await,
            Once::Done(TokenSubject::Unknown)
        );
    }
}

async fn a_key_is_recorded_only_where_a_token_may_be_made(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    let ask = async |user, request| {
        let claim = Some(idempotency(&store, 1, request));
        store
            .token_subject(&sandbox.server, user, claim, store.now())
            .await
            .unwrap()
    };
    assert_eq!(ask(UserId(store.ids.id()), 1).await, Once::Done(TokenSubject::Unknown));
    store.execute("update users set status = 'suspended'").await;
    assert_eq!(ask(user, 1).await, Once::Done(TokenSubject::Suspended));
    store.execute("update users set status = 'linked'").await;
    assert_eq!(store.count("idempotency_keys").await, 0);
    assert_eq!(ask(user, 1).await, Once::Done(TokenSubject::Known(user)));
    let saved = SavedAnswer {
        status: 201,
        body: None,
        resource: Some(user.0),
    };
    assert_eq!(ask(user, 1).await, Once::Replayed(saved));
    assert_eq!(ask(user, 2).await, Once::Mismatch);
}

async fn calls_at_once_with_one_key_record_it_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = store.log_in(&sandbox.partner, store.call("ada").login).await.user;
    let scope = sandbox.server;
    let answers = race(8, {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move {
                let claim = Some(idempotency(&store, 1, 1));
                store.token_subject(&scope, user, claim, store.now()).await.unwrap()
            }
        }
    });
    let done = answers
        .await
        .into_iter()
        .filter(|answer| matches!(answer, Once::Done(_)))
        .count();
    assert_eq!((done, store.count("idempotency_keys").await), (1, 1));
}

async fn a_token_stands_while_its_user_does(store: TestStore) {
    let world = store.world().await;
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let stands = async |environment, issued_at| {
        store
            .user_by_organization_token(environment, ada.user, issued_at)
            .await
            .unwrap()
    };
    let issued_at = store.now();
    let holder = stands(world.sandbox.id, issued_at).await.unwrap();
    assert_eq!(
        (holder.scope.user(), holder.scope.environment()),
        (ada.user, world.sandbox.id)
    );
    assert_eq!((holder.scope.amr(), holder.kind), (Amr::Org, EnvironmentKind::Sandbox));
    assert_eq!((holder.scope.partner(), holder.scope.user_key()), (None, None));
    assert!(stands(world.production.id, issued_at).await.is_none());
    for status in ["suspended", "erased"] {
        store.execute(&format!("update users set status = '{status}'")).await;
        assert!(stands(world.sandbox.id, issued_at).await.is_none(), "{status}");
    }
    store.execute("update users set status = 'verified'").await;
    assert!(stands(world.sandbox.id, issued_at).await.is_some());
    // A partner's session ends what that partner brought.
    store.end_all_sessions(&ada.session.scope, store.now()).await.unwrap();
    assert!(stands(world.sandbox.id, issued_at).await.is_some());
    let ended = store.end_tokens_of(&world.sandbox.server, ada.user, store.now());
    assert!(ended.await.unwrap());
    assert!(stands(world.sandbox.id, issued_at).await.is_none());
    store.advance(1);
    assert!(stands(world.sandbox.id, store.now()).await.is_some());
}

async fn a_token_shows_what_the_organization_brought(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = store.sign_in(&sandbox.partner, "ada").await;
    let holder = store
        .user_by_organization_token(sandbox.id, ada.user, store.now())
        .await
        .unwrap()
        .unwrap();
    let account = store.account(&holder.scope).await.unwrap().unwrap();
    assert_eq!((account.user, account.partner), (ada.user, None));
    assert_eq!(account.identities, [], "the partner brought them");
    store
        .execute("update identities set source = 'organization', source_id = environment_id where kind = 'email'")
        .await;
    let account = store.account(&holder.scope).await.unwrap().unwrap();
    let shown: Vec<_> = account.identities.iter().map(|identity| &*identity.shown).collect();
    assert_eq!(shown, ["ada@example.com"]);
}

async fn a_back_end_ends_the_tokens_of_its_own_users(store: TestStore) {
    let world = store.world().await;
    let ada = store.sign_in(&world.sandbox.partner, "ada").await;
    let stands = async |issued_at| {
        let holder = store
            .user_by_organization_token(world.sandbox.id, ada.user, issued_at)
            .await;
        holder.unwrap().is_some()
    };
    let end = async |scope, user| store.end_tokens_of(scope, user, store.now()).await.unwrap();
    let issued_at = store.now();
    assert!(!end(&world.production.server, ada.user).await);
    assert!(!end(&world.sandbox.server, UserId(store.ids.id())).await);
    assert!(stands(issued_at).await);
    assert!(end(&world.sandbox.server, ada.user).await);
    assert!(!stands(issued_at).await);
    assert!(store.alive(&ada.cookie).await.is_none());
    // Again, in the same moment: it was done, and nothing is brought back.
    assert!(end(&world.sandbox.server, ada.user).await);
    store.advance(1);
    assert!(stands(store.now()).await);
    store.execute("update users set status = 'erased'").await;
    assert!(!end(&world.sandbox.server, ada.user).await);
}
