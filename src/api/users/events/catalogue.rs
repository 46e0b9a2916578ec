//! What the `data` of each kind of event holds, with an example: the schemas of the reference, the examples of
//! `aboard trigger`, and what a webhook is sent for a test.

use serde_json::{Value, json};

use crate::api::users::shape;
use crate::domain::{EventType, Notice};
use crate::resource;
use crate::web::reference::{Field, Hook, Schema, always, example, sometimes};
use crate::web::whole_seconds;

/// What `data` holds, and an example.
pub fn data(kind: EventType) -> (Schema, Value) {
    let (user, now) = (example::USER, whole_seconds(example::time()));
    match kind {
        EventType::UserCreated => (
            user_schema(),
            json!({
                "user_id": user, "status": "linked", "source": "partner", "partner_id": example::PARTNER, "created_at": now,
            }),
        ),
        EventType::UserLinked | EventType::UserUpdated | EventType::UserVerified => {
            (user_schema(), Value::Object(resource::user(&example::user())))
        }
        EventType::UserDeleted => (
            Schema::object([
                always("user_id", Schema::id("usr")),
                always("deleted", Schema::just(true)),
            ]),
            json!({ "user_id": user, "deleted": true }),
        ),
        EventType::UserJoined => (
            about_user([
                always("retired_user_id", Schema::id("usr")),
                always("undo_until", Schema::time()),
            ]),
            json!({ "user_id": user, "retired_user_id": user, "undo_until": "2026-02-14T10:30:00Z" }),
        ),
        EventType::UserJoinUndone => (
            about_user([always("restored_user_id", Schema::id("usr"))]),
            json!({ "user_id": user, "restored_user_id": user }),
        ),
        EventType::UsersImported => (
            Schema::object([
                always("imported", Schema::count()),
                always(
                    "verified_by_the_operators_word",
                    Schema::count().says("Users whose proofs the operator vouched for."),
                ),
            ]),
            json!({ "imported": 200, "verified_by_the_operators_word": 0 }),
        ),
        EventType::IdentityVerified => (
            about_user([always("kind", address_kind())]),
            json!({ "user_id": user, "kind": "email" }),
        ),
        EventType::LoginSucceeded => (
            about_user([
                sometimes("app_id", Schema::id("app").or_null()),
                sometimes("partner_id", Schema::id("prt").or_null()),
                always("amr", Schema::text().says("How the log-in was born.")),
                sometimes("kind", name_kind()),
            ]),
            json!({ "user_id": user, "app_id": example::APP, "amr": "otp", "kind": "phone" }),
        ),
        EventType::LoginRefused => (
            Schema::object([
                sometimes(
                    "user_id",
                    Schema::id("usr").says("Where the person is known: a suspended one."),
                ),
                sometimes("challenge_id", Schema::id("chl").says("Where a code was typed.")),
                sometimes("app_id", Schema::id("app").or_null()),
                sometimes("kind", name_kind()),
                sometimes("reason", Schema::one_of(&["wrong_code", "suspended"])),
                sometimes("erased", Schema::just(true).says("The user was erased since.")),
            ]),
            json!({ "challenge_id": example::CHALLENGE, "app_id": null, "kind": "phone", "reason": "wrong_code" }),
        ),
        EventType::SessionRevoked => (
            about_user([
                sometimes(
                    "session_id",
                    Schema::id("ses").or_null().says("`null` for all of them."),
                ),
                sometimes(
                    "reason",
                    Schema::one_of(&[
                        "log_out",
                        "log_out_everywhere",
                        "suspended",
                        "first_proof",
                        "joined",
                        "join_undone",
                        "wallet_recovered",
                        "code_used_twice",
                    ]),
                ),
            ]),
            json!({ "user_id": user, "session_id": null, "reason": "log_out_everywhere" }),
        ),
        EventType::TokenReuseDetected => (
            about_user([
                always("app_id", Schema::id("app")),
                always("amr", Schema::text().says("How the log-in was born.")),
            ]),
            json!({ "user_id": user, "app_id": example::APP, "amr": "otp" }),
        ),
        EventType::SecretExposed => (
            Schema::object([always("key_id", Schema::id("key")), always("app_id", Schema::id("app"))]),
            json!({ "key_id": example::KEY, "app_id": example::APP }),
        ),
        EventType::MessageDelivered | EventType::MessageFailed => message(kind),
        EventType::WalletCreated => (
            about_wallet([
                always("app_id", Schema::id("app")),
                always("custody", custody()),
                always(
                    "imported",
                    Schema::boolean().says("Whether the person brought the phrase along."),
                ),
            ]),
            json!({
                "user_id": user, "wallet_id": example::WALLET, "app_id": example::APP, "custody": "server", "imported": false,
            }),
        ),
        EventType::WalletRecovered => (
            about_wallet([
                always("app_id", Schema::id("app")),
                always("custody", custody()),
                always("from_user_id", Schema::id("usr").says("Who had it before.")),
            ]),
            json!({
                "user_id": user, "wallet_id": example::WALLET, "app_id": example::APP, "custody": "server",
                "from_user_id": user,
            }),
        ),
        EventType::WalletExportAsked => (
            about_wallet([
                always("app_id", Schema::id("app")),
                always("ready_at", Schema::time().says("From when on it can be taken out.")),
            ]),
            json!({ "user_id": user, "wallet_id": example::WALLET, "app_id": example::APP, "ready_at": now }),
        ),
        EventType::WalletExported | EventType::ConsentWithdrawn => (
            about_wallet([always("app_id", Schema::id("app"))]),
            json!({ "user_id": user, "wallet_id": example::WALLET, "app_id": example::APP }),
        ),
        EventType::ConsentGranted => (
            about_wallet([
                always("app_id", Schema::id("app")),
                always("scopes", Schema::list(Schema::one_of(&["read", "sign", "send"]))),
                always("expires_at", Schema::time().or_null()),
            ]),
            json!({
                "user_id": user, "wallet_id": example::WALLET, "app_id": example::APP, "scopes": ["read", "sign"],
                "expires_at": now,
            }),
        ),
        EventType::TransactionSent
        | EventType::TransactionConfirmed
        | EventType::TransactionFailed
        | EventType::TransactionReplaced => transaction(kind),
        EventType::KeyCreated => (
            Schema::object([
                always("key_id", Schema::id("key")),
                sometimes("kind", Schema::text()),
                sometimes("name", Schema::text()),
                sometimes("scopes", Schema::list(Schema::text())),
                sometimes("rotated_from", Schema::id("key")),
            ]),
            json!({ "key_id": example::KEY, "kind": "server", "name": "back end", "scopes": ["users"] }),
        ),
        EventType::KeyRevoked => (
            Schema::object([always("key_id", Schema::id("key"))]),
            json!({ "key_id": example::KEY }),
        ),
        EventType::WebhookDisabled => (
            Schema::object([
                always("webhook_id", Schema::id("wh")),
                always("url", Schema::text()),
                always("reason", Schema::one_of(&["gone", "failing"])),
                always("failing_since", Schema::time().or_null()),
            ]),
            json!({ "webhook_id": example::WEBHOOK, "url": "https://example.com/hooks", "reason": "failing", "failing_since": now }),
        ),
    }
}

