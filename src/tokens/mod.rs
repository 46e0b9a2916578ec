//! Signed tokens (JWT, RFC 7519) of the environments.
//!
//! Each environment is an issuer with keys of its own; its newest key signs, in the algorithm that is fixed by
//! the key (`EdDSA`, `ES256`, `RS256`; never a shared secret). `iss`, `aud`, `exp` and `typ` are always checked.
//! Written here because the keys stay parsed between signatures, which libraries that re-read them on each call
//! cannot do.

mod claims;
mod jwks;
mod jwt;
mod ring;
#[cfg(test)]
mod tests;
mod verified;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aboard_vault::TokenKey;
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::domain::EnvironmentId;
use crate::instance::Instance;
use crate::sealed;
use crate::store::SealedSigningKey;

pub use claims::{
    ACCESS_TOKEN_LIFE, AccessClaims, Claims, FinishedLogin, NetworkAddress, OrganizationClaims, RampableClaims, Read,
    USER_TOKEN_LIFE, UserKeyClaims, UserTokenClaims, VerificationClaims, WalletClaims, provider_word,
};
pub use jwks::{Jwk, PublishedKeys};
use jwt::Refused;
use ring::{Ring, RingKey};
use verified::Verified;

/// After a token with an unknown key the keys are read again, but not sooner than this after the last time: keys
/// that nobody ever had cost a stranger nothing to name.
const UNKNOWN_KEY_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Signs and checks the tokens of every environment.
#[derive(Clone)]
pub struct Tokens {
    public_url: Arc<str>,
    known: Arc<Known>,
}

/// What a node knows of the keys.
#[derive(Default)]
struct Known {
    rings: RwLock<HashMap<EnvironmentId, Arc<Ring>>>,
    verified: Verified,
    /// Held while the keys are read, so that what was read first never replaces what was read later.
    reading: tokio::sync::Mutex<()>,
    /// Whether the last reading failed.
    stale: AtomicBool,
    /// When an unknown key last made this node read, in microseconds.
    looked_at: AtomicI64,
}

