//! What the kinds of tokens say. `typ` and `aud` differ per kind, so that none passes for another.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Amr, AppId, ChallengeId, DeviceId, EnvironmentId, FamilyId, PartnerId, SigningPurpose, UserId, UserKeyId, Uuid,
    WalletId,
};

/// The life of a user key's token.
pub const USER_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// The life of an access token, and of a ramp provider's.
pub const ACCESS_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long after the log-in tokens for a ramp provider are refreshed: as long as a log-in goes on by itself.
const RAMPABLE_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One kind of token.
pub trait Claims: Serialize + DeserializeOwned + Send + Sync {
    /// Whom or what it names: the `sub`.
    type Subject: Serialize + DeserializeOwned + Copy + Send + Sync;
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
    type Subject = UserId;
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
    type Subject = UserId;
    const TYPE: &'static str = "aboard-org-user+jwt";
    const AUDIENCE: &'static str = "aboard:org-user";
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

/// What a verification token says: which log-in it continues. Its subject is the challenge; nothing in it is secret,
/// and without the code it opens nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerificationClaims {
    /// The app that asked for the code.
    pub app: AppId,
    /// The version of the surface that it was asked for at.
    pub version: u8,
}

impl VerificationClaims {
    /// For the app that asked.
    #[must_use]
    pub fn new(app: AppId, version: u8) -> Self {
        Self { app, version }
    }
}

impl Claims for VerificationClaims {
    type Subject = ChallengeId;
    const TYPE: &'static str = "aboard-verification+jwt";
    const AUDIENCE: &'static str = "aboard:verification";
    const PURPOSE: SigningPurpose = SigningPurpose::Private;
}

/// What an access token says: somebody logged in with their own proof, and has no wallet (yet).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user again, under the name that clients of the wallet surface read.
    uid: UserId,
    /// The version of the surface that it opens: 1 or 2.
    pub version: u8,
    /// The app that the person logged in to.
    pub app: AppId,
    /// How the person logged in.
    pub amr: Amr,
    auth_time: i64,
    /// What carried the proof: `whatsapp`, `sms`, `email`, `google`, `apple`, `telegram`, `username` or `custody`.
    provider: String,
    /// The address that the person has just proven, if it is one. Never what a provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The number that the person has just proven, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The username that the person logged in with, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The device whose hold the log-in waits for, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<DeviceId>,
}

/// A log-in that has come to its end: how, at which app, by which version of the surface.
#[derive(Debug, Clone)]
pub struct FinishedLogin {
    /// The version of the surface: 1 or 2.
    pub version: u8,
    /// The app.
    pub app: AppId,
    /// How.
    pub amr: Amr,
    /// What carried the proof.
    pub provider: &'static str,
    /// What it named: the address or number that was proven, the username; nothing else is said.
    pub named: String,
    /// The moment that its tokens have to say they were made at.
    pub since: Timestamp,
    /// The device whose hold it waits for, if it does.
    pub hold: Option<DeviceId>,
}

impl AccessClaims {
    /// For somebody who has just logged in.
    #[must_use]
    pub fn new(user: UserId, login: &FinishedLogin) -> Self {
        let named = |provider: &[&str]| provider.contains(&login.provider).then(|| login.named.clone());
        Self {
            uid: user,
            version: login.version,
            app: login.app,
            amr: login.amr,
            auth_time: login.since.as_second(),
            provider: login.provider.to_owned(),
            email: named(&["email"]),
            phone: named(&["whatsapp", "sms"]),
            username: named(&["username"]),
            hold: login.hold,
        }
    }
}

impl AccessClaims {
    /// When the person gave the proof: a Unix time.
    #[must_use]
    pub fn auth_time(&self) -> i64 {
        self.auth_time
    }

    /// What carried the proof, as a word that we know.
    #[must_use]
    pub fn provider(&self) -> Option<&'static str> {
        provider_word(&self.provider)
    }
}

/// The word of ours for what carried a proof; `None` for any other word.
#[must_use]
pub fn provider_word(word: &str) -> Option<&'static str> {
    [
        "whatsapp", "sms", "email", "google", "apple", "telegram", "username", "custody",
    ]
    .into_iter()
    .find(|known| *known == word)
}

/// An address of a wallet, under its family of chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAddress {
    /// `evm`, `solana` or `bitcoin`.
    pub network: String,
    /// The address.
    pub address: String,
}

