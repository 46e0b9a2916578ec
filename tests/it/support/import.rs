//! Users to import into a store under test.

use aboard::domain::{Email, EventId, IdentityId, Metadata, PartnerUserId, PersonName, Phone, UserId};
use aboard::store::{ImportUser, ImportUsers};

use super::store::TestStore;

impl TestStore {
    /// A user to import, by a name that makes its e-mail and external id.
    pub fn comer(&self, name: &str) -> ImportUser {
        ImportUser {
            id: None,
            new_id: UserId(self.ids.id()),
            external_id: Some(PartnerUserId::parse(format!("x-{name}")).expect("an id")),
            email: Some((Email::parse(&format!("{name}@example.com")).expect("an e-mail"), false)),
            phone: Some((Phone::parse_e164("+1234567890").expect("a phone"), false)),
            name: Some(PersonName::parse(name).expect("a name")),
            metadata: Metadata::default(),
            suspended: false,
            created_at: self.later(-3_600),
            identities: std::array::from_fn(|_| IdentityId(self.ids.id())),
        }
    }

    /// One call with some users.
    pub fn import_of(&self, users: impl IntoIterator<Item = ImportUser>) -> ImportUsers {
        ImportUsers {
            users: users.into_iter().collect(),
            event: EventId(self.ids.id()),
            now: self.now(),
        }
    }
}
