//! The vectors of BIP-143 and BIP-322.

use base64::{Engine, prelude::BASE64_STANDARD};
use bitcoin::{Amount, Psbt, ScriptBuf, Transaction, TxOut, consensus::encode::deserialize};

use super::{
    Key, Network, Payment, PublicKey,
    message::{to_sign, to_spend},
};
use crate::wallet::{
    curve::SecpKey,
    tests::{hex, unhex},
};

fn key(bytes: &[u8]) -> Key {
    let public = PublicKey::new(SecpKey::from_slice(bytes).unwrap().public());
    Key::new(bytes, public).unwrap()
}

/// The native P2WPKH example of BIP-143: the second input is ours, the first another's (P2PK).
#[test]
fn bip_143_native_p2wpkh() {
    let key = key(&unhex(
        "619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9",
    ));
    let unsigned: Transaction = deserialize(&unhex(
        "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffff\
         ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff\
         02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac\
         9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000",
    ))
    .unwrap();
    let mut psbt = Psbt::from_unsigned_tx(unsigned).unwrap();
    let output = |value, script: &str| TxOut {
        value: Amount::from_sat(value),
        script_pubkey: ScriptBuf::from_bytes(unhex(script)),
    };
    psbt.inputs[0].witness_utxo = Some(output(
        625_000_000,
        "2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac",
    ));
    psbt.inputs[0].final_script_sig = Some(ScriptBuf::from_bytes(unhex(
        "4830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be02204052\
         9b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01",
    )));
    psbt.inputs[1].witness_utxo = Some(output(600_000_000, "00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1"));

    let payment = Payment::parse(&psbt.serialize(), &key.public()).unwrap();
    let summary = payment.summary();
    assert_eq!(
        (summary.fee, summary.cost, summary.values_proven),
        (889_210_000, 600_000_000, false)
    );
    assert_eq!(
        summary.inputs.iter().map(|input| input.own).collect::<Vec<_>>(),
        [false, true]
    );
    let signed = key.sign_psbt(&payment);
    let transaction = "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f000000\
        00494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f92\
        81a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b30\
        9fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a7\
        6ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609\
        e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f\
        51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357\
        11000000";
    assert_eq!(hex(&signed.transaction.unwrap()), transaction);
}

/// BIP-322's basic vectors for P2WPKH. The BIP has two signatures of each message, of a signer that
/// looks for a short one and of one that does not, as here.
#[test]
fn bip_322_messages() {
    // L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k
    let wif = bitcoin::base58::decode_check("L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k").unwrap();
    let key = key(&wif[1..33]);
    let script = key.public().script();
    let address = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
    assert_eq!(key.public().address(Network::Main), address);
    for (message, spend, sign, signatures) in [
        (
            "",
            "c5680aa69bb8d860bf82d4e9cd3504b55dde018de765a91bb566283c545a99a7",
            "1e9654e951a5ba44c8604c4de6c67fd78a27e81dcadcfe1edf638ba3aaebaed6",
            [
                "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
                "AkgwRQIhAPkJ1Q4oYS0htvyuSFHLxRQpFAY56b70UvE7Dxazen0ZAiAtZfFz1S6T6I23MWI2lK/pcNTWncuyL8UL+oMdydVgzAEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy",
            ],
        ),
        (
            "Hello World",
            "b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b",
            "88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf",
            [
                "AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
                "AkgwRQIhAOzyynlqt93lOKJr+wmmxIens//zPzl9tqIOua93wO6MAiBi5n5EyAcPScOjf1lAqIUIQtr3zKNeavYabHyR8eGhowEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy",
            ],
        ),
    ] {
        let first = to_spend(script.0.clone(), message.as_bytes());
        assert_eq!(first.compute_txid().to_string(), spend);
        assert_eq!(to_sign(&first).compute_txid().to_string(), sign);
        let signature = key.sign_message(message.as_bytes());
        assert!(signatures.contains(&signature.as_str()), "{signature}");
        assert!(BASE64_STANDARD.decode(signature).unwrap().len() < 110);
    }
}
