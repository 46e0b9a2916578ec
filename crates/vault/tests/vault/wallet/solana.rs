use aboard_vault::verify;
use aboard_vault::wallet::solana::{
    AccountMeta, Address, CompileError, Effect, Instruction, Key, Lookup, Message, MessageError, ParseError, Priority,
    SignError, SolanaAddressError, TokenTransfer, Transaction, associated_token_address,
};
use proptest::prelude::*;

use super::with_wallet;
use crate::support::flips;

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const BLOCK: [u8; 32] = [8; 32];

fn with_key(work: impl FnOnce(&Key)) {
    with_wallet(|open| work(&open.solana().ok().unwrap()));
}

fn somebody() -> Address {
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
        assert_eq!(summary.most_fee, 5000 + 1502);
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
            owner: somebody(),
            mint: transfer.mint,
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
fn accounts_have_the_most_that_any_mention_asks() {
    let (payer, twice) = (Address([1; 32]), Address([2; 32]));
    let meta = |signer, writable| AccountMeta {
        key: twice,
        signer,
        writable,
    };
    let instruction = Instruction {
        program: Address([3; 32]),
        accounts: vec![meta(false, false), meta(true, false), meta(false, true)],
        data: Vec::new(),
    };
    let message = Message::compile(payer, &[instruction], BLOCK).unwrap();
    assert_eq!(message.keys, [payer, twice, Address([3; 32])]);
    assert_eq!(
        (message.signers, message.readonly_signers, message.readonly_others),
        (2, 0, 1)
    );
    assert_eq!(message.instructions[0].accounts, [1, 1, 1]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let payer = Address([1; 32]);
    assert_eq!(Message::compile(payer, &[], BLOCK), Err(CompileError::Empty));
    let long = Instruction {
        program: Address([3; 32]),
        accounts: Vec::new(),
        data: vec![0; 1200],
    };
    assert_eq!(
        Message::compile(payer, &[long.clone()], BLOCK),
        Err(CompileError::TooLong)
    );
    let many = Instruction {
        accounts: (0..=255_u8)
            .map(|n| AccountMeta {
                key: Address([n; 32]),
                signer: false,
                writable: false,
            })
            .collect(),
        data: Vec::new(),
        ..long
    };
    assert_eq!(Message::compile(payer, &[many], BLOCK), Err(CompileError::TooLong));
    // Nobody runs the payer as a program.
    let own = Instruction {
        program: payer,
        accounts: Vec::new(),
        data: Vec::new(),
    };
    let refused = CompileError::Parse(ParseError::Instruction(0));
    assert_eq!(Message::compile(payer, &[own], BLOCK), Err(refused));
}

/// One change each to a message that is right.
#[test]
fn a_message_that_the_network_refuses_is_not_signed() {
    with_key(|key| {
        let right = key.sign_transfer(somebody(), 1, None, BLOCK).unwrap();
        let refused = |change: &dyn Fn(&mut Message), expected| {
            let mut transaction = right.clone();
            change(&mut transaction.message);
            assert_eq!(Message::parse(&transaction.message.to_bytes()), Err(expected));
            assert_eq!(key.sign_transaction(&transaction), Err(SignError::Parse(expected)));
        };
        refused(&|message| message.signers = 0, ParseError::Accounts);
        refused(&|message| message.readonly_signers = 1, ParseError::Accounts);
        refused(&|message| message.readonly_others = 3, ParseError::Accounts);
        refused(&|message| message.keys[1] = message.keys[0], ParseError::Accounts);
        refused(
            &|message| message.instructions[0].program = 0,
            ParseError::Instruction(0),
        );
        refused(
            &|message| message.instructions[0].program = 3,
            ParseError::Instruction(0),
        );
        refused(
            &|message| message.instructions[0].accounts[0] = 3,
            ParseError::Instruction(0),
        );
        let empty = Lookup {
            table: somebody(),
            writable: Vec::new(),
            readonly: Vec::new(),
        };
        refused(
            &|message| {
                message.versioned = true;
                message.lookups = vec![empty.clone()];
            },
            ParseError::Accounts,
        );
    });
}

#[test]
fn a_versioned_message_with_tables_hides_accounts() {
    with_key(|key| {
        let mut transaction = key.sign_transfer(somebody(), 1, None, BLOCK).unwrap();
        transaction.message.versioned = true;
        transaction.message.lookups = vec![Lookup {
            table: Address([6; 32]),
            writable: vec![1],
            readonly: vec![2, 3],
        }];
        transaction.message.instructions[0].accounts[1] = 3;
        let signed = key.sign_transaction(&transaction).unwrap();
        let read = Transaction::parse(&signed.to_bytes()).unwrap();
        assert_eq!(read, signed);
        let summary = read.message.summary();
        assert!(summary.hidden_accounts);
        // Whom the transfer pays stands in the table: it is not called a transfer to somebody.
        assert!(matches!(summary.effects[..], [Effect::Other { .. }]));
    });
}

#[test]
fn bytes_that_are_no_transaction_are_explained() {
    with_key(|key| {
        let raw = key.sign_transfer(somebody(), 1, None, BLOCK).unwrap().to_bytes();
        for end in 0..raw.len() {
            assert!(Transaction::parse(&raw[..end]).is_err());
        }
        assert_eq!(
            Transaction::parse(&[&raw[..], &[0]].concat()),
            Err(ParseError::Trailing)
        );
        assert_eq!(Transaction::parse(&[0; 1233]), Err(ParseError::TooLong));
        let none = [&[0][..], &raw[65..]].concat();
        let signatures = ParseError::Signatures { found: 0, expected: 1 };
        assert_eq!(Transaction::parse(&none), Err(signatures));
        assert_eq!(Message::parse(&[0x81, 1, 0, 0]), Err(ParseError::Version(1)));
        for changed in flips(&raw) {
            if let Ok(read) = Transaction::parse(&changed) {
                // One encoding each: it is written as it was read.
                assert_eq!(read.to_bytes(), changed);
            }
        }
    });
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
            message.summary();
        }
        if let Ok(transaction) = Transaction::parse(&bytes) {
            prop_assert_eq!(transaction.to_bytes(), bytes);
        }
    }

    #[test]
    fn addresses_round_trip(bytes: [u8; 32]) {
        prop_assert_eq!(Address::parse(&Address(bytes).to_string()), Ok(Address(bytes)));
    }
}
