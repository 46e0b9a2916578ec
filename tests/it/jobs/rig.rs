//! A partner with a webhook secret on a real store, a clock that stands still, and workers.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use aboard::clock::{Clock, Ids};
use aboard::domain::webhook::WebhookSecret;
use aboard::domain::*;
use aboard::jobs::webhooks::{WebhookWorker, WorkerOptions};
use aboard::outbound::{Guard, GuardRules, Outbound, OutboundOptions};
use aboard::store::*;
use aboard_vault::{Aad, KeyFile, Purpose, RootKey, SystemEntropy, Vault};
use tempfile::TempDir;

pub const TIMEOUT: Duration = Duration::from_secs(20);

pub struct Rig {
    pub store: Store,
    pub clock: Clock,
    pub secret: WebhookSecret,
    vault: Arc<Vault>,
    ids: Ids,
    partner: PartnerScope,
    secret_id: WebhookSecretId,
    folder: TempDir,
}

/// A user that was created with a webhook.
pub struct Created {
    pub delivery: DeliveryId,
    pub event: EventId,
    pub user_key: NewKey,
    pub body: Vec<u8>,
}

/// A row of `deliveries`, and when its job is due.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub state: String,
    pub attempts: u32,
    pub status: Option<u16>,
    pub error: Option<String>,
    pub has_sealed_body: bool,
    pub due_at: Option<i64>,
}

impl Rig {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let options = OpenStore {
            url: format!("sqlite:{}", folder.path().join("aboard.db").display()),
            sqlite: SqliteOptions {
                sync: false,
                cache_kib: 1_024,
            },
            postgres_connections: 1,
            in_flight: InFlight::default(),
            clock: aboard::clock::Clock::Manual(std::sync::Arc::default()),
        };
        let store = Store::open(options).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::Manual(Arc::new(AtomicI64::new(1_800_000_000_000_000)));
        let ids = Ids::new(clock.clone());
        let root_key = |purpose: &Purpose| RootKey::generate(ids.secret(), *purpose, &SystemEntropy);
        let root_keys = Purpose::ALL.iter().map(root_key).collect();
        let vault = Vault::new(Arc::new(KeyFile::generate(&SystemEntropy)), root_keys).unwrap();

        let environments = EnvironmentKind::ALL.map(|kind| NewEnvironment {
            id: EnvironmentId(ids.id()),
            kind,
            signing_key: NewSigningKey {
                id: SigningKeyId(ids.id()),
                public_key: vec![0; 32],
                sealed: vec![0; 32],
            },
        });
        let environment = environments[0].id;
        let organization = NewOrganization {
            id: OrganizationId(ids.id()),
            name: "Acme".to_owned(),
            environments: environments.into(),
        };
        store
            .create_organization(
                &store.administer("a test", std::sync::Arc::new(crate::support::store::seal_of)),
                organization,
                clock.now(),
            )
            .await
            .unwrap();

