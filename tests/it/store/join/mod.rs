//! Two accounts become one, and two again.

pub mod belongings;
mod races;
mod shows;
mod undo;

use aboard::domain::{
    ChallengeId, Email, EnvironmentId, EventId, JoinId, Phone, Purpose, SubscriptionStatus, Token, UserId,
};
use aboard::store::{
    Join, JoinOutcome, JoinState, JoinUsers, NewChallenge, NewSubscription, OfferJoin, Once, ProofAttempt,
    ProofOutcome, TokenSubject, UndoJoin, UndoOutcome, UserFilter,
};

use crate::store::challenges::challenge;
use crate::store::confirm::confirmed;
use crate::store::prove::{attempt, begin_with, prove, user};
use crate::support::store::{Engine, TestStore, both};
use crate::support::world::Plane;

both! {
    what_named_the_first_account_names_the_second,
    two_users_of_one_partner_stay_two,
    a_suspended_account_is_neither_joined_nor_separated,
    an_erasure_takes_what_the_retired_account_was,
    every_table_that_names_a_user_is_known_to_a_join,
}

pub const DAY: u64 = 86_400;
const UNDO: i64 = 30 * 86_400;

/// Two accounts of one person, and the page on which they may be joined.
pub struct Two {
    pub first: UserId,
    pub second: UserId,
    pub token: Token,
    pub holder: Token,
}

pub fn token(store: &TestStore) -> Token {
    Token::new(store.ids.id(), store.ids.secret())
}

/// Somebody who proves an e-mail.
pub async fn proven(store: &TestStore, plane: &Plane, email: &str) -> UserId {
    let id = begin_with(store, plane, challenge(store, email)).await;
    user(&prove(store, plane, attempt(store, id, true)).await)
}

/// The user proves an address that another user has proven; answers what the code was.
pub async fn collide(store: &TestStore, plane: &Plane, first: UserId, address: &str) -> ChallengeId {
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

pub async fn offer(store: &TestStore, plane: &Plane, first: UserId, second: UserId, address: &str) -> Two {
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
pub async fn two(store: &TestStore, plane: &Plane) -> Two {
    let first = proven(store, plane, "ada@example.com").await;
    let second = proven(store, plane, "bob@example.com").await;
    offer(store, plane, first, second, "bob@example.com").await
}

impl Two {
    pub async fn find(&self, store: &TestStore) -> Option<Join> {
        store.join(&self.token, store.now()).await.unwrap()
    }

    pub async fn now(&self, store: &TestStore) -> Join {
        self.find(store).await.expect("the page is there")
    }

    /// A code to the way of this number, typed right in a browser.
    pub async fn show(&self, store: &TestStore, plane: &Plane, way: usize, holder: &Token) -> bool {
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

    pub async fn show_all(&self, store: &TestStore, plane: &Plane) {
        for way in 0..self.now(store).await.ways().count() {
            assert!(self.show(store, plane, way, &self.holder).await);
        }
    }

    pub fn call(&self, store: &TestStore) -> JoinUsers {
        JoinUsers {
            holder: self.holder.clone(),
            event: EventId(store.ids.id()),
            undo_until: store.later(UNDO),
            now: store.now(),
        }
    }

    pub fn undo_call(&self, store: &TestStore) -> UndoJoin {
        UndoJoin {
            holder: self.holder.clone(),
            event: EventId(store.ids.id()),
            now: store.now(),
        }
    }

    pub async fn join(&self, store: &TestStore) -> JoinOutcome {
        let scope = self.now(store).await.scope;
        store.join_users(&scope, self.call(store)).await.unwrap()
    }

    pub async fn joined(&self, store: &TestStore, plane: &Plane) {
        self.show_all(store, plane).await;
        assert_eq!(self.join(store).await, JoinOutcome::Joined);
    }

    pub async fn undo(&self, store: &TestStore) -> UndoOutcome {
        let scope = self.now(store).await.scope;
        store.undo_join(&scope, self.undo_call(store)).await.unwrap()
    }

    pub async fn undone(&self, store: &TestStore, plane: &Plane) {
        self.show(store, plane, 0, &self.holder).await;
        assert_eq!(self.undo(store).await, UndoOutcome::Undone);
    }
}

/// What a join moves, as it stands: whose is what.
pub async fn standing(store: &TestStore) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "select id, user_id, key, state from identities order by id",
        "select id, user_id from user_keys order by id",
        "select user_id, plan_name from subscriptions order by user_id",
        "select id, user_id from user_aliases order by id",
        "select id, status, name, metadata from users order by id",
        "select identity_id, user_id from passwords order by identity_id",
        "select user_id, username from rampable_accounts order by user_id",
        "select id, user_id from wallets order by id",
    ] {
        all.extend(store.rows(sql).await);
    }
    all
}

pub async fn found(store: &TestStore, plane: &Plane, user: UserId) -> Option<UserId> {
    store.user(&plane.server, user).await.unwrap().map(|user| user.id)
}

pub async fn plan(store: &TestStore, environment: EnvironmentId, user: UserId, name: &str, days: i64) {
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
pub async fn partners_user(store: &TestStore, plane: &Plane, name: &str) -> (UserId, crate::support::calls::Call) {
    let mut call = store.call_with_webhook(&plane.partner, name);
    call.login.email = Email::parse(&format!("{name}@partner.example.com")).unwrap();
    call.login.phone = Phone::parse("+306900000000", None).unwrap();
    let made = store.log_in(&plane.partner, call.login.clone()).await;
    (made.user, call)
}

/// The user proves an address of its own, and confirms it at one that it proved before, if it did.
pub async fn prove_for(store: &TestStore, plane: &Plane, whose: UserId, email: &str) {
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
    match prove(store, plane, typed).await {
        ProofOutcome::NeedsConfirmation => confirmed(store, plane, whose, id).await,
        outcome => assert_eq!(user(&outcome), whose),
    }
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
    let moved = [
        "identities",
        "passwords",
        "rampable_accounts",
        "subscriptions",
        "user_aliases",
        "user_keys",
        "wallets",
    ];
    // These end with the account, or tell what was.
    let stay = [
        "challenges",
        "confirmations",
        "device_holds",
        "events",
        "login_links",
        "messages",
        "sessions",
        "source_ends",
        "token_families",
        "wallet_exports",
    ];
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
