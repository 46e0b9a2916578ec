//! Methods by name, for logs and metrics.

use axum::http::Method;

/// A method's name; `other` for one that somebody made up, which could hold anything and would be a label of its own.
pub fn name_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
