//! `/api/v{1,2}/wallet/…`

mod address;
mod bitcoin;
mod consent;
mod holder;
mod refresh;
mod sdk;
mod sign;
mod sign_authorization;
mod sign_hash;
mod sign_transaction;
mod solana;
mod tokens;
mod unlock;
