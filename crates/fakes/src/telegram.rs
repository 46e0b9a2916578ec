//! What Telegram signs with a bot's token: the data of the log-in widget, and that of a mini app.

use aws_lc_rs::digest::{SHA256, digest};

use crate::encoding::{hex, hmac_sha256};

/// `hash` of the log-in widget: HMAC-SHA256 over the sorted `name=value` lines, under SHA-256 of the bot's token.
#[must_use]
pub fn widget_hash(bot_token: &str, fields: &[(&str, &str)]) -> String {
    let key = digest(&SHA256, bot_token.as_bytes());
    hex(&hmac_sha256(key.as_ref(), lines(fields).as_bytes()))
}

/// `hash` of a mini app's `initData`: the same, under HMAC-SHA256 of the bot's token with the key `WebAppData`.
#[must_use]
pub fn mini_app_hash(bot_token: &str, fields: &[(&str, &str)]) -> String {
    let key = hmac_sha256(b"WebAppData", bot_token.as_bytes());
    hex(&hmac_sha256(&key, lines(fields).as_bytes()))
}

fn lines(fields: &[(&str, &str)]) -> String {
    let mut lines: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name != "hash")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.sort();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_and_a_hash_among_them_do_not_matter() {
        let fields = [("id", "42"), ("auth_date", "1750857384"), ("first_name", "Ada")];
        let shuffled = [
            ("first_name", "Ada"),
            ("hash", "x"),
            ("auth_date", "1750857384"),
            ("id", "42"),
        ];
        assert_eq!(widget_hash("1:token", &fields), widget_hash("1:token", &shuffled));
        assert_ne!(widget_hash("1:token", &fields), mini_app_hash("1:token", &fields));
        assert_ne!(widget_hash("1:token", &fields), widget_hash("2:token", &fields));
    }
}
