//! The device that a log-in comes from: what is asked of it, and the token that it is known by from now on.

use axum::Json;
use axum::response::AppendHeaders;
use serde_json::Value;

use super::super::Caller;
use crate::domain::{DeviceId, UserId};
use crate::store::{DeviceOf, SeenDevice};
use crate::web::device::{self, DEVICE_TOKEN};
use crate::web::{Context, Web};

/// The token of a device.
pub type DeviceHeader = AppendHeaders<Option<(&'static str, String)>>;
/// An answer to a log-in, with the token of the device that it came from.
pub type FromDevice = (DeviceHeader, Json<Value>);

/// What is asked of the device of a log-in.
pub fn device_of(web: &Web, context: &Context, caller: &Caller) -> DeviceOf {
    let (environment, app) = (caller.app.scope.environment(), &caller.app.name);
    device::of_login(web, environment, app, caller.device.clone(), context.now)
}

/// The token that a device is known by from now on.
pub fn device_header(
    web: &Web,
    context: &Context,
    caller: &Caller,
    by: (&str, &str),
    (user, seen): (UserId, Option<SeenDevice>),
) -> DeviceHeader {
    let environment = caller.app.scope.environment();
    let made = |seen| device::made(&web.instance.vault, environment, by, (user, seen), context.now);
    AppendHeaders(seen.map(|seen| (DEVICE_TOKEN, made(seen))))
}

/// The device whose hold a log-in waits for.
pub fn hold_of(seen: Option<SeenDevice>) -> Option<DeviceId> {
    seen.filter(|seen| seen.held).map(|seen| seen.id)
}
