//! What Telegram signs with a bot's token: the data of the log-in widget, and the `initData` of a mini app.
//!
//! Both are a list of names and values with an HMAC-SHA256 over their sorted lines; the key is made from the bot's token
//! in a different way for each. Sources: <https://core.telegram.org/widgets/login>, <https://core.telegram.org/bots/webapps>.

use aboard_vault::{constant_time_eq, hmac_sha256, sha256};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{LEEWAY, Vouched, assertion, refused};
use crate::domain::{BotToken, LoginKind};
use crate::store::AppScope;
use crate::web::Failure;
use crate::web::json::parse;

/// A log-in is for now.
const OLDEST: SignedDuration = SignedDuration::from_mins(5);
/// Longer texts are no `initData`.
const LONGEST: usize = 8_192;
/// More fields than Telegram will ever send.
const MOST_FIELDS: usize = 64;

/// What somebody presents: names and values as they were signed.
pub struct TelegramData {
    fields: Vec<(String, String)>,
    of_mini_app: bool,
}

impl TelegramData {
    /// The data of the widget: an object whose values are texts or, as the widget itself has them, numbers.
    #[must_use]
    pub fn of_widget(data: Map<String, Value>) -> Option<Self> {
        let mut fields = Vec::new();
        for (name, value) in data {
            match value {
                Value::String(text) => fields.push((name, text)),
                Value::Number(number) => fields.push((name, number.to_string())),
                Value::Null => {}
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
            }
        }
        Self::new(fields, false)
    }

    /// The raw `initData` of a mini app: a query string.
    #[must_use]
    pub fn of_mini_app(init_data: &str) -> Option<Self> {
        if init_data.len() > LONGEST {
            return None;
        }
        let fields = url::form_urlencoded::parse(init_data.as_bytes());
        let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self::new(fields.collect(), true)
    }

    fn new(mut fields: Vec<(String, String)>, of_mini_app: bool) -> Option<Self> {
        fields.sort();
        // A line break in a value could pass for a field of its own.
        let plain = |text: &str| !text.contains('\n');
        let once = fields.windows(2).all(|pair| pair[0].0 != pair[1].0);
        let whole = once
            && fields.len() <= MOST_FIELDS
            && fields
                .iter()
                .all(|(name, value)| plain(name) && plain(value) && !name.contains('='));
        whole.then_some(Self { fields, of_mini_app })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The hash that the bot's token gives.
    fn expected(&self, bot: &BotToken) -> [u8; 32] {
        let lines: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| name != "hash")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let token = bot.expose().as_bytes();
        let key = if self.of_mini_app {
            hmac_sha256(b"WebAppData", &[token])
        } else {
            sha256(token)
        };
        hmac_sha256(&key, &[lines.join("\n").as_bytes()])
    }

    /// Whose account it is.
    fn subject(&self) -> Option<String> {
        // The SDK's own documents show an `initData` without `user`, with its fields beside the others.
        let id = if let Some(user) = self.get("user").filter(|_| self.of_mini_app) {
            match parse(user.as_bytes()).ok()?.get("id")? {
                Value::Number(number) => number.to_string(),
                Value::String(text) => text.clone(),
                _ => return None,
            }
        } else {
            self.get("id")?.to_owned()
        };
        let whole = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        whole.then_some(id)
    }
}

/// Whom Telegram vouches for.
pub fn check_telegram(
    scope: &AppScope,
    bot: &BotToken,
    data: &TelegramData,
    now: Timestamp,
) -> Result<Vouched, Failure> {
    let checked = || {
        let hash = unhex(data.get("hash")?)?;
        let signed_at = Timestamp::from_second(data.get("auth_date")?.parse().ok()?).ok()?;
        let of_now = now.duration_since(signed_at) <= OLDEST && signed_at.duration_since(now) <= LEEWAY;
        let good = constant_time_eq(&data.expected(bot), &hash) && of_now;
        let subject = data.subject()?;
        good.then(|| Vouched {
            subject,
            assertion: assertion(scope, LoginKind::Telegram.as_str(), &hash, signed_at + OLDEST + LEEWAY),
        })
    };
    checked().ok_or_else(refused)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}
