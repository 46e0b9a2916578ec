//! Families of refresh tokens.

use aboard::domain::{Amr, FamilyId, LoginKind, RefreshToken, UserId};
use aboard::store::{AppScope, Expected, NewFamily, Refreshed};

use super::logins::{enter, login, user};
use super::sweep::DAY;
use super::world_app::new_app;
use crate::support::store::{TestStore, both, race};
use crate::support::world::World;

both! {
    a_token_is_worth_one_successor,
    a_lost_answer_may_be_asked_for_again_for_a_minute,
    a_successor_that_was_taken_back_ends_the_family,
    a_spent_token_after_its_successor_was_used_ends_the_family,
    a_spent_token_after_a_minute_ends_the_family,
    whatever_ends_the_users_tokens_ends_the_family,
    a_family_is_its_apps_alone,
    tokens_live_a_week_and_families_ninety_days,
    a_stranger_who_knows_an_id_changes_nothing,
    of_those_who_come_at_once_one_successor_is_good,
    what_has_ended_is_swept,
}

/// A log-in that may go on.
struct Begun {
    world: World,
    scope: AppScope,
    user: UserId,
    family: FamilyId,
    first: RefreshToken,
}

fn token(store: &TestStore) -> RefreshToken {
    RefreshToken::new(store.ids.id(), store.ids.secret())
}

async fn begin(store: &TestStore) -> Begun {
    let world = store.world().await;
    let scope = new_app(store, &world.sandbox).await;
    let entered = login(store, LoginKind::Google, "1", Expected::Either);
    let user = user(enter(store, &scope, entered).await);
    let (family, first) = (FamilyId(store.ids.id()), token(store));
    let new = NewFamily {
        id: family,
        user,
        amr: Amr::Federated,
        provider: "google",
        since: store.now(),
        first: first.clone(),
        hold: None,
    };
    store.begin_family(&scope, new, store.now()).await.unwrap();
    Begun {
        world,
        scope,
        user,
        family,
        first,
    }
}

impl Begun {
    async fn present(&self, store: &TestStore, presented: &RefreshToken) -> (Refreshed, RefreshToken) {
        let successor = token(store);
        let done = store
            .rotate_refresh_token(&self.scope, presented.clone(), successor.clone(), store.now())
            .await;
        (done.unwrap(), successor)
    }

    /// Presents a token, and expects a successor.
    async fn rotate(&self, store: &TestStore, presented: &RefreshToken) -> RefreshToken {
        match self.present(store, presented).await {
            (Refreshed::Rotated(family), successor) => {
                assert_eq!(
                    (family.id, family.user, family.amr),
                    (self.family, self.user, Amr::Federated)
                );
                assert_eq!(family.provider, "google");
                successor
            }
            (other, _) => panic!("{other:?}"),
        }
    }

    /// Presents a token, and expects that the family has ended by it.
    async fn reuse(&self, store: &TestStore, presented: &RefreshToken) {
        let (outcome, _) = self.present(store, presented).await;
        assert!(matches!(outcome, Refreshed::Reused(_)), "{outcome:?}");
    }

    async fn refuse(&self, store: &TestStore, presented: &RefreshToken) {
        assert_eq!(self.present(store, presented).await.0, Refreshed::Refused);
    }
}

async fn a_token_is_worth_one_successor(store: TestStore) {
    let begun = begin(&store).await;
    let mut last = begun.first.clone();
    for _ in 0..5 {
        store.advance(3_600);
        last = begun.rotate(&store, &last).await;
    }
    assert_eq!(store.count("refresh_tokens where used_at is null").await, 1);
    // Nothing that opens anything is at rest.
    for row in store.everything().await {
        assert!(!row.contains(&last.text()), "{row}");
    }
}

async fn a_lost_answer_may_be_asked_for_again_for_a_minute(store: TestStore) {
    let begun = begin(&store).await;
    begun.rotate(&store, &begun.first).await;
    store.advance(30);
    begun.rotate(&store, &begun.first).await;
    store.advance(30);
    // The minute is counted from the first time.
    let last = begun.rotate(&store, &begun.first).await;
    begun.rotate(&store, &last).await;
}

async fn a_successor_that_was_taken_back_ends_the_family(store: TestStore) {
    let begun = begin(&store).await;
    let lost = begun.rotate(&store, &begun.first).await;
    let second = begun.rotate(&store, &begun.first).await;
    // Somebody has what was believed lost.
    begun.reuse(&store, &lost).await;
    begun.refuse(&store, &second).await;
}

async fn a_spent_token_after_its_successor_was_used_ends_the_family(store: TestStore) {
    let begun = begin(&store).await;
    let second = begun.rotate(&store, &begun.first).await;
    let third = begun.rotate(&store, &second).await;
    begun.reuse(&store, &begun.first).await;
    for token in [&begun.first, &second, &third] {
        begun.refuse(&store, token).await;
    }
    assert_eq!(store.count("token_families where ended_at is not null").await, 1);
}

