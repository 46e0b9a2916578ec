//! Secret types cannot be printed or copied. Checked by the compiler: each line stops compiling
//! once the type implements the trait, because the choice of `probe` becomes ambiguous.

use std::fmt::{Debug, Display};

use aboard_vault::{
    KeyFile, Mac, RootKey, Secret, SigningKey, SystemEntropy, TokenKey, Vault,
    wallet::{
        Created, DataKey, OpenWallet, Phrase, Pin, Proven, SealedWallet, Secret0, UserCopy, UserHalf, bitcoin, evm,
        solana,
    },
};

macro_rules! never {
    ($($type:ty: $($trait:ident)+;)+) => {$($(const _: fn() = || {
        trait Probe<Marker> {
            fn probe() {}
        }
        impl<T: ?Sized> Probe<()> for T {}
        struct Implemented;
        impl<T: ?Sized + $trait> Probe<Implemented> for T {}
        <$type as Probe<_>>::probe();
    };)+)+};
}

never! {
    Secret: Debug Display Clone PartialEq;
    KeyFile: Debug Display Clone PartialEq;
    RootKey: Debug Display Clone PartialEq;
    SigningKey: Debug Display Clone PartialEq;
    TokenKey: Debug Display Clone PartialEq;
    Vault: Debug Display Clone PartialEq;
    Mac: Display PartialEq;
    Phrase: Debug Display Clone PartialEq;
    Secret0: Debug Display Clone PartialEq;
    Proven<'static>: Debug Display Clone PartialEq;
    UserCopy: Debug Display Clone PartialEq;
    UserHalf: Debug Display Clone PartialEq;
    Pin: Debug Display Clone PartialEq;
    DataKey: Debug Display Clone PartialEq;
    OpenWallet<'static>: Debug Display Clone PartialEq;
    SealedWallet: Debug Display Clone PartialEq;
    Created: Debug Display Clone PartialEq;
    evm::Key: Debug Display Clone PartialEq;
    solana::Key: Debug Display Clone PartialEq;
    bitcoin::Key: Debug Display Clone PartialEq;
}

/// Shared between threads, behind an `Arc`.
const _: fn() = || {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Vault>();
    shared::<SigningKey>();
    shared::<TokenKey>();
    shared::<KeyFile>();
    shared::<SystemEntropy>();
    shared::<DataKey>();
    shared::<SealedWallet>();
    shared::<UserHalf>();
};

#[test]
fn a_mac_prints_its_key_id_only() {
    let mac = Mac {
        key_id: [0xaa; 16],
        tag: [0xbb; 32],
    };
    let expected = format!("Mac {{ key_id: \"{}\", .. }}", "aa".repeat(16));
    assert_eq!(format!("{mac:?}"), expected);
}