/// A token that was made.
pub struct Signed {
    /// Its text.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Tokens {
    /// No keys yet; see [`Tokens::load`].
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self {
            public_url: public_url.into(),
            known: Arc::default(),
        }
    }

    /// Reads the signing keys again.
    pub async fn load(&self, instance: &Instance) -> anyhow::Result<()> {
        let _reading = self.known.reading.lock().await;
        self.read_keys(instance).await
    }

    /// Whether the last reading failed, so that what another node changed may be unknown here.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.known.stale.load(Ordering::Acquire)
    }

    async fn read_keys(&self, instance: &Instance) -> anyhow::Result<()> {
        self.known.stale.store(true, Ordering::Release);
        let now = instance.clock.now();
        let mut rings: HashMap<EnvironmentId, Ring> = HashMap::new();
        for stored in instance.store.signing_keys(instance.store.system(), now).await? {
            let key = open(instance, &stored).with_context(|| format!("signing key {} cannot be opened", stored.id))?;
            let key = RingKey::new(stored.id, key, stored.retired_at);
            rings.entry(stored.environment).or_default().add(stored.purpose, key);
        }
        self.replace(rings);
        self.known.stale.store(false, Ordering::Release);
        Ok(())
    }

    fn replace(&self, rings: HashMap<EnvironmentId, Ring>) {
        let rings = rings
            .into_iter()
            .map(|(environment, ring)| (environment, Arc::new(ring)))
            .collect();
        *self.known.rings.write().unwrap_or_else(PoisonError::into_inner) = rings;
    }

    /// Who signs the tokens of an environment: the `iss` claim.
    #[must_use]
    pub fn issuer(&self, environment: EnvironmentId) -> String {
        format!("{}/e/{environment}", self.public_url)
    }

    /// The environment of an `iss` claim of ours.
    fn environment_of(&self, issuer: &str) -> Option<EnvironmentId> {
        let environment = issuer.rsplit_once("/e/")?.1.parse().ok()?;
        (issuer == self.issuer(environment)).then_some(environment)
    }

    /// The published keys of an environment and how long they may be kept; `None` if there is no such environment.
    #[must_use]
    pub fn published(&self, environment: EnvironmentId, now: Timestamp) -> Option<PublishedKeys> {
        Some(self.ring(environment)?.published(now))
    }

    /// Makes a token. `None` if the environment has no key for it (yet).
    #[must_use]
    pub fn sign<C: Claims>(
        &self,
        environment: EnvironmentId,
        subject: C::Subject,
        claims: C,
        life: SignedDuration,
        now: Timestamp,
    ) -> Option<Signed> {
        let ring = self.ring(environment)?;
        let payload = claims::Payload::new(self.issuer(environment), subject, claims, life, now);
        let token = jwt::encode(ring.signer(C::PURPOSE, now)?, &payload)?;
        self.known.verified.add(&token);
        Some(Signed {
            token,
            expires_at: Timestamp::from_second(payload.exp).ok()?,
        })
    }

    /// What a user's token says, of whichever kind; `None` unless it is ours and alive. A key that is not known
    /// here makes this node read the keys again, once: another may have just made it.
    pub async fn read_user_token(&self, instance: &Instance, token: &str, now: Timestamp) -> Option<UserTokenClaims> {
        match jwt::kind(token)?.as_str() {
            UserKeyClaims::TYPE => Some(UserTokenClaims::UserKey(self.read(instance, token, now).await?)),
            OrganizationClaims::TYPE => Some(UserTokenClaims::Organization(self.read(instance, token, now).await?)),
            AccessClaims::TYPE => Some(UserTokenClaims::Access(self.read(instance, token, now).await?)),
            _ => None,
        }
    }

    /// As [`Tokens::read_user_token`], for tokens of one kind.
    pub async fn read<C: Claims>(&self, instance: &Instance, token: &str, now: Timestamp) -> Option<Read<C>> {
        match self.check(token, now) {
            Err(Refused::UnknownKey) => {
                self.look_again::<C>(instance, token, now).await;
                self.check(token, now).ok()
            }
            checked => checked.ok(),
        }
    }

    async fn look_again<C: Claims>(&self, instance: &Instance, token: &str, now: Timestamp) {
        let _reading = self.known.reading.lock().await;
        // Whoever waited here finds what the one before it has read.
        if !matches!(self.check::<C>(token, now), Err(Refused::UnknownKey)) {
            return;
        }
        let (last, now) = (self.known.looked_at.load(Ordering::Acquire), now.as_microsecond());
        if i128::from(now) - i128::from(last) < UNKNOWN_KEY_PAUSE.as_micros() {
            return;
        }
        self.known.looked_at.store(now, Ordering::Release);
        if let Err(error) = self.read_keys(instance).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "cannot read the signing keys for a token with an unknown one"
            );
        }
    }

    fn check<C: Claims>(&self, token: &str, now: Timestamp) -> Result<Read<C>, Refused> {
        let parsed: jwt::Parsed<'_, claims::Payload<C>> = jwt::parse(token).ok_or(Refused::Bad)?;
        let payload = &parsed.payload;
        let environment = self.environment_of(&payload.iss).ok_or(Refused::Bad)?;
        if parsed.header.typ != C::TYPE || payload.aud != C::AUDIENCE || payload.exp <= now.as_second() {
            return Err(Refused::Bad);
        }
        let ring = self.ring(environment).ok_or(Refused::UnknownKey)?;
        let key = ring.find(C::PURPOSE, parsed.header.kid).ok_or(Refused::UnknownKey)?;
        if !key.is_alive(now) {
            return Err(Refused::Bad);
        }
        if !self.known.verified.contains(token) {
            if !parsed.is_signed_by(key.key()) {
                return Err(Refused::Bad);
            }
            self.known.verified.add(token);
        }
        parsed.payload.into_read(environment).ok_or(Refused::Bad)
    }

    fn ring(&self, environment: EnvironmentId) -> Option<Arc<Ring>> {
        self.known
            .rings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&environment)
            .cloned()
    }
}

fn open(instance: &Instance, stored: &SealedSigningKey) -> anyhow::Result<TokenKey> {
    let private = instance
        .vault
        .open(&sealed::signing_key(stored.environment, stored.id), &stored.sealed)?;
    Ok(TokenKey::from_private(stored.algorithm, private.expose())?)
}
