//! Why a transaction is not signed.

/// Why bytes are no transaction, or one that is not signed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// There are no bytes.
    #[error("the transaction is empty: give its bytes")]
    Empty,
    /// More bytes than a node would take.
    #[error("the transaction is too long: no node would relay it")]
    TooLong,
    /// A type that is not signed here, such as 3 (blobs).
    #[error("transactions of type {0} are not supported: use 0, 1, 2 or 4")]
    Kind(u8),
    /// A field is missing or not in its one canonical form.
    #[error("the transaction does not parse at `{0}`: check its encoding")]
    Field(&'static str),
    /// Bytes or fields are left over.
    #[error("the transaction has more fields than its type: check its encoding")]
    Trailing,
    /// It names no chain, and would be valid on every one.
    #[error("the transaction names no chain: give `chainId` (EIP-155)")]
    NoChain,
    /// It is for another chain than the one asked for.
    #[error("the transaction is for chain {found} and the request for chain {expected}: make them agree")]
    OtherChain {
        /// The chain in the transaction or document.
        found: u64,
        /// The chain of the request.
        expected: u64,
    },
    /// The tip is more than all that may be paid.
    #[error("`maxPriorityFeePerGas` is more than `maxFeePerGas`: lower it")]
    TipAboveFee,
    /// What it can cost does not fit 256 bits: nobody has that much.
    #[error("value and fees are more than any account can hold: check `value`, `gasLimit` and the fees")]
    Cost,
    /// A transaction of type 4 without recipient.
    #[error("a transaction of type 4 needs `to`: it cannot create a contract")]
    NoRecipient,
    /// A transaction of type 4 without authorizations.
    #[error("a transaction of type 4 needs an `authorizationList`")]
    NoAuthorization,
    /// An authorization for every chain.
    #[error("an authorization has to name its chain: 0 would let it be used on every one")]
    AnyChain,
    /// It has a signature already.
    #[error("the transaction is signed already: send the unsigned one")]
    Signed,
    /// It has no signature yet.
    #[error("the transaction is not signed")]
    Unsigned,
}
