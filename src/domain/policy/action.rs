//! What is about to be signed, as it was parsed.

use aboard_vault::wallet::{bitcoin, evm, solana};

/// Something that a wallet is about to sign. It is made of what the vault has read, and of nothing else.
#[derive(Debug, Clone)]
pub struct Action {
    /// The code of the network.
    pub(super) network: String,
    pub(super) deed: Deed,
}

/// What is done.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Message,
    Hash,
    TypedData(evm::Domain),
    Authorization((u64, evm::Address)),
    Evm(Call),
    Solana {
        own: solana::Address,
        summary: solana::Summary,
    },
    Bitcoin {
        paid: Vec<Paid>,
        cost: u64,
        values_proven: bool,
    },
}

/// A transaction of the family evm.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub to: Option<evm::Address>,
    pub value: evm::U256,
    pub data: Vec<u8>,
    /// Value and the most that fees can cost.
    pub most_cost: evm::U256,
    pub delegations: Vec<(u64, evm::Address)>,
}

/// An output of a Bitcoin transaction that is not the wallet's own.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub to: bitcoin::Recipient,
    pub shown: String,
    pub value: u64,
}

/// The kinds of things that are signed, as policies name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A text.
    Message,
    /// A document of EIP-712.
    TypedData,
    /// A transaction of any family, signed alone or sent.
    Transaction,
    /// A delegation of EIP-7702.
    Authorization,
    /// 32 bytes as they are.
    Hash,
}

impl Operation {
    /// Its name in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::TypedData => "typed_data",
            Self::Transaction => "transaction",
            Self::Authorization => "authorization",
            Self::Hash => "hash",
        }
    }
}

impl Action {
    /// A text, on the network of this code.
    #[must_use]
    pub fn message(network: &str) -> Self {
        Self::of(network, Deed::Message)
    }

    /// 32 bytes as they are.
    #[must_use]
    pub fn hash(network: &str) -> Self {
        Self::of(network, Deed::Hash)
    }

    /// A document of EIP-712.
    #[must_use]
    pub fn typed_data(network: &str, document: &evm::TypedData) -> Self {
        Self::of(network, Deed::TypedData(document.domain().clone()))
    }

    /// A delegation of EIP-7702.
    #[must_use]
    pub fn authorization(network: &str, authorization: &evm::Authorization) -> Self {
        Self::of(
            network,
            Deed::Authorization((authorization.chain_id, authorization.address)),
        )
    }

    /// A transaction of the family evm, its delegations included.
    ///
    /// # Errors
    /// It could cost more than any chain can say.
    pub fn evm(network: &str, transaction: &evm::Transaction) -> Result<Self, evm::TransactionError> {
        let summary = transaction.summary()?;
        let call = Call {
            to: transaction.to,
            value: transaction.value,
            data: transaction.data.clone(),
            most_cost: summary.most_cost,
            delegations: summary.delegations,
        };
        Ok(Self::of(network, Deed::Evm(call)))
    }

    /// A transaction of Solana, signed by this account.
    #[must_use]
    pub fn solana(network: &str, own: solana::Address, message: &solana::Message) -> Self {
        let summary = message.summary();
        Self::of(network, Deed::Solana { own, summary })
    }

    /// A PSBT, as a payment of the wallet.
    #[must_use]
    pub fn bitcoin(network: &str, on: bitcoin::Network, payment: &bitcoin::Payment) -> Self {
        let summary = payment.summary();
        let paid = summary.outputs.iter().filter(|output| !output.own).map(|output| Paid {
            to: output.to.clone(),
            shown: output
                .to
                .address(on)
                .unwrap_or_else(|| "A script without an address".to_owned()),
            value: output.value,
        });
        let deed = Deed::Bitcoin {
            paid: paid.collect(),
            // Whoever gains spends nothing.
            cost: u64::try_from(summary.cost).unwrap_or_default(),
            values_proven: summary.values_proven,
        };
        Self::of(network, deed)
    }

    /// A Bitcoin payment that was planned here: who gets how much, and what the miner gets. What goes to `own` pays nobody.
    #[must_use]
    pub fn bitcoin_plan(network: &str, on: bitcoin::Network, own: &bitcoin::PublicKey, plan: &bitcoin::Plan) -> Self {
        let is_own = plan.to == own.script();
        let paid = Paid {
            to: plan.to.clone(),
            shown: plan.to.address(on).unwrap_or_default(),
            value: plan.amount,
        };
        let deed = Deed::Bitcoin {
            paid: if is_own { Vec::new() } else { vec![paid] },
            cost: plan.fee.saturating_add(if is_own { 0 } else { plan.amount }),
            values_proven: true,
        };
        Self::of(network, deed)
    }

    fn of(network: &str, deed: Deed) -> Self {
        Self {
            network: network.to_owned(),
            deed,
        }
    }

    /// The code of its network.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The contracts that accounts are delegated to by it, each with its chain (EIP-7702).
    #[must_use]
    pub fn delegations(&self) -> &[(u64, evm::Address)] {
        match &self.deed {
            Deed::Authorization(delegation) => std::slice::from_ref(delegation),
            Deed::Evm(call) => &call.delegations,
            _ => &[],
        }
    }

    /// What kind of thing it is.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self.deed {
            Deed::Message => Operation::Message,
            Deed::Hash => Operation::Hash,
            Deed::TypedData(_) => Operation::TypedData,
            Deed::Authorization(_) => Operation::Authorization,
            Deed::Evm(_) | Deed::Solana { .. } | Deed::Bitcoin { .. } => Operation::Transaction,
        }
    }
}
