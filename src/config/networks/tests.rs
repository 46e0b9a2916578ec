use super::*;
use crate::config::{Config, Sources};

fn with(name: &str, value: &str) -> Result<Config, ConfigError> {
    Config::load(&Sources {
        set: vec![(name.to_owned(), value.to_owned())],
        ..Sources::default()
    })
}

#[test]
fn the_defaults_have_the_documented_codes() {
    let networks = Config::load(&Sources::default()).unwrap().networks;
    for (code, id, testnet) in [
        ("ethereum", 1, false),
        ("binance-smart-chain", 56, false),
        ("skale-europa", 2_046_399_126, false),
        ("ethereum-sepolia", 11_155_111, true),
        ("polygon-pos-amoy-testnet", 80_002, true),
    ] {
        let (_, known) = networks.by_code(code).unwrap();
        assert_eq!((known.chain(), known.testnet), (Chain::Evm(id), testnet), "{code}");
        assert_eq!(networks.by_chain_id(id).unwrap().0, code);
        assert!(known.endpoints.urls().is_empty(), "{code} asks nobody by default");
    }
    assert_eq!(networks.by_code("solana").unwrap().1.chain(), Chain::Solana);
    assert!(networks.by_code("tron").is_none());
    let symbol = |code| networks.by_code(code).unwrap().1.symbol().to_owned();
    assert_eq!(
        [
            symbol("base"),
            symbol("polygon-pos"),
            symbol("bitcoin"),
            symbol("story")
        ],
        ["ETH", "POL", "BTC", "IP"]
    );
    let settled = |code| networks.by_code(code).unwrap().1.confirmations();
    assert_eq!((settled("ethereum"), settled("ethereum-sepolia")), (12, 1));
}

#[test]
fn endpoints_are_one_address_or_a_list() {
    let one = "https://one.example.com/v3/key";
    for (name, value, expected) in [
        ("networks.ethereum-sepolia.endpoints", one.to_owned(), 1),
        (
            "networks.ethereum-sepolia.endpoints",
            format!("{one}, http://127.0.0.1:8545"),
            2,
        ),
        (
            "networks.ethereum-sepolia.endpoints",
            format!("[\"{one}\", \"http://[::1]:8545\"]"),
            2,
        ),
        ("networks.ethereum-sepolia", format!("{{ endpoints = \"{one}\" }}"), 1),
        ("networks.ethereum-sepolia.endpoints", "[]".to_owned(), 0),
        ("networks.ethereum-sepolia.endpoints", format!("{one},{one}"), 1),
    ] {
        let networks = with(name, &value).unwrap().networks;
        let (_, sepolia) = networks.by_code("ethereum-sepolia").unwrap();
        assert_eq!(sepolia.endpoints.urls().len(), expected, "{value}");
        assert_eq!(sepolia.chain(), Chain::Evm(11_155_111), "the rest stays");
        if expected > 0 {
            assert_eq!(sepolia.endpoints.urls()[0].as_str(), one);
        }
    }
}

#[test]
fn keys_in_addresses_are_not_shown() {
    for (url, expected) in [
        ("https://node.example.com/v3/secret", "https://node.example.com/***"),
        ("https://node.example.com?key=secret", "https://node.example.com/***"),
        ("https://user:secret@node.example.com", "https://node.example.com/***"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
    ] {
        let networks = with("networks.base.endpoints", url).unwrap().networks.shown();
        let (_, base) = networks.by_code("base").unwrap();
        assert_eq!(base.endpoints, EndpointUrls::List(vec![expected.to_owned()]));
    }
    let error = with("networks.base.endpoints", "ftp://user:secret@host").unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn what_makes_no_network_is_refused_by_name() {
    for (name, value) in [
        ("networks.new", "{ family = \"evm\" }"),
        ("networks.new", "{ family = \"evm\", chain_id = 1 }"),
        ("networks.new", "{ family = \"solana\", chain_id = 7 }"),
        ("networks.new", "{ family = \"tron\" }"),
        ("networks.base.endpoints", "node.example.com"),
        (
            "networks.base.endpoints",
            "https://one.example.com,ws://two.example.com",
        ),
        ("networks.base.confirmations", "0"),
        ("networks.base.timeout_seconds", "0"),
        ("networks.base.max_fee_gwei", "0"),
        ("networks.base.max_tip_gwei", "1001"),
        ("networks.base.symbol", "\"\""),
        ("networks.bitcoin.max_fee_rate", "0"),
        ("networks.bitcoin.max_fee_rate", "10001"),
        ("networks.solana.max_priority_fee", "1000000001"),
    ] {
        let error = with(name, value).unwrap_err().to_string();
        assert!(error.contains("networks."), "{name} = {value}: {error}");
    }
}

#[test]
fn what_is_known_of_a_token_is_its_decimals() {
    const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    const MINT: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    let lower = USDC.to_lowercase();
    for (network, token) in [("ethereum", USDC), ("ethereum", lower.as_str()), ("solana", MINT)] {
        let networks = with(&format!("networks.{network}.tokens.{token}.decimals"), "6");
        let networks = networks.unwrap().networks;
        let (_, known) = networks.by_code(network).unwrap();
        let pinned = known.pinned_decimals(|text| Some(text.to_owned()));
        assert_eq!(pinned.get(token), Some(&6));
    }
    let twice = format!("{{ {USDC} = {{ decimals = 6 }}, {lower} = {{ decimals = 8 }} }}");
    for (setting, value, said) in [
        (format!("ethereum.tokens.{USDC}.decimals"), "37", "0 to 36"),
        (format!("ethereum.tokens.{USDC}.decimals"), "-1", "decimals"),
        (format!("ethereum.tokens.{USDC}.symbol"), "USDC", "symbol"),
        (
            format!("ethereum.tokens.{}.decimals", USDC.replace('A', "a")),
            "6",
            "checksum",
        ),
        (format!("ethereum.tokens.{MINT}.decimals"), "6", "hex digits"),
        (format!("solana.tokens.{USDC}.decimals"), "6", "base58"),
        (format!("bitcoin.tokens.{USDC}.decimals"), "6", "no tokens"),
        ("ethereum.tokens".to_owned(), twice.as_str(), "twice"),
    ] {
        let error = with(&format!("networks.{setting}"), value).unwrap_err().to_string();
        assert!(error.contains(said), "{setting}={value}: {error}");
    }
}
