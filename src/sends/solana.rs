//! Sends on Solana: good until their blockhash expires, and never signed again.

use aboard_vault::wallet::solana::Transaction;
use jiff::{SignedDuration, Timestamp};

use super::{Offered, again};
use crate::chains::ChainFailure;
use crate::chains::solana::{Client, Finality, Status, Taken};
use crate::store::{DueSend, Send, SendEnd};

/// How long a send is believed to be good by its height alone: blockhashes live a minute or two.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Offers signed bytes to the nodes.
pub(super) async fn offer(client: &Client, send: &Send) -> Offered {
    match client.send(&send.raw, &send.hash).await {
        Ok(Taken::Yes) => Offered::Taken,
        // It may pass another time: lamports come in, and nodes that were late catch up.
        Ok(Taken::Fails(reason)) => Offered::Refused { reason, may_pass: true },
        Err(failure) => Offered::Later(failure.to_string()),
    }
}

/// One look.
pub(super) async fn look(client: &Client, due: &DueSend, now: Timestamp) -> Result<SendEnd, ChainFailure> {
    let send = &due.send;
    // Asked before the status: what had not landed up to a block after its end never will.
    let newest = client.final_block().await?;
    let (slot, status) = client.status(&send.hash).await?;
    if let Some(status) = status {
        return Ok(landed(due, &status, now));
    }
    let over = due.expires_at_height.is_some_and(|last| newest.height > last);
    // A node that has not come as far as the one that was asked first cannot know.
    if over && slot >= newest.slot {
        return Ok(SendEnd::Expired);
    }
    if due.paused || over {
        return Ok(again(due, now));
    }
    // A node may have said that its block lives for years.
    if now.duration_since(send.created_at) >= LONGEST_LIFE
        && let Ok(transaction) = Transaction::parse(&send.raw)
        && !client.is_blockhash_valid(transaction.message.blockhash).await?
    {
        return Ok(SendEnd::Expired);
    }
    Ok(match offer(client, send).await {
        Offered::Taken => broadcast(due, None, now),
        Offered::Later(why) | Offered::Refused { reason: why, .. } => again(due, now).because(why),
    })
}

/// It stands in a block: does nothing undo it any more?
fn landed(due: &DueSend, status: &Status, now: Timestamp) -> SendEnd {
    let block = status.slot;
    if status.finality < Finality::Finalized {
        return broadcast(due, Some(block), now);
    }
    match &status.failed {
        None => SendEnd::Confirmed { block },
        Some(reason) => SendEnd::Failed {
            block,
            reason: format!("{reason}. Its fee is paid"),
        },
    }
}

/// A node has it.
fn broadcast(due: &DueSend, block: Option<u64>, now: Timestamp) -> SendEnd {
    SendEnd::Again {
        // A send lives a minute: looks do not become rare.
        at: now + super::next_look(due.looks.min(3)),
        broadcast: true,
        block,
        gone_since: None,
        error: None,
    }
}
