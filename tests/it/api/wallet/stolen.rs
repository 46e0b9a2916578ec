//! What a thief has who took the database, and of shared wallets the keys as well: nothing that opens.

use std::collections::BTreeSet;

use aboard::domain::Uuid;
use aboard_vault::wallet::{Place, SealedWallet, UserCopy, UserHalf, WalletError, mask_file};
use aboard_vault::{Aad, KeyFile, Kms as _, SystemEntropy};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, claims, data_of, text};

on_both! {
    a_stolen_database_opens_no_wallet,
    a_stolen_database_with_the_keys_opens_no_shared_wallet,
}

/// The columns that hold a recovery secret in the clear.
fn in_the_clear(blobs: &[(String, Vec<u8>)], secret: &str) -> Vec<String> {
    let holds = |value: &[u8], what: &[u8]| value.windows(what.len()).any(|window| window == what);
    let body = secret
        .split('.')
        .nth(3)
        .expect("xw0.<version>.<wallet>.<secret>.<checksum>");
    blobs
        .iter()
        .filter(|(_, value)| holds(value, secret.as_bytes()) || holds(value, body.as_bytes()))
        .map(|(column, _)| column.clone())
        .collect()
}

fn wallet_of(blobs: &[(String, Vec<u8>)]) -> SealedWallet {
    let of = |column: &str| {
        let all = blobs.iter().filter(|(known, _)| known == column);
        all.map(|(_, value)| value.clone()).next().expect("a wallet")
    };
    SealedWallet::from_columns(of("wallets.key"), of("wallets.body")).expect("columns")
}

fn place_of(token: &str) -> Place {
    let said = claims(token);
    let id = |value: &Value| -> Uuid {
        let text = value.as_str().unwrap();
        let user = text.parse::<aboard::domain::UserId>().map(|id| id.0);
        user.or_else(|_| text.parse::<aboard::domain::WalletId>().map(|id| id.0))
            .unwrap()
    };
    let issuer = said["iss"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    Place {
        environment: issuer.parse::<aboard::domain::EnvironmentId>().unwrap().bytes(),
        user: id(&said["uid"]).into_bytes(),
        wallet: id(&said["wid"]).into_bytes(),
    }
}

async fn a_stolen_database_opens_no_wallet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let place = place_of(&text(&made, "walletToken"));
    let blobs = app.blobs().await;
    let tables: BTreeSet<&str> = blobs
        .iter()
        .filter_map(|(column, _)| column.split('.').next())
        .collect();
    for table in ["wallets", "wallet_secrets", "secret_links", "root_keys", "signing_keys"] {
        assert!(tables.contains(table), "{table} holds nothing: the walk misses it");
    }
    assert_eq!(in_the_clear(&blobs, &text(&made, "secret0")), [""; 0]);
    let wallet = wallet_of(&blobs);
    // What opens it is wrapped by a key that is not there.
    let own = KeyFile::generate(&SystemEntropy);
    assert!(matches!(wallet.open(&own, &place, None), Err(WalletError::Kms(_))));
    let kms = app.instance().vault.kms();
    assert!(wallet.open(kms, &place, None).is_ok_and(|open| open.evm().is_ok()));
    let roots = blobs.iter().filter(|(column, _)| column == "root_keys.wrapped");
    assert!(
        roots
            .into_iter()
            .all(|(_, value)| kms.wrapped(value) && !own.wrapped(value))
    );
}

async fn a_stolen_database_with_the_keys_opens_no_shared_wallet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app
        .new_wallet(EMAIL, &shop, json!({ "isCustodian": false, "pin": "482913" }))
        .await;
    let unlock = json!({ "secret": made["secret0"], "pin": "482913" });
    let token = text(&made, "walletToken");
    let place = place_of(&token);
    // A recovery leaves a secret that was not proven, with its file, and the one before it with what it opened. And a
    // half rides with the tokens of who proved it.
    let open = data_of(&bearer(&shop, &token).post("/api/v2/wallet/unlock", &unlock).await);
    assert!(app.count("riding_halves").await > 0);
    let before = app.blobs().await;
    let bob = app.enter(EMAIL.with("bob@example.com"), &shop).await;
    let recover = json!({ "file": made["secret0"], "pin": "482913" });
    let moved = bearer(&shop, &text(&bob, "accessToken"))
        .post("/api/v2/account/recover", &recover)
        .await;
    data_of(&moved);
    let after = app.blobs().await;
    let vault = &app.instance().vault;
    let mut opened_by_keys = 0;
    for (stolen, place) in [
        (&before, place),
        (&after, place_of(&text(&data_of(&moved), "walletToken"))),
    ] {
        let wallet = wallet_of(stolen);
        // The keys open the server's half, and that alone opens nothing.
        assert!(wallet.unwrap_key(vault.kms(), &place).is_ok());
        assert!(matches!(
            wallet.open(vault.kms(), &place, None),
            Err(WalletError::NeedsUserHalf)
        ));
        // Whatever else the keys open in the database is no half, no secret, and no file of a link.
        for (column, value) in stolen {
            let mut candidates = vec![value.clone()];
            let (table, name) = column.split_once('.').unwrap();
            let rows = stolen.iter().filter(|(_, id)| value.len() > 48 && id.len() == 16);
            let rows: BTreeSet<[u8; 16]> = rows.map(|(_, id)| id.as_slice().try_into().unwrap()).collect();
            candidates.extend(rows.iter().filter_map(|row| {
                let aad = Aad {
                    table,
                    column: name,
                    environment: place.environment,
                    row: *row,
                };
                vault.open(&aad, value).ok().map(|opened| opened.expose().to_vec())
            }));
            opened_by_keys += candidates.len() - 1;
            for candidate in candidates {
                let as_text = String::from_utf8_lossy(&candidate).into_owned();
                assert!(
                    UserCopy::parse(&as_text).is_err(),
                    "{column} holds a recovery file in the clear"
                );
                for start in 0..candidate.len().saturating_sub(31) {
                    let key: [u8; 32] = candidate[start..start + 32].try_into().unwrap();
                    for (_, sealed) in stolen.iter().filter(|(known, _)| known == "riding_halves.sealed") {
                        let half = UserHalf::open(&key, &place, sealed);
                        let opens = half.is_ok_and(|half| {
                            let open = wallet.open(vault.kms(), &place, Some(&half));
                            open.is_ok_and(|open| open.evm().is_ok())
                        });
                        assert!(!opens, "{column} opens the half that rides");
                    }
                }
                for (_, masked) in stolen.iter().filter(|(known, _)| known == "secret_links.hash") {
                    let text = String::from_utf8_lossy(&mask_file(masked, &candidate)).into_owned();
                    assert!(UserCopy::parse(&text).is_err(), "{column}");
                }
            }
        }
    }
    assert!(
        opened_by_keys > 0,
        "the keys opened nothing at all: the walk is no walk"
    );
    assert_eq!(in_the_clear(&after, &text(&made, "secret0")), [""; 0]);
    drop(open);
}
