//! The lane of an address: waiting for it, and what is said to whoever does not get it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::domain::Code;
use crate::store::{AppScope, NewReservation, Reservation, WantedSequence};
use crate::web::{Failure, Web};

/// For how long a lane is held by whoever signs. Who takes longer, at a distant key server, may lose it, and sends nothing.
const HELD: SignedDuration = SignedDuration::from_secs(10);
/// How often, and with which pause, it is tried again while another send of the address is being signed: for a little
/// longer than a server that died holds it.
const TRIES: u32 = 440;
const PAUSE: Duration = Duration::from_millis(25);

/// Holds the lane, once whoever has it is done.
pub async fn reserve(web: &Web, scope: &AppScope, wanted: &NewReservation) -> Result<Reservation, Failure> {
    let instance = &web.instance;
    for _ in 0..TRIES {
        let now = instance.clock.now();
        let wanted = NewReservation {
            held_until: now + HELD,
            ..wanted.clone()
        };
        match instance.store.reserve_send(scope, wanted, now).await? {
            Reservation::Busy => sleep(PAUSE).await,
            other => return Ok(other),
        }
    }
    Ok(Reservation::Busy)
}

/// What is said to whoever did not get the lane. Nothing was signed.
pub fn refusal(refused: Reservation, asked: WantedSequence, now: Timestamp) -> Failure {
    match refused {
        Reservation::Duplicate(send) => {
            let seconds = now.duration_since(send.created_at).as_secs();
            let why = format!(
                "The wallet sent the same {seconds} seconds ago, as {}. If it is to be sent twice, say `allowDuplicate: true`, or give each send an Idempotency-Key of its own.",
                send.hash
            );
            Failure::new(Code::DuplicateSend)
                .saying(why)
                .detailed("hash", send.hash.as_str())
        }
        Reservation::Paused(reason) => Failure {
            retry_after: Some(60),
            ..Failure::new(Code::SendsPaused).saying(format!("Nothing is sent on this network for now: {reason}"))
        },
        Reservation::WrongSequence { next } => {
            let neither = match asked {
                WantedSequence::Exactly { sequence, .. } => format!("; {sequence} is neither"),
                _ => String::new(),
            };
            let why = format!(
                "The nonce has to be {next}, the next one of this address, or that of a send of its own whose end is not known{neither}. Leave it out, and the next one is taken."
            );
            Failure::new(Code::Conflict).saying(why)
        }
        Reservation::NotOpen => Failure::new(Code::Conflict)
            .saying("What this was to replace has ended, or was replaced by another send. Nothing was signed."),
        Reservation::Busy | Reservation::Reserved { .. } | Reservation::Known(_) => Failure {
            retry_after: Some(1),
            ..Failure::new(Code::Conflict)
                .saying("Other sends of this wallet are being signed. Nothing was signed: make the call again.")
        },
    }
}
