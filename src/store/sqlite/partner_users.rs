//! A partner's users, on SQLite.

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use super::{Sqlite, execute, first, query};
use crate::domain::{PartnerUserId, UserId};
use crate::store::sql::params;
use crate::store::{ExternalLogin, ExternalLoginOutcome, IdempotencyClaim, LoggedIn, NewUserKey, PartnerScope, Result};

const FIND: &str = "
    select link.user_id, account.status
    from identities link join users account on account.id = link.user_id
    where link.source_id = :partner and link.kind = 'partner_user' and link.kind not in ('email', 'phone')
        and link.key = :partner_user_id and link.environment_id = :environment";
const CLAIMS: &str = "
    select id, kind, key, shown, state, updated_at from identities
    where user_id = :user and kind in ('email', 'phone') and source_id = :partner";
const UPDATE_CLAIM: &str = "
    update identities set key = :key, shown = :shown, updated_at = :now
    where user_id = :user and kind = :kind and source_id = :partner and id = :id";
// `valid_after` starts at zero: a token of whole seconds that is made in the user's first second has to pass.
const ADD_USER: &str = "
    insert into users (id, environment_id, status, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, 'linked', '{}', 0, :now, :now)";
const ADD_IDENTITY: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
    values (:user, :kind, :partner, :id, :environment, 'partner', :key, :shown, :state, :now, :now)";
const ADD_LINK: &str = "
    insert into login_links (id, environment_id, partner_id, user_id, hash, state, code_challenge, return_url, created_at, expires_at)
    values (:id, :environment, :partner, :user, :hash, :state, :code_challenge, :return_url, :now, :expires_at)";
const ADD_EVENT: &str = "
    insert into events (id, environment_id, type, user_id, body, created_at)
    values (:id, :environment, 'user.created', :user, :body, :now)";
const ADD_USER_KEY: &str = "
    insert into user_keys (id, environment_id, user_id, partner_id, hash, hint, created_at)
    values (:id, :environment, :user, :partner, :hash, :hint, :now)";
const ADD_DELIVERY: &str = "
    insert into deliveries (id, environment_id, event_id, event_type, url, header_set, secret_id, user_key_id, sealed_body, state, attempts, created_at)
    values (:id, :environment, :event, 'user.created', :url, 'partner', :secret, :user_key, :sealed_body, 'pending', 0, :now)";
const ADD_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, created_at)
    values (:id, :environment, 'delivery', :now, 0, :now)";
const FIND_IDEMPOTENCY: &str = "select request_hash from idempotency_keys where id = :id and expires_at > :now";
const ADD_IDEMPOTENCY: &str = "
    insert or replace into idempotency_keys (id, environment_id, request_hash, status, expires_at)
    values (:id, :environment, :request_hash, 200, :expires_at)";

impl Sqlite {
    pub async fn external_login(&self, scope: PartnerScope, call: ExternalLogin) -> Result<ExternalLoginOutcome> {
        self.writer
            .write(move |connection| external_login(connection, &scope, &call))
            .await
    }
}

struct Found {
    user: UserId,
    active: bool,
}

fn find(connection: &Connection, scope: &PartnerScope, partner_user_id: &PartnerUserId) -> Result<Option<Found>> {
    let params = params![
        partner: scope.partner().0, partner_user_id: partner_user_id.as_str(), environment: scope.environment().0,
    ];
    first(connection, FIND, &params, |row| {
        let active = matches!(row.text(1)?.as_str(), "linked" | "verified");
        Ok(Found {
            user: UserId(row.id(0)?),
            active,
        })
    })
}

fn external_login(connection: &Connection, scope: &PartnerScope, call: &ExternalLogin) -> Result<ExternalLoginOutcome> {
    let found = find(connection, scope, &call.partner_user_id)?;
    if found.as_ref().is_some_and(|found| !found.active) {
        return Ok(ExternalLoginOutcome::Suspended);
    }
    let replayed = match &call.idempotency {
        None => false,
        Some(claim) => match claim_idempotency(connection, scope, claim, call.now)? {
            Claimed::Mismatch => return Ok(ExternalLoginOutcome::IdempotencyMismatch),
            Claimed::New => false,
            Claimed::Replayed => true,
        },
    };
    let created = found.is_none();
    if replayed && created {
        return Ok(ExternalLoginOutcome::Gone);
    }
    let user = if let Some(found) = found {
        refresh_claims(connection, scope, found.user, call)?;
        found.user
    } else {
        create(connection, scope, call)?;
        call.user
    };
    let link = &call.link;
    execute(
        connection,
        ADD_LINK,
        &params![
            id: link.id.0, environment: scope.environment().0, partner: scope.partner().0, user: user.0, hash: &link.hash[..],
            state: link.state.as_deref(), code_challenge: link.code_challenge.as_deref(), return_url: link.return_url.as_deref(),
            now: call.now, expires_at: link.expires_at,
        ],
    )?;
    Ok(ExternalLoginOutcome::LoggedIn(LoggedIn {
        user,
        created,
        replayed,
    }))
}

