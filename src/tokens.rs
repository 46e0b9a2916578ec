//! Signed tokens (JWT, RFC 7519) of the environments.
//!
//! `EdDSA` only, fixed by the key; `iss`, `aud`, `exp` and `typ` are always checked. Written here because the
//! key stays parsed between signatures, which libraries that re-read it on each call cannot do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aboard_vault::{SigningKey, verify};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use crate::domain::{EnvironmentId, PartnerId, SigningKeyId, UserId, UserKeyId};
use crate::instance::Instance;
use crate::sealed;
use crate::store::SealedSigningKey;

/// The life of a user's token.
pub const USER_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
const USER_TYPE: &str = "aboard-user+jwt";
const USER_AUDIENCE: &str = "aboard:user";

/// Signs and checks the tokens of every environment.
#[derive(Clone)]
pub struct Tokens {
    public_url: Arc<str>,
    rings: Arc<RwLock<HashMap<EnvironmentId, Arc<Ring>>>>,
}

/// The keys of one environment, the newest last.
struct Ring(Vec<(SigningKeyId, SigningKey)>);

/// What a user's token says.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct UserClaims {
    iss: String,
    aud: String,
    /// The user.
    pub sub: UserId,
    /// When it was made, in Unix seconds.
    pub iat: i64,
    exp: i64,
    /// How it was born.
    pub amr: String,
    /// The user key that it was made from.
    pub uky: UserKeyId,
    /// The partner of that key.
    pub prt: PartnerId,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: SigningKeyId,
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: SigningKeyId,
    x: String,
}

impl Tokens {
    /// No keys yet; see [`Tokens::load`].
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self {
            public_url: public_url.into(),
            rings: Arc::default(),
        }
    }

    /// Reads the signing keys again.
    pub async fn load(&self, instance: &Instance) -> anyhow::Result<()> {
        let mut rings: HashMap<EnvironmentId, Ring> = HashMap::new();
        for stored in instance.store.signing_keys(instance.store.system()).await? {
            let key = open(instance, &stored).with_context(|| format!("signing key {} cannot be opened", stored.id))?;
            rings
                .entry(stored.environment)
                .or_insert_with(|| Ring(Vec::new()))
                .0
                .push((stored.id, key));
        }
        let rings = rings
            .into_iter()
            .map(|(environment, ring)| (environment, Arc::new(ring)))
            .collect();
        *self.rings.write().unwrap_or_else(PoisonError::into_inner) = rings;
        Ok(())
    }

    /// Who signs the tokens of an environment: the `iss` claim.
    #[must_use]
    pub fn issuer(&self, environment: EnvironmentId) -> String {
        format!("{}/e/{environment}", self.public_url)
    }

    /// The published keys of an environment; `None` if there is no such environment.
    #[must_use]
    pub fn published(&self, environment: EnvironmentId) -> Option<Vec<Jwk>> {
        let jwk = |(kid, key): &(SigningKeyId, SigningKey)| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: *kid,
            x: URL_SAFE_NO_PAD.encode(key.public()),
        };
        Some(self.ring(environment)?.0.iter().map(jwk).collect())
    }

    /// Makes the token of a user key's holder. `None` if the environment has no key (yet).
    #[must_use]
    pub fn user_token(
        &self,
        environment: EnvironmentId,
        user: UserId,
        user_key: UserKeyId,
        partner: PartnerId,
        now: Timestamp,
    ) -> Option<String> {
        let claims = UserClaims {
            iss: self.issuer(environment),
            aud: USER_AUDIENCE.to_owned(),
            sub: user,
            iat: now.as_second(),
            exp: (now + USER_TOKEN_LIFE).as_second(),
            amr: "user_key".to_owned(),
            uky: user_key,
            prt: partner,
        };
        let ring = self.ring(environment)?;
        let (kid, key) = ring.0.last()?;
        let header = Header {
            alg: "EdDSA".to_owned(),
            typ: USER_TYPE.to_owned(),
            kid: *kid,
        };
        let mut token = format!("{}.{}", part(&header)?, part(&claims)?);
        let signature = URL_SAFE_NO_PAD.encode(key.sign(token.as_bytes()));
        token.push('.');
        token.push_str(&signature);
        Some(token)
    }

    /// What a user's token says, if it is ours, of this kind, and alive.
    #[must_use]
    pub fn read_user_token(&self, token: &str, now: Timestamp) -> Option<(EnvironmentId, UserClaims)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = unpart(header)?;
        let claims: UserClaims = unpart(payload)?;
        if header.alg != "EdDSA"
            || header.typ != USER_TYPE
            || claims.aud != USER_AUDIENCE
            || claims.exp <= now.as_second()
        {
            return None;
        }
        let environment: EnvironmentId = claims.iss.rsplit_once("/e/")?.1.parse().ok()?;
        if claims.iss != self.issuer(environment) {
            return None;
        }
        let ring = self.ring(environment)?;
        let (_, key) = ring.0.iter().find(|(kid, _)| *kid == header.kid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        verify(&key.public(), signed.as_bytes(), &signature).then_some((environment, claims))
    }

    fn ring(&self, environment: EnvironmentId) -> Option<Arc<Ring>> {
        self.rings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&environment)
            .cloned()
    }
}

fn open(instance: &Instance, stored: &SealedSigningKey) -> anyhow::Result<SigningKey> {
    let seed = instance
        .vault
        .open(&sealed::signing_key(stored.environment, stored.id), &stored.sealed)?;
    Ok(SigningKey::from_seed(seed.expose())?)
}

fn part(value: &impl serde::Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?))
}

fn unpart<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
