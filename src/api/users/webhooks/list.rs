//! `GET /v1/webhooks`: the webhooks of this environment, newest first.

use axum::extract::State;
use serde_json::Value;

use super::{schema, shown, shown_example};
use crate::api::users::envelope::{Enveloped, page, paged};
use crate::api::users::limit_schema;
use crate::domain::{Invalid, KeyScope, WebhookId};
use crate::web::reference::{Operation, Schema, Takes, example};
use crate::web::{Context, Failure, Query, ServerKey, Web};

const USUAL: u32 = 25;
const MOST: u32 = 100;

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = page(&example::context(), &[shown_example()], None).example();
    Operation::new("listWebhooks", include_str!("list.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .query("limit", limit_schema())
        .query(
            "after",
            Schema::id("wh").says("`next_cursor` of the page before, or the id of any webhook."),
        )
        .answers(200, "A page of webhooks, the newest first.", paged(schema()), example)
}

/// 200 with at most `limit` webhooks (1 to 100, usually 25). Send `meta.next_cursor` as `after` to get the next page; it
/// is `null` on the last.
pub async fn list(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let limit = query.optional("limit", limit)?.unwrap_or(USUAL);
    let before = query.optional("after", after)?;
    let mut found = web.instance.store.webhooks(&scope, before, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let data: Vec<Value> = found.iter().map(shown).collect();
    let last = found.last().filter(|_| has_more);
    Ok(page(&context, &data, last.map(|webhook| webhook.id.to_string())))
}

pub(super) fn limit(text: &str) -> Result<u32, Invalid> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| Invalid::new(format!("Send a limit of 1 to {MOST}.")))
}

fn after(text: &str) -> Result<WebhookId, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("Send the next_cursor of the page before, or a webhook's id."))
}
