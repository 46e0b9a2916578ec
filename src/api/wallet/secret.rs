//! Recovery secrets: as they are given out, stored, and given back.

use std::sync::Arc;

use aboard_vault::wallet::{Pin, Proven, Secret0, Secret0Error, UserCopy, UserHalf, mask_file};
use aboard_vault::{Mac, Secret, Vault};
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

/// Makes everything that a new secret of a wallet needs. With a PIN the copy opens with that alone.
pub async fn issue(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: WalletId,
    secret: &Arc<Secret0>,
    pin: Option<&Arc<Pin>>,
) -> Result<Issued, Failure> {
    let (ids, vault) = (&web.instance.ids, &web.instance.vault);
    let environment = caller.app.scope.environment();
    let id = ids.id();
    let (copy, pepper) = match pin {
        None => (secret.to_copy(), None),
        Some(pin) => {
            let pepper = Zeroizing::new(ids.secret::<32>());
            let sealed = vault.seal(&sealed::pepper(environment, id), &*pepper, ids.entropy());
            let (secret, pin) = (Arc::clone(secret), Arc::clone(pin));
            let wrap = move || secret.to_copy_with_pin(wallet.bytes(), &pin, &Secret::new(pepper.to_vec()));
            (web.passwords.run(caller.app.who(context), wrap).await?, Some(sealed))
        }
    };
    let token = Token::new(ids.id(), ids.secret());
    let file = copy.to_file(wallet.bytes());
    let aad = sealed::secret_link(environment, token.id());
    let life = web.instance.settings.of(environment).wallets.secret_link_life();
    let masked = mask_file(token.expose().as_bytes(), file.as_bytes());
    Ok(Issued {
        row: NewSecret {
            id,
            mac: stored(&secret.mac(vault)),
            locator: stored(&copy.locator(vault)),
            pepper,
        },
        link: NewSecretLink {
            id: token.id(),
            hash: token.hash(),
            sealed: vault.seal(&aad, &masked, ids.entropy()),
            expires_at: context.now + life,
        },
        text: copy.to_text(wallet.bytes()),
        url: format!("{}/recovery/{}", web.public_url, token.expose()),
    })
}

/// Six digits, where there are any.
pub fn pin_in(fields: &mut Fields) -> Result<Option<Arc<Pin>>, Failure> {
    let Some(text) = fields.optional_text("pin")?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let pin = Pin::parse(&text).map_err(|error| not_a_secret("pin", error))?;
    Ok(Some(Arc::new(pin)))
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

/// A copy of a secret as somebody gives it back.
pub struct Given<'g> {
    /// The field that it is in.
    pub field: &'g str,
    /// Its text, the content of its file, or its words.
    pub text: &'g str,
    /// The PIN beside it.
    pub pin: Option<&'g Arc<Pin>>,
}

/// Reads a secret that somebody gives back and finds its wallet. Whatever is wrong beyond its form is one answer.
pub async fn given_back(web: &Web, context: &Context, caller: &Caller, given: Given<'_>) -> Result<GivenBack, Failure> {
    let (store, vault, scope) = (&web.instance.store, &web.instance.vault, &caller.app.scope);
    let wrong = || not_a_secret(given.field, Secret0Error::Wrong);
    let copy = UserCopy::parse(given.text).map_err(|error| not_a_secret(given.field, error))?;
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
    if copy.needs_pin() {
        let pin = given.pin.ok_or_else(|| not_a_secret("pin", Secret0Error::NeedsPin))?;
        let wallet = wallet.ok_or_else(wrong)?;
        return with_pin(web, context, caller, wallet, copy, pin)
            .await?
            .ok_or_else(wrong);
    }
    let secret = copy.open().map_err(|error| not_a_secret(given.field, error))?;
    let wallet = wallet.ok_or_else(wrong)?;
    let known = store.wallet_secrets(scope, wallet.id).await?;
    let row = known.into_iter().find(|row| prove(vault, &secret, &row.mac).is_some());
    let row = row.ok_or_else(wrong)?;
    Ok(GivenBack { wallet, secret, row })
}

/// Opens a copy with its PIN; the try is counted before. `None` if it is another secret's, or the PIN is wrong.
async fn with_pin(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: Wallet,
    copy: UserCopy,
    pin: &Arc<Pin>,
) -> Result<Option<GivenBack>, Failure> {
    let (store, vault, scope) = (&web.instance.store, &web.instance.vault, &caller.app.scope);
    let locators: Vec<StoredMac> = copy.locators(vault).iter().map(stored).collect();
    // Only who has the copy itself uses up tries.
    let is_this = |row: &WalletSecret| locators.iter().any(|locator| row.locator == locator[..]);
    let known = store.wallet_secrets(scope, wallet.id).await?;
    let Some(row) = known.into_iter().find(is_this) else {
        return Ok(None);
    };
    let Some(sealed) = &row.pepper else { return Ok(None) };
    if !store.try_pin(scope, row.id, context.now).await? {
        let why = "Too many wrong PINs were tried with this copy. It opens again a day after the last one.";
        return Err(Failure {
            retry_after: Some(24 * 60 * 60),
            ..Failure::new(Code::RateLimited).saying(why)
        });
    }
    let pepper = vault.open(&sealed::pepper(wallet.environment, row.id), sealed);
    let pepper = pepper.map_err(|error| Failure::internal(format!("wallet {}: {error}", wallet.id)))?;
    let (pin, id) = (Arc::clone(pin), wallet.id.bytes());
    let who = caller.app.who(context);
    let open = move || copy.open_with_pin(id, &pin, &pepper);
    let secret = web.passwords.run(who, open).await?;
    if prove(vault, &secret, &row.mac).is_none() {
        return Ok(None);
    }
    store.pin_was_right(scope, row.id).await?;
    Ok(Some(GivenBack { wallet, secret, row }))
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
    let pin = pin_in(fields)?;
    let given = Given {
        field: "secret",
        text: &text,
        pin: pin.as_ref(),
    };
    let (half, wallet) = proven(web, context, caller, wallet, given).await?;
    Ok(Some((half, wallet)))
}

/// Proves a secret of this wallet.
pub async fn proven(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: &Wallet,
    given: Given<'_>,
) -> Result<(UserHalf, Wallet), Failure> {
    let (given, wallet) = proven_secret(web, context, caller, wallet, given).await?;
    Ok((given.secret.half(), wallet))
}

/// Proves a secret of this wallet; answers it as well, and the wallet as it is then.
pub async fn proven_secret(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: &Wallet,
    given: Given<'_>,
) -> Result<(GivenBack, Wallet), Failure> {
    let field = given.field;
    let given = given_back(web, context, caller, given).await?;
    if given.wallet.id != wallet.id {
        return Err(not_a_secret(field, Secret0Error::Wrong));
    }
    if given.row.proven && given.row.older.is_none() {
        let wallet = given.wallet.clone();
        return Ok((given, wallet));
    }
    let store = &web.instance.store;
    let proven = store
        .prove_wallet_secret(&caller.app.scope, wallet.id, given.row.id, context.now)
        .await?;
    let proven = proven.ok_or_else(|| not_a_secret(field, Secret0Error::Wrong))?;
    Ok((given, proven))
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
