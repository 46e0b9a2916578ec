mod catalogue;
mod list;
mod stream;
mod trigger;
