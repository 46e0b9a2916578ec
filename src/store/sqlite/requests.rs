//! The request log, on SQLite.

use super::{Sqlite, execute};
use crate::store::sql::params;
use crate::store::{AnsweredRequest, Result};

const NOTE: &str = "
    insert into requests (environment_id, id, key_kind, key_id, method, route, status, code, field, duration_us, created_at)
    values (:environment, :id, :key_kind, :key, :method, :route, :status, :code, :field, :duration_us, :at)";

impl Sqlite {
    pub async fn note_requests(&self, requests: Vec<AnsweredRequest>) -> Result<()> {
        self.writer
            .write(move |connection| {
                for request in &requests {
                    let params = params![
                        environment: request.environment.0, id: request.id.0, key_kind: request.key_kind.as_str(),
                        key: request.key, method: request.method.as_str(), route: request.route.as_str(),
                        status: i64::from(request.status), code: request.code.as_deref(),
                        field: request.field.as_deref(), duration_us: request.duration_us, at: request.at,
                    ];
                    execute(connection, NOTE, &params)?;
                }
                Ok(())
            })
            .await
    }
}
