//! How a one-time code is made, compared, and put into a message.
//!
//! A code is derived from its challenge under the root key of codes, so that every message of one challenge carries the
//! same one, over whichever channel and however late it arrives, and nothing that could be read back is kept meanwhile.
//! What is stored is a MAC under the same key; whoever holds that key could try a million codes as well.

use aboard_vault::{Entropy, Mac, Purpose as RootPurpose, Vault};
use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::{ChallengeId, Destination, EnvironmentId, MessageId, OneTimeCode, Purpose, SessionId};
use crate::sealed;

/// The codes of one challenge.
pub struct Codes<'a> {
    /// Holds the root key.
    pub vault: &'a Vault,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// The challenge.
    pub challenge: ChallengeId,
    /// What it is for.
    pub purpose: Purpose,
    /// The session that a step-up is asked for in: typed in another, its code is a wrong one.
    pub session: Option<SessionId>,
}

impl Codes<'_> {
    /// The usual code: six digits, or eight characters for a step-up.
    #[must_use]
    pub fn usual(&self) -> OneTimeCode {
        if self.purpose.is_step_up() {
            OneTimeCode::step_up(self.derived(b"step up"))
        } else {
            OneTimeCode::digits(self.derived(b"digits"))
        }
    }

    /// The code of twelve characters.
    #[must_use]
    pub fn long(&self) -> OneTimeCode {
        OneTimeCode::long(self.derived(b"long"))
    }

    /// The code that a stored MAC is of; `None` if the root key is another one since, or the session is not known.
    #[must_use]
    pub fn of(&self, stored: &[u8]) -> Option<OneTimeCode> {
        let codes = [self.usual(), self.long()];
        codes.into_iter().find(|code| self.matches(code, stored))
    }

    /// What is stored of a code: key id and tag.
    #[must_use]
    pub fn mac(&self, code: &OneTimeCode) -> [u8; 48] {
        let mac = self.with(code, |parts| self.vault.mac(RootPurpose::CodeMac, parts));
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(&mac.key_id);
        bytes[16..].copy_from_slice(&mac.tag);
        bytes
    }

    /// Whether a stored MAC is that of a code, in constant time.
    #[must_use]
    pub fn matches(&self, code: &OneTimeCode, stored: &[u8]) -> bool {
        let (Some(key_id), Some(tag)) = (stored.first_chunk::<16>(), stored.last_chunk::<32>()) else {
            return false;
        };
        let stored = Mac {
            key_id: *key_id,
            tag: *tag,
        };
        self.with(code, |parts| {
            self.vault.verify_mac(RootPurpose::CodeMac, parts, &stored)
        })
    }

    /// What a code is bound to.
    fn with<T>(&self, code: &OneTimeCode, use_parts: impl FnOnce(&[&[u8]]) -> T) -> T {
        let session = self.session.map(SessionId::bytes);
        let (environment, challenge) = (self.environment.bytes(), self.challenge.bytes());
        let mut parts: Vec<&[u8]> = vec![
            &environment,
            &challenge,
            self.purpose.name().as_bytes(),
            code.expose().as_bytes(),
        ];
        if let Some(session) = &session {
            parts.push(session);
        }
        use_parts(&parts)
    }

    fn derived(&self, which: &[u8]) -> [u8; 32] {
        // The fourth part of a code's MAC is the code, which this is none of: neither ever passes for the other.
        let parts: [&[u8]; 5] = [
            &self.environment.bytes(),
            &self.challenge.bytes(),
            self.purpose.name().as_bytes(),
            b"make a code",
            which,
        ];
        self.vault.mac(RootPurpose::CodeMac, &parts).tag
    }
}

/// What a queued message holds beside its code.
pub struct Letter<'a> {
    /// Where it goes.
    pub to: &'a Destination,
    /// What the code is for.
    pub purpose: Purpose,
    /// The name that it says asks for the code.
    pub asked_by: &'a str,
    /// The tag of its language.
    pub language: &'a str,
}

impl Letter<'_> {
    /// Seals the message with a code, as it is queued.
    #[must_use]
    pub fn seal(
        &self,
        vault: &Vault,
        entropy: &dyn Entropy,
        environment: EnvironmentId,
        message: MessageId,
        code: &OneTimeCode,
    ) -> Vec<u8> {
        let text = Zeroizing::new(
            json!({
                "kind": self.to.kind(), "key": self.to.key(), "shown": self.to.shown(), "code": code.expose(),
                "purpose": self.purpose.name(), "asked_by": self.asked_by, "language": self.language,
            })
            .to_string(),
        );
        vault.seal(&sealed::message(environment, message), text.as_bytes(), entropy)
    }
}
