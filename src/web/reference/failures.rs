//! Refusals and faults in the reference: from the table of codes, in the shape of each surface.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::example;
use super::schema::{Field, Schema, always, sometimes};
use crate::domain::{Code, Invalid};
use crate::web::failure::{body_in_shape, status_in_shape};
use crate::web::{Context, Failure, Surface};

/// The schema of an error's body.
pub fn schema(surface: Surface) -> Schema {
    let slugs: Vec<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
    let code = || Schema::one_of(&slugs).named("ErrorCode");
    let message = || Schema::text().says("For people; it may change.");
    let field = || Schema::text().says("The field, parameter or header that is wrong.");
    match surface {
        Surface::Users | Surface::Issuers => {
            let details = Schema::object([
                always("field", field()),
                sometimes(
                    "value",
                    Schema::either(Schema::text(), Schema::either(Schema::boolean(), Schema::number()))
                        .says("What it held, if that is short and no secret."),
                ),
            ]);
            let error = Schema::object([
                always("code", code()),
                always("message", message()),
                sometimes("details", details),
            ]);
            Schema::object([
                always("success", Schema::just(false)),
                always("error", error),
                always("meta", Schema::object(meta()).named("Meta")),
            ])
            .named("Error")
        }
        Surface::Wallet => Schema::object([
            always("status", Schema::integer(400, 599).says("The HTTP status once more.")),
            always("message", message()),
            always(
                "data",
                Schema::object([always(
                    "message",
                    Schema::text().says("Where the person has to go first, if somewhere."),
                )])
                .or_null(),
            ),
        ])
        .named("Error"),
        Surface::Partner | Surface::Pages => {
            let error = Schema::object([
                always("status", Schema::text().pattern("^[45][0-9]{2}$")),
                always("title", message()),
                always("code", code()),
                sometimes("field", field()),
                always("detail", Schema::text().says("What to do next.")),
            ]);
            Schema::object([always("errors", Schema::list(error)), always("message", message())]).named("Error")
        }
    }
}

/// The fields of `meta` on the users surface.
pub fn meta() -> [Field; 2] {
    [
        always("request_id", Schema::id("req")),
        always("timestamp", Schema::time()),
    ]
}

/// The status that a code has on a surface.
pub fn status(surface: Surface, code: Code) -> u16 {
    status_in_shape(surface, code)
}

/// What a surface answers for a code.
fn example(surface: Surface, code: Code) -> Value {
    let failure = match code {
        Code::Validation => {
            Failure::field("email", Invalid::new("Invalid email format")).holding("invalid-email".into())
        }
        Code::ConsentNeeded => Failure::new(code).going_to(example::CONSENT_LINK.to_owned()),
        _ => Failure::new(code),
    };
    let caller = Ipv4Addr::UNSPECIFIED.into();
    let context = Context::new(example::REQUEST, example::time(), surface, caller, None);
    body_in_shape(&failure, &context)
}

/// The name that a group of refusals of one status has among the document's responses.
pub fn name(codes: &[Code]) -> String {
    codes
        .iter()
        .map(|code| format!("{code:?}"))
        .collect::<Vec<_>>()
        .join("Or")
}

/// The answer to a group of refusals that have one status; `headers` are those of every answer.
pub fn response(surface: Surface, codes: &[Code], mut headers: Map<String, Value>) -> Value {
    let says: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {} {}", code.slug(), sentence(code.title()), code.help()))
        .collect();
    let waits = [Code::RateLimited, Code::Unavailable, Code::Timeout, Code::Conflict];
    if codes.iter().any(|code| waits.contains(code)) {
        headers.insert(
            "Retry-After".to_owned(),
            json!({ "$ref": "#/components/headers/Retry-After" }),
        );
    }
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| (code.slug().to_owned(), json!({ "value": example(surface, *code) })))
        .collect();
    let content = json!({ "application/json": { "schema": schema(surface).value(), "examples": examples } });
    json!({ "description": says.join("\n\n"), "headers": headers, "content": content })
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
