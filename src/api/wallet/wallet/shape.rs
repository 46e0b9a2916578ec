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

/// An address to show.
pub const EVM_ADDRESS: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// A token's address to show.
pub const TOKEN_ADDRESS: &str = "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238";

/// An amount in decimal units.
pub fn amount() -> Schema {
    Schema::text()
        .pattern("^[0-9]+([.][0-9]+)?$")
        .says("In decimal units, like `0.02`.")
}

/// A call that spends a wallet token, asks a chain and answers this.
pub fn asks(id: &'static str, source: &'static str, message: &str, data: Schema, example: &Value) -> Operation {
    let operation = gives(id, source, message, data, example);
    [Code::ChainRefused, Code::ChainNonsense, Code::ChainUnavailable]
        .into_iter()
        .fold(operation, also_refuses)
}

/// The same with one more refusal.
pub fn also_refuses(mut operation: Operation, code: Code) -> Operation {
    operation.refuses.push(code);
    operation
}

/// A call that signs.
pub fn signs(id: &'static str, source: &'static str, message: &str, field: &'static str, example: Value) -> Operation {
    let data = Schema::object([always(field, Schema::text())]);
    let example = json!(Map::from_iter([(field.to_owned(), example)]));
    also_refuses(gives(id, source, message, data, &example), Code::NewDeviceHold)
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
