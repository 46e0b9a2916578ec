//! Another address for somebody who has proven one.

use aboard::domain::{ChallengeId, ConfirmationId, EventId, IdentityId, Purpose, Token, UserId};
use aboard::store::{
    ConfirmAddress, ConfirmOutcome, Confirmation, NewChallenge, OfferConfirmation, ProofAttempt, ProofOutcome,
};

use super::challenges::challenge;
use super::join::{belongings::with_wallet, proven, token};
use super::prove::{attempt, begin_with, prove, user};
use crate::support::store::{TestStore, both, race};
use crate::support::world::Plane;

both! {
    an_address_is_confirmed_once_whoever_presses,
    a_confirmation_and_a_log_in_with_the_address_at_once_leave_one_owner,
    nothing_counts_but_a_right_code_in_this_browser,
    an_offer_takes_a_code_that_was_right,
    who_is_gone_confirms_nothing_and_pages_are_swept,
    another_address_is_confirmed_before_there_is_something_to_take,
}

const OLD: &str = "ada@example.com";
const NEW: &str = "+306912345678";

/// Somebody with a wallet, and the page on which another address is confirmed.
struct Case<'p> {
    plane: &'p Plane,
    user: UserId,
    token: Token,
    holder: Token,
}

/// A code that proves an address for a user, typed right: what became of it.
async fn typed(store: &TestStore, plane: &Plane, whose: UserId, to: &str) -> (ChallengeId, ProofOutcome) {
    let new = NewChallenge {
        user: Some(whose),
        purpose: Purpose::ConfirmContact,
        ..challenge(store, to)
    };
    let id = begin_with(store, plane, new).await;
    let right = ProofAttempt {
        user: Some(whose),
        purpose: Purpose::ConfirmContact,
        ..attempt(store, id, true)
    };
    (id, prove(store, plane, right).await)
}

fn offer_of(store: &TestStore, token: &Token, user: UserId, challenge: ChallengeId) -> OfferConfirmation {
    OfferConfirmation {
        id: ConfirmationId(token.id()),
        hash: token.hash(),
        user,
        challenge,
        expires_at: store.later(3_600),
        now: store.now(),
    }
}

impl<'p> Case<'p> {
    async fn new(store: &TestStore, plane: &'p Plane) -> Self {
        let user = proven(store, plane, OLD).await;
        with_wallet(store, plane, user).await;
        let (challenge, outcome) = typed(store, plane, user, NEW).await;
        assert_eq!(outcome, ProofOutcome::NeedsConfirmation);
        Self::offered(store, plane, user, challenge).await
    }

    /// The page for what a code has just shown.
    async fn offered(store: &TestStore, plane: &'p Plane, user: UserId, challenge: ChallengeId) -> Self {
        let (token, holder) = (token(store), token(store));
        let offer = offer_of(store, &token, user, challenge);
        assert!(store.offer_confirmation(&plane.server, offer).await.unwrap());
        Self {
            plane,
            user,
            token,
            holder,
        }
    }

    async fn find(&self, store: &TestStore) -> Option<Confirmation> {
        store.confirmation(&self.token, store.now()).await.unwrap()
    }

    async fn now(&self, store: &TestStore) -> Confirmation {
        self.find(store).await.expect("the page is there")
    }

    /// A code to the old address, on its way to this browser.
    async fn begin(&self, store: &TestStore) -> ChallengeId {
        let known = self.now(store).await;
        let new = NewChallenge {
            user: Some(self.user),
            purpose: Purpose::ChangeIdentity,
            ..challenge(store, &known.ways[0].key)
        };
        let id = begin_with(store, self.plane, new).await;
        store
            .begin_confirmation_proof(&known.scope, &self.holder, id)
            .await
            .unwrap();
        id
    }

