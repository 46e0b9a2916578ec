//! `/api/v{1,2}/account/…`

mod create;
mod rampable_create;
mod recover;
