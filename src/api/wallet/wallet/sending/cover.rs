//! Whether the account can pay what a send sends, and the most that it may cost.

use aboard_vault::wallet::evm::U256;

use super::price::Found;
use super::{Account, Wish};
use crate::chains::ChainFailure;
use crate::domain::{Code, Invalid, SendKind, show_amount};
use crate::web::Failure;

/// What the account has, if the network can be asked.
pub struct Purse(Option<U256>);

impl Purse {
    /// Asks for it, and refuses a send of more. `answers` says whether any node did just now: where none does, what the
    /// account has is seen later, by the nodes.
    pub async fn open(account: &Account<'_>, wish: &Wish, answers: bool) -> Result<Self, Failure> {
        if !answers {
            return Ok(Self(None));
        }
        let has = match account.client.balance(account.own).await {
            Ok(has) => has,
            Err(ChainFailure::Down(_)) if wish.kind == SendKind::Cancel => return Ok(Self(None)),
            Err(failure) => return Err(failure.into()),
        };
        if has < wish.call.value {
            let why = format!("This is more than the wallet has: {}.", shown(account, has));
            return Err(Failure::field(amount_of(wish), Invalid::new(why)));
        }
        Ok(Self(Some(has)))
    }

    /// Refuses what the account cannot pay once the fees are added.
    pub fn covers(&self, account: &Account<'_>, wish: &Wish, found: &Found) -> Result<(), Failure> {
        let fees = U256::from(found.gas_limit).saturating_mul(U256::from(found.price.both().0));
        let Some(has) = self.0.filter(|has| *has < wish.call.value.saturating_add(fees)) else {
            return Ok(());
        };
        let (has, fees) = (shown(account, has), shown(account, fees));
        if wish.call.value.is_zero() {
            let why = format!("The wallet has {has}, which does not cover the fees of up to {fees}.");
            return Err(Failure::new(Code::ChainRefused).saying(why));
        }
        let why = format!("This is more than the wallet has: {has}, and with it come fees of up to {fees}.");
        Err(Failure::field(amount_of(wish), Invalid::new(why)))
    }
}

fn shown(account: &Account<'_>, amount: U256) -> String {
    format!("{} {}", show_amount(amount, 18), account.network.symbol)
}

/// The field that says how much is sent.
const fn amount_of(wish: &Wish) -> &'static str {
    match wish.kind {
        SendKind::Coin => "amount",
        _ => "transaction.value",
    }
}
