//! The request log: kept as it was handed in, read page by page, one environment at a time.

use aboard::domain::{EnvironmentId, KeyKind, RequestId};
use aboard::store::{AnsweredRequest, RequestFilter, RequestPage};

use super::sweep::DAY;
use crate::support::store::{TestStore, both, race};

both! {
    a_request_is_read_as_it_was_kept,
    pages_follow_each_other_without_a_gap,
    a_filter_finds_what_it_names,
    a_page_looks_at_so_many_and_says_where_the_next_begins,
    a_late_line_stands_where_its_request_came_in,
    nobody_reads_another_environments_requests,
    requests_go_after_30_days,
    batches_at_once_are_all_kept,
}

fn request(store: &TestStore, environment: EnvironmentId, route: &str, status: u16) -> AnsweredRequest {
    AnsweredRequest {
        environment,
        id: RequestId(store.ids.id()),
        key_kind: KeyKind::Partner,
        key: Some(store.ids.id()),
        method: "POST".into(),
        route: route.to_owned().into(),
        status,
        code: None,
        field: None,
        duration_us: 1_234,
        at: store.now(),
    }
}

fn any(limit: u32) -> RequestFilter {
    RequestFilter {
        before: None,
        statuses: (0, u16::MAX),
        route: None,
        limit,
    }
}

async fn note(store: &TestStore, requests: &[AnsweredRequest]) {
    store.note_requests(store.system(), requests.to_vec()).await.unwrap();
}

async fn page(store: &TestStore, environment: EnvironmentId, filter: &RequestFilter) -> RequestPage {
    store.requests_of(store.system(), environment, filter).await.unwrap()
}

fn ids(requests: &[AnsweredRequest]) -> Vec<RequestId> {
    requests.iter().map(|request| request.id).collect()
}

/// Everything of a request, to compare.
fn whole(request: &AnsweredRequest) -> String {
    format!("{request:?}")
}

async fn a_request_is_read_as_it_was_kept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut full = request(&store, sandbox.id, "/api/v1/users/{partner_user_id}/api_key", 422);
    full.key_kind = KeyKind::User;
    full.key = None;
    full.code = Some("VALIDATION_ERROR".into());
    full.field = Some("email".to_owned());
    full.duration_us = i64::MAX;
    let plain = request(&store, sandbox.id, "none", 200);
    note(&store, &[]).await;
    note(&store, &[full.clone(), plain.clone()]).await;
    let read = page(&store, sandbox.id, &any(10)).await;
    assert_eq!(
        read.requests.iter().map(whole).collect::<Vec<_>>(),
        [whole(&plain), whole(&full)]
    );
    assert_eq!(read.next, None);
}

