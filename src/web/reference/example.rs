//! Values that examples are made of, the same in all of them.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{
    AppId, ChallengeId, DeliveryId, EnvironmentId, EnvironmentKind, EventId, ExportId, InboxId, KeyId, KeyKind,
    LoginLinkId, MessageId, Metadata, NewKey, PartnerId, ReplayId, RequestId, SendId, SigningKeyId, Token, UserId,
    UserKeyId, UserStatus, WalletId, WebhookId, WebhookSecretId, WrappUserId,
};
use crate::store::{Contact, User};
use crate::web::{Context, Surface};

/// `2026-01-15T10:30:00Z`.
const SECONDS: i64 = 1_768_473_000;

const fn id(last: u128) -> Uuid {
    Uuid::from_u128(0x019b_c142_bb40_7000_8000_0000_0000_0000 + last)
}

/// An environment.
pub const ENVIRONMENT: EnvironmentId = EnvironmentId(id(1));
/// A partner.
pub const PARTNER: PartnerId = PartnerId(id(2));
/// A user.
pub const USER: UserId = UserId(id(3));
/// The partner's pairwise name of the user.
pub const WRAPP_USER: WrappUserId = WrappUserId(id(4));
/// A key of the user's.
pub const USER_KEY: UserKeyId = UserKeyId(id(5));
/// A key of the back end's.
pub const KEY: KeyId = KeyId(id(6));
/// A request.
pub const REQUEST: RequestId = RequestId(id(7));
/// A login link.
pub const LINK: LoginLinkId = LoginLinkId(id(8));
/// A key that signs tokens.
pub const SIGNING_KEY: SigningKeyId = SigningKeyId(id(9));
/// An event.
pub const EVENT: EventId = EventId(id(10));
/// A webhook.
pub const WEBHOOK: WebhookId = WebhookId(id(11));
/// A delivery to it.
pub const DELIVERY: DeliveryId = DeliveryId(id(12));
/// A replay of a part of the log.
pub const REPLAY: ReplayId = ReplayId(id(13));
/// An app.
pub const APP: AppId = AppId(id(14));
/// A transaction that was sent.
pub const SEND: SendId = SendId(id(30));
/// A challenge.
pub const CHALLENGE: ChallengeId = ChallengeId(id(15));
/// A message with a code.
pub const MESSAGE: MessageId = MessageId(id(16));
/// A secret that signs webhooks.
pub const WEBHOOK_SECRET: WebhookSecretId = WebhookSecretId(id(17));
/// A message of a sandbox, in its inbox.
pub const INBOX: InboxId = InboxId(id(18));
/// What a `waffy_token` looks like.
pub const WAFFY_TOKEN: &str = "wft_EXAMPLEexampleEXAMPLEexampleEXAMPLEexample0";
/// What a JWT looks like.
pub const JWT: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfZXhhbXBsZSJ9.ZXhhbXBsZQ";

/// Where a person is asked to let an app work with a wallet.
pub const CONSENT_LINK: &str = "https://id.example.com/consent/app_06ww21b9db100800000000000a";
/// A wallet.
pub const WALLET: WalletId = WalletId(id(13));
/// Its export.
pub const EXPORT: ExportId = ExportId(id(19));

/// When everything in the examples happens.
pub fn time() -> Timestamp {
    Timestamp::from_second(SECONDS).unwrap_or_default()
}

/// A request of the users surface.
pub fn context() -> Context {
    Context::new(
        REQUEST,
        time(),
        Surface::Users,
        std::net::Ipv4Addr::UNSPECIFIED.into(),
        None,
    )
}

/// The token of a login link or of a one-time code.
pub fn token() -> Token {
    Token::new(LINK.0, [0xab; 32])
}

/// A user's key: no row has it.
pub fn user_key() -> NewKey {
    NewKey::new(KeyKind::User, EnvironmentKind::Sandbox, USER_KEY.0, [0xab; 16])
}

/// A user that a back end brought.
pub fn user() -> User {
    let contact = |shown: &str, verified| {
        Some(Contact {
            shown: shown.to_owned(),
            key: shown.to_owned(),
            verified,
            is_partners: false,
        })
    };
    User {
        id: USER,
        status: UserStatus::Linked,
        name: Some("Ada Lovelace".to_owned()),
        email: contact("ada@example.com", true),
        phone: contact("+306912345678", false),
        external_id: Some("customer-42".to_owned()),
        metadata: Metadata::stored(r#"{"plan":"pro"}"#).unwrap_or_default(),
        created_at: time(),
        updated_at: time(),
    }
}
