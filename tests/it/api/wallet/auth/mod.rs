//! Log-ins.

mod apps;
mod budgets;
mod caps;
mod exposed;
mod leaks;
mod login_otp;
mod login_sms;
mod login_whatsapp;
mod resend;
mod sdk;
mod verify_otp;
mod verify_sms;
mod verify_whatsapp;
mod who_is_it;