        let secret = WebhookSecret::new(ids.secret::<32>().to_vec());
        let secret_id = WebhookSecretId(ids.id());
        let place = Aad {
            table: "webhook_secrets",
            column: "secret",
            environment: environment.bytes(),
            row: secret_id.bytes(),
        };
        let sealed = vault.seal(&place, secret.expose_bytes(), &SystemEntropy);
        let partner = PartnerId(ids.id());
        let new = NewPartner {
            id: partner,
            environment,
            name: "Wrapp".to_owned(),
            secret: NewWebhookSecret { id: secret_id, sealed },
        };
        store
            .create_partner(
                &store.administer("a test", std::sync::Arc::new(crate::support::store::seal_of)),
                new,
                clock.now(),
            )
            .await
            .unwrap();
        let key = NewKey::new(KeyKind::Partner, EnvironmentKind::Sandbox, ids.id(), ids.secret());
        let new = NewApiKey {
            id: KeyId(key.key.id),
            environment,
            kind: KeyKind::Partner,
            owner: partner.0,
            name: "a key".to_owned(),
            hash: key.key.hash,
            hint: key.hint(),
            scopes: Vec::new(),
            per_minute: None,
        };
        store
            .create_key(
                &store.administer("a test", std::sync::Arc::new(crate::support::store::seal_of)),
                new,
                clock.now(),
            )
            .await
            .unwrap();
        let presented = store
            .authenticate(&key.key, clock.now())
            .await
            .unwrap()
            .expect("the key is good");
        let partner = presented.credential.partner_scope().expect("it is a partner's");
        Self {
            store,
            clock,
            secret,
            vault: Arc::new(vault),
            ids,
            partner,
            secret_id,
            folder,
        }
    }

    /// A worker that may call this machine for sandboxes, with three attempts and these options.
    pub fn worker_with(&self, timeout: Duration, options: WorkerOptions) -> WebhookWorker {
        let rules = GuardRules {
            allow_loopback_in_sandbox: true,
            ..GuardRules::default()
        };
        self.worker_of(Guard::new(rules), timeout, options)
    }

    pub fn worker_of(&self, guard: Guard, timeout: Duration, options: WorkerOptions) -> WebhookWorker {
        let outbound = OutboundOptions {
            timeout,
            ..OutboundOptions::default()
        };
        WebhookWorker::new(
            self.store.clone(),
            Arc::clone(&self.vault),
            Outbound::new(guard, outbound).unwrap(),
            self.clock.clone(),
            self.ids.clone(),
            vec![Duration::from_secs(5), Duration::from_mins(1)],
            options,
        )
    }

    pub fn worker(&self) -> WebhookWorker {
        self.worker_with(TIMEOUT, WorkerOptions::default())
    }

    /// Creates a user whose key is told to `url`.
    pub async fn create_user(&self, url: &str) -> Created {
        let ids = &self.ids;
        let user_key = NewKey::new(KeyKind::User, EnvironmentKind::Sandbox, ids.id(), ids.secret());
        let delivery = DeliveryId(ids.id());
        let partner_user_id = delivery.to_string();
        let wrapp_user = WrappUserId(ids.id());
        let body = serde_json::json!({
            "wrapp_user_id": wrapp_user, "partner_user_id": partner_user_id, "api_key": user_key.expose(),
        });
        let body = body.to_string().into_bytes();
        let place = Aad {
            table: "deliveries",
            column: "body",
            environment: self.partner.environment().bytes(),
            row: delivery.bytes(),
        };
        let link = Token::new(ids.id(), ids.secret());
        let event = EventId(ids.id());
        let call = ExternalLogin {
            now: self.clock.now(),
            partner_user_id: PartnerUserId::parse(partner_user_id).unwrap(),
            email: Email::parse("ada@example.com").unwrap(),
            phone: Phone::parse("1234567890", None).unwrap(),
            link: NewLoginLink {
                id: LoginLinkId(link.id()),
                hash: link.hash(),
                expires_at: self.clock.now(),
                state: None,
                code_challenge: None,
                return_url: None,
            },
            user: UserId(ids.id()),
            wrapp_user,
            email_identity: IdentityId(ids.id()),
            phone_identity: IdentityId(ids.id()),
            event,
            event_body: b"{}".to_vec(),
            webhook: Some(NewPartnerWebhook {
                delivery,
                url: url.to_owned(),
                secret: self.secret_id,
                sealed_body: self.vault.seal(&place, &body, &SystemEntropy),
                user_key: NewUserKey {
                    id: UserKeyId(user_key.key.id),
                    hash: user_key.key.hash,
                    hint: user_key.hint(),
                },
            }),
            idempotency: None,
        };
        let outcome = self.store.external_login(&self.partner, call).await.unwrap();
        assert!(matches!(
            outcome,
            ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. })
        ));
        Created {
            delivery,
            event,
            user_key,
            body,
        }
    }

    /// Whether the user's key still opens anything.
    pub async fn key_is_good(&self, created: &Created) -> bool {
        self.store
            .user_by_key(&created.user_key.key, self.clock.now())
            .await
            .unwrap()
            .is_some()
    }

    /// The row itself, past the store's contract, which has no method to read one.
    pub fn row(&self, created: &Created) -> Row {
        let sql = "select state, deliveries.attempts, last_status, last_error, sealed_body is not null, jobs.due_at
            from deliveries left join jobs on jobs.id = deliveries.id where deliveries.id = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Row {
                state: row.get(0)?,
                attempts: row.get(1)?,
                status: row.get(2)?,
                error: row.get(3)?,
                has_sealed_body: row.get(4)?,
                due_at: row.get(5)?,
            })
        };
        self.database()
            .query_row(sql, [created.delivery.bytes()], read)
            .unwrap()
    }

    /// Turns a delivery into one of the other header set, with an open body.
    pub fn make_standard(&self, created: &Created) {
        let sql = "update deliveries set header_set = 'standard', body = ?2, sealed_body = null where id = ?1";
        let changed = self.database().execute(sql, (created.delivery.bytes(), &created.body));
        assert_eq!(changed, Ok(1));
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("aboard.db")).unwrap()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}
