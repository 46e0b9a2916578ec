//! Headers that tell browsers what an answer may not be used for. Every value is static.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};

use crate::pages;
use crate::web::Surface;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Nothing that a page of ours uses; a page that comes to need one says so itself.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()";

/// Adds what the handler did not set by itself.
pub fn add_headers(headers: &mut HeaderMap, surface: Surface) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Whoever checks tokens reads an issuer's keys, from whatever page.
    let read_by = if surface == Surface::Issuers {
        "cross-origin"
    } else {
        "same-origin"
    };
    let common = [(REFERRER_POLICY, "same-origin"), (RESOURCE_POLICY, read_by)];
    let of_pages = [
        (CONTENT_SECURITY_POLICY, pages::STRICTEST_POLICY),
        (OPENER_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, PERMISSIONS),
    ];
    let of_surfaces = [(CACHE_CONTROL, "no-store")];
    let own: &[_] = if surface == Surface::Pages {
        &of_pages
    } else {
        &of_surfaces
    };
    for (name, value) in common.iter().chain(own) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
