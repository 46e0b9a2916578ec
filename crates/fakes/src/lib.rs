//! Faithful fakes of the services that Aboard talks to, with scripts: for tests and for trying things by hand.
//!
//! Each listens on this machine, checks what the real service checks, answers what it answers, writes down what it got,
//! and can be told to fail:
//!
//! | | | |
//! |---|---|---|
//! | [`Receiver`] | webhooks, and senders over HTTP | any answer, or none |
//! | [`WhatsApp`] | the Cloud API | templates, error codes, signed status calls |
//! | [`Twilio`] | the Messages API | error codes, signed status calls |
//! | [`Smtp`] | a mail server | TLS, log-in, any reply at any step |
//! | [`KeyService`] | Vault's transit engine, AWS KMS | what it encrypted, or 503 |
//! | [`Issuer`] | Google, Apple, any OpenID provider | keys and id tokens; [`telegram`] hashes |

mod caller;
mod encoding;
mod inbox;
mod issuers;
mod key_service;
mod receiver;
mod smtp;
pub mod telegram;
mod twilio;
mod whatsapp;

pub use inbox::{Plan, Step};
pub use issuers::Issuer;
pub use key_service::{AWS_ACCESS_KEY, AWS_KEY, KeyService, TRANSIT_KEY, TRANSIT_TOKEN};
pub use receiver::{Answer, Receiver, Reply, Request};
pub use smtp::{Act, Mail, Smtp, SmtpOptions, SmtpTls, Stage};
pub use twilio::{Twilio, TwilioMessage, TwilioOptions};
pub use whatsapp::{WhatsApp, WhatsAppMessage, WhatsAppOptions};
