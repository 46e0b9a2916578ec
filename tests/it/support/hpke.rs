//! The other end of an export, as RFC 9180 has it: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hmac::{self, HMAC_SHA256};

const KEM: &[u8] = b"KEM\x00\x20";
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x02";

/// A client with a key of its own.
pub struct Client {
    private: PrivateKey,
    pub public: [u8; 32],
}

impl Client {
    pub fn new() -> Self {
        let private = PrivateKey::generate(&X25519).expect("a key");
        let public = private.compute_public_key().expect("its public half");
        let public = public.as_ref().try_into().expect("32 bytes");
        Self { private, public }
    }

    /// Opens the first message of a context.
    pub fn open(&self, enc: &[u8], info: &[u8], aad: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let dh = agree(&self.private, UnparsedPublicKey::new(&X25519, enc), (), |shared| {
            Ok(shared.to_vec())
        })
        .ok()?;
        let eae = extract(KEM, &[], b"eae_prk", &dh);
        let shared = expand(KEM, &eae, b"shared_secret", &[enc, &self.public].concat(), 32);
        let psk = extract(SUITE, &[], b"psk_id_hash", &[]);
        let context = [&[0][..], &psk, &extract(SUITE, &[], b"info_hash", info)].concat();
        let secret = extract(SUITE, &shared, b"secret", &[]);
        let key = expand(SUITE, &secret, b"key", &context, 32);
        let nonce = expand(SUITE, &secret, b"base_nonce", &context, 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let mut text = ciphertext.to_vec();
        Some(key.open_in_place(nonce, Aad::from(aad), &mut text).ok()?.to_vec())
    }
}

fn extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Vec<u8> {
    let whole = [b"HPKE-v1", suite, label, ikm].concat();
    hmac::sign(&hmac::Key::new(HMAC_SHA256, salt), &whole).as_ref().to_vec()
}

fn expand(suite: &[u8], prk: &[u8], label: &[u8], info: &[u8], len: u8) -> Vec<u8> {
    let whole = [&[0, len][..], b"HPKE-v1", suite, label, info, &[1]].concat();
    let block = hmac::sign(&hmac::Key::new(HMAC_SHA256, prk), &whole);
    block.as_ref()[..usize::from(len)].to_vec()
}
