//! What making and moving a wallet answers, as the reference has it.

use serde_json::{Value, json};

use super::super::{answer, answered};
use crate::web::reference::{Field, Operation, Schema, always, example, optional, required, sometimes};

/// An address of each family, as examples show them.
pub fn addresses_example() -> Value {
    json!([
        { "network": "evm", "address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266" },
        { "network": "solana", "address": "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96" },
        { "network": "bitcoin", "address": "tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl" },
    ])
}

/// `pin`.
pub fn pin() -> Field {
    let says =
        "Six digits that the copy of the secret is protected with. Five wrong ones, and it opens again a day later.";
    optional("pin", Schema::text().pattern("^[0-9]{6}$").says(says))
}

/// What a new wallet may be asked for with.
pub fn new_wallet() -> [Field; 4] {
    let rampable = Schema::object([
        required("username", Schema::text()),
        required("fullName", Schema::text()),
        required("password", Schema::text().lengths(8, 256)),
    ]);
    [
        optional(
            "isCustodian",
            Schema::boolean().says("Whether the operator can sign without the person: `true` without it."),
        ),
        pin(),
        optional("rampable", rampable),
        optional(
            "expireDate",
            Schema::text()
                .format("date")
                .says("When the wallet token ends, in version 1; a day at most."),
        ),
    ]
}

/// A list of addresses.
pub fn addresses() -> Schema {
    let one = Schema::object([
        always("network", Schema::one_of(&["evm", "solana", "bitcoin"])),
        always("address", Schema::text()),
    ]);
    Schema::list(one.named("NetworkAddress"))
}

/// Addresses as either version shows them.
pub fn address_of_either() -> Schema {
    Schema::either(addresses(), Schema::text())
        .says("One for each family; in version 1 the one of the family evm, as a text.")
}

/// A call that answers a wallet that was made or moved.
pub fn gives_wallet(id: &'static str, source: &'static str, message: &str) -> Operation {
    let data = Schema::object([
        always("walletToken", Schema::jwt().says("Good for one operation.")),
        sometimes(
            "refreshToken",
            Schema::text().says("Good for one more wallet token; version 2 alone has it."),
        ),
        always("secret0", Schema::text().says("The recovery secret. It is shown once.")),
        always(
            "secret0Link",
            Schema::text()
                .format("uri")
                .says("The same as a file, for five minutes."),
        ),
        always("address", address_of_either()),
        always("custody", Schema::one_of(&["server", "shared"])),
        always("isCustodian", Schema::boolean().says("Whether the operator can sign.")),
        sometimes("rampableAccessToken", Schema::jwt()),
    ]);
    let axum::Json(shown) = answer(
        message,
        &json!({
            "walletToken": example::JWT,
            "refreshToken": "abr_EXAMPLEexample",
            "secret0": "xw0.1.example.example.example",
            "secret0Link": "https://id.example.com/recovery/EXAMPLEexample",
            "address": addresses_example(),
            "custody": "server",
            "isCustodian": true,
        }),
    );
    Operation::new(id, source).answers(
        200,
        "The wallet, its tokens and its recovery secret.",
        answered(data.named("WalletMade")),
        shown,
    )
}
