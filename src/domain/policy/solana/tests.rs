//! Who is paid on Solana, and how much, as the instructions say.

use aboard_vault::wallet::solana::{
    AccountMeta, Address, Instruction, Message, TokenTransfer, associated_token_address,
};
use serde_json::json;

use crate::domain::policy::Action;
use crate::domain::policy::tests::{allows, refuses};

#[test]
fn programs_recipients_and_lamports_of_solana_are_read_from_its_instructions() {
    const SYSTEM: &str = "11111111111111111111111111111111";
    let (own, friend, stranger, other) = (Address([1; 32]), Address([2; 32]), Address([3; 32]), Address([9; 32]));
    let pay = |to: Address| Instruction {
        program: Address([0; 32]),
        accounts: vec![
            AccountMeta {
                key: own,
                signer: true,
                writable: true,
            },
            AccountMeta {
                key: to,
                signer: false,
                writable: true,
            },
        ],
        data: [&2_u32.to_le_bytes()[..], &40_u64.to_le_bytes()].concat(),
    };
    let unread = |program: Address, data: Vec<u8>| Instruction {
        program,
        accounts: vec![AccountMeta {
            key: own,
            signer: true,
            writable: true,
        }],
        data,
    };
    let action = |instructions: &[Instruction]| {
        Action::solana("solana", own, &Message::compile(own, instructions, [7; 32]).unwrap())
    };
    let friends = json!({ "recipients": [friend.to_string()] });
    allows(friends.clone(), &action(&[pay(friend), pay(own)]));
    refuses(friends.clone(), &action(&[pay(friend), pay(stranger)]), "recipients");
    refuses(friends.clone(), &action(&[unread(other, vec![])]), "programs");
    let trusting = json!({ "recipients": [friend.to_string()], "programs": [SYSTEM, other.to_string()] });
    allows(trusting.clone(), &action(&[unread(other, vec![]), pay(friend)]));
    // Assign, say: the program of coins is read or refused.
    refuses(
        trusting,
        &action(&[unread(Address([0; 32]), vec![1, 0, 0, 0])]),
        "programs",
    );
    refuses(
        json!({ "programs": [SYSTEM] }),
        &action(&[unread(other, vec![])]),
        "programs",
    );
    // Two payments and the fee of one signature.
    let limit = |most: u64| json!({ "value": [{ "network": "solana", "per_transaction": most.to_string() }] });
    allows(limit(5_080), &action(&[pay(friend), pay(stranger)]));
    refuses(limit(5_079), &action(&[pay(friend), pay(stranger)]), "value");
}

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

/// An account for a token is made and paid for by `payer`; and some of the token goes there.
fn account_for(payer: Address, owner: Address, program: &str) -> [Instruction; 2] {
    let transfer = TokenTransfer {
        mint: Address([5; 32]),
        program: Address::parse(program).unwrap(),
        decimals: 6,
        to: owner,
        amount: 10,
    };
    transfer.instructions(payer).unwrap()
}

#[test]
fn the_deposit_of_an_account_is_paid_for_recipients_alone() {
    let (own, friend, stranger) = (Address([1; 32]), Address([2; 32]), Address([3; 32]));
    let action = |instructions: &[Instruction]| {
        Action::solana("solana", own, &Message::compile(own, instructions, [7; 32]).unwrap())
    };
    let friends = json!({ "recipients": [friend.to_string()] });
    for kind in [&[][..], &[0], &[1]] {
        let made = |owner| Instruction {
            data: kind.to_vec(),
            ..account_for(own, owner, TOKEN)[0].clone()
        };
        allows(friends.clone(), &action(&[made(friend), made(own)]));
        refuses(friends.clone(), &action(&[made(friend), made(stranger)]), "recipients");
        allows(
            json!({ "programs": [made(own).program.to_string()] }),
            &action(&[made(stranger)]),
        );
    }
    // The account itself is listed, and is what gets the tokens.
    let program = Address::parse(TOKEN).unwrap();
    let account = associated_token_address(&stranger, &Address([5; 32]), &program).unwrap();
    let listed = json!({ "recipients": [account.to_string()] });
    allows(listed, &action(&account_for(own, stranger, TOKEN)));
    // What somebody else pays for is nobody's gain at the cost of the wallet.
    allows(friends.clone(), &action(&account_for(friend, stranger, TOKEN)[..1]));
    // Another instruction of the same program is not read.
    let nested = Instruction {
        data: vec![2],
        ..account_for(own, friend, TOKEN)[0].clone()
    };
    refuses(friends, &action(&[nested]), "programs");
}

#[test]
fn the_deposit_of_an_account_counts_as_lamports_that_are_spent() {
    let (own, friend) = (Address([1; 32]), Address([2; 32]));
    let action = |program: &str| {
        let instructions = account_for(own, friend, program);
        Action::solana("solana", own, &Message::compile(own, &instructions, [7; 32]).unwrap())
    };
    let limit = |most: u64| json!({ "value": [{ "network": "solana", "per_transaction": most.to_string() }] });
    // With the fee of one signature. The chain's own price of 170 bytes is 2,074,080: what Token-2022 takes at least.
    for (program, deposit) in [(TOKEN, 2_039_280), (TOKEN_2022, 2_248_080)] {
        allows(limit(deposit + 5_000), &action(program));
        refuses(limit(deposit + 4_999), &action(program), "value");
    }
}

#[test]
fn an_account_that_is_made_is_paid_like_one_that_is_there() {
    let (own, friend, stranger) = (Address([1; 32]), Address([2; 32]), Address([3; 32]));
    // CreateAccount: lamports, size, owner. CreateAccountWithSeed and TransferWithSeed are not read.
    let create = |to: Address, kind: u32, rest: usize| Instruction {
        program: Address([0; 32]),
        accounts: [own, to]
            .map(|key| AccountMeta {
                key,
                signer: true,
                writable: true,
            })
            .to_vec(),
        data: [&kind.to_le_bytes()[..], &40_u64.to_le_bytes(), &vec![9; rest]].concat(),
    };
    let action = |instruction: Instruction| {
        Action::solana("solana", own, &Message::compile(own, &[instruction], [7; 32]).unwrap())
    };
    let friends = json!({ "recipients": [friend.to_string()] });
    allows(friends.clone(), &action(create(friend, 0, 40)));
    refuses(friends.clone(), &action(create(stranger, 0, 40)), "recipients");
    let limit = |most: u64| json!({ "value": [{ "network": "solana", "per_transaction": most.to_string() }] });
    // Two signatures.
    allows(limit(10_040), &action(create(stranger, 0, 40)));
    refuses(limit(10_039), &action(create(stranger, 0, 40)), "value");
    for kind in [1, 3, 4, 5, 8, 9, 10, 11, 12, 13] {
        refuses(friends.clone(), &action(create(friend, kind, 40)), "programs");
        refuses(limit(1_000_000), &action(create(friend, kind, 40)), "programs");
    }
}
