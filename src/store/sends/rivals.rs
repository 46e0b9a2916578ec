//! Which sends exclude each other.

use super::{OPEN, Send, read};
use crate::domain::SendId;
use crate::store::Result;
use crate::store::sql::params;
use crate::store::transaction::Tx;

const SUPERSEDED_BY: &str = "select superseded_by from sends where id = :id";

/// What can no longer happen now that a send stands in the chain: whatever else has its nonce, or where the family has none,
/// whatever was sent in its place, or it in the place of. The lane is locked.
pub(super) async fn rivals(tx: &Tx<'_>, send: &Send) -> Result<Vec<Send>> {
    let mut others = others_in_lane(tx, send).await?;
    if send.sequence.is_some() {
        others.retain(|other| other.sequence == send.sequence);
        return Ok(others);
    }
    // Read again: the lane was not locked when the send was.
    let superseded_by = tx
        .one(SUPERSEDED_BY, &params![id: send.id.0], |row| row.opt_id(0))
        .await?;
    let send = Send {
        superseded_by: superseded_by.flatten().map(SendId),
        ..send.clone()
    };
    let is_linked =
        |one: &Send, other: &Send| one.superseded_by == Some(other.id) || other.superseded_by == Some(one.id);
    let mut rivals: Vec<Send> = Vec::new();
    while let Some(at) = others
        .iter()
        .position(|other| is_linked(&send, other) || rivals.iter().any(|rival| is_linked(rival, other)))
    {
        rivals.push(others.swap_remove(at));
    }
    Ok(rivals)
}

/// The other sends of its lane whose end is not known.
async fn others_in_lane(tx: &Tx<'_>, send: &Send) -> Result<Vec<Send>> {
    let lane = params![
        environment: send.environment.0, network: send.lane.network.as_str(), address: send.lane.address.as_str(),
    ];
    let mut open = tx.all(OPEN, &lane, read).await?;
    open.retain(|other| other.id != send.id);
    Ok(open)
}
