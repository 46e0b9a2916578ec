use aboard_vault::wallet::evm::{
    Address, AddressError, Authorization, Fees, Key, SignedAuthorization, Transaction, TransactionError, U256,
    parse_address,
};
use proptest::prelude::*;

use super::with_wallet;
use crate::support::flips;

const WEI: u128 = 1_000_000_000;

fn transfer() -> Transaction {
    Transaction {
        chain_id: 11_155_111,
        nonce: 7,
        gas_limit: 21_000,
        to: Some(Address::repeat_byte(0x11)),
        value: U256::from(5),
        data: Vec::new(),
        fees: Fees::Dynamic {
            max_fee_per_gas: 30 * WEI,
            max_priority_fee_per_gas: WEI,
            access_list: Vec::new(),
        },
    }
}

fn with_key(work: impl FnOnce(&Key)) {
    with_wallet(|open| work(&open.evm().ok().unwrap()));
}

fn delegation(key: &Key) -> SignedAuthorization {
    key.sign_authorization(Authorization {
        chain_id: 1,
        address: Address::repeat_byte(0x22),
        nonce: 3,
    })
    .unwrap()
}

fn set_code(authorizations: Vec<SignedAuthorization>) -> Transaction {
    Transaction {
        fees: Fees::SetCode {
            max_fee_per_gas: 2,
            max_priority_fee_per_gas: 1,
            access_list: Vec::new(),
            authorizations,
        },
        ..transfer()
    }
}

#[test]
fn what_is_signed_is_what_comes_back() {
    with_key(|key| {
        let mut call = transfer();
        call.data = vec![0xa9, 0x05, 0x9c, 0xbb, 1, 2, 3];
        let signed = key.sign_transaction(&call).unwrap();
        let (read, signature) = Transaction::parse_signed(&signed.raw).unwrap();
        assert_eq!((&read, signature), (&call, signed.signature));
        assert_eq!(signature.recover(&read.signing_hash()), Some(key.address()));
        let summary = signed.summary;
        assert_eq!(summary.chain_id, 11_155_111);
        assert_eq!(summary.recipient, Some(Address::repeat_byte(0x11)));
        assert_eq!(summary.selector, Some([0xa9, 0x05, 0x9c, 0xbb]));
        assert_eq!(summary.value, U256::from(5));
        let fee = U256::from(21_000 * 30 * WEI);
        assert_eq!((summary.most_fee, summary.most_cost), (fee, fee + U256::from(5)));
        assert!(summary.delegations.is_empty());
        // The same again gives the same bytes: nothing is random here.
        assert_eq!(key.sign_transaction(&call).unwrap().raw, signed.raw);
    });
}

#[test]
fn a_new_contract_has_no_recipient_and_no_method() {
    let create = Transaction {
        to: None,
        data: vec![0x60; 40],
        ..transfer()
    };
    let summary = create.summary().unwrap();
    assert_eq!((summary.recipient, summary.selector), (None, None));
    let short = Transaction {
        data: vec![1, 2, 3],
        ..transfer()
    };
    assert_eq!(short.summary().unwrap().selector, None);
}

#[test]
fn a_transaction_that_nobody_should_sign_is_refused() {
    with_key(|key| {
        let signed = delegation(key);
        let mut any_chain = signed;
        any_chain.authorization.chain_id = 0;
        let tip = Fees::Dynamic {
            max_fee_per_gas: 1,
            max_priority_fee_per_gas: 2,
            access_list: Vec::new(),
        };
        for (transaction, expected) in [
            (
                Transaction {
                    chain_id: 0,
                    ..transfer()
                },
                TransactionError::NoChain,
            ),
            (
                Transaction {
                    fees: tip,
                    ..transfer()
                },
                TransactionError::TipAboveFee,
            ),
            (
                Transaction {
                    value: U256::MAX,
                    ..transfer()
                },
                TransactionError::Cost,
            ),
            (set_code(Vec::new()), TransactionError::NoAuthorization),
            (set_code(vec![any_chain]), TransactionError::AnyChain),
            (
                Transaction {
                    to: None,
                    ..set_code(vec![signed])
                },
                TransactionError::NoRecipient,
            ),
        ] {
            assert_eq!(key.sign_transaction(&transaction).err(), Some(expected));
            assert!(expected.to_string().contains(": ") || expected.to_string().contains("needs"));
        }
        assert!(key.sign_transaction(&set_code(vec![signed])).is_ok());
    });
}

