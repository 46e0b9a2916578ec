//! Two accounts of one person, and the page on which they become one.

use serde_json::json;

use super::app::TestApp;
use super::client::{Answer, Client};
use super::codes::EMAIL;
use super::users::{linked, person};

/// A user that the back end brought, who has proven a phone; and one who logged in with the brought e-mail.
pub struct Two {
    pub first: String,
    pub second: String,
    /// The address of the page.
    pub url: String,
}

impl TestApp {
    /// What a check of a code for a user answers.
    pub async fn verify(&self, user: &str, channel: &str, to: &str) -> Answer {
        let path = format!("/v1/users/{user}/verifications");
        let asked = self.server().post(&path, &json!({ "channel": channel })).await;
        assert_eq!(asked.status, 201, "{asked:?}");
        let id = asked.json()["data"]["verification_id"].clone();
        let typed = json!({ "verification_id": id, "code": self.code_for(to).await });
        self.server().post(&format!("{path}/check"), &typed).await
    }

    /// Verifies another address of a user, who confirms it at one that they have proven.
    pub async fn confirm(&self, user: &str, channel: &str, to: &str, at: &str) {
        let answer = self.verify(user, channel, to).await;
        let url = answer.json()["error"]["details"]["confirm_url"].clone();
        self.advance(60);
        Person::at(self, url.as_str().expect("a page")).show(self, 0, at).await;
    }

    /// Two accounts that may be joined.
    pub async fn two_accounts(&self) -> Two {
        let token = self.log_in(EMAIL, &self.shop().await).await;
        let second = self.me(&token).await.json()["data"]["user_id"].clone();
        // Strangers to an address, as an app without device tokens is, have but three codes an hour for it.
        self.advance(3_600);
        let first = linked(&self.server(), &person("ada")).await;
        assert_eq!(self.verify(&first, "sms", "+1234567890").await.status, 200);
        let answer = self.verify(&first, "email", "ada@example.com").await;
        assert_eq!(answer.status, 409, "{answer:?}");
        let url = answer.json()["error"]["details"]["join_url"]
            .as_str()
            .expect("an address")
            .to_owned();
        self.advance(60);
        Two {
            first,
            second: second.as_str().expect("an id").to_owned(),
            url,
        }
    }
}

/// A person in front of a page without scripts: reads it, and presses its buttons.
pub struct Person {
    pub browser: Client,
    pub url: String,
}

impl Person {
    pub fn at(app: &TestApp, url: &str) -> Self {
        Self {
            browser: app.browser(),
            url: url.to_owned(),
        }
    }

    pub async fn page(&self) -> String {
        let answer = self.browser.get(&self.url).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.page().to_owned()
    }

    /// The values of the buttons that send a code, in the order of the page.
    pub async fn ways(&self) -> Vec<String> {
        let page = self.page().await;
        let buttons = page.split("name=\"to\" value=\"").skip(1);
        buttons
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    }

    /// Presses a button; answers where it leads.
    pub async fn press(&self, form: &str) -> Answer {
        let call = self.browser.call("POST", &self.url);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let answer = call.body(form.to_owned()).send().await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer
    }

    /// Shows one account: asks for a code by the button of this number and types it.
    pub async fn show(&self, app: &TestApp, button: usize, to: &str) {
        let way = self.ways().await.swap_remove(button);
        self.press(&format!("do=send&to={way}")).await;
        let code = app.code_for(to).await;
        self.press(&format!("do=check&code={code}")).await;
    }
}
