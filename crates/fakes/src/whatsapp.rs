//! The `WhatsApp` Cloud API: takes authentication templates, and reports what becomes of them with signed calls.

mod answers;
mod reports;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::encoding::machine_time;
use crate::inbox::{Inbox, Plans, lock};
use crate::{Answer, Plan, Receiver, Reply, Request, Step};

/// How the fake is set up; the defaults are made up and fit together.
#[derive(Clone)]
pub struct WhatsAppOptions {
    /// Where to listen; port 0 is a free one.
    pub address: SocketAddr,
    /// The one number that there is.
    pub phone_number_id: String,
    /// The token that calls have to carry.
    pub access_token: String,
    /// What signs status calls.
    pub app_secret: String,
    /// The approved templates: name and language.
    pub templates: Vec<(String, String)>,
    /// Where status calls go, over plain HTTP; nowhere if absent.
    pub webhook: Option<String>,
    /// The pause before a status call that failed is made again; it doubles each time.
    pub retry_pause: Duration,
    /// Leave numbers out of status calls, as for people who have a user name.
    pub hide_numbers: bool,
    /// Seconds since 1970, for status calls.
    pub now: fn() -> i64,
}

impl Default for WhatsAppOptions {
    fn default() -> Self {
        let languages = ["en_US", "el", "ar", "id"];
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            phone_number_id: "106540352242922".to_owned(),
            access_token: "EAAfake".to_owned(),
            app_secret: "fake-app-secret".to_owned(),
            templates: languages
                .map(|language| ("login_code".to_owned(), language.to_owned()))
                .into(),
            webhook: None,
            retry_pause: Duration::from_millis(100),
            hide_numbers: false,
            now: machine_time,
        }
    }
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatsAppMessage {
    /// `wamid.…`
    pub id: String,
    /// Digits.
    pub to: String,
    /// The code, which stood in the text and in the button.
    pub code: String,
    /// The template's name.
    pub template: String,
    /// The template's language.
    pub language: String,
    /// `biz_opaque_callback_data`.
    pub reference: Option<String>,
    /// From the path, such as `v24.0`.
    pub version: String,
}

struct State {
    options: WhatsAppOptions,
    webhook: Mutex<Option<String>>,
    plans: Plans,
    messages: Inbox<WhatsAppMessage>,
    /// The status calls that were made: their bodies, and how they were answered in the end.
    reports: Inbox<(Value, u16)>,
    count: AtomicU64,
    runtime: tokio::runtime::Handle,
}

/// The fake; it stops when it is dropped.
pub struct WhatsApp {
    receiver: Receiver,
    state: Arc<State>,
}

impl WhatsApp {
    /// Starts with the defaults.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(WhatsAppOptions::default()).await
    }

    /// Starts.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start_with(options: WhatsAppOptions) -> io::Result<Self> {
        let receiver = Receiver::start_on(options.address).await?;
        let state = Arc::new(State {
            webhook: Mutex::new(options.webhook.clone()),
            options,
            plans: Plans::default(),
            messages: Inbox::default(),
            reports: Inbox::default(),
            count: AtomicU64::new(0),
            runtime: tokio::runtime::Handle::current(),
        });
        let answering = Arc::clone(&state);
        receiver.reply_with(move |request| answer(&answering, request));
        Ok(Self { receiver, state })
    }

    /// The API's address, to be set instead of `https://graph.facebook.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.receiver.url("")
    }

    /// The credentials that fit, as `WhatsApp::from_json` of the server reads them.
    #[must_use]
    pub fn credentials(&self) -> Value {
        credentials(&self.state.options, &self.base_url())
    }

    /// Tells what becomes of messages to a number (digits). Without it, numbers that end with the six digits of an error
    /// code (`…131026`, `…000190`) meet that error; all others receive their messages.
    pub fn plan(&self, number: &str, plan: Plan) {
        self.state.plans.set(number, plan);
    }

    /// Tells what becomes of every message; `None` ends it.
    pub fn plan_all(&self, plan: Option<Plan>) {
        self.state.plans.set_all(plan);
    }

    /// Where status calls go from now on.
    pub fn set_webhook(&self, url: &str) {
        *lock(&self.state.webhook) = Some(url.to_owned());
    }

    /// Reports a fault of the whole account, with an error code.
    pub fn report_fault(&self, code: i64) {
        reports::fault(&self.state, code);
    }

    /// The messages that were taken.
    #[must_use]
    pub fn messages(&self) -> Vec<WhatsAppMessage> {
        self.state.messages.all()
    }

    /// Waits until this many messages were taken in all.
    pub async fn wait_for(&self, messages: usize) -> Vec<WhatsAppMessage> {
        self.state.messages.wait_for(messages).await
    }

    /// Waits until this many status calls were made: their bodies, and how they were answered in the end.
    pub async fn wait_for_reports(&self, reports: usize) -> Vec<(Value, u16)> {
        self.state.reports.wait_for(reports).await
    }

    /// Every request as it arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.receiver.requests()
    }
}

