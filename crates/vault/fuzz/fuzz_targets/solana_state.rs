//! What token programs keep on the chain is read without a panic, and nothing is both a mint and an account.
#![no_main]

use aboard_vault::wallet::solana::{Address, Mint, TokenAccount, symbol_in_metadata, symbol_in_mint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for program in [
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
    ] {
        let program = Address::parse(program).expect("it is one");
        let (mint, account) = (Mint::parse(program, bytes), TokenAccount::parse(program, bytes));
        assert!(mint.is_err() || account.is_err());
        let _ = symbol_in_mint(program, bytes);
    }
    let _ = symbol_in_metadata(&Address([0; 32]), bytes);
});
