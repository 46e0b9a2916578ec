//! Every page, as a browser sees it.

mod account;
mod assets;
mod confirm;
mod consent;
mod device;
mod docs;
mod home;
mod inbox;
mod join;
mod languages;
mod limits;
mod link;
mod link_origin;
mod link_redeem;
mod walk;
