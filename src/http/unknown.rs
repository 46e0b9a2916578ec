//! Paths and methods that are nobody's. Whoever calls them with a good credential is counted like everywhere else.

use axum::extract::{Request, State};

use crate::domain::Code;
use crate::web::{Failure, Web, admit_anybody};

/// 404, or 429 for a caller past its limit.
pub async fn route(State(web): State<Web>, request: Request) -> Failure {
    refuse(&web, request, Code::RouteNotFound).await
}

/// 405, or 429 for a caller past its limit. The router adds `Allow`.
pub async fn method(State(web): State<Web>, request: Request) -> Failure {
    refuse(&web, request, Code::MethodNotAllowed).await
}

async fn refuse(web: &Web, request: Request, code: Code) -> Failure {
    let (mut parts, _) = request.into_parts();
    admit_anybody(&mut parts, web).await.err().unwrap_or(Failure::new(code))
}
