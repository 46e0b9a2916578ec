use aboard_vault::{Entropy, SystemEntropy, constant_time_eq, hmac_sha256, sha256};

use crate::support::{Counting, unhex};

/// RFC 4231, cases 1, 2 and 6 (a key longer than a block).
#[test]
fn hmac_matches_rfc_4231() {
    for (key, data, expected) in [
        (
            vec![0x0b; 20],
            "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe".to_vec(),
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 131],
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        let expected = unhex(expected);
        assert_eq!(hmac_sha256(&key, &[data.as_bytes()])[..], expected);
        let (left, right) = data.as_bytes().split_at(3);
        assert_eq!(hmac_sha256(&key, &[left, b"", right])[..], expected);
    }
}

/// FIPS 180-4's example.
#[test]
fn sha256_matches_the_standard() {
    assert_eq!(
        sha256(b"abc")[..],
        unhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
}

#[test]
fn constant_time_eq_compares() {
    assert!(constant_time_eq(b"", b""));
    assert!(constant_time_eq(b"abc", b"abc"));
    for other in [&b"abd"[..], b"ab", b"abcd", b"", b"bbc"] {
        assert!(!constant_time_eq(b"abc", other));
    }
}

#[test]
fn system_entropy_does_not_repeat_and_works_as_dyn() {
    let entropy: &dyn Entropy = &SystemEntropy;
    let first: [u8; 32] = Entropy::array(&entropy);
    assert_ne!(first, SystemEntropy.array::<32>());
    assert_ne!(first, [0; 32]);
}

#[test]
fn array_is_what_fill_gives() {
    let entropy = Counting::default();
    assert_eq!(entropy.array(), [0, 1, 2]);
    assert_eq!(entropy.array(), [3, 4]);
}
