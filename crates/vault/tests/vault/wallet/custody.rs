//! Sealing and opening: who can, and what a changed byte does.

use aboard_vault::{
    KmsError, SystemEntropy,
    wallet::{Custody, Place, SealedWallet, UserHalf, WalletError, bitcoin::Network},
};
use proptest::prelude::*;

use super::{BOTH, HERE, client_key, made, opened, parts, vault};
use crate::support::{Counting, flips, key_file};

#[test]
fn a_wallet_comes_back_from_its_columns() {
    let kms = key_file();
    for custody in BOTH {
        let created = made(&kms, custody);
        let (key, body) = (created.wallet.key().to_vec(), created.wallet.body().to_vec());
        let stored = SealedWallet::from_columns(key, body).ok().unwrap();
        assert_eq!(stored.custody(), custody);
        assert_eq!(stored.addresses(), created.wallet.addresses());
        let half = created.secret0.half();
        let open = opened(&stored, &kms, &half);
        assert_eq!(open.evm().ok().unwrap().address(), stored.addresses().evm);
        assert_eq!(open.solana().ok().unwrap().address(), stored.addresses().solana);
        assert_eq!(open.bitcoin().ok().unwrap().public(), stored.addresses().bitcoin);
        assert_eq!(open.check(), Ok(()));
    }
}

