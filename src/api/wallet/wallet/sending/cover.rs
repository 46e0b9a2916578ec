//! Whether the account can pay what a send sends, and the most that it may cost.

use aboard_vault::wallet::evm::U256;

use super::price::Found;
use super::{Account, Wish};
use crate::chains::ChainFailure;
use crate::domain::{Code, Invalid, SendKind, show_amount};
use crate::web::Failure;

/// Refuses what the account cannot pay. Where no node answers that is seen later, by the nodes.
pub async fn fees(account: &Account<'_>, wish: &Wish, found: &Found, answers: bool) -> Result<(), Failure> {
    let has = match account.client.balance(account.own).await {
        Ok(has) => has,
        Err(ChainFailure::Down(_)) if !answers || wish.kind == SendKind::Cancel => return Ok(()),
        Err(failure) => return Err(failure.into()),
    };
    let fees = U256::from(found.gas_limit).saturating_mul(U256::from(found.price.both().0));
    let value = wish.call.value;
    if has >= value.saturating_add(fees) {
        return Ok(());
    }
    let symbol = &account.network.symbol;
    let shown = |amount| format!("{} {symbol}", show_amount(amount, 18));
    if value.is_zero() {
        let why = format!(
            "The wallet has {}, which does not cover the fees of up to {}.",
            shown(has),
            shown(fees)
        );
        return Err(Failure::new(Code::ChainRefused).saying(why));
    }
    let field = match wish.kind {
        SendKind::Coin => "amount",
        _ => "transaction.value",
    };
    let why = format!(
        "This is more than the wallet has: {}, and with it come fees of up to {}.",
        shown(has),
        shown(fees)
    );
    Err(Failure::field(field, Invalid::new(why)))
}
