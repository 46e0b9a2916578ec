//! What is private: lengths, and the addresses of programs.

use proptest::prelude::*;

use super::{
    ParseError, program,
    reader::{Reader, push_length},
};

/// The examples in Solana's documentation of compact-u16.
#[test]
fn lengths_are_compact() {
    for (value, bytes) in [
        (0, &[0][..]),
        (5, &[5]),
        (0x7f, &[0x7f]),
        (0x80, &[0x80, 0x01]),
        (0xff, &[0xff, 0x01]),
        (0x100, &[0x80, 0x02]),
        (0x7fff, &[0xff, 0xff, 0x01]),
        (0xffff, &[0xff, 0xff, 0x03]),
    ] {
        let mut out = Vec::new();
        push_length(&mut out, value);
        assert_eq!(out, bytes);
        assert_eq!(Reader(bytes).length(), Ok(usize::from(value)));
    }
    for bytes in [
        &[0x80, 0x00][..],
        &[0xff, 0x80, 0x00],
        &[0xff, 0xff, 0x04],
        &[0x80, 0x80, 0x80],
    ] {
        assert_eq!(Reader(bytes).length(), Err(ParseError::Length));
    }
    assert_eq!(Reader(&[0x80]).length(), Err(ParseError::Short));
}

#[test]
fn programs_are_written_right() {
    for (address, text) in [
        (program::SYSTEM, "11111111111111111111111111111111"),
        (program::token(), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
        (program::token_2022(), "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"),
        (
            program::associated_token(),
            "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
        ),
        (program::compute_budget(), "ComputeBudget111111111111111111111111111111"),
        (program::metadata(), "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s"),
    ] {
        assert_eq!(address.to_string(), text);
    }
}

proptest! {
    #[test]
    fn lengths_round_trip(value: u16) {
        let mut out = Vec::new();
        push_length(&mut out, value);
        prop_assert_eq!(Reader(&out).length(), Ok(usize::from(value)));
    }
}
