//! Partially signed transactions (BIP-174).

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Amount, EcdsaSighashType, OutPoint, Psbt, Transaction, TxOut, Txid, consensus::encode::serialize, psbt};

use super::{PublicKey, Recipient};

const MOST_BYTES: usize = 1024 * 1024;
/// The witness of a P2WPKH input: two items, a signature of 72 bytes at most, and the key.
const WITNESS: usize = 1 + 1 + 72 + 1 + 33;
/// More than a transaction can spend that nodes relay (400 000 weight units, of which an input takes 164 and a witness
/// about 108), and each takes a signature.
const MOST_INPUTS: usize = 2_500;

/// A PSBT that was read whole and spends coins of one wallet.
#[derive(Clone, Debug)]
pub struct Payment {
    psbt: Psbt,
    spent: Vec<TxOut>,
    summary: Summary,
}

/// What a PSBT does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What is spent.
    pub inputs: Vec<Input>,
    /// Who is paid.
    pub outputs: Vec<Output>,
    /// What the miner gets.
    pub fee: u64,
    /// What the wallet loses: its inputs less its outputs. It may gain, too.
    pub cost: i64,
    /// Whether every value is proven by the transaction it comes from, or false values would make
    /// the one signature void. If not, whoever made the PSBT may be lying about the fee.
    pub values_proven: bool,
}

/// An input of a PSBT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The transaction it comes from.
    pub txid: Txid,
    /// Its place there.
    pub vout: u32,
    /// What it is worth.
    pub value: u64,
    /// Whether it is this wallet's, and will be signed.
    pub own: bool,
}

/// An output of a PSBT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Who is paid.
    pub to: Recipient,
    /// How much.
    pub value: u64,
    /// Whether it comes back to this wallet.
    pub own: bool,
}

/// A PSBT with this wallet's signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPsbt {
    /// The PSBT.
    pub psbt: Vec<u8>,
    /// The transaction to broadcast, if every input is signed and final.
    pub transaction: Option<Vec<u8>>,
    /// The transaction's id. A foreign input that is not segwit can still change it.
    pub txid: Txid,
}

impl Payment {
    /// Reads a PSBT (version 0, its bytes) for the wallet of `own`.
    ///
    /// Each input has to come with the output it spends, or with the whole transaction of it, which
    /// then has to be the right one. This wallet's inputs have to sign everything (`SIGHASH_ALL`).
    ///
    /// # Errors
    /// [`PsbtError`].
    pub fn parse(bytes: &[u8], own: &PublicKey) -> Result<Self, PsbtError> {
        if bytes.len() > MOST_BYTES {
            return Err(PsbtError::TooLong);
        }
        let psbt = Psbt::deserialize(bytes).map_err(|_| PsbtError::Malformed)?;
        let script = own.script();
        let unsigned = &psbt.unsigned_tx;
        if unsigned.input.len() > MOST_INPUTS {
            return Err(PsbtError::TooLong);
        }
        let outpoints: BTreeSet<OutPoint> = unsigned.input.iter().map(|input| input.previous_output).collect();
        if outpoints.len() != unsigned.input.len() || psbt.inputs.len() != unsigned.input.len() {
            return Err(PsbtError::Malformed);
        }

        let mut spent = Vec::new();
        let mut inputs = Vec::new();
        for (i, (known, input)) in psbt.inputs.iter().zip(&unsigned.input).enumerate() {
            let output = spent_by(known, input.previous_output).map_err(|error| error(i))?;
            let own = output.script_pubkey == script.0;
            let all = known
                .sighash_type
                .is_none_or(|kind| kind.ecdsa_hash_ty() == Ok(EcdsaSighashType::All));
            if own && !all {
                return Err(PsbtError::Sighash(i));
            }
            inputs.push(Input {
                txid: input.previous_output.txid,
                vout: input.previous_output.vout,
                value: output.value.to_sat(),
                own,
            });
            spent.push(output);
        }
        let outputs: Vec<Output> = unsigned
            .output
            .iter()
            .map(|output| Output {
                to: Recipient(output.script_pubkey.clone()),
                value: output.value.to_sat(),
                own: output.script_pubkey == script.0,
            })
            .collect();
        if !inputs.iter().any(|input| input.own) {
            return Err(PsbtError::NothingToSign);
        }
        let all_in = total(inputs.iter().map(|input| input.value))?;
        let all_out = total(outputs.iter().map(|output| output.value))?;
        let own_in = total(inputs.iter().filter(|input| input.own).map(|input| input.value))?;
        let own_out = total(outputs.iter().filter(|output| output.own).map(|output| output.value))?;
        let values_proven = inputs.len() == 1 || psbt.inputs.iter().all(|input| input.non_witness_utxo.is_some());
        let summary = Summary {
            fee: u64::try_from(all_in - all_out).map_err(|_| PsbtError::Overspent)?,
            cost: own_in - own_out,
            values_proven,
            inputs,
            outputs,
        };
        Ok(Self { psbt, spent, summary })
    }

