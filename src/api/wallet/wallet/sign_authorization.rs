//! `POST /api/v{1,2}/wallet/sign-authorization`: the account is delegated to a contract's code (EIP-7702).
//!
//! From then on the contract's code can do whatever the account can, so only contracts in the setting `wallets.delegates`
//! are signed for, on one chain each.

use aboard_vault::wallet::evm::{Authorization, parse_address};
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::evm_json::{quantity, to_u64};
use super::{Operation, not_open, shape, wrong};
use crate::domain::policy::Action;
use crate::domain::{Code, Invalid};
use crate::web::reference::{self, Schema, always, optional, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required("contractAddress", Schema::text().pattern("^0x[0-9A-Fa-f]{40}$")),
        required(
            "nonce",
            Schema::either(Schema::count(), Schema::text())
                .says("The account's nonce when it is used: one more than now, where the account itself sends it."),
        ),
        optional("executor", Schema::text().says("Who sends it: `self`, or an address.")),
        shape::network(),
        shape::chain(),
        shape::secret(),
    ]);
    let contract = "0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B";
    let body = json!({ "chainId": 11_155_111, "contractAddress": contract, "nonce": 0 });
    let signed = Schema::object([
        always("address", Schema::text()),
        always("chainId", Schema::count()),
        always("nonce", Schema::count()),
        always("r", Schema::text()),
        always("s", Schema::text()),
        always("v", Schema::text()),
        always("yParity", Schema::integer(0, 1)),
    ]);
    let example = json!({ "authorization": {
        "address": contract, "chainId": 11_155_111, "nonce": 0, "r": "0x…", "s": "0x…", "v": "27", "yParity": 0,
    } });
    let data = Schema::object([always("authorization", signed.named("Authorization"))]);
    let operation = shape::gives(
        "signAuthorization",
        include_str!("sign_authorization.rs"),
        MESSAGE,
        data,
        &example,
    );
    shape::also_refuses(operation, Code::NewDeviceHold).body(request.named("DelegationToSign"), body)
}

const MESSAGE: &str = "Sign Authorization is successfully";

/// 200 with the signed authorization; 403 for a contract that is not on the list.
pub async fn sign_authorization(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let chain_id = network.evm("authorizations")?;
    let contract = operation.fields.text("contractAddress")?;
    let address = parse_address(&contract).map_err(|error| wrong("contractAddress", error))?;
    if let Some(executor) = operation
        .fields
        .optional_text("executor")?
        .filter(|executor| executor != "self")
    {
        parse_address(&executor).map_err(|error| wrong("executor", error))?;
    }
    let nonce = match operation.fields.optional_value("nonce") {
        Some(value) => quantity(&value).and_then(to_u64),
        None => None,
    };
    let nonce = nonce.ok_or_else(|| {
        let why =
            "nonce is required, as a number or a text: the one that the account has when the authorization is used.";
        Failure::field("nonce", Invalid::new(why))
    })?;
    let id = operation.wallet.id;
    let authorization = Authorization {
        chain_id,
        address,
        nonce,
    };
    let permit = operation
        .permit(&web, &Action::authorization(&network.code, &authorization))
        .await?;
    let signed = operation
        .sign(&web, permit, move |wallet| {
            let key = wallet.evm().map_err(|error| not_open(&error, id))?;
            key.sign_authorization(authorization)
                .map_err(|error| wrong("chainId", error))
        })
        .await?;
    Ok(operation.answer(
        MESSAGE,
        &json!({ "authorization": super::evm_json::signed_authorization(&signed) }),
    ))
}
