//! Two accounts become one, and two again.

use aboard::domain::{
    ChallengeId, Email, EnvironmentId, EventId, JoinId, PartnerUserId, Phone, Purpose, SubscriptionStatus, Token,
    UserId,
};
use aboard::store::{
    Join, JoinOutcome, JoinState, JoinUsers, NewChallenge, NewSubscription, OfferJoin, Once, ProofAttempt,
    ProofOutcome, TokenSubject, UndoJoin, UndoOutcome, UserFilter,
};

use super::challenges::challenge;
use super::prove::{attempt, begin_with, prove, user};
use crate::support::store::{Engine, TestStore, both, race};
use crate::support::world::Plane;

both! {
    what_named_the_first_account_names_the_second,
    an_undo_puts_back_what_was_moved,
    what_came_since_stays_at_an_undo,
    what_a_partner_said_since_goes_back_with_its_user,
    of_many_joins_at_once_one_joins,
    of_many_undos_at_once_one_undoes,
    a_join_and_an_erasure_at_once_leave_nothing_half,
    a_join_and_a_log_in_at_once_log_in_somebody_alive,
    nothing_counts_that_another_browser_showed,
    what_was_shown_long_ago_counts_for_nothing,
    an_account_that_proved_nothing_is_shown_by_the_address_that_both_name,
    two_users_of_one_partner_stay_two,
    a_plan_that_has_ended_gives_way,
    of_two_joins_the_newer_is_undone_first,
    a_suspended_account_is_neither_joined_nor_separated,
    an_offer_takes_a_code_that_was_right,
    what_can_no_longer_be_undone_is_swept,
    an_erasure_takes_what_the_retired_account_was,
    every_table_that_names_a_user_is_known_to_a_join,
}

const DAY: u64 = 86_400;
const UNDO: i64 = 30 * 86_400;

/// Two accounts of one person, and the page on which they may be joined.
struct Two {
    first: UserId,
    second: UserId,
    token: Token,
    holder: Token,
}

fn token(store: &TestStore) -> Token {
    Token::new(store.ids.id(), store.ids.secret())
}

/// Somebody who proves an e-mail.
async fn proven(store: &TestStore, plane: &Plane, email: &str) -> UserId {
    let id = begin_with(store, plane, challenge(store, email)).await;
    user(&prove(store, plane, attempt(store, id, true)).await)
}

/// The user proves an address that another user has proven; answers what the code was.
async fn collide(store: &TestStore, plane: &Plane, first: UserId, address: &str) -> ChallengeId {
    let new = NewChallenge {
        user: Some(first),
        purpose: Purpose::ConfirmContact,
        ..challenge(store, address)
    };
    let id = begin_with(store, plane, new).await;
    let by_first = ProofAttempt {
        user: Some(first),
        purpose: Purpose::ConfirmContact,
        ..attempt(store, id, true)
    };
    assert!(matches!(
        prove(store, plane, by_first).await,
        ProofOutcome::AnothersOwn(_)
    ));
    id
}

async fn offer(store: &TestStore, plane: &Plane, first: UserId, second: UserId, address: &str) -> Two {
    let (token, holder) = (token(store), token(store));
    let offer = OfferJoin {
        id: JoinId(token.id()),
        hash: token.hash(),
        user: first,
        challenge: collide(store, plane, first, address).await,
        expires_at: store.later(3_600),
        now: store.now(),
    };
    assert!(store.offer_join(&plane.server, offer).await.unwrap());
    Two {
        first,
        second,
        token,
        holder,
    }
}

/// `ada@example.com` and `bob@example.com`, each proven, and the second address proven for the first account.
async fn two(store: &TestStore, plane: &Plane) -> Two {
    let first = proven(store, plane, "ada@example.com").await;
    let second = proven(store, plane, "bob@example.com").await;
    offer(store, plane, first, second, "bob@example.com").await
}

impl Two {
    async fn find(&self, store: &TestStore) -> Option<Join> {
        store.join(&self.token, store.now()).await.unwrap()
    }

    async fn now(&self, store: &TestStore) -> Join {
        self.find(store).await.expect("the page is there")
    }

