//! Tokens pass as what they were signed as, and as nothing else.

mod forged;
mod rotation;

use std::sync::{Arc, OnceLock};

use aboard_vault::{Algorithm, Entropy as _, SystemEntropy, TokenKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::{PartnerId, SigningKeyId, SigningPurpose, UserId, UserKeyId};

const URL: &str = "https://aboard.example.com";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn now() -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_750_000).unwrap()
}

fn id() -> Uuid {
    Uuid::from_bytes(SystemEntropy.array())
}

/// RSA keys take too long to make them for each test.
fn private(algorithm: Algorithm) -> Arc<Vec<u8>> {
    static KEYS: OnceLock<Vec<Arc<Vec<u8>>>> = OnceLock::new();
    let make = |algorithm| {
        let key = TokenKey::generate(algorithm, &SystemEntropy).ok().unwrap();
        Arc::new(key.private().expose().to_vec())
    };
    let keys = KEYS.get_or_init(|| Algorithm::ALL.map(make).into());
    let at = Algorithm::ALL.iter().position(|known| *known == algorithm).unwrap();
    Arc::clone(&keys[at])
}

fn ring_key(algorithm: Algorithm, retired_at: Option<Timestamp>) -> RingKey {
    named_ring_key(SigningKeyId(id()), algorithm, retired_at)
}

fn named_ring_key(name: SigningKeyId, algorithm: Algorithm, retired_at: Option<Timestamp>) -> RingKey {
    let key = TokenKey::from_private(algorithm, &private(algorithm)).ok().unwrap();
    RingKey::new(name, key, retired_at)
}

/// Two nodes with the same keys.
fn nodes(rings: impl Fn() -> HashMap<EnvironmentId, Ring>) -> [Tokens; 2] {
    [(); 2].map(|()| {
        let tokens = Tokens::new(URL);
        tokens.replace(rings());
        tokens
    })
}

/// An environment for each algorithm, with a published and a private key; the keys are the same in all three, so
/// that nothing but what is checked tells their tokens apart.
struct Issuers {
    tokens: Tokens,
    /// Another node with the same keys, which has to check what this one signed.
    elsewhere: Tokens,
    environments: [EnvironmentId; 3],
}

impl Issuers {
    fn new() -> Self {
        let environments = Algorithm::ALL.map(|_| EnvironmentId(id()));
        let names = Algorithm::ALL.map(|_| (SigningKeyId(id()), SigningKeyId(id())));
        let [tokens, elsewhere] = nodes(|| {
            let mut rings = HashMap::new();
            for ((environment, algorithm), (published, private)) in environments.iter().zip(Algorithm::ALL).zip(names) {
                let mut ring = Ring::default();
                ring.add(SigningPurpose::Published, named_ring_key(published, algorithm, None));
                ring.add(SigningPurpose::Private, named_ring_key(private, algorithm, None));
                rings.insert(*environment, ring);
            }
            rings
        });
        Self {
            tokens,
            elsewhere,
            environments,
        }
    }

    fn sign<C: Claims<Subject = UserId>>(&self, environment: EnvironmentId, claims: C) -> String {
        let signed = self.tokens.sign(environment, UserId(id()), claims, HOUR, now());
        signed.expect("the environment has a key").token
    }

    fn organization(&self, environment: EnvironmentId) -> String {
        self.sign(environment, OrganizationClaims::new(now()))
    }

    /// What every kind of reader says: on the node that signs, on another, and there once more.
    fn passes(&self, token: &str) -> bool {
        let now = now();
        let [here, elsewhere, again] = [&self.tokens, &self.elsewhere, &self.elsewhere].map(|tokens| {
            tokens.check::<OrganizationClaims>(token, now).is_ok()
                || tokens.check::<UserKeyClaims>(token, now).is_ok()
                || tokens.check::<Secret>(token, now).is_ok()
        });
        assert!(here == elsewhere && here == again, "nodes differ about {token}");
        here
    }
}

/// A kind that only this server reads.
#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    challenge: String,
}

impl Claims for Secret {
    type Subject = UserId;
    const TYPE: &'static str = "secret+jwt";
    const AUDIENCE: &'static str = "secret";
    const PURPOSE: SigningPurpose = SigningPurpose::Private;
}

/// The same kind, wrongly read with the published keys.
#[derive(Debug, Serialize, Deserialize)]
struct Leaked {
    challenge: String,
}

