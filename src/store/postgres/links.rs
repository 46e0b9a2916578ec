//! Login links and one-time codes, on PostgreSQL.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Postgres;
use super::batch::Verb;
use super::sql::{execute, named, query};
use super::writers::{Lease, Writers, bounded, to_its_end};
use crate::domain::{EnvironmentId, UserId};
use crate::store::links::{CodeSpent, CodeToSpend, StoredCode};
use crate::store::sql::Row;
use crate::store::{Redeemed, Redemption, RedemptionOutcome, Result};

// Links are locked in the order of the clicks, which is that of their ids: two batches with the same links never
// wait for each other. A link that another batch has just used is seen again when its lock is free, and no longer fits.
const CONSUME: &str = "
    with fit as materialized (
        select click.*, link.environment_id, link.user_id, link.partner_id
        from unnest(:id::uuid[], :hash::bytea[], :now::timestamptz[], :session::uuid[], :session_hash::bytea[],
            :session_expires_at::timestamptz[], :code_hash::bytea[], :code_expires_at::timestamptz[], :return_url::text[],
            :event::uuid[], :event_body::bytea[])
            as click (id, hash, now, session, session_hash, session_expires_at, code_hash, code_expires_at, return_url, event,
                event_body)
        cross join lateral (
            select environment_id, user_id, partner_id from login_links link
            where link.id = click.id and link.hash = click.hash and link.used_at is null and link.expires_at > click.now
                and (select account.status in ('linked', 'verified') and link.created_at >= account.valid_after
                    from users account where account.id = link.user_id)
                and not exists (
                    select 1 from source_ends ended
                    where ended.user_id = link.user_id and ended.source_id = link.partner_id and ended.valid_after > link.created_at)
            for update) link
    ), consumed as (
        update login_links link set (used_at, session_id, code_hash, code_expires_at, return_url) = (
            select fit.now, fit.session, fit.code_hash, fit.code_expires_at, coalesce(fit.return_url, link.return_url)
            from fit where fit.id = link.id)
        where link.id = any(array(select id from fit)) and link.used_at is null
        returning link.session_id
    ), begun as (
        insert into sessions (id, environment_id, user_id, hash, amr, partner_id, auth_time, seen_at, expires_at)
        select session, environment_id, user_id, session_hash, 'partner', partner_id, now, now, session_expires_at
        from fit where session in (select session_id from consumed)
    ), told as (
        insert into events (id, environment_id, type, body, created_at)
        select event, environment_id, 'login.succeeded', event_body, now
        from fit where session in (select session_id from consumed) order by event
    )
    select session, user_id from fit where session in (select session_id from consumed)";
// Only those clicks count that began their session.
const END_REPLACED: &str = "
    with ended as materialized (
        select old.id, click.now
        from unnest(:replaced::uuid[], :session::uuid[], :now::timestamptz[]) as click (replaced, session, now)
        cross join lateral (
            select old.id from sessions old
            where old.id = click.replaced and old.ended_at is null
                and old.environment_id = (select begun.environment_id from sessions begun where begun.id = click.session)
            for update) old
    )
    update sessions set ended_at = (select now from ended where ended.id = sessions.id limit 1)
    where id = any(array(select id from ended))";
// A code ends with its session, and with the user's being locked.
const FIND_CODE: &str = "
    select environment_id, code_hash, code_challenge,
        case when exists (
            select 1 from sessions session
            where session.id = login_links.session_id and session.ended_at is null and session.auth_time >= (
                select account.valid_after from users account
                where account.id = session.user_id and account.status in ('linked', 'verified'))
                and not exists (
                    select 1 from source_ends ended
                    where ended.user_id = session.user_id and ended.source_id = session.partner_id and ended.valid_after > session.auth_time))
        then code_expires_at end,
        code_used_at
    from login_links where id = :id for update";
const SPEND_CODE: &str = "update login_links set code_used_at = :now where id = :id";

impl Postgres {
    pub async fn redeem_login_link(&self, redemption: Redemption) -> Result<RedemptionOutcome> {
        self.0.redemptions.call(redemption).await
    }

    pub async fn spend_login_code(&self, code: CodeToSpend) -> Result<CodeSpent> {
        let writers = self.0.writers.clone();
        to_its_end(async move {
            let lease = writers.lease().await?;
            lease.begin().await?;
            let spent = spend(&lease, &code).await;
            lease.end(spent).await
        })
        .await
    }
}

/// Clicks on login links, in batches.
pub struct Redeem(pub Writers);

impl Verb for Redeem {
    type Call = Redemption;
    type Answer = RedemptionOutcome;

