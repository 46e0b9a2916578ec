//! What never passes: another algorithm, another form, and anything that was touched.

use std::sync::OnceLock;

use aboard_vault::{Algorithm, hmac_sha256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Issuers, URL, id, now, parts, signed_anew, with, without, written};
use crate::domain::{SigningKeyId, UserId};

#[test]
fn what_is_not_as_it_should_be_is_refused_even_with_a_good_signature() {
    let issuers = Issuers::new();
    for (environment, algorithm) in issuers.environments.into_iter().zip(Algorithm::ALL) {
        let token = issuers.organization(environment);
        let (header, payload, _) = parts(&token);
        let again = |header: &Value, payload: &Value| signed_anew(algorithm, header, payload);
        assert!(issuers.passes(&again(&header, &payload)), "the signing anew works");
        let past = now().as_second();
        for (what, token) in [
            ("ended", again(&header, &with(&payload, "exp", json!(past)))),
            ("no end", again(&header, &without(&payload, "exp"))),
            (
                "an end that is a text",
                again(&header, &with(&payload, "exp", json!("9999999999"))),
            ),
            (
                "another audience",
                again(&header, &with(&payload, "aud", json!("aboard:user"))),
            ),
            (
                "two audiences",
                again(&header, &with(&payload, "aud", json!([payload["aud"], "x"]))),
            ),
            ("no audience", again(&header, &without(&payload, "aud"))),
            ("no issuer", again(&header, &without(&payload, "iss"))),
            (
                "another issuer",
                again(
                    &header,
                    &with(&payload, "iss", json!(format!("https://a.example/e/{environment}"))),
                ),
            ),
            ("no environment", again(&header, &with(&payload, "iss", json!(URL)))),
            ("no subject", again(&header, &without(&payload, "sub"))),
            (
                "another kind of subject",
                again(&header, &with(&payload, "sub", json!(environment.to_string()))),
            ),
            ("another type", again(&with(&header, "typ", json!("JWT")), &payload)),
            (
                "a type in capitals",
                again(&with(&header, "typ", json!("ABOARD-ORG-USER+JWT")), &payload),
            ),
            ("no type", again(&without(&header, "typ"), &payload)),
            ("no key", again(&without(&header, "kid"), &payload)),
            (
                "an unknown key",
                again(&with(&header, "kid", json!(SigningKeyId(id()).to_string())), &payload),
            ),
            (
                "a critical header",
                again(&with(&header, "crit", json!(["b64"])), &payload),
            ),
            (
                "a key that came along",
                again(&with(&header, "jwk", json!({})), &payload),
            ),
            (
                "an address of keys",
                again(&with(&header, "jku", json!("https://a.example")), &payload),
            ),
        ] {
            assert!(!issuers.passes(&token), "{what} with {algorithm:?}");
        }
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_headers() {
    let issuers = Issuers::new();
    let kid = |environment| parts(&issuers.organization(environment)).0["kid"].clone();
    for (environment, algorithm) in issuers.environments.into_iter().zip(Algorithm::ALL) {
        let token = issuers.organization(environment);
        let (header, payload, signature) = parts(&token);
        let body = token.split('.').nth(1).unwrap();
        // No signature, and what says that there is none.
        for alg in ["none", "None", "NONE", ""] {
            let header = written(&with(&header, "alg", json!(alg)));
            for signature in ["", signature] {
                assert!(!issuers.passes(&format!("{header}.{body}.{signature}")), "{alg}");
            }
        }
        // A MAC whose secret is the public key, which everybody knows, in each form it may be taken in.
        let published = issuers.tokens.published(environment, now()).unwrap();
        let jwk = serde_json::to_value(&published.keys[0]).unwrap();
        let mut secrets = vec![jwk.to_string().into_bytes()];
        secrets.extend(
            ["x", "n"]
                .iter()
                .filter_map(|name| Some(jwk.get(*name)?.as_str()?.as_bytes().to_vec())),
        );
        secrets.extend(
            ["x", "n"]
                .iter()
                .filter_map(|name| URL_SAFE_NO_PAD.decode(jwk.get(*name)?.as_str()?).ok()),
        );
        for alg in ["HS256", algorithm.as_str()] {
            let signed = format!("{}.{body}", written(&with(&header, "alg", json!(alg))));
            for secret in &secrets {
                let mac = URL_SAFE_NO_PAD.encode(hmac_sha256(secret, &[signed.as_bytes()]));
                assert!(!issuers.passes(&format!("{signed}.{mac}")), "{alg} with {algorithm:?}");
            }
        }
        // A good signature by another algorithm's key, under each key's name.
        for (other, another) in issuers.environments.into_iter().zip(Algorithm::ALL) {
            if another == algorithm {
                continue;
            }
            for alg in Algorithm::ALL.map(Algorithm::as_str) {
                for kid in [kid(environment), kid(other)] {
                    let header = with(&with(&header, "alg", json!(alg)), "kid", kid);
                    assert!(
                        !issuers.passes(&signed_anew(another, &header, &payload)),
                        "{algorithm:?} as {alg} by {another:?}"
                    );
                }
            }
            // The right key, and a header that names another algorithm.
            let header = with(&header, "alg", json!(another.as_str()));
            assert!(!issuers.passes(&signed_anew(algorithm, &header, &payload)));
        }
    }
}

#[test]
fn a_signature_of_ecdsa_is_two_numbers_and_not_der() {
    let issuers = Issuers::new();
    let at = Algorithm::ALL
        .iter()
        .position(|known| *known == Algorithm::Es256)
        .unwrap();
    let token = issuers.organization(issuers.environments[at]);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(raw.len(), 64);
    let number = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
        [&[2, u8::try_from(sign.len() + bytes.len()).unwrap()], sign, &bytes].concat()
    };
    let numbers = [number(&raw[..32]), number(&raw[32..])].concat();
    let der = [&[0x30, u8::try_from(numbers.len()).unwrap()], &numbers[..]].concat();
    assert!(!issuers.passes(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(der))));
    assert!(issuers.passes(&token));
}

