//! What has ended is deleted in small batches.

use jiff::Timestamp;

use super::requests::first_id_at;
use super::scope::SystemScope;
use super::sql::{Script, params};
use super::{Result, Store};

/// Rows of each table that one sweep deletes at most.
const BATCH: i64 = 1_000;

// Every table's own life is in `docs/reference/retention.md`. What environments keep for different times is found by its
// end. Elsewhere ids are time-ordered, so what ends first stands first: a sweep looks at the oldest rows and never at a
// whole table.
const LINKS: &str = "delete from login_links where id in (
    select id from login_links where expires_at < :before order by expires_at limit :batch)";
const OLD_SESSIONS: &str = "delete from sessions where id in (
    select id from sessions where expires_at < :before order by expires_at limit :batch)";
const ENDED_SESSIONS: &str = "delete from sessions where id in (
    select id from sessions where ended_at < :before order by ended_at limit :batch)";
const IDEMPOTENCY: &str = "delete from idempotency_keys where id in (
    select id from idempotency_keys where expires_at < :now order by expires_at limit :batch)";
const EVENTS: &str = "delete from events where seq in (
    select seq from (select seq, created_at from events order by seq limit :batch) oldest where created_at < :month_ago)";
const DELIVERIES: &str = "delete from deliveries where id in (
    select id from (select id, state, finished_at from deliveries order by id limit :batch) oldest
    where state <> 'pending' and finished_at < :month_ago)";
const ATTEMPTS: &str = "delete from delivery_attempts where delivery_id in (
    select delivery_id from (select delivery_id, at from delivery_attempts order by delivery_id limit :batch) oldest
    where at < :month_ago)";
// A webhook has few, and needs those of an overlap no longer than that.
const WEBHOOK_SECRETS: &str = "
    delete from webhook_secrets where expires_at < :before and owner_id in (select id from webhooks)";
// The table is small. What a rotation replaced is of no use once it verifies nothing, and its private half of some use to
// a thief.
const SIGNING_KEYS: &str = "delete from signing_keys where retired_at < :before";
// What the budgets ask for goes back a day.
const CHALLENGES: &str = "delete from challenges where id in (
    select id from (select id, created_at from challenges order by id limit :batch) oldest where created_at < :before)";
const CODE_SENDS: &str = "delete from code_sends where id in (
    select id from (select id, created_at from code_sends order by id limit :batch) oldest where created_at < :before)";
const INBOX: &str = "delete from inbox where id in (
    select id from (select id, created_at from inbox order by id limit :batch) oldest where created_at < :before)";
const MESSAGES: &str = "delete from messages where id in (
    select id from (select id, state, finished_at from messages order by id limit :batch) oldest
    where state <> 'pending' and finished_at < :before)";
// Providers repeat a report that was not taken for days, and a copy has to be known as one.
const REPORTS: &str = "delete from provider_reports where id in (
    select id from (select id, received_at from provider_reports order by id limit :batch) oldest where received_at < :before)";
const CODE_COUNTS: &str = "delete from code_counts where day < :before";
const FAMILIAR_NETWORKS: &str = "delete from familiar_networks where proven_at < :before";
const MARKS: &str = "delete from destination_marks where expires_at < :now";
const ASSERTIONS: &str = "delete from spent_assertions where id in (
    select id from spent_assertions where expires_at < :before order by expires_at limit :batch)";
const PASSWORD_TRIES: &str = "delete from password_tries where id in (
    select id from password_tries where was_right = :right and created_at < :before order by created_at limit :batch)";
const REFRESH_TOKENS: &str = "delete from refresh_tokens where id in (
    select id from (select id, expires_at from refresh_tokens order by id limit :batch) oldest where expires_at < :before)";
const FAMILIES: &str = "delete from token_families where id in (
    select id from (select id, expires_at from token_families order by id limit :batch) oldest where expires_at < :before)";
// Once it can no longer be undone, what a retired account was is nobody's business any more; its id stays another name
// of the account that it was joined into.
const RETIRED_NAMES: &str = "
    update users set name = null, metadata = '{}'
    where id in (select first_id from joins where joined_at is not null and undone_at is null and expires_at < :before)";
const RETIRED_PLANS: &str = "
    delete from subscriptions
    where user_id in (select first_id from joins where joined_at is not null and undone_at is null and expires_at < :before)";
const JOIN_MOVES: &str = "delete from join_moves where join_id in (select id from joins where expires_at < :before)";
const JOINS: &str = "delete from joins where expires_at < :before";
const CONFIRMATIONS: &str = "delete from confirmations where expires_at < :before";
const SPENT_WALLET_TOKENS: &str = "delete from spent_wallet_tokens where id in (
    select id from (select id, expires_at from spent_wallet_tokens order by id limit :batch) oldest where expires_at < :before)";
const RIDING_HALVES: &str = "delete from riding_halves where id in (
    select id from (select id, expires_at from riding_halves order by id limit :batch) oldest where expires_at < :now)";
const SECRET_LINKS: &str = "delete from secret_links where id in (
    select id from (select id, expires_at from secret_links order by id limit :batch) oldest where expires_at < :now)";
// What a wallet leaves behind goes in the same transaction, and before the row that it is found by.
const ENDED_WALLETS: [&str; 6] = [
    "delete from wallet_secrets where wallet_id in (select id from wallets where ends_at < :now)",
    "delete from secret_links where wallet_id in (select id from wallets where ends_at < :now)",
    "delete from riding_halves where wallet_id in (select id from wallets where ends_at < :now)",
    "delete from consents where wallet_id in (select id from wallets where ends_at < :now)",
    "delete from wallet_exports where wallet_id in (select id from wallets where ends_at < :now)",
    "delete from wallets where ends_at < :now",
];
const DEVICE_HOLDS: &str = "delete from device_holds where id in (
    select id from device_holds where ends_at < :before order by ends_at limit :batch)";
