//! Sends on Solana. The chain runs a transaction before it is signed here, so that one that would fail is never signed; it
//! is good until its blockhash expires, after a minute, and then it is reported and not signed again.

use aboard_vault::sha256;
use aboard_vault::wallet::evm::U256;
use aboard_vault::wallet::solana::{Address, Message, Signature, TokenTransfer, Transaction};
use serde_json::{Value, json};

use super::super::{Asked, Operation, not_open, solana_json, spl, wrong};
use super::held::{Begun, Signed, Wanted, begin};
use super::options::invalid;
use crate::chains::solana::{Client, Draft, Unsendable};
use crate::config::Family;
use crate::domain::policy::Action;
use crate::domain::{Code, Invalid, Lane, SendKind, parse_amount};
use crate::store::{Send, WantedSequence};
use crate::web::{Failure, Fields, Web};

/// A wallet on a cluster.
pub struct Account<'a> {
    pub network: &'a Asked,
    pub client: &'a Client,
    pub own: Address,
}

impl Account<'_> {
    fn lane(&self) -> Lane {
        Lane {
            network: self.network.code.clone(),
            address: self.own.to_string(),
        }
    }
}

/// Lamports are sent.
pub async fn coin(web: &Web, operation: &mut Operation, account: &Account<'_>) -> Result<Send, Failure> {
    let fields = &mut operation.fields;
    let (to, price) = (recipient(fields)?, price(fields)?);
    let lamports = amount(fields, Family::Solana.decimals())?;
    let draft = account.client.draft_coin(account.own, to, lamports, price).await;
    send_draft(web, operation, account, SendKind::Coin, draft.map_err(unsendable)?).await
}

/// A token is sent.
pub async fn token(web: &Web, operation: &mut Operation, account: &Account<'_>) -> Result<Send, Failure> {
    let fields = &mut operation.fields;
    let (to, price, mint) = (recipient(fields)?, price(fields)?, spl::mint("tokenAddress", fields)?);
    let known = spl::token_to_send(account.client, "tokenAddress", mint).await?;
    let transfer = TokenTransfer {
        mint,
        program: known.program,
        decimals: known.decimals,
        to,
        amount: amount(fields, known.decimals)?,
    };
    let draft = account.client.draft_token(account.own, transfer, price).await;
    send_draft(web, operation, account, SendKind::Token, draft.map_err(unsendable)?).await
}

/// A transaction that the caller made: instructions, or a whole one that others have signed.
pub async fn transaction(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    inside: &mut Fields,
) -> Result<Send, Failure> {
    let price = price(&mut operation.fields)?;
    let latest = account.client.latest_blockhash().await?;
    if !inside.has("recentBlockhash") {
        inside.set("recentBlockhash", Address(latest.hash).to_string());
    }
    if !inside.has("feePayer") {
        inside.set("feePayer", account.own.to_string());
    }
    let unsigned = match solana_json::transaction(inside)? {
        solana_json::Read::Made(transaction) => *transaction,
        solana_json::Read::Instructions {
            payer,
            blockhash,
            instructions,
        } => {
            if payer != account.own {
                return Err(invalid(
                    "transaction.feePayer",
                    "is not this wallet's address, and nobody else signs here.",
                ));
            }
            let draft = account.client.draft_instructions(instructions, price).await;
            let mut draft = draft.map_err(unsendable)?;
            draft.blockhash.hash = blockhash;
            let message = draft
                .message(payer)
                .map_err(|error| wrong("transaction.instructions", error))?;
            Transaction::unsigned(message)
        }
    };
    let hash = unsigned.message.blockhash;
    if hash != latest.hash && !account.client.is_blockhash_valid(hash).await? {
        let why = "is not a recent block, or is the nonce of an account (durable nonces are not followed here): leave it out, and one is taken; or sign with sign-transaction and send it yourself.";
        return Err(invalid("transaction.recentBlockhash", why));
    }
    // One that is older ends earlier, and nothing is lost by looking a little longer.
    send_unsigned(
        web,
        operation,
        account,
        SendKind::Transaction,
        unsigned,
        latest.last_height,
    )
    .await
}

async fn send_draft(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    kind: SendKind,
    draft: Draft,
) -> Result<Send, Failure> {
    let message = draft
        .message(account.own)
        .map_err(|error| wrong("transaction", error))?;
    let unsigned = Transaction::unsigned(message);
    send_unsigned(web, operation, account, kind, unsigned, draft.blockhash.last_height).await
}

