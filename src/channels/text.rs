//! A message as plain text: what an SMS says, and the first part of an e-mail.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Message, Says};
use crate::domain::Notice;
use crate::words::Words;

/// The characters of the basic GSM alphabet (3GPP TS 23.038, 6.2.1).
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those that take two places in it.
const GSM_EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// How many messages an SMS is billed and sent as: 160 or 153 characters each in the GSM alphabet, 70 or 67 as soon as
/// one character is not in it.
pub(super) fn segments(text: &str) -> usize {
    let in_gsm = |c: char| {
        if GSM.contains(c) {
            Some(1)
        } else {
            GSM_EXTENSION.contains(c).then_some(2)
        }
    };
    let (length, alone, each) = match text.chars().map(in_gsm).sum::<Option<usize>>() {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if length <= alone { 1 } else { length.div_ceil(each) }
}

/// The text of an SMS: the code first, then what it is for. A code to log in stays in one segment, if need be without
/// the warning; a step-up says everything, whatever it costs. A notice says what happened and what to do.
pub(super) fn sms(message: &Message) -> Zeroizing<String> {
    let words = Words(message.language);
    let (mark, what) = (mark(message), message.title());
    let (code, purpose) = match &message.says {
        Says::Code { code, purpose } => (code.expose(), *purpose),
        Says::Notice { .. } => {
            let [_, not_you] = notice(message);
            return Zeroizing::new(format!("{mark}{what}. {not_you}"));
        }
    };
    let short = Zeroizing::new(format!("{mark}{code}: {what}."));
    let long = Zeroizing::new(format!("{mark}{code}: {what}. {}", words.code_keep_it()));
    // Phones look for this line at the very end (WebOTP).
    let bound = message
        .page_host
        .as_ref()
        .map(|host| format!("\n@{host} #{code}"))
        .map(Zeroizing::new);
    let bound = bound.as_ref().map_or("", |line| line.as_str());
    let full = Zeroizing::new(format!("{}{bound}", *long));
    if purpose.is_step_up() {
        return full;
    }
    let candidates = [full, Zeroizing::new(format!("{}{bound}", *short)), long];
    let fitting = candidates.into_iter().find(|text| segments(text) == 1);
    fitting.unwrap_or(short)
}

/// The text of an e-mail: the code alone on the first line, so that it shows in lists and is easy to copy.
pub(super) fn mail(message: &Message, now: Timestamp) -> Zeroizing<String> {
    let words = Words(message.language);
    let what = message.title();
    let code = match &message.says {
        Says::Code { code, .. } => code,
        Says::Notice { .. } => {
            let [means, not_you] = notice(message);
            return Zeroizing::new(format!("{what}.\n\n{means}\n{not_you}\n").trim_end().to_owned() + "\n");
        }
    };
    let works_for = words.code_works_for(message.minutes_left(now));
    Zeroizing::new(format!(
        "{}\n\n{what}.\n{works_for} {}\n\n{}\n",
        code.expose(),
        words.code_keep_it(),
        words.code_not_you()
    ))
}

/// What a notice means, and what to do if it was somebody else; the latter is empty where nobody can be told.
pub(super) fn notice(message: &Message) -> [String; 2] {
    let Says::Notice { notice, about } = &message.says else {
        return Default::default();
    };
    let words = Words(message.language);
    let about = about.as_deref().unwrap_or_default();
    let means = words.notice_means(*notice, about);
    let not_you = match notice {
        Notice::WebhookDisabled => String::new(),
        Notice::ContactChanged | Notice::AddressAdded | Notice::WalletRecovered | Notice::WalletExportAsked => {
            words.notice_not_you(message.app.as_str()).plain()
        }
        Notice::NewDevice => words.new_device_not_you(about),
    };
    [means.into_owned(), not_you]
}

/// Without it, a text that begins with a code would run from left to right in every language.
fn mark(message: &Message) -> &'static str {
    if message.language.is_rtl() { "\u{200f}" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::{AppName, Destination, OneTimeCode, Purpose, Reference};
    use crate::domain::{Language, Phone};

    fn message(language: Language, purpose: Purpose, app: &str, page_host: Option<&str>) -> Message {
        Message {
            reference: Reference::new("msg_1").unwrap(),
            to: Destination::Phone(Phone::parse("+306912345678", None).unwrap()),
            says: Says::Code {
                code: OneTimeCode::made("482913".to_owned()).map_err(drop).unwrap(),
                purpose,
            },
            app: AppName::new(app).unwrap(),
            language,
            expires_at: Timestamp::from_second(600).unwrap(),
            page_host: page_host.map(str::to_owned),
            status_url: None,
        }
    }

    #[test]
    fn segments_are_counted_as_they_are_billed() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("я".repeat(70), 1),
            ("я".repeat(71), 2),
            ("😀".repeat(36), 2),
            (format!("{}я", "a".repeat(70)), 2),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_code_to_log_in_is_one_segment_in_every_language() {
        for language in Language::ALL {
            for host in [None, Some("login.example.com")] {
                let text = sms(&message(*language, Purpose::LogIn, "Acme", host));
                assert_eq!(segments(&text), 1, "{}", *text);
                assert!(text.trim_start_matches('\u{200f}').starts_with("482913: "), "{}", *text);
                if let Some(host) = host {
                    assert_eq!(text.lines().last(), Some(&*format!("@{host} #482913")));
                }
            }
            // What does not fit at all still says the code and what it is for.
            let long = "a".repeat(40);
            let text = sms(&message(*language, Purpose::LogIn, &long, Some("login.example.com")));
            assert!(text.contains("482913: ") && text.contains(&long), "{}", *text);
        }
    }

    #[test]
    fn the_english_text_word_by_word() {
        let text = sms(&message(
            Language::English,
            Purpose::LogIn,
            "Acme",
            Some("login.example.com"),
        ));
        assert_eq!(
            *text,
            "482913: Your code to log in to Acme. Do not share it.\n@login.example.com #482913"
        );
        let text = mail(
            &message(Language::English, Purpose::LogIn, "Acme", None),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(
            *text,
            "482913\n\nYour code to log in to Acme.\nIt works for 10 minutes. Do not share it.\n\n\
             If you did not ask for it, do nothing: without the code nobody gets any further.\n"
        );
    }

    #[test]
    fn a_notice_says_what_happened_what_it_means_and_what_to_do() {
        let notice = |language, notice, about: Option<&str>| Message {
            says: Says::Notice {
                notice,
                about: about.map(str::to_owned),
            },
            ..message(language, Purpose::LogIn, "Acme", None)
        };
        let told = notice(Language::English, Notice::ContactChanged, None);
        assert_eq!(
            *sms(&told),
            "Your contact details at Acme were changed. If this was not you, tell Acme at once."
        );
        assert_eq!(
            *mail(&told, Timestamp::UNIX_EPOCH),
            "Your contact details at Acme were changed.\n\nAnother e-mail address or phone number was entered for you. \
             This one goes on logging you in until the new one is confirmed.\n\
             If this was not you, tell Acme at once.\n"
        );
        let url = "https://example.com/hook";
        let told = notice(Language::English, Notice::WebhookDisabled, Some(url));
        let text = mail(&told, Timestamp::UNIX_EPOCH);
        assert!(text.contains(url) && text.lines().count() == 3, "{}", *text);
        let login = "Shop\n2027-01-15 08:00\nhttps://id.example.com/account";
        let told = notice(Language::English, Notice::NewDevice, Some(login));
        assert_eq!(
            *mail(&told, Timestamp::UNIX_EPOCH),
            "Somebody logged in to your wallet at Acme on a new device.\n\nIt was in Shop, on 2027-01-15 08:00 UTC.\n\
             If this was not you, log out everywhere: https://id.example.com/account\n"
        );
        for language in Language::ALL {
            let told = notice(*language, Notice::NewDevice, Some(login));
            let text = sms(&told);
            assert!(segments(&text) <= 3 && text.ends_with("/account"), "{}", *text);
            let told = notice(*language, Notice::WalletRecovered, None);
            assert!(segments(&sms(&told)) <= 2, "{}", *sms(&told));
        }
    }

    #[test]
    fn a_step_up_always_names_the_purpose_the_app_and_the_warning() {
        for language in Language::ALL {
            for purpose in Purpose::ALL.iter().filter(|purpose| purpose.is_step_up()) {
                let message = message(
                    *language,
                    *purpose,
                    "Acme Trading International",
                    Some("login.example.com"),
                );
                let words = Words(*language);
                for text in [sms(&message), mail(&message, Timestamp::UNIX_EPOCH)] {
                    assert!(text.contains(&words.what(*purpose, message.app.as_str())), "{}", *text);
                    assert!(text.contains(words.code_keep_it()), "{}", *text);
                }
            }
        }
    }
}
