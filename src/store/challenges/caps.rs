//! What was sent and proven on a day, against what codes may cost. A cap may be passed by the sends that are under way
//! in the same moment.

use jiff::Timestamp;

use crate::domain::{ChallengeId, CodeCaps, DayCounts, Destination, EnvironmentId, Withheld};
use crate::store::Result;
use crate::store::sql::params;
use crate::store::transaction::Tx;

const COUNTS: &str = "
    select bucket, cast(sum(sent) as bigint), cast(sum(proven) as bigint) from code_counts
    where environment_id = :environment and day = :day and bucket in (:country, :prefix, 'spend') group by bucket";
pub(in crate::store) const IS_PROVEN: &str = "
    select 1 from identities
    where environment_id = :environment and kind = :kind and key = :key and state = 'verified' and kind in ('email', 'phone')";
// In one order, so that no two transactions wait for each other.
const COUNT: &str = "
    insert into code_counts (environment_id, day, bucket, shard, sent, proven)
    values (:environment, :day, :country, :shard, 1, 0), (:environment, :day, :prefix, :shard, 1, 0),
        (:environment, :day, 'spend', :shard, cast(:cost as bigint), 0)
    on conflict (environment_id, day, bucket, shard) do update set sent = code_counts.sent + excluded.sent";
const PROVEN: &str = "
    insert into code_counts (environment_id, day, bucket, shard, sent, proven)
    values (:environment, :day, :bucket, :shard, 0, 1)
    on conflict (environment_id, day, bucket, shard) do update set proven = code_counts.proven + 1";

/// Rows of a bucket and day: those who send at once seldom meet on one.
const SHARDS: u8 = 8;

/// Whether a message is withheld, and why. Nobody can make a number unreachable that somebody has proven.
pub(super) async fn over(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    to: &Destination,
    caps: &CodeCaps,
    now: Timestamp,
) -> Result<Option<Withheld>> {
    let by_bucket = params![
        environment: environment.0, day: day(now), country: caps.country.as_str(), prefix: caps.prefix.as_str(),
    ];
    let rows = tx
        .all(COUNTS, &by_bucket, |row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
        .await?;
    let mut counts = DayCounts::default();
    for (bucket, sent, proven) in rows {
        if bucket == caps.country {
            counts.country = sent;
        } else if bucket == caps.prefix {
            (counts.prefix, counts.prefix_proven) = (sent, proven);
        } else {
            counts.spent = sent;
        }
    }
    let Some(why) = caps.withholds(counts) else {
        return Ok(None);
    };
    let whose = params![environment: environment.0, kind: to.kind(), key: to.key()];
    let proven = tx.one(IS_PROVEN, &whose, |_| Ok(())).await?.is_some();
    Ok((!proven).then_some(why))
}

/// Counts a message that goes out.
pub(super) async fn count(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    caps: &CodeCaps,
    challenge: ChallengeId,
    now: Timestamp,
) -> Result<()> {
    let params = params![
        environment: environment.0, day: day(now), country: caps.country.as_str(), prefix: caps.prefix.as_str(),
        shard: shard(challenge), cost: caps.cost,
    ];
    tx.execute(COUNT, &params).await?;
    Ok(())
}

/// Counts that somebody proved a number of this prefix.
pub(in crate::store) async fn count_proof(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    prefix: &str,
    challenge: ChallengeId,
    now: Timestamp,
) -> Result<()> {
    let params = params![environment: environment.0, day: day(now), bucket: prefix, shard: shard(challenge)];
    tx.execute(PROVEN, &params).await?;
    Ok(())
}

/// Days since 1970, in UTC.
fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(86_400)
}

/// The last bits of an id are random.
fn shard(challenge: ChallengeId) -> i64 {
    i64::from(challenge.bytes()[15] % SHARDS)
}
