//! Whether the nodes of the networks answer, and are of the networks that they stand for.

use super::Check;
use crate::chains::{Chain, ChainFailure, Chains};
use crate::clock::Clock;
use crate::config::Config;

const NAME: &str = "nodes";

/// Asks every node once.
pub async fn look(config: &Config, checks: &mut Vec<Check>) {
    let chains = match Chains::new(&config.networks, &Clock::System) {
        Ok(chains) => chains,
        Err(error) => {
            let advice = "Look at the certificates of this machine.";
            return checks.push(Check::bad(NAME, format!("no client can be made ({error})"), advice));
        }
    };
    for (code, chain) in chains.iter() {
        let looked = match chain {
            Chain::Evm(client) => client.look().await,
            Chain::Solana(client) => client.look().await,
            Chain::Bitcoin(client) => client.look().await,
        };
        for (node, newest) in looked {
            checks.push(of_node(code, &node, newest));
        }
    }
}

fn of_node(code: &str, node: &str, newest: Result<u64, ChainFailure>) -> Check {
    let setting = format!("networks.{code}.endpoints");
    match newest {
        Ok(number) => Check::good(NAME, format!("{code}: {node} is at block {number}")),
        Err(ChainFailure::Down(why)) => Check::bad(
            NAME,
            format!("{code}: {node} does not answer ({why})"),
            format!("Check the address and its key in {setting}, and the way there."),
        ),
        Err(ChainFailure::Refused(why) | ChainFailure::Lied(why)) => Check::bad(
            NAME,
            format!("{code}: {node} is of no use ({why})"),
            format!("Put a node of {code} into {setting}."),
        ),
    }
}
