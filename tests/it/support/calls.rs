//! What partners and people do: a partner's call, a click on its link, a person who is signed in.

use aboard::domain::{
    DeliveryId, Email, EnvironmentKind, EventId, IdentityId, KeyKind, LoginLinkId, NewKey, PartnerUserId, Phone,
    SessionId, Token, UserId, UserKeyId, WrappUserId,
};
use aboard::store::{
    ExternalLogin, ExternalLoginOutcome, IdempotencyClaim, LoggedIn, NewLoginLink, NewOneTimeCode, NewPartnerWebhook,
    NewSession, NewUserKey, Redeemed, Redemption, RedemptionOutcome, Session,
};

use super::store::TestStore;
use super::world::Partner;

pub const RETURN_URL: &str = "https://app.example.com/return";

/// An `external_login` about to be called, and the secrets that the store only sees as hashes.
pub struct Call {
    pub login: ExternalLogin,
    pub link: Token,
    pub user_key: NewKey,
}

/// A click on a link about to be made, likewise.
pub struct Click {
    pub redemption: Redemption,
    pub cookie: Token,
    pub code: Token,
}

/// A person after the click.
pub struct SignedIn {
    pub user: UserId,
    pub session: Session,
    pub cookie: Token,
    pub code: Token,
    pub user_key: NewKey,
}

impl TestStore {
    /// A partner's call that names its user: `ada@example.com`, `1234567890`, no webhook.
    pub fn call(&self, partner_user_id: &str) -> Call {
        let link = Token::new(self.ids.id(), self.ids.secret());
        let login = ExternalLogin {
            now: self.now(),
            partner_user_id: PartnerUserId::parse(partner_user_id.to_owned()).unwrap(),
            email: Email::parse("ada@example.com").unwrap(),
            phone: Phone::parse("1234567890", None).unwrap(),
            link: NewLoginLink {
                id: LoginLinkId(link.id()),
                hash: link.hash(),
                expires_at: self.later(600),
                state: None,
                code_challenge: None,
                return_url: None,
            },
            user: UserId(self.ids.id()),
            wrapp_user: WrappUserId(self.ids.id()),
            email_identity: IdentityId(self.ids.id()),
            phone_identity: IdentityId(self.ids.id()),
            event: EventId(self.ids.id()),
            event_body: br#"{"type":"user.created"}"#.to_vec(),
            webhook: None,
            idempotency: None,
        };
        let user_key = NewKey::new(
            KeyKind::User,
            EnvironmentKind::Sandbox,
            self.ids.id(),
            self.ids.secret(),
        );
        Call { login, link, user_key }
    }

    /// The same with a webhook.
    pub fn call_with_webhook(&self, partner: &Partner, partner_user_id: &str) -> Call {
        let mut call = self.call(partner_user_id);
        call.login.webhook = Some(NewPartnerWebhook {
            delivery: DeliveryId(self.ids.id()),
            url: "https://partner.example.com/hook".to_owned(),
            secret: partner.secret,
            sealed_body: self.bytes(),
            user_key: user_key_of(&call.user_key),
        });
        call
    }

    /// Calls, and expects a link.
    pub async fn log_in(&self, partner: &Partner, login: ExternalLogin) -> LoggedIn {
        match self.external_login(&partner.scope, login).await.unwrap() {
            ExternalLoginOutcome::LoggedIn(logged_in) => logged_in,
            other => panic!("{other:?}"),
        }
    }

    /// A click on a link, in a browser without a session, with a return URL.
    pub fn click(&self, link: &Token) -> Click {
        let cookie = Token::new(self.ids.id(), self.ids.secret());
        let code = Token::new(link.id(), self.ids.secret());
        let redemption = Redemption {
            now: self.now(),
            link: LoginLinkId(link.id()),
            hash: link.hash(),
            session: NewSession {
                id: SessionId(cookie.id()),
                hash: cookie.hash(),
                expires_at: self.later(90 * 86_400),
            },
            code: Some(NewOneTimeCode {
                hash: code.hash(),
                return_url: RETURN_URL.to_owned(),
                expires_at: self.later(60),
            }),
            replaces: None,
            event: EventId(self.ids.id()),
            event_body: br#"{"type":"login.succeeded"}"#.to_vec(),
        };
        Click {
            redemption,
            cookie,
            code,
        }
    }

    /// Clicks, and expects a session.
    pub async fn redeem(&self, redemption: Redemption) -> Redeemed {
        match self.redeem_login_link(redemption).await.unwrap() {
            RedemptionOutcome::Redeemed(redeemed) => redeemed,
            RedemptionOutcome::Gone => panic!("the link cannot be used"),
        }
    }

    /// Brings a user, with a webhook, and clicks the link.
    pub async fn sign_in(&self, partner: &Partner, partner_user_id: &str) -> SignedIn {
        let call = self.call_with_webhook(partner, partner_user_id);
        self.log_in(partner, call.login).await;
        let click = self.click(&call.link);
        let Redeemed { user } = self.redeem(click.redemption).await;
        let session = self.alive(&click.cookie).await.expect("a session has begun");
        SignedIn {
            user,
            session,
            cookie: click.cookie,
            code: click.code,
            user_key: call.user_key,
        }
    }

    /// The live session of a cookie, idle for 14 days at most.
    pub async fn alive(&self, cookie: &Token) -> Option<Session> {
        self.session(cookie, self.now(), self.later(-14 * 86_400))
            .await
            .unwrap()
    }
}

pub fn user_key_of(key: &NewKey) -> NewUserKey {
    NewUserKey {
        id: UserKeyId(key.key.id),
        hash: key.key.hash,
        hint: key.hint(),
    }
}

/// An `Idempotency-Key` that lives for a day.
pub fn idempotency(store: &TestStore, key: u8, request: u8) -> IdempotencyClaim {
    IdempotencyClaim {
        id: [key; 32],
        request_hash: [request; 32],
        expires_at: store.later(86_400),
    }
}
