use aboard_vault::wallet::bitcoin::{Key, Payment, PsbtError, Recipient, Txid};
use bitcoin::{
    Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute::LockTime, hashes::Hash,
    psbt::PsbtSighashType, transaction::Version,
};
use proptest::prelude::*;

use super::bitcoin::{own, somebody, with_key};
use crate::support::{flips, unhex};

/// One coin of this key and one of somebody's, each with the transaction it comes from.
fn psbt(key: &Key) -> Psbt {
    let transaction = |input, output| Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input,
        output,
    };
    let input = |previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = |value, to: &Recipient| TxOut {
        value: Amount::from_sat(value),
        script_pubkey: ScriptBuf::from_bytes(to.script().to_vec()),
    };
    let from = OutPoint::new(Txid::from_byte_array([1; 32]), 0);
    let mine = transaction(vec![input(from)], vec![output(70_000, &key.public().script())]);
    let theirs = transaction(vec![input(from)], vec![output(30_000, &somebody())]);
    let spend = transaction(
        [&mine, &theirs]
            .map(|tx| input(OutPoint::new(tx.compute_txid(), 0)))
            .to_vec(),
        vec![output(60_000, &somebody()), output(39_000, &key.public().script())],
    );
    let mut psbt = Psbt::from_unsigned_tx(spend).unwrap();
    psbt.inputs[0].non_witness_utxo = Some(mine);
    psbt.inputs[1].non_witness_utxo = Some(theirs);
    psbt
}

#[test]
fn a_psbt_says_what_it_costs() {
    with_key(|key| {
        let payment = Payment::parse(&psbt(key).serialize(), &key.public()).unwrap();
        let summary = payment.summary();
        assert_eq!((summary.fee, summary.cost, summary.values_proven), (1000, 31_000, true));
        assert_eq!(summary.outputs[0].to, somebody());
        assert_eq!((summary.outputs[0].own, summary.outputs[1].own), (false, true));
        let signed = key.sign_psbt(&payment);
        // The other has not signed: there is no transaction yet, and one signature in the PSBT.
        assert_eq!(signed.transaction, None);
        let read = Psbt::deserialize(&signed.psbt).unwrap();
        assert_eq!(
            (read.inputs[0].partial_sigs.len(), read.inputs[1].partial_sigs.len()),
            (1, 0)
        );
    });
}

#[test]
fn a_psbt_weighs_what_its_transaction_will() {
    with_key(|key| {
        let mut psbt = psbt(key);
        let weight = |psbt: &Psbt| Payment::parse(&psbt.serialize(), &key.public()).unwrap().weight();
        // Two inputs to two outputs: 154 bytes four times, marker and flag, two witnesses of P2WPKH.
        assert_eq!(weight(&psbt), 154 * 4 + 2 + 2 * 108);
        psbt.inputs[1].redeem_script = Some(ScriptBuf::from_bytes(vec![1; 22]));
        assert_eq!(weight(&psbt), 154 * 4 + 2 + 2 * 108 + 22 * 4);
        // Somebody's signature of BIP-340, as it is.
        psbt.inputs[1].redeem_script = None;
        psbt.inputs[1].final_script_witness = Some(Witness::from_slice(&[[7; 64]]));
        assert_eq!(weight(&psbt), 154 * 4 + 2 + 108 + 66);
        let signed = key.sign_psbt(&Payment::parse(&psbt.serialize(), &key.public()).unwrap());
        let read: Transaction = bitcoin::consensus::deserialize(&signed.transaction.unwrap()).unwrap();
        let shorter = weight(&psbt) - read.weight().to_wu();
        assert!(shorter <= 2, "a signature may be shorter: {shorter}");
    });
}

