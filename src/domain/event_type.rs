//! The kinds of events, and which of them somebody wants to be told.
//!
//! A kind is a name like `user.created`: words with dots between them. What its `data` holds is described, with an
//! example, in `api/users/events/catalogue.rs`; a name never changes its meaning, and new fields may come.

use super::Invalid;

/// The version of the events' shapes. A webhook keeps the one that it was made with.
pub const EVENT_VERSION: &str = "1";

/// Groups of names that have, or will get, one meaning alone.
const KEPT_GROUPS: &[&str] = &[
    "wallet",
    "transaction",
    "consent",
    "kyc",
    "kyb",
    "contract",
    "subscription",
];

macro_rules! event_types {
    ($($name:ident = $word:literal, $says:literal;)*) => {
        /// A kind of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType { $(#[doc = $says] $name,)* }

        impl EventType {
            /// Every kind, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word,)* } }

            /// When it happens.
            #[must_use]
            pub const fn says(self) -> &'static str { match self { $(Self::$name => $says,)* } }
        }
    };
}

event_types! {
    UserCreated = "user.created", "A user was made: by a partner, or by a person's first log-in.";
    UserLinked = "user.linked", "Your own back end brought a user.";
    UserUpdated = "user.updated", "Name, contacts or metadata of a user changed.";
    UserVerified = "user.verified", "A person proved that a user is theirs for the first time, or another address of it.";
    UserDeleted = "user.deleted", "A user was erased.";
    UserJoined = "user.joined", "A person joined two accounts: one of the two ids is retired, and goes on naming the other user.";
    UserJoinUndone = "user.join_undone", "A person separated two accounts that were joined.";
    UsersImported = "users.imported", "Users were brought in bulk from the command line.";
    IdentityVerified = "identity.verified", "A person proved an e-mail or a phone.";
    LoginSucceeded = "login.succeeded", "A person logged in: with a login link, a code, a provider, a password, or by an app's word.";
    LoginRefused = "login.refused", "A wrong code was typed for a log-in, or somebody who is suspended tried to log in.";
    SessionRevoked = "session.revoked", "A session, or every session of a user, was ended before its time.";
    TokenReuseDetected = "token.reuse_detected", "A refresh token was used a second time: two hold it, and every token of its log-in has ended.";
    SecretExposed = "secret.exposed", "A client secret was sent from a browser, where everybody can read it. Rotate it.";
    MessageDelivered = "message.delivered", "A message with a code, or a notice, arrived.";
    MessageFailed = "message.failed", "A message with a code, or a notice, was given up.";
    TransactionSent = "transaction.sent", "A network took a transaction that a wallet sent.";
    TransactionConfirmed = "transaction.confirmed", "A transaction stands in the chain, as deep as the network's setting asks for.";
    TransactionFailed = "transaction.failed", "A transaction did nothing: it stands in the chain as failed, was refused, or expired.";
    TransactionReplaced = "transaction.replaced", "Another transaction took a transaction's place: one with higher fees, or its cancellation.";
    KeyCreated = "key.created", "An API key was made.";
    KeyRevoked = "key.revoked", "An API key was revoked.";
    WebhookDisabled = "webhook.disabled", "A webhook was switched off because its receiver failed for days or said 410 Gone.";
}

impl EventType {
    /// Reads a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// The groups of names that are kept for what comes with a later release: nothing else will ever be called so, and
    /// nothing is called so yet.
    pub fn kept_for_later() -> impl Iterator<Item = &'static str> {
        let has_names = |group: &&str| Self::ALL.iter().any(|kind| begins(kind.as_str(), group));
        KEPT_GROUPS.iter().copied().filter(move |group| !has_names(group))
    }

    /// The names that look most like a word: at most three, the nearest first.
    #[must_use]
    pub fn nearest(word: &str) -> Vec<&'static str> {
        let mut names: Vec<_> = Self::ALL
            .iter()
            .map(|kind| (distance(word, kind.as_str()), kind.as_str()))
            .collect();
        names.sort_unstable();
        names.into_iter().take(3).map(|(_, name)| name).collect()
    }
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    // What somebody sent may be long; no name is.
    let one: Vec<char> = one.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (line, wanted) in other.chars().enumerate() {
        let (mut before, mut corner) = (line + 1, line);
        for (at, letter) in one.iter().enumerate() {
            let replaced = corner + usize::from(*letter != wanted);
            corner = row[at + 1];
            let best = replaced.min(corner + 1).min(before + 1);
            row[at] = before;
            before = best;
        }
        row[one.len()] = before;
    }
    row.last().copied().unwrap_or_default()
}

