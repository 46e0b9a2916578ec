//! Messages, payments and PSBTs.

use aboard_vault::{
    Entropy,
    wallet::{
        OpenWallet,
        bitcoin::{Coin, FeeRate, Network, Payment, Recipient, Txid, select, sweep},
    },
};
use bitcoin::{
    Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute::LockTime, hashes::Hash,
    transaction::Version,
};
use serde_json::{Value, json};

use crate::{hex, line, random::Random};

pub fn print(open: &OpenWallet<'_>, random: &Random) {
    let key = open.bitcoin().unwrap();
    let message = random.text();
    line(
        "bitcoin-message",
        json!({"message": message, "signature": key.sign_message(message.as_bytes())}),
    );

    // Every kind of address that can be paid.
    let to = [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ][usize::try_from(random.below(5)).unwrap()];
    let recipient = Recipient::parse(to, Network::Main).unwrap();
    let coins: Vec<Coin> = (0..=random.below(6))
        .map(|_| Coin {
            txid: Txid::from_byte_array(random.array()),
            vout: u32::try_from(random.below(10)).unwrap(),
            value: 50_000 + random.below(1 << 30),
        })
        .collect();
    let total: u64 = coins.iter().map(|coin| coin.value).sum();
    let rate = FeeRate::per_kvb(1000 + random.below(20_000));
    let plan = if random.below(4) == 0 {
        sweep(&coins, &recipient, rate)
    } else {
        select(
            &coins,
            &recipient,
            10_000 + random.below(total / 2),
            rate,
            &key.public(),
        )
    };
    let plan = plan.unwrap();
    let sent = key.sign_plan(&plan);
    line(
        "bitcoin-payment",
        json!({
            "raw": hex(&sent.raw),
            "txid": sent.txid.to_string(),
            "to": to,
            "amount": plan.amount,
            "change": plan.change,
            "fee": plan.fee,
            "rate": rate.sat_per_kvb(),
            "coins": plan.coins.iter().map(coin_json).collect::<Vec<_>>(),
        }),
    );

    let script = ScriptBuf::from_bytes(key.public().script().script().to_vec());
    let (psbt, values) = psbt(&script, &recipient, random);
    let payment = Payment::parse(&psbt, &key.public()).unwrap();
    assert!(payment.summary().values_proven);
    let signed = key.sign_psbt(&payment);
    line(
        "bitcoin-psbt",
        json!({
            "psbt": hex(psbt),
            "signed": hex(&signed.psbt),
            "raw": hex(signed.transaction.unwrap()),
            "fee": payment.summary().fee,
            "values": values,
        }),
    );
}

fn coin_json(coin: &Coin) -> Value {
    json!({"txid": coin.txid.to_string(), "vout": coin.vout, "value": coin.value})
}

/// A PSBT that spends one to three outputs of this script, each with the transaction it comes from.
fn psbt(script: &ScriptBuf, to: &Recipient, random: &Random) -> (Vec<u8>, Vec<u64>) {
    let transaction = |input, output| Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input,
        output,
    };
    let input = |previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    };
    let before: Vec<Transaction> = (0..=random.below(3))
        .map(|_| {
            let from = OutPoint::new(Txid::from_byte_array(random.array()), 1);
            let output = TxOut {
                value: Amount::from_sat(100_000 + random.below(1 << 30)),
                script_pubkey: script.clone(),
            };
            transaction(vec![input(from)], vec![output])
        })
        .collect();
    let values: Vec<u64> = before.iter().map(|tx| tx.output[0].value.to_sat()).collect();
    let spend = transaction(
        before
            .iter()
            .map(|tx| input(OutPoint::new(tx.compute_txid(), 0)))
            .collect(),
        vec![TxOut {
            value: Amount::from_sat(values.iter().sum::<u64>() - random.below(50_000)),
            script_pubkey: ScriptBuf::from_bytes(to.script().to_vec()),
        }],
    );
    let mut psbt = Psbt::from_unsigned_tx(spend).unwrap();
    for (known, before) in psbt.inputs.iter_mut().zip(before) {
        known.witness_utxo = random.flip().then(|| before.output[0].clone());
        known.non_witness_utxo = Some(before);
    }
    (psbt.serialize(), values)
}
