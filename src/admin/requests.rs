//! The request log.

use serde_json::{Value, json};

use super::command::{environments, within};
use crate::domain::{EnvironmentId, KeyId, KeyKind, UserKeyId};
use crate::instance::Instance;
use crate::store::{AnsweredRequest, RequestFilter};

/// Pages that a list of one environment looks through, at most, until it has what was asked for.
const MOST_PAGES: usize = 100;

/// The newest requests of one environment or of all, the newest last.
pub async fn list(
    instance: &Instance,
    in_environment: Option<&str>,
    errors: bool,
    limit: u32,
) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let keys = instance.store.keys(instance.store.system()).await?;
    let mut found = Vec::new();
    for environment in &environments {
        found.extend(newest(instance, environment.id, errors, limit).await?);
    }
    found.sort_by_key(|request| std::cmp::Reverse(request.id));
    found.truncate(limit as usize);
    let shown = found.iter().rev().filter_map(|request| {
        let environment = environments.iter().find(|one| one.id == request.environment)?;
        let key_id = request.key.map(|key| match request.key_kind {
            KeyKind::User => UserKeyId(key).to_string(),
            KeyKind::Partner | KeyKind::Server | KeyKind::Client => KeyId(key).to_string(),
        });
        let name = keys
            .iter()
            .find(|key| Some(key.id.0) == request.key)
            .map(|key| &key.name);
        let row = json!({
            "id": request.id,
            "time": request.at,
            "key": key_id,
            "key_kind": request.key_kind.as_str(),
            "key_name": name,
            "method": request.method,
            "route": request.route,
            "status": request.status,
            "error": request.code,
            "field": request.field,
            "duration_us": request.duration_us,
        });
        Some(within(environment, row))
    });
    Ok(json!({ "requests": shown.collect::<Vec<_>>() }))
}

async fn newest(
    instance: &Instance,
    environment: EnvironmentId,
    errors: bool,
    limit: u32,
) -> anyhow::Result<Vec<AnsweredRequest>> {
    let mut filter = RequestFilter {
        before: None,
        statuses: (if errors { 400 } else { 0 }, u16::MAX),
        route: None,
        limit,
    };
    let (store, mut found) = (&instance.store, Vec::new());
    for _ in 0..MOST_PAGES {
        let page = store.requests_of(store.system(), environment, &filter).await?;
        found.extend(page.requests);
        if page.next.is_none() || found.len() >= limit as usize {
            break;
        }
        filter.before = page.next;
    }
    Ok(found)
}
