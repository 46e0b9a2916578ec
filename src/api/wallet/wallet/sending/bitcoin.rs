//! Sends on Bitcoin. Coins are chosen while the address's lane is held, without those that are on their way already, and
//! each is checked against the transaction that it comes from before anything is signed.

use aboard_vault::sha256;
use aboard_vault::wallet::bitcoin::{FeeRate, Network, Payment, Plan, PublicKey, RawTransaction, Recipient};
use serde_json::{Value, json};

use super::super::{Asked, Operation, not_open, solana_json, wrong};
use super::held::{Begun, Signed, Wanted, begin};
use super::options::invalid;
use super::replace::{self, Replacement};
use super::solana::amount;
use crate::chains::bitcoin::{Client, OnItsWay, Purse, Unsendable};
use crate::config::Family;
use crate::domain::policy::Action;
use crate::domain::{Code, Lane, SendKind};
use crate::store::Send;
use crate::web::{Failure, Fields, Web};

/// A wallet on a network of Bitcoin.
pub struct Account<'a> {
    pub network: &'a Asked,
    pub client: &'a Client,
    pub own: PublicKey,
    pub on: Network,
}

impl Account<'_> {
    pub(super) fn lane(&self) -> Lane {
        Lane {
            network: self.network.code.clone(),
            address: self.own.address(self.on),
        }
    }
}

/// Satoshi are sent; with `replaces`, in the place of a send that waits.
pub async fn coin(web: &Web, operation: &mut Operation, account: &Account<'_>) -> Result<Send, Failure> {
    let fields = &mut operation.fields;
    let to = fields.text("to")?;
    let to = Recipient::parse(&to, account.on).map_err(|error| wrong("to", error))?;
    let satoshi = amount(fields, Family::Bitcoin.decimals())?;
    let rate = rate(fields)?;
    if let Some(hash) = fields.optional_text("replaces")? {
        let wish = Replacement {
            field: "replaces",
            hash,
            pays: Some((to, satoshi)),
            rate,
        };
        return replace::send(web, operation, account, wish).await;
    }
    let allow_duplicate = fields.optional_bool("allowDuplicate")?.unwrap_or_default();
    let lane = account.lane();
    let purse = account.client.purse(&lane.address, rate).await.map_err(unsendable)?;
    let wanted = Wanted {
        kind: SendKind::Coin,
        family: Family::Bitcoin,
        digest: sha256(&[b"pay", &satoshi.to_be_bytes()[..], to.script()].concat()),
        lane,
        allow_duplicate,
        replaces: None,
    };
    let held = match begin(web, operation, wanted).await? {
        Begun::Known(send) => return Ok(send),
        Begun::Held(held) => held,
    };
    let signed = pay(web, operation, account, &purse, &to, satoshi).await;
    held.end(web, operation, signed).await
}

/// Everything that a send spends comes back, less the fee.
pub async fn cancel(web: &Web, operation: &mut Operation, account: &Account<'_>) -> Result<Send, Failure> {
    let fields = &mut operation.fields;
    let wish = Replacement {
        field: "transactionHash",
        hash: fields.text("transactionHash")?,
        pays: None,
        rate: rate(fields)?,
    };
    replace::send(web, operation, account, wish).await
}

/// Chooses coins, checks them, and signs.
async fn pay(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    purse: &Purse,
    to: &Recipient,
    satoshi: u64,
) -> Result<Signed, Failure> {
    let on_its_way = on_its_way(&open_sends(web, operation, account).await?)?;
    let plan = purse.plan(&account.own, to, satoshi, &on_its_way).map_err(unsendable)?;
    account.client.prove(&plan.coins, &account.own).await?;
    sign(web, operation, account, plan).await
}

/// Signs a payment whose coins are proven.
pub(super) async fn sign(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    plan: Plan,
) -> Result<Signed, Failure> {
    let action = Action::bitcoin_plan(&account.network.code, account.on, &account.own, &plan);
    let permit = operation.permit(web, &action).await?;
    let id = operation.wallet.id;
    let signed = operation
        .sign(web, permit, move |wallet| {
            let key = wallet.bitcoin().map_err(|error| not_open(&error, id))?;
            Ok(key.sign_plan(&plan))
        })
        .await?;
    Ok(Signed {
        raw: signed.raw,
        hash: signed.txid.to_string(),
        last_height: None,
    })
}

