//! Uses of wallets' keys, on PostgreSQL.

use super::batch::Verb;
use super::writers::{Writers, bounded};
use super::{Postgres, transacted};
use crate::store::Result;
use crate::store::wallets::{UseAsked, WalletUsed, use_all};

impl Postgres {
    pub async fn use_wallet(&self, asked: UseAsked) -> Result<WalletUsed> {
        self.0.uses.call(asked).await
    }
}

/// Uses of wallets' keys, in batches.
pub struct Uses(pub Writers);

impl Verb for Uses {
    type Call = UseAsked;
    type Answer = WalletUsed;

    // Each holds the audit log from its beginning to its end: a second one would only wait, with fewer in each.
    const LANES: usize = 1;

    // What each spends is counted after that of the one before it, and whoever else writes the log waits as long.
    const LARGEST: usize = 64;

    async fn run(&self, calls: &[UseAsked]) -> Result<Vec<WalletUsed>> {
        let (used, _) = bounded(transacted(&self.0, async |tx| use_all(tx, calls).await)).await?;
        Ok(used)
    }
}
