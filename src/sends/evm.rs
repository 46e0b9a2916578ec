//! Sends on Ethereum and the chains like it.

use aboard_vault::wallet::evm::{B256, parse_address};
use jiff::{SignedDuration, Timestamp};

use super::{Offered, again};
use crate::chains::ChainFailure;
use crate::chains::evm::{At, Client, Receipt, Sent, Whereabouts};
use crate::domain::SendState;
use crate::store::{DueSend, Send, SendEnd};

/// How long a nonce has to be used up by something unknown, until that is believed.
const GONE: SignedDuration = SignedDuration::from_mins(2);
/// The same while another send of the wallet's own may be what used it.
const GONE_TO_A_RIVAL: SignedDuration = SignedDuration::from_mins(15);
/// Looks at a send that no node ever took, before a refusal is believed.
const REFUSALS: u32 = 3;
/// How long a node that says nothing keeps a refusal from being believed. Beyond that it does not hold the lane.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// So far ahead of what its account has sent no nonce was ever meant: a node lied about it. Should the account come there,
/// the nonce is given away again before any that follows.
const ABSURD: u64 = 1 << 20;
/// How long a send that no node ever took waits for what may pass, like high fees.
const WAITS: SignedDuration = SignedDuration::from_hours(24);

/// Offers signed bytes to every node, for the first time.
pub(super) async fn offer(client: &Client, send: &Send) -> Offered {
    let Some(hash) = hash_of(send) else {
        return refused("its hash cannot be read", false);
    };
    match tell(client, send, hash).await {
        (Offered::Refused { reason, .. }, true) => Offered::Later(format!(
            "a node gave no answer, and may have it; another one says: {reason}"
        )),
        (Offered::Refused { reason, may_pass }, false) => match client.whereabouts(hash).await {
            // A node that says no may have been late, or another one has it: whoever has it is believed.
            Ok(Whereabouts::Somewhere) => Offered::Taken,
            // Whoever says nothing now never got it, or has just refused it.
            Ok(Whereabouts::Nowhere | Whereabouts::Unsure) => Offered::Refused { reason, may_pass },
            Err(failure) => Offered::Later(failure.to_string()),
        },
        (offered, _) => offered,
    }
}

/// What the nodes say, and whether one that may have got the bytes says nothing.
async fn tell(client: &Client, send: &Send, hash: B256) -> (Offered, bool) {
    let said = match client.send_raw(&send.raw, hash).await {
        Ok(said) => said,
        Err(failure) => return (Offered::Later(failure.to_string()), true),
    };
    let offered = match said.sent {
        Sent::Taken | Sent::Known => Offered::Taken,
        // This one or another has its nonce: blocks will tell which.
        Sent::NonceTooLow => Offered::Later("its nonce is used up".to_owned()),
        Sent::NonceTooHigh => Offered::Later("its nonce is ahead of what the node knows".to_owned()),
        Sent::Underpriced => refused(
            "another transaction with its nonce waits, and it does not offer enough more",
            true,
        ),
        Sent::FeeTooLow => refused("it offers less for gas than the network takes now", true),
        Sent::Insufficient => refused(
            "the account cannot pay what it sends and the most that gas may cost",
            false,
        ),
        Sent::Refused(words) => refused(&words, false),
    };
    (offered, said.silent)
}

fn refused(reason: &str, may_pass: bool) -> Offered {
    Offered::Refused {
        reason: reason.to_owned(),
        may_pass,
    }
}

fn hash_of(send: &Send) -> Option<B256> {
    send.hash.parse().ok()
}

