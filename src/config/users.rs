//! `[users]`

/// What is asked of users.
#[derive(Debug, Clone, Default, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// What a user has to prove before `verification_required` is false.
    pub required_proofs: Vec<Proof>,
}

/// Something that only the person can prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// That an e-mail is theirs.
    Email,
    /// That a phone number is theirs.
    Phone,
    /// Who they are.
    Kyc,
}