#[test]
fn the_phrase_gives_the_addresses_of_other_wallets() {
    let kms = key_file();
    let created = made(&kms, Custody::Server);
    let addresses = created.wallet.addresses();
    assert_eq!(addresses.evm.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(
        addresses.solana.to_string(),
        "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96"
    );
    let bitcoin = "bc1q4qw42stdzjqs59xvlrlxr8526e3nunw7mp73te";
    assert_eq!(addresses.bitcoin.address(Network::Main), bitcoin);
    let test = addresses.bitcoin.address(Network::Test);
    assert!(test.starts_with("tb1q") && test[3..20] == bitcoin[3..20]);
}

/// The database and the key file together open no shared wallet.
#[test]
fn a_shared_wallet_needs_its_user() {
    let kms = key_file();
    let created = made(&kms, Custody::Shared);
    assert_eq!(
        created.wallet.open(&kms, &HERE, None).err(),
        Some(WalletError::NeedsUserHalf)
    );
    let other = made(&kms, Custody::Shared);
    let wrong = other.secret0.half();
    assert_eq!(
        parts(&vault(), &created, &opened(&created.wallet, &kms, &wrong)),
        [false; 4]
    );
    assert_eq!(
        opened(&created.wallet, &kms, &wrong).evm().err(),
        Some(WalletError::Refused)
    );

    // Relabelled as one that the server opens alone, it opens with neither label's key.
    let mut body = created.wallet.body().to_vec();
    body[1] = 0;
    let relabelled = SealedWallet::from_columns(created.wallet.key().to_vec(), body)
        .ok()
        .unwrap();
    assert_eq!(relabelled.custody(), Custody::Server);
    let refused = Some(WalletError::Kms(KmsError::Refused));
    assert_eq!(relabelled.open(&kms, &HERE, None).err(), refused);
}

#[test]
fn a_server_wallet_needs_no_user() {
    let kms = key_file();
    let created = made(&kms, Custody::Server);
    let open = created.wallet.open(&kms, &HERE, None).ok().unwrap();
    assert_eq!(parts(&vault(), &created, &open), [true; 4]);
}

#[test]
fn a_wallet_opens_in_its_own_place_alone() {
    let kms = key_file();
    for custody in BOTH {
        let created = made(&kms, custody);
        let half = created.secret0.half();
        for place in [
            Place {
                environment: [9; 16],
                ..HERE
            },
            Place { user: [9; 16], ..HERE },
            Place {
                wallet: [9; 16],
                ..HERE
            },
        ] {
            let refused = Some(WalletError::Kms(KmsError::Refused));
            assert_eq!(created.wallet.open(&kms, &place, Some(&half)).err(), refused);
            // Nor with the right key in hand.
            let key = created.wallet.unwrap_key(&kms, &HERE).ok().unwrap();
            let open = created.wallet.open_with(&key, &place, Some(&half)).ok().unwrap();
            assert_eq!(parts(&vault(), &created, &open), [false; 4]);
        }
    }
}

/// Also one that only changes an address, or swaps two keys: nothing is signed then.
#[test]
fn every_flipped_bit_is_found() {
    let (kms, vault) = (key_file(), vault());
    for custody in BOTH {
        let created = made(&kms, custody);
        let half = created.secret0.half();
        for key in flips(created.wallet.key()) {
            let changed = SealedWallet::from_columns(key, created.wallet.body().to_vec())
                .ok()
                .unwrap();
            assert!(changed.open(&kms, &HERE, Some(&half)).is_err());
        }
        for body in flips(created.wallet.body()) {
            let Ok(changed) = SealedWallet::from_columns(created.wallet.key().to_vec(), body) else {
                continue;
            };
            let Ok(open) = changed.open(&kms, &HERE, Some(&half)) else {
                continue;
            };
            assert!(parts(&vault, &created, &open).contains(&false));
            if changed.addresses() != created.wallet.addresses() {
                assert_eq!(parts(&vault, &created, &open), [false; 4]);
            }
        }
    }
}

#[test]
fn parts_do_not_change_places() {
    let kms = key_file();
    let created = made(&kms, Custody::Server);
    // Version, custody and addresses are 87 bytes, a sealed key 65.
    let mut body = created.wallet.body().to_vec();
    let (evm, solana) = (body[87..152].to_vec(), body[152..217].to_vec());
    body[87..152].copy_from_slice(&solana);
    body[152..217].copy_from_slice(&evm);
    let swapped = SealedWallet::from_columns(created.wallet.key().to_vec(), body)
        .ok()
        .unwrap();
    let open = swapped.open(&kms, &HERE, None).ok().unwrap();
    assert_eq!(parts(&vault(), &created, &open), [false, false, true, true]);
}

#[test]
fn columns_that_are_no_wallet_are_refused() {
    let kms = key_file();
    let created = made(&kms, Custody::Server);
    let read = |body: &[u8]| SealedWallet::from_columns(created.wallet.key().to_vec(), body.to_vec()).err();
    assert_eq!(read(&[]), Some(WalletError::Malformed));
    let mut newer = created.wallet.body().to_vec();
    newer[0] = 2;
    assert_eq!(read(&newer), Some(WalletError::UnknownVersion(2)));
    for end in 1..created.wallet.body().len() {
        let cut = &created.wallet.body()[..end];
        let Ok(wallet) = SealedWallet::from_columns(created.wallet.key().to_vec(), cut.to_vec()) else {
            continue;
        };
        let open = wallet.open(&kms, &HERE, None).ok().unwrap();
        assert!(!parts(&vault(), &created, &open)[3], "cut at {end}");
    }
}

#[test]
fn the_same_phrase_is_sealed_anew_each_time() {
    let kms = key_file();
    let (one, two) = (made(&kms, Custody::Server), made(&kms, Custody::Server));
    assert_eq!(one.wallet.addresses(), two.wallet.addresses());
    assert_ne!(one.wallet.key(), two.wallet.key());
    assert_ne!(one.wallet.body()[87..], two.wallet.body()[87..]);
    let fresh = SealedWallet::create(&kms, &HERE, Custody::Server, &SystemEntropy)
        .ok()
        .unwrap();
    assert_ne!(fresh.wallet.addresses(), one.wallet.addresses());
}

#[test]
fn another_kek_takes_over_without_user_and_without_body() {
    let (old, new) = (key_file(), key_file());
    for custody in BOTH {
        let created = made(&old, custody);
        let half = created.secret0.half();
        let key = created.wallet.rewrap(&old, &new, &HERE, &SystemEntropy).ok().unwrap();
        let moved = SealedWallet::from_columns(key, created.wallet.body().to_vec())
            .ok()
            .unwrap();
        let open = moved.open(&new, &HERE, Some(&half)).ok().unwrap();
        assert_eq!(parts(&vault(), &created, &open), [true; 4]);
        let wrong = moved.open(&old, &HERE, Some(&half)).err();
        assert!(matches!(wrong, Some(WalletError::Kms(KmsError::WrongKey { .. }))));
        assert_eq!(moved.open(&new, &HERE, None).is_err(), custody == Custody::Shared);
    }
}

#[test]
fn an_export_needs_a_real_key() {
    let (kms, vault) = (key_file(), vault());
    let created = made(&kms, Custody::Server);
    let open = created.wallet.open(&kms, &HERE, None).ok().unwrap();
    let mac = created.secret0.mac(&vault);
    let proven = created.secret0.prove(&vault, &mac).ok().unwrap();
    let export = |key: &[u8]| open.export(&proven, key, &SystemEntropy);
    // The points 0 and 1 are of small order: everybody knows the secret they agree on.
    let one = [&[1][..], &[0; 31]].concat();
    for key in [&[][..], &[9; 31], &[9; 33], &[0; 32], &one] {
        assert_eq!(export(key), Err(WalletError::ExportKey));
    }
    let (first, second) = (export(&client_key()).unwrap(), export(&client_key()).unwrap());
    assert_ne!(first, second);
    assert_eq!(first.ciphertext.len(), super::WORDS.len() + 16);
}

#[test]
fn a_half_rides_under_a_token() {
    let kms = key_file();
    let created = made(&kms, Custody::Shared);
    let token = [5; 32];
    let sealed = created.secret0.half().seal(&token, &HERE, &SystemEntropy);
    let half = UserHalf::open(&token, &HERE, &sealed).ok().unwrap();
    assert!(opened(&created.wallet, &kms, &half).evm().is_ok());

    assert_eq!(
        UserHalf::open(&[6; 32], &HERE, &sealed).err(),
        Some(WalletError::Refused)
    );
    let elsewhere = Place {
        wallet: [9; 16],
        ..HERE
    };
    assert_eq!(
        UserHalf::open(&token, &elsewhere, &sealed).err(),
        Some(WalletError::Refused)
    );
    for changed in flips(&sealed) {
        assert!(UserHalf::open(&token, &HERE, &changed).is_err());
    }
    for end in 0..sealed.len() {
        assert!(UserHalf::open(&token, &HERE, &sealed[..end]).is_err());
    }
}

/// What is stored must open in every later release.
#[test]
fn the_layout_is_golden() {
    let entropy = Counting::default();
    let kms = aboard_vault::KeyFile::generate(&entropy);
    let created = SealedWallet::create(&kms, &HERE, Custody::Shared, &entropy)
        .ok()
        .unwrap();
    let digest = |bytes: &[u8]| {
        let hash = aboard_vault::sha256(bytes);
        let start = hash.first_chunk::<8>().copied().unwrap();
        format!("{:016x}", u64::from_be_bytes(start))
    };
    let layout = [
        created.wallet.key().len().to_string(),
        created.wallet.body().len().to_string(),
        digest(created.wallet.key()),
        digest(created.wallet.body()),
    ];
    assert_eq!(layout, super::GOLDEN);
}

proptest! {
    #[test]
    fn any_columns_open_nothing(key: Vec<u8>, body in proptest::collection::vec(any::<u8>(), 0..500)) {
        let kms = key_file();
        let with_head: Vec<u8> = [&[1, 0][..], &body].concat();
        for body in [body, with_head] {
            if let Ok(wallet) = SealedWallet::from_columns(key.clone(), body) {
                prop_assert!(wallet.open(&kms, &HERE, None).is_err());
            }
        }
    }
}
