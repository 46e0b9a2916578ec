//! Devices that an address was proven on, or that somebody logged in on by a name. A finished log-in answers a token in
//! `x-device-token`. Whoever sends it along with a later log-in to the same address or name gets the owner's share of
//! sends and tries, from whatever network and through whatever back end, and is on a device that is known. It opens
//! nothing else.
//!
//! It is a MAC over the address or name, the user, the device's id, when it was first seen and when this token was made; so
//! nothing is stored for it, and it says nothing of the address. Each log-in answers a newer one of the same device.

use std::sync::Arc;

use aboard_vault::{Mac, Purpose, Vault};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use super::{Failure, Web};
use crate::domain::{
    AppId, Code, Destination, DeviceId, EnvironmentId, KnownDevice, LoginKind, NewDevices, UserId, Uuid, whole_seconds,
};
use crate::store::{DeviceCheck, DeviceOf, SeenDevice};

/// The header that it comes and goes in.
pub const DEVICE_TOKEN: &str = "x-device-token";
const PREFIX: &str = "abd_";
/// As long as a network stays familiar.
const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Device, user, when it was first seen, when the token was made: both in microseconds.
const BODY: usize = 16 + 16 + 8 + 8;
/// Key id, body, tag.
const LENGTH: usize = 16 + BODY + 32;

/// The token that a call brings, if it brings one.
#[must_use]
pub fn brought(headers: &HeaderMap) -> Option<String> {
    let token = headers.get(DEVICE_TOKEN)?.to_str().ok()?;
    token.starts_with(PREFIX).then(|| token.to_owned())
}

/// A token for a device that somebody has just logged in on: by an address or a name, by its kind and key.
#[must_use]
pub fn made(
    vault: &Vault,
    environment: EnvironmentId,
    (kind, key): (&str, &str),
    (user, device): (UserId, SeenDevice),
    now: Timestamp,
) -> String {
    let times = [device.since, now].map(|at| at.as_microsecond().to_be_bytes());
    let body = [&device.id.bytes()[..], &user.bytes()[..], &times[0][..], &times[1][..]].concat();
    let mac = vault.mac(Purpose::CodeMac, &parts(&environment.bytes(), kind, key, &body));
    let whole = [&mac.key_id[..], &body[..], &mac.tag[..]].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(whole))
}

/// Whether a token was made on a proof of this address within 90 days. What is no token is as good as none.
#[must_use]
pub fn is_known(vault: &Vault, environment: EnvironmentId, to: &Destination, token: &str, now: Timestamp) -> bool {
    known(vault, environment, (to.kind(), to.key()), token, now).is_some()
}

/// What a name at an app is in a device's token.
#[must_use]
pub fn named(app: AppId, kind: LoginKind, key: &str) -> (&'static str, String) {
    (kind.as_str(), format!("{app}:{key}"))
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
    let token = token.filter(|token| known(vault, environment, (kind, key), token, now).is_some())?;
    let short = URL_SAFE_NO_PAD.encode(&aboard_vault::sha256(token.as_bytes())[..16]);
    Some(format!("device {short}"))
}

/// What is asked of the device of a log-in that reaches wallets, which brings this token or none.
#[must_use]
pub fn of_login(web: &Web, environment: EnvironmentId, app: &str, token: Option<String>, now: Timestamp) -> DeviceOf {
    let policy = web.instance.settings.of(environment).wallets.new_device;
    let vault = Arc::clone(&web.instance.vault);
    let new = DeviceId(web.instance.ids.id());
    let about = format!("{app}\n{}\n{}/account", now.strftime("%Y-%m-%d %H:%M"), web.public_url);
    Box::new(move |kind, key| DeviceCheck {
        policy,
        known: token
            .as_deref()
            .and_then(|token| known(&vault, environment, (kind, key), token, now)),
        new,
        about: about.clone(),
    })
}

/// The refusal of what a log-in on a new device does not do until then; `None` where the environment holds none (any more),
/// or the time is over.
#[must_use]
pub fn held(
    web: &Web,
    environment: EnvironmentId,
    (device, until): (DeviceId, Timestamp),
    now: Timestamp,
) -> Option<Failure> {
    let holds = web.instance.settings.of(environment).wallets.new_device == NewDevices::Hold;
    if !holds || until <= now {
        return None;
    }
    let page = format!("{}/device/{device}", web.public_url);
    let ends_at = whole_seconds(until);
    let why = format!(
        "This log-in is on a new device: until {ends_at} it reads alone. To let it do everything now, send the person to {page}, where they prove another address of theirs."
    );
    let seconds = until.duration_since(now).as_secs().saturating_add(1);
    Some(Failure {
        retry_after: u32::try_from(seconds).ok(),
        ..Failure::new(Code::NewDeviceHold)
            .saying(why)
            .detailed("page", page)
            .detailed("until", ends_at)
    })
}

fn known(
    vault: &Vault,
    environment: EnvironmentId,
    (kind, key): (&str, &str),
    token: &str,
    now: Timestamp,
) -> Option<KnownDevice> {
    let text = token.strip_prefix(PREFIX)?;
    let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (key_id, rest) = bytes.split_first_chunk::<16>()?;
    let (body, tag) = rest.split_first_chunk::<BODY>()?;
    let (device, rest) = body.split_first_chunk::<16>()?;
    let (user, rest) = rest.split_first_chunk::<16>()?;
    let (first_seen, made_at) = rest.split_first_chunk::<8>()?;
    let mac = Mac {
        key_id: *key_id,
        tag: tag.try_into().ok()?,
    };
    let environment = environment.bytes();
    if !vault.verify_mac(Purpose::CodeMac, &parts(&environment, kind, key, body), &mac) {
        return None;
    }
    let at = |bytes: [u8; 8]| Timestamp::from_microsecond(i64::from_be_bytes(bytes)).ok();
    let (since, made_at) = (at(*first_seen)?, at(made_at.try_into().ok()?)?);
    let is_fresh = made_at <= now && now.duration_since(made_at) <= LIFE;
    is_fresh.then_some(KnownDevice {
        id: DeviceId(Uuid::from_bytes(*device)),
        user: UserId(Uuid::from_bytes(*user)),
        since,
    })
}

/// Five parts, of which the second is no challenge: none of this ever passes for the MAC of a code.
fn parts<'p>(environment: &'p [u8; 16], kind: &'p str, key: &'p str, body: &'p [u8]) -> [&'p [u8]; 5] {
    [
        environment,
        b"a device that proved it",
        kind.as_bytes(),
        key.as_bytes(),
        body,
    ]
}
