//! The reference of the API: what each operation takes and answers, as OpenAPI 3.1 documents, one for each surface.
//!
//! An operation's file describes its own operation (`fn doc() -> Operation`); the table of routes registers it with
//! its handler; [`documents`] puts what was registered together. `aboard gen` writes the documents to `openapi/`.

mod components;
mod document;
pub mod example;
mod failures;
mod operation;
mod schema;

pub use document::{Document, IndexEntry, Server, documents, servers};
pub use failures::meta;
pub use operation::{Hook, Operation, Registered, Takes};
pub use schema::{Field, Schema, always, optional, required, sometimes};
