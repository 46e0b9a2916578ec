//! Transactions as the network has them: what others say of coins is checked against these.

use bitcoin::{Transaction, Txid, Weight, consensus::encode::deserialize};

use super::{Coin, PublicKey, Recipient};

/// A transaction that was read whole. Its id follows from its bytes, so whoever hands it out cannot lie about what it
/// pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTransaction {
    transaction: Transaction,
    txid: Txid,
}

impl RawTransaction {
    /// Reads a transaction and nothing after it; `None` for what is none, or larger than a block.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        // The limit of a block is one of weight, and no byte weighs less than one.
        if u64::try_from(bytes.len()).ok()? > Weight::MAX_BLOCK.to_wu() {
            return None;
        }
        let transaction: Transaction = deserialize(bytes).ok()?;
        Some(Self {
            txid: transaction.compute_txid(),
            transaction,
        })
    }

    /// Its id.
    #[must_use]
    pub const fn txid(&self) -> Txid {
        self.txid
    }

    /// The coins that it spends, by the transaction each comes from and its place there.
    pub fn spends(&self) -> impl Iterator<Item = (Txid, u32)> {
        let inputs = self.transaction.input.iter();
        inputs.map(|input| (input.previous_output.txid, input.previous_output.vout))
    }

    /// Whether nodes take another transaction in its place (BIP-125).
    #[must_use]
    pub fn can_be_replaced(&self) -> bool {
        self.transaction.is_explicitly_rbf()
    }

    /// Who is paid, and how many satoshi.
    pub fn outputs(&self) -> impl Iterator<Item = (Recipient, u64)> {
        let outputs = self.transaction.output.iter();
        outputs.map(|output| (Recipient(output.script_pubkey.clone()), output.value.to_sat()))
    }

    /// The coin at a place, if there is one and it pays `own`.
    #[must_use]
    pub fn coin(&self, vout: u32, own: &PublicKey) -> Option<Coin> {
        let output = self.transaction.output.get(usize::try_from(vout).ok()?)?;
        (output.script_pubkey == own.script().0).then(|| Coin {
            txid: self.txid,
            vout,
            value: output.value.to_sat(),
        })
    }

    /// Its size in virtual bytes, which is what fees are paid for.
    #[must_use]
    pub fn virtual_size(&self) -> u64 {
        self.transaction.weight().to_vbytes_ceil()
    }
}
