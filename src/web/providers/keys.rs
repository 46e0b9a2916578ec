//! The public keys of providers: read when they are needed, kept as long as the provider says, and read again when a
//! token names one that is not among them. A provider that is down takes nobody's log-in away as long as the keys that
//! it published may still be believed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::domain::EnvironmentKind;
use crate::outbound::{Fetched, Outbound};

/// Keys are kept no shorter and no longer than this, whatever the provider says; without a word, an hour.
const SHORTEST_KEPT: SignedDuration = SignedDuration::from_mins(5);
const USUALLY_KEPT: SignedDuration = SignedDuration::from_hours(1);
const LONGEST_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long keys are believed after they were read, if the provider cannot be reached.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// Between two readings: a stranger who names keys that nobody has makes us ask no more often.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Places that keys are read from. They come from settings, so there are few.
const MOST_PLACES: usize = 64;
/// Keys of one provider.
const MOST_KEYS: usize = 32;

/// The keys of every provider.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<(EnvironmentKind, String), Arc<Place>>>);

/// The keys at one address.
#[derive(Default)]
struct Place {
    held: Mutex<Held>,
    /// Held while they are read.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
struct Held {
    keys: Arc<HashMap<String, Key>>,
    fresh_until: Option<Timestamp>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

/// An RSA key as it was published.
pub struct Key {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl Key {
    /// Whether it signed this with RS256.
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let components = PublicKeyComponents { n: &self.n, e: &self.e };
        components
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            .is_ok()
    }
}

/// What is known of a key.
pub enum Found {
    /// The keys, which hold it.
    Known(Arc<HashMap<String, Key>>),
    /// The provider publishes no such key.
    Unknown,
    /// The provider cannot be asked, and nothing that it said before holds.
    Unavailable,
}

impl Keys {
    /// The keys at an address, if one of that name is among them.
    pub async fn find(
        &self,
        outbound: &Outbound,
        kind: EnvironmentKind,
        url: &str,
        name: &str,
        now: Timestamp,
    ) -> Found {
        let place = self.place(kind, url);
        let held = place.held();
        let is_fresh = held.fresh_until.is_some_and(|until| now < until);
        if is_fresh && held.keys.contains_key(name) {
            return Found::Known(held.keys);
        }
        let _reading = match (place.reading.try_lock(), held.usable(name, now)) {
            (Ok(reading), _) => reading,
            // Somebody is reading already, and what we have will do meanwhile.
            (Err(_), Some(keys)) => return Found::Known(keys),
            (Err(_), None) => place.reading.lock().await,
        };
        let held = place.held();
        let may_ask = held.tried_at.is_none_or(|tried| now.duration_since(tried) >= PAUSE);
        if may_ask {
            let read = outbound
                .get(kind, url)
                .await
                .ok()
                .and_then(|fetched| published(&fetched));
            place.note(read, now, url);
        }
        let held = place.held();
        match held.usable(name, now) {
            Some(keys) => Found::Known(keys),
            None if held.fresh_until.is_some_and(|until| now < until) => Found::Unknown,
            None => Found::Unavailable,
        }
    }

    fn place(&self, kind: EnvironmentKind, url: &str) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST_PLACES {
            places.clear();
        }
        Arc::clone(places.entry((kind, url.to_owned())).or_default())
    }
}

impl Place {
    fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, read: Option<Published>, now: Timestamp, url: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.tried_at = Some(now);
        match read {
            Some(read) => {
                held.keys = Arc::new(read.keys);
                held.read_at = Some(now);
                held.fresh_until = Some(now + read.kept);
            }
            None => tracing::warn!(url, "the public keys of a provider cannot be read"),
        }
    }
}

impl Held {
    /// The keys, if one of that name is among them and they may still be believed.
    fn usable(&self, name: &str, now: Timestamp) -> Option<Arc<HashMap<String, Key>>> {
        let believed = self.read_at.is_some_and(|read| now.duration_since(read) < BELIEVED);
        (believed && self.keys.contains_key(name)).then(|| Arc::clone(&self.keys))
    }
}

struct Published {
    keys: HashMap<String, Key>,
    kept: SignedDuration,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use", default)]
    usage: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    n: String,
    e: String,
}

/// The RSA keys of an answer; `None` if it holds none, so that a provider that lies does not take the good ones away.
fn published(fetched: &Fetched) -> Option<Published> {
    if fetched.status != 200 {
        return None;
    }
    let set: KeySet = serde_json::from_slice(&fetched.body).ok()?;
    let read = set.keys.into_iter().take(MOST_KEYS).filter_map(|value| {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let fits = jwk.kty == "RSA"
            && jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.alg.as_deref().is_none_or(|alg| alg == "RS256");
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let (n, e) = (number(&jwk.n)?, number(&jwk.e)?);
        fits.then_some((jwk.kid, Key { n, e }))
    });
    let keys: HashMap<String, Key> = read.collect();
    let said = fetched.max_age.and_then(|age| SignedDuration::try_from(age).ok());
    let kept = said.unwrap_or(USUALLY_KEPT).clamp(SHORTEST_KEPT, LONGEST_KEPT);
    (!keys.is_empty()).then_some(Published { keys, kept })
}
