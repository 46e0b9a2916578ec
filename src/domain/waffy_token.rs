//! `waffy_token`: a name of a user that nobody can make up.

use aboard_vault::{Purpose, Vault, constant_time_eq};
use zeroize::Zeroizing;

use super::base62;
use super::{EnvironmentId, UserId, Uuid};

const PREFIX: &str = "wft_";

/// A user's token for hosted pages: `wft_` and 43 base62 digits of sixteen bytes of id and sixteen of MAC.
///
/// It is derived, never stored: every user has one, it stays the same for good, and a stolen database holds none. It
/// names a user to a hosted page and authorizes nothing.
pub struct WaffyToken(Zeroizing<String>);

impl WaffyToken {
    /// The token of a user.
    #[must_use]
    pub fn of(vault: &Vault, environment: EnvironmentId, user: UserId) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&user.bytes());
        bytes[16..].copy_from_slice(&tag(vault, environment, user));
        let mut text = String::with_capacity(PREFIX.len() + base62::LENGTH);
        text.push_str(PREFIX);
        text.extend(base62::encode(bytes).map(char::from));
        Self(text.into())
    }

    /// The user that a token names in an environment; `None` for anything that we did not make for it. Whether the
    /// user is still there is the store's to say.
    #[must_use]
    pub fn read(vault: &Vault, environment: EnvironmentId, text: &str) -> Option<UserId> {
        let digits = text.strip_prefix(PREFIX)?.as_bytes();
        if digits.len() != base62::LENGTH {
            return None;
        }
        let bytes = base62::decode(digits)?;
        let (id, presented) = bytes.split_first_chunk::<16>()?;
        let user = UserId(Uuid::from_bytes(*id));
        constant_time_eq(&tag(vault, environment, user), presented).then_some(user)
    }

    /// The text to hand out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn tag(vault: &Vault, environment: EnvironmentId, user: UserId) -> [u8; 16] {
    let mac = vault.lasting_mac(Purpose::UserToken, &[&environment.bytes(), &user.bytes()]);
    std::array::from_fn(|at| mac[at])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aboard_vault::{KeyFile, RootKey, SystemEntropy};
    use proptest::prelude::*;

    use super::*;

    fn vault() -> Vault {
        let keys = Purpose::ALL
            .iter()
            .map(|purpose| RootKey::generate([*purpose as u8; 16], *purpose, &SystemEntropy));
        Vault::new(Arc::new(KeyFile::generate(&SystemEntropy)), keys.collect()).unwrap()
    }

    #[test]
    fn a_token_names_its_user_in_its_environment_alone() {
        let (ours, theirs) = (vault(), vault());
        let environment = EnvironmentId(Uuid::from_u128(7));
        let user = UserId(Uuid::from_u128(1 << 70));
        let token = WaffyToken::of(&ours, environment, user);
        assert_eq!(token.expose().len(), 47);
        assert_eq!(WaffyToken::of(&ours, environment, user).expose(), token.expose());
        assert_eq!(WaffyToken::read(&ours, environment, token.expose()), Some(user));
        let other = EnvironmentId(Uuid::from_u128(8));
        assert_eq!(WaffyToken::read(&ours, other, token.expose()), None);
        assert_eq!(WaffyToken::read(&theirs, environment, token.expose()), None);
    }

    proptest! {
        #[test]
        fn a_changed_token_names_nobody(id in any::<u128>(), at in 4..47_usize, with in 0..62_usize) {
            let (vault, environment) = (vault(), EnvironmentId(Uuid::from_u128(7)));
            let token = WaffyToken::of(&vault, environment, UserId(Uuid::from_u128(id)));
            let mut text = token.expose().as_bytes().to_vec();
            prop_assume!(text[at] != base62::DIGITS[with]);
            text[at] = base62::DIGITS[with];
            prop_assert_eq!(WaffyToken::read(&vault, environment, std::str::from_utf8(&text).unwrap()), None);
        }

        #[test]
        fn any_text_is_answered(text in "(wft_)?\\PC{0,60}") {
            prop_assert_eq!(WaffyToken::read(&vault(), EnvironmentId(Uuid::nil()), &text), None);
        }
    }
}