    /// What it does.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The weight of the transaction once all have signed, which is what fees are paid for. A signature of this wallet's
    /// counts as long as it can be, and an input that others have yet to sign as large as one of this wallet's, with the
    /// scripts that the PSBT holds for it.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let inputs = self.psbt.inputs.iter().zip(&self.summary.inputs);
        let signed = inputs.map(|(known, input)| {
            let is_final = known.final_script_witness.is_some() || known.final_script_sig.is_some();
            if !input.own && is_final {
                let script = known.final_script_sig.as_ref().map_or(0, |script| script.len());
                // Without a witness one byte says so.
                return script * 4 + known.final_script_witness.as_ref().map_or(1, bitcoin::Witness::size);
            }
            let script = |script: Option<&bitcoin::ScriptBuf>| script.map_or(0, |script| script.len());
            WITNESS + script(known.redeem_script.as_ref()) * 4 + script(known.witness_script.as_ref())
        });
        let witnesses: usize = signed.sum();
        // Marker and flag weigh one unit each.
        (self.psbt.unsigned_tx.base_size() * 4 + 2 + witnesses) as u64
    }

    pub(super) const fn unsigned(&self) -> &Transaction {
        &self.psbt.unsigned_tx
    }

    /// The places of this wallet's inputs and what each is worth.
    pub(super) fn own_inputs(&self) -> impl Iterator<Item = (usize, Amount)> {
        let inputs = self.summary.inputs.iter().zip(&self.spent).enumerate();
        inputs
            .filter(|(_, (input, _))| input.own)
            .map(|(i, (_, output))| (i, output.value))
    }

    /// Puts the signatures in, and makes the transaction if nothing is missing.
    pub(super) fn finish(&self, key: &PublicKey, signatures: &[(usize, bitcoin::ecdsa::Signature)]) -> SignedPsbt {
        let mut psbt = self.psbt.clone();
        let by_place: BTreeMap<usize, _> = signatures.iter().copied().collect();
        let point = bitcoin::PublicKey::from_slice(&key.to_bytes())
            .expect("it was sealed from a point, and opened with the key that signed");
        for (i, signature) in signatures {
            psbt.inputs[*i].partial_sigs.insert(point, *signature);
        }
        let mut transaction = psbt.unsigned_tx.clone();
        let mut complete = true;
        for (i, (input, known)) in transaction.input.iter_mut().zip(&psbt.inputs).enumerate() {
            if let Some(signature) = by_place.get(&i) {
                input.witness = key.witness(signature);
            } else if known.final_script_witness.is_some() || known.final_script_sig.is_some() {
                input.witness = known.final_script_witness.clone().unwrap_or_default();
                input.script_sig = known.final_script_sig.clone().unwrap_or_default();
            } else {
                complete = false;
            }
        }
        SignedPsbt {
            psbt: psbt.serialize(),
            txid: transaction.compute_txid(),
            transaction: complete.then(|| serialize(&transaction)),
        }
    }
}

/// The output that an input spends, checked where it can be.
fn spent_by(input: &psbt::Input, spends: OutPoint) -> Result<TxOut, fn(usize) -> PsbtError> {
    let whole = match &input.non_witness_utxo {
        None => None,
        Some(before) if before.compute_txid() != spends.txid => return Err(PsbtError::WrongUtxo),
        Some(before) => {
            let at = usize::try_from(spends.vout).unwrap_or(usize::MAX);
            Some(
                before
                    .output
                    .get(at)
                    .ok_or(PsbtError::WrongUtxo as fn(usize) -> PsbtError)?,
            )
        }
    };
    match (whole, &input.witness_utxo) {
        (Some(whole), Some(given)) if whole != given => Err(PsbtError::WrongUtxo),
        (Some(output), _) | (None, Some(output)) => Ok(output.clone()),
        (None, None) => Err(PsbtError::MissingUtxo),
    }
}

/// At most all the bitcoin there are, which fits.
fn total(mut values: impl Iterator<Item = u64>) -> Result<i64, PsbtError> {
    values
        .try_fold(0_u64, u64::checked_add)
        .filter(|sum| *sum <= Amount::MAX_MONEY.to_sat())
        .and_then(|sum| i64::try_from(sum).ok())
        .ok_or(PsbtError::Overspent)
}

/// Why a PSBT is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PsbtError {
    /// More than a block could take.
    #[error("the PSBT is longer than 1 MiB, or spends more than 2500 coins: no node would relay its transaction")]
    TooLong,
    /// It does not parse, or spends a coin twice.
    #[error("this is no PSBT of version 0 (BIP-174): check its encoding")]
    Malformed,
    /// An input does not say what it spends.
    #[error("input {0} of the PSBT does not say what it spends: add its UTXO")]
    MissingUtxo(usize),
    /// An input says something else than the transaction it comes from.
    #[error("the UTXO of input {0} of the PSBT is not the one it spends: make the PSBT again")]
    WrongUtxo(usize),
    /// An input of this wallet is to sign less than everything.
    #[error("input {0} of the PSBT does not ask for SIGHASH_ALL: nothing else is signed")]
    Sighash(usize),
    /// The outputs are more than the inputs, or more than there can be.
    #[error("the PSBT pays more than it spends: make it again")]
    Overspent,
    /// No input is this wallet's.
    #[error("no input of the PSBT belongs to this wallet: there is nothing to sign")]
    NothingToSign,
}