    /// A code to the way of this number, typed right in a browser.
    async fn show(&self, store: &TestStore, plane: &Plane, way: usize, holder: &Token) -> bool {
        let join = self.now(store).await;
        let (address, whose, shows) = join.ways().nth(way).expect("a way");
        let new = NewChallenge {
            user: Some(whose),
            purpose: Purpose::JoinAccounts,
            ..challenge(store, &address.key)
        };
        let id = begin_with(store, plane, new).await;
        store.begin_join_proof(&join.scope, holder, id, shows).await.unwrap();
        assert!(
            !store.note_join_proof(&join.scope, holder, store.now()).await.unwrap(),
            "not typed yet"
        );
        let typed = ProofAttempt {
            user: Some(whose),
            purpose: Purpose::JoinAccounts,
            ..attempt(store, id, true)
        };
        assert_eq!(user(&prove(store, plane, typed).await), whose);
        store.note_join_proof(&join.scope, holder, store.now()).await.unwrap()
    }

    async fn show_all(&self, store: &TestStore, plane: &Plane) {
        for way in 0..self.now(store).await.ways().count() {
            assert!(self.show(store, plane, way, &self.holder).await);
        }
    }

    fn call(&self, store: &TestStore) -> JoinUsers {
        JoinUsers {
            holder: self.holder.clone(),
            event: EventId(store.ids.id()),
            undo_until: store.later(UNDO),
            now: store.now(),
        }
    }

    fn undo_call(&self, store: &TestStore) -> UndoJoin {
        UndoJoin {
            holder: self.holder.clone(),
            event: EventId(store.ids.id()),
            now: store.now(),
        }
    }

    async fn join(&self, store: &TestStore) -> JoinOutcome {
        let scope = self.now(store).await.scope;
        store.join_users(&scope, self.call(store)).await.unwrap()
    }

    async fn joined(&self, store: &TestStore, plane: &Plane) {
        self.show_all(store, plane).await;
        assert_eq!(self.join(store).await, JoinOutcome::Joined);
    }

    async fn undo(&self, store: &TestStore) -> UndoOutcome {
        let scope = self.now(store).await.scope;
        store.undo_join(&scope, self.undo_call(store)).await.unwrap()
    }

    async fn undone(&self, store: &TestStore, plane: &Plane) {
        self.show(store, plane, 0, &self.holder).await;
        assert_eq!(self.undo(store).await, UndoOutcome::Undone);
    }
}

/// What a join moves, as it stands: whose is what.
async fn standing(store: &TestStore) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "select id, user_id, key, state from identities order by id",
        "select id, user_id from user_keys order by id",
        "select user_id, plan_name from subscriptions order by user_id",
        "select id, user_id from user_aliases order by id",
        "select id, status, name, metadata from users order by id",
    ] {
        all.extend(store.rows(sql).await);
    }
    all
}

async fn found(store: &TestStore, plane: &Plane, user: UserId) -> Option<UserId> {
    store.user(&plane.server, user).await.unwrap().map(|user| user.id)
}

async fn plan(store: &TestStore, environment: EnvironmentId, user: UserId, name: &str, days: i64) {
    let plan = NewSubscription {
        plan_name: name.to_owned(),
        status: SubscriptionStatus::parse("active").unwrap(),
        period_end: store.later(days * 86_400),
        next_payment_amount: None,
    };
    let set = store
        .set_subscription(&store.admin(), environment, user, plan, store.now())
        .await;
    assert!(set.unwrap());
}

/// A partner's user who has proven an e-mail beside, with a key that the partner holds.
async fn partners_user(store: &TestStore, plane: &Plane, name: &str) -> (UserId, crate::support::calls::Call) {
    let mut call = store.call_with_webhook(&plane.partner, name);
    call.login.email = Email::parse(&format!("{name}@partner.example.com")).unwrap();
    call.login.phone = Phone::parse("+306900000000", None).unwrap();
    let made = store.log_in(&plane.partner, call.login.clone()).await;
    (made.user, call)
}

/// The user proves an address of its own.
async fn prove_for(store: &TestStore, plane: &Plane, whose: UserId, email: &str) {
    let new = NewChallenge {
        user: Some(whose),
        purpose: Purpose::ConfirmContact,
        ..challenge(store, email)
    };
    let id = begin_with(store, plane, new).await;
    let typed = ProofAttempt {
        user: Some(whose),
        purpose: Purpose::ConfirmContact,
        ..attempt(store, id, true)
    };
    assert_eq!(user(&prove(store, plane, typed).await), whose);
}

