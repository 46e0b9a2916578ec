//! `/api/v{1,2}/account/…`

mod create;
mod import;
mod pin;
mod rampable_create;
mod recover;
