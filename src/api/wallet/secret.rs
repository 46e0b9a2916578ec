//! Recovery secrets: as they are given out, stored, and given back.

use aboard_vault::wallet::{Proven, Secret0, Secret0Error, UserCopy, UserHalf};
use aboard_vault::{Mac, Vault};
use zeroize::Zeroizing;

use super::Caller;
use super::session::place;
use crate::domain::{Code, Custody, Invalid, Token, Uuid, WalletId};
use crate::sealed;
use crate::store::{NewSecret, NewSecretLink, StoredMac, Wallet, WalletSecret};
use crate::web::{Context, Failure, Fields, Web};

/// A new recovery secret: what is stored of it, and what its person gets.
pub struct Issued {
    /// What is stored.
    pub row: NewSecret,
    /// Where it can be downloaded.
    pub link: NewSecretLink,
    /// The text.
    pub text: Zeroizing<String>,
    /// The address of the download.
    pub url: String,
}

/// Makes everything that a new secret of a wallet needs.
pub fn issue(web: &Web, context: &Context, caller: &Caller, wallet: WalletId, secret: &Secret0) -> Issued {
    let (ids, vault) = (&web.instance.ids, &web.instance.vault);
    let environment = caller.app.scope.environment();
    let copy = secret.to_copy();
    let token = Token::new(ids.id(), ids.secret());
    let file = copy.to_file(wallet.bytes());
    let aad = sealed::secret_link(environment, token.id());
    let life = web.instance.settings.of(environment).wallets.secret_link_life();
    Issued {
        row: NewSecret {
            id: ids.id(),
            mac: stored(&secret.mac(vault)),
            locator: stored(&copy.locator(vault)),
        },
        link: NewSecretLink {
            id: token.id(),
            hash: token.hash(),
            sealed: vault.seal(&aad, &sealed::masked(&token, file.as_bytes()), ids.entropy()),
            expires_at: context.now + life,
        },
        text: copy.to_text(wallet.bytes()),
        url: format!("{}/recovery/{}", web.public_url, token.expose()),
    }
}

/// A recovery secret that somebody gives back, and the wallet that it is of.
pub struct GivenBack {
    /// The wallet.
    pub wallet: Wallet,
    /// The secret.
    pub secret: Secret0,
    /// Its row.
    pub row: WalletSecret,
}

/// Reads a secret that somebody gives back and finds its wallet. Whatever is wrong beyond its form is one answer.
pub async fn given_back(web: &Web, caller: &Caller, field: &str, text: &str) -> Result<GivenBack, Failure> {
    let (store, vault, scope) = (&web.instance.store, &web.instance.vault, &caller.app.scope);
    let copy = UserCopy::parse(text).map_err(|error| not_a_secret(field, error))?;
    let wallet = if let Some(wallet) = copy.wallet() {
        store.wallet_named(scope, WalletId(Uuid::from_bytes(wallet))).await?
    } else {
        let mut found = None;
        for locator in copy.locators(vault) {
            found = store.wallet_located(scope, stored(&locator)).await?;
            if found.is_some() {
                break;
            }
        }
        found
    };
    let secret = copy.open().map_err(|error| not_a_secret(field, error))?;
    let wallet = wallet.ok_or_else(|| not_a_secret(field, Secret0Error::Wrong))?;
    let known = store.wallet_secrets(scope, wallet.id).await?;
    let row = known.into_iter().find(|row| prove(vault, &secret, &row.mac).is_some());
    let row = row.ok_or_else(|| not_a_secret(field, Secret0Error::Wrong))?;
    Ok(GivenBack { wallet, secret, row })
}

/// The secret against what its row holds.
pub fn prove<'s>(vault: &Vault, secret: &'s Secret0, stored: &[u8]) -> Option<Proven<'s>> {
    let mac = Mac {
        key_id: *stored.first_chunk::<16>()?,
        tag: *stored.last_chunk::<32>()?,
    };
    secret.prove(vault, &mac).ok()
}

/// The person's half of a wallet's key from the `secret` of a call, if it has one. Giving it proves it, which makes it
/// the wallet's only one; the wallet is answered as it is then.
pub async fn half_in(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: &Wallet,
    fields: &mut Fields,
) -> Result<Option<(UserHalf, Wallet)>, Failure> {
    let Some(text) = fields.optional_text("secret")?.map(Zeroizing::new) else {
        return Ok(None);
    };
    if wallet.custody == Custody::Server {
        // Documented, and of no use: whoever logs in may sign.
        return Ok(None);
    }
    let (half, wallet) = proven(web, context, caller, wallet, &text).await?;
    Ok(Some((half, wallet)))
}

/// Proves a secret of this wallet.
pub async fn proven(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: &Wallet,
    text: &str,
) -> Result<(UserHalf, Wallet), Failure> {
    let given = given_back(web, caller, "secret", text).await?;
    if given.wallet.id != wallet.id {
        return Err(not_a_secret("secret", Secret0Error::Wrong));
    }
    let half = given.secret.half();
    if given.row.proven && given.row.older.is_none() {
        return Ok((half, given.wallet));
    }
    let store = &web.instance.store;
    let proven = store
        .prove_wallet_secret(&caller.app.scope, wallet.id, given.row.id, context.now)
        .await?;
    let proven = proven.ok_or_else(|| not_a_secret("secret", Secret0Error::Wrong))?;
    Ok((half, proven))
}

/// The columns that a secret opens: the wallet's own, or older ones that were kept for it.
pub fn opened_by(given: &GivenBack) -> Wallet {
    match given.row.older.clone() {
        None => given.wallet.clone(),
        Some((sealed_for, key, body)) => Wallet {
            sealed_for,
            key,
            body,
            ..given.wallet.clone()
        },
    }
}

/// Where the values of a wallet of a given user stand.
pub fn place_for(wallet: &Wallet, user: crate::domain::UserId) -> aboard_vault::wallet::Place {
    aboard_vault::wallet::Place {
        user: user.bytes(),
        ..place(wallet)
    }
}

/// What is wrong with a secret, which is never repeated.
pub fn not_a_secret(field: &str, error: Secret0Error) -> Failure {
    let mut message = error.to_string();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if matches!(error, Secret0Error::Wrong) {
        return Failure::new(Code::SecretRefused).saying(message + ".");
    }
    Failure::field(field, Invalid::new(message + "."))
}

fn stored(mac: &Mac) -> StoredMac {
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&mac.key_id);
    bytes[16..].copy_from_slice(&mac.tag);
    bytes
}
