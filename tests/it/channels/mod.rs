//! Each channel against its fake: what arrives, and what follows from every failure.

mod http;
mod inbound;
mod leaks;
pub mod rig;
mod smtp;
mod smtp_failures;
mod twilio;
mod whatsapp;
