//! Twilio's Messages API: takes SMS, and reports what becomes of them with signed calls.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::caller::post_until_taken;
use crate::encoding::{hmac_sha1, read_form, write_form};
use crate::inbox::{Inbox, Plans};
use crate::{Answer, Plan, Receiver, Reply, Request, Step};

/// How the fake is set up; the defaults are made up and fit together.
#[derive(Clone)]
pub struct TwilioOptions {
    /// Where to listen; port 0 is a free one.
    pub address: SocketAddr,
    /// `AC…`
    pub account_sid: String,
    /// Password of the calls, and what signs status calls.
    pub auth_token: String,
    /// An API key that may call as well: SID and secret.
    pub api_key: Option<(String, String)>,
    /// The numbers and messaging services that messages may come from.
    pub senders: Vec<String>,
    /// The pause before a status call that failed is made again; it doubles each time.
    pub retry_pause: Duration,
}

impl Default for TwilioOptions {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            account_sid: "AC00000000000000000000000000000001".to_owned(),
            auth_token: "fake-auth-token".to_owned(),
            api_key: None,
            // Twilio's own number for tests.
            senders: vec![
                "+15005550006".to_owned(),
                "MG00000000000000000000000000000001".to_owned(),
            ],
            retry_pause: Duration::from_millis(100),
        }
    }
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioMessage {
    /// `SM…`
    pub sid: String,
    /// E.164.
    pub to: String,
    /// The number or the messaging service that it comes from.
    pub sender: String,
    /// The text.
    pub body: String,
    /// Where status calls go.
    pub status_callback: Option<String>,
    /// Seconds after which it is not worth delivering.
    pub validity_period: Option<String>,
}

struct State {
    options: TwilioOptions,
    plans: Plans,
    messages: Inbox<TwilioMessage>,
    /// The status calls that were made: their forms, and how they were answered in the end.
    reports: Inbox<(String, u16)>,
    count: AtomicU64,
    runtime: tokio::runtime::Handle,
}

/// The fake; it stops when it is dropped.
pub struct Twilio {
    receiver: Receiver,
    state: Arc<State>,
}

impl Twilio {
    /// Starts with the defaults.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(TwilioOptions::default()).await
    }

    /// Starts.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start_with(options: TwilioOptions) -> io::Result<Self> {
        let receiver = Receiver::start_on(options.address).await?;
        let state = Arc::new(State {
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

    /// The API's address, to be set instead of `https://api.twilio.com`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.receiver.url("")
    }

    /// The credentials that fit, as `Twilio::from_json` of the server reads them.
    #[must_use]
    pub fn credentials(&self) -> Value {
        credentials(&self.state.options, &self.base_url())
    }

    /// Tells what becomes of messages to a number (E.164). Without it, Twilio's own numbers for tests meet their errors:
    /// `+15005550001` is not valid, `…2` not reachable, `…3` in a closed country, `…4` opted out, `…9` no mobile.
    pub fn plan(&self, number: &str, plan: Plan) {
        self.state.plans.set(number, plan);
    }

    /// Tells what becomes of every message; `None` ends it.
    pub fn plan_all(&self, plan: Option<Plan>) {
        self.state.plans.set_all(plan);
    }

    /// The messages that were taken.
    #[must_use]
    pub fn messages(&self) -> Vec<TwilioMessage> {
        self.state.messages.all()
    }

    /// Waits until this many messages were taken in all.
    pub async fn wait_for(&self, messages: usize) -> Vec<TwilioMessage> {
        self.state.messages.wait_for(messages).await
    }

    /// Waits until this many status calls were made: their forms, and how they were answered in the end.
    pub async fn wait_for_reports(&self, reports: usize) -> Vec<(String, u16)> {
        self.state.reports.wait_for(reports).await
    }

    /// Every request as it arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.receiver.requests()
    }
}

/// Code, HTTP status and message of the errors that are answered.
const ERRORS: &[(i64, u16, &str)] = &[
    (20_003, 401, "Authenticate"),
    (20_404, 404, "The requested resource was not found"),
    (20_429, 429, "Too Many Requests"),
    (20_500, 500, "Internal Server Error"),
    (20_503, 503, "Service unavailable"),
    (
        21_408,
        403,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    ),
];

fn error(code: i64, message: &str) -> Answer {
    let known = ERRORS.iter().find(|(known, ..)| *known == code);
    let status = known.map_or(400, |(_, status, _)| *status);
    let message = known.map_or(message, |(_, _, message)| message);
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    Answer::json(
        status,
        &json!({"code": code, "message": message, "more_info": more_info, "status": status}),
    )
}

fn credentials(options: &TwilioOptions, base_url: &str) -> Value {
    json!({
        "account_sid": options.account_sid,
        "auth_token": options.auth_token,
        "from": options.senders.first(),
        "base_url": base_url,
    })
}