/// One look.
pub(super) async fn look(client: &Client, due: &DueSend, now: Timestamp) -> Result<SendEnd, ChainFailure> {
    let send = &due.send;
    let (Some(hash), Some(sequence), Ok(own)) = (hash_of(send), send.sequence, parse_address(&send.lane.address))
    else {
        return Ok(again(due, now).because("its row cannot be read"));
    };
    if let Some(receipt) = client.receipt_of(hash, own).await? {
        return in_a_block(client, due, &receipt, now).await;
    }
    let spent = client.nonce(own, At::Latest).await?;
    if spent > sequence {
        // It is the likeliest to have used its nonce, and receipts come later than counts.
        if let Some(receipt) = client.receipt_anywhere(hash, own).await? {
            return in_a_block(client, due, &receipt, now).await;
        }
        return Ok(match client.block_anywhere(hash).await? {
            Some(block) => without_a_receipt(due, block, now),
            None => gone(due, now),
        });
    }
    if sequence - spent > ABSURD && due.looks >= REFUSALS {
        let reason = format!("its nonce {sequence} is none that the account, which has sent {spent}, comes to");
        return Ok(SendEnd::Dropped { reason });
    }
    // What was replaced is not offered any more: the other one offers more.
    if due.paused || send.superseded_by.is_some() {
        return Ok(again(due, now));
    }
    if send.state == SendState::Broadcast && client.transaction(hash).await?.is_some() {
        return Ok(again(due, now));
    }
    match tell(client, send, hash).await.0 {
        Offered::Taken => Ok(taken(due, now)),
        Offered::Later(why) => Ok(again(due, now).because(why)),
        Offered::Refused { reason, may_pass } => match client.whereabouts(hash).await? {
            Whereabouts::Somewhere => Ok(taken(due, now)),
            found if may_be_dropped(due, now, may_pass, found) => Ok(SendEnd::Dropped { reason }),
            _ => Ok(again(due, now).because(reason)),
        },
    }
}

/// It stands in a block: is that deep enough?
async fn in_a_block(
    client: &Client,
    due: &DueSend,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<SendEnd, ChainFailure> {
    let newest = client.block_number().await?;
    let block = receipt.block_number;
    if receipt.confirmations(newest) < u64::from(client.confirmations()) {
        return Ok(SendEnd::Again {
            at: now + super::next_look(due.looks.min(6)),
            broadcast: true,
            block: Some(block),
            gone_since: None,
            error: None,
        });
    }
    Ok(if receipt.succeeded == Some(false) {
        let reason = "it was reverted: the contract refused it. What it used of gas is paid".to_owned();
        SendEnd::Failed { block, reason }
    } else {
        SendEnd::Confirmed { block }
    })
}

/// A node shows it in a block, and none has its receipt yet.
fn without_a_receipt(due: &DueSend, block: u64, now: Timestamp) -> SendEnd {
    SendEnd::Again {
        at: now + super::next_look(due.looks.min(6)),
        broadcast: true,
        block: Some(block),
        gone_since: None,
        error: Some("it stands in a block, and no node has its receipt yet".to_owned()),
    }
}

/// Its nonce is used up, and not by it.
fn gone(due: &DueSend, now: Timestamp) -> SendEnd {
    let since = due.gone_since.unwrap_or(now);
    let believed = if due.has_rival { GONE_TO_A_RIVAL } else { GONE };
    if now.duration_since(since) >= believed {
        return SendEnd::Replaced;
    }
    SendEnd::Again {
        at: now + super::next_look(due.looks.min(6)),
        broadcast: false,
        block: None,
        gone_since: Some(since),
        error: Some("its nonce is used up by another transaction".to_owned()),
    }
}

/// A node has it.
fn taken(due: &DueSend, now: Timestamp) -> SendEnd {
    SendEnd::Again {
        at: now + super::next_look(due.looks),
        broadcast: true,
        block: None,
        gone_since: None,
        error: None,
    }
}

/// Whether a refusal is believed, and the nonce free for another send.
fn may_be_dropped(due: &DueSend, now: Timestamp, may_pass: bool, found: Whereabouts) -> bool {
    let age = now.duration_since(due.send.created_at);
    let enough = if may_pass { age >= WAITS } else { due.looks >= REFUSALS };
    // A node that says nothing may have got it at an earlier offer.
    let surely = found == Whereabouts::Nowhere || age >= SILENCE;
    // What a node once took may be taken again, and its nonce must not be used twice.
    due.send.state == SendState::Stored && enough && surely
}
