//! Sends on the families that have no nonces.

use super::super::{Asked, Operation};
use super::{bitcoin, solana};
use crate::chains::Chain;
use crate::domain::{Invalid, SendKind};
use crate::store::Send;
use crate::web::{Failure, Fields, Web};

/// A coin or a token of another family; `None` for a network of the family evm.
pub async fn action(
    web: &Web,
    operation: &mut Operation,
    network: &Asked,
    kind: SendKind,
) -> Result<Option<Send>, Failure> {
    let addresses = operation.addresses()?;
    let nodes = network.nodes(web)?;
    if !matches!((nodes, kind), (Chain::Bitcoin(_), SendKind::Coin)) {
        replaces_nothing(operation)?;
    }
    let sent = match (nodes, kind) {
        (Chain::Evm(_), _) => return Ok(None),
        (Chain::Solana(client), SendKind::Coin | SendKind::Token) => {
            let own = addresses.solana;
            let account = solana::Account { network, client, own };
            if kind == SendKind::Coin {
                solana::coin(web, operation, &account).await?
            } else {
                solana::token(web, operation, &account).await?
            }
        }
        (Chain::Bitcoin(client), SendKind::Coin) => {
            let (own, on) = (addresses.bitcoin, operation.bitcoin_network());
            let account = bitcoin::Account {
                network,
                client,
                own,
                on,
            };
            bitcoin::coin(web, operation, &account).await?
        }
        (Chain::Bitcoin(_), SendKind::Token) => {
            let why = format!("{} has no tokens.", network.code);
            return Err(Failure::field("network", Invalid::new(why)));
        }
        _ => return Err(network.cannot("tokens of this kind")),
    };
    Ok(Some(sent))
}

/// Sends nothing in the place of a send on a network of another family; `None` for one of the family evm, where a nonce names
/// what is cancelled.
pub async fn cancel(web: &Web, operation: &mut Operation, network: &Asked) -> Result<Option<Send>, Failure> {
    match network.nodes(web)? {
        Chain::Evm(_) => Ok(None),
        Chain::Solana(_) => {
            let why = format!(
                "What is sent on {} cannot be cancelled: it lands within about a minute, or never does.",
                network.code
            );
            Err(Failure::field("network", Invalid::new(why)))
        }
        Chain::Bitcoin(client) => {
            let (own, on) = (operation.addresses()?.bitcoin, operation.bitcoin_network());
            let account = bitcoin::Account {
                network,
                client,
                own,
                on,
            };
            bitcoin::cancel(web, operation, &account).await.map(Some)
        }
    }
}

/// Whoever says that a send replaces another one does not want two.
fn replaces_nothing(operation: &Operation) -> Result<(), Failure> {
    if !operation.fields.has("replaces") {
        return Ok(());
    }
    let why = "replaces is for send-coin on Bitcoin. On a network of the family evm the nonce says what a send takes the place of.";
    Err(Failure::field("replaces", Invalid::new(why)))
}

/// A transaction of another family that the caller made; `None` for a network of the family evm.
pub async fn transaction(
    web: &Web,
    operation: &mut Operation,
    network: &Asked,
    inside: &mut Fields,
) -> Result<Option<Send>, Failure> {
    replaces_nothing(operation)?;
    let addresses = operation.addresses()?;
    let sent = match network.nodes(web)? {
        Chain::Evm(_) => return Ok(None),
        Chain::Solana(client) => {
            let own = addresses.solana;
            let account = solana::Account { network, client, own };
            solana::transaction(web, operation, &account, inside).await?
        }
        Chain::Bitcoin(client) => {
            let (own, on) = (addresses.bitcoin, operation.bitcoin_network());
            let account = bitcoin::Account {
                network,
                client,
                own,
                on,
            };
            bitcoin::transaction(web, operation, &account, inside).await?
        }
    };
    Ok(Some(sent))
}
