//! Scopes: proof that a credential was checked. Only the store makes them.

use std::sync::Arc;

use super::audit::AuditEntry;
use crate::domain::{
    Amr, AppId, ConfirmationId, EnvironmentId, EnvironmentKind, JoinId, KeyId, KeyScope, KeyScopes, PartnerId, UserId,
    UserKeyId,
};

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

/// An app, by its client secret or its id: starts log-ins in one environment.
#[derive(Debug, Clone, Copy)]
pub struct AppScope {
    pub(super) environment: EnvironmentId,
    pub(super) kind: EnvironmentKind,
    pub(super) app: AppId,
    /// The client secret, if one was presented; without it the app is a public client.
    pub(super) key: Option<KeyId>,
    pub(super) scopes: KeyScopes,
}

impl AppScope {
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

    /// The app.
    #[must_use]
    pub fn app(&self) -> AppId {
        self.app
    }

    /// The client secret that was presented, if one was.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.key
    }

    /// The same for a client secret that was seen where everybody can read it: it keeps no scope.
    #[must_use]
    pub fn exposed(self) -> Self {
        Self {
            scopes: KeyScopes::default(),
            ..self
        }
    }

    /// Whether the client secret may do this; a public client may do nothing that needs a scope.
    #[must_use]
    pub fn allows(&self, scope: KeyScope) -> bool {
        self.key.is_some() && self.scopes.allow(scope)
    }
}

/// Whoever may ask for a code in one environment, and spend it: the same app or back end.
#[derive(Debug, Clone, Copy)]
pub struct ChallengeScope {
    pub(super) environment: EnvironmentId,
    /// `None` for the organization's back end.
    pub(super) app: Option<AppId>,
}

impl ChallengeScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }
}

impl From<&AppScope> for ChallengeScope {
    fn from(scope: &AppScope) -> Self {
        Self {
            environment: scope.environment,
            app: Some(scope.app),
        }
    }
}

impl From<&ServerScope> for ChallengeScope {
    fn from(scope: &ServerScope) -> Self {
        Self {
            environment: scope.environment,
            app: None,
        }
    }
}

/// Two accounts that may become one, by the address of their page.
#[derive(Debug, Clone, Copy)]
pub struct JoinScope {
    pub(super) environment: EnvironmentId,
    pub(super) join: JoinId,
}

impl JoinScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }
}

impl From<&JoinScope> for ChallengeScope {
    fn from(scope: &JoinScope) -> Self {
        Self {
            environment: scope.environment,
            app: None,
        }
    }
}

/// Another address of a user's that waits to be confirmed, by the address of its page.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmationScope {
    pub(super) environment: EnvironmentId,
    pub(super) confirmation: ConfirmationId,
}

impl ConfirmationScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }
}

impl From<&ConfirmationScope> for ChallengeScope {
    fn from(scope: &ConfirmationScope) -> Self {
        Self {
            environment: scope.environment,
            app: None,
        }
    }
}

/// A provider that calls the address of a channel: reports what became of that channel's messages. Whoever holds it
/// checks the call's signature before anything is written.
#[derive(Debug, Clone, Copy)]
pub struct ProviderScope {
    pub(super) environment: EnvironmentId,
    pub(super) channel: &'static str,
}

/// Whoever manages the users of one environment: its back end, or the machine.
#[derive(Debug, Clone, Copy)]
pub struct UsersScope {
    pub(super) environment: EnvironmentId,
    /// Whether the keys of erased users' wallets go as well.
    pub(super) wallets: bool,
}

impl UsersScope {
    /// The data plane.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }
}

impl From<&ServerScope> for UsersScope {
    fn from(scope: &ServerScope) -> Self {
        Self {
            environment: scope.environment,
            wallets: scope.allows(KeyScope::WalletsErase),
        }
    }
}

/// One user, by a session, by a user key or the token made from it, by a token of the organization, or by one of a
/// log-in.
#[derive(Debug, Clone, Copy)]
pub struct UserScope {
    pub(super) environment: EnvironmentId,
    pub(super) user: UserId,
    /// The partner whose link or key it was: nothing that another source brought may be shown.
    pub(super) partner: Option<PartnerId>,
    pub(super) user_key: Option<UserKeyId>,
    /// The app that the person logged in to, or that brought them.
    pub(super) app: Option<AppId>,
    pub(super) amr: Amr,
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

    /// The app that the person logged in to, if the credential is of one.
    #[must_use]
    pub fn app(&self) -> Option<AppId> {
        self.app
    }

    /// How this credential was born. Unless it is the person's own proof, it reaches what its source brought and
    /// nothing else.
    #[must_use]
    pub fn amr(&self) -> Amr {
        self.amr
    }

    /// The source that this credential was born of and whose claims it may show: the partner, the app of a custody
    /// log-in, or the environment itself for the organization's own back end. `None` for the person's own proof, which
    /// shows them all.
    pub(super) fn source(&self) -> Option<uuid::Uuid> {
        match (self.partner, self.app, self.amr) {
            (Some(partner), _, _) => Some(partner.0),
            (None, Some(app), Amr::Custody) => Some(app.0),
            (None, _, amr) if amr.is_own_proof() => None,
            (None, _, _) => Some(self.environment.0),
        }
    }

    /// The user key that this credential was born of, if any.
    #[must_use]
    pub fn user_key(&self) -> Option<UserKeyId> {
        self.user_key
    }
}

/// An operator's power to change how the instance is run. Whatever is changed with it is written to the audit log.
#[derive(Clone)]
pub struct AdminScope {
    actor: String,
    seal: Seal,
}

/// Makes the seal of an audit entry from the seal before it: a MAC under a key that the store does not hold.
pub type Seal = Arc<dyn Fn(&[u8], &AuditEntry) -> Vec<u8> + Send + Sync>;

impl AdminScope {
    /// Who changes: what the audit log says.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    pub(super) fn seal(&self, before: &[u8], entry: &AuditEntry) -> Vec<u8> {
        (self.seal)(before, entry)
    }
}

/// The machine's own power: jobs, start-up and the command line.
#[derive(Debug, Clone, Copy)]
pub struct SystemScope(());

impl SystemScope {
    /// To manage the users of an environment from the command line.
    #[must_use]
    pub fn users_of(self, environment: EnvironmentId) -> UsersScope {
        UsersScope {
            environment,
            wallets: true,
        }
    }
}

impl super::Store {
    /// Who changes something, as the audit log will name them, and what seals its entry.
    #[must_use]
    pub fn administer(&self, actor: &str, seal: Seal) -> AdminScope {
        AdminScope {
            actor: actor.to_owned(),
            seal,
        }
    }

    /// For jobs, start-up and the command line; no handler of a request may ask for it.
    #[must_use]
    pub fn system(&self) -> SystemScope {
        SystemScope(())
    }
}