const EXPORTS: &str = "delete from wallet_exports where expires_at < :before";
const VALUE_WINDOWS: &str = "delete from value_windows where (wallet_id, app_id, asset, seconds, starts_at) in (
    select wallet_id, app_id, asset, seconds, starts_at from value_windows where ends_at < :before order by ends_at limit :batch)";
const APP_VALUE_WINDOWS: &str = "delete from app_value_windows where (app_id, asset, seconds, starts_at) in (
    select app_id, asset, seconds, starts_at from app_value_windows where ends_at < :before order by ends_at limit :batch)";
const COUNTED_CALLS: &str = "delete from counted_calls where id in (
    select id from counted_calls where expires_at < :before order by expires_at limit :batch)";
const SENDS: &str = "delete from sends where id in (
    select id from sends where finished_at < :before order by finished_at limit :batch)";
// Requests are clustered by environment: each has its own oldest ones.
const WITH_OLD_REQUESTS: &str = "
    select environment.id from environments environment
    where exists (select 1 from request_blocks where environment_id = environment.id and newest_id < :before)";
const REQUESTS: &str = "delete from request_blocks where environment_id = :environment and newest_id in (
    select newest_id from request_blocks where environment_id = :environment and newest_id < :before
    order by newest_id limit :batch)";

impl Store {
    /// Deletes one batch of what has ended: links, sessions, refresh tokens, spent wallet tokens, holds of new devices, what
    /// providers signed, what can no longer be joined or undone, times of limits, wallets of erased users, and signing keys an
    /// hour after their end, idempotency keys, recovery files and halves of keys at their end, what codes left behind after a
    /// day (messages: a week, reports about them: ten days, networks: 90 days), wrong passwords after a day and right ones
    /// after 90, events, finished deliveries, their attempts and the request log after 30 days. Answers how many rows went.
    pub async fn sweep(&self, _: SystemScope, now: Timestamp) -> Result<u64> {
        let before = now - jiff::SignedDuration::from_hours(1);
        let month_ago = now - jiff::SignedDuration::from_hours(30 * 24);
        let month_old = first_id_at(month_ago);
        let [day_ago, week_ago, ten_days_ago, season_ago] =
            [1, 7, 10, 90].map(|days| now - jiff::SignedDuration::from_hours(days * 24));
        let with_old_requests = self
            .all(WITH_OLD_REQUESTS, &params![before: month_old], |row| row.id(0))
            .await?;
        let mut script = Script::default()
            .then(LINKS, params![before: before, batch: BATCH])
            .then(OLD_SESSIONS, params![before: before, batch: BATCH])
            .then(ENDED_SESSIONS, params![before: before, batch: BATCH])
            .then(IDEMPOTENCY, params![now: now, batch: BATCH])
            .then(EVENTS, params![month_ago: month_ago, batch: BATCH])
            .then(DELIVERIES, params![month_ago: month_ago, batch: BATCH])
            .then(ATTEMPTS, params![month_ago: month_ago, batch: BATCH])
            .then(WEBHOOK_SECRETS, params![before: before])
            .then(SIGNING_KEYS, params![before: before])
            .then(CHALLENGES, params![before: day_ago, batch: BATCH])
            .then(CODE_SENDS, params![before: day_ago, batch: BATCH])
            .then(INBOX, params![before: day_ago, batch: BATCH])
            .then(MESSAGES, params![before: week_ago, batch: BATCH])
            .then(REPORTS, params![before: ten_days_ago, batch: BATCH])
            .then(CODE_COUNTS, params![before: day_ago.as_second().div_euclid(86_400)])
            .then(FAMILIAR_NETWORKS, params![before: season_ago])
            .then(MARKS, params![now: now])
            .then(ASSERTIONS, params![before: before, batch: BATCH])
            .then(PASSWORD_TRIES, params![right: false, before: day_ago, batch: BATCH])
            .then(PASSWORD_TRIES, params![right: true, before: season_ago, batch: BATCH])
            .then(REFRESH_TOKENS, params![before: before, batch: BATCH])
            .then(FAMILIES, params![before: before, batch: BATCH])
            .then(RETIRED_NAMES, params![before: before])
            .then(RETIRED_PLANS, params![before: before])
            .then(JOIN_MOVES, params![before: before])
            .then(JOINS, params![before: before])
            .then(CONFIRMATIONS, params![before: before])
            .then(SPENT_WALLET_TOKENS, params![before: before, batch: BATCH])
            .then(DEVICE_HOLDS, params![before: before, batch: BATCH])
            .then(RIDING_HALVES, params![now: now, batch: BATCH])
            .then(SECRET_LINKS, params![now: now, batch: BATCH])
            .then(VALUE_WINDOWS, params![before: before, batch: BATCH])
            .then(APP_VALUE_WINDOWS, params![before: before, batch: BATCH])
            .then(COUNTED_CALLS, params![before: before, batch: BATCH])
            .then(EXPORTS, params![before: month_ago])
            .then(SENDS, params![before: season_ago, batch: BATCH]);
        for sql in ENDED_WALLETS {
            script = script.then(sql, params![now: now]);
        }
        let wallets = script.0.len() - 1;
        for environment in with_old_requests {
            script = script.then(
                REQUESTS,
                params![environment: environment, before: month_old, batch: BATCH],
            );
        }
        let gone = self.run(script).await?;
        if gone[wallets] > 0 {
            self.start_log_over();
        }
        Ok(gone.into_iter().sum())
    }
}