fn shared() -> &'static (Issuers, Vec<String>) {
    static SHARED: OnceLock<(Issuers, Vec<String>)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let issuers = Issuers::new();
        let tokens = issuers
            .environments
            .map(|environment| issuers.organization(environment));
        (issuers, tokens.into())
    })
}

proptest! {
    #[test]
    fn arbitrary_text_never_passes(text in "\\PC{0,300}") {
        prop_assert!(!shared().0.passes(&text));
    }

    #[test]
    fn arbitrary_parts_never_pass(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let parts = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        prop_assert!(!shared().0.passes(&parts.join(".")));
    }

    #[test]
    fn a_token_with_one_byte_changed_never_passes(which in 0..3_usize, at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let (issuers, tokens) = shared();
        let mut bytes = tokens[which].clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(!issuers.passes(&String::from_utf8(bytes).unwrap()));
    }

    #[test]
    fn a_token_with_something_added_or_cut_never_passes(which in 0..3_usize, at in any::<prop::sample::Index>(), added in "[A-Za-z0-9_.=-]{1,8}") {
        let (issuers, tokens) = shared();
        let token = &tokens[which];
        let at = at.index(token.len());
        prop_assert!(issuers.passes(token));
        prop_assert!(!issuers.passes(&token[..at]));
        prop_assert!(!issuers.passes(&token[at + 1..]));
        let inserted = format!("{}{added}{}", &token[..at], &token[at..]);
        let appended = format!("{token}{added}");
        prop_assert!(!issuers.passes(&inserted) && !issuers.passes(&appended));
    }

    #[test]
    fn a_signature_of_one_token_is_none_of_another(which in 0..3_usize, user in any::<u128>()) {
        let (issuers, tokens) = shared();
        let (_, payload, signature) = parts(&tokens[which]);
        let another = with(&payload, "sub", json!(UserId(Uuid::from_u128(user)).to_string()));
        prop_assume!(another != payload);
        let header = tokens[which].split('.').next().unwrap();
        let forged = format!("{header}.{}.{signature}", written(&another));
        prop_assert!(!issuers.passes(&forged));
    }
}
