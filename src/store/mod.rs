//! The store's contract: one method is one atomic business operation, and its answer is durable.
//!
//! Reads are one SQL text that both engines take (parameters by name, see [`sql`]). Writes that decide
//! something are one function over a [`transaction::Tx`], or, where speed asks for it, written by hand for each
//! engine in the private modules `sqlite` and `postgres`; writes that only put down what they are given are a
//! [`sql::Script`]. Remembered refusals are outcomes and commit; only
//! faults roll back.

mod accounts;
mod app_providers;
mod apps;
mod audit;
mod challenges;
mod channels;
mod copy;
mod credentials;
mod deliveries;
mod devices;
mod error;
mod events;
mod families;
mod happened;
mod idempotency;
mod instance;
mod keys;
mod links;
mod logins;
mod messages;
mod migrations;
mod notices;
mod organizations;
mod partner_users;
mod partners;
mod passwords;
mod postgres;
mod rampable;
mod reports;
mod requests;
mod rewrap;
mod scope;
mod sends;
mod sessions;
mod settings;
mod signing_keys;
mod sql;
mod sqlite;
mod sweep;
mod transaction;
mod user_keys;
mod user_tokens;
mod users;
mod wallets;
mod webhooks;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use crate::clock::Clock;

pub use accounts::{Account, AccountIdentity, NewSubscription};
pub use app_providers::{AppProvider, AppProviderRow, NewAppProvider};
pub use apps::{App, AppRow, NewApp};
pub use audit::AuditEntry;
pub use challenges::{NewChallenge, NewMessage, OpenChallenge, PreparedCode, Resend, Resent, Started};
pub use channels::{NewMark, StoredChannel};
pub use copy::{
    Copied, CopiedTable, CopyStep, CopyStore, NOT_COPIED, Standing, moved as copy_moved, unfinished as copy_unfinished,
};
pub use credentials::{Credential, KeyUse, Presented};
pub use deliveries::{DeliveryEnd, DeliveryResult, DueDelivery, MadeAttempt};
pub use devices::{DeviceCheck, DeviceHold, DeviceOf, SeenDevice};
pub use error::StoreError;
pub use events::{AfterEvent, Event, EventPage, EventPlace};
pub use families::{Family, NewFamily, Refreshed};
pub(crate) use happened::event_body;
pub use idempotency::{IdempotencyClaim, Once, SavedAnswer};
pub use instance::{Durability, Instance, NewInstance, NewRootKey, StoredRootKey};
pub use keys::{KeyRow, NewApiKey};
pub use links::{
    Exchange, ExchangedLogin, LinkPreview, NewLoginLink, NewOneTimeCode, Redeemed, Redemption, RedemptionOutcome,
};
pub use logins::{AppLogin, AppLoginOutcome, Assertion, Expected};
pub use messages::{DueMessage, InboxMessage, MessageEnd, NewInboxMessage};
pub use migrations::known_migrations;
pub use notices::{NoticeDraft, NoticeWriter, WrittenNotice};
pub use organizations::{Environment, NewEnvironment, NewOrganization, OrganizationRow};
pub use partner_users::{
    CheckedUser, ExternalLogin, ExternalLoginOutcome, LoggedIn, NewPartnerWebhook, NewUserKey, Plan, UserKeyHolder,
};
pub use partners::{NewPartner, NewWebhookSecret, PartnerRow, SealedWebhookSecret};
pub use passwords::{PasswordTried, PasswordTry};
pub use rampable::{NewRampableAccount, RampableAccount, RampableAdded};
pub use reports::{DueReport, NewReport, NextMessage, ReportEnd, ReportedMessage};
pub use requests::{AnsweredRequest, RequestFilter, RequestPage};
pub use rewrap::WrappedKey;
pub use scope::{
    AdminScope, AppScope, ChallengeScope, ConfirmationScope, JoinScope, PartnerScope, ProviderScope, Seal, ServerScope,
    SystemScope, UserScope, UsersScope,
};
pub use sends::{
    DueSend, FAR_AHEAD, Keeping, NewReservation, NewSend, Reservation, Send, SendEnd, SendPause, WantedSequence,
};
pub use sessions::{NewSession, Session};
pub use settings::StoredSetting;
pub use signing_keys::{NewSigningKey, SealedSigningKey, SigningKeyRotation};
pub use sqlite::SqliteOptions;
pub use user_keys::{IssuedUserKey, MOST_USER_KEYS, UserKeyRow};
pub use user_tokens::{TokenHolder, TokenSubject};
pub use users::{
    ConfirmAddress, ConfirmOutcome, Confirmation, Contact, ContactAddress, EventData, ImportUser, ImportUsers,
    Imported, Join, JoinAddress, JoinLogin, JoinOutcome, JoinShows, JoinSide, JoinState, JoinUsers, LinkOutcome,
    LinkUser, Linked, OfferConfirmation, OfferJoin, ProofAttempt, ProofOutcome, Proven, UndoJoin, UndoOutcome,
    UpdateOutcome, UpdateUser, User, UserFilter, UserPage,
};
pub use wallets::{
    Consent, Export, ExportState, KnownWallet, LetInBy, NewExport, NewHalf, NewSecret, NewSecretLink, NewWallet,
    PresentedWalletToken, Recovery, SecretLink, Spending, StoredMac, UsableWallet, Wallet, WalletCreation,
    WalletRecovery, WalletSecret, WalletUse, WalletUsed,
};
pub use webhooks::{
    Attempt, ClaimedEvents, CreateWebhookOutcome, Delivery, DeliveryPage, DisabledWhy, EventClaim, LogHead, NewHeaders,
    NewReplay, NewTestDelivery, NewWebhook, ReplayFrom, UpdateWebhook, Webhook, WebhookBehind, WebhookTarget,
};

