//! The seals of the audit log: each is a MAC over the seal before it and its entry, under a root key that only the key
//! file opens, made in the transaction that writes the entry. Whoever changes the database alone cannot make one, and
//! whoever takes an entry out of the middle breaks the chain. A cut end shows only against a head that was kept
//! elsewhere: `aboard audit verify` prints it.

use std::sync::Arc;

use aboard_vault::{Mac, Purpose, Vault};

use crate::store::{AuditEntry, Seal};

/// What seals an entry behind the one with the seal `before`.
#[must_use]
pub fn sealer(vault: &Arc<Vault>) -> Seal {
    let vault = Arc::clone(vault);
    Arc::new(move |before, entry| {
        let mac = vault.mac(Purpose::Audit, &parts(before, entry).each_ref().map(Vec::as_slice));
        [&mac.key_id[..], &mac.tag[..]].concat()
    })
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
