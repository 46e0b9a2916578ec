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
    let sent = match (network.nodes(web)?, kind) {
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

/// A transaction of another family that the caller made; `None` for a network of the family evm.
pub async fn transaction(
    web: &Web,
    operation: &mut Operation,
    network: &Asked,
    inside: &mut Fields,
) -> Result<Option<Send>, Failure> {
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
