//! The request log: what was asked with a good credential, and how it ended.
//!
//! Lines are kept in blocks, because a row for each request would cost the writer as much as the request itself. A
//! block's lines stand in the order of their ids, and it covers a short [`SPAN`]; blocks of the same moment overlap,
//! since a request is written when it ends and is named when it comes in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::scope::{ServerScope, SystemScope};
use super::sql::{Script, from_micros, params};
use super::{Result, Store, StoreError};
use crate::domain::{EnvironmentId, KeyKind, RequestId};

/// Lines that a page looks at, about, for those that its filter wants.
const LOOKED_AT: usize = 5_000;
/// Lines in a block, at most.
const LONGEST: usize = 256;
/// How much younger than its first line the last of a block may be, at most.
const SPAN: SignedDuration = SignedDuration::from_secs(10);
/// Blocks that one query reads, at least and at most.
const BLOCKS: (usize, usize) = (16, 1_000);

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
    pub method: Cow<'static, str>,
    /// Its route template, never its path; `none` where there is no such route.
    pub route: Cow<'static, str>,
    /// What it was answered.
    pub status: u16,
    /// The error's code, if it was refused or failed.
    pub code: Option<Cow<'static, str>>,
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

/// A request as it stands in a block.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    id: Uuid,
    at: i64,
    kind: Cow<'a, str>,
    key: Option<Uuid>,
    method: Cow<'a, str>,
    route: Cow<'a, str>,
    status: u16,
    code: Option<Cow<'a, str>>,
    field: Option<Cow<'a, str>>,
    us: i64,
}

const KEEP: &str = "
    insert into request_blocks (environment_id, newest_id, oldest_id, lines) values (:environment, :newest, :oldest, :lines)";
const BLOCKS_BEFORE: &str = "
    select newest_id, lines from request_blocks
    where environment_id = :environment and newest_id < :bound and oldest_id < :before
    order by newest_id desc limit :blocks";

impl Store {
    /// Keeps requests that were answered.
    pub async fn note_requests(&self, _: SystemScope, requests: Vec<AnsweredRequest>) -> Result<()> {
        let mut environments: BTreeMap<EnvironmentId, Vec<AnsweredRequest>> = BTreeMap::new();
        for request in requests {
            environments.entry(request.environment).or_default().push(request);
        }
        let mut script = Script::default();
        for (environment, mut requests) in environments {
            requests.sort_unstable_by_key(|request| request.id.0);
            for block in blocks(&requests) {
                let (Some(oldest), Some(newest)) = (block.first(), block.last()) else {
                    continue;
                };
                let (oldest, newest, lines) = (oldest.id.0, newest.id.0, written(block)?);
                script = script.then(
                    KEEP,
                    params![environment: environment.0, newest: newest, oldest: oldest, lines: lines],
                );
            }
        }
        self.run(script).await.map(drop)
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
        let (mut found, mut looked_at, mut blocks) = (Vec::new(), 0, BLOCKS.0);
        // Every line from here on was looked at; older ones may also stand in blocks that were not.
        let mut border = after_its_block(before);
        let ended = loop {
            let wanted = params![
                environment: environment.0, bound: border, before: before,
                blocks: i64::try_from(blocks).unwrap_or(i64::MAX),
            ];
            let read = |row: &super::sql::Row<'_>| Ok((row.id(0)?, row.text(1)?));
            let page = self.all(BLOCKS_BEFORE, &wanted, read).await?;
            for (newest, lines) in &page {
                border = *newest;
                let lines: Vec<Line<'_>> =
                    serde_json::from_str(lines).map_err(|_| StoreError::unreadable("request log"))?;
                looked_at += lines.len();
                let lines = lines
                    .into_iter()
                    .filter(|line| line.id < before && line.is_wanted(filter));
                found.extend(
                    lines
                        .map(|line| line.answered(environment))
                        .collect::<Result<Vec<_>>>()?,
                );
            }
            if page.len() < blocks {
                break true;
            }
            let settled = found.iter().filter(|request| request.id.0 >= border).count();
            // A page that stood still would be asked for again and again.
            if border < before && (settled > limit || looked_at >= LOOKED_AT) {
                break false;
            }
            let mean = (looked_at / page.len().max(1)).max(1);
            blocks = (LOOKED_AT / mean).clamp(BLOCKS.0, BLOCKS.1);
        };
        if !ended {
            found.retain(|request| request.id.0 >= border);
        }
        found.sort_unstable_by_key(|request| std::cmp::Reverse(request.id.0));
        let next = if found.len() > limit {
            found.truncate(limit);
            found.last().map(|request| request.id)
        } else {
            (!ended).then_some(RequestId(border))
        };
        Ok(RequestPage { requests: found, next })
    }
}

/// Below every id that was made at this time or later: ids begin with their milliseconds.
pub fn first_id_at(time: Timestamp) -> Uuid {
    let millis = u128::try_from(time.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

/// The milliseconds that an id begins with.
fn millis(id: Uuid) -> u128 {
    id.as_u128() >> 80
}

/// Above every id that may stand in one block with this one.
fn after_its_block(id: Uuid) -> Uuid {
    let span = u128::try_from(SPAN.as_millis()).unwrap_or_default();
    let after = (millis(id) + span + 1).checked_mul(1 << 80);
    after.map_or(Uuid::max(), Uuid::from_u128)
}

/// The requests, which are in the order of their ids, in pieces of one block each.
fn blocks(requests: &[AnsweredRequest]) -> impl Iterator<Item = &[AnsweredRequest]> {
    let span = u128::try_from(SPAN.as_millis()).unwrap_or_default();
    let mut rest = requests;
    std::iter::from_fn(move || {
        let first = millis(rest.first()?.id.0);
        let fits = rest
            .iter()
            .take(LONGEST)
            .take_while(|request| millis(request.id.0) - first <= span);
        let (block, others) = rest.split_at(fits.count());
        rest = others;
        Some(block)
    })
}

fn written(block: &[AnsweredRequest]) -> Result<String> {
    let lines: Vec<Line<'_>> = block.iter().map(Line::of).collect();
    serde_json::to_string(&lines).map_err(|error| StoreError::Fault(error.to_string()))
}

impl<'a> Line<'a> {
    fn of(request: &'a AnsweredRequest) -> Self {
        Self {
            id: request.id.0,
            at: request.at.as_microsecond(),
            kind: request.key_kind.as_str().into(),
            key: request.key,
            method: request.method.as_ref().into(),
            route: request.route.as_ref().into(),
            status: request.status,
            code: request.code.as_deref().map(Cow::from),
            field: request.field.as_deref().map(Cow::from),
            us: request.duration_us,
        }
    }

    fn is_wanted(&self, filter: &RequestFilter) -> bool {
        let (lowest, highest) = filter.statuses;
        (lowest..=highest).contains(&self.status) && filter.route.as_ref().is_none_or(|route| *route == self.route)
    }

    fn answered(self, environment: EnvironmentId) -> Result<AnsweredRequest> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Ok(AnsweredRequest {
            environment,
            id: RequestId(self.id),
            key_kind: KeyKind::parse(&self.kind).ok_or_else(|| StoreError::unreadable("key kind"))?,
            key: self.key,
            method: owned(self.method),
            route: owned(self.route),
            status: self.status,
            code: self.code.map(owned),
            field: self.field.map(Cow::into_owned),
            duration_us: self.us,
            at: from_micros(self.at)?,
        })
    }
}