async fn what_named_the_first_account_names_the_second(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, call) = partners_user(&store, &sandbox, "ada").await;
    prove_for(&store, &sandbox, first, "ada@example.com").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    store.advance(1);
    let here = store.sign_in(&sandbox.partner, "ada").await;
    assert_eq!(here.user, first);
    let open = store.call("ada");
    store.log_in(&sandbox.partner, open.login).await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    two.joined(&store, &sandbox).await;

    // The id that was retired names the account that stayed.
    assert_eq!(found(&store, &sandbox, first).await, Some(second));
    let shown = store.user(&sandbox.server, first).await.unwrap().expect("it is there");
    assert_eq!(shown.status.as_str(), "verified");
    // Both addresses log in.
    for email in ["ada@example.com", "bob@example.com"] {
        store.advance(1);
        assert_eq!(proven(&store, &sandbox, email).await, second, "{email}");
    }
    // The partner's user is that one now, under the partner's own name of it; its key still opens it.
    let again = store.log_in(&sandbox.partner, store.call("ada").login).await;
    assert_eq!((again.user, again.created), (second, false));
    let holder = store
        .user_by_key(&call.user_key.key, store.now())
        .await
        .unwrap()
        .expect("it is good");
    assert_eq!(
        (holder.scope.user(), holder.wrapp_user),
        (second, call.login.wrapp_user)
    );
    // What was signed in has ended, and an open link of the retired account with it.
    assert!(store.alive(&here.cookie).await.is_none());
    assert!(
        store
            .preview_login_link(&open.link, store.now())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.count("events where type = 'user.joined'").await, 1);
    // A token for it is one for the account that stayed.
    let subject = store
        .token_subject(&sandbox.server, first, None, store.now())
        .await
        .unwrap();
    assert_eq!(subject, Once::Done(TokenSubject::Known(second)));
    // It is in no list any more, and nobody joins it twice.
    let page = store
        .users(&sandbox.server, &UserFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(page.users.iter().map(|user| user.id).collect::<Vec<_>>(), [second]);
    assert!(matches!(two.now(&store).await.state, JoinState::Joined(_)));
    assert_eq!(two.join(&store).await, JoinOutcome::Gone);
}

async fn an_undo_puts_back_what_was_moved(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, _) = partners_user(&store, &sandbox, "ada").await;
    prove_for(&store, &sandbox, first, "ada@example.com").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    plan(&store, sandbox.id, first, "gold", 10).await;
    store
        .execute(
            "update users set name = 'Ada', metadata = '{\"a\":1}' where id in (select user_id from subscriptions)",
        )
        .await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    let before = standing(&store).await;
    two.joined(&store, &sandbox).await;
    let joined = store.user(&sandbox.server, first).await.unwrap().expect("it is there");
    assert_eq!(
        (joined.name.as_deref(), &*joined.metadata.text()),
        (Some("Ada"), "{\"a\":1}")
    );
    assert_ne!(standing(&store).await, before);
    assert_eq!(two.undo(&store).await, UndoOutcome::NotShown);
    store.advance(29 * DAY);
    two.undone(&store, &sandbox).await;
    assert_eq!(standing(&store).await, before);
    assert_eq!(found(&store, &sandbox, first).await, Some(first));
    assert_eq!(store.count("join_moves").await, 0);
    assert_eq!(two.now(&store).await.state, JoinState::Undone);
    assert_eq!(two.undo(&store).await, UndoOutcome::Gone);
    // The addresses log in to where they were.
    assert_eq!(proven(&store, &sandbox, "ada@example.com").await, first);
    assert_eq!(proven(&store, &sandbox, "bob@example.com").await, second);
}

async fn what_came_since_stays_at_an_undo(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    two.joined(&store, &sandbox).await;
    prove_for(&store, &sandbox, two.second, "carol@example.com").await;
    store.advance(60);
    two.undone(&store, &sandbox).await;
    for (email, whose) in [
        ("ada@example.com", two.first),
        ("bob@example.com", two.second),
        ("carol@example.com", two.second),
    ] {
        assert_eq!(proven(&store, &sandbox, email).await, whose, "{email}");
    }
}

