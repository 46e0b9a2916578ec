//! Bitcoin: a payment in the place of one that waits (BIP-125). It spends all coins of the other one and pays more, so that
//! nodes take it, and at most one of the two can ever happen. Which of them did is known when blocks say so: until then both
//! are followed.

use aboard_vault::sha256;
use aboard_vault::wallet::bitcoin::{CoinError, FeeRate, Plan, RawTransaction, Recipient, Replaced, replace};

use super::super::Operation;
use super::bitcoin::{Account, on_its_way, open_sends, read, sign, unsendable};
use super::held::{Begun, Signed, Wanted, begin};
use super::options::invalid;
use crate::chains::bitcoin::{OnItsWay, Place, Purse, Unsendable};
use crate::config::Family;
use crate::domain::{Code, SendKind};
use crate::store::Send;
use crate::web::{Failure, Web};

/// What is to happen instead.
pub struct Replacement {
    /// The field that names the send.
    pub field: &'static str,
    /// What the network calls it.
    pub hash: String,
    /// Who is paid, and how many satoshi; nobody, and all of it comes back.
    pub pays: Option<(Recipient, u64)>,
    /// What is paid for size, if the caller says it.
    pub rate: Option<FeeRate>,
}

/// Signs it, stores it and offers it to the servers.
pub async fn send(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    wish: Replacement,
) -> Result<Send, Failure> {
    let lane = account.lane();
    let open = open_sends(web, operation, account).await?;
    let replaced = find(&open, &wish)?;
    let purse = account
        .client
        .purse(&lane.address, wish.rate)
        .await
        .map_err(unsendable)?;
    let (to, satoshi) = match &wish.pays {
        Some((to, satoshi)) => (to.script().to_vec(), *satoshi),
        None => (Vec::new(), 0),
    };
    let wanted = Wanted {
        kind: if wish.pays.is_some() {
            SendKind::Coin
        } else {
            SendKind::Cancel
        },
        family: Family::Bitcoin,
        digest: sha256(
            &[
                b"instead",
                &replaced.id.bytes()[..],
                &satoshi.to_be_bytes()[..],
                &to[..],
            ]
            .concat(),
        ),
        lane,
        // There is one send that it can take the place of.
        allow_duplicate: true,
        replaces: Some(replaced.id),
    };
    let held = match begin(web, operation, wanted).await? {
        Begun::Known(send) => return Ok(send),
        Begun::Held(held) => held,
    };
    let signed = plan_and_sign(web, operation, account, &purse, &wish).await;
    held.end(web, operation, signed).await
}

/// The lane is held: what is read now stays as it is.
async fn plan_and_sign(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    purse: &Purse,
    wish: &Replacement,
) -> Result<Signed, Failure> {
    let open = open_sends(web, operation, account).await?;
    let send = find(&open, wish)?;
    let transaction = read(send)?;
    if !transaction.can_be_replaced() {
        return Err(conflict(
            "It says that its fee is final, so nothing takes its place. Wait for it.",
        ));
    }
    if let Some(child) = spends_of(&open, &transaction)? {
        let why = format!("{child} spends what comes back from it. Replace or cancel that one, or wait.");
        return Err(conflict(&why));
    }
    if matches!(account.client.place(&send.hash).await?, Some(Place::Block { .. })) {
        return Err(conflict("It stands in a block: nothing takes its place any more."));
    }
    let coins = account.client.coins_of(&transaction, &account.own).await?;
    let coins = coins.ok_or_else(|| conflict("Others pay with it, and would have to sign anew. Wait for it."))?;
    let paid: u64 = transaction.outputs().map(|(_, value)| value).sum();
    let replaced = Replaced {
        fee: coins.iter().map(|coin| coin.value).sum::<u64>().saturating_sub(paid),
        size: transaction.virtual_size(),
        coins,
    };
    let plan = plan(account, purse, wish, &replaced, &on_its_way(&open)?)?;
    account.client.prove(&plan.coins, &account.own).await?;
    sign(web, operation, account, plan).await
}

/// What is paid, within what the operator lets be paid.
fn plan(
    account: &Account<'_>,
    purse: &Purse,
    wish: &Replacement,
    replaced: &Replaced,
    on_its_way: &[OnItsWay],
) -> Result<Plan, Failure> {
    let own = account.own.script();
    let (to, amount) = match &wish.pays {
        Some((to, amount)) => (to, Some(*amount)),
        None => (&own, None),
    };
    let more = purse.settled(on_its_way);
    let planned = replace(replaced, &more, to, amount, purse.rate, &account.own);
    let plan = planned.map_err(|error| match (error, wish.pays.is_some()) {
        (CoinError::Missing { have, need }, false) => {
            let why = format!("All that comes back is {have} satoshi, and what a cancellation costs is {need} with the least that is passed on. Wait for it.");
            conflict(&why)
        }
        (error, _) => unsendable(Unsendable::Coins(error)),
    })?;
    let weight = plan.weight(&account.own);
    let (least, size) = (replaced.least(weight), weight.div_ceil(4));
    if wish.rate.is_some_and(|rate| rate.fee(weight) < least) {
        // In thousandths, as rates are kept.
        let rate = least.saturating_mul(1_000).div_ceil(size.max(1));
        let why = format!(
            "has to be at least {}.{:03}: nodes take a replacement for more in all, and at a higher rate, than what it replaces. Leave it out, and it is.",
            rate / 1_000,
            rate % 1_000
        );
        return Err(invalid("feeRate", &why));
    }
    if least > account.client.most_rate().fee(weight) {
        let why = format!(
            "A replacement has to offer more than what it replaces, and that is past the most that is paid on this network: see `networks.{}.max_fee_rate`.",
            account.network.code
        );
        return Err(conflict(&why));
    }
    Ok(plan)
}

/// The send that is named, if its end is not known and nothing has its place.
fn find<'s>(open: &'s [Send], wish: &Replacement) -> Result<&'s Send, Failure> {
    let Some(send) = open.iter().find(|send| send.hash == wish.hash) else {
        let why = format!(
            "No send of this wallet with the {} {} waits here: it has ended, or was not sent through this server.",
            wish.field, wish.hash
        );
        return Err(conflict(&why));
    };
    let Some(by) = send.superseded_by else {
        return Ok(send);
    };
    let newest = open.iter().find(|other| other.id == by);
    let newest = newest.map(|other| other.hash.as_str()).unwrap_or_default();
    let why = format!("{newest} has its place already: name that one to offer still more.");
    Err(conflict(&why).detailed("hash", newest))
}

/// What the wallet sends with what comes back from a transaction, if it does.
fn spends_of<'s>(open: &'s [Send], transaction: &RawTransaction) -> Result<Option<&'s str>, Failure> {
    for send in open {
        if read(send)?.spends().any(|(txid, _)| txid == transaction.txid()) {
            return Ok(Some(&send.hash));
        }
    }
    Ok(None)
}

fn conflict(why: &str) -> Failure {
    Failure::new(Code::Conflict).saying(why)
}
