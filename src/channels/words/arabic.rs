//! Arabic.
//!
//! The app's name stands between isolates, so that a Latin name turns nothing around.

use super::{Purpose, Words};

pub(super) static WORDS: Words = Words {
    what: |purpose, app| match purpose {
        Purpose::LogIn => format!("رمز الدخول إلى \u{2068}{app}\u{2069}"),
        Purpose::ConfirmContact => format!("رمز تأكيد جهة الاتصال لدى \u{2068}{app}\u{2069}"),
        Purpose::ExportWallet => format!("رمز لاستخراج مفاتيح محفظتك بطلب من \u{2068}{app}\u{2069}"),
        Purpose::GiveConsent => format!("رمز للسماح باستخدام محفظتك من قبل \u{2068}{app}\u{2069}"),
        Purpose::ChangeIdentity => format!("رمز لتغيير طريقة دخولك إلى \u{2068}{app}\u{2069}"),
        Purpose::JoinAccounts => format!("رمز لدمج حسابين في حساب واحد بطلب من \u{2068}{app}\u{2069}"),
    },
    keep_it: "لا تشاركه مع أحد.",
    works_for: |minutes| match minutes {
        1 => "صالح لمدة دقيقة واحدة.".to_owned(),
        2 => "صالح لمدة دقيقتين.".to_owned(),
        3..=10 => format!("صالح لمدة {minutes} دقائق."),
        _ => format!("صالح لمدة {minutes} دقيقة."),
    },
    not_you: "إذا لم تطلبه فلا تفعل شيئًا: لا يستطيع أحد المتابعة من دون الرمز.",
};
