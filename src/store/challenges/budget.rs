//! What was sent to a destination and for a network lately, and who is familiar there.

use futures_util::future::try_join;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{ChallengeId, Destination, EnvironmentId, PastSend, SendLimits, Wait, WrongCodes};
use crate::store::Result;
use crate::store::scope::ChallengeScope;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;

const FAMILIAR: &str = "
    select 1 from familiar_networks
    where environment_id = :environment and kind = :kind and key = :key and network = :network and proven_at > :since";
const TO_DESTINATION: &str = "
    select created_at, familiar, app_id from code_sends
    where environment_id = :environment and kind = :kind and key = :key and created_at > :since order by id desc limit 100";
const FROM_NETWORK: &str = "
    select created_at from code_sends
    where environment_id = :environment and network = :network and created_at > :since order by id desc limit :most";
// The send that began a challenge has its id.
const WRONG: &str = "
    select send.familiar, cast(coalesce(sum(challenge.wrong), 0) as bigint)
    from code_sends send join challenges challenge on challenge.id = send.id
    where send.environment_id = :environment and send.kind = :kind and send.key = :key and send.created_at > :since
    group by send.familiar";
// The first send has the challenge's id. None is counted for a test number: nothing is sent there.
const ADD_SEND: &str = "
    insert into code_sends (id, environment_id, app_id, challenge_id, kind, key, network, familiar, created_at)
    values (:id, :environment, :app, :challenge, :kind, :key, :network, :familiar, :now)";

/// How long a network stays familiar after a proof.
const FAMILIAR_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A send that is counted.
pub(super) struct Send<'a> {
    pub id: uuid::Uuid,
    pub challenge: ChallengeId,
    pub to: &'a Destination,
    pub network: Option<&'a str>,
    pub familiar: bool,
    pub now: Timestamp,
}

pub(super) async fn add_send(tx: &Tx<'_>, scope: ChallengeScope, send: &Send<'_>) -> Result<()> {
    let params = params![
        id: send.id, environment: scope.environment.0, app: scope.app.map(|app| app.0), challenge: send.challenge.0,
        kind: send.to.kind(), key: send.to.key(), network: send.network.unwrap_or_default(), familiar: send.familiar, now: send.now,
    ];
    tx.execute(ADD_SEND, &params).await?;
    Ok(())
}

/// The wrong codes of the last hour, by who asked for them.
pub(super) async fn wrong_codes(tx: &Tx<'_>, environment: EnvironmentId, asked: &Asked<'_>) -> Result<WrongCodes> {
    let params = params![
        environment: environment.0, kind: asked.to.kind(), key: asked.to.key(), since: asked.now - HOUR,
    ];
    let mut wrong = WrongCodes::default();
    for (familiar, count) in tx.all(WRONG, &params, |row| Ok((row.boolean(0)?, row.int(1)?))).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        *(if familiar {
            &mut wrong.familiar
        } else {
            &mut wrong.strange
        }) = count;
    }
    Ok(wrong)
}

/// From where a code is asked for, and to where.
pub(super) struct Asked<'a> {
    pub to: &'a Destination,
    pub network: Option<&'a str>,
    /// Whether it is asked for on a device that has proven the destination.
    pub known_device: bool,
    pub now: Timestamp,
}

/// Whether whoever asks gets the owner's share: a device or a network that the destination was proven from.
pub(super) async fn is_familiar(tx: &Tx<'_>, environment: EnvironmentId, asked: &Asked<'_>) -> Result<bool> {
    if asked.known_device {
        return Ok(true);
    }
    let Some(network) = asked.network else {
        return Ok(false);
    };
    let params = params![
        environment: environment.0, kind: asked.to.kind(), key: asked.to.key(), network: network,
        since: asked.now - FAMILIAR_FOR,
    ];
    Ok(tx.one(FAMILIAR, &params, |_| Ok(())).await?.is_some())
}

/// What was sent lately, to the destination and for the network.
#[derive(Default)]
pub(super) struct PastSends {
    pub to_destination: Vec<PastSend>,
    pub from_network: Vec<Timestamp>,
}

/// Reads what the limits ask for; nothing without limits.
pub(super) async fn past_sends(
    tx: &Tx<'_>,
    scope: ChallengeScope,
    asked: &Asked<'_>,
    limits: Option<SendLimits>,
) -> Result<PastSends> {
    let Some(limits) = limits else {
        return Ok(PastSends::default());
    };
    let environment = scope.environment.0;
    let by_destination = params![
        environment: environment, kind: asked.to.kind(), key: asked.to.key(), since: asked.now - DAY,
    ];
    let app = scope.app.map(|app| app.0);
    let sent = |row: &Row<'_>| {
        Ok(PastSend {
            at: row.time(0)?,
            familiar: row.boolean(1)?,
            same_app: row.opt_id(2)? == app,
        })
    };
    let from_network = async {
        let Some(network) = asked.network else {
            return Ok(Vec::new());
        };
        let by_network = params![
            environment: environment, network: network, since: asked.now - HOUR,
            most: i64::from(limits.per_network_hour),
        ];
        tx.all(FROM_NETWORK, &by_network, |row| row.time(0)).await
    };
    let (to_destination, from_network) = try_join(tx.all(TO_DESTINATION, &by_destination, sent), from_network).await?;
    Ok(PastSends {
        to_destination,
        from_network,
    })
}

/// Whether one more send fits into the limits.
pub(super) async fn admit(
    tx: &Tx<'_>,
    scope: ChallengeScope,
    asked: &Asked<'_>,
    limits: SendLimits,
    familiar: bool,
) -> Result<std::result::Result<(), Wait>> {
    let past = past_sends(tx, scope, asked, Some(limits)).await?;
    Ok(limits.admit(asked.now, familiar, &past.to_destination, &past.from_network))
}