fn credentials(options: &WhatsAppOptions, base_url: &str) -> Value {
    let name = options.templates.first().map_or("", |(name, _)| name);
    let mine = options.templates.iter().filter(|(known, _)| known == name);
    json!({
        "phone_number_id": options.phone_number_id,
        "access_token": options.access_token,
        "app_secret": options.app_secret,
        "verify_token": "fake-verify-token",
        "template": name,
        "languages": mine.map(|(_, language)| language).collect::<Vec<_>>(),
        "base_url": base_url,
    })
}

/// What the real service does on its pages: shows codes and credentials, and takes the address of the webhook.
fn by_hand(state: &State, request: &Request, path: &str) -> Option<Answer> {
    let said = match (request.method.as_str(), path) {
        ("GET", "/inbox") => inbox(state),
        ("GET", "/credentials") => {
            let base_url = format!("http://{}", request.header("host").unwrap_or_default());
            credentials(&state.options, &base_url)
        }
        ("POST", "/webhook") => {
            let url = String::from_utf8_lossy(&request.body).trim().to_owned();
            *lock(&state.webhook) = Some(url.clone());
            json!({ "webhook": url })
        }
        _ => return None,
    };
    Some(Answer::json(200, &said))
}

fn answer(state: &Arc<State>, request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    if let Some(answer) = by_hand(state, request, path) {
        return answer.into();
    }
    let mut parts = path.trim_start_matches('/').split('/');
    let (version, number, verb) = (parts.next(), parts.next(), parts.next());
    let known = verb == Some("messages") && parts.next().is_none() && request.method == "POST";
    if !known || !version.is_some_and(answers::is_version) || number != Some(&*state.options.phone_number_id) {
        return answers::unknown_path(number.unwrap_or_default()).into();
    }
    if request.header("authorization") != Some(&*format!("Bearer {}", state.options.access_token)) {
        return answers::error(190, "Error validating access token: the session is invalid").into();
    }
    let message = match read(state, request, version.unwrap_or_default()) {
        Ok(message) => message,
        Err(answer) => return answer.into(),
    };
    let plan = state
        .plans
        .of(&message.to)
        .unwrap_or_else(|| by_last_digits(&message.to));
    match plan {
        Plan::Refuse(code) => answers::error(code, "refused as planned").into(),
        Plan::Misbehave(reply) => reply,
        Plan::Take(steps) => {
            let answer = answers::taken(&message);
            state.messages.push(message.clone());
            reports::play(state, message, steps);
            answer.into()
        }
    }
}

/// Reads a message as strictly as the real service.
fn read(state: &State, request: &Request, version: &str) -> Result<WhatsAppMessage, Answer> {
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| answers::error(100, "Invalid parameter"))?;
    let missing = |what: &str| answers::error(131_008, &format!("The parameter {what} is required."));
    if body["messaging_product"] != "whatsapp" {
        return Err(answers::error(100, "The parameter messaging_product is required."));
    }
    let to = body["to"].as_str().ok_or_else(|| missing("to"))?;
    let to = to.strip_prefix('+').unwrap_or(to);
    if !(7..=15).contains(&to.len()) || !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(answers::error(131_009, "Parameter value is not valid: to"));
    }
    if body["type"] != "template" {
        return Err(answers::error(131_047, "Re-engagement message"));
    }
    let template = &body["template"];
    let name = template["name"].as_str().ok_or_else(|| missing("template['name']"))?;
    let language = template["language"]["code"]
        .as_str()
        .ok_or_else(|| missing("template['language']['code']"))?;
    let known = |template: &&(String, String)| template.0 == name && template.1 == language;
    if !state.options.templates.iter().any(|template| known(&template)) {
        let details = format!("template name ({name}) does not exist in {language}");
        return Err(answers::error(132_001, &details));
    }
    let code = answers::code_of(template)?;
    let serial = state.count.fetch_add(1, Ordering::SeqCst);
    Ok(WhatsAppMessage {
        id: format!("wamid.{}", URL_SAFE_NO_PAD.encode(format!("fake {to} {serial}"))),
        to: to.to_owned(),
        code,
        template: name.to_owned(),
        language: language.to_owned(),
        reference: body["biz_opaque_callback_data"].as_str().map(str::to_owned),
        version: version.to_owned(),
    })
}

/// So that a person can see every failure without a script.
fn by_last_digits(number: &str) -> Plan {
    let last = number.len().checked_sub(6).and_then(|at| number.get(at..));
    match last.and_then(|digits| digits.parse().ok()) {
        Some(code @ (131_026 | 131_049 | 130_472)) => Plan::Take(vec![Step::Failed(code)]),
        Some(code) if answers::is_known(code) => Plan::Refuse(code),
        _ => Plan::Take(vec![Step::Sent, Step::Delivered, Step::Read]),
    }
}

fn inbox(state: &State) -> Value {
    let shown = |message: &WhatsAppMessage| {
        json!({
            "id": message.id, "to": message.to, "code": message.code,
            "template": message.template, "language": message.language,
        })
    };
    state.messages.all().iter().map(shown).collect()
}
