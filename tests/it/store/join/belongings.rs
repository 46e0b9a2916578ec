//! What an account has beside its names goes along, and comes back.

use aboard::domain::UserId;
use aboard::store::{JoinOutcome, JoinState};

use super::{offer, partners_user, prove_for, proven, standing, two};
use crate::support::store::{Engine, TestStore, both};
use crate::support::world::Plane;

both! {
    password_account_and_wallet_go_along_and_come_back,
    what_the_account_that_stays_has_is_kept,
    two_wallets_keep_two_accounts,
    a_wallet_that_came_since_stays_at_an_undo,
    what_has_something_of_its_own_is_shown_by_its_own_address_alone,
}

/// A username with a password.
async fn with_password(store: &TestStore, plane: &Plane, user: UserId, name: &str) {
    let (identity, app) = (store.literal(store.ids.id()), store.literal(store.ids.id()));
    let (user, environment, now) = (
        store.literal(user.0),
        store.literal(plane.id.0),
        store.moment(store.now()),
    );
    store
        .execute(&format!(
            "insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
             values ({user}, 'username', {app}, {identity}, {environment}, 'app', '{name}', '{name}', 'verified', {now}, {now}, {now})"
        ))
        .await;
    store
        .execute(&format!(
            "insert into passwords (identity_id, environment_id, user_id, hash, updated_at)
             values ({identity}, {environment}, {user}, 'a hash', {now})"
        ))
        .await;
}

async fn with_account(store: &TestStore, plane: &Plane, user: UserId, name: &str) {
    let (user, environment, now) = (
        store.literal(user.0),
        store.literal(plane.id.0),
        store.moment(store.now()),
    );
    store
        .execute(&format!(
            "insert into rampable_accounts (user_id, environment_id, username, full_name, password, created_at)
             values ({user}, {environment}, '{name}', 'Ada', 'a hash', {now})"
        ))
        .await;
}

pub async fn with_wallet(store: &TestStore, plane: &Plane, user: UserId) {
    let (wallet, app) = (store.literal(store.ids.id()), store.literal(store.ids.id()));
    let (user, environment, now) = (
        store.literal(user.0),
        store.literal(plane.id.0),
        store.moment(store.now()),
    );
    let sealed = match store.engine {
        Engine::Sqlite => "x'07'",
        Engine::Postgres => "'\\x07'::bytea",
    };
    store
        .execute(&format!(
            "insert into wallets (id, environment_id, user_id, app_id, custody, state, sealed_for, key, body, created_at, updated_at)
             values ({wallet}, {environment}, {user}, {app}, 'server', 'active', {user}, {sealed}, {sealed}, {now}, {now})"
        ))
        .await;
}

/// How many rows of each table the user has.
async fn has(store: &TestStore, user: UserId) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, table) in counts.iter_mut().zip(["passwords", "rampable_accounts", "wallets"]) {
        *count = store
            .count(&format!("{table} where user_id = {}", store.literal(user.0)))
            .await;
    }
    counts
}

async fn password_account_and_wallet_go_along_and_come_back(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let first = proven(&store, &sandbox, "ada@example.com").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    with_password(&store, &sandbox, first, "ada").await;
    with_password(&store, &sandbox, second, "bob").await;
    with_account(&store, &sandbox, first, "ada").await;
    with_wallet(&store, &sandbox, first).await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    let before = standing(&store).await;
    two.joined(&store, &sandbox).await;
    assert_eq!(
        (has(&store, first).await, has(&store, second).await),
        ([0, 0, 0], [2, 1, 1])
    );
    // Whom the vault sealed it for is no matter of whose it is.
    let sealed_for = format!("wallets where sealed_for = {}", store.literal(first.0));
    assert_eq!(store.count(&sealed_for).await, 1);
    two.undone(&store, &sandbox).await;
    assert_eq!(
        (has(&store, first).await, has(&store, second).await),
        ([1, 1, 1], [1, 0, 0])
    );
    assert_eq!(standing(&store).await, before);
}

async fn what_the_account_that_stays_has_is_kept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    with_account(&store, &sandbox, two.first, "ada").await;
    with_account(&store, &sandbox, two.second, "bob").await;
    with_wallet(&store, &sandbox, two.second).await;
    let before = standing(&store).await;
    two.joined(&store, &sandbox).await;
    assert_eq!(
        (has(&store, two.first).await, has(&store, two.second).await),
        ([0, 1, 0], [0, 1, 1])
    );
    two.undone(&store, &sandbox).await;
    assert_eq!(standing(&store).await, before);
}

async fn two_wallets_keep_two_accounts(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    two.show_all(&store, &sandbox).await;
    with_wallet(&store, &sandbox, two.first).await;
    with_wallet(&store, &sandbox, two.second).await;
    let before = standing(&store).await;
    assert_eq!(two.now(&store).await.state, JoinState::TwoWallets);
    assert_eq!(two.join(&store).await, JoinOutcome::TwoWallets);
    assert_eq!(standing(&store).await, before);
}

async fn a_wallet_that_came_since_stays_at_an_undo(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let two = two(&store, &sandbox).await;
    with_wallet(&store, &sandbox, two.first).await;
    with_account(&store, &sandbox, two.first, "ada").await;
    two.joined(&store, &sandbox).await;
    store.advance(60);
    // The wallet that was joined was recovered into another log-in, and the person made another one.
    let other = proven(&store, &sandbox, "carol@example.com").await;
    let moved = format!("update wallets set user_id = {}", store.literal(other.0));
    store.execute(&moved).await;
    store.execute("delete from rampable_accounts").await;
    with_wallet(&store, &sandbox, two.second).await;
    with_account(&store, &sandbox, two.second, "bob").await;
    let before = has(&store, two.second).await;
    two.undone(&store, &sandbox).await;
    assert_eq!(has(&store, two.second).await, before);
    assert_eq!(has(&store, two.first).await, [0, 0, 0]);
    assert_eq!(has(&store, other).await, [0, 0, 1]);
}

async fn what_has_something_of_its_own_is_shown_by_its_own_address_alone(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let (first, _) = partners_user(&store, &sandbox, "ada").await;
    let second = proven(&store, &sandbox, "bob@example.com").await;
    let two = offer(&store, &sandbox, first, second, "bob@example.com").await;
    // One code showed both, while there was nothing in the first.
    two.show_all(&store, &sandbox).await;
    let before = standing(&store).await;
    with_wallet(&store, &sandbox, first).await;
    assert_eq!(two.now(&store).await.state, JoinState::Unprovable);
    assert_eq!(two.join(&store).await, JoinOutcome::Unprovable);
    store.execute("delete from wallets").await;
    with_password(&store, &sandbox, first, "ada").await;
    assert_eq!(two.join(&store).await, JoinOutcome::Unprovable);
    store.execute("delete from passwords").await;
    store.execute("delete from identities where kind = 'username'").await;
    assert_eq!(standing(&store).await, before);
    // Now somebody proves an address of the first: the code that went to the other one shows it no more.
    prove_for(&store, &sandbox, first, "ada@example.com").await;
    with_wallet(&store, &sandbox, first).await;
    let join = two.now(&store).await;
    assert_eq!(
        (join.state, join.first.shown, join.second.shown),
        (JoinState::Offered, false, true)
    );
    assert_eq!(two.join(&store).await, JoinOutcome::NotShown);
    two.joined(&store, &sandbox).await;
    assert_eq!(has(&store, second).await, [0, 0, 1]);
}
