//! Status calls: what became of a message, signed with the app secret.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{State, WhatsAppMessage, answers};
use crate::Step;
use crate::caller::post_until_taken;
use crate::encoding::{hex, hmac_sha256};
use crate::inbox::lock;

/// Plays the steps of a message, in the background and in order.
pub(super) fn play(state: &Arc<State>, message: WhatsAppMessage, steps: Vec<Step>) {
    let playing = Arc::clone(state);
    state.runtime.spawn(async move {
        let mut together = Vec::new();
        let mut hold = false;
        for step in steps {
            match step {
                Step::Pause(pause) => sleep(pause).await,
                Step::WithNext => hold = true,
                report => {
                    together.push(status(&playing, &message, report));
                    if !std::mem::take(&mut hold) {
                        let statuses = Value::Array(std::mem::take(&mut together));
                        call(&playing, "statuses", statuses).await;
                    }
                }
            }
        }
    });
}

/// Reports a fault of the whole account.
pub(super) fn fault(state: &Arc<State>, code: i64) {
    let errors = json!([{"code": code, "title": answers::title(code), "message": answers::title(code)}]);
    let calling = Arc::clone(state);
    state
        .runtime
        .spawn(async move { call(&calling, "errors", errors).await });
}

fn status(state: &State, message: &WhatsAppMessage, step: Step) -> Value {
    let name = match step {
        Step::Sent => "sent",
        Step::Delivered => "delivered",
        Step::Read => "read",
        Step::Failed(_) | Step::Pause(_) | Step::WithNext => "failed",
    };
    let mut status = json!({
        "id": message.id,
        "status": name,
        "timestamp": (state.options.now)().to_string(),
    });
    if state.options.hide_numbers {
        status["user_id"] = json!("US.13491208655302741918");
    } else {
        status["recipient_id"] = json!(message.to);
    }
    if let Some(reference) = &message.reference {
        status["biz_opaque_callback_data"] = json!(reference);
    }
    if let Step::Failed(code) = step {
        status["errors"] = json!([{
            "code": code,
            "title": answers::title(code),
            "message": answers::title(code),
            "error_data": {"details": "failed as planned"},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }]);
    }
    if matches!(step, Step::Sent | Step::Delivered) {
        status["pricing"] =
            json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": "authentication"});
        // Gone from v24.0 on.
        let major = message.version.trim_start_matches('v').split('.').next();
        if major
            .and_then(|major| major.parse::<u32>().ok())
            .is_some_and(|major| major < 24)
        {
            status["conversation"] = json!({"id": "fake", "origin": {"type": "authentication"}});
        }
    }
    status
}

async fn call(state: &State, field: &str, content: Value) {
    let Some(url) = lock(&state.webhook).clone() else {
        return;
    };
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "15550783881",
            "phone_number_id": state.options.phone_number_id,
        },
    });
    value[field] = content;
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}],
    });
    let bytes = body.to_string().into_bytes();
    let signature = format!(
        "sha256={}",
        hex(&hmac_sha256(state.options.app_secret.as_bytes(), &bytes))
    );
    let headers = [
        ("content-type", "application/json"),
        ("x-hub-signature-256", signature.as_str()),
        ("user-agent", "facebookexternalua"),
    ];
    let answered = post_until_taken(&url, &headers, &bytes, state.options.retry_pause).await;
    state.reports.push((body, answered));
}
