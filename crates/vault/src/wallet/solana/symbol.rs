//! What a token is called: its issuer's word, which nothing checks.

use super::{
    Address,
    program::{self, derived},
    state::{Extensions, mint_extensions},
};

/// The extension of a mint that names the token.
const TOKEN_METADATA: u16 = 19;
/// What Metaplex's accounts with names begin with.
const METADATA_V1: u8 = 4;
const LONGEST: usize = 32;

/// The account in which Metaplex keeps the name of a token.
#[must_use]
pub fn metadata_address(mint: &Address) -> Option<Address> {
    let program = program::metadata();
    derived(&[b"metadata", &program.0, &mint.0], &program)
}

/// The symbol in a mint of Token-2022, where its issuer put one.
#[must_use]
pub fn symbol_in_mint(program: Address, data: &[u8]) -> Option<String> {
    let extensions = mint_extensions(program, data).ok()?;
    let found = Extensions(extensions).map_while(|extension| extension);
    let (_, value) = found.into_iter().find(|(kind, _)| *kind == TOKEN_METADATA)?;
    // The authority that may change it, and the mint.
    symbol(value.get(64..)?)
}

/// The symbol in an account of Metaplex that [`metadata_address`] names.
#[must_use]
pub fn symbol_in_metadata(mint: &Address, data: &[u8]) -> Option<String> {
    let (kind, rest) = data.split_first()?;
    let (named, rest) = rest.get(32..)?.split_first_chunk::<32>()?;
    (*kind == METADATA_V1 && *named == mint.0).then(|| symbol(rest))?
}

/// The second of two texts: name, symbol. Zeros fill up what was shorter.
fn symbol(bytes: &[u8]) -> Option<String> {
    let (_, rest) = text(bytes)?;
    let (symbol, _) = text(rest)?;
    let symbol = std::str::from_utf8(symbol).ok()?.trim_matches(['\0', ' ']);
    let shown = !symbol.is_empty()
        && symbol.len() <= LONGEST
        && symbol.chars().all(|c| c.is_alphanumeric() || c.is_ascii_graphic());
    shown.then(|| symbol.to_owned())
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_addresses_are_those_of_the_chain() {
        // USDC: its mint and the account that Metaplex keeps for it.
        let usdc = Address::known("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
        let metadata = metadata_address(&usdc).unwrap().to_string();
        assert_eq!(metadata, "5x38Kp4hvdomTCnCrAny4UtMUt5rQBdB6px2K1Ui45Wq");
    }
}
