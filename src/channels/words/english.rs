//! English.

use super::{Purpose, Words};

pub(super) static WORDS: Words = Words {
    what: |purpose, app| match purpose {
        Purpose::LogIn => format!("Your code to log in to {app}"),
        Purpose::ConfirmContact => format!("Your code to confirm this contact for {app}"),
        Purpose::ExportWallet => format!("Code to TAKE THE KEYS OUT OF YOUR WALLET, asked for in {app}"),
        Purpose::GiveConsent => format!("Code to LET {app} USE YOUR WALLET"),
        Purpose::ChangeIdentity => format!("Code to CHANGE HOW YOU LOG IN to {app}"),
        Purpose::JoinAccounts => format!("Code to JOIN TWO ACCOUNTS INTO ONE, asked for in {app}"),
    },
    keep_it: "Do not share it.",
    works_for: |minutes| match minutes {
        1 => "It works for 1 minute.".to_owned(),
        _ => format!("It works for {minutes} minutes."),
    },
    not_you: "If you did not ask for it, do nothing: without the code nobody gets any further.",
};
