//! `/api/v{1,2}/wallet/…`

mod address;
mod balance_coin;
mod balance_token;
mod batch_balance_token;
mod consent;
mod estimate_gas;
mod refresh;
mod sdk;
mod sign;
mod sign_authorization;
mod sign_hash;
mod sign_transaction;
mod tokens;
mod transaction_detail;
mod unlock;
