//! One look at a send: what the network says of it, and what follows. For the route that has just stored it, and for the
//! job that follows it to its end.
//!
//! Nodes are given what is stored and nothing else, however often: a send is signed once. What a node says decides little.
//! That one took a transaction is believed, so it is never signed anew; that it stands in a block is believed once enough
//! blocks stand above it.

mod bitcoin;
mod evm;
mod solana;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::chains::{Chain, ChainFailure, Chains};
use crate::domain::SendState;
use crate::store::{DueSend, Send, SendEnd};

/// How long after a send was stored a job takes it over from the request that stored it.
pub const HANDED_OVER: SignedDuration = SignedDuration::from_secs(30);

/// What became of signed bytes that nodes were offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// A node has them.
    Taken,
    /// No node is known to have them: offer them again.
    Later(String),
    /// Every node that answered refuses them, and none has them.
    Refused {
        /// A node's words.
        reason: String,
        /// Whether they may be taken another time: fees and nonces of others change.
        may_pass: bool,
    },
}

/// Offers a send to the nodes of its network.
pub async fn offer(chains: &Chains, send: &Send) -> Offered {
    match chains.of(&send.lane.network) {
        Some(Chain::Evm(client)) => evm::offer(client, send).await,
        Some(Chain::Solana(client)) => solana::offer(client, send).await,
        Some(Chain::Bitcoin(client)) => bitcoin::offer(client, send).await,
        None => Offered::Later(NO_NODE.to_owned()),
    }
}

/// Looks at a send, and offers it again where no node seems to have it. Takes no longer than [`LONGEST_LOOK`].
pub async fn look(chains: &Chains, due: &DueSend, now: Timestamp) -> SendEnd {
    let looked = async {
        match chains.of(&due.send.lane.network) {
            Some(Chain::Evm(client)) => evm::look(client, due, now).await,
            Some(Chain::Solana(client)) => solana::look(client, due, now).await,
            Some(Chain::Bitcoin(client)) => bitcoin::look(client, due, now).await,
            None => Ok(unseen(due, now, NO_NODE)),
        }
    };
    of_the_living(due, within(LONGEST_LOOK, due, now, looked).await, now)
}

/// How long what an erased user sent may still turn up at a node that nobody heard of.
const TURNS_UP: SignedDuration = SignedDuration::from_hours(24);

/// What an erased user sent and no node ever took comes to its end: at once if it was never offered.
fn of_the_living(due: &DueSend, end: SendEnd, now: Timestamp) -> SendEnd {
    let unseen = matches!(
        end,
        SendEnd::Again {
            broadcast: false,
            block: None,
            ..
        }
    );
    let old = now.duration_since(due.send.created_at) >= TURNS_UP;
    if due.erased && unseen && due.send.state == SendState::Stored && (due.looks == 0 || old) {
        let reason = "its user was erased before a node took it".to_owned();
        return SendEnd::Dropped { reason };
    }
    end
}

async fn within(
    longest: Duration,
    due: &DueSend,
    now: Timestamp,
    looked: impl Future<Output = Result<SendEnd, ChainFailure>>,
) -> SendEnd {
    match timeout(longest, looked).await {
        Ok(Ok(end)) => end,
        Ok(Err(failure)) => unseen(due, now, failure.to_string()),
        Err(_) => unseen(due, now, "the nodes take too long to answer"),
    }
}

/// Another look, after one that brought nothing: what was known before is known still.
fn unseen(due: &DueSend, now: Timestamp, why: impl Into<String>) -> SendEnd {
    SendEnd::Again {
        at: now + next_look(due.looks),
        broadcast: false,
        block: due.send.block,
        gone_since: due.gone_since,
        error: Some(why.into()),
    }
}

const NO_NODE: &str = "the configuration names no node of this network";

/// Another look that is due by and by: soon at first, then every minute, and every five after an hour.
fn again(due: &DueSend, now: Timestamp) -> SendEnd {
    SendEnd::Again {
        at: now + next_look(due.looks),
        broadcast: false,
        block: None,
        gone_since: None,
        error: None,
    }
}

/// How long after a look the next one comes.
#[must_use]
pub fn next_look(looks: u32) -> SignedDuration {
    const FIRST: [i64; 10] = [2, 2, 3, 5, 8, 12, 15, 20, 30, 45];
    let index = usize::try_from(looks).unwrap_or(usize::MAX);
    let seconds = FIRST.get(index).copied();
    SignedDuration::from_secs(seconds.unwrap_or(if looks < 70 { 60 } else { 300 }))
}

/// The longest that one look may take: what has not come to its end by then is looked at another time.
pub const LONGEST_LOOK: Duration = Duration::from_secs(100);

impl SendEnd {
    fn because(self, why: impl Into<String>) -> Self {
        match self {
            Self::Again {
                at,
                broadcast,
                block,
                gone_since,
                ..
            } => Self::Again {
                at,
                broadcast,
                block,
                gone_since,
                error: Some(why.into()),
            },
            ended => ended,
        }
    }
}

/// Whether a send that is refused at once can be given up at once: whatever is signed in its stead has its nonce, or the
/// coins of what both of them replace, so no more than one of them lands. Of any other a node that says no may keep the
/// bytes, and they are good for as long as its blockhash or its coins are.
#[must_use]
pub fn may_be_given_up(send: &Send, replaces: bool) -> bool {
    send.sequence.is_some() || replaces
}

/// What is written down after the first offer. `gives_up` is what [`may_be_given_up`] says.
#[must_use]
pub fn after_offer(offered: &Offered, gives_up: bool, now: Timestamp) -> SendEnd {
    let again = |broadcast, error| SendEnd::Again {
        at: now + next_look(0),
        broadcast,
        block: None,
        gone_since: None,
        error,
    };
    match offered {
        Offered::Taken => again(true, None),
        Offered::Later(why) => again(false, Some(why.clone())),
        Offered::Refused { reason, .. } if gives_up => SendEnd::Dropped { reason: reason.clone() },
        Offered::Refused { reason, .. } => again(false, Some(reason.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Family;
    use crate::domain::{AppId, EnvironmentId, Lane, SendId, SendKind, Uuid, WalletId};

    #[tokio::test]
    async fn a_look_has_an_end_and_forgets_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let due = DueSend {
            send: Send {
                id: SendId(Uuid::nil()),
                environment: EnvironmentId(Uuid::nil()),
                wallet: WalletId(Uuid::nil()),
                app: AppId(Uuid::nil()),
                kind: SendKind::Coin,
                family: Family::Bitcoin,
                lane: Lane {
                    network: "bitcoin".to_owned(),
                    address: "somebody".to_owned(),
                },
                sequence: None,
                raw: Vec::new(),
                hash: String::new(),
                state: SendState::Broadcast,
                superseded_by: None,
                last_error: None,
                block: Some(7),
                created_at: now,
                broadcast_at: None,
                finished_at: None,
            },
            looks: 3,
            gone_since: Some(now),
            expires_at_height: None,
            has_rival: false,
            paused: false,
            erased: false,
        };
        let end = within(Duration::ZERO, &due, now, std::future::pending()).await;
        let expected = SendEnd::Again {
            at: now + next_look(3),
            broadcast: false,
            block: Some(7),
            gone_since: Some(now),
            error: Some("the nodes take too long to answer".to_owned()),
        };
        assert_eq!(end, expected);
    }
}
