//! Scopes: proof that a credential was checked. Only the store makes them.

use crate::domain::{EnvironmentId, EnvironmentKind, KeyId, KeyScope, KeyScopes, PartnerId, UserId, UserKeyId};

/// A partner, by its key: reaches this partner's own users in one environment.
#[derive(Debug, Clone, Copy)]
pub struct PartnerScope {
    pub(super) environment: EnvironmentId,
    pub(super) kind: EnvironmentKind,
    pub(super) partner: PartnerId,
    pub(super) key: KeyId,
}

impl PartnerScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// Sandbox or production.
    #[must_use]
    pub fn kind(&self) -> EnvironmentKind {
        self.kind
    }

    /// The partner.
    #[must_use]
    pub fn partner(&self) -> PartnerId {
        self.partner
    }

    /// The key that was presented.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }
}

/// The organization's back end, by a server key: reaches one environment.
#[derive(Debug, Clone, Copy)]
pub struct ServerScope {
    pub(super) environment: EnvironmentId,
    pub(super) kind: EnvironmentKind,
    pub(super) key: KeyId,
    pub(super) scopes: KeyScopes,
}

impl ServerScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// Sandbox or production.
    #[must_use]
    pub fn kind(&self) -> EnvironmentKind {
        self.kind
    }

    /// The key that was presented.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Whether the key may do this.
    #[must_use]
    pub fn allows(&self, scope: KeyScope) -> bool {
        self.scopes.allow(scope)
    }
}

/// One user, by a session, or by a user key or the token made from it.
#[derive(Debug, Clone, Copy)]
pub struct UserScope {
    pub(super) environment: EnvironmentId,
    pub(super) user: UserId,
    /// The partner whose link or key it was: nothing that another source brought may be shown.
    pub(super) partner: Option<PartnerId>,
    pub(super) user_key: Option<UserKeyId>,
}

impl UserScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The partner that this credential was born of, if any.
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        self.partner
    }

    /// The user key that this credential was born of, if any.
    #[must_use]
    pub fn user_key(&self) -> Option<UserKeyId> {
        self.user_key
    }
}

/// The machine's own power: jobs, start-up and the command line.
#[derive(Debug, Clone, Copy)]
pub struct SystemScope(());

impl super::Store {
    /// For jobs, start-up and the command line; no handler of a request may ask for it.
    #[must_use]
    pub fn system(&self) -> SystemScope {
        SystemScope(())
    }
}
