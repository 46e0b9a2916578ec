//! The request log, on PostgreSQL.

use super::Postgres;
use super::sql::{execute, named};
use super::writers::to_its_end;
use crate::store::{AnsweredRequest, Result};

const NOTE: &str = "
    insert into requests (environment_id, id, key_kind, key_id, method, route, status, code, field, duration_us, created_at)
    select * from unnest(:environment::uuid[], :id::uuid[], :key_kind::text[], :key::uuid[], :method::text[],
        :route::text[], :status::bigint[], :code::text[], :field::text[], :duration_us::bigint[], :at::timestamptz[])";

impl Postgres {
    pub async fn note_requests(&self, requests: Vec<AnsweredRequest>) -> Result<()> {
        let writers = self.0.writers.clone();
        to_its_end(async move {
            let all = || requests.iter();
            let params = named![
                environment: all().map(|request| request.environment.0).collect::<Vec<_>>(),
                id: all().map(|request| request.id.0).collect::<Vec<_>>(),
                key_kind: all().map(|request| request.key_kind.as_str()).collect::<Vec<_>>(),
                key: all().map(|request| request.key).collect::<Vec<_>>(),
                method: all().map(|request| request.method.as_str()).collect::<Vec<_>>(),
                route: all().map(|request| request.route.as_str()).collect::<Vec<_>>(),
                status: all().map(|request| i64::from(request.status)).collect::<Vec<_>>(),
                code: all().map(|request| request.code.as_deref()).collect::<Vec<_>>(),
                field: all().map(|request| request.field.as_deref()).collect::<Vec<_>>(),
                duration_us: all().map(|request| request.duration_us).collect::<Vec<_>>(),
                at: all().map(|request| request.at).collect::<Vec<_>>(),
            ];
            let lease = writers.lease().await?;
            let noted = execute(&lease, NOTE, &params).await;
            lease.end_single(noted).map(drop)
        })
        .await
    }
}
