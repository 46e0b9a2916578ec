//! `/e/{environment}/channels/…`

mod sms;
mod whatsapp;
