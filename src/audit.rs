//! The seals of the audit log: each is a MAC over the seal before it and its entry, under a root key that only the key
//! file opens. Whoever changes the database alone cannot make one, and whoever takes an entry out of the middle breaks
//! the chain. A cut end shows only against a head that was kept elsewhere: `aboard audit verify` prints it.

use aboard_vault::{Mac, Purpose, Vault};

use crate::instance::Instance;
use crate::store::{AuditEntry, Result};

/// Entries that are sealed at a time.
const BATCH: u32 = 500;

/// Seals what is not sealed yet; answers how many entries that were.
pub async fn seal(instance: &Instance) -> Result<usize> {
    let (store, vault) = (&instance.store, &instance.vault);
    let mut sealed = 0;
    loop {
        let (last, unsealed) = store.unsealed_audit(store.system(), BATCH).await?;
        if unsealed.is_empty() {
            return Ok(sealed);
        }
        let mut before = last.and_then(|entry| entry.seal).unwrap_or_default();
        let mut seals = Vec::with_capacity(unsealed.len());
        for entry in &unsealed {
            let mac = vault.mac(Purpose::Audit, &parts(&before, entry).each_ref().map(Vec::as_slice));
            before = [&mac.key_id[..], &mac.tag[..]].concat();
            seals.push((entry.seq, before.clone()));
        }
        let count = seals.len();
        if !store.seal_audit(store.system(), seals).await? {
            // Another node was faster: it goes on.
            return Ok(sealed);
        }
        sealed += count;
    }
}

/// Whether a seal is that of an entry behind the one with the seal `before`.
#[must_use]
pub fn is_sealed(vault: &Vault, before: &[u8], entry: &AuditEntry) -> bool {
    let Some(seal) = entry.seal.as_deref().filter(|seal| seal.len() == 48) else {
        return false;
    };
    let (Some(key_id), Some(tag)) = (seal.first_chunk::<16>(), seal.last_chunk::<32>()) else {
        return false;
    };
    let mac = Mac {
        key_id: *key_id,
        tag: *tag,
    };
    vault.verify_mac(
        Purpose::Audit,
        &parts(before, entry).each_ref().map(Vec::as_slice),
        &mac,
    )
}

/// All that an entry says, in one order.
fn parts(before: &[u8], entry: &AuditEntry) -> [Vec<u8>; 8] {
    let environment = entry.environment.map(|environment| environment.bytes().to_vec());
    [
        before.to_vec(),
        entry.seq.to_be_bytes().to_vec(),
        entry.at.as_microsecond().to_be_bytes().to_vec(),
        environment.unwrap_or_default(),
        entry.actor.clone().into_bytes(),
        entry.action.clone().into_bytes(),
        entry.target.clone().into_bytes(),
        entry.details.clone().into_bytes(),
    ]
}
