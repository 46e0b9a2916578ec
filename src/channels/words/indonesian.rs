//! Indonesian.

use super::{Purpose, Words};

pub(super) static WORDS: Words = Words {
    what: |purpose, app| match purpose {
        Purpose::LogIn => format!("Kode Anda untuk masuk ke {app}"),
        Purpose::ConfirmContact => format!("Kode Anda untuk mengonfirmasi kontak ini di {app}"),
        Purpose::ExportWallet => format!("Kode untuk MENGELUARKAN KUNCI DOMPET ANDA, diminta di {app}"),
        Purpose::GiveConsent => format!("Kode untuk MENGIZINKAN {app} MEMAKAI DOMPET ANDA"),
        Purpose::ChangeIdentity => format!("Kode untuk MENGUBAH CARA ANDA MASUK ke {app}"),
        Purpose::JoinAccounts => format!("Kode untuk MENGGABUNGKAN DUA AKUN, diminta di {app}"),
    },
    keep_it: "Jangan berikan kepada siapa pun.",
    works_for: |minutes| format!("Berlaku selama {minutes} menit."),
    not_you: "Jika Anda tidak memintanya, abaikan saja: tanpa kode ini tidak ada yang bisa melanjutkan.",
};
