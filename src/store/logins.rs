//! Log-ins by a name that an app knows its people by: its own ids, usernames, the subjects of providers.
//!
//! Such a name finds whoever has it at this app, and nobody else: no e-mail and no phone comes in, whatever a provider
//! says of them. A name that nobody has is a new user.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::devices::{DeviceCheck, LoginOnDevice, SeenDevice, asked_of, guarded, see, standing};
use super::happened::Happened;
use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::notices::Notices;
use super::scope::AppScope;
use super::sql::params;
use super::transaction::Tx;
use super::users::{lock, lock_value};
use super::{Result, Store};
use crate::domain::{EventType, IdentityId, LoginKind, UserId, Uuid, whole_seconds};

/// Somebody who logs in by a name of the app's.
#[derive(Debug, Clone)]
pub struct AppLogin {
    /// What kind of name it is.
    pub kind: LoginKind,
    /// What it is looked up by.
    pub key: String,
    /// As it was given.
    pub shown: String,
    /// Whether somebody has to have it, or nobody.
    pub expected: Expected,
    /// What a provider signed, which is worth nothing a second time.
    pub assertion: Option<Assertion>,
    /// The password of a new username: argon2id as text.
    pub password: Option<String>,
    /// The try of a password that turned out right; see [`Store::begin_password_try`].
    pub tried: Option<Uuid>,
    /// The user, if the log-in makes one.
    pub new_user: UserId,
    /// The row of the name, if new.
    pub identity: IdentityId,
    /// What is asked of the device; `None` for an app's back end, which is nobody's device.
    pub device: Option<DeviceCheck>,
    /// The time of the call.
    pub now: Timestamp,
}

/// Whether a name has to be somebody's already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The first log-in makes the user.
    Either,
    /// It is being registered.
    New,
    /// It was registered before.
    Known,
}

/// What a provider vouched for.
#[derive(Debug, Clone, Copy)]
pub struct Assertion {
    /// A hash of it, and of the app that it was presented to.
    pub id: [u8; 32],
    /// When it is worth nothing in any case.
    pub expires_at: Timestamp,
}

/// What became of a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppLoginOutcome {
    /// Somebody is logged in.
    LoggedIn {
        /// Who.
        user: UserId,
        /// Whether the log-in made the user.
        created: bool,
        /// The moment that a token of this log-in has to say it was made at.
        since: Timestamp,
        /// The device, where it was asked about.
        device: Option<SeenDevice>,
    },
    /// The name is somebody's, and was to be nobody's.
    Taken,
    /// The name is nobody's, and was to be somebody's.
    Unknown,
    /// The user is locked out.
    Suspended,
    /// What the provider signed was used before.
    Spent,
}

const SPEND: &str = "
    insert into spent_assertions (id, environment_id, expires_at) values (:id, :environment, :expires_at)
    on conflict (id) do nothing";
const FIND: &str = "
    select named.user_id, account.status
    from identities named join users account on account.id = named.user_id
    where named.source_id = :app and named.kind = :kind and named.kind not in ('email', 'phone') and named.key = :key
        and named.environment_id = :environment";
const FIND_LOCKED: &str = guarded!(
    "join identities named on named.user_id = account.id
    where named.source_id = :app and named.kind = :kind and named.kind not in ('email', 'phone') and named.key = :key
        and named.environment_id = :environment"
);
const ADD_USER: &str = "
    insert into users (id, environment_id, status, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, :status, '{}', :always, :now, :now)";
const ADD_NAME: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
    values (:user, :kind, :app, :id, :environment, :source, :key, :shown, :state, :now, :now, :verified_at)";
const ADD_PASSWORD: &str = "
    insert into passwords (identity_id, environment_id, user_id, hash, updated_at)
    values (:identity, :environment, :user, :hash, :now)";
const WAS_RIGHT: &str = "update password_tries set was_right = :right where id = :id and environment_id = :environment";

/// What was made in the very microsecond of a log-out everywhere has ended with it.
const JUST_AFTER: SignedDuration = SignedDuration::from_micros(1);

impl Store {
    /// Logs somebody in by a name of the app's, and makes the user if nobody has the name and that may be. Two who
    /// come with one name at once are one user. An `Idempotency-Key` is recorded once somebody is logged in: a replay
    /// names the user.
    pub async fn log_in_by_app(
        &self,
        scope: &AppScope,
        login: AppLogin,
        claim: Option<IdempotencyClaim>,
    ) -> Result<Once<AppLoginOutcome>> {
        let (scope, now, notices) = (*scope, login.now, self.notices());
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                let outcome = log_in(tx, &scope, &login, &notices).await?;
                let saved = match outcome {
                    AppLoginOutcome::LoggedIn { user, .. } => Some(SavedAnswer {
                        status: 200,
                        body: None,
                        resource: Some(user.0),
                    }),
                    _ => None,
                };
                Ok((outcome, saved))
            }
            .boxed()
        })
        .await
    }
}

