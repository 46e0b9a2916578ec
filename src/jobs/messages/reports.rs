//! What follows from a provider's report.
//!
//! | reported | what follows |
//! |---|---|
//! | a fault of the account | the channel stops, if the fault says so |
//! | left, arrived, opened | the message has come so far; what arrived counts, whatever was reported before |
//! | failed, `retry` | the same code again over this channel, at most [`super::attempt::MOST_TRIES`] times; then as `fall_back` |
//! | failed, `fall_back` or `unknown` | the same code at once over the next channel |
//! | failed, `stop` | the channel stops; then as `fall_back` |
//! | failed, `bad_destination` | the destination is marked; then as `fall_back`, unless it does not exist at all |
//!
//! A report may overtake the answer of the call that it is about: then it waits for it. Nothing goes out for a code that
//! was used, tried too often, or has ended.

use jiff::{SignedDuration, Timestamp};

use super::Tools;
use super::attempt::retry_at;
use super::usable::{Usable, Wanted, mark, stop};
use crate::channels::{ChannelKind, Mark, Progress, SendFailure, Then, reported_failure};
use crate::codes::{Codes, Letter};
use crate::domain::MessageId;
use crate::store::{DueReport, NextMessage, ReportEnd, ReportedMessage, StoreError};

/// How often a report waits for the message that it is about.
const MOST_WAITS: u32 = 30;
const WAIT: SignedDuration = SignedDuration::from_secs(1);

/// Works on one report.
pub(super) async fn follow(tools: &Tools, report: &DueReport) -> Result<ReportEnd, StoreError> {
    let now = tools.instance.clock.now();
    let (Some(kind), Some(progress)) = (
        ChannelKind::from_name(&report.channel),
        Progress::from_name(&report.progress),
    ) else {
        return Ok(ReportEnd::Done);
    };
    let failure = reported_failure(kind, report.code);
    if report.provider_id.is_none() {
        account_fault(tools, report, &failure, now).await?;
        return Ok(ReportEnd::Done);
    }
    let (store, system) = (&tools.instance.store, tools.instance.store.system());
    let found = store.reported_message(system, report).await?;
    if found.is_none()
        && let Some(notice) = store.reported_notice(system, report).await?
    {
        note(report, progress);
        return Ok(followed_notice(report, progress, notice, &failure));
    }
    let Some(message) = found.filter(|message| message.state != "pending") else {
        // Still under way, or somebody else's.
        return Ok(if report.attempts < MOST_WAITS {
            ReportEnd::Later(now + WAIT)
        } else {
            ReportEnd::Done
        });
    };
    note(report, progress);
    Ok(match progress {
        Progress::Accepted => ReportEnd::Done,
        Progress::Sent | Progress::Delivered | Progress::Read => ReportEnd::Came {
            message: message.id,
            delivered: progress >= Progress::Delivered,
            provider_id: report.provider_id.clone(),
        },
        Progress::Failed => failed(tools, report, &message, &failure, now).await?,
    })
}

/// A notice that failed on its way is not sent once more: it has no code that anybody waits for.
fn followed_notice(report: &DueReport, progress: Progress, notice: MessageId, failure: &SendFailure) -> ReportEnd {
    match progress {
        Progress::Accepted => ReportEnd::Done,
        Progress::Sent | Progress::Delivered | Progress::Read => ReportEnd::Came {
            message: notice,
            delivered: progress >= Progress::Delivered,
            provider_id: report.provider_id.clone(),
        },
        Progress::Failed => ReportEnd::Failed {
            message: notice,
            error: failure.words.to_owned(),
            next: None,
        },
    }
}

fn note(report: &DueReport, progress: Progress) {
    let channel = report.channel.clone();
    metrics::counter!("aboard_message_reports_total", "channel" => channel, "progress" => progress.name()).increment(1);
}

/// A fault of the account concerns all of its messages.
async fn account_fault(
    tools: &Tools,
    report: &DueReport,
    failure: &SendFailure,
    now: Timestamp,
) -> Result<(), StoreError> {
    tracing::warn!(
        environment = %report.environment, channel = report.channel, code = failure.code, reason = failure.words,
        "the provider reports a fault of the account"
    );
    if failure.then == Then::Stop {
        stop_channel(tools, report, failure, now).await?;
    }
    Ok(())
}