/// What every method answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// How many requests are being served right now. The SQLite writer waits a moment before it commits while
/// requests are running that may still bring work, so that they share one commit.
#[derive(Clone, Default)]
pub struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// Counts one request until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> InFlightGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(self.clone())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One running request; see [`InFlight`].
pub struct InFlightGuard(InFlight);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where and how to open a store.
pub struct OpenStore {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// For SQLite.
    pub sqlite: SqliteOptions,
    /// Connections that write, for PostgreSQL.
    pub postgres_connections: usize,
    /// Requests being served, shared with the listener.
    pub in_flight: InFlight,
    /// What time it is when a verb that ends tokens holds its user.
    pub clock: Clock,
}

/// The store, on the engine that its URL names. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    credentials: Arc<credentials::Cache>,
    /// How often an event was written here: whoever waits for events looks when it moves.
    happened: Arc<watch::Sender<u64>>,
    notices: Arc<OnceLock<NoticeWriter>>,
    clock: Clock,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the store and does nothing else: no migration, no check.
    ///
    /// # Errors
    /// The URL has another scheme, the file cannot be opened or the server cannot be reached.
    pub async fn open(options: OpenStore) -> Result<Self> {
        let engine = if let Some(path) = options.url.strip_prefix("sqlite:") {
            Engine::Sqlite(sqlite::Sqlite::open(path, &options.sqlite, options.in_flight)?)
        } else if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://") {
            Engine::Postgres(postgres::Postgres::open(&options.url, options.postgres_connections).await?)
        } else {
            return Err(StoreError::Setting(
                "store.url must start with `sqlite:` (a file) or `postgres://` (a server).".to_owned(),
            ));
        };
        Ok(Self {
            engine,
            credentials: Arc::default(),
            happened: Arc::default(),
            notices: Arc::default(),
            clock: options.clock,
        })
    }

    /// Brings the schema up to date; several nodes may call it at once. Answers the names of what was applied.
    ///
    /// # Errors
    /// A migration failed, or one that was applied has another checksum than the one in this binary.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.migrate().await,
            Engine::Postgres(engine) => engine.migrate().await,
        }
    }

    /// Empties the write-ahead log soon: what was erased from the tables still stands there. PostgreSQL recycles its own.
    fn start_log_over(&self) {
        if let Engine::Sqlite(engine) = &self.engine {
            engine.start_log_over();
        }
    }

    /// As [`Store::start_log_over`], beside what is written: for what a server that was killed left there.
    pub(crate) fn start_log_over_in_time(&self) {
        if let Engine::Sqlite(engine) = &self.engine {
            engine.start_log_over_in_time();
        }
    }

    /// Operations per commit since the start: (operations, commits). Zero commits on PostgreSQL's single writes.
    #[must_use]
    pub fn group_counts(&self) -> (u64, u64) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.group_counts(),
            Engine::Postgres(engine) => engine.group_counts(),
        }
    }

    /// Answers everything that was handed in, then closes. Later calls answer [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => engine.close().await,
        }
    }
}
