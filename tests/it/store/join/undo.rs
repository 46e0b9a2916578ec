//! A join is undone, or can no longer be.

use aboard::domain::{Email, EventId, PartnerUserId};
use aboard::store::{JoinState, UndoOutcome};

use super::{DAY, found, offer, partners_user, plan, prove_for, proven, standing, two};
use crate::support::store::{TestStore, both};

both! {
    an_undo_puts_back_what_was_moved,
    what_came_since_stays_at_an_undo,
    who_logged_in_while_an_undo_waited_is_logged_out,
    what_a_partner_said_since_goes_back_with_its_user,
    a_plan_that_has_ended_gives_way,
    of_two_joins_the_newer_is_undone_first,
    what_can_no_longer_be_undone_is_swept,
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

async fn who_logged_in_while_an_undo_waited_is_logged_out(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    two.joined(&store, &sandbox).await;
    store.advance(60);
    two.show(&store, &sandbox, 0, &two.holder).await;
    let call = two.undo_call(&store);
    store.advance(3);
    // A log-in by the address that goes back, which is served first.
    assert_eq!(proven(&store, &sandbox, "ada@example.com").await, two.second);
    let born = store.now();
    let scope = two.now(&store).await.scope;
    assert_eq!(store.undo_join(&scope, call).await.unwrap(), UndoOutcome::Undone);
    let alive = format!("users where valid_after <= {}", store.moment(born));
    assert_eq!(store.count(&alive).await, 0, "neither account takes what was born then");
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
        (1, 2),
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
