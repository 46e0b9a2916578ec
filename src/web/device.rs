//! Devices that an address was proven on, or the password of a username. A finished log-in answers a token in
//! `x-device-token`; whoever sends it along with a later log-in to the same address or username gets the owner's share of
//! sends and tries, from whatever network and through whatever back end. It opens nothing else.
//!
//! It is a MAC over the address and the time, so nothing is stored for it, and it says nothing of the address.

use aboard_vault::{Mac, Purpose, Vault};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{AppId, Destination, EnvironmentId, Username};

/// The header that it comes and goes in.
pub const DEVICE_TOKEN: &str = "x-device-token";
const PREFIX: &str = "abd_";
/// As long as a network stays familiar.
const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Key id, microseconds, tag.
const LENGTH: usize = 16 + 8 + 32;

/// The token that a call brings, if it brings one.
#[must_use]
pub fn brought(headers: &HeaderMap) -> Option<String> {
    let token = headers.get(DEVICE_TOKEN)?.to_str().ok()?;
    token.starts_with(PREFIX).then(|| token.to_owned())
}

/// A token for a device on which an address was proven: the address by its kind and key.
#[must_use]
pub fn made(vault: &Vault, environment: EnvironmentId, (kind, key): (&str, &str), now: Timestamp) -> String {
    let at = now.as_microsecond().to_be_bytes();
    let mac = vault.mac(Purpose::CodeMac, &parts(environment.bytes().as_slice(), kind, key, &at));
    let whole = [&mac.key_id[..], &at[..], &mac.tag[..]].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(whole))
}

/// Whether a token was made on a proof of this address within 90 days. What is no token is as good as none.
#[must_use]
pub fn is_known(vault: &Vault, environment: EnvironmentId, to: &Destination, token: &str, now: Timestamp) -> bool {
    was_made_for(vault, environment, (to.kind(), to.key()), token, now)
}

/// What a username is in a device's token: it is one app's.
#[must_use]
pub fn username(app: AppId, username: &Username) -> (&'static str, String) {
    ("username", format!("{app}:{}", username.key()))
}

/// A short name of a token that was made where the right password of this username was typed within 90 days.
#[must_use]
pub fn known_for(
    vault: &Vault,
    environment: EnvironmentId,
    (kind, key): &(&str, String),
    token: Option<&str>,
    now: Timestamp,
) -> Option<String> {
    let token = token.filter(|token| was_made_for(vault, environment, (kind, key), token, now))?;
    let short = URL_SAFE_NO_PAD.encode(&aboard_vault::sha256(token.as_bytes())[..16]);
    Some(format!("device {short}"))
}

fn was_made_for(
    vault: &Vault,
    environment: EnvironmentId,
    (kind, key): (&str, &str),
    token: &str,
    now: Timestamp,
) -> bool {
    let bytes = token
        .strip_prefix(PREFIX)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let Some(bytes) = bytes.filter(|bytes| bytes.len() == LENGTH) else {
        return false;
    };
    let (Some(key_id), Some(at), Some(tag)) = (
        bytes.first_chunk::<16>(),
        bytes[16..].first_chunk::<8>(),
        bytes.last_chunk::<32>(),
    ) else {
        return false;
    };
    let made_at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok();
    let is_fresh = made_at.is_some_and(|made_at| made_at <= now && now.duration_since(made_at) <= LIFE);
    let mac = Mac {
        key_id: *key_id,
        tag: *tag,
    };
    is_fresh
        && vault.verify_mac(
            Purpose::CodeMac,
            &parts(environment.bytes().as_slice(), kind, key, at),
            &mac,
        )
}

/// Five parts, of which the second is no challenge: none of this ever passes for the MAC of a code.
fn parts<'p>(environment: &'p [u8], kind: &'p str, key: &'p str, at: &'p [u8; 8]) -> [&'p [u8]; 5] {
    [
        environment,
        b"a device that proved it",
        kind.as_bytes(),
        key.as_bytes(),
        at,
    ]
}
