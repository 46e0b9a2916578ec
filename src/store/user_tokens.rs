//! Tokens that the organization's back end asks for: for whom, and whether they still stand.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::{ServerScope, UserScope};
use super::sql::{Params, params};
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{Amr, AppId, EnvironmentId, EnvironmentKind, UserId};

/// Whether a token may be made for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSubject {
    /// It may.
    Known,
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

const STATUS: &str = "select status from users where id = :user and environment_id = :environment";
const HOLDER: &str = "
    select environment.kind, account.valid_after
    from users account join environments environment on environment.id = account.environment_id
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";

const HOLDER_AT_APP: &str = "
    select environment.kind, account.valid_after
    from users account join environments environment on environment.id = account.environment_id
    join apps app on app.id = :app and app.environment_id = account.environment_id and app.revoked_at is null
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";

impl Store {
    /// Whether the back end may have a token for a user. An `Idempotency-Key` is recorded once it may: the token
    /// itself is no row, so there is nothing else to record.
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
            let status = self.one(STATUS, &params, |row| row.text(0)).await?;
            return Ok(Once::Done(subject(status.as_deref())));
        }
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let subject = read(tx, environment, user).await?;
                let saved = SavedAnswer {
                    status: 201,
                    body: None,
                    resource: Some(user.0),
                };
                Ok((subject, (subject == TokenSubject::Known).then_some(saved)))
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

async fn read(tx: &Tx<'_>, environment: EnvironmentId, user: UserId) -> Result<TokenSubject> {
    let params = params![user: user.0, environment: environment.0];
    let status = tx.one(STATUS, &params, |row| row.text(0)).await?;
    Ok(subject(status.as_deref()))
}

fn subject(status: Option<&str>) -> TokenSubject {
    match status {
        Some("linked" | "verified") => TokenSubject::Known,
        Some("suspended") => TokenSubject::Suspended,
        _ => TokenSubject::Unknown,
    }
}
