//! Messages, transfers of lamports and tokens, and any instructions.

use aboard_vault::{
    Entropy,
    wallet::{
        OpenWallet,
        solana::{AccountMeta, Address, Instruction, Priority, TokenTransfer, Transaction, associated_token_address},
    },
};
use serde_json::json;

use crate::{hex, line, random::Random};

pub fn print(open: &OpenWallet<'_>, random: &Random) {
    let key = open.solana().unwrap();
    let message = random.text();
    line(
        "solana-message",
        json!({"message": message, "signature": hex(key.sign_message(message.as_bytes()).unwrap())}),
    );

    let address = || Address(Entropy::array(random));
    let blockhash: [u8; 32] = random.array();
    let priority = random.flip().then(|| Priority {
        price: random.below(1 << 40),
        units: u32::try_from(random.below(1_400_000)).unwrap(),
    });
    let (to, lamports) = (address(), random.number());
    let sent = key.sign_transfer(to, lamports, priority, blockhash).unwrap();
    line(
        "solana-transfer",
        json!({
            "raw": raw(&sent),
            "to": to.to_string(),
            "lamports": lamports.to_string(),
            "blockhash": Address(blockhash).to_string(),
            "price": priority.map(|priority| priority.price.to_string()),
            "units": priority.map(|priority| priority.units),
        }),
    );

    let program = [
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
    ][usize::from(random.flip())];
    let transfer = TokenTransfer {
        mint: address(),
        program: Address::parse(program).unwrap(),
        decimals: u8::try_from(random.below(19)).unwrap(),
        to: address(),
        amount: random.number(),
    };
    let sent = key.sign_token_transfer(&transfer, priority, blockhash).unwrap();
    let account = |owner: Address| {
        let account = associated_token_address(&owner, &transfer.mint, &transfer.program).unwrap();
        account.to_string()
    };
    line(
        "solana-token",
        json!({
            "raw": raw(&sent),
            "mint": transfer.mint.to_string(),
            "program": program,
            "decimals": transfer.decimals,
            "to": transfer.to.to_string(),
            "amount": transfer.amount.to_string(),
            "source": account(key.address()),
            "target": account(transfer.to),
        }),
    );

    // Accounts come again among the instructions, in all their roles.
    let pool: Vec<Address> = (0..6).map(|_| address()).chain([key.address()]).collect();
    let pick = || pool[usize::try_from(random.below(pool.len() as u64)).unwrap()];
    let instructions: Vec<Instruction> = (0..=random.below(3))
        .map(|_| Instruction {
            program: address(),
            accounts: (0..random.below(5))
                .map(|_| {
                    let key_of = pick();
                    AccountMeta {
                        key: key_of,
                        signer: key_of == key.address() && random.flip(),
                        writable: random.flip(),
                    }
                })
                .collect(),
            data: random.bytes(30),
        })
        .collect();
    let sent = key.sign_instructions(&instructions, None, blockhash).unwrap();
    let instructions: Vec<_> = instructions
        .iter()
        .map(|instruction| {
            let keys: Vec<_> = instruction
                .accounts
                .iter()
                .map(|account| json!({"pubkey": account.key.to_string(), "isSigner": account.signer, "isWritable": account.writable}))
                .collect();
            json!({"programId": instruction.program.to_string(), "keys": keys, "data": hex(&instruction.data)})
        })
        .collect();
    line(
        "solana-instructions",
        json!({"raw": raw(&sent), "instructions": instructions}),
    );
}

/// The bytes, which have to read as the same transaction.
fn raw(transaction: &Transaction) -> String {
    let bytes = transaction.to_bytes();
    assert_eq!(Transaction::parse(&bytes).as_ref(), Ok(transaction));
    assert!(transaction.missing().is_empty());
    hex(bytes)
}
