//! Sends on Ethereum and the chains like it.

use aboard_vault::wallet::evm::{B256, parse_address};
use jiff::{SignedDuration, Timestamp};

use super::{Offered, again};
use crate::chains::ChainFailure;
use crate::chains::evm::{At, Client, Receipt, Sent};
use crate::domain::SendState;
use crate::store::{DueSend, Send, SendEnd};

/// How long a nonce has to be used up by something unknown, until that is believed.
const GONE: SignedDuration = SignedDuration::from_mins(2);
/// The same while another send of the wallet's own may be what used it.
const GONE_TO_A_RIVAL: SignedDuration = SignedDuration::from_mins(15);
/// Looks at a send that no node ever took, before a refusal is believed.
const REFUSALS: u32 = 3;
/// How long a send that no node ever took waits for what may pass, like high fees.
const WAITS: SignedDuration = SignedDuration::from_hours(24);

/// Offers signed bytes to every node.
pub(super) async fn offer(client: &Client, send: &Send) -> Offered {
    let Some(hash) = hash_of(send) else {
        return refused("its hash cannot be read", false);
    };
    let answer = match client.send_raw(&send.raw, hash).await {
        Ok(answer) => answer,
        Err(failure) => return Offered::Later(failure.to_string()),
    };
    let offered = match answer {
        Sent::Taken | Sent::Known => return Offered::Taken,
        // This one or another has its nonce: blocks will tell which.
        Sent::NonceTooLow => return Offered::Later("its nonce is used up".to_owned()),
        Sent::NonceTooHigh => return Offered::Later("its nonce is ahead of what the node knows".to_owned()),
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
    // A node that says no may have been late, or another one has it: whoever has it is believed.
    match client.transaction(hash).await {
        Ok(Some(_)) => Offered::Taken,
        Ok(None) => offered,
        Err(failure) => Offered::Later(failure.to_string()),
    }
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
pub(super) async fn look(client: &Client, due: &DueSend, now: Timestamp) -> SendEnd {
    match try_look(client, due, now).await {
        Ok(end) => end,
        Err(failure) => again(due, now).because(failure.to_string()),
    }
}

async fn try_look(client: &Client, due: &DueSend, now: Timestamp) -> Result<SendEnd, ChainFailure> {
    let send = &due.send;
    let (Some(hash), Some(sequence), Ok(own)) = (hash_of(send), send.sequence, parse_address(&send.lane.address))
    else {
        return Ok(again(due, now).because("its row cannot be read"));
    };
    if let Some(receipt) = client.receipt(hash).await? {
        return in_a_block(client, due, &receipt, now).await;
    }
    if client.nonce(own, At::Latest).await? > sequence {
        return Ok(gone(due, now));
    }
    // What was replaced is not offered any more: the other one offers more.
    if due.paused || send.superseded_by.is_some() {
        return Ok(again(due, now));
    }
    if send.state == SendState::Broadcast && client.transaction(hash).await?.is_some() {
        return Ok(again(due, now));
    }
    Ok(offered(offer(client, send).await, due, now))
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

fn offered(offered: Offered, due: &DueSend, now: Timestamp) -> SendEnd {
    match offered {
        Offered::Taken => match again(due, now) {
            SendEnd::Again { at, .. } => SendEnd::Again {
                at,
                broadcast: true,
                block: None,
                gone_since: None,
                error: None,
            },
            end => end,
        },
        Offered::Later(why) => again(due, now).because(why),
        Offered::Refused { reason, may_pass } => {
            // What a node once took may be taken again, and its nonce must not be used twice.
            let never_taken = due.send.state == SendState::Stored;
            let enough = if may_pass {
                now.duration_since(due.send.created_at) >= WAITS
            } else {
                due.looks >= REFUSALS
            };
            if never_taken && enough {
                return SendEnd::Dropped { reason };
            }
            again(due, now).because(reason)
        }
    }
}
