use aboard_vault::wallet::solana::{
    AccountMeta, Address, CompileError, Effect, Instruction, Lookup, Message, ParseError, SignError, Transaction,
};

use super::solana::{BLOCK, somebody, with_key};
use crate::support::flips;

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
        Message::compile(payer, std::slice::from_ref(&long), BLOCK),
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