async fn pages_follow_each_other_without_a_gap(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut all: Vec<_> = (0..7).map(|_| request(&store, sandbox.id, "/a", 200)).collect();
    note(&store, &all).await;
    all.reverse();
    for limit in 1..9 {
        let (mut filter, mut read) = (any(limit), Vec::new());
        loop {
            let page = page(&store, sandbox.id, &filter).await;
            assert!(page.requests.len() <= limit as usize);
            read.extend(ids(&page.requests));
            filter.before = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(read, ids(&all), "pages of {limit}");
    }
}

async fn a_filter_finds_what_it_names(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let made = [
        request(&store, sandbox.id, "/a", 200),
        request(&store, sandbox.id, "/a", 404),
        request(&store, sandbox.id, "/b", 429),
        request(&store, sandbox.id, "/b", 500),
    ];
    note(&store, &made).await;
    for (statuses, route, wanted) in [
        ((400, 499), None, &[2, 1][..]),
        ((404, 404), None, &[1]),
        ((400, 999), None, &[3, 2, 1]),
        ((0, 999), Some("/a"), &[1, 0]),
        ((400, 499), Some("/b"), &[2]),
        ((0, 999), Some("/"), &[]),
        ((300, 399), None, &[]),
    ] {
        let filter = RequestFilter {
            statuses,
            route: route.map(str::to_owned),
            ..any(10)
        };
        let found = page(&store, sandbox.id, &filter).await;
        let wanted: Vec<_> = wanted.iter().map(|at| made[*at].id).collect();
        assert_eq!((ids(&found.requests), found.next), (wanted, None), "{filter:?}");
    }
}

async fn a_page_looks_at_so_many_and_says_where_the_next_begins(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let old = request(&store, sandbox.id, "/rare", 500);
    note(&store, std::slice::from_ref(&old)).await;
    let many: Vec<_> = (0..12_000)
        .map(|_| request(&store, sandbox.id, "/usual", 200))
        .collect();
    note(&store, &many).await;
    let mut filter = RequestFilter {
        statuses: (500, 599),
        ..any(10)
    };
    let first = page(&store, sandbox.id, &filter).await;
    assert_eq!(first.requests.len(), 0);
    assert!(
        first
            .next
            .is_some_and(|next| next.0 > many[0].id.0 && next.0 < many[7_000].id.0)
    );
    let (mut found, mut pages) = (Vec::new(), 1);
    filter.before = first.next;
    while filter.before.is_some() {
        let page = page(&store, sandbox.id, &filter).await;
        found.extend(ids(&page.requests));
        filter.before = page.next;
        pages += 1;
    }
    assert_eq!(found, [old.id]);
    assert!(pages <= 4, "{pages} pages for 12,001 lines");
}

/// A line is written when its request ends, and stands where it came in.
async fn a_late_line_stands_where_its_request_came_in(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut all = Vec::new();
    for _ in 0..60 {
        all.push(request(&store, sandbox.id, "/a", 200));
        store.advance(1);
    }
    // Each batch has lines of the last minute, and some that are older than whole batches before it.
    for late in 0..7 {
        let batch: Vec<_> = all.iter().skip(late).step_by(7).cloned().collect();
        note(&store, &batch).await;
    }
    all.reverse();
    for limit in [1, 2, 7, 59, 60, 61] {
        let (mut filter, mut read) = (any(limit), Vec::new());
        loop {
            let page = page(&store, sandbox.id, &filter).await;
            read.extend(ids(&page.requests));
            filter.before = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(read, ids(&all), "pages of {limit}");
    }
}

async fn nobody_reads_another_environments_requests(store: TestStore) {
    let world = store.world().await;
    let (ours, theirs) = (world.sandbox, world.production);
    let made = [
        request(&store, ours.id, "/a", 200),
        request(&store, theirs.id, "/a", 200),
        request(&store, ours.id, "/a", 200),
    ];
    note(&store, &made).await;
    let read = async |scope| ids(&store.requests(scope, &any(10)).await.unwrap().requests);
    assert_eq!(read(&ours.server).await, [made[2].id, made[0].id]);
    assert_eq!(read(&theirs.server).await, [made[1].id]);
}

async fn requests_go_after_30_days(store: TestStore) {
    let world = store.world().await;
    let (one, other) = (world.sandbox.id, world.production.id);
    let (old, elsewhere) = (request(&store, one, "/a", 200), request(&store, other, "/a", 200));
    note(&store, &[old, elsewhere]).await;
    store.advance(1);
    let young = request(&store, one, "/a", 200);
    note(&store, std::slice::from_ref(&young)).await;
    let sweep = async || store.sweep(store.system(), store.now()).await.unwrap();
    store.advance(30 * DAY - 1);
    assert_eq!(sweep().await, 0);
    assert_eq!(store.count("request_blocks").await, 3);
    store.clock.advance(std::time::Duration::from_millis(1));
    // With the four events of the keys that were made at the beginning.
    assert_eq!(sweep().await, 2 + 4);
    assert_eq!(ids(&page(&store, one, &any(9)).await.requests), [young.id]);
    store.advance(1);
    assert_eq!(sweep().await, 1);
    assert_eq!(store.count("request_blocks").await, 0);
    // A sweep deletes a batch of each environment's blocks.
    let many: Vec<_> = (0..1_001).map(|_| request(&store, one, "/a", 200)).collect();
    for one in &many {
        note(&store, std::slice::from_ref(one)).await;
    }
    store.advance(31 * DAY);
    for swept in [1_000, 1, 0] {
        assert_eq!(sweep().await, swept);
    }
}

async fn batches_at_once_are_all_kept(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    race(8, |_| {
        let store = store.clone();
        async move {
            let batch: Vec<_> = (0..100).map(|_| request(&store, sandbox.id, "/a", 200)).collect();
            note(&store, &batch).await;
        }
    })
    .await;
    let mut kept = ids(&page(&store, sandbox.id, &any(900)).await.requests);
    assert_eq!(kept.len(), 800);
    kept.dedup();
    assert_eq!(kept.len(), 800);
}