/// A PSBT that this wallet's signatures make whole.
pub async fn transaction(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    inside: &mut Fields,
) -> Result<Send, Failure> {
    const FIELD: &str = "transaction.psbt";
    let psbt = inside.text("psbt")?;
    let bytes = solana_json::from_base64(&psbt).ok_or_else(|| invalid(FIELD, "must be a PSBT in base64 (BIP-174)."))?;
    let payment = Payment::parse(&bytes, &account.own).map_err(|error| wrong(FIELD, error))?;
    account.network.must_allow_psbt(FIELD, &payment)?;
    let inputs = payment.summary().inputs.clone();
    let allow_duplicate = operation.fields.optional_bool("allowDuplicate")?.unwrap_or_default();
    let wanted = Wanted {
        kind: SendKind::Transaction,
        family: Family::Bitcoin,
        lane: account.lane(),
        digest: sha256(&[b"psbt", &bytes[..]].concat()),
        allow_duplicate,
        replaces: None,
    };
    let held = match begin(web, operation, wanted).await? {
        Begun::Known(send) => return Ok(send),
        Begun::Held(held) => held,
    };
    let signed = async {
        let on_its_way = on_its_way(&open_sends(web, operation, account).await?)?;
        let taken = |(txid, vout)| inputs.iter().any(|input| (input.txid, input.vout) == (txid, vout));
        if on_its_way.iter().flat_map(|sent| sent.transaction.spends()).any(taken) {
            let why = "An input of the PSBT is being spent by another send of this wallet. Wait for that one.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
        let comes_from = |sent: &OnItsWay| inputs.iter().any(|input| input.txid == sent.transaction.txid());
        if on_its_way.iter().any(|sent| sent.contested && comes_from(sent)) {
            let why = "An input of the PSBT comes from a send of this wallet whose place another one may take. Wait for a block.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
        let permit = operation
            .permit(web, &Action::bitcoin(&account.network.code, account.on, &payment))
            .await?;
        let id = operation.wallet.id;
        let signed = operation
            .sign(web, permit, move |wallet| {
                let key = wallet.bitcoin().map_err(|error| not_open(&error, id))?;
                Ok(key.sign_psbt(&payment))
            })
            .await?;
        let raw = signed.transaction.ok_or_else(|| {
            let why =
                "has inputs that others have to sign: sign with sign-transaction, let them sign, and send it then.";
            invalid(FIELD, why)
        })?;
        Ok(Signed {
            raw,
            hash: signed.txid.to_string(),
            last_height: None,
        })
    }
    .await;
    held.end(web, operation, signed).await
}

/// What the wallet has sent and no block has settled. The lane is held: nothing comes in between.
pub(super) async fn open_sends(web: &Web, operation: &Operation, account: &Account<'_>) -> Result<Vec<Send>, Failure> {
    let scope = operation.caller.app.scope;
    Ok(web.instance.store.open_sends(&scope, &account.lane()).await?)
}

/// The same as coins see it.
pub(super) fn on_its_way(open: &[Send]) -> Result<Vec<OnItsWay>, Failure> {
    let seen = |send: &Send| -> Result<OnItsWay, Failure> {
        let takes_a_place = open.iter().any(|other| other.superseded_by == Some(send.id));
        Ok(OnItsWay {
            transaction: read(send)?,
            contested: takes_a_place || send.superseded_by.is_some(),
        })
    };
    open.iter().map(seen).collect()
}

/// The transaction of a send.
pub(super) fn read(send: &Send) -> Result<RawTransaction, Failure> {
    let read = RawTransaction::parse(&send.raw);
    read.ok_or_else(|| Failure::internal(format!("send {}: not a transaction", send.id)))
}

/// The transaction of a send as clients read it: what has no meaning on Bitcoin is `null`.
pub fn receipt(send: &Send) -> Option<Value> {
    let transaction = RawTransaction::parse(&send.raw)?;
    let on = if send.lane.address.starts_with("bc1") {
        Network::Main
    } else if send.lane.address.starts_with("bcrt1") {
        Network::Regtest
    } else {
        Network::Test
    };
    let mut others = transaction
        .outputs()
        .filter_map(|(to, value)| Some((to.address(on)?, value)));
    let paid = others.find(|(to, _)| *to != send.lane.address);
    let (to, value) = paid.map_or((None, 0), |(to, value)| (Some(to), value));
    Some(json!({ "from": send.lane.address, "to": to, "value": value.to_string(), "hash": send.hash }))
}

/// What the caller pays for size, in satoshi for a virtual byte.
fn rate(fields: &mut Fields) -> Result<Option<FeeRate>, Failure> {
    let Some(value) = fields.optional_value("feeRate") else {
        return Ok(None);
    };
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let why = "must be a number of satoshi for a virtual byte, from 1 on.";
    let number = number.filter(|rate| *rate >= 1.0);
    let rate = number.and_then(FeeRate::per_vb);
    rate.map(Some).ok_or_else(|| invalid("feeRate", why).holding(value))
}

pub(super) fn unsendable(error: Unsendable) -> Failure {
    match (error.field(), error) {
        (_, Unsendable::Chain(failure)) => failure.into(),
        (Some(field), error) => wrong(field, error),
        // A list of coins that cannot be true.
        (None, error) => crate::chains::ChainFailure::Lied(error.to_string()).into(),
    }
}
