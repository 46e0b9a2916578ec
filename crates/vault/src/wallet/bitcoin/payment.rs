//! From a plan to a transaction.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute::LockTime, hashes::Hash,
    transaction::Version,
};

use super::{Plan, PublicKey};

/// The unsigned transaction of a plan and the value of each input.
///
/// Inputs and outputs are sorted (BIP-69), so that their order does not tell which output is the
/// change. The sequence lets the fee be raised later (BIP-125).
pub(super) fn transaction_of(plan: &Plan, own: &PublicKey) -> (Transaction, Vec<Amount>) {
    let mut coins = plan.coins.clone();
    coins.sort_by_key(|coin| {
        // The order of BIP-69 is that of the names as they are shown.
        let mut name = coin.txid.to_byte_array();
        name.reverse();
        (name, coin.vout)
    });
    let mut output = vec![TxOut {
        value: Amount::from_sat(plan.amount),
        script_pubkey: plan.to.0.clone(),
    }];
    if plan.change > 0 {
        output.push(TxOut {
            value: Amount::from_sat(plan.change),
            script_pubkey: own.script().0,
        });
    }
    output.sort_by(|a, b| (a.value, a.script_pubkey.as_bytes()).cmp(&(b.value, b.script_pubkey.as_bytes())));
    let transaction = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: coins
            .iter()
            .map(|coin| TxIn {
                previous_output: OutPoint::new(coin.txid, coin.vout),
                script_sig: ScriptBuf::new(),
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                witness: Witness::new(),
            })
            .collect(),
        output,
    };
    (
        transaction,
        coins.iter().map(|coin| Amount::from_sat(coin.value)).collect(),
    )
}