    async fn step_up(&self, store: &TestStore) {
        let id = self.begin(store).await;
        let right = ProofAttempt {
            user: Some(self.user),
            purpose: Purpose::ChangeIdentity,
            ..attempt(store, id, true)
        };
        assert_eq!(user(&prove(store, self.plane, right).await), self.user);
    }

    fn call(store: &TestStore, holder: &Token) -> ConfirmAddress {
        ConfirmAddress {
            holder: holder.clone(),
            identity: IdentityId(store.ids.id()),
            events: std::array::from_fn(|_| EventId(store.ids.id())),
            event_data: |_| serde_json::Map::new(),
            language: "en",
            now: store.now(),
        }
    }

    async fn confirm(&self, store: &TestStore, holder: &Token) -> ConfirmOutcome {
        let scope = self.now(store).await.scope;
        store.confirm_address(&scope, Self::call(store, holder)).await.unwrap()
    }
}

/// The person confirms, at an address that they have proven, the one that a challenge has just shown.
pub async fn confirmed(store: &TestStore, plane: &Plane, user: UserId, challenge: ChallengeId) {
    let case = Case::offered(store, plane, user, challenge).await;
    case.step_up(store).await;
    assert_eq!(case.confirm(store, &case.holder).await, ConfirmOutcome::Confirmed);
}

async fn an_address_is_confirmed_once_whoever_presses(store: TestStore) {
    let plane = store.world().await.sandbox;
    let case = Case::new(&store, &plane).await;
    case.step_up(&store).await;
    let scope = case.now(&store).await.scope;
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(8, |number| {
        let (node, call) = (nodes[number % 2].clone(), Case::call(&store, &case.holder));
        async move { node.confirm_address(&scope, call).await.unwrap() }
    })
    .await;
    let confirmed = outcomes.iter().filter(|outcome| **outcome == ConfirmOutcome::Confirmed);
    assert_eq!(confirmed.count(), 1, "{outcomes:?}");
    assert_eq!(
        store
            .count("identities where kind = 'phone' and state = 'verified'")
            .await,
        1
    );
    assert_eq!(store.count("events where type = 'user.verified'").await, 1);
    assert!(case.now(&store).await.confirmed);
    // Both addresses name one person.
    assert_eq!(proven(&store, case.plane, NEW).await, case.user);
    assert_eq!(proven(&store, case.plane, OLD).await, case.user);
}

async fn a_confirmation_and_a_log_in_with_the_address_at_once_leave_one_owner(store: TestStore) {
    let plane = store.world().await.sandbox;
    for _ in 0..4 {
        let case = Case::new(&store, &plane).await;
        case.step_up(&store).await;
        let scope = case.now(&store).await.scope;
        let log_in = begin_with(&store, case.plane, challenge(&store, NEW)).await;
        race(2, |number| {
            let (node, server) = (store.clone(), case.plane.server);
            let (call, right) = (Case::call(&store, &case.holder), attempt(&store, log_in, true));
            async move {
                if number == 0 {
                    node.confirm_address(&scope, call).await.unwrap();
                } else {
                    node.prove(&server, right, None).await.unwrap();
                }
            }
        })
        .await;
        assert_eq!(
            store
                .count("identities where kind = 'phone' and state = 'verified'")
                .await,
            1
        );
        store.execute("delete from identities").await;
        store.execute("delete from wallets").await;
    }
}

async fn nothing_counts_but_a_right_code_in_this_browser(store: TestStore) {
    let plane = store.world().await.sandbox;
    let case = Case::new(&store, &plane).await;
    assert_eq!(case.confirm(&store, &case.holder).await, ConfirmOutcome::NotShown);
    case.begin(&store).await;
    assert_eq!(
        case.confirm(&store, &case.holder).await,
        ConfirmOutcome::NotShown,
        "not typed yet"
    );
    case.step_up(&store).await;
    let known = case.now(&store).await;
    let stranger = token(&store);
    assert!(known.is_held_by(&case.holder) && !known.is_held_by(&stranger));
    assert_eq!(case.confirm(&store, &stranger).await, ConfirmOutcome::NotShown);
    // Whoever asks for another code begins anew.
    let scope = known.scope;
    let next = case.begin(&store).await;
    store.begin_confirmation_proof(&scope, &stranger, next).await.unwrap();
    for holder in [&case.holder, &stranger] {
        assert_eq!(case.confirm(&store, holder).await, ConfirmOutcome::NotShown);
    }
    assert_eq!(store.count("identities where kind = 'phone'").await, 0);
    case.step_up(&store).await;
    assert_eq!(case.confirm(&store, &case.holder).await, ConfirmOutcome::Confirmed);
}

