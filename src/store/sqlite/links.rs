//! Login links and one-time codes, on SQLite.

use super::{Sqlite, execute, first};
use crate::domain::{EnvironmentId, UserId};
use crate::store::links::{CodeSpent, CodeToSpend, StoredCode};
use crate::store::sql::params;
use crate::store::{Redeemed, Redemption, RedemptionOutcome, Result};

const CONSUME: &str = "
    update login_links set used_at = :now, session_id = :session, code_hash = :code_hash, code_expires_at = :code_expires_at,
        return_url = coalesce(:return_url, return_url)
    where id = :id and hash = :hash and used_at is null and expires_at > :now
        and exists (select 1 from users where users.id = login_links.user_id and status in ('linked', 'verified')
            and login_links.created_at >= users.valid_after)
        and not exists (
            select 1 from source_ends ended
            where ended.user_id = login_links.user_id and ended.source_id = login_links.partner_id and ended.valid_after > login_links.created_at)
    returning environment_id, user_id, partner_id";
const ADD_SESSION: &str = "
    insert into sessions (id, environment_id, user_id, hash, amr, partner_id, auth_time, seen_at, expires_at)
    values (:id, :environment, :user, :hash, 'partner', :partner, :now, :now, :expires_at)";
const ADD_EVENT: &str = "
    insert into events (id, environment_id, type, body, created_at)
    values (:id, :environment, 'login.succeeded', :body, :now)";
const END_SESSION: &str =
    "update sessions set ended_at = :now where id = :id and environment_id = :environment and ended_at is null";
// A code ends with its session, and with the user's being locked.
const FIND_CODE: &str = "
    select environment_id, code_hash, code_challenge,
        case when exists (select 1 from sessions session
            join users account on account.id = session.user_id and account.status in ('linked', 'verified')
            where session.id = login_links.session_id and session.ended_at is null and session.auth_time >= account.valid_after
                and not exists (
                    select 1 from source_ends ended
                    where ended.user_id = session.user_id and ended.source_id = session.partner_id and ended.valid_after > session.auth_time))
        then code_expires_at end,
        code_used_at
    from login_links where id = :id";
const SPEND_CODE: &str = "update login_links set code_used_at = :now where id = :id";

impl Sqlite {
    pub async fn redeem_login_link(&self, redemption: Redemption) -> Result<RedemptionOutcome> {
        self.writer
            .write(move |connection| {
                let Redemption { now, link, hash, session, code, replaces, event, event_body } = &redemption;
                let (now, code) = (*now, code.as_ref());
                let params = params![
                    now: now, session: session.id.0, code_hash: code.map(|code| code.hash.to_vec()),
                    code_expires_at: code.map(|code| code.expires_at), return_url: code.map(|code| code.return_url.as_str()), id: link.0, hash: &hash[..],
                ];
                let consumed = first(connection, CONSUME, &params, |row| Ok((row.id(0)?, row.id(1)?, row.id(2)?)))?;
                let Some((environment, user, partner)) = consumed else { return Ok(RedemptionOutcome::Gone) };
                let params = params![
                    id: session.id.0, environment: environment, user: user, hash: &session.hash[..], partner: partner, now: now,
                    expires_at: session.expires_at,
                ];
                execute(connection, ADD_SESSION, &params)?;
                let told = params![id: event.0, environment: environment, body: &event_body[..], now: now];
                execute(connection, ADD_EVENT, &told)?;
                if let Some(replaced) = replaces {
                    execute(connection, END_SESSION, &params![now: now, id: replaced.0, environment: environment])?;
                }
                Ok(RedemptionOutcome::Redeemed(Redeemed { user: UserId(user) }))
            })
            .await
    }

    pub async fn spend_login_code(&self, code: CodeToSpend) -> Result<CodeSpent> {
        self.writer
            .write(move |connection| {
                let stored = first(connection, FIND_CODE, &params![id: code.link.0], |row| {
                    Ok(StoredCode {
                        environment: EnvironmentId(row.id(0)?),
                        hash: row.opt_bytes(1)?,
                        challenge: row.opt_text(2)?,
                        expires_at: row.opt_time(3)?,
                        used_at: row.opt_time(4)?,
                    })
                })?;
                let decision = stored.map_or(CodeSpent::Refused, |stored| code.decide(&stored));
                if matches!(decision, CodeSpent::Spent) {
                    execute(connection, SPEND_CODE, &params![now: code.now, id: code.link.0])?;
                }
                Ok(decision)
            })
            .await
    }
}
