//! Secret types cannot be printed or copied. Checked by the compiler: each line stops compiling
//! once the type implements the trait, because the choice of `probe` becomes ambiguous.

use std::fmt::{Debug, Display};

use aboard_vault::{KeyFile, Mac, RootKey, Secret, SigningKey, SystemEntropy, TokenKey, Vault};

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
}

/// Shared between threads, behind an `Arc`.
const _: fn() = || {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Vault>();
    shared::<SigningKey>();
    shared::<TokenKey>();
    shared::<KeyFile>();
    shared::<SystemEntropy>();
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
