//! What the well-known methods of token contracts do (ERC-20, ERC-721, ERC-1155).

use aboard_vault::wallet::evm::{Address, U256};

/// A call of a token contract that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenCall {
    /// Who gets the tokens, or the power over them.
    pub party: Address,
    /// How many, where the call says it: of an ERC-721 token always one, whatever its number.
    pub amount: Option<U256>,
}

/// Where a method has what matters, by the place of the argument.
struct Method {
    selector: [u8; 4],
    party: usize,
    amount: Amount,
}

#[derive(Clone, Copy)]
enum Amount {
    At(usize),
    One,
    /// Power is taken away and none given.
    Nothing,
    Unsaid,
}

const fn method(selector: u32, party: usize, amount: Amount) -> Method {
    Method {
        selector: selector.to_be_bytes(),
        party,
        amount,
    }
}

/// The test beside this says what each is the selector of.
const METHODS: [Method; 10] = [
    method(0xa905_9cbb, 0, Amount::At(1)),
    method(0x23b8_72dd, 1, Amount::At(2)),
    method(0x095e_a7b3, 0, Amount::At(1)),
    method(0x3950_9351, 0, Amount::At(1)),
    method(0xa457_c2d7, 0, Amount::Nothing),
    method(0xa22c_b465, 0, Amount::Unsaid),
    method(0x4284_2e0e, 1, Amount::One),
    method(0xb88d_4fde, 1, Amount::One),
    method(0xf242_432a, 1, Amount::At(3)),
    method(0x2eb2_c2d6, 1, Amount::Unsaid),
];

/// What a call of a contract was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// One of the well-known methods.
    Token(TokenCall),
    /// One of them, with arguments that are cut off, or bits where an address has none. Some contracts read these as if
    /// nothing were wrong.
    Broken,
    /// Any other method.
    Unknown,
}

/// Reads a call.
pub(super) fn token_call(data: &[u8]) -> Read {
    let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
        return Read::Unknown;
    };
    match METHODS.iter().find(|method| method.selector == *selector) {
        Some(known) => arguments_of(known, arguments).map_or(Read::Broken, Read::Token),
        None => Read::Unknown,
    }
}

fn arguments_of(known: &Method, arguments: &[u8]) -> Option<TokenCall> {
    let word = |at: usize| arguments.get(32 * at..32 * at + 32);
    let (zeros, address) = word(known.party)?.split_at(12);
    if zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    let amount = match known.amount {
        Amount::At(at) => Some(U256::from_be_slice(word(at)?)),
        Amount::One => Some(U256::from(1)),
        Amount::Nothing => Some(U256::ZERO),
        Amount::Unsaid => None,
    };
    Some(TokenCall {
        party: Address::from_slice(address),
        amount,
    })
}

#[cfg(test)]
mod tests {
    use aboard_vault::wallet::evm::selector;

    use super::*;

    #[test]
    fn the_selectors_are_those_of_the_standards() {
        let standard = [
            "transfer(address,uint256)",
            "transferFrom(address,address,uint256)",
            "approve(address,uint256)",
            "increaseAllowance(address,uint256)",
            "decreaseAllowance(address,uint256)",
            "setApprovalForAll(address,bool)",
            "safeTransferFrom(address,address,uint256)",
            "safeTransferFrom(address,address,uint256,bytes)",
            "safeTransferFrom(address,address,uint256,uint256,bytes)",
            "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
        ];
        for (known, signature) in METHODS.iter().zip(standard) {
            assert_eq!(known.selector, selector(signature), "{signature}");
        }
    }

    #[test]
    fn what_is_cut_off_or_no_address_is_broken() {
        let mut call = selector("transfer(address,uint256)").to_vec();
        call.extend([&[0; 12][..], &[7; 20], &[0; 31], &[9]].concat());
        let read = TokenCall {
            party: Address::from([7; 20]),
            amount: Some(U256::from(9)),
        };
        assert_eq!(token_call(&call), Read::Token(read));
        for cut in 0..call.len() {
            let expected = if cut < 4 { Read::Unknown } else { Read::Broken };
            assert_eq!(token_call(&call[..cut]), expected, "{cut}");
        }
        call[4] = 1;
        assert_eq!(token_call(&call), Read::Broken);
        assert_eq!(token_call(&selector("mint(address,uint256)")), Read::Unknown);
    }
}