#[test]
fn a_psbt_that_lies_is_refused() {
    with_key(|key| {
        let refused = |change: &dyn Fn(&mut Psbt), expected| {
            let mut psbt = psbt(key);
            change(&mut psbt);
            let result = Payment::parse(&psbt.serialize(), &key.public());
            assert_eq!(result.err(), Some(expected));
        };
        refused(
            &|psbt| psbt.inputs[1].non_witness_utxo = None,
            PsbtError::MissingUtxo(1),
        );
        refused(&|psbt| psbt.inputs.reverse(), PsbtError::WrongUtxo(0));
        refused(
            &|psbt| psbt.unsigned_tx.input[0].previous_output.vout = 1,
            PsbtError::WrongUtxo(0),
        );
        refused(
            &|psbt| {
                let mut lie = psbt.inputs[0].non_witness_utxo.clone().unwrap().output[0].clone();
                lie.value = Amount::from_sat(1);
                psbt.inputs[0].witness_utxo = Some(lie);
            },
            PsbtError::WrongUtxo(0),
        );
        for kind in [2, 3, 0x81, 0x82, 0x83, 0] {
            let sighash = PsbtSighashType::from_u32(kind);
            refused(
                &|psbt| psbt.inputs[0].sighash_type = Some(sighash),
                PsbtError::Sighash(0),
            );
        }
        let more = Amount::from_sat(100_000);
        refused(&|psbt| psbt.unsigned_tx.output[0].value = more, PsbtError::Overspent);
        let all = Amount::from_sat(u64::MAX);
        refused(&|psbt| psbt.unsigned_tx.output[0].value = all, PsbtError::Overspent);
        refused(
            &|psbt| {
                psbt.inputs.remove(0);
                psbt.unsigned_tx.input.remove(0);
            },
            PsbtError::NothingToSign,
        );
        refused(
            &|psbt| {
                psbt.inputs.push(psbt.inputs[0].clone());
                psbt.unsigned_tx.input.push(psbt.unsigned_tx.input[0].clone());
            },
            PsbtError::Malformed,
        );
    });
}

/// With the outputs alone nothing proves their values: the summary says so.
#[test]
fn values_that_nothing_proves_are_named() {
    with_key(|key| {
        let mut psbt = psbt(key);
        for input in &mut psbt.inputs {
            input.witness_utxo = input.non_witness_utxo.take().map(|before| before.output[0].clone());
        }
        let payment = Payment::parse(&psbt.serialize(), &key.public()).unwrap();
        assert!(!payment.summary().values_proven);
    });
}

/// Each takes a signature, and no node relays so many.
#[test]
fn a_psbt_spends_a_bounded_number_of_coins() {
    with_key(|key| {
        let read = |coins: u32| {
            let mut spend = psbt(key).unsigned_tx;
            let input = spend.input[0].clone();
            let from = |vout| OutPoint::new(Txid::from_byte_array([1; 32]), vout);
            spend.input = (0..coins)
                .map(|vout| TxIn {
                    previous_output: from(vout),
                    ..input.clone()
                })
                .collect();
            let mut many = Psbt::from_unsigned_tx(spend).unwrap();
            for input in &mut many.inputs {
                input.witness_utxo = Some(TxOut {
                    value: Amount::from_sat(1_000),
                    script_pubkey: ScriptBuf::from_bytes(key.public().script().script().to_vec()),
                });
            }
            Payment::parse(&many.serialize(), &key.public()).err()
        };
        assert_eq!((read(2_500), read(2_501)), (None, Some(PsbtError::TooLong)));
    });
}

#[test]
fn bytes_that_are_no_psbt_are_refused() {
    with_key(|key| {
        let whole = psbt(key).serialize();
        let parse = |bytes: &[u8]| Payment::parse(bytes, &key.public()).err();
        assert_eq!(parse(&[]), Some(PsbtError::Malformed));
        assert_eq!(parse(&vec![0; 1_100_000]), Some(PsbtError::TooLong));
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), Some(PsbtError::Malformed));
        }
        for changed in flips(&whole) {
            if let Ok(payment) = Payment::parse(&changed, &key.public()) {
                let _ = key.sign_psbt(&payment);
            }
        }
    });
}

/// What the BIPs say is a PSBT is read, though none of it is this wallet's; what they say is none
/// is refused.
#[test]
fn bip_174_and_371_vectors() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../vectors/psbt.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 27);
    for case in cases {
        let error = Payment::parse(&unhex(case["psbt"].as_str().unwrap()), &own())
            .err()
            .unwrap();
        let read = error != PsbtError::Malformed;
        assert_eq!(read, case["valid"].as_bool().unwrap(), "{}: {error}", case["name"]);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_no_psbt_and_no_panic(bytes: Vec<u8>) {
        let psbt = [b"psbt\xff", &bytes[..]].concat();
        prop_assert!(Payment::parse(&bytes, &own()).is_err());
        prop_assert!(Payment::parse(&psbt, &own()).is_err());
    }
}
