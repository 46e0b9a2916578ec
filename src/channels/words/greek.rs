//! Greek.

use super::{Purpose, Words};

pub(super) static WORDS: Words = Words {
    what: |purpose, app| match purpose {
        Purpose::LogIn => format!("Κωδικός σύνδεσης: {app}"),
        Purpose::ConfirmContact => format!("Κωδικός επιβεβαίωσης επαφής: {app}"),
        Purpose::ExportWallet => format!("Κωδικός για ΕΞΑΓΩΓΗ ΤΩΝ ΚΛΕΙΔΙΩΝ ΤΟΥ ΠΟΡΤΟΦΟΛΙΟΥ ΣΑΣ, με αίτημα από: {app}"),
        Purpose::GiveConsent => format!("Κωδικός για ΠΡΟΣΒΑΣΗ ΣΤΟ ΠΟΡΤΟΦΟΛΙ ΣΑΣ από: {app}"),
        Purpose::ChangeIdentity => format!("Κωδικός για ΑΛΛΑΓΗ ΤΟΥ ΤΡΟΠΟΥ ΣΥΝΔΕΣΗΣ ΣΑΣ: {app}"),
        Purpose::JoinAccounts => format!("Κωδικός για ΕΝΩΣΗ ΔΥΟ ΛΟΓΑΡΙΑΣΜΩΝ, με αίτημα από: {app}"),
    },
    keep_it: "Μην τον δώσετε σε κανέναν.",
    works_for: |minutes| match minutes {
        1 => "Ισχύει για 1 λεπτό.".to_owned(),
        _ => format!("Ισχύει για {minutes} λεπτά."),
    },
    not_you: "Αν δεν τον ζητήσατε εσείς, μην κάνετε τίποτα: χωρίς τον κωδικό κανείς δεν μπορεί να συνεχίσει.",
};
