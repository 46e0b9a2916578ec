//! What operations take and answer, as the reference has it.

use serde_json::{Map, Value, json};

use super::super::{answer, answered};
use crate::domain::Code;
use crate::web::reference::{Field, Operation, Schema, Takes, always, optional};

/// `network`.
pub fn network() -> Field {
    optional(
        "network",
        Schema::text().says("The code of the network. This or `chainId` is needed; two have to agree."),
    )
}

/// `chainId`.
pub fn chain() -> Field {
    let id = Schema::either(Schema::integer(1, i64::MAX), Schema::text());
    optional("chainId", id.says("The chain id, as a number or a text."))
}

/// `secret`.
pub fn secret() -> Field {
    optional(
        "secret",
        Schema::text().says("The recovery secret, for a wallet that the operator cannot open; see wallet/unlock."),
    )
}

/// A call that signs.
pub fn signs(id: &'static str, source: &'static str, message: &str, field: &'static str, example: Value) -> Operation {
    let data = Schema::object([always(field, Schema::text())]);
    gives(
        id,
        source,
        message,
        data,
        &json!(Map::from_iter([(field.to_owned(), example)])),
    )
}

/// A call that spends a wallet token and answers this.
pub fn gives(id: &'static str, source: &'static str, message: &str, data: Schema, example: &Value) -> Operation {
    let axum::Json(shown) = answer(message, example);
    Operation::new(id, source)
        .takes(Takes::AppAndWalletToken)
        .repeatable()
        .answers(200, "Done.", answered(data), shown)
        .refuses(&[
            Code::ConsentNeeded,
            Code::Forbidden,
            Code::SecretRefused,
            Code::Conflict,
        ])
}
