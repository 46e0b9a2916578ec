//! The audit log.

use anyhow::bail;
use serde_json::{Value, json};

use super::command::environments;
use crate::audit::is_sealed;
use crate::instance::Instance;
use crate::store::AuditEntry;

/// Entries that are read at a time.
const PAGE: u32 = 1_000;

/// The newest entries, of all or of one environment, of everything or of one thing.
pub async fn list(
    instance: &Instance,
    in_environment: Option<&str>,
    target: Option<&str>,
    before: Option<i64>,
    limit: u32,
) -> anyhow::Result<Value> {
    let store = &instance.store;
    let wanted = match in_environment {
        Some(named) => environments(instance, Some(named)).await?.first().map(|one| one.id),
        None => None,
    };
    let (mut shown, mut before) = (Vec::new(), before);
    while shown.len() < limit as usize {
        let page = store.audit_before(store.system(), before, PAGE).await?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.seq);
        let chosen = page
            .iter()
            .filter(|entry| wanted.is_none() || entry.environment == wanted)
            .filter(|entry| target.is_none_or(|target| entry.target == target))
            .map(line);
        shown.extend(chosen);
    }
    shown.truncate(limit as usize);
    Ok(json!({ "entries": shown }))
}

fn line(entry: &AuditEntry) -> Value {
    let mut line = json!(entry);
    line["details"] = serde_json::from_str(&entry.details).unwrap_or_default();
    line
}

/// Checks every seal from the first entry on, and that a head which was kept elsewhere is still in the chain.
pub async fn verify(instance: &Instance, head: Option<&str>) -> anyhow::Result<Value> {
    let store = &instance.store;
    let (mut before, mut after, mut entries) = (Vec::new(), 0, 0_u64);
    let mut head_is_there = head.is_none();
    loop {
        let page = store.audit_after(store.system(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            if !is_sealed(&instance.vault, &before, entry) {
                bail!(
                    "entry {} ({} {}, {}) does not fit its seal: it, or one before it, was changed or taken out of the database. Compare with a backup",
                    entry.seq,
                    entry.action,
                    entry.target,
                    entry.at
                );
            }
            before = entry.seal.clone().unwrap_or_default();
            entries += 1;
            head_is_there |= head == Some(head_of(entry.seq, &before).as_str());
        }
    }
    if !head_is_there {
        bail!("--head: the chain does not hold that entry: its end was cut off, or another instance made it");
    }
    Ok(json!({ "entries": entries, "head": head_of(after, &before) }))
}

/// What to keep elsewhere: the place and the last bytes of the newest seal.
fn head_of(seq: i64, seal: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{seq}:");
    for byte in seal.iter().skip(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
