//! What a person at the command line asks the issuer to sign, as if somebody had just logged in there.

use serde_json::{Value, json};

use super::{Issuer, State};
use crate::Answer;
use crate::encoding::{machine_time, read_form};
use crate::inbox::lock;
use crate::telegram::widget_hash;

/// `/sign/google`, `/sign/google-access`, `/sign/apple` and `/sign/telegram`: the fields that the log-in calls take.
/// `aud` is the client id of the app, `sub` and `email` are the account's, `nonce` the app's; of Telegram, `bot_token`,
/// and `id` and `first_name` of the account.
pub(super) fn sign(state: &State, what: &str, query: &str) -> Answer {
    let form = read_form(query.as_bytes());
    let given = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let lacks = |name: &str| Answer::json(400, &json!({ "error": format!("say ?{name}=…") }));
    let now = machine_time();
    let (subject, email) = (
        given("sub").unwrap_or("1001"),
        given("email").unwrap_or("ada@example.com"),
    );
    let with_nonce = |mut claims: Value| {
        if let Some(nonce) = given("nonce") {
            claims["nonce"] = json!(nonce);
        }
        claims
    };
    let answer = match (what, given("aud")) {
        ("telegram", _) => {
            let Some(token) = given("bot_token") else {
                return lacks("bot_token");
            };
            let now = now.to_string();
            let fields = [
                ("id", given("id").unwrap_or("42")),
                ("first_name", given("first_name").unwrap_or("Ada")),
                ("auth_date", &*now),
            ];
            let hash = widget_hash(token, &fields);
            let mut data: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            data.insert("hash".to_owned(), json!(hash));
            json!({ "data": data })
        }
        (_, None) => return lacks("aud"),
        ("google", Some(audience)) => {
            let claims = with_nonce(Issuer::google_claims(audience, subject, email, now));
            json!({ "credential": state.sign(&claims) })
        }
        ("apple", Some(audience)) => {
            let claims = with_nonce(Issuer::apple_claims(audience, subject, email, now));
            json!({ "credential": state.sign(&claims) })
        }
        ("google-access", Some(audience)) => {
            let info = Issuer::google_token_info(audience, subject, now);
            json!({ "code": state.access_token(&info) })
        }
        _ => {
            return Answer::json(
                404,
                &json!({ "error": "there are google, google-access, apple and telegram" }),
            );
        }
    };
    Answer::json(200, &answer)
}

impl State {
    pub(super) fn sign(&self, claims: &Value) -> String {
        let keys = lock(&self.keys);
        let key = keys.last().expect("there is a key");
        super::signed(key, &json!({"alg": "RS256", "kid": key.id, "typ": "JWT"}), claims)
    }

    pub(super) fn access_token(&self, info: &Value) -> String {
        let mut known = lock(&self.access_tokens);
        let token = format!("ya29.fake-{}", known.len() + 1);
        known.push((token.clone(), info.clone()));
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_provider_signs_what_it_is_asked_for_and_says_what_is_missing() {
        let issuer = Issuer::start().await.expect("it starts");
        let state = &issuer.state;
        let body = |answer: Answer| serde_json::from_slice::<Value>(&answer.body).expect("JSON");
        for (what, field) in [
            ("google", "credential"),
            ("apple", "credential"),
            ("google-access", "code"),
        ] {
            assert_eq!(sign(state, what, "").status, 400);
            let answer = sign(state, what, "aud=shop&sub=7&nonce=n");
            assert_eq!(answer.status, 200);
            assert!(body(answer)[field].is_string(), "{what}");
        }
        assert_eq!(sign(state, "telegram", "").status, 400);
        let data = body(sign(state, "telegram", "bot_token=1:t&id=9"))["data"].clone();
        let now = data["auth_date"].as_str().expect("a text").to_owned();
        let fields = [("id", "9"), ("first_name", "Ada"), ("auth_date", &*now)];
        assert_eq!(data["hash"], json!(widget_hash("1:t", &fields)));
        assert_eq!(sign(state, "facebook", "aud=shop").status, 404);
    }
}