/// What a wallet token says: one operation on one wallet, for one app. Clients read it without checking it, so the
/// names are those that they know. Where a person's half of a key rides along, what opens it is here and in no row.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletClaims {
    /// The token's id, which is spent.
    pub jti: Uuid,
    /// The wallet.
    pub wid: WalletId,
    /// The user again, under the name that clients read.
    pub uid: UserId,
    /// The version of the surface that it opens: 1 or 2.
    pub version: u8,
    /// The app that the person logged in to.
    pub app: AppId,
    /// How the person logged in.
    pub amr: Amr,
    /// When the person gave the proof.
    pub auth_time: i64,
    /// What carried the proof.
    pub provider: String,
    /// The person's name at the app, if they have one.
    pub username: Option<String>,
    /// The address that the person logged in with, if it was an e-mail address.
    pub email: Option<String>,
    /// The wallet's addresses; none while it waits for its recovery secret to be proven.
    pub address: Vec<NetworkAddress>,
    /// Who can open the wallet: `server` or `shared`.
    pub mode: String,
    /// Whether the person lets the app work with the wallet.
    pub is_permission_granted: bool,
    /// Where the person is asked.
    pub accept_permission_page: String,
    /// What the log-in goes on with, in version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fam: Option<FamilyId>,
    /// The device whose hold the log-in waits for, if it does, or did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<DeviceId>,
    /// What opens the person's half of the key: base64url of 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<String>,
}

impl Claims for WalletClaims {
    type Subject = UserId;
    const TYPE: &'static str = "aboard-wallet+jwt";
    const AUDIENCE: &'static str = "aboard:wallet";
    const PURPOSE: SigningPurpose = SigningPurpose::Private;
}

impl Claims for AccessClaims {
    type Subject = UserId;
    const TYPE: &'static str = "aboard-access+jwt";
    const AUDIENCE: &'static str = "aboard:access";
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

/// What a token says that a ramp provider checks: somebody has logged in who has an account there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RampableClaims {
    /// The account's name.
    pub username: String,
    /// The app that the person logged in to.
    pub app: AppId,
    amr: Amr,
    auth_time: i64,
}

impl RampableClaims {
    /// For the holder of an account who has just logged in.
    #[must_use]
    pub fn new(username: String, login: &FinishedLogin) -> Self {
        Self {
            username,
            app: login.app,
            amr: login.amr,
            auth_time: login.since.as_second(),
        }
    }

    /// The same for a log-in whose proof is older than the token: a Unix time.
    #[must_use]
    pub fn proven_at(self, auth_time: i64) -> Self {
        Self { auth_time, ..self }
    }

    /// How the person logged in.
    #[must_use]
    pub fn amr(&self) -> Amr {
        self.amr
    }

    /// How long a token may live that is made of this one now: no longer than 90 days after the log-in, however often it
    /// is refreshed. `None` if that is over.
    #[must_use]
    pub fn life_at(&self, now: Timestamp) -> Option<SignedDuration> {
        let left = self
            .auth_time
            .saturating_add(RAMPABLE_LIFE.as_secs())
            .checked_sub(now.as_second())?;
        let left = SignedDuration::from_secs(left);
        left.is_positive().then(|| left.min(ACCESS_TOKEN_LIFE))
    }
}

impl Claims for RampableClaims {
    type Subject = UserId;
    const TYPE: &'static str = "aboard-rampable+jwt";
    const AUDIENCE: &'static str = "aboard:rampable";
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

/// What every token says, with what its kind adds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Claims", deserialize = "C: Claims"))]
pub(super) struct Payload<C: Claims> {
    pub iss: String,
    pub aud: String,
    pub sub: C::Subject,
    pub iat: i64,
    pub exp: i64,
    /// When it was made, in microseconds: whole seconds would not tell a token that was made before a log-out from
    /// one that was made after it in the same second.
    iat_us: i64,
    #[serde(flatten)]
    pub claims: C,
}

impl<C: Claims> Payload<C> {
    pub fn new(issuer: String, subject: C::Subject, claims: C, life: SignedDuration, now: Timestamp) -> Self {
        Self {
            iss: issuer,
            aud: C::AUDIENCE.to_owned(),
            sub: subject,
            iat: now.as_second(),
            exp: now.as_second() + life.as_secs(),
            iat_us: now.as_microsecond(),
            claims,
        }
    }

    pub fn into_read(self, environment: EnvironmentId) -> Option<Read<C>> {
        Some(Read {
            environment,
            subject: self.sub,
            issued_at: Timestamp::from_microsecond(self.iat_us).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            claims: self.claims,
        })
    }
}

/// What a token says whose signature, issuer, audience, type and end are good. Whether the user may still use it
/// is the store's to say.
#[derive(Debug, Clone)]
pub struct Read<C: Claims> {
    /// The data plane that signed it.
    pub environment: EnvironmentId,
    /// The user, or what else its kind names.
    pub subject: C::Subject,
    /// When it was made, to the microsecond.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What its kind adds.
    pub claims: C,
}

/// A user's token of whichever kind.
#[derive(Debug, Clone)]
pub enum UserTokenClaims {
    /// Made from a user key.
    UserKey(Read<UserKeyClaims>),
    /// Asked for by the organization's back end.
    Organization(Read<OrganizationClaims>),
    /// Born of the person's own proof.
    Access(Read<AccessClaims>),
}
