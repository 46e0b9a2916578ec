//! Tokens that the organization's back end asks for: for whom, and whether they still stand.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::{ServerScope, UserScope};
use super::sessions::ended_all;
use super::sql::{Params, Row, params};
use super::transaction::Tx;
use super::users::{find_held, lock};
use super::{Result, Store};
use crate::domain::{Amr, AppId, EnvironmentId, EnvironmentKind, UserId};

/// Whether a token may be made for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSubject {
    /// It may: for this user, whom the id may have named before a join.
    Known(UserId),
    /// The user is suspended.
    Suspended,
    /// The environment has no such user (any more).
    Unknown,
}

/// The user that an organization's token stands for.
#[derive(Debug, Clone, Copy)]
pub struct TokenHolder {
    /// What the token reaches: what the organization brought.
    pub scope: UserScope,
    /// The data plane's kind.
    pub kind: EnvironmentKind,
}

// An id that a join retired names the user that it lives on in.
const STATUS: &str = "
    select status, id,
        case when status = 'linked' and first_token_at is null then (
            select count(*) from identities brought
            where brought.user_id = users.id and brought.source = 'organization' and brought.kind in ('email', 'phone'))
        else 0 end
    from users
    where id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :user and alias.environment_id = :environment), :user)
        and environment_id = :environment";
// A user that the back end alone brought: a token for it is a sign-in, after which nobody else takes it over.
const NOTE: &str = "
    update users set first_token_at = :now
    where id = :user and environment_id = :environment and status = 'linked' and first_token_at is null";
const HOLDER: &str = "
    select environment.kind, account.valid_after
    from users account join environments environment on environment.id = account.environment_id
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";

const HOLDER_AT_APP: &str = "
    select environment.kind, account.valid_after
    from users account join environments environment on environment.id = account.environment_id
    join apps app on app.id = :app and app.environment_id = account.environment_id and app.revoked_at is null
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";

// An id that a join retired names the user that it was joined to.
const END: &str = "
    update users set updated_at = :now,
        valid_after = case when valid_after > :valid_after then valid_after else :valid_after end
    where id = :user";

impl Store {
    /// Whether the back end may have a token for a user. An `Idempotency-Key` is recorded once it may: the token
    /// itself is no row, so there is nothing else to record; but that a user whom nobody has proven to be had one is
    /// noted, once.
    pub async fn token_subject(
        &self,
        scope: &ServerScope,
        user: UserId,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<TokenSubject>> {
        let environment = scope.environment;
        if claim.is_none() {
            let params = params![user: user.0, environment: environment.0];
            let found = self.one(STATUS, &params, met).await?;
            if !found.as_ref().is_some_and(|found| found.unnoted) {
                return Ok(Once::Done(subject(found.as_ref())));
            }
        }
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let subject = note(tx, environment, user, now).await?;
                let saved = SavedAnswer {
                    status: 201,
                    body: None,
                    resource: Some(user.0),
                };
                Ok((subject, matches!(subject, TokenSubject::Known(_)).then_some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// Log-out everywhere, by the back end: every session and token that was made until now ends. False if the
    /// environment has no such user.
    pub async fn end_tokens_of(&self, scope: &ServerScope, user: UserId, now: Timestamp) -> Result<bool> {
        let (environment, until_held) = (scope.environment, self.until_held(now));
        self.transact(move |tx| {
            async move {
                let Some(known) = find_held(tx, environment, user).await? else {
                    return Ok(false);
                };
                let ended = params![now: now, valid_after: until_held(), user: known.id.0];
                tx.execute(END, &ended).await?;
                ended_all(tx, environment, known.id, "log_out_everywhere", now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// The user of an organization's token; `None` once the user is locked or gone, or everything issued before
    /// `valid_after` was ended.
    pub async fn user_by_organization_token(
        &self,
        environment: EnvironmentId,
        user: UserId,
        issued_at: Timestamp,
    ) -> Result<Option<TokenHolder>> {
        let holder = params![user: user.0, environment: environment.0];
        self.holder(HOLDER, &holder, environment, user, Amr::Org, issued_at)
            .await
    }

    /// The user of an access token, who sees everything of their own, unless it was born of the app's word alone; `None`
    /// as above, and once the app is revoked.
    pub async fn user_by_access_token(
        &self,
        environment: EnvironmentId,
        user: UserId,
        app: AppId,
        amr: Amr,
        issued_at: Timestamp,
    ) -> Result<Option<TokenHolder>> {
        let params = params![user: user.0, environment: environment.0, app: app.0];
        let holder = self
            .holder(HOLDER_AT_APP, &params, environment, user, amr, issued_at)
            .await?;
        Ok(holder.map(|holder| TokenHolder {
            scope: UserScope {
                app: Some(app),
                ..holder.scope
            },
            ..holder
        }))
    }

    async fn holder(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        environment: EnvironmentId,
        user: UserId,
        amr: Amr,
        issued_at: Timestamp,
    ) -> Result<Option<TokenHolder>> {
        let found = self.one(sql, params, |row| {
            let scope = UserScope {
                environment,
                user,
                partner: None,
                user_key: None,
                app: None,
                amr,
            };
            let kind = row.word(0, EnvironmentKind::parse)?;
            Ok((TokenHolder { scope, kind }, row.time(1)?))
        });
        Ok(found
            .await?
            .filter(|(_, valid_after)| issued_at >= *valid_after)
            .map(|(holder, _)| holder))
    }
}

/// A user as a call for a token meets it.
struct Met {
    status: String,
    user: UserId,
    /// Whether its first token is still to be noted.
    unnoted: bool,
}

fn met(row: &Row<'_>) -> Result<Met> {
    Ok(Met {
        status: row.text(0)?,
        user: UserId(row.id(1)?),
        unnoted: row.int(2)? > 0,
    })
}

async fn note(tx: &Tx<'_>, environment: EnvironmentId, user: UserId, now: Timestamp) -> Result<TokenSubject> {
    let named = params![user: user.0, environment: environment.0];
    let mut found = tx.one(STATUS, &named, met).await?;
    if let Some(unnoted) = found.as_ref().filter(|found| found.unnoted) {
        // Whoever takes the user over meanwhile comes before or after, never between.
        let user = unnoted.user;
        lock(tx, user).await?;
        let noted = params![now: now, user: user.0, environment: environment.0];
        tx.execute(NOTE, &noted).await?;
        found = tx.one(STATUS, &named, met).await?;
    }
    Ok(subject(found.as_ref()))
}

fn subject(found: Option<&Met>) -> TokenSubject {
    match found.map(|found| (&*found.status, found.user)) {
        Some(("linked" | "verified", user)) => TokenSubject::Known(user),
        Some(("suspended", _)) => TokenSubject::Suspended,
        _ => TokenSubject::Unknown,
    }
}
