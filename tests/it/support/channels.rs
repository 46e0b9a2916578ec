//! The channels of production, with fakes behind them.

use aboard::channels::ChannelKind;
use aboard::sealed;
use aboard_fakes::WhatsApp;
use serde_json::Value;

use super::app::TestApp;
use super::client::Client;

impl TestApp {
    /// Sets a channel of production.
    pub async fn set_channel(&self, kind: ChannelKind, credentials: &Value) {
        let (instance, environment) = (self.instance(), self.production.environment.id);
        let place = sealed::channel(environment, kind.name());
        let json = credentials.to_string();
        let sealed = instance.vault.seal(&place, json.as_bytes(), instance.ids.entropy());
        let admin = self.admin();
        let set = instance
            .store
            .set_channel(&admin, environment, kind.name(), sealed, self.now());
        set.await.expect("it is set");
    }

    /// A back end with the client secret of a new app of production.
    pub async fn real_shop(&self) -> Client {
        let made = self.new_app(&self.production, &[]).await;
        self.anonymous().with("x-client-secret", &made.client_secret)
    }

    /// The path that a provider of production calls.
    pub fn provider_path(&self, channel: &str) -> String {
        format!("/e/{}/channels/{channel}", self.production.environment.id)
    }

    /// A WhatsApp that production sends over, and that reports to it.
    pub async fn with_whatsapp(&self) -> WhatsApp {
        let fake = WhatsApp::start().await.expect("a free port");
        fake.set_webhook(&format!("{}{}", self.app.url, self.provider_path("whatsapp")));
        self.set_channel(ChannelKind::WhatsApp, &fake.credentials()).await;
        fake
    }

    /// How many messages of production are in a state.
    pub async fn messages_in(&self, state: &str) -> usize {
        self.count(&format!("messages where state = '{state}'")).await
    }
}
