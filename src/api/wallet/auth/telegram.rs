//! `POST /api/v{1,2}/auth/telegram`: a person logs in with Telegram.
//!
//! `botUsername` names a bot of the app. `data` is what the log-in widget gave, `dataString` the raw `initData` of a mini
//! app; either complete and unchanged, not older than five minutes, and used once. The first log-in makes the user, who
//! is known by Telegram's id at this app.

use axum::extract::State;
use serde_json::{Value, json};

use super::super::Caller;
use super::{FromDevice, not_set_up, shape, until, vouched_for};
use crate::domain::{BotName, BotToken, Invalid, LoginKind, Provider};
use crate::sealed;
use crate::web::providers::{TelegramData, check_telegram, refused};
use crate::web::reference::{Operation, Schema, optional, required};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required("botUsername", Schema::text().pattern("^@?[A-Za-z0-9_]{5,32}$")),
        optional(
            "data",
            Schema::map().says("What the log-in widget gave, complete and unchanged."),
        ),
        optional("dataString", Schema::text().says("The raw `initData` of a mini app.")),
        shape::expire_date(),
    ]);
    let data = json!({
        "id": "42", "first_name": "Ada", "auth_date": "1768473000",
        "hash": "0000000000000000000000000000000000000000000000000000000000000000",
    });
    shape::takes_assertion("loginWithTelegram", include_str!("telegram.rs")).body(
        request.named("TelegramLogin"),
        json!({ "botUsername": "shop_bot", "data": data }),
    )
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong with
/// what Telegram is said to have signed, 403 for a bot that is not the app's.
pub async fn telegram(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    let bot = fields.parsed("botUsername", |text| BotName::parse(&text))?;
    let (data, init_data) = (fields.optional_value("data"), fields.optional_text("dataString")?);
    let until = until(&mut fields, context.now)?;
    let data = match (data, init_data) {
        (Some(Value::Object(data)), None) => TelegramData::of_widget(data),
        (None, Some(init_data)) => TelegramData::of_mini_app(&init_data),
        (Some(_), None) => return Err(Failure::field("data", Invalid::new("data must be an object."))),
        _ => return Err(Failure::field("data", Invalid::new("Send either data or dataString."))),
    };
    let scope = &caller.app.scope;
    let known = web.instance.store.app_providers(scope, Provider::Telegram).await?;
    let known = known.into_iter().find(|known| known.name == bot.as_str());
    let known = known.ok_or_else(|| not_set_up(Provider::Telegram, "BOT --secret-file FILE"))?;
    let place = sealed::app_provider(scope.environment(), known.id);
    let token = web.instance.vault.open(&place, &known.sealed.unwrap_or_default());
    let token = token
        .ok()
        .and_then(|token| String::from_utf8(token.expose().to_vec()).ok());
    let token = token.and_then(|token| BotToken::parse(token).ok());
    let token = token.ok_or_else(|| Failure::internal("the token of a bot cannot be opened"))?;
    let data = data.ok_or_else(refused)?;
    let vouched = check_telegram(scope, &token, &data, context.now)?;
    vouched_for(&web, &context, &caller, LoginKind::Telegram, vouched, until).await
}
