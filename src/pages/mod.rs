//! Hosted pages: what a person sees. Server-rendered, no script (but for the reference of
//! the API), GET changes nothing.

mod account;
mod assets;
mod confirm;
mod consent;
mod device;
mod docs;
mod export;
mod form;
mod home;
mod inbox;
mod join;
mod link;
mod masks;
mod reader;
mod recovery;
mod render;
mod step_up;
mod steps;
pub mod view;
pub mod words;

use axum::routing::{get, post};

pub use reader::wanted;
pub use render::{STRICTEST_POLICY, problem};

use crate::web::Routes;

/// The pages' routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/", get(home::home))
        .route("/inbox/{token}", get(inbox::inbox))
        .route("/confirm/{token}", get(confirm::show).post(confirm::act))
        .route("/join/{token}", get(join::show).post(join::act))
        .route("/{link}", get(link::show).post(link::redeem))
        .route("/account", get(account::show))
        .route("/account/logout", post(account::logout))
        .route("/account/logout_everywhere", post(account::logout_everywhere))
        .route("/recovery/{link}", get(recovery::download))
        .route("/consent/{wallet}/{app}", get(consent::show).post(consent::decide))
        .route("/export/{export}", get(export::show).post(export::decide))
        .route("/device/{device}", get(device::show).post(device::decide))
        .route("/assets/{name}", get(assets::asset))
        .route("/docs", get(docs::docs))
        .route("/docs/{script}", get(docs::script))
        .route("/openapi/{document}", get(docs::openapi))
}
