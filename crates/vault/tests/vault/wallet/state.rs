use aboard_vault::wallet::solana::{Address, Mint, StateError, TokenAccount, symbol_in_metadata, symbol_in_mint};
use proptest::prelude::*;

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

fn program(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn mint(decimals: u8) -> Vec<u8> {
    let mut data = vec![0; 82];
    (data[44], data[45]) = (decimals, 1);
    data
}

fn account(amount: u64, state: u8) -> Vec<u8> {
    let mut data = [vec![5; 32], vec![7; 32], amount.to_le_bytes().to_vec(), vec![0; 93]].concat();
    data[108] = state;
    data
}

/// A mint of Token-2022 with these extensions.
fn extended(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut data = mint(9);
    data.resize(165, 0);
    data.push(1);
    for (kind, value) in extensions {
        data.extend(kind.to_le_bytes());
        data.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        data.extend(value);
    }
    data
}

#[test]
fn a_mint_says_its_decimals() {
    for owner in [TOKEN, TOKEN_2022] {
        let read = Mint::parse(program(owner), &mint(6)).unwrap();
        assert_eq!((read.decimals, read.program), (6, program(owner)));
    }
    assert_eq!(Mint::parse(Address([0; 32]), &mint(6)), Err(StateError::Program));
    let uninitialized = [0; 82];
    for data in [&uninitialized[..], &mint(6)[..81], &[], &account(1, 1)] {
        assert_eq!(Mint::parse(program(TOKEN), data), Err(StateError::Other));
    }
}

#[test]
fn what_an_owner_has_is_read() {
    let read = TokenAccount::parse(program(TOKEN), &account(1_234_567, 1)).unwrap();
    assert_eq!((read.mint, read.owner), (Address([5; 32]), Address([7; 32])));
    assert_eq!((read.amount, read.frozen), (1_234_567, false));
    assert!(TokenAccount::parse(program(TOKEN), &account(1, 2)).unwrap().frozen);
    let mut newer = account(1, 1);
    newer.extend([2, 7, 0, 0, 0]);
    assert!(TokenAccount::parse(program(TOKEN_2022), &newer).is_ok());
    // The older program has no extensions, and a mint is no account.
    assert_eq!(TokenAccount::parse(program(TOKEN), &newer), Err(StateError::Other));
    assert_eq!(
        TokenAccount::parse(program(TOKEN_2022), &extended(&[])),
        Err(StateError::Other)
    );
    assert_eq!(
        TokenAccount::parse(program(TOKEN), &account(1, 0)),
        Err(StateError::Other)
    );
}

/// A transfer that the chain would refuse is refused before anything is signed.
#[test]
fn tokens_that_a_plain_transfer_does_not_move_are_named() {
    let read = |extensions: &[(u16, Vec<u8>)]| Mint::parse(program(TOKEN_2022), &extended(extensions));
    let hook = |program: u8| (14, [vec![1; 32], vec![program; 32]].concat());
    assert_eq!(read(&[]).unwrap().decimals, 9);
    // A fee at each transfer (1), and a hook that nobody set.
    assert_eq!(read(&[(1, vec![0; 108]), hook(0)]).unwrap().decimals, 9);
    assert_eq!(read(&[(1, vec![0; 108]), hook(3)]), Err(StateError::Hook));
    assert_eq!(read(&[(9, Vec::new())]), Err(StateError::Bound));
    let mut cut = extended(&[hook(3)]);
    cut.truncate(cut.len() - 1);
    assert_eq!(Mint::parse(program(TOKEN_2022), &cut), Err(StateError::Other));
    // A multisig has keys where a mint has its kind.
    let mut multisig = extended(&[]);
    multisig.resize(355, 0);
    assert_eq!(Mint::parse(program(TOKEN_2022), &multisig), Err(StateError::Other));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), extra: Vec<u8>) {
        for owner in [TOKEN, TOKEN_2022] {
            let _ = Mint::parse(program(owner), &bytes);
            let _ = TokenAccount::parse(program(owner), &bytes);
            let more = [extended(&[]), extra.clone()].concat();
            let _ = (Mint::parse(program(owner), &more), symbol_in_mint(program(owner), &more));
            let _ = symbol_in_metadata(&Address([0; 32]), &[vec![4], vec![0; 64], extra.clone()].concat());
        }
    }
}

/// A text with its length, and zeros behind it as Metaplex has them.
fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(length, 0);
    [u32::try_from(length).unwrap().to_le_bytes().to_vec(), bytes].concat()
}

#[test]
fn a_symbol_is_what_its_issuer_wrote() {
    let token = Address([5; 32]);
    let metadata = |kind: u8, of: u8, symbol: &str| {
        let head = [vec![kind], vec![1; 32], vec![of; 32]].concat();
        [head, padded("USD Coin", 32), padded(symbol, 10), vec![0; 200]].concat()
    };
    let read = |data: &[u8]| symbol_in_metadata(&token, data);
    assert_eq!(read(&metadata(4, 5, "USDC")).as_deref(), Some("USDC"));
    assert_eq!(read(&metadata(4, 5, "Ünï$")).as_deref(), Some("Ünï$"));
    // Nothing, another kind, another mint, a line break, the end.
    for data in [
        metadata(4, 5, ""),
        metadata(3, 5, "USDC"),
        metadata(4, 6, "USDC"),
        metadata(4, 5, "US\nDC"),
        metadata(4, 5, "USDC")[..80].to_vec(),
    ] {
        assert_eq!(read(&data), None);
    }
    let value = [
        vec![0; 64],
        padded("Paper", 5),
        padded("PPR", 3),
        padded("https://", 8),
        vec![0; 4],
    ]
    .concat();
    let data = extended(&[(1, vec![0; 108]), (19, value)]);
    assert_eq!(symbol_in_mint(program(TOKEN_2022), &data).as_deref(), Some("PPR"));
    assert_eq!(symbol_in_mint(program(TOKEN_2022), &extended(&[])), None);
    assert_eq!(symbol_in_mint(program(TOKEN), &mint(6)), None);
}
