//! An OpenID provider: Google, Apple, or any other. It publishes its keys and signs whatever claims it is told to.

mod by_hand;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::encoding::read_form;
use crate::inbox::lock;
use crate::{Answer, Receiver, Reply, Request};

struct Key {
    id: String,
    pair: RsaKeyPair,
}

struct State {
    /// The newest is last, and signs.
    keys: Mutex<Vec<Key>>,
    /// Told replies to requests for the keys, instead of the keys.
    failing: Mutex<Option<Reply>>,
    /// Opaque access tokens, and what `/tokeninfo` says of them.
    access_tokens: Mutex<Vec<(String, Value)>>,
}

/// The fake; it stops when it is dropped.
pub struct Issuer {
    receiver: Receiver,
    state: Arc<State>,
}

impl Issuer {
    /// Starts with one key.
    ///
    /// # Errors
    /// There is no free port, or no key can be made.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(([127, 0, 0, 1], 0).into()).await
    }

    /// As [`Issuer::start`], on an address of one's choice.
    ///
    /// # Errors
    /// The address is taken, or no key can be made.
    pub async fn start_on(address: SocketAddr) -> io::Result<Self> {
        let receiver = Receiver::start_on(address).await?;
        let state = Arc::new(State {
            keys: Mutex::new(vec![key(1)?]),
            failing: Mutex::default(),
            access_tokens: Mutex::default(),
        });
        let answering = Arc::clone(&state);
        let issuer = receiver.url("");
        receiver.reply_with(move |request| answer(&answering, &issuer, request));
        Ok(Self { receiver, state })
    }

    /// The address under which it knows itself. It publishes, with the paths of the real ones:
    /// `/.well-known/openid-configuration`, the keys at `/oauth2/v3/certs` (Google) and `/auth/keys` (Apple), and
    /// Google's `/tokeninfo?id_token=…` and `/tokeninfo?access_token=…`. For people who try things by hand it also signs
    /// at `/sign/google?aud=…`, `/sign/google-access?aud=…`, `/sign/apple?aud=…` and `/sign/telegram?bot_token=…`.
    #[must_use]
    pub fn url(&self) -> String {
        self.receiver.url("")
    }

    /// Signs these claims with RS256 and the newest key.
    ///
    /// # Panics
    /// The signature cannot be made.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.state.sign(claims)
    }

    /// As [`Issuer::sign`], with a header of one's choice: another `alg`, a `kid` that nobody knows.
    ///
    /// # Panics
    /// The signature cannot be made.
    #[must_use]
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let keys = lock(&self.state.keys);
        signed(keys.last().expect("there is a key"), header, claims)
    }

    /// The claims of a Google account as Google writes them, at `now` (Unix seconds): add or take away at will.
    #[must_use]
    pub fn google_claims(audience: &str, subject: &str, email: &str, now: i64) -> Value {
        json!({
            "iss": "https://accounts.google.com", "azp": audience, "aud": audience, "sub": subject, "email": email,
            "email_verified": true, "name": "Ada Lovelace", "iat": now, "exp": now + 3_600,
        })
    }

    /// An access token, and what `/tokeninfo` says of it: Google writes everything as texts.
    ///
    /// # Panics
    /// Another thread panicked while it held the list.
    #[must_use]
    pub fn access_token(&self, info: &Value) -> String {
        self.state.access_token(info)
    }

    /// What Google's `/tokeninfo` says of an access token of an account, at `now` (Unix seconds).
    #[must_use]
    pub fn google_token_info(audience: &str, subject: &str, now: i64) -> Value {
        json!({
            "azp": audience, "aud": audience, "sub": subject, "scope": "openid email", "exp": (now + 3_599).to_string(),
            "expires_in": "3599", "access_type": "online",
        })
    }

    /// The claims of an Apple account as Apple writes them: `email_verified` is a text.
    #[must_use]
    pub fn apple_claims(audience: &str, subject: &str, email: &str, now: i64) -> Value {
        json!({
            "iss": "https://appleid.apple.com", "aud": audience, "sub": subject, "email": email,
            "email_verified": "true", "is_private_email": "true", "auth_time": now, "iat": now, "exp": now + 86_400,
            "nonce_supported": true,
        })
    }

    /// A new key signs from now on; the old ones stay published.
    ///
    /// # Errors
    /// No key can be made.
    pub fn rotate(&self) -> io::Result<()> {
        let mut keys = lock(&self.state.keys);
        let new = key(keys.len() + 1)?;
        keys.push(new);
        Ok(())
    }

    /// Answers like this instead of publishing keys; `None` ends it.
    pub fn fail(&self, reply: Option<Reply>) {
        *lock(&self.state.failing) = reply;
    }

    /// Every request as it arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.receiver.requests()
    }

    /// Waits until this many requests have arrived in all, and answers them; after 30 seconds those that have.
    pub async fn wait_for(&self, requests: usize) -> Vec<Request> {
        self.receiver.wait_for(requests).await
    }
}

