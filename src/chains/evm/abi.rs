//! The few calls that wallets make of contracts, as bytes (Solidity's ABI): ERC-20, ERC-721 and ERC-1155.

use aboard_vault::wallet::evm::{Address, U256};

/// `transfer(address,uint256)` of ERC-20.
#[must_use]
pub fn transfer(to: Address, amount: U256) -> Vec<u8> {
    Writer::new([0xa9, 0x05, 0x9c, 0xbb]).address(to).number(amount).0
}

/// `safeTransferFrom(address,address,uint256)` of ERC-721.
#[must_use]
pub fn transfer_erc721(from: Address, to: Address, token: U256) -> Vec<u8> {
    Writer::new([0x42, 0x84, 0x2e, 0x0e])
        .address(from)
        .address(to)
        .number(token)
        .0
}

/// `safeTransferFrom(address,address,uint256,uint256,bytes)` of ERC-1155, with no bytes.
#[must_use]
pub fn transfer_erc1155(from: Address, to: Address, token: U256, amount: U256) -> Vec<u8> {
    let call = Writer::new([0xf2, 0x42, 0x43, 0x2a]).address(from).address(to);
    call.number(token).number(amount).offset(5).count(0).0
}

/// `safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)` of ERC-1155, with no bytes: pairs of token and amount.
#[must_use]
pub fn transfer_erc1155_batch(from: Address, to: Address, pairs: &[(U256, U256)]) -> Vec<u8> {
    let list = 1 + pairs.len();
    let mut call = Writer::new([0x2e, 0xb2, 0xc2, 0xd6]).address(from).address(to);
    call = call.offset(5).offset(5 + list).offset(5 + 2 * list);
    call = call.count(pairs.len());
    for (token, _) in pairs {
        call = call.number(*token);
    }
    call = call.count(pairs.len());
    for (_, amount) in pairs {
        call = call.number(*amount);
    }
    call.count(0).0
}

/// `balanceOf(address)` of ERC-20.
#[must_use]
pub fn balance_of(account: Address) -> Vec<u8> {
    Writer::new([0x70, 0xa0, 0x82, 0x31]).address(account).0
}

/// `symbol()`.
#[must_use]
pub fn symbol() -> Vec<u8> {
    vec![0x95, 0xd8, 0x9b, 0x41]
}

/// `decimals()`.
#[must_use]
pub fn decimals() -> Vec<u8> {
    vec![0x31, 0x3c, 0xe5, 0x67]
}

struct Writer(Vec<u8>);

impl Writer {
    fn new(selector: [u8; 4]) -> Self {
        Self(selector.to_vec())
    }

    fn number(mut self, number: U256) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes::<32>());
        self
    }

    fn address(self, address: Address) -> Self {
        self.number(U256::from_be_slice(address.as_slice()))
    }

    fn count(self, count: usize) -> Self {
        self.number(U256::from(count))
    }

    /// Where something of no fixed length stands, in words from the first argument on.
    fn offset(self, words: usize) -> Self {
        self.count(32 * words)
    }
}

/// One number, alone.
#[must_use]
pub fn read_number(result: &[u8]) -> Option<U256> {
    // Some old tokens answer more than they should.
    Some(U256::from_be_slice(result.get(..32)?))
}

/// A text: as `string`, or as `bytes32` as old tokens have it. At most `most` characters, none of which hides something.
#[must_use]
pub fn read_text(result: &[u8], most: usize) -> Option<String> {
    let bytes = if result.len() == 32 {
        let end = result.iter().position(|byte| *byte == 0).unwrap_or(32);
        result.get(..end)?
    } else {
        let at = usize::try_from(read_number(result)?).ok()?;
        let length = usize::try_from(read_number(result.get(at..)?)?).ok()?;
        let start = at.checked_add(32)?;
        result.get(start..start.checked_add(length)?)?
    };
    let text = String::from_utf8_lossy(bytes);
    let shown = |letter: &char| !letter.is_control() && !crate::chains::endpoints::is_direction(*letter);
    let text: String = text.chars().filter(shown).take(most).collect();
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::wire::hex;
    use super::*;
    use proptest::prelude::*;

    const WORD: &str = "000000000000000000000000000000000000000000000000000000000000000";

    #[test]
    fn calls_are_what_the_abi_says() {
        let (ada, bob) = (Address::repeat_byte(0xa), Address::repeat_byte(0xb));
        let (a, b) = (
            format!("{}{}", "0".repeat(24), "0a".repeat(20)),
            format!("{}{}", "0".repeat(24), "0b".repeat(20)),
        );
        assert_eq!(hex(&transfer(bob, U256::from(5))), format!("0xa9059cbb{b}{WORD}5"));
        assert_eq!(hex(&balance_of(ada)), format!("0x70a08231{a}"));
        assert_eq!(
            hex(&transfer_erc721(ada, bob, U256::from(7))),
            format!("0x42842e0e{a}{b}{WORD}7")
        );
        let one = transfer_erc1155(ada, bob, U256::from(7), U256::from(2));
        let offset = format!("{}a0", "0".repeat(62));
        assert_eq!(hex(&one), format!("0xf242432a{a}{b}{WORD}7{WORD}2{offset}{WORD}0"));
        let two = transfer_erc1155_batch(
            ada,
            bob,
            &[(U256::from(7), U256::from(2)), (U256::from(8), U256::from(3))],
        );
        let [first, second, third] = ["00a0", "0100", "0160"].map(|end| format!("{}{end}", "0".repeat(60)));
        let lists = format!("{WORD}2{WORD}7{WORD}8{WORD}2{WORD}2{WORD}3{WORD}0");
        assert_eq!(hex(&two), format!("0x2eb2c2d6{a}{b}{first}{second}{third}{lists}"));
    }

    #[test]
    fn symbols_of_both_kinds_are_read_and_tricks_are_not() {
        let mut word = [0; 32];
        word[..3].copy_from_slice(b"MKR");
        assert_eq!(read_text(&word, 16).as_deref(), Some("MKR"));
        let text = |text: &str| {
            let mut bytes = Writer(Vec::new()).offset(1).count(text.len()).0;
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes
        };
        assert_eq!(read_text(&text("USDC"), 16).as_deref(), Some("USDC"));
        assert_eq!(read_text(&text("a\u{202e}b\nc"), 16).as_deref(), Some("abc"));
        assert_eq!(
            read_text(&text(&"x".repeat(1_000)), 16).as_deref(),
            Some("x".repeat(16).as_str())
        );
        let endless = Writer(Vec::new()).offset(1).number(U256::MAX).0;
        assert_eq!(read_text(&endless, 16), None);
        assert_eq!(read_text(&[], 16), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (read_text(&bytes, 16), read_number(&bytes));
        }
    }
}
