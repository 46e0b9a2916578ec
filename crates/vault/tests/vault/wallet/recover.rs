//! Moving a wallet with its `secret0`.

use aboard_vault::{
    SystemEntropy,
    wallet::{Custody, Place, SealedWallet, Secret0Error, WalletError},
};

use super::{BOTH, HERE, made, vault};
use crate::support::key_file;

const THERE: Place = Place { user: [7; 16], ..HERE };

#[test]
fn a_recovered_wallet_is_the_same_with_a_new_secret() {
    let (kms, vault) = (key_file(), vault());
    for custody in BOTH {
        let old = made(&kms, custody);
        let mac = old.secret0.mac(&vault);
        let proven = old.secret0.prove(&vault, &mac).ok().unwrap();
        let new = old
            .wallet
            .recover(&kms, &HERE, &proven, &THERE, &SystemEntropy)
            .ok()
            .unwrap();
        assert_eq!(new.wallet.addresses(), old.wallet.addresses());
        assert_eq!(new.wallet.custody(), custody);

        let open = |wallet: &SealedWallet, place, secret: &super::Created| {
            let half = secret.secret0.half();
            wallet.open(&kms, place, Some(&half)).and_then(|open| open.check())
        };
        assert_eq!(open(&new.wallet, &THERE, &new), Ok(()));
        // The former user has nothing of it; the old columns live until they are thrown away.
        assert!(open(&new.wallet, &HERE, &new).is_err());
        assert_eq!(open(&old.wallet, &HERE, &old), Ok(()));
        let with_old_secret = open(&new.wallet, &THERE, &old);
        match custody {
            Custody::Server => assert_eq!(with_old_secret, Ok(())),
            Custody::Shared => assert_eq!(with_old_secret, Err(WalletError::Refused)),
        }
        // The old secret proves nothing against the new hash.
        let wrong = old.secret0.prove(&vault, &new.secret0.mac(&vault)).err();
        assert_eq!(wrong, Some(Secret0Error::Wrong));
    }
}

#[test]
fn the_secret_of_another_wallet_recovers_no_shared_one() {
    let (kms, vault) = (key_file(), vault());
    let (mine, other) = (made(&kms, Custody::Shared), made(&kms, Custody::Shared));
    let mac = other.secret0.mac(&vault);
    let proven = other.secret0.prove(&vault, &mac).ok().unwrap();
    let refused = mine.wallet.recover(&kms, &HERE, &proven, &THERE, &SystemEntropy).err();
    assert_eq!(refused, Some(WalletError::Refused));
}

#[test]
fn recovering_again_and_again_leaves_one_secret() {
    let (kms, vault) = (key_file(), vault());
    let mut current = made(&kms, Custody::Shared);
    let first = current.secret0.half();
    for _ in 0..3 {
        let mac = current.secret0.mac(&vault);
        let proven = current.secret0.prove(&vault, &mac).ok().unwrap();
        let next = current
            .wallet
            .recover(&kms, &HERE, &proven, &HERE, &SystemEntropy)
            .ok()
            .unwrap();
        current = next;
    }
    let open = |half| current.wallet.open(&kms, &HERE, Some(half)).ok().unwrap().evm().is_ok();
    let last = current.secret0.half();
    assert!(open(&last));
    assert!(!open(&first));
}
