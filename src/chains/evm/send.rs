//! A signed transaction on its way to the nodes, and what they say to it.

use aboard_vault::wallet::evm::B256;
use serde_json::{Value, json};

use super::{Client, KnownTransaction, wire};
use crate::chains::ChainFailure;
use crate::chains::endpoints::{Missed, Problem, words};

/// What the nodes said to a transaction. None of it is the chain's last word: a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A node took it.
    Taken,
    /// A node has it already.
    Known,
    /// The account's nonce has passed: this transaction, or another one with its nonce, is in a block.
    NonceTooLow,
    /// The account has not come to this nonce yet, and the node does not keep such.
    NonceTooHigh,
    /// Another one with this nonce waits, and this one does not offer enough more.
    Underpriced,
    /// It offers less than the node takes now.
    FeeTooLow,
    /// The account cannot pay what it sends and the most that it may cost.
    Insufficient,
    /// The node says no for another reason.
    Refused(String),
}

impl Sent {
    /// Which of two nodes' words counts: who took it knows more than who refuses it.
    const fn rank(&self) -> u8 {
        match self {
            Self::Taken => 0,
            Self::Known => 1,
            Self::NonceTooLow => 2,
            Self::Underpriced => 3,
            Self::FeeTooLow => 4,
            Self::Insufficient => 5,
            Self::NonceTooHigh => 6,
            Self::Refused(_) => 7,
        }
    }

    /// What a node's error means. Every node has words of its own.
    fn of(reason: &str) -> Self {
        let letters: String = reason.chars().filter(char::is_ascii_alphanumeric).collect();
        let said = letters.to_ascii_lowercase();
        let has = |all: &[&str]| all.iter().any(|words| said.contains(words));
        if has(&[
            "alreadyknown",
            "knowntransaction",
            "alreadyimported",
            "alreadyexists",
            "alreadyinmempool",
            "alreadyinpool",
        ]) {
            Self::Known
        } else if has(&[
            "noncetoolow",
            "nonceistoolow",
            "oldnonce",
            "noncebelow",
            "nonceisbelow",
            "noncealready",
        ]) {
            Self::NonceTooLow
        } else if has(&[
            "noncetoohigh",
            "nonceistoohigh",
            "noncegap",
            "noncetoodistant",
            "noncetoofar",
        ]) {
            Self::NonceTooHigh
        } else if has(&[
            "replacementtransaction",
            "replacementnotallowed",
            "couldnotreplace",
            "replacementfee",
        ]) {
            Self::Underpriced
        } else if has(&["insufficient", "enoughfunds", "upfrontcost", "sendernotenough"]) {
            Self::Insufficient
        } else if has(&[
            "underpriced",
            "feetoolow",
            "gaspricetoolow",
            "lessthanblockbasefee",
            "lessthanbasefee",
            "belowbasefee",
            "feecap",
            "gaspricebelow",
            "mingasprice",
        ]) {
            Self::FeeTooLow
        } else {
            Self::Refused(words(reason))
        }
    }
}

/// What the nodes together said to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What counts of it.
    pub sent: Sent,
    /// Whether a node that may have got the transaction said nothing.
    pub silent: bool,
}

/// What all nodes know of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// One of them has it.
    Somewhere,
    /// All of them answer, and none has it.
    Nowhere,
    /// None of those that answer has it, and others say nothing.
    Unsure,
}

impl Client {
    /// Sends a signed transaction to every node at once, and answers as soon as one has taken it, or all have spoken. The
    /// same bytes may be sent as often as one likes.
    ///
    /// # Errors
    /// [`ChainFailure::Down`] and [`ChainFailure::Lied`]: whether any node has it is unknown, so send it again.
    pub async fn send_raw(&self, raw: &[u8], hash: B256) -> Result<Said, ChainFailure> {
        let read = move |value: &Value| (wire::hash(value)? == hash).then_some(Sent::Taken);
        let params = json!([wire::hex(raw)]);
        let mut heard = self.rpc.tell_all("eth_sendRawTransaction", &params, read);
        let (mut best, mut silent): (Option<Sent>, bool) = (None, false);
        let mut failure = ChainFailure::Down("there is no node".to_owned());
        while let Some(answer) = heard.recv().await {
            let sent = match answer {
                Ok(sent) => sent,
                Err(Missed {
                    problem: Problem::Refused { reason, .. },
                    ..
                }) => Sent::of(&reason),
                Err(missed) => {
                    silent |= missed.may_have_it;
                    failure = missed.problem.into();
                    continue;
                }
            };
            if sent == Sent::Taken {
                return Ok(Said { sent, silent });
            }
            if best.as_ref().is_none_or(|best| sent.rank() < best.rank()) {
                best = Some(sent);
            }
        }
        best.map(|sent| Said { sent, silent }).ok_or(failure)
    }

    /// Asks each node for itself whether it has a transaction, in a block or waiting for one.
    ///
    /// # Errors
    /// No node answers.
    pub async fn whereabouts(&self, hash: B256) -> Result<Whereabouts, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = move |value: &Value| wire::nullable(Some(value), |value| KnownTransaction::read(value, hash));
        let mut heard = self.rpc.tell_all("eth_getTransactionByHash", &params, read);
        let (mut answered, mut missed) = (false, None);
        while let Some(answer) = heard.recv().await {
            match answer {
                Ok(Some(_)) => return Ok(Whereabouts::Somewhere),
                Ok(None) => answered = true,
                Err(failed) => missed = Some(failed.problem),
            }
        }
        match missed {
            None => Ok(Whereabouts::Nowhere),
            Some(_) if answered => Ok(Whereabouts::Unsure),
            Some(problem) => Err(problem.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_common_nodes_are_known() {
        for (said, expected) in [
            ("already known", Sent::Known),
            ("AlreadyKnown", Sent::Known),
            ("known transaction: 0x12", Sent::Known),
            ("transaction already imported", Sent::Known),
            ("Known transaction", Sent::Known),
            ("nonce too low", Sent::NonceTooLow),
            ("nonce too low: address 0x1, tx: 0 state: 5", Sent::NonceTooLow),
            ("OldNonce", Sent::NonceTooLow),
            (
                "Transaction nonce is too low. Try incrementing the nonce.",
                Sent::NonceTooLow,
            ),
            ("nonce too high: address 0x1", Sent::NonceTooHigh),
            ("replacement transaction underpriced", Sent::Underpriced),
            ("ReplacementNotAllowed", Sent::Underpriced),
            ("could not replace existing tx", Sent::Underpriced),
            (
                "insufficient funds for gas * price + value: balance 0",
                Sent::Insufficient,
            ),
            ("InsufficientFunds, Account balance: 0", Sent::Insufficient),
            ("Upfront cost exceeds account balance", Sent::Insufficient),
            ("transaction underpriced", Sent::FeeTooLow),
            ("max fee per gas less than block base fee: address 0x1", Sent::FeeTooLow),
            ("FeeTooLow", Sent::FeeTooLow),
            (
                "exceeds block gas limit",
                Sent::Refused("exceeds block gas limit".to_owned()),
            ),
        ] {
            assert_eq!(Sent::of(said), expected, "{said}");
        }
    }
}