async fn an_offer_takes_a_code_that_was_right(store: TestStore) {
    let world = store.world().await;
    let sandbox = &world.sandbox;
    let ada = proven(&store, sandbox, OLD).await;
    with_wallet(&store, sandbox, ada).await;
    let (right, _) = typed(&store, sandbox, ada, NEW).await;
    let new = NewChallenge {
        user: Some(ada),
        purpose: Purpose::ConfirmContact,
        ..challenge(&store, NEW)
    };
    let not_typed = begin_with(&store, sandbox, new).await;
    for (server, user, challenge) in [
        (&sandbox.server, ada, not_typed),
        (&sandbox.server, UserId(store.ids.id()), right),
        (&world.production.server, ada, right),
    ] {
        let offer = offer_of(&store, &token(&store), user, challenge);
        assert!(!store.offer_confirmation(server, offer).await.unwrap());
    }
    let offered = token(&store);
    let offer = offer_of(&store, &offered, ada, right);
    assert!(store.offer_confirmation(&sandbox.server, offer).await.unwrap());
    let guessed = Token::new(offered.id(), store.ids.secret());
    assert!(store.confirmation(&guessed, store.now()).await.unwrap().is_none());
    assert!(store.confirmation(&offered, store.now()).await.unwrap().is_some());
}

async fn who_is_gone_confirms_nothing_and_pages_are_swept(store: TestStore) {
    let plane = store.world().await.sandbox;
    let case = Case::new(&store, &plane).await;
    case.step_up(&store).await;
    let scope = case.now(&store).await.scope;
    store.execute("update users set status = 'suspended'").await;
    assert!(case.find(&store).await.is_none());
    let suspended = store.confirm_address(&scope, Case::call(&store, &case.holder)).await;
    assert_eq!(suspended.unwrap(), ConfirmOutcome::Gone);
    store.execute("update users set status = 'verified'").await;
    store.advance(3_600);
    assert!(case.find(&store).await.is_none());
    let late = store.confirm_address(&scope, Case::call(&store, &case.holder)).await;
    assert_eq!(late.unwrap(), ConfirmOutcome::Gone);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("confirmations").await, 1, "within the hour");
    store.advance(3_601);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(store.count("confirmations").await, 0);
}

async fn another_address_is_confirmed_before_there_is_something_to_take(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let ada = proven(&store, &sandbox, OLD).await;
    let (_, outcome) = typed(&store, &sandbox, ada, NEW).await;
    assert_eq!(
        outcome,
        ProofOutcome::NeedsConfirmation,
        "it would open the wallet that is made later"
    );
    with_wallet(&store, &sandbox, ada).await;
    assert_eq!(
        user(&typed(&store, &sandbox, ada, OLD).await.1),
        ada,
        "it is theirs already"
    );
    let (_, outcome) = typed(&store, &sandbox, ada, "eve@example.com").await;
    assert_eq!(outcome, ProofOutcome::NeedsConfirmation);
    // Without a proven address there is nobody to ask.
    store.execute("delete from identities").await;
    let (_, outcome) = typed(&store, &sandbox, ada, "eve@example.com").await;
    assert_eq!(outcome, ProofOutcome::Unconfirmable);
    assert_eq!(store.count("identities").await, 0);
}
