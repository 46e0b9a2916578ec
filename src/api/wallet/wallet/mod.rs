//! `/api/v{1,2}/wallet/…`: operations on a wallet, each for one wallet token.

pub mod address;
pub mod balance_coin;
pub mod balance_token;
pub mod batch_balance_token;
pub mod cancel_transaction;
mod ceiling;
mod details;
pub mod estimate_gas;
mod evm_action;
mod evm_json;
pub mod export;
mod network;
mod permit;
pub mod refresh;
pub mod refresh_rampable;
pub mod send_coin;
pub mod send_token;
pub mod send_transaction;
mod sending;
mod shape;
pub mod sign_authorization;
pub mod sign_hash;
pub mod sign_message;
pub mod sign_transaction;
pub mod sign_typed_data;
mod solana_json;
mod spl;
pub mod transaction_detail;
pub mod transfer_erc1155;
pub mod transfer_erc721;
pub mod unlock;

use std::sync::Arc;

use aboard_vault::KmsError;
use aboard_vault::wallet::{Addresses, OpenWallet, UserHalf, WalletError};
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::bearer::{LetIn, consent_needed, must_be_allowed, presented, spend_presented};
use super::secret::half_in;
use super::session::{bitcoin_network, half_of, place, sealed};
use super::{Caller, answer};
use crate::config::EnvironmentConfig;
use crate::domain::{Code, Invalid};
use crate::store::Wallet;
use crate::web::{Bearer, Context, Failure, Fields, IdempotencyKey, JsonObject, Web, mark_replayed};

pub use network::Asked;
pub use permit::Permit;

/// One operation, from its token to its answer: what a handler takes. The token is spent first, and only then the call is
/// looked at: whatever is wrong with it, the token is used up.
pub struct Operation {
    caller: Caller,
    fields: Fields,
    wallet: Wallet,
    half: Option<UserHalf>,
    replayed: bool,
    /// What is answered where the person's consent does not reach.
    asks_consent: Failure,
    /// Held until the answer is made, so that a second call with the same `Idempotency-Key` waits.
    let_in: LetIn,
}

impl FromRequest<Web> for Operation {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        Self::read(request, web, LetIn::must_not_be_held).await
    }
}

/// An operation that opens no key, and that a log-in on a new device has from the beginning.
pub struct Look(pub Operation);

impl FromRequest<Web> for Look {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        Operation::read(request, web, |_| Ok(())).await.map(Self)
    }
}

impl Operation {
    async fn read(
        request: Request,
        web: &Web,
        may: impl FnOnce(&LetIn) -> Result<(), Failure> + Send,
    ) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, web).await?;
        let caller = Caller::from_request_parts(&mut parts, web).await?;
        let bearer = Bearer::from_request_parts(&mut parts, web).await?;
        let key = IdempotencyKey::from_request_parts(&mut parts, web).await?;
        let headers = parts.headers.clone();
        // What may be large is read for nobody whose token is none.
        let read = presented(web, &context, &caller, bearer.0.as_deref()).await?;
        let JsonObject { mut fields, raw } = JsonObject::from_request(Request::from_parts(parts, body), web).await?;
        let let_in = spend_presented(web, &context, read, key, &raw).await?;
        may(&let_in)?;
        must_be_allowed(web, &caller, &headers, &let_in)?;
        let asks_consent = consent_needed(web, &caller, &headers, &let_in);
        let given = half_in(web, &context, &caller, &let_in.usable.wallet, &mut fields).await?;
        let (half, wallet) = if let Some((half, wallet)) = given {
            (Some(half), wallet)
        } else {
            let wallet = let_in.usable.wallet.clone();
            let riding = half_of(&let_in.claims, &wallet, let_in.usable.half.as_deref());
            (riding, wallet)
        };
        Ok(Self {
            caller,
            fields,
            wallet,
            half,
            replayed: let_in.replayed,
            asks_consent,
            let_in,
        })
    }
}

impl Operation {
    /// The network that the call names.
    pub fn network(&mut self, web: &Web) -> Result<Asked, Failure> {
        Asked::read(web, &self.caller, &mut self.fields)
    }

    /// What the environment sets.
    pub fn settings(&self, web: &Web) -> Arc<EnvironmentConfig> {
        web.instance.settings.of(self.caller.app.scope.environment())
    }

    /// The wallet's addresses.
    pub fn addresses(&self) -> Result<Addresses, Failure> {
        Ok(*sealed(&self.wallet)?.addresses())
    }

    /// The network that addresses of Bitcoin are of here.
    pub fn bitcoin_network(&self) -> aboard_vault::wallet::bitcoin::Network {
        bitcoin_network(self.caller.app.scope.kind())
    }

    /// The call's `Idempotency-Key` as the store knows it, if it has one.
    pub fn key(&self) -> Option<[u8; 32]> {
        self.let_in.call().map(|(key, _)| key)
    }

    /// Opens the wallet and signs what was permitted, off the threads that serve requests. The key is gone when this is
    /// answered.
    pub async fn sign<T: Send + 'static>(
        &mut self,
        web: &Web,
        permit: Permit,
        work: impl FnOnce(&OpenWallet<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        // It was of this one signature.
        let Permit { .. } = permit;
        let columns = sealed(&self.wallet)?;
        let (place, half, vault) = (place(&self.wallet), self.half.take(), Arc::clone(&web.instance.vault));
        let id = self.wallet.id;
        let done = tokio::task::spawn_blocking(move || {
            let open = columns
                .open(vault.kms(), &place, half.as_ref())
                .map_err(|error| not_open(&error, id))?;
            work(&open)
        });
        done.await.map_err(|_| Failure::internal("signing was broken off"))?
    }

    /// The answer.
    pub fn answer(&self, message: &str, data: &impl Serialize) -> Response {
        let mut response = answer(message, data).into_response();
        if self.replayed {
            mark_replayed(response.headers_mut());
        }
        response
    }
}

/// Reads what may take more than a millisecond to read, off the threads that serve requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::internal("reading what is to be signed was broken off"))?
}

/// A wallet that does not open.
pub fn not_open(error: &WalletError, wallet: crate::domain::WalletId) -> Failure {
    if matches!(error, WalletError::NeedsUserHalf) {
        let why = "Only its person can open this wallet. Call wallet/unlock with the recovery secret first, or send it as `secret`.";
        return Failure::new(Code::Conflict).saying(why);
    }
    let broken = Failure::internal(format!("wallet {wallet}: {error}"));
    match error {
        // Nothing was made, and it may work in a moment.
        WalletError::Kms(KmsError::Unavailable(_)) => Failure {
            code: Code::Unavailable,
            ..broken
        },
        _ => broken,
    }
}

/// A field that cannot be signed as it is: the vault's words, as a sentence.
pub fn wrong(field: &str, error: impl std::fmt::Display) -> Failure {
    let mut message = error.to_string();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !message.ends_with('.') {
        message.push('.');
    }
    Failure::field(field, Invalid::new(message))
}
