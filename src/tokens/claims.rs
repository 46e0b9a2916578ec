//! What the kinds of tokens say. `typ` and `aud` differ per kind, so that none passes for another.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{Amr, EnvironmentId, PartnerId, SigningPurpose, UserId, UserKeyId};

/// The life of a user key's token.
pub const USER_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// One kind of token.
pub trait Claims: Serialize + DeserializeOwned + Send + Sync {
    /// Its `typ`.
    const TYPE: &'static str;
    /// Its `aud`.
    const AUDIENCE: &'static str;
    /// Which keys sign it.
    const PURPOSE: SigningPurpose;
}

/// What the token of a user key says beside the claims that all have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserKeyClaims {
    amr: Amr,
    auth_time: i64,
    /// The user key that it was made from.
    pub uky: UserKeyId,
    /// The partner of that key.
    pub prt: PartnerId,
}

impl UserKeyClaims {
    /// For the holder of a key that was just presented.
    #[must_use]
    pub fn new(user_key: UserKeyId, partner: PartnerId, now: Timestamp) -> Self {
        Self {
            amr: Amr::UserKey,
            auth_time: now.as_second(),
            uky: user_key,
            prt: partner,
        }
    }
}

impl Claims for UserKeyClaims {
    const TYPE: &'static str = "aboard-user+jwt";
    const AUDIENCE: &'static str = "aboard:user";
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

/// What a token says that the organization's back end asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganizationClaims {
    amr: Amr,
    auth_time: i64,
}

impl OrganizationClaims {
    /// The back end vouches for the user now.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            amr: Amr::Org,
            auth_time: now.as_second(),
        }
    }
}

impl Claims for OrganizationClaims {
    const TYPE: &'static str = "aboard-org-user+jwt";
    const AUDIENCE: &'static str = "aboard:org-user";
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

/// What every token says, with what its kind adds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Payload<C> {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub iat: i64,
    pub exp: i64,
    /// When it was made, in microseconds: whole seconds would not tell a token that was made before a log-out from
    /// one that was made after it in the same second.
    iat_us: i64,
    #[serde(flatten)]
    pub claims: C,
}

impl<C: Claims> Payload<C> {
    pub fn new(issuer: String, user: UserId, claims: C, life: SignedDuration, now: Timestamp) -> Self {
        Self {
            iss: issuer,
            aud: C::AUDIENCE.to_owned(),
            sub: user,
            iat: now.as_second(),
            exp: now.as_second() + life.as_secs(),
            iat_us: now.as_microsecond(),
            claims,
        }
    }

    pub fn into_read(self, environment: EnvironmentId) -> Option<Read<C>> {
        Some(Read {
            environment,
            user: self.sub,
            issued_at: Timestamp::from_microsecond(self.iat_us).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            claims: self.claims,
        })
    }
}

/// What a token says whose signature, issuer, audience, type and end are good. Whether the user may still use it
/// is the store's to say.
#[derive(Debug, Clone)]
pub struct Read<C> {
    /// The data plane that signed it.
    pub environment: EnvironmentId,
    /// The user.
    pub user: UserId,
    /// When it was made, to the microsecond.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What its kind adds.
    pub claims: C,
}

/// A user's token of either kind.
#[derive(Debug, Clone)]
pub enum UserTokenClaims {
    /// Made from a user key.
    UserKey(Read<UserKeyClaims>),
    /// Asked for by the organization's back end.
    Organization(Read<OrganizationClaims>),
}
