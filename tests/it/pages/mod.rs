//! Every page, as a browser sees it.

mod account;
mod assets;
mod consent;
mod docs;
mod home;
mod link;
mod link_origin;
mod link_redeem;
mod walk;