    async fn run(&self, calls: &[Redemption]) -> Result<Vec<RedemptionOutcome>> {
        // Of two clicks on one link only the first takes part. With another hash it is not the same link.
        let mut seen = HashSet::new();
        let clicks = calls.iter().filter(|call| seen.insert((call.link, call.hash)));
        let mut clicks: Vec<_> = clicks.collect();
        clicks.sort_by_key(|click| click.link);
        let consumed = bounded(async {
            let lease = self.0.lease().await?;
            if clicks.iter().any(|click| click.replaces.is_some()) {
                let (begun, consumed) = tokio::join!(lease.begin(), consume(&lease, &clicks));
                let replaced = match begun.and(consumed) {
                    Ok(consumed) => end_replaced(&lease, &clicks).await.map(|()| consumed),
                    Err(error) => Err(error),
                };
                lease.end(replaced).await
            } else {
                let consumed = consume(&lease, &clicks).await;
                lease.end_single(consumed)
            }
        })
        .await?;
        let outcome = |call: &Redemption| match consumed.get(&call.session.id.0) {
            Some(user) => RedemptionOutcome::Redeemed(Redeemed { user: *user }),
            None => RedemptionOutcome::Gone,
        };
        Ok(calls.iter().map(outcome).collect())
    }
}

/// The users whose sessions have begun, by session.
async fn consume(lease: &Lease, clicks: &[&Redemption]) -> Result<HashMap<Uuid, UserId>> {
    let codes = || clicks.iter().map(|click| click.code.as_ref());
    let params = named![
        id: clicks.iter().map(|click| click.link.0).collect::<Vec<_>>(),
        hash: clicks.iter().map(|click| &click.hash[..]).collect::<Vec<_>>(),
        now: clicks.iter().map(|click| click.now).collect::<Vec<_>>(),
        session: clicks.iter().map(|click| click.session.id.0).collect::<Vec<_>>(),
        session_hash: clicks.iter().map(|click| &click.session.hash[..]).collect::<Vec<_>>(),
        session_expires_at: clicks.iter().map(|click| click.session.expires_at).collect::<Vec<_>>(),
        code_hash: codes().map(|code| code.map(|code| &code.hash[..])).collect::<Vec<_>>(),
        code_expires_at: codes().map(|code| code.map(|code| code.expires_at)).collect::<Vec<_>>(),
        return_url: codes().map(|code| code.map(|code| code.return_url.as_str())).collect::<Vec<_>>(),
        event: clicks.iter().map(|click| click.event.0).collect::<Vec<_>>(),
        event_body: clicks.iter().map(|click| &click.event_body[..]).collect::<Vec<_>>(),
    ];
    let rows = query(lease, CONSUME, &params).await?;
    let consumed = rows
        .iter()
        .map(Row::Postgres)
        .map(|row| Ok((row.id(0)?, UserId(row.id(1)?))));
    consumed.collect()
}

async fn end_replaced(lease: &Lease, clicks: &[&Redemption]) -> Result<()> {
    let mut replacing: Vec<_> = clicks
        .iter()
        .filter_map(|click| Some((click.replaces?, click)))
        .collect();
    // Sessions are locked in this order.
    replacing.sort_by_key(|(replaced, _)| *replaced);
    let replacing = || replacing.iter();
    let params = named![
        replaced: replacing().map(|(replaced, _)| replaced.0).collect::<Vec<_>>(),
        session: replacing().map(|(_, click)| click.session.id.0).collect::<Vec<_>>(),
        now: replacing().map(|(_, click)| click.now).collect::<Vec<_>>(),
    ];
    execute(lease, END_REPLACED, &params).await?;
    Ok(())
}

async fn spend(lease: &Lease, code: &CodeToSpend) -> Result<CodeSpent> {
    let rows = query(lease, FIND_CODE, &named![id: code.link.0]).await?;
    let stored = rows.first().map(|row| stored_code(&Row::Postgres(row))).transpose()?;
    let decision = stored.map_or(CodeSpent::Refused, |stored| code.decide(&stored));
    if matches!(decision, CodeSpent::Spent) {
        execute(lease, SPEND_CODE, &named![now: code.now, id: code.link.0]).await?;
    }
    Ok(decision)
}

fn stored_code(row: &Row<'_>) -> Result<StoredCode> {
    Ok(StoredCode {
        environment: EnvironmentId(row.id(0)?),
        hash: row.opt_bytes(1)?,
        challenge: row.opt_text(2)?,
        expires_at: row.opt_time(3)?,
        used_at: row.opt_time(4)?,
    })
}
