//! Tokens of users as credentials: who holds one, and whether it still stands.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::auth::{admit_user, authorization, check_host, context, count, header, present, refuse};
use super::context::Holder;
use super::limits::Who;
use super::{Context, Failure, Web};
use crate::domain::{Amr, ApiKey, Code, KeyKind};
use crate::store::{TokenHolder, UserKeyHolder, UserScope};
use crate::tokens::{AccessClaims, OrganizationClaims, Read, UserKeyClaims, UserTokenClaims};

/// The user whose token is in `Authorization`, as `Bearer <jwt>` or bare. Only one kind is born of the person's own
/// proof: ask [`UserToken::scope`] what a token reaches.
pub enum UserToken {
    /// Made from a user key by `POST /api/v1/login`: reaches what the partner of that key brought.
    UserKey(Box<UserKeyHolder>),
    /// Asked for by the organization's back end (`POST /v1/users/{id}/tokens`): reaches what that brought.
    Organization(TokenHolder),
    /// From a log-in to an app: reaches everything of the person's own, unless nothing but the app's word stands behind
    /// it.
    Access(TokenHolder),
}

impl UserToken {
    /// What the token reaches.
    #[must_use]
    pub fn scope(&self) -> &UserScope {
        match self {
            Self::UserKey(holder) => &holder.scope,
            Self::Organization(holder) | Self::Access(holder) => &holder.scope,
        }
    }

    /// How the token was born.
    #[must_use]
    pub fn amr(&self) -> Amr {
        self.scope().amr()
    }
}

/// What is in `Authorization`, as `Bearer …` or bare, not looked at yet.
pub struct Bearer(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(authorization(parts).map(str::to_owned)))
    }
}

/// The user whose token was made from a user key: the only kind that the partner surface takes.
pub struct UserKeyToken(pub UserKeyHolder);

/// A token that stands: what it says, and what the store says of its user.
pub enum LiveToken {
    /// Made from a user key.
    UserKey(Read<UserKeyClaims>, Box<UserKeyHolder>),
    /// Asked for by the organization's back end.
    Organization(Read<OrganizationClaims>, TokenHolder),
    /// From a log-in with the person's own proof.
    Access(Read<AccessClaims>, TokenHolder),
}

impl LiveToken {
    /// Reads a token; `None` if it is none of ours, has ended, or its user or key may not use it any more. Asked on
    /// every use: a log-out everywhere and a lock end tokens at once.
    pub async fn read(web: &Web, token: &str, context: &Context) -> Result<Option<Self>, Failure> {
        let (store, now) = (&web.instance.store, context.now);
        let read = web.tokens.read_user_token(&web.instance, token, now).await;
        Ok(match read {
            None => None,
            Some(UserTokenClaims::UserKey(read)) => store
                .user_by_token(read.environment, read.subject, read.claims.uky, read.issued_at, now)
                .await?
                .map(|holder| Self::UserKey(read, Box::new(holder))),
            Some(UserTokenClaims::Organization(read)) => store
                .user_by_organization_token(read.environment, read.subject, read.issued_at)
                .await?
                .map(|holder| Self::Organization(read, holder)),
            Some(UserTokenClaims::Access(read)) => store
                .user_by_access_token(
                    read.environment,
                    read.subject,
                    read.claims.app,
                    read.claims.amr,
                    read.issued_at,
                )
                .await?
                .map(|holder| Self::Access(read, holder)),
        })
    }
}

impl FromRequestParts<Web> for UserToken {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let wrong = || {
            refuse(
                "Send a user's token as Authorization: Bearer <jwt>, from a log-in with a code, POST /v1/users/{id}/tokens or POST /api/v1/login.",
            )
        };
        let text = authorization(parts).ok_or_else(wrong)?;
        let context = context(parts)?;
        match LiveToken::read(web, text, &context).await?.ok_or_else(wrong)? {
            LiveToken::UserKey(_, holder) => {
                admit_user(web, &context, &holder)?;
                Ok(Self::UserKey(holder))
            }
            LiveToken::Organization(_, holder) => {
                admit_holder(web, &context, &holder)?;
                Ok(Self::Organization(holder))
            }
            LiveToken::Access(_, holder) => {
                admit_holder(web, &context, &holder)?;
                Ok(Self::Access(holder))
            }
        }
    }
}

/// Counts a request of a user whose token no key stands behind.
fn admit_holder(web: &Web, context: &Context, holder: &TokenHolder) -> Result<(), Failure> {
    check_host(web, context, holder.kind)?;
    let environment = holder.scope.environment();
    context.note_holder(Holder {
        environment,
        kind: KeyKind::User,
        exposed: false,
        key: None,
    });
    let limit = web.instance.settings.of(environment).limits.per_minute(holder.kind);
    count(web, context, Who::Key(holder.scope.user().0), limit)
}

impl FromRequestParts<Web> for UserKeyToken {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let wrong = || refuse("Send a user token from POST /api/v1/login as Authorization: Bearer <jwt>.");
        let text = authorization(parts).ok_or_else(wrong)?;
        let context = context(parts)?;
        match LiveToken::read(web, text, &context).await? {
            Some(LiveToken::UserKey(_, holder)) => {
                admit_user(web, &context, &holder)?;
                Ok(Self(*holder))
            }
            Some(LiveToken::Organization(..) | LiveToken::Access(..)) | None => Err(wrong()),
        }
    }
}

/// Counts a request that nobody answers by whatever good credential it brings. Fails only past the limit: which
/// credential it would have taken, nobody can say.
pub async fn admit_anybody(parts: &mut Parts, web: &Web) -> Result<(), Failure> {
    let is_counted = context(parts).is_ok_and(|context| context.surface.is_counted());
    for name in ["authorization", "x-partner-api-key", "x-client-secret"] {
        if !is_counted {
            break;
        }
        let found = match (header(parts, name), name) {
            (None, _) => continue,
            (Some(_), "authorization") => {
                let text = authorization(parts).unwrap_or_default();
                match ApiKey::parse(text) {
                    Ok(key) => present(parts, web, key).await.map(drop),
                    Err(_) => UserToken::from_request_parts(parts, web).await.map(drop),
                }
            }
            (Some(text), _) => match ApiKey::parse(text) {
                Ok(key) => present(parts, web, key).await.map(drop),
                Err(_) => continue,
            },
        };
        match found {
            Err(failure) if failure.code == Code::RateLimited => return Err(failure),
            Ok(()) => break,
            Err(_) => {}
        }
    }
    Ok(())
}