fn answer(state: &Arc<State>, request: &Request) -> Reply {
    let options = &state.options;
    if (request.method.as_str(), request.path.as_str()) == ("GET", "/credentials") {
        let base_url = format!("http://{}", request.header("host").unwrap_or_default());
        return Answer::json(200, &credentials(options, &base_url)).into();
    }
    let path = format!("/2010-04-01/Accounts/{}/Messages.json", options.account_sid);
    if (request.method.as_str(), request.path.as_str()) == ("GET", "/inbox") {
        let shown = |message: &TwilioMessage| json!({"sid": message.sid, "to": message.to, "body": message.body});
        return Answer::json(200, &state.messages.all().iter().map(shown).collect()).into();
    }
    if (request.method.as_str(), &request.path) != ("POST", &path) {
        return error(20_404, "").into();
    }
    let basic = |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let authorization = request.header("authorization").unwrap_or_default();
    let by_key = options
        .api_key
        .as_ref()
        .is_some_and(|(sid, secret)| authorization == basic(sid, secret));
    if !by_key && authorization != basic(&options.account_sid, &options.auth_token) {
        return error(20_003, "").into();
    }
    let message = match read(state, request) {
        Ok(message) => message,
        Err((code, words)) => return error(code, words).into(),
    };
    match state.plans.of(&message.to).unwrap_or_else(|| magic(&message.to)) {
        Plan::Refuse(code) => error(code, "refused as planned").into(),
        Plan::Misbehave(reply) => reply,
        Plan::Take(steps) => {
            let answer = taken(state, &message);
            state.messages.push(message.clone());
            let playing = Arc::clone(state);
            state
                .runtime
                .spawn(async move { play(&playing, &message, steps).await });
            answer.into()
        }
    }
}

/// Twilio's own numbers for tests.
fn magic(number: &str) -> Plan {
    match number {
        "+15005550001" => Plan::Refuse(21_211),
        "+15005550002" => Plan::Refuse(21_612),
        "+15005550003" => Plan::Refuse(21_408),
        "+15005550004" => Plan::Refuse(21_610),
        "+15005550009" => Plan::Refuse(21_614),
        _ => Plan::default(),
    }
}

fn read(state: &State, request: &Request) -> Result<TwilioMessage, (i64, &'static str)> {
    let form = read_form(&request.body);
    let get = |name: &str| {
        let found = form.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let to = get("To").ok_or((21_604, "A 'To' phone number is required."))?;
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err((21_211, "Invalid 'To' Phone Number"));
    }
    let sender = get("From").or_else(|| get("MessagingServiceSid"));
    let sender = sender.ok_or((21_603, "A 'From' phone number is required."))?;
    if !state.options.senders.contains(&sender) {
        return Err((
            21_606,
            "The 'From' phone number provided is not a valid message-capable phone number",
        ));
    }
    let body = get("Body").ok_or((21_602, "Message body is required."))?;
    if body.chars().count() > 1_600 {
        return Err((21_617, "The concatenated message body exceeds the 1600 character limit"));
    }
    let status_callback = get("StatusCallback");
    if status_callback.as_ref().is_some_and(|url| !url.starts_with("http")) {
        return Err((21_609, "Invalid 'StatusCallback' URL"));
    }
    let serial = state.count.fetch_add(1, Ordering::SeqCst);
    Ok(TwilioMessage {
        sid: format!("SM{serial:032x}"),
        to,
        sender,
        body,
        status_callback,
        validity_period: get("ValidityPeriod"),
    })
}

fn taken(state: &State, message: &TwilioMessage) -> Answer {
    let body = json!({
        "sid": message.sid, "account_sid": state.options.account_sid, "status": "queued", "to": message.to,
        "from": message.sender, "body": message.body, "error_code": null, "error_message": null,
        "num_segments": "1", "direction": "outbound-api", "api_version": "2010-04-01",
    });
    Answer::json(201, &body)
}

async fn play(state: &State, message: &TwilioMessage, steps: Vec<Step>) {
    for step in steps {
        let (status, code) = match step {
            Step::Sent => ("sent", None),
            Step::Delivered => ("delivered", None),
            Step::Read => ("read", None),
            Step::Failed(code) => ("undelivered", Some(code)),
            Step::Pause(pause) => {
                sleep(pause).await;
                continue;
            }
            // Every call is about one message.
            Step::WithNext => continue,
        };
        let Some(url) = &message.status_callback else { return };
        let mut pairs = vec![
            ("MessageSid", message.sid.clone()),
            ("SmsSid", message.sid.clone()),
            ("AccountSid", state.options.account_sid.clone()),
            ("From", message.sender.clone()),
            ("To", message.to.clone()),
            ("MessageStatus", status.to_owned()),
            ("SmsStatus", status.to_owned()),
            ("ApiVersion", "2010-04-01".to_owned()),
        ];
        pairs.extend(code.map(|code| ("ErrorCode", code.to_string())));
        let form = write_form(&pairs);
        pairs.sort();
        let signed = pairs
            .iter()
            .fold(url.clone(), |signed, (name, value)| signed + name + value);
        let signature = STANDARD.encode(hmac_sha1(state.options.auth_token.as_bytes(), signed.as_bytes()));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("x-twilio-signature", signature.as_str()),
            ("user-agent", "TwilioProxy/1.1"),
        ];
        let answered = post_until_taken(url, &headers, form.as_bytes(), state.options.retry_pause).await;
        state.reports.push((form, answered));
    }
}
