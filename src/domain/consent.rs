//! What a person may let an app do with a wallet.

/// One thing that an app may be let do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentScope {
    /// See the addresses, and what is on them.
    Read,
    /// Sign texts and typed data.
    Sign,
    /// Sign and send transactions, and whatever moves value.
    Send,
}

impl ConsentScope {
    /// Every one, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Read, Self::Sign, Self::Send];

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sign => "sign",
            Self::Send => "send",
        }
    }
}

/// What one consent is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsentScopes([bool; 3]);

impl ConsentScopes {
    /// Everything: what the app has that made a wallet.
    pub const ALL: Self = Self([true; 3]);
    /// All but what moves value.
    pub const WITHOUT_SENDING: Self = Self([true, true, false]);

    /// Reads stored words. One that this release does not know allows nothing.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let has = |scope: ConsentScope| text.split_whitespace().any(|word| word == scope.as_str());
        Self(ConsentScope::ALL.map(has))
    }

    /// As it is stored: words with spaces between them.
    #[must_use]
    pub fn text(self) -> String {
        let words = ConsentScope::ALL.into_iter().filter(|scope| self.allow(*scope));
        words.map(ConsentScope::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Whether it is good for this.
    #[must_use]
    pub const fn allow(self, scope: ConsentScope) -> bool {
        self.0[scope as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        for scopes in [
            ConsentScopes::ALL,
            ConsentScopes::WITHOUT_SENDING,
            ConsentScopes::default(),
        ] {
            assert_eq!(ConsentScopes::read(&scopes.text()), scopes);
        }
        let read = ConsentScopes::read("sign of_a_later_release");
        assert!(read.allow(ConsentScope::Sign) && !read.allow(ConsentScope::Send) && !read.allow(ConsentScope::Read));
    }
}
