//! What a key may do.

use super::KeyKind;

/// One thing that a key may be allowed to do. Stored and typed as words with colons between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyScope {
    /// `users`: manage the users of the environment.
    Users,
    /// `users:token`: see users' `waffy_token`, and get tokens that stand for them.
    UsersToken,
    /// `custody`: log users in by the caller's own ids (client secrets).
    Custody,
    /// `wallets:erase`: erase keys of wallets.
    WalletsErase,
    /// `requests`: read the environment's request log.
    Requests,
    /// `events`: read the environment's events.
    Events,
    /// `webhooks`: manage the environment's webhooks.
    Webhooks,
}

impl KeyScope {
    /// Every scope, in the order of the enum.
    pub const ALL: [Self; 7] = [
        Self::Users,
        Self::UsersToken,
        Self::Custody,
        Self::WalletsErase,
        Self::Requests,
        Self::Events,
        Self::Webhooks,
    ];

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::UsersToken => "users:token",
            Self::Custody => "custody",
            Self::WalletsErase => "wallets:erase",
            Self::Requests => "requests",
            Self::Events => "events",
            Self::Webhooks => "webhooks",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether keys of a kind can have it. Partner keys and user keys have none: what they may do is fixed.
    #[must_use]
    pub const fn is_of(self, kind: KeyKind) -> bool {
        match self {
            Self::Users | Self::UsersToken | Self::WalletsErase | Self::Requests | Self::Events | Self::Webhooks => {
                matches!(kind, KeyKind::Server)
            }
            Self::Custody => matches!(kind, KeyKind::Client),
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The scopes of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyScopes(u32);

impl KeyScopes {
    /// Reads stored words. One that this release does not know allows nothing: a later release may have stored it.
    pub fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        words.into_iter().filter_map(KeyScope::parse).collect()
    }

    /// Whether the key may do this.
    #[must_use]
    pub const fn allow(self, scope: KeyScope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl FromIterator<KeyScope> for KeyScopes {
    fn from_iter<I: IntoIterator<Item = KeyScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_was_stored_and_nothing_else() {
        let set = KeyScopes::read(["users:token", "of_a_later_release", "wallets:erase"]);
        for scope in KeyScope::ALL {
            let stored = matches!(scope, KeyScope::UsersToken | KeyScope::WalletsErase);
            assert_eq!(set.allow(scope), stored, "{scope:?}");
            assert_eq!(KeyScope::parse(scope.as_str()), Some(scope));
            assert!(!KeyScopes::default().allow(scope));
            // A route names its scope by this number.
            assert_eq!(KeyScope::ALL[scope as usize], scope);
        }
    }
}
