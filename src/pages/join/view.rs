//! The pages of a join as values.

use askama::Template;

use crate::domain::Language;
use crate::pages::steps::{Way, masked};
use crate::pages::view::{Contact, Frame};
use crate::pages::words::ContactKind;
use crate::store::{Join, JoinShows, JoinSide};
use crate::words::{Part, Words};

/// What logs in to an account beside codes, in words.
fn log_ins(words: Words, side: &JoinSide) -> Vec<String> {
    let named = side.log_ins.iter().map(|log_in| match log_in.kind.as_str() {
        "google" => "Google".to_owned(),
        "apple" => "Apple".to_owned(),
        "telegram" => "Telegram".to_owned(),
        "custody" => words.join_by_app().to_owned(),
        _ => log_in.shown.clone(),
    });
    named.collect()
}

/// One of the two accounts: what the person may see of it, and what is next.
pub struct Side<'a> {
    /// What it is called on the page.
    pub heading: &'static str,
    /// The person's name, once both were shown.
    pub name: Option<&'a str>,
    /// Its addresses: masked until both were shown; what nobody has proven stays masked.
    contacts: Vec<(&'static str, String, bool)>,
    /// Who brought it, once both were shown.
    pub partners: &'a [String],
    /// Its plan, once both were shown.
    pub plan: Option<&'a str>,
    /// Whether it has a wallet; told once both were shown.
    pub wallet: bool,
    /// What logs in to it beside codes, once both were shown.
    pub log_ins: Vec<String>,
    /// How many keys partners hold to it.
    pub keys: i64,
    /// Whether it was shown, here and just now.
    pub shown: bool,
    /// Whether a code that shows it was sent to this browser.
    pub sent: bool,
    /// Where that went, masked.
    pub sent_to: Option<&'a str>,
    /// Where a code may go that shows it.
    pub ways: Vec<&'a Way>,
}

impl<'a> Side<'a> {
    pub fn of(
        words: Words,
        join: &'a Join,
        side: &'a JoinSide,
        held: bool,
        sent: Option<JoinShows>,
        ways: &'a [Way],
    ) -> Self {
        let is_first = side.user == join.first.user;
        let both = held && join.first.shown && join.second.shown;
        let contacts = side.addresses.iter().map(|known| {
            let address = &known.address;
            let value = if both && known.verified {
                address.shown.clone()
            } else {
                masked(&address.kind, &address.shown)
            };
            (ContactKind::of(&address.kind).label(words), value, known.verified)
        });
        let shows = if is_first { JoinShows::First } else { JoinShows::Second };
        // One code that shows both stands with the second.
        let sent = sent.is_some_and(|sent| sent == shows || (sent == JoinShows::Both && !is_first));
        let ways: Vec<&Way> = ways.iter().filter(|way| way.user == side.user).collect();
        let sent_to = ways.iter().find(|way| Some(&way.key) == join.sent_to.as_ref());
        Self {
            heading: if is_first {
                words.join_first()
            } else {
                words.join_second()
            },
            name: side.name.as_deref().filter(|_| both),
            contacts: contacts.collect(),
            partners: if both { &side.partners } else { &[] },
            plan: side.plan.as_deref().filter(|_| both),
            wallet: both && side.wallet,
            log_ins: if both { log_ins(words, side) } else { Vec::new() },
            keys: if both { side.keys } else { 0 },
            shown: held && side.shown,
            sent,
            sent_to: sent_to.map(|way| way.address.as_str()),
            ways,
        }
    }

    fn contacts(&self) -> impl Iterator<Item = Contact<'_>> {
        self.contacts.iter().map(|(label, value, confirmed)| Contact {
            label,
            value,
            confirmed: *confirmed,
        })
    }
}

/// Two accounts that may be joined (200). Its forms post to the page's own address: `do` is `send` with `to`, `check`
/// with `code`, or `join`.
#[derive(Template)]
#[template(path = "join.html")]
pub struct JoinPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The partner that knows both, which is why they cannot be joined.
    pub partner: Option<&'a str>,
    /// Whether both have a wallet, which keeps them apart as well.
    pub two_wallets: bool,
    /// Whether the first cannot be shown to be the person's, which does so too.
    pub unprovable: bool,
    /// The account that the person was in, and the one that stays.
    pub sides: [Side<'a>; 2],
    /// How many days it may be undone.
    pub undo_days: i64,
}

impl JoinPage<'_> {
    fn ready(&self) -> bool {
        self.sides.iter().all(|side| side.shown)
    }

    fn undo_for(&self) -> String {
        self.frame.words.join_undo_for(self.undo_days)
    }

    fn keys(&self, side: &Side<'_>) -> String {
        self.frame.words.join_keys(side.keys)
    }
}

/// Two accounts that were joined, or are separate again (200). Its forms: `do` is `send` with `to`, `check` with `code`,
/// or `undo`.
#[derive(Template)]
#[template(path = "joined.html")]
pub struct JoinedPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// Until when it may be undone, in words; `None` once it was.
    pub until: Option<String>,
    /// Whether the person has shown once more that it is them.
    pub shown: bool,
    /// Whether a code was sent to this browser.
    pub sent: bool,
    /// Where a code may go.
    pub ways: &'a [Way],
}

/// No such page, or one that has ended (410).
#[derive(Template)]
#[template(path = "join_gone.html")]
pub struct JoinGonePage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
}
