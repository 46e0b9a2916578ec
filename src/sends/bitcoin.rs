//! Sends on Bitcoin: they wait for a block, however long, and their coins with them.

use aboard_vault::wallet::bitcoin::{RawTransaction, Txid};
use jiff::{SignedDuration, Timestamp};

use super::{Offered, again};
use crate::chains::ChainFailure;
use crate::chains::bitcoin::{Client, Place, Taken};
use crate::domain::SendState;
use crate::store::{DueSend, Send, SendEnd};

/// Blocks come every ten minutes: looks become no rarer, and no more frequent than this.
const LOOK: SignedDuration = SignedDuration::from_secs(60);
/// Looks at a send that no server ever took, before a refusal is believed.
const REFUSALS: u32 = 3;

/// Offers signed bytes to the servers.
pub(super) async fn offer(client: &Client, send: &Send) -> Offered {
    match client.send(&send.raw, &send.hash).await {
        Ok(Taken::Yes) => Offered::Taken,
        Ok(Taken::No(reason)) => match client.place(&send.hash).await {
            // One of them may have been late.
            Ok(Some(_)) => Offered::Taken,
            Ok(None) => Offered::Refused {
                reason,
                may_pass: false,
            },
            Err(failure) => Offered::Later(failure.to_string()),
        },
        Err(failure) => Offered::Later(failure.to_string()),
    }
}

/// One look.
pub(super) async fn look(client: &Client, due: &DueSend, now: Timestamp) -> SendEnd {
    match try_look(client, due, now).await {
        Ok(end) => end,
        Err(failure) => again(due, now).because(failure.to_string()),
    }
}

async fn try_look(client: &Client, due: &DueSend, now: Timestamp) -> Result<SendEnd, ChainFailure> {
    let send = &due.send;
    match client.place(&send.hash).await? {
        Some(Place::Block { height, .. }) => {
            let newest = client.height().await?;
            let deep = newest.saturating_add(1).saturating_sub(height) >= client.confirmations();
            let block = u64::from(height);
            return Ok(if deep {
                SendEnd::Confirmed { block }
            } else {
                waits(Some(block), now)
            });
        }
        Some(Place::Waiting) => return Ok(waits(None, now)),
        None => {}
    }
    if let Some(hash) = spent_elsewhere(client, send).await? {
        return Ok(SendEnd::ReplacedBy { hash });
    }
    // What was replaced is not offered any more: the other one offers more.
    if due.paused || send.superseded_by.is_some() {
        return Ok(again(due, now));
    }
    Ok(match offer(client, send).await {
        Offered::Taken => waits(None, now),
        Offered::Later(why) => again(due, now).because(why),
        Offered::Refused { reason, .. } => {
            // What a server once took may be taken again, and its coins must not be spent twice.
            let never_taken = send.state == SendState::Stored;
            if never_taken && due.looks >= REFUSALS {
                SendEnd::Dropped { reason }
            } else {
                again(due, now).because(reason)
            }
        }
    })
}

/// The transaction that spent one of its coins instead, deep enough that nothing undoes it.
async fn spent_elsewhere(client: &Client, send: &Send) -> Result<Option<String>, ChainFailure> {
    let Some(read) = RawTransaction::parse(&send.raw) else {
        return Ok(None);
    };
    let coins: Vec<(Txid, u32)> = read.spends().collect();
    for (txid, vout) in coins {
        let Some((by, Place::Block { height, .. })) = client.spender(txid, vout).await? else {
            continue;
        };
        let newest = client.height().await?;
        let deep = newest.saturating_add(1).saturating_sub(height) >= client.confirmations();
        if by != read.txid() && deep {
            return Ok(Some(by.to_string()));
        }
    }
    Ok(None)
}

/// A server has it.
fn waits(block: Option<u64>, now: Timestamp) -> SendEnd {
    SendEnd::Again {
        at: now + LOOK,
        broadcast: true,
        block,
        gone_since: None,
        error: None,
    }
}