fn key(number: usize) -> io::Result<Key> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key"))?;
    let id = format!("fake-key-{number}");
    Ok(Key { id, pair })
}

fn signed(key: &Key, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.pair.public_modulus_len()];
    key.pair
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .expect("an RSA key signs");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn answer(state: &State, issuer: &str, request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    match path {
        "/.well-known/openid-configuration" => Answer::json(
            200,
            &json!({
                "issuer": issuer, "jwks_uri": format!("{issuer}/oauth2/v3/certs"),
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            }),
        )
        .into(),
        "/oauth2/v3/certs" | "/auth/keys" => {
            let told = lock(&state.failing).clone();
            told.unwrap_or_else(|| {
                let published = lock(&state.keys).iter().map(jwk).collect::<Vec<_>>();
                let answer = Answer::json(200, &json!({"keys": published}));
                answer.header("cache-control", "public, max-age=20000").into()
            })
        }
        "/tokeninfo" => token_info(state, query).into(),
        _ if path.starts_with("/sign/") => by_hand::sign(state, path.trim_start_matches("/sign/"), query).into(),
        _ => Answer::json(404, &json!({"error": "not_found"})).into(),
    }
}

fn jwk(key: &Key) -> Value {
    // RSAPublicKey (RFC 8017) of 2,048 bits: a sequence of two integers, which stand at the same place in every key.
    let der = key.pair.public_key().as_ref();
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.id,
        "n": URL_SAFE_NO_PAD.encode(&der[9..265]), "e": URL_SAFE_NO_PAD.encode(&der[267..270]),
    })
}

/// Google's way to ask about a token: its claims, all as texts, or an error.
fn token_info(state: &State, query: &str) -> Answer {
    let invalid = || {
        Answer::json(
            400,
            &json!({"error": "invalid_token", "error_description": "Invalid Value"}),
        )
    };
    let form = read_form(query.as_bytes());
    if let Some((_, token)) = form.iter().find(|(name, _)| name == "access_token") {
        let known = lock(&state.access_tokens);
        let found = known.iter().find(|(known, _)| known == token);
        return found.map_or_else(invalid, |(_, info)| Answer::json(200, info));
    }
    let token = form
        .iter()
        .find(|(name, _)| name == "id_token")
        .map(|(_, token)| token.as_str());
    let Some((text, signature)) = token.and_then(|token| token.rsplit_once('.')) else {
        return invalid();
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let (_, claims) = text.split_once('.').unwrap_or_default();
    let claims = serde_json::from_slice::<Value>(&decode(claims)).unwrap_or_default();
    let known = lock(&state.keys).iter().any(|key| {
        let public = aws_lc_rs::signature::UnparsedPublicKey::new(
            &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
            key.pair.public_key().as_ref(),
        );
        public.verify(text.as_bytes(), &decode(signature)).is_ok()
    });
    let Some(claims) = claims.as_object().filter(|_| known) else {
        return invalid();
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let claims = claims
        .iter()
        .map(|(name, value)| (name.clone(), json!(text(value))))
        .collect();
    Answer::json(200, &Value::Object(claims))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::PublicKeyComponents;
    use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;

    use super::*;

    #[tokio::test]
    async fn a_token_is_good_by_the_published_key_and_by_tokeninfo() {
        let issuer = Issuer::start().await.expect("it starts");
        let old = issuer.sign(&Issuer::google_claims("app", "1", "ada@example.com", 1_750_857_384));
        issuer.rotate().expect("a key is made");
        let keys = lock(&issuer.state.keys).iter().map(jwk).collect::<Vec<_>>();
        let new = issuer.sign(&Issuer::apple_claims("app", "1", "ada@example.com", 1_750_857_384));
        for (token, key) in [(&old, &keys[0]), (&new, &keys[1])] {
            let (text, signature) = token.rsplit_once('.').expect("three parts");
            let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
            let part = |name: &str| decode(key[name].as_str().expect("a text"));
            let public = PublicKeyComponents {
                n: part("n"),
                e: part("e"),
            };
            let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &decode(signature));
            assert!(verified.is_ok());
            let answer = token_info(&issuer.state, &format!("id_token={token}"));
            assert_eq!(answer.status, 200);
            let changed = format!("id_token={}", token.replace('.', ".e"));
            assert_eq!(token_info(&issuer.state, &changed).status, 400);
        }
    }
}
