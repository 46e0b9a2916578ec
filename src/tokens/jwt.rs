//! The compact form of signed tokens (RFC 7515).

use aboard_vault::{Algorithm, TokenKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::claims::{Claims, Payload};
use super::ring::RingKey;
use crate::domain::SigningKeyId;

/// Longer texts are no tokens of ours.
const LONGEST: usize = 4_096;

/// Why a token does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its key is not one that this node knows; another may.
    UnknownKey,
    /// Anything else.
    Bad,
}

/// The protected header: these three members and no other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub alg: String,
    pub typ: String,
    pub kid: SigningKeyId,
}

/// A token in its parts. Nothing of it is to be believed before [`Parsed::is_signed_by`] says so.
pub struct Parsed<'t, P> {
    pub header: Header,
    pub payload: P,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<P> Parsed<'_, P> {
    /// Whether the key made it, in the algorithm of the key: what the header says must fit, and decides nothing.
    pub fn is_signed_by(&self, key: &TokenKey) -> bool {
        Algorithm::parse(&self.header.alg) == Some(key.algorithm())
            && key.verify(self.signed.as_bytes(), &self.signature)
    }
}

/// Signs claims. `None` if the key fails.
pub fn encode<C: Claims>(key: &RingKey, payload: &Payload<C>) -> Option<String> {
    let header = Header {
        alg: key.key().algorithm().as_str().to_owned(),
        typ: C::TYPE.to_owned(),
        kid: key.id(),
    };
    let mut token = part(&header)?;
    token.push('.');
    token.push_str(&part(payload)?);
    let signature = key.key().sign(token.as_bytes()).ok()?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Some(token)
}

/// Takes a token apart; `None` if it has not the shape of one.
pub fn parse<P: DeserializeOwned>(token: &str) -> Option<Parsed<'_, P>> {
    if token.len() > LONGEST {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    Some(Parsed {
        header: unpart(header)?,
        payload: unpart(payload)?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

/// The `typ` that a token claims, to choose what to read it as.
pub fn kind(token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let header: Header = unpart(token.split_once('.')?.0)?;
    Some(header.typ)
}

fn part(value: &impl Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?))
}

fn unpart<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