impl Claims for Leaked {
    type Subject = UserId;
    const TYPE: &'static str = Secret::TYPE;
    const AUDIENCE: &'static str = Secret::AUDIENCE;
    const PURPOSE: SigningPurpose = SigningPurpose::Published;
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn written(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn parts(token: &str) -> (Value, Value, &str) {
    let parts: Vec<&str> = token.split('.').collect();
    (read(parts[0]), read(parts[1]), parts[2])
}

/// The same token with other words, signed anew by the same key: only what is checked can refuse it.
fn signed_anew(algorithm: Algorithm, header: &Value, payload: &Value) -> String {
    let key = TokenKey::from_private(algorithm, &private(algorithm)).ok().unwrap();
    let signed = format!("{}.{}", written(header), written(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn with(value: &Value, name: &str, to: Value) -> Value {
    let mut value = value.clone();
    value[name] = to;
    value
}

fn without(value: &Value, name: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(name);
    value
}

#[test]
fn a_token_says_what_was_signed_until_it_ends() {
    let issuers = Issuers::new();
    for (environment, algorithm) in issuers.environments.into_iter().zip(Algorithm::ALL) {
        let (user, key, partner) = (UserId(id()), UserKeyId(id()), PartnerId(id()));
        let claims = UserKeyClaims::new(key, partner, now());
        let signed = issuers.tokens.sign(environment, user, claims, HOUR, now()).unwrap();
        let (header, payload, signature) = parts(&signed.token);
        assert_eq!(header["alg"], algorithm.as_str());
        assert_eq!(payload["iss"], format!("{URL}/e/{environment}"));
        let length = if algorithm == Algorithm::Rs256 { 256 } else { 64 };
        assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap().len(), length);

        let check = |at| issuers.elsewhere.check::<UserKeyClaims>(&signed.token, at);
        let said = check(now()).unwrap();
        assert_eq!(
            (said.environment, said.subject, said.issued_at),
            (environment, user, now())
        );
        assert_eq!((said.claims.uky, said.claims.prt), (key, partner));
        assert_eq!(said.expires_at, signed.expires_at);
        assert!(check(signed.expires_at - SignedDuration::from_micros(1)).is_ok());
        assert_eq!(check(signed.expires_at).err(), Some(Refused::Bad));
    }
}

#[test]
fn a_token_is_of_one_kind() {
    let issuers = Issuers::new();
    let environment = issuers.environments[0];
    let organization = issuers.organization(environment);
    let user_key = issuers.sign(environment, UserKeyClaims::new(UserKeyId(id()), PartnerId(id()), now()));
    let tokens = &issuers.tokens;
    assert!(tokens.check::<OrganizationClaims>(&organization, now()).is_ok());
    assert!(tokens.check::<UserKeyClaims>(&organization, now()).is_err());
    assert!(tokens.check::<UserKeyClaims>(&user_key, now()).is_ok());
    assert!(tokens.check::<OrganizationClaims>(&user_key, now()).is_err());
}

#[test]
fn a_token_is_of_one_environment() {
    let environments = [EnvironmentId(id()), EnvironmentId(id())];
    let names = [SigningKeyId(id()), SigningKeyId(id())];
    let [tokens, elsewhere] = nodes(|| {
        let mut rings = HashMap::new();
        for (environment, name) in environments.into_iter().zip(names) {
            let mut ring = Ring::default();
            // The same key under two names: only the issuer tells them apart.
            ring.add(SigningPurpose::Published, named_ring_key(name, Algorithm::EdDsa, None));
            rings.insert(environment, ring);
        }
        rings
    });
    let issuers = Issuers {
        tokens,
        elsewhere,
        environments: [environments[0], environments[1], environments[1]],
    };
    let (header, payload, _) = parts(&issuers.organization(environments[0]));
    let elsewhere = with(&payload, "iss", json!(issuers.tokens.issuer(environments[1])));
    assert!(!issuers.passes(&signed_anew(Algorithm::EdDsa, &header, &elsewhere)));
    let (other, ..) = parts(&issuers.organization(environments[1]));
    assert!(!issuers.passes(&signed_anew(Algorithm::EdDsa, &other, &payload)));
    assert!(issuers.passes(&signed_anew(Algorithm::EdDsa, &other, &elsewhere)));
}

#[test]
fn private_keys_sign_and_are_never_published() {
    let issuers = Issuers::new();
    for environment in issuers.environments {
        let token = issuers.sign(
            environment,
            Secret {
                challenge: "c".to_owned(),
            },
        );
        assert_eq!(
            issuers.tokens.check::<Secret>(&token, now()).unwrap().claims.challenge,
            "c"
        );
        let published = issuers.tokens.published(environment, now()).unwrap();
        let keys = serde_json::to_value(&published.keys).unwrap();
        assert_eq!(keys.as_array().unwrap().len(), 1);
        let (secret, ..) = parts(&token);
        assert_ne!(keys[0]["kid"], secret["kid"]);
        assert_eq!(keys[0]["kid"], parts(&issuers.organization(environment)).0["kid"]);
        // What a published key signs is no private token, and the other way round.
        let leaked = issuers.sign(
            environment,
            Leaked {
                challenge: "c".to_owned(),
            },
        );
        assert!(issuers.tokens.check::<Secret>(&leaked, now()).is_err());
        assert!(issuers.tokens.check::<Leaked>(&token, now()).is_err());
    }
    let mut only_private = Ring::default();
    only_private.add(SigningPurpose::Private, ring_key(Algorithm::EdDsa, None));
    assert!(only_private.published(now()).keys.is_empty());
    assert!(only_private.signer(SigningPurpose::Published, now()).is_none());
}
