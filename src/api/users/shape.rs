//! The user as this surface shows it to a back end.

use serde_json::{Value, json};

use crate::domain::{KeyScope, UserId, WaffyToken};
use crate::resource::Shown;
use crate::store::{ServerScope, User};
use crate::web::Web;
use crate::web::reference::{Field, Schema, always, example, sometimes};

/// `waffy_token` for keys with the scope `users:token`, else `null`.
pub fn waffy_token(web: &Web, scope: &ServerScope, user: UserId) -> Value {
    if !scope.allows(KeyScope::UsersToken) {
        return Value::Null;
    }
    WaffyToken::of(&web.instance.vault, scope.environment(), user)
        .expose()
        .into()
}

/// The answer's data.
pub fn user<'a>(web: &Web, scope: &ServerScope, user: &'a User) -> Shown<'a> {
    Shown::of(user).with_token(waffy_token(web, scope, user.id))
}

/// The fields of a user that every reader sees.
pub fn fields() -> [Field; 8] {
    let verification = Schema::object([
        always("email_verified", Schema::boolean()),
        always("phone_verified", Schema::boolean()),
        always("kyc_status", Schema::text()),
        always("kyb_status", Schema::text()),
    ]);
    [
        always("user_id", Schema::id("usr")),
        always("email", Schema::text().or_null()),
        always("phone", Schema::text().or_null()),
        always("name", Schema::text().or_null()),
        always("status", status_schema()),
        always("verification_status", verification.named("VerificationStatus")),
        always("created_at", Schema::time()),
        always("updated_at", Schema::time()),
    ]
}

/// How far a user has come.
pub fn status_schema() -> Schema {
    Schema::one_of(&["linked", "verified", "suspended"])
}

/// A user's token for hosted pages.
pub fn waffy_token_schema() -> Schema {
    Schema::text().pattern("^wft_[0-9A-Za-z]{43}$").or_null().says(
        "Names the user to a hosted page and authorizes nothing; `null` for keys without the scope `users:token`.",
    )
}

/// A user as a back end sees it.
pub fn schema() -> Schema {
    let [id, email, phone, name, status, verification, created_at, updated_at] = fields();
    Schema::object([
        id,
        email,
        phone,
        name,
        status,
        always("waffy_token", waffy_token_schema()),
        verification,
        created_at,
        updated_at,
        always("metadata", Schema::map()),
        sometimes(
            "external_id",
            Schema::text().says("Your own id of the user, if you gave one."),
        ),
    ])
    .named("User")
}

/// Such a user.
pub fn shown_example() -> Value {
    json!(Shown::of(&example::user()).with_token(example::WAFFY_TOKEN.into()))
}