async fn what_a_partner_said_since_goes_back_with_its_user(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, _) = partners_user(&store, &sandbox, "ada").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    two.joined(&store, &sandbox).await;
    store.advance(60);
    let mut call = store.call("ada");
    call.login.email = Email::parse("new@partner.example.com").unwrap();
    assert_eq!(store.log_in(&sandbox.partner, call.login).await.user, second);
    two.undone(&store, &sandbox).await;
    let name = PartnerUserId::parse("ada".to_owned()).unwrap();
    let known = store
        .check_user(&sandbox.partner.scope, &name, store.now())
        .await
        .unwrap();
    assert_eq!(known.expect("it is there").email, "new@partner.example.com");
    assert_eq!(
        store.log_in(&sandbox.partner, store.call("ada").login).await.user,
        first
    );
}

async fn of_many_joins_at_once_one_joins(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    // The same page in several tabs, and a page in the other direction.
    let two = two(&store, &sandbox).await;
    let back = offer(&store, &sandbox, two.second, two.first, "ada@example.com").await;
    two.show_all(&store, &sandbox).await;
    back.show_all(&store, &sandbox).await;
    let scopes = [two.now(&store).await.scope, back.now(&store).await.scope];
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(8, |number| {
        let (node, scope) = (nodes[number % 2].clone(), scopes[number / 4]);
        let call = [&two, &back][number / 4].call(&store);
        async move { node.join_users(&scope, call).await.unwrap() }
    })
    .await;
    let joined = outcomes
        .iter()
        .filter(|outcome| **outcome == JoinOutcome::Joined)
        .count();
    assert_eq!((joined, store.count("user_aliases").await), (1, 1), "{outcomes:?}");
    let [one, other] = [
        found(&store, &sandbox, two.first).await,
        found(&store, &sandbox, two.second).await,
    ];
    assert!(one.is_some() && one == other, "{one:?} {other:?}");
    assert_eq!(store.count("events where type = 'user.joined'").await, 1);
}

async fn of_many_undos_at_once_one_undoes(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    let before = standing(&store).await;
    two.joined(&store, &sandbox).await;
    store.advance(60);
    two.show(&store, &sandbox, 0, &two.holder).await;
    let scope = two.now(&store).await.scope;
    let nodes = [store.clone(), store.another().await];
    let outcomes = race(8, |number| {
        let (node, call) = (nodes[number % 2].clone(), two.undo_call(&store));
        async move { node.undo_join(&scope, call).await.unwrap() }
    })
    .await;
    let undone = outcomes
        .iter()
        .filter(|outcome| **outcome == UndoOutcome::Undone)
        .count();
    assert_eq!(undone, 1, "{outcomes:?}");
    assert_eq!(standing(&store).await, before);
}

async fn a_join_and_an_erasure_at_once_leave_nothing_half(store: TestStore) {
    for turn in 0..4 {
        let sandbox = store.world().await.sandbox;
        let two = two(&store, &sandbox).await;
        two.show_all(&store, &sandbox).await;
        let scope = two.now(&store).await.scope;
        let nodes = [store.clone(), store.another().await];
        let (environment, first) = (sandbox.server, two.first);
        let outcomes = race(2, |number| {
            let (node, call, event) = (nodes[number].clone(), two.call(&store), EventId(store.ids.id()));
            async move {
                if (number + turn) % 2 == 0 {
                    format!("{:?}", node.join_users(&scope, call).await.unwrap())
                } else {
                    let erased = node
                        .erase_user(&environment, &node.admin(), first, event, node.now())
                        .await;
                    format!("{:?}", erased.unwrap())
                }
            }
        })
        .await;
        // Either the first was erased and there was nothing to join, or the joined account was erased by its old id.
        let joined = outcomes.contains(&"Joined".to_owned());
        assert_eq!(found(&store, &sandbox, two.first).await, None, "{outcomes:?}");
        let left = found(&store, &sandbox, two.second).await;
        assert_eq!(left, (!joined).then_some(two.second), "{outcomes:?}");
        let of_first = store.literal(two.first.0);
        assert_eq!(store.count(&format!("identities where user_id = {of_first}")).await, 0);
    }
}