fn create(connection: &Connection, scope: &PartnerScope, call: &ExternalLogin) -> Result<()> {
    let (environment, user, now) = (scope.environment().0, call.user.0, call.now);
    execute(
        connection,
        ADD_USER,
        &params![id: user, environment: environment, now: now],
    )?;
    let name = call.partner_user_id.as_str();
    add_identity(
        connection,
        scope,
        call,
        NewIdentity {
            kind: "partner_user",
            id: call.wrapp_user.0,
            key: name,
            shown: name,
            state: "verified",
        },
    )?;
    add_identity(connection, scope, call, email_claim(call))?;
    add_identity(connection, scope, call, phone_claim(call))?;
    let event = params![id: call.event.0, environment: environment, user: user, body: &call.event_body[..], now: now];
    execute(connection, ADD_EVENT, &event)?;
    let Some(webhook) = &call.webhook else { return Ok(()) };
    add_user_key(connection, scope, call.user, &webhook.user_key, now)?;
    let delivery = params![
        id: webhook.delivery.0, environment: environment, event: call.event.0, url: webhook.url.as_str(), secret: webhook.secret.0,
        user_key: webhook.user_key.id.0, sealed_body: &webhook.sealed_body[..], now: now,
    ];
    execute(connection, ADD_DELIVERY, &delivery)?;
    execute(
        connection,
        ADD_JOB,
        &params![id: webhook.delivery.0, environment: environment, now: now],
    )?;
    Ok(())
}

#[derive(Clone, Copy)]
struct NewIdentity<'a> {
    kind: &'static str,
    id: Uuid,
    key: &'a str,
    shown: &'a str,
    state: &'static str,
}

fn email_claim(call: &ExternalLogin) -> NewIdentity<'_> {
    NewIdentity {
        kind: "email",
        id: call.email_identity.0,
        key: call.email.key(),
        shown: call.email.shown(),
        state: "claimed",
    }
}

fn phone_claim(call: &ExternalLogin) -> NewIdentity<'_> {
    NewIdentity {
        kind: "phone",
        id: call.phone_identity.0,
        key: call.phone.key(),
        shown: call.phone.shown(),
        state: "claimed",
    }
}

fn add_identity(
    connection: &Connection,
    scope: &PartnerScope,
    call: &ExternalLogin,
    new: NewIdentity<'_>,
) -> Result<()> {
    add_identity_of(connection, scope, call.user, call.now, new)
}

fn add_identity_of(
    connection: &Connection,
    scope: &PartnerScope,
    user: UserId,
    now: Timestamp,
    new: NewIdentity<'_>,
) -> Result<()> {
    let params = params![
        user: user.0, kind: new.kind, partner: scope.partner().0, id: new.id, environment: scope.environment().0, key: new.key,
        shown: new.shown, state: new.state, now: now,
    ];
    execute(connection, ADD_IDENTITY, &params)?;
    Ok(())
}

/// Another e-mail or phone than last time is a new claim; a verified one is never replaced.
fn refresh_claims(connection: &Connection, scope: &PartnerScope, user: UserId, call: &ExternalLogin) -> Result<()> {
    let params = params![user: user.0, partner: scope.partner().0];
    let mut claims = query(connection, CLAIMS, &params, usize::MAX, |row| {
        Ok((
            row.id(0)?,
            row.text(1)?,
            row.text(2)?,
            row.text(3)?,
            row.text(4)?,
            row.time(5)?,
        ))
    })?;
    claims.sort_unstable_by_key(|claim| (claim.5, claim.0));
    for given in [email_claim(call), phone_claim(call)] {
        let mut known = claims.iter().filter(|claim| claim.1 == given.kind);
        let last = known.clone().next_back();
        if last.is_some_and(|claim| claim.2 == given.key && claim.3 == given.shown) {
            continue;
        }
        let same = known.clone().find(|claim| claim.2 == given.key);
        let target = same.or_else(|| known.find(|claim| claim.4 == "claimed"));
        match target {
            Some((id, ..)) => {
                let params = params![
                    key: given.key, shown: given.shown, now: call.now, user: user.0, kind: given.kind, partner: scope.partner().0, id: *id,
                ];
                execute(connection, UPDATE_CLAIM, &params)?;
            }
            None => add_identity_of(connection, scope, user, call.now, given)?,
        }
    }
    Ok(())
}

fn add_user_key(
    connection: &Connection,
    scope: &PartnerScope,
    user: UserId,
    key: &NewUserKey,
    now: Timestamp,
) -> Result<()> {
    let params = params![
        id: key.id.0, environment: scope.environment().0, user: user.0, partner: scope.partner().0, hash: &key.hash[..],
        hint: key.hint.as_str(), now: now,
    ];
    execute(connection, ADD_USER_KEY, &params)?;
    Ok(())
}

enum Claimed {
    New,
    Replayed,
    Mismatch,
}

fn claim_idempotency(
    connection: &Connection,
    scope: &PartnerScope,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Result<Claimed> {
    let known = first(
        connection,
        FIND_IDEMPOTENCY,
        &params![id: &claim.id[..], now: now],
        |row| row.bytes(0),
    )?;
    match known {
        Some(hash) if hash == claim.request_hash => Ok(Claimed::Replayed),
        Some(_) => Ok(Claimed::Mismatch),
        None => {
            let params = params![
                id: &claim.id[..], environment: scope.environment().0, request_hash: &claim.request_hash[..], expires_at: claim.expires_at,
            ];
            execute(connection, ADD_IDEMPOTENCY, &params)?;
            Ok(Claimed::New)
        }
    }
}
