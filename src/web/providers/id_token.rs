//! Id tokens of Google and Apple (OpenID Connect Core 1.0, 3.1.3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::keys::Found;
use super::{LEEWAY, Providers, Vouched, assertion, refused, unavailable};
use crate::domain::LoginKind;
use crate::store::AppScope;
use crate::web::Failure;
use crate::web::json::parse;

/// Longer texts are no id tokens.
const LONGEST: usize = 8_192;
/// An id token is for the log-in that it was made for.
const OLDEST: SignedDuration = SignedDuration::from_mins(10);
/// The longest subject; OpenID Connect Core 1.0, section 2.
const LONGEST_SUBJECT: usize = 255;

/// An id token that somebody presents, and what it has to say.
pub struct IdToken<'a> {
    /// Whose.
    pub provider: LoginKind,
    /// The token.
    pub text: &'a str,
    /// Who may have issued it.
    pub issuers: &'a [String],
    /// Where the issuer's keys are.
    pub keys_url: &'a str,
    /// For whom it may have been issued: the app's client ids.
    pub audiences: &'a [String],
    /// The nonce of the log-in, if the caller has one.
    pub nonce: Option<&'a str>,
}

/// Whom an id token vouches for.
pub async fn check_id_token(
    providers: &Providers,
    scope: &AppScope,
    token: IdToken<'_>,
    now: Timestamp,
) -> Result<Vouched, Failure> {
    let parsed = Parsed::read(token.text).ok_or_else(refused)?;
    // The claims are looked at first: a token of somebody else's makes us ask nobody for keys.
    let claimed = parsed.claimed(&token, now).ok_or_else(refused)?;
    let found = providers
        .keys
        .find(&providers.outbound, scope.kind(), token.keys_url, &parsed.key, now)
        .await;
    let keys = match found {
        Found::Known(keys) => keys,
        Found::Unknown => return Err(refused()),
        Found::Unavailable => return Err(unavailable()),
    };
    let key = keys.get(&parsed.key).ok_or_else(refused)?;
    if !key.verifies(parsed.signed.as_bytes(), &parsed.signature) {
        return Err(refused());
    }
    let signed = parsed.signed.as_bytes();
    Ok(Vouched {
        subject: claimed.subject,
        assertion: assertion(
            scope,
            token.provider.as_str(),
            signed,
            claimed.issued_at + OLDEST + LEEWAY,
        ),
    })
}

struct Parsed<'t> {
    key: String,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

struct Claimed {
    subject: String,
    issued_at: Timestamp,
}

impl<'t> Parsed<'t> {
    fn read(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text: &str| parse(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        let header = part(header)?;
        // Both providers sign with RS256 and nothing else, whatever a header says.
        if header.get("alg")?.as_str()? != "RS256" || header.contains_key("crit") {
            return None;
        }
        Some(Self {
            key: header.get("kid")?.as_str()?.to_owned(),
            claims: part(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.claims.get(name)?.as_i64()?).ok()
    }

    /// What it claims, if that is of the right issuer, for this app, and of now.
    fn claimed(&self, token: &IdToken<'_>, now: Timestamp) -> Option<Claimed> {
        let issuer = self.text("iss")?;
        let audience = match self.claims.get("aud")? {
            Value::String(audience) => audience,
            Value::Array(list) => match &list[..] {
                [Value::String(only)] => only,
                _ => return None,
            },
            _ => return None,
        };
        let (issued_at, ends_at) = (self.time("iat")?, self.time("exp")?);
        let begins_at = match self.claims.get("nbf") {
            Some(_) => self.time("nbf")?,
            None => issued_at,
        };
        let subject = self.text("sub")?;
        let of_us = token.issuers.iter().any(|known| known == issuer) && token.audiences.contains(audience);
        let of_now = ends_at > now
            && now.duration_since(issued_at) <= OLDEST
            && issued_at.duration_since(now) <= LEEWAY
            && begins_at.duration_since(now) <= LEEWAY;
        let of_this_log_in = token.nonce.is_none_or(|nonce| self.text("nonce") == Some(nonce));
        let named = (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
        (of_us && of_now && of_this_log_in && named).then(|| Claimed {
            subject: subject.to_owned(),
            issued_at,
        })
    }
}