async fn send_unsigned(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    kind: SendKind,
    unsigned: Transaction,
    last_height: u64,
) -> Result<Send, Failure> {
    account
        .network
        .must_allow_priority("transaction", account.own, &unsigned.message)?;
    let others = unsigned.missing().into_iter().any(|signer| signer != account.own);
    if others {
        let why = "has signers who have not signed yet: sign with sign-transaction, let them sign, and send it then.";
        return Err(invalid("transaction", why));
    }
    if let Some(reason) = account.client.try_out(&unsigned.message).await? {
        let why = format!("The network refuses this: {reason}. Nothing was signed.");
        return Err(Failure::new(Code::ChainRefused).saying(why));
    }
    let wanted = Wanted {
        kind,
        family: Family::Solana,
        lane: account.lane(),
        digest: digest(&unsigned.message),
        allow_duplicate: operation.fields.optional_bool("allowDuplicate")?.unwrap_or_default(),
        replaces: None,
        sequence: WantedSequence::None,
    };
    let held = match begin(web, operation, wanted).await? {
        Begun::Known(send) => return Ok(send),
        Begun::Held(held) => held,
    };
    let signed = sign(web, operation, account, unsigned, last_height).await;
    let signed = match signed {
        Ok(signed) => must_be_another(web, operation, account, signed).await,
        Err(failure) => Err(failure),
    };
    held.end(web, operation, signed).await
}

/// Two transactions that do the same in one block are one, and it would land once.
async fn must_be_another(
    web: &Web,
    operation: &Operation,
    account: &Account<'_>,
    signed: Signed,
) -> Result<Signed, Failure> {
    let scope = operation.caller.app.scope;
    let open = web.instance.store.open_sends(&scope, &account.lane()).await?;
    if open.iter().any(|send| send.hash == signed.hash) {
        return Err(Failure {
            retry_after: Some(1),
            ..Failure::new(Code::Conflict).saying(
                "This is the same transaction as one that is on its way, and would land once. Make the call again: it then names another block.",
            )
        });
    }
    Ok(signed)
}

async fn sign(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    unsigned: Transaction,
    last_height: u64,
) -> Result<Signed, Failure> {
    let id = operation.wallet.id;
    let action = Action::solana(&account.network.code, account.own, &unsigned.message);
    let permit = operation.permit(web, &action).await?;
    let signed = operation
        .sign(web, permit, move |wallet| {
            let key = wallet.solana().map_err(|error| not_open(&error, id))?;
            key.sign_transaction(&unsigned)
                .map_err(|error| wrong("transaction", error))
        })
        .await?;
    let name = signed.id().filter(|_| signed.missing().is_empty());
    let name = name.ok_or_else(|| Failure::internal("a transaction that was signed lacks a signature"))?;
    Ok(Signed {
        raw: signed.to_bytes(),
        hash: Signature(name).to_string(),
        last_height: Some(last_height),
    })
}

/// SHA-256 of what a transaction does: equal for equal wishes, whatever their block and what they pay for priority.
fn digest(message: &Message) -> [u8; 32] {
    const BUDGET: &str = "ComputeBudget111111111111111111111111111111";
    let mut plain = message.clone();
    plain.blockhash = [0; 32];
    let keys = plain.keys.clone();
    plain.instructions.retain(|instruction| {
        let program = keys.get(usize::from(instruction.program));
        program.is_none_or(|program| program.to_string() != BUDGET)
    });
    sha256(&plain.to_bytes())
}

/// The transaction of a send as clients read it: what has no meaning on Solana is `null`.
pub fn receipt(send: &Send) -> Option<Value> {
    let transaction = Transaction::parse(&send.raw).ok()?;
    let summary = transaction.message.summary();
    let (to, value) = summary
        .effects
        .iter()
        .find_map(|effect| match effect {
            aboard_vault::wallet::solana::Effect::Transfer { to, lamports, .. } => Some((to.to_string(), *lamports)),
            aboard_vault::wallet::solana::Effect::TokenAccount { owner, .. } => Some((owner.to_string(), 0)),
            _ => None,
        })
        .map_or((None, 0), |(to, value)| (Some(to), value));
    Some(json!({ "from": send.lane.address, "to": to, "value": value.to_string(), "hash": send.hash }))
}

fn recipient(fields: &mut Fields) -> Result<Address, Failure> {
    let text = fields.text("to")?;
    Address::parse(&text).map_err(|error| wrong("to", error))
}

/// An amount in decimal units, as units of 64 bits, and more than none.
pub fn amount(fields: &mut Fields, decimals: u8) -> Result<u64, Failure> {
    fields.parsed("amount", |text| {
        let units: U256 = parse_amount(&text, decimals)?;
        u64::try_from(units)
            .ok()
            .filter(|units| *units > 0)
            .ok_or_else(|| Invalid::new("The amount has to be more than nothing, and no more than there can be."))
    })
}

/// What the caller pays for priority: millionths of a lamport for a unit of computing.
fn price(fields: &mut Fields) -> Result<Option<u64>, Failure> {
    let Some(value) = fields.optional_value("priorityFee") else {
        return Ok(None);
    };
    let number = match &value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let why = "must be a whole number: millionths of a lamport for a unit of computing.";
    number
        .map(Some)
        .ok_or_else(|| invalid("priorityFee", why).holding(value))
}

fn unsendable(error: Unsendable) -> Failure {
    match (error.field(), error) {
        (_, Unsendable::Chain(failure)) => failure.into(),
        (Some(field), error) => wrong(field, error),
        (None, error) => Failure::internal(error.to_string()),
    }
}