async fn a_spent_token_after_a_minute_ends_the_family(store: TestStore) {
    let begun = begin(&store).await;
    let second = begun.rotate(&store, &begun.first).await;
    store.advance(61);
    begun.reuse(&store, &begun.first).await;
    begun.refuse(&store, &second).await;
}

async fn whatever_ends_the_users_tokens_ends_the_family(store: TestStore) {
    let begun = begin(&store).await;
    let environment = begun.world.sandbox.id;
    for (end, undo) in [
        (
            "update users set status = 'suspended'",
            "update users set status = 'verified'",
        ),
        (
            "update apps set revoked_at = created_at",
            "update apps set revoked_at = null",
        ),
    ] {
        store.execute(end).await;
        begun.refuse(&store, &begun.first).await;
        store.execute(undo).await;
    }
    // A refusal spent nothing.
    let second = begun.rotate(&store, &begun.first).await;
    let holder = store
        .user_by_access_token(
            environment,
            begun.user,
            begun.scope.app(),
            Amr::Federated,
            store.later(1),
        )
        .await
        .unwrap()
        .expect("it stands");
    store.end_all_sessions(&holder.scope, store.now()).await.unwrap();
    begun.refuse(&store, &second).await;

    let begun = begin(&store).await;
    assert!(store.end_family(&begun.scope, begun.family, store.now()).await.unwrap());
    assert!(!store.end_family(&begun.scope, begun.family, store.now()).await.unwrap());
    begun.refuse(&store, &begun.first).await;
}

async fn a_family_is_its_apps_alone(store: TestStore) {
    let begun = begin(&store).await;
    let other = new_app(&store, &begun.world.sandbox).await;
    let elsewhere = new_app(&store, &begun.world.production).await;
    for scope in [other, elsewhere] {
        let done = store
            .rotate_refresh_token(&scope, begun.first.clone(), token(&store), store.now())
            .await;
        assert_eq!(done.unwrap(), Refreshed::Refused);
        assert!(!store.end_family(&scope, begun.family, store.now()).await.unwrap());
    }
    begun.rotate(&store, &begun.first).await;
}

async fn tokens_live_a_week_and_families_ninety_days(store: TestStore) {
    let begun = begin(&store).await;
    store.advance(7 * DAY);
    begun.refuse(&store, &begun.first).await;
    let begun = begin(&store).await;
    let mut last = begun.first.clone();
    for _ in 0..14 {
        store.advance(6 * DAY);
        last = begun.rotate(&store, &last).await;
    }
    store.advance(6 * DAY - 1);
    let last = begun.rotate(&store, &last).await;
    store.advance(1);
    begun.refuse(&store, &last).await;
}

async fn a_stranger_who_knows_an_id_changes_nothing(store: TestStore) {
    let begun = begin(&store).await;
    let second = begun.rotate(&store, &begun.first).await;
    let before = store.everything().await;
    for known in [begun.first.id(), second.id(), store.ids.id()] {
        let forged = RefreshToken::new(known, store.ids.secret());
        begun.refuse(&store, &forged).await;
    }
    assert_eq!(store.everything().await, before);
    begun.rotate(&store, &second).await;
}

async fn of_those_who_come_at_once_one_successor_is_good(store: TestStore) {
    let begun = begin(&store).await;
    let (scope, first) = (begun.scope, begun.first.clone());
    let answers = race(10, {
        let store = store.clone();
        move |_| {
            let (store, first, successor) = (store.clone(), first.clone(), token(&store));
            async move {
                let done = store
                    .rotate_refresh_token(&scope, first, successor.clone(), store.now())
                    .await;
                (done.unwrap(), successor)
            }
        }
    });
    let answers = answers.await;
    assert!(
        answers
            .iter()
            .all(|(outcome, _)| matches!(outcome, Refreshed::Rotated(_)))
    );
    let good = store.rows("select id from refresh_tokens where used_at is null").await;
    assert_eq!(good.len(), 1);
    let is_good = |token: &RefreshToken| {
        let id = token.id();
        good[0] == id.to_string() || good[0] == id.simple().to_string()
    };
    let (_, last) = answers
        .into_iter()
        .find(|(_, token)| is_good(token))
        .expect("one was answered");
    begun.rotate(&store, &last).await;
}

async fn what_has_ended_is_swept(store: TestStore) {
    let begun = begin(&store).await;
    begun.rotate(&store, &begun.first).await;
    let left = async || {
        store.sweep(store.system(), store.now()).await.unwrap();
        (store.count("refresh_tokens").await, store.count("token_families").await)
    };
    store.advance(7 * DAY + 3_600);
    assert_eq!(left().await, (2, 1));
    store.advance(1);
    assert_eq!(left().await, (0, 1));
    store.advance(83 * DAY);
    assert_eq!(left().await, (0, 0));
}