/// Stops the channel that a report is about, unless it was set since.
async fn stop_channel(
    tools: &Tools,
    report: &DueReport,
    failure: &SendFailure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (store, system) = (&tools.instance.store, tools.instance.store.system());
    let channels = store.channels(system, report.environment).await?;
    let older = |stored: &&crate::store::StoredChannel| {
        stored.channel == report.channel && stored.updated_at <= report.received_at
    };
    match channels.iter().find(older) {
        Some(stored) => stop(tools, report.environment, stored, failure, now).await,
        None => Ok(()),
    }
}

async fn failed(
    tools: &Tools,
    report: &DueReport,
    message: &ReportedMessage,
    failure: &SendFailure,
    now: Timestamp,
) -> Result<ReportEnd, StoreError> {
    let end = |next| ReportEnd::Failed {
        message: message.id,
        error: failure.words.to_owned(),
        next,
    };
    // Another report of it came first.
    if !matches!(message.state.as_str(), "sent" | "unknown") {
        return Ok(end(None));
    }
    if failure.about.alarms() {
        tracing::warn!(
            message = %message.id, channel = report.channel, code = failure.code, reason = failure.words,
            "a channel needs attention"
        );
    }
    let wanted = Wanted {
        environment: report.environment,
        to: &message.to,
        purpose: Some(message.purpose),
        channel: &report.channel,
        tried: &message.tried,
    };
    match failure.then {
        Then::Stop => stop_channel(tools, report, failure, now).await?,
        Then::BadDestination(bad) => {
            mark(tools, &wanted, bad, now).await?;
            if bad == Mark::DoesNotExist {
                return Ok(end(None));
            }
        }
        Then::Retry { .. } | Then::FallBack | Then::Unknown => {}
    }
    if message.expires_at <= now {
        return Ok(end(None));
    }
    let usable = Usable::find(tools, &wanted, now).await?;
    if let Then::Retry { after } = failure.then
        && usable.of(&report.channel).is_some()
        && let Some(at) = retry_at(after, message.attempts, message.expires_at, now)
    {
        let again = Again {
            channel: report.channel.clone(),
            fell_back: false,
            attempts: message.attempts + 1,
            tried: message.tried.clone(),
            at,
        };
        return Ok(end(next_message(tools, report, message, again)));
    }
    let Some(next) = usable.after(tools, &wanted, now).await? else {
        super::attempt::lost(report.environment, message.id, &report.channel, false, failure.words);
        return Ok(end(None));
    };
    let mut tried = message.tried.clone();
    tried.push(report.channel.clone());
    let again = Again {
        channel: next.channel,
        fell_back: next.fell_back,
        attempts: 0,
        tried,
        at: now,
    };
    Ok(end(next_message(tools, report, message, again)))
}

/// How the code goes out once more.
struct Again {
    channel: String,
    fell_back: bool,
    attempts: u32,
    tried: Vec<String>,
    at: Timestamp,
}

/// The same code in another message; `None` if it cannot be made any more.
fn next_message(tools: &Tools, report: &DueReport, failed: &ReportedMessage, again: Again) -> Option<NextMessage> {
    let codes = Codes {
        vault: &tools.instance.vault,
        environment: report.environment,
        challenge: failed.challenge,
        purpose: failed.purpose,
        // The code of a step-up is asked for again in its session.
        session: None,
    };
    let code = codes.of(&failed.mac)?;
    let letter = Letter {
        to: &failed.to,
        purpose: failed.purpose,
        asked_by: &failed.asked_by,
        language: &failed.language,
    };
    let id = MessageId(tools.instance.ids.id());
    let entropy = tools.instance.ids.entropy();
    Some(NextMessage {
        id,
        channel: again.channel,
        fell_back: again.fell_back,
        attempts: again.attempts,
        tried: again.tried,
        sealed: letter.seal(codes.vault, entropy, report.environment, id, &code),
        at: again.at,
    })
}
