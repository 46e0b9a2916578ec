//! The vectors of the standards, against what is private here.

use bitcoin::base58;

use super::{
    Phrase,
    curve::SecpKey,
    derive::{self, hardened as h},
    hpke::{Cipher, seal},
    keys::Leaves,
};
use crate::{Secret, sha256};

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    crate::text::hex(bytes)
}

/// The cases of a file in `tests/vectors`.
pub(super) fn cases(file: &str) -> Vec<serde_json::Value> {
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    file["cases"].as_array().unwrap().clone()
}

#[test]
fn bip_39_phrases_and_seeds() {
    let cases = cases(include_str!("../../tests/vectors/bip39.json"));
    assert_eq!(cases.len(), 24);
    for case in cases {
        let entropy = unhex(case["entropy"].as_str().unwrap());
        let words = case["words"].as_str().unwrap();
        let phrase = Phrase::parse(words).ok().unwrap();
        assert_eq!(phrase.entropy(), entropy);
        let again = Phrase::from_entropy(Secret::new(entropy)).unwrap();
        assert_eq!(*again.words(), words);
        assert_eq!(hex(again.seed("TREZOR").expose()), case["seed"].as_str().unwrap());
    }
}

const SEED_1: &str = "000102030405060708090a0b0c0d0e0f";
const SEED_2: &str = "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2\
    9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542";

/// BIP-32's test vectors 1 to 4. Those of 5 are texts, which are not read here.
#[test]
fn bip_32_private_derivation() {
    let seed_3 = "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4ac\
        ba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be";
    let seed_4 = "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678";
    let cases: [(&str, &[u32], &str); 17] = [
        (
            SEED_1,
            &[],
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        ),
        (
            SEED_1,
            &[h(0)],
            "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7",
        ),
        (
            SEED_1,
            &[h(0), 1],
            "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs",
        ),
        (
            SEED_1,
            &[h(0), 1, h(2)],
            "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM",
        ),
        (
            SEED_1,
            &[h(0), 1, h(2), 2],
            "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334",
        ),
        (
            SEED_1,
            &[h(0), 1, h(2), 2, 1_000_000_000],
            "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76",
        ),
        (
            SEED_2,
            &[],
            "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U",
        ),
        (
            SEED_2,
            &[0],
            "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt",
        ),
        (
            SEED_2,
            &[0, h(2_147_483_647)],
            "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9",
        ),
        (
            SEED_2,
            &[0, h(2_147_483_647), 1],
            "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef",
        ),
        (
            SEED_2,
            &[0, h(2_147_483_647), 1, h(2_147_483_646)],
            "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc",
        ),
        (
            SEED_2,
            &[0, h(2_147_483_647), 1, h(2_147_483_646), 2],
            "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j",
        ),
        (
            seed_3,
            &[],
            "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6",
        ),
        (
            seed_3,
            &[h(0)],
            "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L",
        ),
        (
            seed_4,
            &[],
            "xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv",
        ),
        (
            seed_4,
            &[h(0)],
            "xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G",
        ),
        (
            seed_4,
            &[h(0), h(1)],
            "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1",
        ),
    ];
    for (seed, path, expected) in cases {
        // Version 4, depth 1, fingerprint 4, number 4, chain code 32, a zero and the key 32.
        let expected = base58::decode_check(expected).unwrap();
        let (key, chain) = derive::secp256k1(&unhex(seed), path).unwrap();
        assert_eq!(chain[..], expected[13..45]);
        assert_eq!(key.bytes()[..], expected[46..]);
        assert_eq!(usize::from(expected[4]), path.len());
    }
}

