//! Keys that take over from others, and keys that are not known yet.

use std::collections::HashMap;

use aboard_vault::{Algorithm, TokenKey};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{HOUR, Issuers, URL, id, now, parts, private, ring_key, with, written};
use crate::domain::{EnvironmentId, SigningKeyId, SigningPurpose, UserId};
use crate::tokens::jwt::Refused;
use crate::tokens::ring::{Ring, RingKey};
use crate::tokens::{OrganizationClaims, Tokens};

#[test]
fn the_newest_key_signs_and_older_ones_verify_until_they_end() {
    let environment = EnvironmentId(id());
    let end = now() + SignedDuration::from_secs(100);
    let (old, new) = (ring_key(Algorithm::Rs256, Some(end)), ring_key(Algorithm::Es256, None));
    let (old_id, new_id) = (old.id(), new.id());
    let mut ring = Ring::default();
    ring.add(SigningPurpose::Published, old);
    let tokens = Tokens::new(URL);
    let kid = |token: &str| parts(token).0["kid"].as_str().unwrap().to_owned();
    // Alone, a key that is about to end still signs: better than no token at all.
    assert_eq!(ring.signer(SigningPurpose::Published, now()).unwrap().id(), old_id);
    assert!(ring.signer(SigningPurpose::Published, end).is_none());
    tokens.replace(HashMap::from([(environment, ring)]));
    let sign = || {
        let claims = OrganizationClaims::new(now());
        tokens
            .sign(environment, UserId(id()), claims, HOUR, now())
            .unwrap()
            .token
    };
    let earlier = sign();
    assert_eq!(kid(&earlier), old_id.to_string());

    let mut ring = Ring::default();
    ring.add(
        SigningPurpose::Published,
        ring_key_like(&earlier, Algorithm::Rs256, Some(end)),
    );
    ring.add(SigningPurpose::Published, new);
    tokens.replace(HashMap::from([(environment, ring)]));
    let later = sign();
    assert_eq!(
        (kid(&later), &parts(&later).0["alg"]),
        (new_id.to_string(), &json!("ES256"))
    );
    // By a node that signed neither.
    let elsewhere = Tokens::new(URL);
    let mut ring = Ring::default();
    ring.add(
        SigningPurpose::Published,
        ring_key_like(&earlier, Algorithm::Rs256, Some(end)),
    );
    ring.add(SigningPurpose::Published, ring_key_like(&later, Algorithm::Es256, None));
    elsewhere.replace(HashMap::from([(environment, ring)]));
    let check = |token: &str, at| elsewhere.check::<OrganizationClaims>(token, at).err();
    assert_eq!((check(&earlier, now()), check(&later, now())), (None, None));
    assert_eq!(check(&earlier, end - SignedDuration::from_micros(1)), None);
    // Known, and over: no reason to read the keys again.
    assert_eq!((check(&earlier, end), check(&later, end)), (Some(Refused::Bad), None));

    for (at, keys, max_age) in [
        (now(), 2, 100),
        (end - SignedDuration::from_millis(1_500), 2, 1),
        (end, 1, 300),
    ] {
        let published = tokens.published(environment, at).unwrap();
        assert_eq!((published.keys.len(), published.max_age), (keys, max_age));
    }
}

/// The key of a token under its own name.
fn ring_key_like(token: &str, algorithm: Algorithm, end: Option<Timestamp>) -> RingKey {
    let id = parts(token).0["kid"].as_str().unwrap().parse().unwrap();
    let key = TokenKey::from_private(algorithm, &private(algorithm)).ok().unwrap();
    RingKey::new(id, key, end)
}

#[test]
fn only_a_key_or_environment_that_is_not_known_is_worth_another_look() {
    let issuers = Issuers::new();
    let elsewhere = Issuers::new();
    let check = |token: &str| issuers.tokens.check::<OrganizationClaims>(token, now()).err();
    let ours = issuers.organization(issuers.environments[0]);
    assert_eq!(check(&ours), None);
    assert_eq!(
        check(&elsewhere.organization(elsewhere.environments[0])),
        Some(Refused::UnknownKey)
    );
    let (header, payload, signature) = parts(&ours);
    let unknown = with(&header, "kid", json!(SigningKeyId(id()).to_string()));
    let under = |header: &Value, payload: &Value| format!("{}.{}.{signature}", written(header), written(payload));
    assert_eq!(check(&under(&unknown, &payload)), Some(Refused::UnknownKey));
    let ended = with(&payload, "exp", json!(0));
    assert_eq!(check(&under(&unknown, &ended)), Some(Refused::Bad));
    let foreign = with(&payload, "iss", json!("https://a.example/e/x"));
    assert_eq!(check(&under(&unknown, &foreign)), Some(Refused::Bad));
}
