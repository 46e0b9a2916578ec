//! A transaction is read in one way: what was read is signed and read again as the same.
#![no_main]

use aboard_vault::wallet::evm::Transaction;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(transaction) = Transaction::parse(bytes) {
        transaction.summary().expect("what was read has a summary");
        let _ = transaction.signing_hash();
    }
    if let Ok((transaction, signature)) = Transaction::parse_signed(bytes) {
        let _ = signature.recover(&transaction.signing_hash());
    }
});
