//! What the calls of `/auth/` take and answer, as the reference has it.

use serde_json::{Value, json};

use super::super::account::shape::{addresses, addresses_example};
use super::super::{answer, answered};
use super::LoggedIn;
use crate::domain::Code;
use crate::web::reference::{Operation, Schema, Takes, always, example, optional, required, sometimes};

/// A call that sends a code to a phone.
pub fn sends_to_phone(id: &'static str, source: &'static str) -> Operation {
    let number = Schema::text()
        .pattern("^[+]?[1-9][0-9]{6,14}$")
        .says("With its country code; the plus may be left out.");
    let request = Schema::object([required("phoneNumber", number)]).named("PhoneNumber");
    let begun = Schema::object([
        always(
            "verifyToken",
            Schema::jwt().says("Goes back with the code, as `verificationToken`; ten minutes."),
        ),
        always("isWalletCreated", Schema::boolean()),
    ]);
    let data = json!({ "verifyToken": example::JWT, "isWalletCreated": false });
    let axum::Json(shown) = answer("OTP sent", &data);
    Operation::new(id, source)
        .takes(Takes::App)
        .body(request, json!({ "phoneNumber": "306912345678" }))
        .answers(
            200,
            "The message is durably on its way.",
            answered(begun.named("CodeSent")),
            shown,
        )
}

/// A call that exchanges a code for a log-in.
pub fn takes_code(id: &'static str, source: &'static str) -> (Operation, Schema, Value) {
    let request = Schema::object([
        required(
            "verificationToken",
            Schema::text().says("What the call that sent the code answered, also as `verifyToken`."),
        ),
        required("otp", Schema::text().says("As the person typed it.")),
    ]);
    let example = json!({ "verificationToken": example::JWT, "otp": "123456" });
    let operation = logs_in(id, source, "OTP verified").refuses(&[Code::OtpRefused]);
    (operation, request.named("CodeToVerify"), example)
}

/// A call that answers a finished log-in.
pub fn logs_in(id: &'static str, source: &'static str, message: &str) -> Operation {
    let of = |rampable: Option<&str>| LoggedIn {
        access_token: Some(example::JWT.to_owned()),
        rampable_access_token: rampable.map(str::to_owned),
        ..LoggedIn::default()
    };
    let data = Schema::object([
        always("isWalletCreated", Schema::boolean()),
        sometimes(
            "accessToken",
            Schema::jwt().says("Without a wallet: makes or recovers one, and reads `/v1/users/me`; an hour."),
        ),
        sometimes(
            "walletToken",
            Schema::jwt().says("With a wallet: good for one operation on it."),
        ),
        sometimes(
            "refreshToken",
            Schema::text().says("With a wallet, in version 2: good for one more wallet token."),
        ),
        sometimes(
            "addresses",
            addresses().says("With a wallet: one for each family of chains."),
        ),
        sometimes(
            "address",
            Schema::text().says("With a wallet, in version 1: the one of the family evm."),
        ),
        sometimes("custody", Schema::one_of(&["server", "shared"])),
        sometimes(
            "rampableAccessToken",
            Schema::jwt().says("Where the organization has the feature and the user an account."),
        ),
    ]);
    let axum::Json(usual) = answer(message, &of(None));
    let axum::Json(rampable) = answer(message, &of(Some(example::JWT)));
    let with_wallet = json!({
        "isWalletCreated": true,
        "walletToken": example::JWT,
        "refreshToken": "abr_EXAMPLEexample",
        "addresses": addresses_example(),
        "custody": "server",
    });
    let axum::Json(with_wallet) = answer(message, &with_wallet);
    Operation::new(id, source)
        .takes(Takes::App)
        .answers(200, "Somebody is logged in.", answered(data.named("LoggedIn")), usual)
        .or("with a wallet", with_wallet)
        .or("with an account for Rampable", rampable)
}

/// A call that takes what a provider signed.
pub fn takes_assertion(id: &'static str, source: &'static str) -> Operation {
    logs_in(id, source, "Login success").refuses(&[Code::LoginRefused, Code::Forbidden, Code::Unavailable])
}

/// The field that says when tokens are to end.
pub fn expire_date() -> crate::web::reference::Field {
    let date = Schema::text().format("date");
    optional(
        "expireDate",
        date.says("When a wallet token is to end, in version 1; nothing without a wallet."),
    )
}

/// Username and password.
pub fn credentials(shortest: u32) -> (Schema, Value) {
    let request = Schema::object([
        required("username", plain(64)),
        required("password", Schema::text().lengths(shortest, 256)),
        expire_date(),
    ]);
    let name = if shortest == 0 { "Credentials" } else { "NewCredentials" };
    let example = json!({ "username": "ada", "password": "correct horse battery" });
    (request.named(name), example)
}

/// One line, without spaces at its ends.
fn plain(longest: u32) -> Schema {
    let (inside, at_its_ends) = (
        "[^\\u0000-\\u001f\\u007f-\\u009f]",
        "[^\\u0000-\\u001f\\u007f-\\u009f\\s]",
    );
    let pattern = format!("^{at_its_ends}({inside}*{at_its_ends})?$");
    Schema::text().lengths(1, longest).pattern(&pattern)
}

/// The app's own id of its user.
pub fn sub_id() -> (Schema, Value) {
    let text = plain(255).says("Your own id of the user.");
    let request = Schema::object([required("subId", text), expire_date()]);
    (request.named("CustodyUser"), json!({ "subId": "customer-42" }))
}

/// What a registration answers.
pub fn registered(with_wallet: bool) -> (Schema, Value) {
    let token = || always("accessToken", Schema::jwt());
    let (data, example) = if with_wallet {
        let data = Schema::object([token(), always("isWalletCreated", Schema::boolean())]);
        (
            data.named("Registered"),
            json!({ "accessToken": example::JWT, "isWalletCreated": false }),
        )
    } else {
        let data = Schema::object([token()]);
        (data.named("CustodyRegistered"), json!({ "accessToken": example::JWT }))
    };
    let axum::Json(shown) = answer("Register Account successfully", &example);
    (answered(data), shown)
}