/// Which kinds of events are wanted: names, `user.*` for all that begin so, `*` for all, those of later releases too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

/// More words than this are nobody's wish.
const MOST_WORDS: usize = 100;

impl EventFilter {
    /// Every kind.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Reads the words that somebody sent.
    ///
    /// # Errors
    /// There is none, there are too many, or one names nothing: then the nearest names are in the message.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, Invalid> {
        let mut known: Vec<String> = Vec::new();
        for word in words {
            let group = word.strip_suffix(".*");
            let names_some = match group {
                Some(group) => EventType::ALL.iter().any(|kind| begins(kind.as_str(), group)),
                None => word == "*" || EventType::parse(word).is_some(),
            };
            if !names_some {
                let named = word.split_once('.').map_or(word, |(group, _)| group);
                if let Some(group) = EventType::kept_for_later().find(|group| *group == named) {
                    return Err(Invalid::new(format!(
                        "`{group}.*` is kept for events of a later release. Leave it out; `*` will bring them once they come."
                    )));
                }
                let nearest = EventType::nearest(group.unwrap_or(word)).join(", ");
                return Err(Invalid::new(format!(
                    "There is no event of this type. The nearest are {nearest}; `user.*` and `*` name groups."
                )));
            }
            if !known.iter().any(|other| other == word) {
                known.push(word.to_owned());
            }
        }
        if known.is_empty() || known.len() > MOST_WORDS {
            return Err(Invalid::new(format!(
                "Name 1 to {MOST_WORDS} types of events, or `*` for all."
            )));
        }
        Ok(Self(known))
    }

    /// Reads what was stored. A name that this release does not know stays: another may have stored it.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    /// As it is stored: words with spaces between them.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.join(" ")
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether a kind is wanted.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.0.iter().any(|word| match word.strip_suffix(".*") {
            Some(group) => begins(kind, group),
            None => word == "*" || word == kind,
        })
    }
}

/// Whether a name begins with a group: `user.created` with `user`, not with `us`.
fn begins(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_those_that_the_standard_allows_and_stand_there_once() {
        for (at, kind) in EventType::ALL.iter().enumerate() {
            let parts: Vec<&str> = kind.as_str().split('.').collect();
            assert!(parts.len() >= 2, "{kind:?}");
            let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(parts.iter().all(plain), "{kind:?}");
            assert_eq!(EventType::parse(kind.as_str()), Some(*kind));
            assert!(
                EventType::ALL[at + 1..]
                    .iter()
                    .all(|other| other.as_str() != kind.as_str())
            );
        }
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_nearest() {
        assert_eq!(EventType::nearest("user.create")[0], "user.created");
        assert_eq!(EventType::nearest("message.fail")[0], "message.failed");
        let refused = EventFilter::parse(["user.created", "user.crated"]).unwrap_err();
        assert!(refused.message.contains("user.created"), "{refused}");
        assert!(EventFilter::parse([]).is_err());
        for wrong in ["", "user", "user.", "us.*", "*.*", "users", "User.created", "**"] {
            assert!(EventFilter::parse([wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_for_later_is_told_from_a_mistake_and_means_nothing_yet() {
        for group in EventType::kept_for_later() {
            assert!(!EventType::ALL.iter().any(|kind| begins(kind.as_str(), group)));
            for word in [format!("{group}.*"), format!("{group}.approved")] {
                let refused = EventFilter::parse([word.as_str()]).unwrap_err();
                assert!(refused.message.contains("later release"), "{refused}");
            }
        }
        assert!(EventType::kept_for_later().any(|group| group == "kyc"));
        let refused = EventFilter::parse(["kycs.approved"]).unwrap_err();
        assert!(refused.message.contains("nearest"), "{refused}");
    }

    #[test]
    fn groups_want_what_begins_so() {
        let filter = EventFilter::parse(["user.*", "login.refused", "user.*"]).unwrap();
        assert_eq!(filter.words(), ["user.*", "login.refused"]);
        assert_eq!(EventFilter::stored(&filter.text()), filter);
        for (kind, wanted) in [
            ("user.created", true),
            ("user.of_a_later_release", true),
            ("users.imported", false),
            ("login.refused", true),
            ("login.succeeded", false),
        ] {
            assert_eq!(filter.wants(kind), wanted, "{kind}");
        }
        assert!(EventFilter::all().wants("anything.at_all"));
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in "[a-c.]{0,8}", b in "[a-c.]{0,8}", c in "[a-c.]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
    }
}
