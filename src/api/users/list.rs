//! `GET /v1/users`: the users of this environment, newest first.
//!
//! `email` and `phone` find who has proven them and whom your own back end brought with them, never a partner's
//! unproven word; `external_id` finds whom a partner, or you, call so. Filters that are sent together all have to fit.

use axum::extract::State;

use super::envelope::{Enveloped, page, paged};
use super::{email, limit_schema, shape};
use crate::domain::{Invalid, KeyScope, PartnerUserId, Phone, UserId};
use crate::store::UserFilter;
use crate::web::reference::{Operation, Schema, Takes, example};
use crate::web::{Context, Failure, Query, ServerKey, Web};

const USUAL: u32 = 25;
const MOST: u32 = 100;

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = page(
        &example::context(),
        &[shape::shown_example()],
        Some(example::USER.to_string()),
    )
    .example();
    Operation::new("listUsers", include_str!("list.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .query("email", Schema::email())
        .query("phone", Schema::e164())
        .query("external_id", Schema::text().lengths(1, 255))
        .query("limit", limit_schema())
        .query(
            "after",
            Schema::id("usr").says("`next_cursor` of the page before, or the id of any user."),
        )
        .answers(
            200,
            "A page of users, the newest first.",
            paged(shape::schema()),
            example,
        )
}

/// 200 with at most `limit` users (1 to 100, usually 25). Send `meta.next_cursor` as `after` to get the next page; it
/// is `null` on the last. The id of any user will do as well: what follows is older.
pub async fn list(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let filter = UserFilter {
        email: query.optional("email", email)?,
        phone: query.optional("phone", phone)?,
        external_id: query.optional("external_id", |text| PartnerUserId::parse(text.to_owned()))?,
    };
    let limit = query.optional("limit", limit)?.unwrap_or(USUAL);
    let after = query.optional("after", after)?;
    let found = web.instance.store.users(&scope, &filter, after, limit).await?;
    let data: Vec<_> = found.users.iter().map(|user| shape::user(&web, &scope, user)).collect();
    Ok(page(&context, &data, found.next.map(|id| id.to_string())))
}

/// A `+` that was not escaped arrives as a space.
fn phone(text: &str) -> Result<Phone, Invalid> {
    match text.strip_prefix(' ') {
        Some(digits) => Phone::parse_e164(&format!("+{digits}")),
        None => Phone::parse_e164(text),
    }
}

fn limit(text: &str) -> Result<u32, Invalid> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| Invalid::new(format!("Send a limit of 1 to {MOST}.")))
}

fn after(text: &str) -> Result<UserId, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("Send the next_cursor of the page before, or a user's id."))
}
