//! The vectors of the EIPs, and ethers' own test cases.

use alloy_primitives::{Address, U256, keccak256};

use super::{Fees, Key, Transaction, TransactionError, TypedData, address_of, parse_address};
use crate::wallet::{
    curve::SecpKey,
    tests::{cases, hex, unhex},
};

fn key(bytes: &[u8]) -> Key {
    let address = address_of(&SecpKey::from_slice(bytes).unwrap().public());
    Key::new(bytes, address).unwrap()
}

#[test]
fn eip_55_checksums() {
    for text in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        assert_eq!(parse_address(text).unwrap().to_string(), text);
    }
}

/// The example in EIP-155.
#[test]
fn eip_155_example() {
    let unsigned = unhex("ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080");
    let transaction = Transaction {
        chain_id: 1,
        nonce: 9,
        gas_limit: 21_000,
        to: Some(Address::repeat_byte(0x35)),
        value: U256::from(1_000_000_000_000_000_000_u64),
        data: Vec::new(),
        fees: Fees::Legacy {
            gas_price: 20_000_000_000,
        },
    };
    assert_eq!(Transaction::parse(&unsigned), Ok(transaction.clone()));
    let hash = "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53";
    assert_eq!(hex(transaction.signing_hash().as_slice()), hash);
    let signed = key(&[0x46; 32]).sign_transaction(&transaction).unwrap();
    let raw = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0\
        28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276\
        a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    assert_eq!(hex(&signed.raw), raw);
}

/// EIP-191 has no vector; this is the example of web3.js' `accounts.sign`.
#[test]
fn eip_191_message() {
    let key = key(&unhex(
        "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
    ));
    let signature = "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
        6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c";
    assert_eq!(hex(&key.sign_message(b"Some data").to_bytes()), signature);
}

/// The example in EIP-712, whose key is `keccak256("cow")`.
#[test]
fn eip_712_example() {
    let data = TypedData::parse(include_str!("../../../tests/vectors/mail.json")).unwrap();
    let hash = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
    assert_eq!(hex(data.hash().as_slice()), hash);
    assert_eq!(data.primary_type(), "Mail");
    assert_eq!(data.domain().name.as_deref(), Some("Ether Mail"));
    assert_eq!(data.domain().chain_id, Some(U256::from(1)));
    let key = key(keccak256("cow").as_slice());
    assert_eq!(key.address().to_string(), "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
    let signature = "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d\
        07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c";
    assert_eq!(hex(&key.sign_typed_data(&data).to_bytes()), signature);
}

/// ethers' random documents: most have no `EIP712Domain` in their types.
#[test]
fn eip_712_cases_of_ethers() {
    let cases = cases(include_str!("../../../tests/vectors/eip712.json"));
    assert_eq!(cases.len(), 80);
    for case in cases {
        let document = case["document"].to_string();
        let data = TypedData::parse(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
        assert_eq!(
            format!("0x{}", hex(data.hash().as_slice())),
            case["digest"].as_str().unwrap()
        );
    }
}

/// ethers' random transactions of EIP-155: read, encoded and signed byte for byte.
#[test]
fn legacy_cases_of_ethers() {
    for case in cases(include_str!("../../../tests/vectors/legacy_transactions.json")) {
        round_trip(&case, 5);
        let without_chain = unhex(case["without_chain"].as_str().unwrap());
        assert_eq!(Transaction::parse(&without_chain), Err(TransactionError::NoChain));
    }
}

/// As above, of EIP-2930 and EIP-1559.
#[test]
fn typed_cases_of_ethers() {
    let cases = cases(include_str!("../../../tests/vectors/typed_transactions.json"));
    assert_eq!(cases.len(), 120);
    for case in cases {
        let transaction = round_trip(&case, case["chain"].as_u64().unwrap());
        match transaction.fees {
            Fees::AccessList { .. } => assert_eq!(case["type"], 1),
            Fees::Dynamic { .. } => assert_eq!(case["type"], 2),
            other => panic!("{other:?}"),
        }
    }
}

fn round_trip(case: &serde_json::Value, chain: u64) -> Transaction {
    let bytes = |name: &str| unhex(case[name].as_str().unwrap());
    let (unsigned, signed) = (bytes("unsigned"), bytes("signed"));
    let transaction = Transaction::parse(&unsigned).unwrap_or_else(|error| panic!("{error}: {case}"));
    assert_eq!(transaction.chain_id, chain);
    assert_eq!(transaction.encode(None), unsigned);
    let key = key(&bytes("key"));
    let made = key.sign_transaction(&transaction).unwrap();
    assert_eq!(hex(&made.raw), hex(&signed));
    let (read, signature) = Transaction::parse_signed(&signed).unwrap();
    assert_eq!(read, transaction);
    assert_eq!(signature.recover(&transaction.signing_hash()), Some(key.address()));
    assert_eq!(Transaction::parse(&signed), Err(TransactionError::Signed));
    assert_eq!(Transaction::parse_signed(&unsigned), Err(TransactionError::Unsigned));
    transaction
}

/// viem's serialization of a transaction of EIP-7702 with two authorizations.
#[test]
fn eip_7702_transaction_of_viem() {
    let signature = "a060fdd29ff912ce880cd3edaf9f932dc61d3dae823ea77e0323f94adb9f6a72fe";
    let unsigned = unhex(&format!(
        "04f8e3018203118080809470997970c51812dc3a010c7d01b50e0d17dc79c8880de0b6b3a764000080c0f8ba\
         f85c0194fba3912ca04dd458c843e2ee08967fc04f3579c28201a480{signature}{signature}\
         f85a0a9400000000000000000000000000000000000000004501{signature}{signature}"
    ));
    let transaction = Transaction::parse(&unsigned).unwrap();
    assert_eq!(transaction.encode(None), unsigned);
    let Fees::SetCode { authorizations, .. } = &transaction.fees else {
        panic!("{transaction:?}");
    };
    let [one, two] = authorizations.as_slice() else {
        panic!("{authorizations:?}");
    };
    assert_eq!((one.authorization.chain_id, one.authorization.nonce), (1, 420));
    assert!(!one.signature.y_parity && two.signature.y_parity);
    let contract = one.authorization.address.to_string();
    assert_eq!(contract, "0xFBA3912Ca04dd458c843e2EE08967fC04f3579c2");
    assert_eq!(
        transaction.summary().unwrap().delegations,
        [(1, one.authorization.address), (10, Address::ZERO)]
    );
}
