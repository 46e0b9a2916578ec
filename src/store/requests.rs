//! The request log: what was asked with a good credential, and how it ended.

use jiff::Timestamp;
use uuid::Uuid;

use super::scope::{ServerScope, SystemScope};
use super::sql::{Row, params};
use super::{Engine, Result, Store};
use crate::domain::{EnvironmentId, KeyKind, RequestId};

/// How many requests one page looks at, at most, for those that its filter wants.
const LOOKED_AT: i64 = 5_000;

/// One request that was answered.
#[derive(Debug, Clone)]
pub struct AnsweredRequest {
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its id.
    pub id: RequestId,
    /// What the key was for.
    pub key_kind: KeyKind,
    /// The key's id; for a user's token the id of the user key that it was made from, if it was made from one.
    pub key: Option<Uuid>,
    /// Its method.
    pub method: String,
    /// Its route template, never its path; `none` where there is no such route.
    pub route: String,
    /// What it was answered.
    pub status: u16,
    /// The error's code, if it was refused or failed.
    pub code: Option<String>,
    /// The field that was wrong.
    pub field: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// When it came in.
    pub at: Timestamp,
}

/// Which requests a page shows.
#[derive(Debug, Clone)]
pub struct RequestFilter {
    /// Older than this one.
    pub before: Option<RequestId>,
    /// The lowest and the highest status.
    pub statuses: (u16, u16),
    /// One route template.
    pub route: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// Requests, the newest first.
#[derive(Debug, Clone)]
pub struct RequestPage {
    /// The requests. There may be fewer than asked for, or none, although more follow: a page looks at so many.
    pub requests: Vec<AnsweredRequest>,
    /// What the next page comes before; `None` on the last.
    pub next: Option<RequestId>,
}

const PAGE: &str = "
    select id, key_kind, key_id, method, route, status, code, field, duration_us, created_at
    from (
        select * from requests where environment_id = :environment and id < :before order by id desc limit :looked_at
    ) newest
    where status between :lowest and :highest and (cast(:route as text) is null or route = :route)
    order by id desc limit :limit";
const LAST_LOOKED_AT: &str = "
    select id from requests where environment_id = :environment and id < :before order by id desc limit 1 offset :skipped";

impl Store {
    /// Keeps requests that were answered.
    pub async fn note_requests(&self, _: SystemScope, requests: Vec<AnsweredRequest>) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.note_requests(requests).await,
            Engine::Postgres(engine) => engine.note_requests(requests).await,
        }
    }

    /// A page of an environment's requests, for its back end.
    pub async fn requests(&self, scope: &ServerScope, filter: &RequestFilter) -> Result<RequestPage> {
        self.page_of_requests(scope.environment, filter).await
    }

    /// A page of an environment's requests, for the command line.
    pub async fn requests_of(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        filter: &RequestFilter,
    ) -> Result<RequestPage> {
        self.page_of_requests(environment, filter).await
    }

    async fn page_of_requests(&self, environment: EnvironmentId, filter: &RequestFilter) -> Result<RequestPage> {
        let before = filter.before.map_or(Uuid::max(), |id| id.0);
        let limit = filter.limit as usize;
        let (lowest, highest) = filter.statuses;
        let wanted = params![
            environment: environment.0, before: before, looked_at: LOOKED_AT, lowest: i64::from(lowest),
            highest: i64::from(highest), route: filter.route.as_deref(), limit: i64::from(filter.limit) + 1,
        ];
        let mut requests = self.all(PAGE, &wanted, |row| answered(environment, row)).await?;
        let next = if requests.len() > limit {
            requests.truncate(limit);
            requests.last().map(|request| request.id)
        } else {
            let last = params![environment: environment.0, before: before, skipped: LOOKED_AT - 1];
            self.one(LAST_LOOKED_AT, &last, |row| row.id(0)).await?.map(RequestId)
        };
        Ok(RequestPage { requests, next })
    }
}

/// Below every id that was made at this time or later: ids begin with their milliseconds.
pub fn first_id_at(time: Timestamp) -> Uuid {
    let millis = u128::try_from(time.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

fn answered(environment: EnvironmentId, row: &Row<'_>) -> Result<AnsweredRequest> {
    Ok(AnsweredRequest {
        environment,
        id: RequestId(row.id(0)?),
        key_kind: row.word(1, KeyKind::parse)?,
        key: row.opt_id(2)?,
        method: row.text(3)?,
        route: row.text(4)?,
        status: u16::try_from(row.int(5)?).unwrap_or_default(),
        code: row.opt_text(6)?,
        field: row.opt_text(7)?,
        duration_us: row.int(8)?,
        at: row.time(9)?,
    })
}