async fn log_in(tx: &Tx<'_>, scope: &AppScope, login: &AppLogin, notices: &Notices) -> Result<AppLoginOutcome> {
    let environment = scope.environment;
    if let Some(assertion) = login.assertion {
        let spent = params![id: &assertion.id[..], environment: environment.0, expires_at: assertion.expires_at];
        if tx.execute(SPEND, &spent).await? == 0 {
            return Ok(AppLoginOutcome::Spent);
        }
    }
    let kind = login.kind.as_str();
    lock_value(tx, environment, kind, &format!("{} {}", scope.app, login.key)).await?;
    let named = params![app: scope.app.0, kind: kind, key: login.key.as_str(), environment: environment.0];
    let holder = |row: &super::sql::Row<'_>| Ok((UserId(row.id(0)?), row.text(1)?));
    let known = tx.one(FIND, &named, holder).await?;
    let (user, standing) = match (known, login.expected) {
        (Some(_), Expected::New) => return Ok(AppLoginOutcome::Taken),
        (None, Expected::Known) => return Ok(AppLoginOutcome::Unknown),
        (None, Expected::Either | Expected::New) => {
            create(tx, scope, login).await?;
            (login.new_user, None)
        }
        (Some((user, _)), Expected::Either | Expected::Known) => {
            // Whoever suspends or erases the user meanwhile comes before or after, never between.
            lock(tx, user).await?;
            let (device, hour_ago) = asked_of(login.device.as_ref(), login.now);
            let named = params![
                app: scope.app.0, kind: kind, key: login.key.as_str(), environment: environment.0, device: device,
                hour_ago: hour_ago,
            ];
            let holder = |row: &super::sql::Row<'_>| Ok((UserId(row.id(0)?), row.text(1)?, standing(row, 2)?));
            match tx.one(FIND_LOCKED, &named, holder).await? {
                Some((user, status, standing)) if matches!(&*status, "linked" | "verified") => (user, Some(standing)),
                Some((user, status, _)) if status == "suspended" => {
                    let about = json!({
                        "user_id": user, "app_id": scope.app, "kind": login.kind.as_str(), "reason": "suspended",
                    });
                    say(tx, scope, login, user, EventType::LoginRefused, about).await?;
                    return Ok(AppLoginOutcome::Suspended);
                }
                _ => return Ok(AppLoginOutcome::Suspended),
            }
        }
    };
    if let Some(tried) = login.tried {
        let right = params![right: true, id: tried, environment: environment.0];
        tx.execute(WAS_RIGHT, &right).await?;
    }
    let created = standing.is_none();
    let device = match (&login.device, standing) {
        (None, _) => None,
        (Some(check), None) => Some(SeenDevice {
            id: check.new,
            since: login.now,
            held: false,
        }),
        (Some(check), Some(standing)) => {
            let on = LoginOnDevice {
                environment,
                app: Some(scope.app),
                user,
                by: None,
                now: login.now,
            };
            Some(see(tx, notices, check, standing, on).await?)
        }
    };
    let about = json!({
        "user_id": user, "app_id": scope.app, "amr": login.kind.amr().as_str(), "kind": login.kind.as_str(),
    });
    say(tx, scope, login, user, EventType::LoginSucceeded, about).await?;
    Ok(AppLoginOutcome::LoggedIn {
        user,
        created,
        since: login.now + JUST_AFTER,
        device,
    })
}

async fn create(tx: &Tx<'_>, scope: &AppScope, login: &AppLogin) -> Result<()> {
    let (environment, user, now) = (scope.environment.0, login.new_user.0, login.now);
    let (status, state) = if login.kind.is_verified() {
        ("verified", "verified")
    } else {
        ("linked", "claimed")
    };
    let account = params![
        id: user, environment: environment, status: status, always: Timestamp::UNIX_EPOCH, now: now,
    ];
    tx.execute(ADD_USER, &account).await?;
    let name = params![
        user: user, kind: login.kind.as_str(), app: scope.app.0, id: login.identity.0, environment: environment,
        source: login.kind.source(), key: login.key.as_str(), shown: login.shown.as_str(), state: state, now: now,
        verified_at: login.kind.is_verified().then_some(now),
    ];
    tx.execute(ADD_NAME, &name).await?;
    if let Some(hash) = &login.password {
        let password = params![
            identity: login.identity.0, environment: environment, user: user, hash: hash.as_str(), now: now,
        ];
        tx.execute(ADD_PASSWORD, &password).await?;
    }
    // The name itself stays out of it: an app's own id of a person, or a username, is a personal value.
    let about = json!({
        "user_id": login.new_user, "status": status, "source": "app", "app_id": scope.app, "kind": login.kind.as_str(),
        "created_at": whole_seconds(now),
    });
    say(tx, scope, login, login.new_user, EventType::UserCreated, about).await
}

/// Tells what a log-in came to. Every call brings an id for a new user, which tells two of one moment apart.
async fn say(
    tx: &Tx<'_>,
    scope: &AppScope,
    login: &AppLogin,
    user: UserId,
    kind: EventType,
    about: Value,
) -> Result<()> {
    let event = Happened::to(login.new_user.0, kind, scope.environment, about, login.now);
    tx.emit(event.about(user)).await
}
