//! What shows that both accounts are one person's, and in which browser.

use aboard::domain::{ChallengeId, JoinId, Purpose};
use aboard::store::{JoinOutcome, NewChallenge, OfferJoin, ProofAttempt};

use super::{collide, found, offer, partners_user, prove_for, proven, token, two};
use crate::store::challenges::challenge;
use crate::store::prove::{attempt, begin_with, prove};
use crate::support::store::{TestStore, both};

both! {
    nothing_counts_that_another_browser_showed,
    what_was_shown_long_ago_counts_for_nothing,
    an_account_that_proved_nothing_is_shown_by_the_address_that_both_name,
    an_offer_takes_a_code_that_was_right,
}

async fn nothing_counts_that_another_browser_showed(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    assert_eq!(two.join(&store).await, JoinOutcome::NotShown);
    assert!(two.show(&store, &sandbox, 0, &two.holder).await);
    assert_eq!(two.join(&store).await, JoinOutcome::NotShown);
    // Somebody else with the address of the page shows the other account: now it is their page, and the first is not
    // shown there.
    let stranger = token(&store);
    assert!(two.show(&store, &sandbox, 1, &stranger).await);
    let join = two.now(&store).await;
    assert_eq!((join.first.shown, join.second.shown), (false, true));
    assert!(join.is_held_by(&stranger) && !join.is_held_by(&two.holder));
    assert_eq!(two.join(&store).await, JoinOutcome::NotShown);
    // A code that one browser asked for shows nothing in another.
    let (address, whose, shows) = join.ways().next().expect("a way");
    let new = NewChallenge {
        user: Some(whose),
        purpose: Purpose::JoinAccounts,
        ..challenge(&store, &address.key)
    };
    let id = begin_with(&store, &sandbox, new).await;
    store.begin_join_proof(&join.scope, &stranger, id, shows).await.unwrap();
    let typed = ProofAttempt {
        user: Some(whose),
        purpose: Purpose::JoinAccounts,
        ..attempt(&store, id, true)
    };
    prove(&store, &sandbox, typed).await;
    assert!(
        !store
            .note_join_proof(&join.scope, &two.holder, store.now())
            .await
            .unwrap()
    );
    assert_eq!(store.count("user_aliases").await, 0);
}

async fn what_was_shown_long_ago_counts_for_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    two.show_all(&store, &sandbox).await;
    store.advance(30 * 60);
    assert_eq!(two.join(&store).await, JoinOutcome::NotShown);
    two.show_all(&store, &sandbox).await;
    let scope = two.now(&store).await.scope;
    // An hour after it was made the offer ends.
    store.advance(30 * 60);
    assert!(two.find(&store).await.is_none());
    assert_eq!(
        store.join_users(&scope, two.call(&store)).await.unwrap(),
        JoinOutcome::Gone
    );
    assert!(store.join(&token(&store), store.now()).await.unwrap().is_none());
}

async fn an_account_that_proved_nothing_is_shown_by_the_address_that_both_name(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, _) = partners_user(&store, &sandbox, "ada").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    prove_for(&store, &sandbox, second, "carol@example.com").await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    let join = two.now(&store).await;
    let ways: Vec<_> = join.ways().map(|(address, ..)| address.key.clone()).collect();
    assert_eq!(ways, ["bob@example.com"], "what a partner claims shows nothing");
    two.joined(&store, &sandbox).await;
    assert_eq!(found(&store, &sandbox, first).await, Some(second));
    // Any proven address of the joined account undoes it.
    let join = two.now(&store).await;
    let mut ways: Vec<_> = join.ways().map(|(address, ..)| address.key.clone()).collect();
    ways.sort();
    assert_eq!(ways, ["bob@example.com", "carol@example.com"]);
    two.undone(&store, &sandbox).await;
    let back = store.user(&sandbox.server, first).await.unwrap().expect("it is there");
    assert_eq!(back.status.as_str(), "linked");
}

async fn an_offer_takes_a_code_that_was_right(store: TestStore) {
    let world = store.world().await;
    let sandbox = &world.sandbox;
    let (ada, bob) = (
        proven(&store, sandbox, "ada@example.com").await,
        proven(&store, sandbox, "bob@example.com").await,
    );
    let offer = |user, challenge| {
        let token = token(&store);
        OfferJoin {
            id: JoinId(token.id()),
            hash: token.hash(),
            user,
            challenge,
            expires_at: store.later(3_600),
            now: store.now(),
        }
    };
    let new = NewChallenge {
        user: Some(ada),
        purpose: Purpose::ConfirmContact,
        ..challenge(&store, "bob@example.com")
    };
    let not_typed = begin_with(&store, sandbox, new).await;
    let typed = collide(&store, sandbox, ada, "bob@example.com").await;
    for (scope, user, challenge) in [
        (&sandbox.server, ada, not_typed),
        (&sandbox.server, bob, typed),
        (&world.production.server, ada, typed),
        (&sandbox.server, ada, ChallengeId(store.ids.id())),
    ] {
        assert!(!store.offer_join(scope, offer(user, challenge)).await.unwrap());
    }
    assert_eq!(store.count("joins").await, 0);
    assert!(store.offer_join(&sandbox.server, offer(ada, typed)).await.unwrap());
}
