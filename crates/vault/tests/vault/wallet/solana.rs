use aboard_vault::verify;
use aboard_vault::wallet::solana::{
    AccountMeta, Address, CompileError, Effect, Instruction, Key, Message, MessageError, Priority, SignError,
    Signature, SolanaAddressError, TokenTransfer, Transaction, associated_token_address,
};
use proptest::prelude::*;

use super::with_wallet;

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub const BLOCK: [u8; 32] = [8; 32];

pub fn with_key(work: impl FnOnce(&Key)) {
    with_wallet(|open| work(&open.solana().ok().unwrap()));
}

pub fn somebody() -> Address {
    Address([7; 32])
}

#[test]
fn a_transfer_is_signed_and_says_what_it_does() {
    with_key(|key| {
        let priority = Priority {
            price: 1_500_000,
            units: 1001,
        };
        let sent = key.sign_transfer(somebody(), 42, Some(priority), BLOCK).unwrap();
        let message = sent.message.to_bytes();
        assert!(verify(&key.address().0, &message, &sent.signatures[0]));
        assert_eq!(sent.id(), Some(sent.signatures[0]));
        assert!(sent.missing().is_empty());
        let summary = sent.message.summary();
        assert_eq!(summary.payer, key.address());
        let transfer = Effect::Transfer {
            from: key.address(),
            to: somebody(),
            lamports: 42,
        };
        assert_eq!(summary.effects, [Effect::Budget, Effect::Budget, transfer]);
        assert_eq!(summary.programs.len(), 2);
        // 5000 for the signature, and 1001 × 1.5 lamports rounded up.
        assert_eq!((summary.most_fee, summary.unit_price), (5000 + 1502, 1_500_000));
        assert!(!summary.hidden_accounts);
        assert_eq!(Transaction::parse(&sent.to_bytes()), Ok(sent));
    });
}

#[test]
fn a_token_goes_to_the_account_of_its_receiver() {
    with_key(|key| {
        let transfer = TokenTransfer {
            mint: Address([5; 32]),
            program: Address::parse(TOKEN).unwrap(),
            decimals: 6,
            to: somebody(),
            amount: 1_000_000,
        };
        let account = |owner: &Address| associated_token_address(owner, &transfer.mint, &transfer.program).unwrap();
        let sent = key.sign_token_transfer(&transfer, None, BLOCK).unwrap();
        let create = Effect::TokenAccount {
            payer: key.address(),
            account: account(&somebody()),
            owner: somebody(),
            mint: transfer.mint,
            program: transfer.program,
        };
        let moved = Effect::Token {
            program: transfer.program,
            source: account(&key.address()),
            target: account(&somebody()),
            mint: Some(transfer.mint),
            authority: key.address(),
            amount: 1_000_000,
        };
        assert_eq!(sent.message.summary().effects, [create, moved]);
        let other = TokenTransfer {
            program: somebody(),
            ..transfer
        };
        let refused = key.sign_token_transfer(&other, None, BLOCK);
        assert_eq!(refused, Err(CompileError::TokenProgram));
    });
}

/// The example in the tests of SPL Token's own client.
#[test]
fn associated_accounts_are_those_of_the_chain() {
    let parse = |text| Address::parse(text).unwrap();
    let account = associated_token_address(
        &parse("B8UwBUUnKwCyKuGMbFKWaG7exYdDk2ozZrPg72NyVbfj"),
        &parse("7o36UsWR1JQLpZ9PE2gn9L4SQ69CNNiWAXd4Jt7rqz9Z"),
        &parse(TOKEN),
    );
    assert_eq!(account, Some(parse("DShWnroshVbeUp28oopA3Pu7oFPDBtC1DBmPECXXAQ9n")));
}

#[test]
fn a_message_that_is_a_transaction_is_refused() {
    with_key(|key| {
        let sent = key.sign_transfer(somebody(), 1, None, BLOCK).unwrap();
        let message = sent.message.to_bytes();
        let mut versioned = sent.message.clone();
        versioned.versioned = true;
        let newer = [&[0x81][..], &message].concat();
        for bytes in [&message, &sent.to_bytes(), &versioned.to_bytes(), &newer, &vec![0x80]] {
            assert_eq!(key.sign_message(bytes), Err(MessageError));
        }
        for text in ["", "hello", "Ünïcødé", "\u{1}\u{0}\u{1}"] {
            let signature = key.sign_message(text.as_bytes()).unwrap();
            assert!(verify(&key.address().0, text.as_bytes(), &signature));
        }
    });
}

#[test]
fn others_can_sign_too() {
    with_key(|key| {
        let other = Address([9; 32]);
        let instruction = Instruction {
            program: Address([4; 32]),
            accounts: vec![AccountMeta {
                key: other,
                signer: true,
                writable: false,
            }],
            data: vec![1],
        };
        let sent = key.sign_instructions(&[instruction], None, BLOCK).unwrap();
        assert_eq!(sent.missing(), [other]);
        assert_eq!(sent.message.signer_keys(), [key.address(), other]);
        // Their signature stays when ours is made again.
        let mut theirs = sent.clone();
        theirs.signatures[1] = [3; 64];
        let signed = key.sign_transaction(&theirs).unwrap();
        assert_eq!(signed.signatures, [sent.signatures[0], [3; 64]]);

        let foreign = Message::compile(other, &[transfer_of(other)], BLOCK).unwrap();
        let unsigned = Transaction {
            signatures: vec![[0; 64]],
            message: foreign,
        };
        assert_eq!(unsigned.id(), None);
        assert_eq!(key.sign_transaction(&unsigned), Err(SignError::NotASigner));
    });
}

fn transfer_of(from: Address) -> Instruction {
    Instruction {
        program: Address([0; 32]),
        accounts: vec![
            AccountMeta {
                key: from,
                signer: true,
                writable: true,
            },
            AccountMeta {
                key: somebody(),
                signer: false,
                writable: true,
            },
        ],
        data: vec![2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    }
}

#[test]
fn addresses_are_32_bytes_of_base58() {
    for text in [
        "11111111111111111111111111111111",
        "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96",
    ] {
        assert_eq!(Address::parse(text).unwrap().to_string(), text);
    }
    for wrong in [
        "",
        "1111111111111111111111111111111",
        "111111111111111111111111111111111",
        "0eYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96 ",
    ] {
        assert_eq!(Address::parse(wrong), Err(SolanaAddressError));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_in_one_way(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert_eq!(message.to_bytes(), bytes.clone());
            let _ = message.summary();
        }
        if let Ok(transaction) = Transaction::parse(&bytes) {
            prop_assert_eq!(transaction.to_bytes(), bytes);
        }
    }

    #[test]
    fn signatures_round_trip(bytes in proptest::collection::vec(any::<u8>(), 64..65)) {
        let signature = Signature(bytes.try_into().unwrap());
        prop_assert_eq!(Signature::parse(&signature.to_string()), Some(signature));
        prop_assert_eq!(Signature::parse(&format!("{signature}0")), None);
    }

    #[test]
    fn addresses_round_trip(bytes: [u8; 32]) {
        prop_assert_eq!(Address::parse(&Address(bytes).to_string()), Ok(Address(bytes)));
    }
}
