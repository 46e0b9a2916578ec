//! `/api/v{1,2}/account/…`: a wallet is made, moved, and given an account for Rampable.

pub mod create;
pub mod import;
mod make;
pub mod rampable_create;
pub mod recover;
pub mod shape;

use aboard_vault::KmsError;
use aboard_vault::wallet::{Created, WalletError};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Caller;
use super::bearer::Arrived;
use super::secret::Issued;
use super::session::{Born, addresses, begin, evm_address};
use crate::domain::{Code, Custody, Password};
use crate::store::{KnownWallet, NewRampableAccount, RampableAdded, Wallet};
use crate::tokens::{ACCESS_TOKEN_LIFE, FinishedLogin, NetworkAddress, RampableClaims};
use crate::web::{Context, Failure, Fields, Web};

/// A wallet that was made or moved.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletMade {
    /// Good for one operation.
    wallet_token: String,
    /// Good for another wallet token; version 2 alone has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// The recovery secret, once.
    secret0: String,
    /// Where it can be downloaded as a file.
    secret0_link: String,
    /// The addresses; in version 1 the one of the family evm.
    address: Shown,
    /// Who can open the wallet.
    custody: &'static str,
    /// Whether the operator can.
    is_custodian: bool,
    /// For a ramp provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    rampable_access_token: Option<String>,
}

/// Addresses as each version shows them.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// Version 1: the one of the family evm.
    One(String),
    /// Version 2: one for each family.
    All(Vec<NetworkAddress>),
}

/// Addresses as a version shows them.
pub fn shown(version: u8, addresses: Vec<NetworkAddress>) -> Shown {
    if version == 1 {
        Shown::One(evm_address(&addresses))
    } else {
        Shown::All(addresses)
    }
}

/// The answer for a wallet that was just made or moved.
async fn made(
    web: &Web,
    context: &Context,
    caller: &Caller,
    wallet: Wallet,
    login: &FinishedLogin,
    until: Option<jiff::Timestamp>,
    issued: &Issued,
) -> Result<WalletMade, Failure> {
    let scope = &caller.app.scope;
    let known = web.instance.store.wallet_of(scope, wallet.user, context.now).await?;
    let known: KnownWallet = known
        .filter(|known| known.wallet.id == wallet.id)
        .ok_or_else(|| {
            let why = "Another call has made or moved this person's wallet at the same moment, and its answer counts. Make this call again only if that answer was lost.";
            Failure::new(Code::Conflict).saying(why)
        })?;
    let session = begin(web, caller, &known, &Born::of(login, until), None).await?;
    Ok(WalletMade {
        wallet_token: session.wallet_token,
        refresh_token: session.refresh_token,
        secret0: issued.text.to_string(),
        secret0_link: issued.url.clone(),
        address: shown(caller.version, addresses(&known.wallet, scope.kind())?),
        custody: known.wallet.custody.as_str(),
        is_custodian: known.wallet.custody == Custody::Server,
        rampable_access_token: None,
    })
}

/// Makes or seals a wallet off the threads that serve requests: it takes more than a millisecond.
async fn on_a_thread(work: impl FnOnce() -> Result<Created, WalletError> + Send + 'static) -> Result<Created, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_| Failure::internal("making a wallet was broken off"))?;
    done.map_err(|error| {
        let broken = Failure::internal(format!("a wallet is not made: {error}"));
        match error {
            WalletError::Kms(KmsError::Unavailable(_)) => Failure {
                code: Code::Unavailable,
                ..broken
            },
            _ => broken,
        }
    })
}

/// An account for Rampable as a call asks for it.
pub struct RampableAsked {
    username: String,
    full_name: String,
    password: Password,
}

impl RampableAsked {
    /// Reads the three fields.
    fn read(fields: &mut Fields) -> Result<Self, Failure> {
        let bounded = |name: &'static str, longest: usize| {
            move |text: String| {
                let text = text.trim().to_owned();
                let fits = !text.is_empty() && text.chars().count() <= longest;
                let wrong = || crate::domain::Invalid::new(format!("{name} must have 1 to {longest} characters."));
                fits.then_some(text).ok_or_else(wrong)
            }
        };
        let username = fields.parsed("username", bounded("username", 254))?;
        let full_name = fields.parsed("fullName", bounded("fullName", 200))?;
        let password = Zeroizing::new(fields.text("password")?);
        let password = Password::chosen(password.to_string()).map_err(|wrong| Failure::field("password", wrong))?;
        Ok(Self {
            username,
            full_name,
            password,
        })
    }
}

/// Gives the user an account for Rampable, or finds the one there is, and makes its token.
async fn rampable(
    web: &Web,
    context: &Context,
    caller: &Caller,
    scope: &crate::store::UserScope,
    login: &FinishedLogin,
    proven_at: i64,
    asked: RampableAsked,
) -> Result<String, Failure> {
    let store = &web.instance.store;
    let (who, salt) = (caller.app.who(context), web.instance.ids.secret());
    let hash = web.passwords.hash(who, asked.password, salt).await?;
    let app = caller.app.scope.app();
    let new = NewRampableAccount {
        username: asked.username,
        full_name: asked.full_name,
        password: hash,
        app,
    };
    match store.add_rampable_account(scope, new, context.now).await? {
        RampableAdded::Added | RampableAdded::Known => {}
        RampableAdded::Taken => {
            let why = "Somebody else has an account for Rampable with this username. Choose another.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
        RampableAdded::Refused => return Err(Failure::new(Code::Unauthorized)),
    }
    let account = store.rampable_account(&caller.app.scope, scope.user()).await?;
    let account = account.ok_or_else(|| Failure::internal("an account for Rampable that was just made is gone"))?;
    if !account.is_reached_by(app, login.amr) {
        let why = "This user has an account for Rampable that another app made. The person reaches it by a log-in of their own: a code, or a provider.";
        return Err(Failure::new(Code::Conflict).saying(why));
    }
    let claims = RampableClaims::new(account.username, login).proven_at(proven_at);
    let signed = web.tokens.sign(
        scope.environment(),
        scope.user(),
        claims,
        ACCESS_TOKEN_LIFE,
        login.since,
    );
    signed
        .map(|signed| signed.token)
        .ok_or_else(|| Failure::internal("the environment has no signing key"))
}

/// Refuses a call about Rampable where the organization does not have it.
fn must_have_rampable(web: &Web, caller: &Caller) -> Result<(), Failure> {
    if web.instance.settings.of(caller.app.scope.environment()).login.rampable {
        return Ok(());
    }
    let why =
        "Accounts for Rampable are switched off here. Switch them on with `aboard settings set login.rampable true`.";
    Err(Failure::new(Code::Forbidden).saying(why))
}

/// Whether a log-in may have this custody: what stands behind an app's own word alone is the operator's to keep.
fn must_fit(arrived: &Arrived, custody: Custody) -> Result<(), Failure> {
    if custody == Custody::Server || arrived.scope.amr().is_own_proof() {
        return Ok(());
    }
    let why = "A user of register-custody cannot hold a half of the key: nobody but your app could give it back. Leave isCustodian out, or true.";
    Err(Failure::new(Code::Forbidden).saying(why))
}
