//! Log-ins.

mod apps;
mod budgets;
mod leaks;
mod login_otp;
mod login_sms;
mod login_whatsapp;
mod sdk;
mod verify_otp;
mod verify_sms;
mod verify_whatsapp;
mod who_is_it;