async fn a_join_and_a_log_in_at_once_log_in_somebody_alive(store: TestStore) {
    for _ in 0..4 {
        let sandbox = store.world().await.sandbox;
        let two = two(&store, &sandbox).await;
        two.show_all(&store, &sandbox).await;
        let scope = two.now(&store).await.scope;
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(begin_with(&store, &sandbox, challenge(&store, "ada@example.com")).await);
        }
        let nodes = [store.clone(), store.another().await];
        let server = sandbox.server;
        let logged_in = race(4, |number| {
            let (node, call) = (nodes[number % 2].clone(), two.call(&store));
            let typed = codes.get(number).map(|id| attempt(&store, *id, true));
            async move {
                match typed {
                    Some(typed) => match node.prove(&server, typed, None).await.unwrap() {
                        Once::Done(outcome) => Some(user(&outcome)),
                        other => panic!("{other:?}"),
                    },
                    None => {
                        assert_eq!(node.join_users(&scope, call).await.unwrap(), JoinOutcome::Joined);
                        None
                    }
                }
            }
        })
        .await;
        assert!(
            logged_in
                .iter()
                .flatten()
                .all(|user| [two.first, two.second].contains(user))
        );
        assert_eq!(found(&store, &sandbox, two.first).await, Some(two.second));
    }
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

async fn two_users_of_one_partner_stay_two(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, _) = partners_user(&store, &sandbox, "ada").await;
    let (second, _) = partners_user(&store, &sandbox, "bob").await;
    prove_for(&store, &sandbox, second, "bob@example.com").await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    let join = two.now(&store).await;
    assert_eq!(
        (join.state, join.partner.as_deref()),
        (JoinState::SamePartner, Some("Wrapp"))
    );
    two.show_all(&store, &sandbox).await;
    assert_eq!(two.join(&store).await, JoinOutcome::SamePartner);
    assert_eq!(found(&store, &sandbox, first).await, Some(first));
}

async fn a_plan_that_has_ended_gives_way(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    for (first_days, second_days, kept) in [
        (10, 10, "silver"),
        (10, -1, "gold"),
        (-1, 10, "silver"),
        (-1, -1, "silver"),
    ] {
        let two = two(&store, &sandbox).await;
        plan(&store, sandbox.id, two.first, "gold", first_days).await;
        plan(&store, sandbox.id, two.second, "silver", second_days).await;
        let before = standing(&store).await;
        two.joined(&store, &sandbox).await;
        let whose = store.literal(two.second.0);
        let sql = format!("select plan_name from subscriptions where user_id = {whose}");
        assert_eq!(store.rows(&sql).await, [kept]);
        store.advance(60);
        two.undone(&store, &sandbox).await;
        assert_eq!(standing(&store).await, before);
        for user in [two.first, two.second] {
            let event = EventId(store.ids.id());
            let erased = store
                .erase_user(&sandbox.server, &store.admin(), user, event, store.now())
                .await;
            assert_eq!(erased.unwrap(), Some(user));
        }
        store.advance(60);
    }
}

async fn of_two_joins_the_newer_is_undone_first(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let older = two(&store, &sandbox).await;
    let before_both = standing(&store).await;
    older.joined(&store, &sandbox).await;
    let third = proven(&store, &sandbox, "carol@example.com").await;
    let newer = offer(&store, &sandbox, older.second, third, "carol@example.com").await;
    let before = standing(&store).await;
    newer.joined(&store, &sandbox).await;
    for user in [older.first, older.second, third] {
        assert_eq!(found(&store, &sandbox, user).await, Some(third));
    }
    assert!(older.find(&store).await.is_none(), "its account is retired");
    store.advance(60);
    newer.undone(&store, &sandbox).await;
    assert_eq!(standing(&store).await, before);
    store.advance(60);
    older.undone(&store, &sandbox).await;
    let after: Vec<_> = standing(&store).await;
    assert!(before_both.iter().all(|row| after.contains(row)));
}

