//! `/api/v{1,2}/wallet/…`

mod address;
mod consent;
mod export;
mod policy;
mod refresh;
mod sdk;
mod sign;
mod sign_authorization;
mod sign_hash;
mod sign_transaction;
mod tokens;
mod unlock;
