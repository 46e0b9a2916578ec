//! The real server in this process, on a free port, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use aboard::admin::{self, CreatedPartner};
use aboard::app::{App, Bound};
use aboard::clock::{Clock, Ids};
use aboard::config::{Config, Sources};
use aboard::domain::{EnvironmentKind, OrganizationId, Token, UserId};
use aboard::instance::Instance;
use aboard::kms::create_key_file;
use aboard::store::{AdminScope, Environment, InFlight, SystemScope};
use aboard::web::Welcome;
use jiff::Timestamp;
use tempfile::TempDir;

use super::client::Client;
use super::database::Database;

pub use super::database::Engine;
pub use super::wire::{login_url, plain_refusal, refusal, user, user_with};

/// Runs each scenario, an `async fn(Engine)`, as a test on either engine: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::support::app::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// When tests begin: not on a whole second, because real requests are not either.
const START_MICROS: i64 = 1_800_000_000_750_000;

/// A server with two organizations. The first has a sandbox and a production; the other is a stranger.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub sandbox: Plane,
    pub production: Plane,
    pub stranger: Plane,
    _keys: TempDir,
    // Last: it is dropped after the server.
    pub database: Database,
}

/// One environment and whoever has a key to it.
pub struct Plane {
    pub environment: Environment,
    /// Acme.
    pub partner: Partner,
    /// Globex.
    pub rival: Partner,
    pub server_key: String,
}

/// A partner and what it was shown once.
pub struct Partner {
    pub created: CreatedPartner,
    /// A caller with its key.
    pub client: Client,
}

/// How a server under test differs from the default.
#[derive(Default)]
pub struct Setup<'a> {
    pub settings: &'a [(&'a str, &'a str)],
    pub starts_at: Option<Timestamp>,
    pub welcome: bool,
    /// Whether webhooks and messages are really sent. Without it they stay pending until a test makes the workers work,
    /// and nothing leaves this machine.
    pub delivers: bool,
}

impl TestApp {
    pub async fn start(engine: Engine) -> Self {
        Self::set_up(engine, Setup::default()).await
    }

    /// With settings of its own.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let setup = Setup {
            settings,
            ..Setup::default()
        };
        Self::set_up(engine, setup).await
    }

    pub async fn set_up(engine: Engine, setup: Setup<'_>) -> Self {
        let database = Database::new(engine).await;
        let micros = setup.starts_at.map_or(START_MICROS, Timestamp::as_microsecond);
        let clock = Clock::Manual(Arc::new(AtomicI64::new(micros)));
        let keys = tempfile::tempdir().expect("a temporary directory");
        let key_file = keys.path().join("test.key");
        create_key_file(&key_file, &Ids::new(clock.clone())).expect("a key file");
        let (url, key_file) = (database.url(), key_file.display().to_string());
        let defaults = [
            ("server.listen", "127.0.0.1:0"),
            ("server.metrics_listen", "127.0.0.1:0"),
            ("store.url", &url),
            ("store.sync", "false"),
            ("store.connections", "8"),
            ("keys.file", &key_file),
            ("limits.sandbox_per_minute", "100000"),
            ("limits.anonymous_per_minute", "100000"),
            ("webhooks.sandbox_loopback", "true"),
            ("log.access", "false"),
        ];
        let settings = defaults.iter().chain(setup.settings);
        let sources = Sources {
            set: settings
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            ..Sources::default()
        };
        let mut config = Config::load(&sources).expect("the settings are good");
        let bound = Bound::bind(&config).expect("a free port");
        if config.server.public_url.is_empty() {
            config.server.public_url = bound.url().expect("an address");
        }
        let in_flight = InFlight::default();
        let instance = Instance::open(&config, clock.clone(), in_flight.clone()).await;
        let instance = instance.expect("the store opens");
        let ours = admin::create_organization(&instance, "Northwind").await.expect("made");
        let theirs = admin::create_organization(&instance, "Initech").await.expect("made");
        let base = bound.url().expect("an address");
        let sandbox = plane(&instance, &base, ours, EnvironmentKind::Sandbox).await;
        let production = plane(&instance, &base, ours, EnvironmentKind::Production).await;
        let stranger = plane(&instance, &base, theirs, EnvironmentKind::Sandbox).await;
        let welcome = setup.welcome.then(|| Welcome {
            partner_key: sandbox.partner.created.partner_key.clone(),
            server_key: sandbox.server_key.clone(),
            client_secret: "abc_test_of_the_welcome".to_owned(),
            metrics_url: bound.metrics_url().expect("an address"),
            inbox: Token::new(instance.ids.id(), instance.ids.secret()),
        });
        let app = App::start(config, instance, in_flight, bound, welcome)
            .await
            .expect("it starts");
        if !setup.delivers {
            app.webhooks.stop();
            app.messages.stop();
            app.sends.stop();
        }
        Self {
            app,
            clock,
            sandbox,
            production,
            stranger,
            _keys: keys,
            database,
        }
    }

    /// Somebody without a key.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.app.url)
    }

    /// A person's browser, with no cookies yet.
    pub fn browser(&self) -> Client {
        self.anonymous().browser()
    }

    /// The sandbox's partner.
    pub fn partner(&self) -> &Client {
        &self.sandbox.partner.client
    }

    /// The organization's back end, in the sandbox.
    pub fn server(&self) -> Client {
        self.anonymous()
            .with("authorization", &format!("Bearer {}", self.sandbox.server_key))
    }

    pub fn instance(&self) -> &Instance {
        &self.app.web.instance
    }

    pub fn admin(&self) -> AdminScope {
        self.instance().admin()
    }

    pub fn system(&self) -> SystemScope {
        self.instance().store.system()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A login link of the sandbox's partner for one of its users.
    pub async fn link(&self, partner_user_id: &str) -> String {
        self.sandbox.partner.link(partner_user_id).await
    }

    /// A browser in which one of the partner's users is signed in.
    pub async fn signed_in(&self, partner_user_id: &str) -> Client {
        let browser = self.browser();
        let answer = browser.submit(&self.link(partner_user_id).await, "").await;
        assert_eq!(answer.status, 303, "{answer:?}");
        browser
    }

    /// The id of a user, from the account page of its browser.
    pub async fn user(&self, browser: &Client) -> UserId {
        let answer = browser.get("/account").await;
        let (_, rest) = answer.page().split_once(">usr_").expect("the page shows the id");
        let id = rest.split('<').next().unwrap_or_default();
        format!("usr_{id}").parse().expect("an id")
    }
}

async fn plane(instance: &Instance, base: &str, organization: OrganizationId, kind: EnvironmentKind) -> Plane {
    let environments = instance
        .store
        .environments(instance.store.system())
        .await
        .expect("a list");
    let mut environments = environments.into_iter();
    let environment = environments.find(|known| known.organization == organization && known.kind == kind);
    let environment = environment.expect("both environments are there");
    let server = admin::create_server_key(instance, &environment, "back end")
        .await
        .expect("made");
    Plane {
        partner: Partner::new(instance, base, &environment, "Acme").await,
        rival: Partner::new(instance, base, &environment, "Globex").await,
        server_key: server.secret,
        environment,
    }
}

impl Partner {
    async fn new(instance: &Instance, base: &str, environment: &Environment, name: &str) -> Self {
        let created = admin::create_partner(instance, environment, name).await.expect("made");
        let client = Client::new(base).with("x-partner-api-key", &created.partner_key);
        Self { created, client }
    }

    /// A login link for one of its users.
    pub async fn link(&self, partner_user_id: &str) -> String {
        login_url(&self.client.post("/api/v1/external_login", &user(partner_user_id)).await)
    }
}
