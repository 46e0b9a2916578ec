//! Log-ins.

mod apple;
mod apps;
mod budgets;
mod caps;
mod exposed;
pub mod google;
mod leaks;
mod login;
mod login_custody;
mod login_otp;
mod login_sms;
mod login_whatsapp;
mod pre_hijacking;
mod rampable;
pub mod register;
pub mod register_custody;
mod resend;
mod sdk;
mod step_up;
mod telegram;
mod verify_otp;
mod verify_sms;
mod verify_whatsapp;
mod who_is_it;
