//! The secrets of a webhook: one signs, and those before it until their overlap ends.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::find;
use crate::domain::{EnvironmentId, WebhookId};
use crate::store::audit::{Entry, audit};
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::partners::NewWebhookSecret;
use crate::store::scope::{AdminScope, ServerScope};
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

const ADD_SECRET: &str = "
    insert into webhook_secrets (id, environment_id, owner_id, sealed, created_at)
    values (:id, :environment, :owner, :sealed, :now)";
const END_SECRETS: &str = "
    update webhook_secrets set expires_at = :until
    where owner_id = :owner and id <> :id and (expires_at is null or expires_at > :until)";

impl Store {
    /// Gives a webhook a new secret; until `until` its deliveries are signed with those before as well. False if there
    /// is no such webhook.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, which, what, and the call's own key and time"
    )]
    pub async fn rotate_secret_of_webhook(
        &self,
        scope: &ServerScope,
        admin: &AdminScope,
        id: WebhookId,
        new: NewWebhookSecret,
        until: Timestamp,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<bool>> {
        let (environment, admin) = (scope.environment, admin.clone());
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                tx.lock(&[b"webhook", &id.bytes()]).await?;
                if find(tx, environment, id).await?.is_none() {
                    return Ok((false, None));
                }
                let ended = params![until: until, owner: id.0, id: new.id.0];
                tx.execute(END_SECRETS, &ended).await?;
                add_secret(tx, environment, id, &new, now).await?;
                let entry = Entry::of("webhook.secret_rotated", environment, id).without_revision();
                let entry = entry.saying(json!({ "secret": new.id, "old_ends_at": until }));
                audit(tx, &admin, entry, now).await?;
                let saved = SavedAnswer {
                    status: 200,
                    body: None,
                    resource: Some(id.0),
                };
                Ok((true, Some(saved)))
            }
            .boxed()
        })
        .await
    }
}

pub(super) async fn add_secret(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    owner: WebhookId,
    new: &NewWebhookSecret,
    now: Timestamp,
) -> Result<()> {
    let row = params![
        id: new.id.0, environment: environment.0, owner: owner.0, sealed: new.sealed.clone(), now: now,
    ];
    tx.execute(ADD_SECRET, &row).await?;
    Ok(())
}
