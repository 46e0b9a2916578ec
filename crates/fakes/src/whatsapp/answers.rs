//! What the Cloud API answers.

use serde_json::{Value, json};

use super::WhatsAppMessage;
use crate::Answer;

/// Code, HTTP status and title of the errors that the fake knows.
const ERRORS: &[(i64, u16, &str)] = &[
    (0, 401, "AuthException"),
    (1, 400, "API Unknown"),
    (2, 503, "API Service"),
    (3, 500, "API Method"),
    (4, 400, "API Too Many Calls"),
    (10, 403, "Permission Denied"),
    (100, 400, "Invalid parameter"),
    (190, 401, "Access token has expired"),
    (200, 403, "API Permission"),
    (368, 403, "Temporarily blocked for policies violations"),
    (80_007, 400, "Rate limit issues"),
    (130_429, 400, "Rate limit hit"),
    (130_472, 400, "User's number is part of an experiment"),
    (
        130_497,
        403,
        "Business account is restricted from messaging users in this country",
    ),
    (131_000, 500, "Something went wrong"),
    (131_008, 400, "Required parameter is missing"),
    (131_009, 400, "Parameter value is not valid"),
    (131_016, 500, "Service unavailable"),
    (131_021, 400, "Recipient cannot be sender"),
    (131_026, 400, "Message undeliverable"),
    (131_031, 403, "Account has been locked"),
    (131_042, 400, "Business eligibility payment issue"),
    (131_045, 500, "Incorrect certificate"),
    (131_047, 400, "Re-engagement message"),
    (131_048, 400, "Spam rate limit hit"),
    (131_049, 400, "Meta chose not to deliver"),
    (131_056, 400, "(Business Account, Consumer Account) pair rate limit hit"),
    (131_057, 500, "Account in maintenance mode"),
    (132_000, 400, "Template Param Count Mismatch"),
    (132_001, 404, "Template does not exist"),
    (132_005, 400, "Template Hydrated Text Too Long"),
    (132_007, 400, "Template Format Character Policy Violated"),
    (132_012, 400, "Template Parameter Format Mismatch"),
    (132_015, 400, "Template is Paused"),
    (132_016, 400, "Template is Disabled"),
    (133_010, 400, "Phone number Not Registered"),
];

pub(super) fn is_known(code: i64) -> bool {
    ERRORS.iter().any(|(known, ..)| *known == code)
}

/// The title of a code, for status calls.
pub(super) fn title(code: i64) -> &'static str {
    let known = ERRORS.iter().find(|(known, ..)| *known == code);
    known.map_or("Unknown", |(_, _, title)| title)
}

/// An error as the Graph API words it.
pub(super) fn error(code: i64, details: &str) -> Answer {
    let known = ERRORS.iter().find(|(known, ..)| *known == code);
    let status = known.map_or(400, |(_, status, _)| *status);
    let body = json!({"error": {
        "message": format!("(#{code}) {}", title(code)),
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }});
    Answer::json(status, &body)
}

/// The Graph API's answer to everything that is not there.
pub(super) fn unknown_path(object: &str) -> Answer {
    let message = format!(
        "Unsupported post request. Object with ID '{object}' does not exist, cannot be loaded due to missing \
         permissions, or does not support this operation"
    );
    let body = json!({"error": {
        "message": message, "type": "GraphMethodException", "code": 100, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }});
    Answer::json(400, &body)
}

/// The message was taken, which is not yet a delivery.
pub(super) fn taken(message: &WhatsAppMessage) -> Answer {
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": message.to, "wa_id": message.to}],
        "messages": [{"id": message.id, "message_status": "accepted"}],
    });
    Answer::json(200, &body)
}

pub(super) fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|text| text.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// The code of an authentication template: one parameter in the text, and the same one in the button.
pub(super) fn code_of(template: &Value) -> Result<String, Answer> {
    let components = template["components"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |kind: &str| components.iter().find(|component| component["type"] == kind);
    let (Some(body), Some(button)) = (of("body"), of("button")) else {
        let details = "body and button: number of localizable_params does not match the expected number of params (1)";
        return Err(error(132_000, details));
    };
    if button["sub_type"] != "url" || button["index"] != "0" {
        return Err(error(131_008, "Button at index 0 of type Url requires a parameter"));
    }
    let text = |component: &Value| {
        let parameters = component["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        match parameters {
            [one] if one["type"] == "text" => one["text"].as_str().map(str::to_owned),
            _ => None,
        }
    };
    let mismatch = || {
        error(
            132_000,
            "number of localizable_params does not match the expected number of params (1)",
        )
    };
    let (in_body, in_button) = (text(body).ok_or_else(mismatch)?, text(button).ok_or_else(mismatch)?);
    if in_body.is_empty() || in_body.chars().count() > 15 {
        return Err(error(132_012, "The code has from 1 to 15 characters"));
    }
    if in_body != in_button {
        return Err(error(132_012, "The code of the body and of the button differ"));
    }
    Ok(in_body)
}