fn message(kind: EventType) -> (Schema, Value) {
    let notices: Vec<&str> = Notice::ALL.iter().map(|notice| notice.name()).collect();
    let schema = Schema::object([
        sometimes("message_id", Schema::id("msg")),
        sometimes(
            "challenge_id",
            Schema::id("chl").or_null().says("Of a code; `null` for a notice."),
        ),
        sometimes(
            "notice",
            Schema::one_of(&notices)
                .or_null()
                .says("What a notice tells; `null` for a code."),
        ),
        sometimes("channel", Schema::text()),
        sometimes("user_id", Schema::id("usr").or_null()),
        sometimes("reason", Schema::text().or_null()),
        sometimes("erased", Schema::just(true)),
    ]);
    let reason = (kind == EventType::MessageFailed).then_some("the number is not on WhatsApp");
    let example = json!({
        "message_id": example::MESSAGE, "challenge_id": example::CHALLENGE, "channel": "whatsapp", "user_id": null,
        "reason": reason, "notice": null,
    });
    (schema, example)
}

fn custody() -> Schema {
    Schema::one_of(&["server", "shared"])
}

/// What is said of a user's wallet.
fn about_wallet<const N: usize>(fields: [Field; N]) -> Schema {
    let wallet = always("wallet_id", Schema::id("wlt"));
    about_user_of([wallet].into_iter().chain(fields))
}

