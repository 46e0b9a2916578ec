//! Addresses and networks.

use bitcoin::{ScriptBuf, WPubkeyHash, Witness, address::NetworkUnchecked, ecdsa, hashes::Hash, secp256k1};

/// Which Bitcoin network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Real money: `bc1…`.
    Main,
    /// The test networks and signet: `tb1…`.
    Test,
    /// A network of one's own: `bcrt1…`.
    Regtest,
}

impl Network {
    pub(super) const fn params(self) -> bitcoin::Network {
        match self {
            Self::Main => bitcoin::Network::Bitcoin,
            Self::Test => bitcoin::Network::Testnet,
            Self::Regtest => bitcoin::Network::Regtest,
        }
    }
}

/// The public key of a Bitcoin account.
///
/// Kept as its 33 bytes: an address and a script are hashes of them, and to find the point takes longer than to open a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 33]);

impl PublicKey {
    pub(in super::super) fn new(key: secp256k1::PublicKey) -> Self {
        Self(key.serialize())
    }

    /// The key of bytes that were once written from one; whether they are a point is not looked at again.
    pub(in super::super) fn from_stored(bytes: [u8; 33]) -> Option<Self> {
        matches!(bytes[0], 2 | 3).then_some(Self(bytes))
    }

    /// Reads the 33 bytes of a compressed key; `None` if they are none.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        secp256k1::PublicKey::from_slice(bytes)
            .ok()
            .filter(|_| bytes.len() == 33)
            .map(Self::new)
    }

    /// The compressed key.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 33] {
        self.0
    }

    /// Its P2WPKH address (BIP-84, BIP-173).
    #[must_use]
    pub fn address(&self, network: Network) -> String {
        self.script()
            .address(network)
            .expect("a P2WPKH script has an address on each network")
    }

    /// The script that pays it.
    #[must_use]
    pub fn script(&self) -> Recipient {
        Recipient(ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&self.0)))
    }

    /// What spends an output of that script.
    pub(super) fn witness(&self, signature: &ecdsa::Signature) -> Witness {
        let mut witness = Witness::new();
        witness.push_ecdsa_signature(signature);
        witness.push(self.0);
        witness
    }
}

/// Who is paid: the script of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(pub(super) ScriptBuf);

impl Recipient {
    /// Reads an address of any standard kind on this network.
    ///
    /// # Errors
    /// [`BitcoinAddressError`]; a typo is found by its checksum.
    pub fn parse(text: &str, network: Network) -> Result<Self, BitcoinAddressError> {
        let address: bitcoin::Address<NetworkUnchecked> = text.parse().map_err(|_| BitcoinAddressError::Invalid)?;
        let address = address
            .require_network(network.params())
            .map_err(|_| BitcoinAddressError::Network)?;
        Ok(Self(address.script_pubkey()))
    }

    /// Its address on this network; `None` for a script that has none, such as a note (`OP_RETURN`).
    #[must_use]
    pub fn address(&self, network: Network) -> Option<String> {
        bitcoin::Address::from_script(&self.0, network.params())
            .ok()
            .map(|address| address.to_string())
    }

    /// The script's bytes.
    #[must_use]
    pub fn script(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Less than this is not relayed (Bitcoin Core's dust limit at its usual rate).
    #[must_use]
    pub fn dust(&self) -> u64 {
        self.0.minimal_non_dust().to_sat()
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BitcoinAddressError {
    /// Not an address, or a character of it is wrong.
    #[error("this is no Bitcoin address, or a character of it is wrong: copy it again")]
    Invalid,
    /// An address of another network.
    #[error("the Bitcoin address belongs to another network: use one of the wallet's network")]
    Network,
}
