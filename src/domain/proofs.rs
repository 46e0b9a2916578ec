//! What an environment may ask its users to prove.

/// The proofs that an environment demands of every user. None by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequiredProofs {
    /// The e-mail address, by a code.
    pub email: bool,
    /// The phone number, by a code.
    pub phone: bool,
    /// Who the person is, by an approved case.
    pub kyc: bool,
}

impl RequiredProofs {
    /// Whether a user has yet to give one of them.
    #[must_use]
    pub const fn are_missing(self, email_verified: bool, phone_verified: bool, kyc_approved: bool) -> bool {
        (self.email && !email_verified) || (self.phone && !phone_verified) || (self.kyc && !kyc_approved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_demanded_can_be_missing() {
        assert!(!RequiredProofs::default().are_missing(false, false, false));
        let of = |email, phone, kyc| RequiredProofs { email, phone, kyc };
        assert!(of(true, false, false).are_missing(false, true, true));
        assert!(of(false, true, false).are_missing(true, false, true));
        assert!(of(false, false, true).are_missing(true, true, false));
        assert!(!of(true, true, true).are_missing(true, true, true));
    }
}
