mod create;
mod deliveries;
mod replay;
mod rotate_secret;
mod told;
mod update;
