//! The one table of errors: status, slug, public text, documentation.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $slug:literal, $title:literal, $help:literal;)*) => {
        /// A public error. Each surface renders it in its own wire shape; the texts are here and nowhere else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)* } }

            /// The stable, upper-case name.
            #[must_use]
            pub const fn slug(self) -> &'static str { match self { $(Self::$name => $slug,)* } }

            /// A short sentence for people.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)* } }

            /// What to do next.
            #[must_use]
            pub const fn help(self) -> &'static str { match self { $(Self::$name => $help,)* } }
        }
    };
}

codes! {
    /// A field breaks a rule (users and wallet surface: 400; the partner surface shows 422).
    Validation = 400, "VALIDATION_ERROR", "The request is not valid.", "Correct the field that is named and send the request again.";
    /// The body is not what its content type says.
    MalformedBody = 400, "MALFORMED_BODY", "The body cannot be read.", "Send one JSON object in UTF-8, with no duplicate keys and at most 32 levels.";
    /// The credential is missing, wrong, revoked, expired or of another kind.
    Unauthorized = 401, "UNAUTHORIZED", "The credential is missing or not valid here.", "Send a valid key of this environment in the documented header.";
    /// A user key or its companion field does not name a user.
    NotValidUser = 401, "NOT_VALID_USER", "Not valid user", "Check the user's api_key and that it belongs to the e-mail or wrapp_user_id sent with it.";
    /// A one-time code or its verification token is wrong, whatever about it.
    OtpRefused = 401, "OTP_REFUSED", "This code is wrong, expired or already used. Check it, or ask for a new one.", "Send the code with the verificationToken of the same answer. A code works once, for ten minutes and five tries; then ask for a new one.";
    /// A log-in with a password or through a provider that is not good, whatever about it.
    LoginRefused = 401, "LOGIN_REFUSED", "This log-in was refused.", "Check the username and password, or let the person sign in with the provider again: what a provider signs works once and for minutes.";
    /// A recovery secret that is not the wallet's, whatever about it.
    SecretRefused = 403, "SECRET_REFUSED", "This recovery secret was refused.", "Use the newest copy of the secret: a recovery replaces it.";
    /// The credential is good, but may not do this.
    Forbidden = 403, "FORBIDDEN", "This credential may not do that.", "Use another credential, or ask whoever runs this server.";
    /// The app's policy refuses what was to be signed; the message names the rule.
    PolicyRefused = 403, "POLICY_REFUSED", "The app's policy does not let wallets sign this.", "The message names the rule. `aboard apps policy get` shows the policy, and whoever runs this server can change it.";
    /// A log-in on a new device reads alone for a day; the message says until when, and where the person ends that.
    NewDeviceHold = 403, "NEW_DEVICE_HOLD", "This log-in is on a new device, and reads alone for a day.", "Wait for the seconds in Retry-After, or send the person to data.page, where they prove another address of theirs. The tokens stay good; the wallet token of this call is spent.";
    /// The app needs the person's consent to work with the wallet. (A browser and version 1 are told 403.)
    ConsentNeeded = 407, "CONSENT_NEEDED", "The person has not let this app work with the wallet.", "Send the person to the address in the message, and refresh the wallet token afterwards.";
    /// No such user for this caller.
    UserNotFound = 404, "USER_NOT_FOUND", "No such user.", "Check the id; it must be one of this environment and, for a partner, of your own users.";
    /// No such key for this caller.
    KeyNotFound = 404, "KEY_NOT_FOUND", "No such key.", "Check the id; it must be that of a key which you hold and which was not revoked.";
    /// No such webhook for this caller.
    WebhookNotFound = 404, "WEBHOOK_NOT_FOUND", "No such webhook.", "Check the id; it must be one of this environment. `GET /v1/webhooks` lists them.";
    /// No such event, or it is older than events are kept.
    EventNotFound = 404, "EVENT_NOT_FOUND", "No such event.", "Check the id; events are kept for 30 days.";
    /// No such delivery of the webhook.
    DeliveryNotFound = 404, "DELIVERY_NOT_FOUND", "No such delivery.", "Check the id; it must be one of this webhook, and deliveries are kept for 30 days.";
    /// No node of the network knows the transaction.
    TransactionNotFound = 404, "TRANSACTION_NOT_FOUND", "This network knows no such transaction.", "Check the hash and the network. A transaction that was sent a moment ago may not have reached this node yet.";
    /// No such path.
    RouteNotFound = 404, "ROUTE_NOT_FOUND", "There is nothing at this address.", "Check the path against the reference.";
    /// The path exists, the method does not.
    MethodNotAllowed = 405, "METHOD_NOT_ALLOWED", "This address does not take that method.", "Use a method from the Allow header.";
    /// A one-time login code that cannot be exchanged.
    CodeRefused = 400, "CODE_REFUSED", "The code is wrong, expired or already used.", "A code works once and not for long, and one that was asked for with a code_challenge only with its code_verifier. Ask for another, or send the person through a new login link.";
    /// The body is too large.
    PayloadTooLarge = 413, "PAYLOAD_TOO_LARGE", "The body is too large.", "Send a smaller body.";
    /// The content type is not one this call reads.
    UnsupportedMediaType = 415, "UNSUPPORTED_MEDIA_TYPE", "This content type is not supported.", "Send Content-Type: application/json.";
    /// The Host header names a host this server does not answer for.
    UnknownHost = 421, "UNKNOWN_HOST", "This server does not answer for that host name.", "Use the server's public URL, or add the host to server.hosts.";
    /// What was asked for does not fit what is there.
    Conflict = 409, "CONFLICT", "This does not fit what is already there.", "Read the message: it says what is in the way.";
    /// The wallet sent the same a moment ago, and the call has no Idempotency-Key.
    DuplicateSend = 409, "DUPLICATE_SEND", "The wallet sent the same a moment ago.", "data.hash is the first one's. If it is meant twice, send allowDuplicate: true, or an Idempotency-Key of its own with each send.";
    /// A code was right, and the address is another user's: the person may join the two.
    AddressOfAnother = 409, "ADDRESS_OF_ANOTHER", "Another user has proven this address, so it stays theirs.", "If both accounts are one person's, send them to details.join_url: there they show that both are theirs, and may join them. The page lives for an hour.";
    /// A code was right, and the user has proven another address: the person confirms this one there.
    ConfirmationNeeded = 409, "CONFIRMATION_NEEDED", "This user has proven another address, where the person has to confirm this one.", "Send the person to details.confirm_url: there they type a code that goes to an address they proved before. Until then nothing changes. The page lives for an hour.";
    /// An Idempotency-Key was used before with another body.
    IdempotencyMismatch = 422, "IDEMPOTENCY_MISMATCH", "This Idempotency-Key was used with another request.", "Use a new key for a new request.";
    /// The chain was asked, and says no.
    ChainRefused = 422, "CHAIN_REFUSED", "The network refuses this.", "Read the message: it holds the network's reason. With `data.hash`, the transaction of that hash was signed, and the message says if it may still arrive; without, nothing was signed.";
    /// Too many requests.
    RateLimited = 429, "RATE_LIMIT_EXCEEDED", "Too many requests.", "Wait for the seconds in Retry-After, then go on.";
    /// A fault of ours.
    Internal = 500, "INTERNAL_ERROR", "Something went wrong on our side.", "Try again; if it stays, report the request id.";
    /// The nodes of a network answer what cannot be, so nothing was made of it.
    ChainNonsense = 502, "CHAIN_NONSENSE", "The network's nodes answer what cannot be.", "Nothing was signed. Whoever runs this server has to look at the network's `endpoints`.";
    /// No node of a network answers.
    ChainUnavailable = 503, "CHAIN_UNAVAILABLE", "No node of this network answers right now.", "Nothing was signed. Try again in a moment; if it stays, whoever runs this server has to look at the network's `endpoints`.";
    /// The store cannot take the change now; whether it was taken is unknown.
    Unavailable = 503, "UNAVAILABLE", "The service cannot answer right now; whether the change was made is unknown.", "Send the same request again in a moment.";
    /// The operator stopped what is sent.
    SendsPaused = 503, "SENDS_PAUSED", "Nothing is sent for now.", "Nothing was signed. Try again later; `aboard sends resume` lets sends go on.";
    /// The request took too long.
    Timeout = 503, "TIMEOUT", "The request took too long; whether the change was made is unknown.", "Send the same request again in a moment.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_statuses_are_errors() {
        for (position, code) in Code::ALL.iter().enumerate() {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(
                Code::ALL[position + 1..]
                    .iter()
                    .all(|other| other.slug() != code.slug()),
                "{code:?}"
            );
        }
    }
}
