//! Logging in with a code, as an app does it.

use aboard::admin::{self, CreatedApp};
use serde_json::{Value, json};

use super::app::{Plane, TestApp};
use super::client::{Answer, Client};

/// A channel that codes take: the calls, the field of the address, an address, and what the log-in calls its token.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub login: &'static str,
    pub verify: &'static str,
    pub field: &'static str,
    pub to: &'static str,
    pub token: &'static str,
}

pub const WHATSAPP: Way = Way {
    login: "/api/v2/auth/login-whatsapp",
    verify: "/api/v2/auth/verify-whatsapp",
    field: "phoneNumber",
    to: "65212232422",
    token: "verifyToken",
};
pub const SMS: Way = Way {
    login: "/api/v2/auth/login-sms",
    verify: "/api/v2/auth/verify-sms",
    to: "+306912345678",
    ..WHATSAPP
};
pub const EMAIL: Way = Way {
    login: "/api/v2/auth/login-otp",
    verify: "/api/v2/auth/verify-otp",
    field: "email",
    to: "ada@example.com",
    token: "verificationToken",
};

impl Way {
    /// The same to another address.
    pub const fn with(self, to: &'static str) -> Self {
        Self { to, ..self }
    }

    /// Asks for a code.
    pub async fn ask(&self, app: &Client) -> Answer {
        app.post(self.login, &json!({ self.field: self.to })).await
    }

    /// Asks for a code, and expects that it is on its way; answers the verification token.
    #[track_caller]
    pub fn token_of(&self, answer: &Answer) -> String {
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["data"][self.token].as_str().expect("a token").to_owned()
    }

    pub async fn begin(&self, app: &Client) -> String {
        self.token_of(&self.ask(app).await)
    }

    /// Sends the code back.
    pub async fn verify(&self, app: &Client, token: &str, code: &str) -> Answer {
        let body = json!({ "verificationToken": token, "otp": code });
        app.post(self.verify, &body).await
    }
}

impl TestApp {
    /// An app of an environment.
    pub async fn new_app(&self, plane: &Plane, origins: &[&str]) -> CreatedApp {
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let made = admin::create_app(self.instance(), &plane.environment, "Shop", origins).await;
        made.expect("made")
    }

    /// A back end with the client secret of a new app of the sandbox.
    pub async fn shop(&self) -> Client {
        let made = self.new_app(&self.sandbox, &[]).await;
        self.anonymous().with("x-client-secret", &made.client_secret)
    }

    /// The newest code in the sandbox's inbox for somebody.
    pub async fn code_for(&self, to: &str) -> String {
        self.app.messages.run_due().await;
        let kept = self.inbox(to).await;
        // A notice may be newer than the code.
        let mut codes = kept
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|kept| kept["code"].as_str());
        codes.next().expect("a code").to_owned()
    }

    /// What the sandbox's inbox holds for somebody.
    pub async fn inbox(&self, to: &str) -> Value {
        let answer = self
            .server()
            .get(&format!("/v1/inbox?to={}", to.replace('+', "%2B")))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["data"].clone()
    }

    /// A whole log-in; answers the access token.
    pub async fn log_in(&self, way: Way, app: &Client) -> String {
        let token = way.begin(app).await;
        let answer = way.verify(app, &token, &self.code_for(way.to).await).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["data"]["accessToken"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// What a token's own user sees.
    pub async fn me(&self, token: &str) -> Answer {
        let person = self.anonymous().with("authorization", &format!("Bearer {token}"));
        person.get("/v1/users/me").await
    }
}

/// Another code than this.
pub fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}
