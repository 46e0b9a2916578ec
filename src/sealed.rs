//! Where sealed values stand. A value opens only at the place it was sealed for, so whoever seals and whoever opens
//! take the place from here.

use aboard_vault::Aad;

use crate::domain::{DeliveryId, EnvironmentId, InboxId, MessageId, SigningKeyId, Uuid, WebhookId, WebhookSecretId};

fn place(table: &'static str, column: &'static str, environment: EnvironmentId, row: [u8; 16]) -> Aad<'static> {
    Aad {
        table,
        column,
        environment: environment.bytes(),
        row,
    }
}

/// The secret that signs a receiver's webhooks.
#[must_use]
pub fn webhook_secret(environment: EnvironmentId, secret: WebhookSecretId) -> Aad<'static> {
    place("webhook_secrets", "secret", environment, secret.bytes())
}

/// The headers that are sent along to a webhook.
#[must_use]
pub fn webhook_headers(environment: EnvironmentId, webhook: WebhookId) -> Aad<'static> {
    place("webhooks", "sealed_headers", environment, webhook.bytes())
}

/// A webhook's body that holds a user's key.
#[must_use]
pub fn delivery_body(environment: EnvironmentId, delivery: DeliveryId) -> Aad<'static> {
    place("deliveries", "body", environment, delivery.bytes())
}

/// The private half of a key that signs tokens.
#[must_use]
pub fn signing_key(environment: EnvironmentId, key: SigningKeyId) -> Aad<'static> {
    place("signing_keys", "sealed", environment, key.bytes())
}

/// A message on its way, with its code.
#[must_use]
pub fn message(environment: EnvironmentId, message: MessageId) -> Aad<'static> {
    place("messages", "sealed", environment, message.bytes())
}

/// A message in a sandbox's inbox.
#[must_use]
pub fn inbox(environment: EnvironmentId, message: InboxId) -> Aad<'static> {
    place("inbox", "sealed", environment, message.bytes())
}

/// The credentials of a channel: one row an environment and channel.
#[must_use]
pub fn channel(environment: EnvironmentId, column: &'static str) -> Aad<'static> {
    place("channel_credentials", column, environment, environment.bytes())
}

/// A recovery file that can be downloaded.
#[must_use]
pub fn secret_link(environment: EnvironmentId, row: Uuid) -> Aad<'static> {
    place("secret_links", "sealed", environment, row.into_bytes())
}

/// What a copy of a recovery secret opens with besides its PIN.
#[must_use]
pub fn pepper(environment: EnvironmentId, row: Uuid) -> Aad<'static> {
    place("wallet_secrets", "pepper", environment, row.into_bytes())
}

/// An app's secret at a provider: a bot's token, the client secret for Rampable.
#[must_use]
pub fn app_provider(environment: EnvironmentId, row: Uuid) -> Aad<'static> {
    place("app_providers", "sealed", environment, row.into_bytes())
}
