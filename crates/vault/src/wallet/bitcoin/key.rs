//! The private key of an account.

use base64::{Engine, prelude::BASE64_STANDARD};
use bitcoin::{
    Amount, EcdsaSighashType, ScriptBuf, Transaction, Txid, Witness, consensus::encode::serialize, ecdsa, hashes::Hash,
    sighash::SighashCache,
};

use super::{
    Payment, Plan, PublicKey, SignedPsbt,
    message::{to_sign, to_spend},
    payment::transaction_of,
};
use crate::wallet::curve::SecpKey;

/// The private key of an account, for one operation.
pub struct Key {
    secret: SecpKey,
    public: PublicKey,
}

/// A payment that is ready to be broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPayment {
    /// The transaction. Store it before broadcasting it.
    pub raw: Vec<u8>,
    /// Its id.
    pub txid: Txid,
}

impl Key {
    pub(in super::super) fn new(secret: &[u8], public: PublicKey) -> Option<Self> {
        Some(Self {
            secret: SecpKey::from_slice(secret)?,
            public,
        })
    }

    /// Whose key it is.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a message (BIP-322, simple): the base64 of a witness.
    ///
    /// Newer texts of the BIP put `smp` before it; verifiers of both kinds take it without.
    #[must_use]
    pub fn sign_message(&self, message: &[u8]) -> String {
        let mut signed = to_sign(&to_spend(self.public.script().0, message));
        let signature = self.sign(&mut SighashCache::new(&signed), 0, Amount::ZERO);
        let witness = self.public.witness(&signature);
        signed.input[0].witness = witness;
        BASE64_STANDARD.encode(serialize(&signed.input[0].witness))
    }

    /// Signs the inputs of a PSBT that are this wallet's.
    #[must_use]
    pub fn sign_psbt(&self, payment: &Payment) -> SignedPsbt {
        // One cache: what all inputs have in common is hashed once.
        let mut cache = SighashCache::new(payment.unsigned());
        let signatures: Vec<_> = payment
            .own_inputs()
            .map(|(i, value)| (i, self.sign(&mut cache, i, value)))
            .collect();
        payment.finish(&self.public, &signatures)
    }

    /// Makes and signs the transaction of a plan.
    #[must_use]
    pub fn sign_plan(&self, plan: &Plan) -> SignedPayment {
        let (mut transaction, values) = transaction_of(plan, &self.public);
        let mut cache = SighashCache::new(&transaction);
        let witnesses: Vec<Witness> = values
            .iter()
            .enumerate()
            .map(|(i, value)| self.public.witness(&self.sign(&mut cache, i, *value)))
            .collect();
        for (input, witness) in transaction.input.iter_mut().zip(witnesses) {
            input.witness = witness;
        }
        SignedPayment {
            raw: serialize(&transaction),
            txid: transaction.compute_txid(),
        }
    }

    /// The signature of one input (BIP-143), over all inputs and outputs.
    fn sign(&self, cache: &mut SighashCache<&Transaction>, input: usize, value: Amount) -> ecdsa::Signature {
        let script: ScriptBuf = self.public.script().0;
        let digest = cache
            .p2wpkh_signature_hash(input, &script, value, EcdsaSighashType::All)
            .expect("the input is there and the script is P2WPKH");
        ecdsa::Signature {
            signature: self.secret.sign(digest.to_byte_array()),
            sighash_type: EcdsaSighashType::All,
        }
    }
}
