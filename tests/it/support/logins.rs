//! Logging in by other ways than a code, as an app does it.

use aboard::admin::{self, AdminCommand, CreatedApp, Handed};
use aboard::domain::{AppId, Provider};
use aboard_fakes::Issuer;
use serde_json::Value;

use super::app::{Engine, Plane, TestApp};
use super::client::{Answer, Client};

/// The client id of the app under test at both providers.
pub const CLIENT_ID: &str = "shop.apps.example.com";
/// Its bot, and the bot's token.
pub const BOT: &str = "shop_bot";
pub const BOT_TOKEN: &str = "123456789:AAEhBP0av28AAAAAAAAAAAAAAAAAAAAAAAA";

/// A server whose Google and Apple are one fake, and an app that is known to both and to Telegram.
pub struct Federation {
    pub app: TestApp,
    pub issuer: Issuer,
    pub shop: Client,
    pub made: CreatedApp,
}

impl Federation {
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let issuer = Issuer::start().await.expect("it starts");
        let [keys, info, apple] = ["oauth2/v3/certs", "tokeninfo", "auth/keys"].map(|path| place(&issuer, path));
        let fakes = [
            ("providers.google_keys", keys.as_str()),
            ("providers.google_token_info", info.as_str()),
            ("providers.apple_keys", apple.as_str()),
        ];
        let app = TestApp::with(engine, &[&fakes[..], settings].concat()).await;
        let made = app.known_app(&app.sandbox).await;
        let shop = app.anonymous().with("x-client-secret", &made.client_secret);
        Self {
            app,
            issuer,
            shop,
            made,
        }
    }

    /// Now, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.app.now().as_second()
    }

    /// An id token of Google for a subject, as it is signed now.
    pub fn google(&self, subject: &str) -> String {
        let claims = Issuer::google_claims(CLIENT_ID, subject, "ada@example.com", self.now());
        self.issuer.sign(&claims)
    }

    /// How often the keys were asked for.
    pub fn asked(&self) -> usize {
        self.issuer.requests().len()
    }
}

/// An address of a fake.
fn place(issuer: &Issuer, path: &str) -> String {
    format!("{}/{path}", issuer.url().trim_end_matches('/'))
}

impl TestApp {
    /// An app of an environment that is known at Google, Apple and Telegram.
    pub async fn known_app(&self, plane: &Plane) -> CreatedApp {
        let made = self.new_app(plane, &[]).await;
        self.known_at(made.app, Provider::Google, CLIENT_ID, None).await;
        self.known_at(made.app, Provider::Apple, CLIENT_ID, None).await;
        self.known_at(made.app, Provider::Telegram, BOT, Some(BOT_TOKEN)).await;
        made
    }

    /// Sets what an app is known as at a provider.
    pub async fn known_at(&self, app: AppId, provider: Provider, name: &str, secret: Option<&str>) {
        let command = AdminCommand::AddProvider {
            app,
            provider,
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            secret: secret.map(|secret| Handed::new(secret.to_owned().into())),
        };
        admin::execute(self.instance(), command).await.expect("set");
    }

    /// Whose an access token is.
    pub async fn whose(&self, answer: &Answer) -> Value {
        let token = access(answer);
        self.me(&token).await.json()["data"]["user_id"].clone()
    }
}

/// The access token of a finished log-in.
#[track_caller]
pub fn access(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["data"]["accessToken"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// The message of a refusal with this status, in the shape of the wallet surface.
#[track_caller]
pub fn refusal_of(answer: &Answer, status: u16) -> String {
    let (said, body) = answer.whole();
    assert_eq!(said, status, "{body}");
    assert_eq!(
        (&body["status"], &body["data"]),
        (&status.into(), &Value::Null),
        "{body}"
    );
    body["message"].as_str().expect("a message").to_owned()
}
