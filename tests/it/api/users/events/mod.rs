mod catalogue;
mod get;
mod list;
mod stream;
mod trigger;