async fn a_suspended_account_is_neither_joined_nor_separated(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    two.show_all(&store, &sandbox).await;
    let scope = two.now(&store).await.scope;
    let suspend = async |user, on| {
        let set = store
            .set_suspended(&store.admin(), sandbox.id, user, on, store.now())
            .await;
        assert!(set.unwrap());
    };
    for user in [two.first, two.second] {
        suspend(user, true).await;
        assert!(two.find(&store).await.is_none());
        assert_eq!(
            store.join_users(&scope, two.call(&store)).await.unwrap(),
            JoinOutcome::Gone
        );
        suspend(user, false).await;
    }
    assert_eq!(two.join(&store).await, JoinOutcome::Joined);
    store.advance(60);
    two.show(&store, &sandbox, 0, &two.holder).await;
    suspend(two.second, true).await;
    assert_eq!(
        store.undo_join(&scope, two.undo_call(&store)).await.unwrap(),
        UndoOutcome::Gone
    );
    suspend(two.second, false).await;
    assert_eq!(two.undo(&store).await, UndoOutcome::Undone);
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

async fn what_can_no_longer_be_undone_is_swept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    plan(&store, sandbox.id, two.first, "gold", 1).await;
    plan(&store, sandbox.id, two.second, "silver", 1).await;
    let whose = store.literal(two.first.0);
    store
        .execute(&format!("update users set name = 'Ada' where id = {whose}"))
        .await;
    two.joined(&store, &sandbox).await;
    let scope = two.now(&store).await.scope;
    store.advance(30 * DAY + 3_600);
    assert_eq!(
        store.undo_join(&scope, two.undo_call(&store)).await.unwrap(),
        UndoOutcome::Gone
    );
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!(
        (store.count("joins").await, store.count("join_moves").await),
        (1, 4),
        "within the hour"
    );
    store.advance(1);
    store.sweep(store.system(), store.now()).await.unwrap();
    assert_eq!((store.count("joins").await, store.count("join_moves").await), (0, 0));
    assert_eq!(
        store.count(&format!("users where id = {whose} and name is null")).await,
        1
    );
    assert_eq!(store.count(&format!("subscriptions where user_id = {whose}")).await, 0);
    assert_eq!(
        found(&store, &sandbox, two.first).await,
        Some(two.second),
        "its id lives on"
    );
}

async fn an_erasure_takes_what_the_retired_account_was(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    plan(&store, sandbox.id, two.first, "gold", 1).await;
    plan(&store, sandbox.id, two.second, "silver", 1).await;
    store
        .execute("update users set name = 'Ada Lovelace', metadata = '{\"a\":\"secret\"}'")
        .await;
    two.joined(&store, &sandbox).await;
    let event = EventId(store.ids.id());
    let erased = store
        .erase_user(&sandbox.server, &store.admin(), two.first, event, store.now())
        .await;
    assert_eq!(erased.unwrap(), Some(two.second));
    for (table, rows) in [
        ("joins", 0),
        ("join_moves", 0),
        ("user_aliases", 0),
        ("identities", 0),
        ("subscriptions", 0),
        ("users where name is not null or metadata <> '{}'", 0),
    ] {
        assert_eq!(store.count(table).await, rows, "{table}");
    }
    for user in [two.first, two.second] {
        assert_eq!(found(&store, &sandbox, user).await, None);
    }
    assert!(two.find(&store).await.is_none());
}

/// Whoever brings a table that names a user has to say what a join does with it.
async fn every_table_that_names_a_user_is_known_to_a_join(store: TestStore) {
    let moved = ["identities", "subscriptions", "user_aliases", "user_keys"];
    // These end with the account, or tell what was.
    let stay = ["challenges", "events", "login_links", "sessions"];
    let sql = match store.engine {
        Engine::Sqlite => {
            "select schema.name from sqlite_schema schema join pragma_table_info(schema.name) info
             where schema.type = 'table' and info.name = 'user_id' order by schema.name"
        }
        Engine::Postgres => {
            "select table_name from information_schema.columns
             where table_schema = 'public' and column_name = 'user_id' order by table_name collate \"C\""
        }
    };
    let mut known: Vec<_> = moved.into_iter().chain(stay).collect();
    known.sort_unstable();
    assert_eq!(store.rows(sql).await, known);
}
