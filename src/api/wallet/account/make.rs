//! What making a wallet and bringing one along have in common.

use std::sync::Arc;

use aboard_vault::wallet::{Phrase, Pin, Place, SealedWallet};
use axum::Json;
use serde_json::Value;

use super::super::auth::until;
use super::super::bearer::Arrived;
use super::super::secret::{issue, pin_in};
use super::super::{Caller, answer};
use super::{RampableAsked, made, must_fit, must_have_rampable, on_a_thread, rampable};
use crate::domain::{Code, Custody, WalletId};
use crate::store::{NewWallet, Wallet, WalletCreation};
use crate::web::{Bearer, Call, Context, Failure, Fields, IdempotencyKey, Web, once, secret_was_shown};

/// Whoever asks for a wallet.
pub struct Asking<'a> {
    pub web: &'a Web,
    pub context: &'a Context,
    pub caller: &'a Caller,
    pub bearer: &'a Bearer,
    pub key: IdempotencyKey,
    pub raw: &'a [u8],
}

/// Reads the phrase that somebody brings.
pub type ReadPhrase = fn(&mut Fields) -> Result<Phrase, Failure>;

/// Makes a wallet of a new phrase, or of the one that the person brings, and answers it.
pub async fn make(
    asking: Asking<'_>,
    fields: &mut Fields,
    brought: Option<ReadPhrase>,
    message: &str,
) -> Result<Json<Value>, Failure> {
    let Asking {
        web, context, caller, ..
    } = asking;
    let arrived = Arrived::read(web, context, caller, asking.bearer).await?;
    let brought = brought.map(|read| read(fields)).transpose()?;
    let custody = match fields.optional_bool("isCustodian")? {
        Some(false) => Custody::Shared,
        _ => Custody::Server,
    };
    must_fit(&arrived, custody)?;
    let until = until(fields, context.now)?;
    let pin = pin_in(fields)?;
    let asked = rampable_asked(web, caller, fields)?;
    let who = crate::web::Caller {
        environment: arrived.scope.environment(),
        credential: caller.app.scope.app().0,
        subject: Some(arrived.scope.user().0),
    };
    let repeatable = asking.key.of(web, who, asking.raw, context.now)?;
    let login = arrived.login(caller, context)?;
    // Ahead of the wallet: a name that somebody has is refused before there is a secret to show.
    let rampable_access_token = match asked {
        None => None,
        Some(asked) => Some(rampable(web, context, caller, &arrived.scope, &login, arrived.proven_at(), asked).await?),
    };
    let new = New::seal(web, caller, &arrived, custody, brought).await?;
    let issued = new.issue(web, context, caller, new.wallet.id, pin.as_ref()).await?;
    let row = NewWallet {
        id: new.wallet.id,
        custody,
        key: new.wallet.key.clone(),
        body: new.wallet.body.clone(),
        imported: new.imported,
        secret: issued.row.clone(),
        link: issued.link.clone(),
    };
    let (store, app) = (&web.instance.store, caller.app.scope.app());
    let outcome = store
        .create_wallet(&arrived.scope, app, row, repeatable.claim.clone(), context.now)
        .await?;
    let (wallet, issued) = match once(outcome)? {
        Call::Done(WalletCreation::Created) => (new.wallet, issued),
        // Whoever made it may have missed the answer: the same wallet, and a secret of its own for this answer.
        Call::Done(WalletCreation::Unproven(known)) if new.may_be(&known)? => {
            let again = new.issue(web, context, caller, known.id, pin.as_ref()).await?;
            let added = store
                .add_wallet_secret(
                    &arrived.scope,
                    known.id,
                    again.row.clone(),
                    again.link.clone(),
                    context.now,
                )
                .await?;
            if !added {
                return Err(taken());
            }
            (*known, again)
        }
        Call::Done(WalletCreation::Taken | WalletCreation::Unproven(_)) => return Err(taken()),
        Call::Done(WalletCreation::Refused) => return Err(Failure::new(Code::Unauthorized)),
        Call::Replayed(saved) => {
            let what = saved
                .resource
                .map_or_else(|| "a wallet".to_owned(), |id| format!("wallet {}", WalletId(id)));
            return Err(secret_was_shown(&what));
        }
    };
    let mut done = made(web, context, caller, wallet, &login, until, &issued).await?;
    done.rampable_access_token = rampable_access_token;
    Ok(answer(message, &done))
}

/// A wallet that is sealed and not stored yet.
struct New {
    wallet: Wallet,
    secret: Arc<aboard_vault::wallet::Secret0>,
    imported: bool,
}

impl New {
    async fn seal(
        web: &Web,
        caller: &Caller,
        arrived: &Arrived,
        custody: Custody,
        brought: Option<Phrase>,
    ) -> Result<Self, Failure> {
        let (environment, user) = (arrived.scope.environment(), arrived.scope.user());
        let id = WalletId(web.instance.ids.id());
        let place = Place {
            environment: environment.bytes(),
            user: user.bytes(),
            wallet: id.bytes(),
        };
        let (vault, random) = (Arc::clone(&web.instance.vault), web.instance.ids.clone());
        let imported = brought.is_some();
        let created = on_a_thread(move || match brought {
            None => SealedWallet::create(vault.kms(), &place, custody, random.entropy()),
            Some(phrase) => SealedWallet::import(vault.kms(), &place, custody, &phrase, random.entropy()),
        })
        .await?;
        Ok(Self {
            wallet: Wallet {
                id,
                environment,
                user,
                app: caller.app.scope.app(),
                custody,
                pending: custody == Custody::Shared,
                sealed_for: user,
                key: created.wallet.key().to_vec(),
                body: created.wallet.body().to_vec(),
                frozen: false,
            },
            secret: Arc::new(created.secret0),
            imported,
        })
    }

    async fn issue(
        &self,
        web: &Web,
        context: &Context,
        caller: &Caller,
        wallet: WalletId,
        pin: Option<&Arc<Pin>>,
    ) -> Result<super::super::secret::Issued, Failure> {
        issue(web, context, caller, wallet, &self.secret, pin).await
    }

    /// Whether this call may have made the wallet that is there: one that was brought along is of one phrase.
    fn may_be(&self, known: &Wallet) -> Result<bool, Failure> {
        use super::super::session::sealed;
        Ok(!self.imported || sealed(known)?.addresses() == sealed(&self.wallet)?.addresses())
    }
}

fn rampable_asked(web: &Web, caller: &Caller, fields: &mut Fields) -> Result<Option<RampableAsked>, Failure> {
    match fields.optional_value("rampable") {
        None => Ok(None),
        Some(Value::Object(map)) => {
            must_have_rampable(web, caller)?;
            RampableAsked::read(&mut Fields::new(map)).map(Some)
        }
        Some(_) => {
            let wrong = crate::domain::Invalid::new("rampable must be an object.");
            Err(Failure::field("rampable", wrong))
        }
    }
}

fn taken() -> Failure {
    let why = "This log-in has a wallet already. Log in again: the answer has its wallet token.";
    Failure::new(Code::Conflict).saying(why)
}