#[test]
fn a_delegation_names_its_chain_and_its_account() {
    with_key(|key| {
        let signed = delegation(key);
        assert_eq!(signed.authority(), Some(key.address()));
        let elsewhere = SignedAuthorization {
            authorization: Authorization {
                chain_id: 2,
                ..signed.authorization
            },
            ..signed
        };
        assert_ne!(elsewhere.authority(), Some(key.address()));
        let any = Authorization {
            chain_id: 0,
            ..signed.authorization
        };
        assert_eq!(key.sign_authorization(any).err(), Some(TransactionError::AnyChain));
    });
}

#[test]
fn a_transaction_is_for_its_chain_alone() {
    assert_eq!(transfer().expect_chain(11_155_111), Ok(()));
    let other = TransactionError::OtherChain {
        found: 11_155_111,
        expected: 1,
    };
    assert_eq!(transfer().expect_chain(1), Err(other));
}

#[test]
fn bytes_that_are_no_transaction_are_explained() {
    for (bytes, expected) in [
        (vec![], TransactionError::Empty),
        (vec![0x03, 0xc0], TransactionError::Kind(3)),
        (vec![0x7f], TransactionError::Kind(0x7f)),
        (vec![0xc0], TransactionError::Field("nonce")),
        (vec![0x02, 0xc0], TransactionError::Field("chainId")),
        (vec![0x02, 0x80], TransactionError::Field("transaction")),
        (vec![0xc0, 0x00], TransactionError::Trailing),
        (vec![0xc0; 300_000], TransactionError::TooLong),
        // A nonce with a zero before it: a second encoding of the same number.
        (vec![0xc2, 0x82, 0x00], TransactionError::Field("nonce")),
    ] {
        assert_eq!(Transaction::parse(&bytes), Err(expected));
    }
}

#[test]
fn every_flipped_bit_is_another_transaction() {
    with_key(|key| {
        let signed = key.sign_transaction(&transfer()).unwrap();
        for changed in flips(&signed.raw) {
            if let Ok((transaction, signature)) = Transaction::parse_signed(&changed) {
                let by = signature.recover(&transaction.signing_hash());
                assert_ne!(by, Some(key.address()));
            }
        }
        for end in 0..signed.raw.len() {
            assert!(Transaction::parse_signed(&signed.raw[..end]).is_err());
        }
    });
}

#[test]
fn an_address_with_a_typo_is_found() {
    let right = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let address = parse_address(right).unwrap();
    for same in [right.to_lowercase(), format!("0x{}", right[2..].to_uppercase())] {
        assert_eq!(parse_address(&same), Ok(address));
    }
    for (wrong, expected) in [
        (right.replace("39F", "39f"), AddressError::Checksum),
        (right.replace("266", "267"), AddressError::Checksum),
        (right[2..].to_owned(), AddressError::Shape),
        (right.replace("0x", "0X"), AddressError::Shape),
        (right[..41].to_owned(), AddressError::Shape),
        (format!("{right}0"), AddressError::Shape),
        (right.replace('9', "g"), AddressError::Shape),
        (
            "0xé39Fd6e51aad88F6F4ce6aB8827279cffFb922".to_owned(),
            AddressError::Shape,
        ),
    ] {
        assert_eq!(parse_address(&wrong), Err(expected), "{wrong}");
    }
}

#[test]
fn a_high_s_is_nobodys() {
    with_key(|key| {
        let mut signature = key.sign_hash([7; 32]);
        assert_eq!(signature.recover(&[7; 32]), Some(key.address()));
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        let order = U256::from_str_radix(order, 16).unwrap();
        assert!(signature.s <= order >> 1);
        signature.s = order - signature.s;
        signature.y_parity = !signature.y_parity;
        assert_eq!(signature.recover(&[7; 32]), None);
    });
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_in_one_way(mut bytes: Vec<u8>, kind in 0..5_u8) {
        if kind > 0 {
            bytes.insert(0, kind);
        }
        if let Ok(transaction) = Transaction::parse(&bytes) {
            prop_assert!(transaction.summary().is_ok());
        }
    }

    #[test]
    fn any_text_is_no_address_and_no_panic(text: String) {
        prop_assert!(parse_address(&text).is_err());
        let prefixed = format!("0x{text}");
        prop_assert!(parse_address(&prefixed).is_err() || text.len() == 40);
    }
}