fn transaction(kind: EventType) -> (Schema, Value) {
    let mut example = json!({
        "transaction_id": example::SEND, "hash": "0x5f1c0b0c7b7f2f3d7c1f35d9b6f3b1a4d9a2f2b3d4c5e6f708192a3b4c5d6e7f",
        "network": "ethereum-sepolia", "from": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "nonce": 0, "kind": "coin",
        "wallet_id": example::WALLET, "app_id": example::APP, "user_id": example::USER,
    });
    let more = match kind {
        EventType::TransactionConfirmed => json!({ "block_number": 7_654_321 }),
        EventType::TransactionFailed => json!({ "reason": "it was reverted", "block_number": 7_654_321 }),
        EventType::TransactionReplaced => json!({ "replaced_by": null, "cancelled": false }),
        _ => json!({}),
    };
    if let (Value::Object(example), Value::Object(more)) = (&mut example, more) {
        example.extend(more);
    }
    let mut fields = vec![
        sometimes("transaction_id", Schema::id("snd")),
        sometimes("hash", Schema::text()),
        sometimes("network", Schema::text()),
        sometimes("from", Schema::text().says("The wallet's address there.")),
        sometimes("nonce", Schema::count().or_null()),
        sometimes(
            "kind",
            Schema::one_of(&["coin", "token", "transaction", "erc721", "erc1155", "cancel"]),
        ),
        sometimes("wallet_id", Schema::id("wlt")),
        sometimes("app_id", Schema::id("app")),
        sometimes("user_id", Schema::id("usr").or_null()),
        sometimes("erased", Schema::just(true)),
    ];
    match kind {
        EventType::TransactionConfirmed => fields.push(sometimes("block_number", Schema::count())),
        EventType::TransactionFailed => fields.extend([
            sometimes("reason", Schema::text()),
            sometimes(
                "block_number",
                Schema::count()
                    .or_null()
                    .says("`null` where it never stood in the chain."),
            ),
        ]),
        EventType::TransactionReplaced => fields.extend([
            sometimes(
                "replaced_by",
                Schema::text()
                    .or_null()
                    .says("The hash; `null` where it was not sent through this server."),
            ),
            sometimes("cancelled", Schema::boolean().says("Whether that was a cancellation.")),
        ]),
        _ => {}
    }
    (Schema::object_of(fields), example)
}

fn address_kind() -> Schema {
    Schema::one_of(&["email", "phone"])
}

/// What somebody logged in by; a login link has none.
fn name_kind() -> Schema {
    Schema::one_of(&["email", "phone", "custody", "username", "google", "apple", "telegram"])
}

/// What is said of a user, and is gone once the user is erased.
fn about_user<const N: usize>(fields: [Field; N]) -> Schema {
    about_user_of(fields)
}

fn about_user_of(fields: impl IntoIterator<Item = Field>) -> Schema {
    let erased = sometimes("erased", Schema::just(true).says("The user was erased since."));
    Schema::object_of(
        [always("user_id", Schema::id("usr")), erased]
            .into_iter()
            .chain(fields.into_iter().map(Field::perhaps)),
    )
}

/// A user as events tell of one. What a partner or an app brought is told with its source alone; once the user is erased there is
/// the id alone.
fn user_schema() -> Schema {
    let [id, rest @ ..] = shape::fields();
    let more = [
        sometimes("metadata", Schema::map()),
        sometimes("external_id", Schema::text()),
        sometimes("source", Schema::one_of(&["partner", "app"])),
        sometimes("partner_id", Schema::id("prt")),
        sometimes("app_id", Schema::id("app")),
        sometimes("kind", name_kind()),
        sometimes("erased", Schema::just(true).says("The user was erased since.")),
    ];
    let fields = [id].into_iter().chain(rest.into_iter().map(Field::perhaps));
    Schema::object_of(fields.chain(more)).named("EventUser")
}

/// Every kind, for the reference.
#[must_use]
pub fn hooks() -> Vec<Hook> {
    let hook = |kind: &EventType| {
        let (data, example) = data(*kind);
        let schema = Schema::object([
            always("type", Schema::just(kind.as_str())),
            always("timestamp", Schema::time()),
            always("data", data),
        ]);
        Hook {
            name: kind.as_str(),
            says: kind.says(),
            schema,
            example: json!({ "type": kind.as_str(), "timestamp": whole_seconds(example::time()), "data": example }),
        }
    };
    EventType::ALL.iter().map(hook).collect()
}