/// SLIP-10's test vectors 1 and 2 for Ed25519: chain code and private key.
#[test]
fn slip_10_derivation() {
    let cases: [(&str, &[u32], &str, &str); 12] = [
        (
            SEED_1,
            &[],
            "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb",
            "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
        ),
        (
            SEED_1,
            &[0],
            "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69",
            "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
        ),
        (
            SEED_1,
            &[0, 1],
            "a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14",
            "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2",
        ),
        (
            SEED_1,
            &[0, 1, 2],
            "2e69929e00b5ab250f49c3fb1c12f252de4fed2c1db88387094a0f8c4c9ccd6c",
            "92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9",
        ),
        (
            SEED_1,
            &[0, 1, 2, 2],
            "8f6d87f93d750e0efccda017d662a1b31a266e4a6f5993b15f5c1f07f74dd5cc",
            "30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662",
        ),
        (
            SEED_1,
            &[0, 1, 2, 2, 1_000_000_000],
            "68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230",
            "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
        ),
        (
            SEED_2,
            &[],
            "ef70a74db9c3a5af931b5fe73ed8e1a53464133654fd55e7a66f8570b8e33c3b",
            "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
        ),
        (
            SEED_2,
            &[0],
            "0b78a3226f915c082bf118f83618a618ab6dec793752624cbeb622acb562862d",
            "1559eb2bbec5790b0c65d8693e4d0875b1747f4970ae8b650486ed7470845635",
        ),
        (
            SEED_2,
            &[0, 2_147_483_647],
            "138f0b2551bcafeca6ff2aa88ba8ed0ed8de070841f0c4ef0165df8181eaad7f",
            "ea4f5bfe8694d8bb74b7b59404632fd5968b774ed545e810de9c32a4fb4192f4",
        ),
        (
            SEED_2,
            &[0, 2_147_483_647, 1],
            "73bd9fff1cfbde33a1b846c27085f711c0fe2d66fd32e139d3ebc28e5a4a6b90",
            "3757c7577170179c7868353ada796c839135b3d30554bbb74a4b1e4a5a58505c",
        ),
        (
            SEED_2,
            &[0, 2_147_483_647, 1, 2_147_483_646],
            "0902fe8a29f9140480a00ef244bd183e8a13288e4412d8389d140aac1794825a",
            "5837736c89570de861ebc173b1086da4f505d4adb387c6a1b1342d5e4ac9ec72",
        ),
        (
            SEED_2,
            &[0, 2_147_483_647, 1, 2_147_483_646, 2],
            "5d70af781f3a37b829f0d060924d5e960bdc02e85423494afc0b1a41bbe196d4",
            "551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d",
        ),
    ];
    for (seed, path, chain, private) in cases {
        let (key, code) = derive::ed25519(&unhex(seed), path);
        assert_eq!(hex(&code[..]), chain);
        assert_eq!(hex(key.expose()), private);
    }
}

/// BIP-84's vector, and the addresses that `MetaMask` and Phantom show for a well-known phrase.
#[test]
fn addresses_of_known_phrases() {
    use super::bitcoin::Network;
    let addresses = |words: &str| Leaves::of(&Phrase::parse(words).ok().unwrap()).unwrap().1;

    let bip_84 = addresses(&[&["abandon"; 11][..], &["about"]].concat().join(" "));
    assert_eq!(
        bip_84.bitcoin.address(Network::Main),
        "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
    );
    let key = "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c";
    assert_eq!(hex(&bip_84.bitcoin.to_bytes()), key);

    let known = addresses(&[&["test"; 11][..], &["junk"]].concat().join(" "));
    assert_eq!(known.evm.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(known.solana.to_string(), "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96");
    assert_eq!(
        known.bitcoin.address(Network::Main),
        "bc1q4qw42stdzjqs59xvlrlxr8526e3nunw7mp73te"
    );
}

/// RFC 6979 on secp256k1 with SHA-256. The RFC has no vectors for this curve; these are the ones
/// that Trezor, bitcoinjs and python-ecdsa share. All have the low `s`.
#[test]
fn rfc_6979_nonces() {
    let one = "0000000000000000000000000000000000000000000000000000000000000001";
    for (key, message, signature) in [
        (
            one,
            "Satoshi Nakamoto",
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
        ),
        (
            one,
            "All those moments will be lost in time, like tears in rain. Time to die...",
            "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21",
        ),
        (
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
            "Satoshi Nakamoto",
            "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
        ),
        (
            "f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181",
            "Alan Turing",
            "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea",
        ),
    ] {
        let key = SecpKey::from_slice(&unhex(key)).unwrap();
        let digest = sha256(message.as_bytes());
        assert_eq!(hex(&key.sign_recoverable(digest).0), signature);
        assert_eq!(hex(&key.sign(digest).serialize_compact()), signature);
    }
}

/// RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, message 0.
#[test]
fn hpke_seals_as_rfc_9180() {
    let sealed = seal(
        Cipher::Aes128Gcm,
        &unhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
        b"Ode on a Grecian Urn",
        b"Count-0",
        b"Beauty is truth, truth beauty",
        &Secret::new(unhex(
            "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        )),
    )
    .unwrap();
    assert_eq!(
        hex(&sealed.enc),
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    );
    let ciphertext = "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9\
        6d8770ac83d07bea87e13c512a";
    assert_eq!(hex(&sealed.ciphertext), ciphertext);
}
