//! Aboard: the server that brings users aboard. `ARCHITECTURE.md` says where things are.

pub mod admin;
pub mod api;
pub mod app;
pub mod audit;
pub mod chains;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod config;
pub mod domain;
pub mod http;
pub mod inbox;
pub mod instance;
pub mod jobs;
pub mod notices;
pub mod outbound;
pub mod pages;
pub mod resource;
pub mod sealed;
pub mod sends;
pub mod settings;
pub mod store;
pub mod tokens;
pub mod web;
pub mod words;
