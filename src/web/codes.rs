//! One-time codes, for whichever surface asks: a challenge is begun, and a code that somebody typed is tried.

use std::sync::Arc;

use super::{Call, Context, Failure, Web, device, once};
use crate::codes::{Codes, Letter};
use crate::domain::{
    ChallengeId, Code, Destination, EnvironmentId, EnvironmentKind, EventId, IdentityId, Language, MessageId,
    OneTimeCode, Purpose, SessionId, UserId, Withheld,
};
use crate::resource;
use crate::store::{
    ChallengeScope, DeviceOf, IdempotencyClaim, NewChallenge, NewMessage, PreparedCode, ProofAttempt, ProofOutcome,
    Proven, Resend, Resent, SavedAnswer, Started,
};

/// What is asked for.
pub struct Ask<'a> {
    /// The challenge that is begun.
    pub id: ChallengeId,
    /// Who asks.
    pub scope: ChallengeScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The name that the message says asks for the code.
    pub asked_by: &'a str,
    /// Who is signed in, if anybody.
    pub user: Option<UserId>,
    /// The session that the code is asked for in, and typed in, if it is one of a step-up.
    pub session: Option<SessionId>,
    /// What for.
    pub purpose: Purpose,
    /// Where to.
    pub to: Destination,
    /// The language of the message.
    pub language: Language,
    /// `whatsapp`, `sms` or `email`.
    pub channel: &'static str,
    /// The token of a device that may have proven the destination; see [`super::device`].
    pub device: Option<&'a str>,
    /// An `Idempotency-Key`, and what a replay answers.
    pub repeatable: Option<(IdempotencyClaim, SavedAnswer)>,
}

/// A code that somebody typed.
pub struct Try<'a> {
    /// Who tries it.
    pub scope: ChallengeScope,
    /// The challenge that the verification token names.
    pub challenge: ChallengeId,
    /// Who is signed in, if anybody.
    pub user: Option<UserId>,
    /// The session that it is typed in, if the code is one of a step-up: it has to be the one that asked.
    pub session: Option<SessionId>,
    /// What the challenge has to be for.
    pub purpose: Purpose,
    /// `email` or `phone`, where the route says so.
    pub kind: Option<&'static str>,
    /// As it was typed.
    pub code: &'a str,
    /// The device, where the log-in reaches wallets; see [`super::device::of_login`].
    pub device: Option<DeviceOf>,
    /// An `Idempotency-Key`.
    pub claim: Option<IdempotencyClaim>,
}

/// Begins a challenge; its message is on its way once this answers. Nothing in answer or time tells whether the
/// destination is known.
pub async fn ask(web: &Web, context: &Context, mut ask: Ask<'_>) -> Result<Call<()>, Failure> {
    let settings = web.instance.settings.of(ask.scope.environment());
    let (ids, now) = (&web.instance.ids, context.now);
    let id = ask.id;
    let repeatable = ask.repeatable.take();
    let message = MessageId(ids.id());
    let test = ask.to.is_test_number();
    if test && ask.kind == EnvironmentKind::Production {
        return Err(
            Failure::new(Code::Validation).saying("This number is kept for tests in a sandbox. Send a real one.")
        );
    }
    if let (EnvironmentKind::Production, Destination::Phone(phone)) = (ask.kind, &ask.to)
        && !phone.is_in_a_plan()
    {
        let wrong = "No numbering plan has this number. Check it, and send it with its country code.";
        return Err(Failure::new(Code::Validation).saying(wrong));
    }
    let codes = Codes {
        vault: &web.instance.vault,
        environment: ask.scope.environment(),
        challenge: id,
        purpose: ask.purpose,
        session: ask.session,
    };
    let letter = Letter {
        to: &ask.to,
        purpose: ask.purpose,
        asked_by: ask.asked_by,
        language: ask.language.tag(),
    };
    let prepared = |code: &OneTimeCode| PreparedCode {
        mac: codes.mac(code),
        sealed: letter.seal(codes.vault, ids.entropy(), codes.environment, message, code),
    };
    let code = if test {
        OneTimeCode::of_test_number()
    } else {
        codes.usual()
    };
    if !test {
        site_has_room(web, context, codes.environment)?;
    }
    let caps = settings.codes.caps(&ask.to, ask.channel);
    let new = NewChallenge {
        id,
        user: ask.user,
        purpose: ask.purpose,
        to: ask.to.clone(),
        network: context.persons_network(),
        known_device: is_known(web, codes.environment, &ask.to, ask.device, now),
        limits: (!test).then(|| settings.codes.limits()),
        wrong_per_hour: settings.codes.wrong_per_hour,
        // A sandbox pays for nothing.
        caps: caps.filter(|_| ask.kind == EnvironmentKind::Production),
        asked_by: ask.asked_by.to_owned(),
        language: ask.language.tag(),
        code: prepared(&code),
        long_code: prepared(&codes.long()),
        message: (!test).then_some(NewMessage {
            id: message,
            channel: ask.channel,
        }),
        expires_at: now + settings.codes.life(),
        now,
    };
    let started = web.instance.store.start_challenge(ask.scope, new, repeatable).await?;
    match once(started)? {
        Call::Replayed(saved) => Ok(Call::Replayed(saved)),
        Call::Done(Started::Sent) => {
            (web.wake_messages)();
            Ok(Call::Done(()))
        }
        Call::Done(Started::Withheld(why)) => {
            withheld(ask.scope.environment(), why);
            Ok(Call::Done(()))
        }
        Call::Done(Started::TooMany(until)) => Err(too_many(until, now)),
    }
}

/// Another message with the code of a challenge.
pub struct Another<'a> {
    /// Who asks.
    pub scope: ChallengeScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The challenge that the verification token names.
    pub challenge: ChallengeId,
    /// The language of the message.
    pub language: Language,
    /// The channel that it takes.
    pub channel: &'a str,
    /// The token of a device that may have proven the destination.
    pub device: Option<&'a str>,
}

/// Sends the code of a challenge once more, over another channel of the same destination or the same one. What it
/// costs is counted as any send, and its tries are kept. Answers the channel.
pub async fn resend(web: &Web, context: &Context, another: Another<'_>) -> Result<&'static str, Failure> {
    let store = &web.instance.store;
    let (scope, environment) = (another.scope, another.scope.environment());
    let open = store.open_challenge(scope, another.challenge, context.now).await?;
    let open = open.ok_or_else(refused)?;
    let channels: &[&'static str] = match open.to {
        Destination::Phone(_) if open.purpose.is_step_up() => &["sms"],
        Destination::Phone(_) => &["whatsapp", "sms"],
        Destination::Email(_) => &["email"],
    };
    let channel = channels.iter().copied().find(|channel| *channel == another.channel);
    let channel = channel.ok_or_else(|| {
        let wrong = format!(
            "This code goes to the same place alone: send {}.",
            channels.join(" or ")
        );
        Failure::field("channel", crate::domain::Invalid::new(wrong))
    })?;
    let settings = web.instance.settings.of(environment);
    let (test, message) = (open.to.is_test_number(), MessageId(web.instance.ids.id()));
    let codes = Codes {
        vault: &web.instance.vault,
        environment,
        challenge: another.challenge,
        purpose: open.purpose,
        session: None,
    };
    let letter = Letter {
        to: &open.to,
        purpose: open.purpose,
        asked_by: &open.asked_by,
        language: another.language.tag(),
    };
    let sealed = if test {
        None
    } else {
        let code = codes.of(&open.mac).ok_or_else(refused)?;
        Some(letter.seal(codes.vault, web.instance.ids.entropy(), environment, message, &code))
    };
    if !test {
        site_has_room(web, context, environment)?;
    }
    let caps = settings.codes.caps(&open.to, channel);
    let resend = Resend {
        challenge: another.challenge,
        to: open.to.clone(),
        network: context.persons_network(),
        known_device: is_known(web, environment, &open.to, another.device, context.now),
        limits: (!test).then(|| settings.codes.limits()),
        caps: caps.filter(|_| another.kind == EnvironmentKind::Production),
        message,
        channel,
        sealed,
        now: context.now,
    };
    match store.resend_code(scope, resend).await? {
        Resent::Sent => (web.wake_messages)(),
        Resent::Withheld(why) => withheld(environment, why),
        Resent::TooMany(until) => return Err(too_many(until, context.now)),
        Resent::Over => return Err(refused()),
    }
    Ok(channel)
}

/// The store counts what a network asks for, which of IPv6 has 64 bits; whoever has one has 65 536 of them.
fn site_has_room(web: &Web, context: &Context, environment: EnvironmentId) -> Result<(), Failure> {
    if context.persons_network().is_none() {
        return Ok(());
    }
    let limit = web.instance.settings.of(environment).codes.limits().per_network_hour;
    let wait = web
        .limits
        .admit_code(environment.0, context.address, limit, context.now);
    wait.map_or(Ok(()), |seconds| {
        let wait = jiff::SignedDuration::from_secs(seconds.into());
        Err(too_many(context.now + wait, context.now))
    })
}

fn is_known(
    web: &Web,
    environment: EnvironmentId,
    to: &Destination,
    device: Option<&str>,
    now: jiff::Timestamp,
) -> bool {
    device.is_some_and(|token| device::is_known(&web.instance.vault, environment, to, token, now))
}

fn too_many(until: jiff::Timestamp, now: jiff::Timestamp) -> Failure {
    let seconds = until.duration_since(now).as_secs().clamp(1, i64::from(u32::MAX));
    Failure {
        retry_after: u32::try_from(seconds).ok(),
        ..Failure::new(Code::RateLimited).saying("Too many codes were asked for. Wait, then ask again.")
    }
}

/// Whoever asked is not told: what is served and what is not would tell which numbers are known.
fn withheld(environment: EnvironmentId, why: Withheld) {
    metrics::counter!("aboard_codes_withheld_total", "why" => why.name()).increment(1);
    tracing::warn!(%environment, why = why.name(), "a code was not sent: {}", why.words());
}

/// Tries a code. Wrong, expired, used, foreign: one answer for all, which says what to do next.
pub async fn try_code(web: &Web, context: &Context, typed: Try<'_>) -> Result<Proven, Failure> {
    let Call::Done(outcome) = prove(web, context, typed).await? else {
        return Err(Failure::internal("a call without a key was replayed"));
    };
    match outcome {
        ProofOutcome::Proven(proven) => Ok(proven),
        // For a log-in there is nobody whom the address could be another's of.
        ProofOutcome::AnothersOwn(_)
        | ProofOutcome::NeedsConfirmation
        | ProofOutcome::Unconfirmable
        | ProofOutcome::Suspended
        | ProofOutcome::Refused => Err(refused()),
    }
}

/// As [`try_code`], for whoever tells the outcomes apart.
pub async fn prove(web: &Web, context: &Context, typed: Try<'_>) -> Result<Call<ProofOutcome>, Failure> {
    // What can be no code still costs a try, as any wrong one.
    let code = OneTimeCode::typed(typed.code);
    let ids = &web.instance.ids;
    let (environment, challenge, purpose) = (typed.scope.environment(), typed.challenge, typed.purpose);
    let session = typed.session;
    let vault = Arc::clone(&web.instance.vault);
    let attempt = ProofAttempt {
        challenge,
        purpose,
        user: typed.user,
        kind: typed.kind,
        matches: Box::new(move |stored| {
            let codes = Codes {
                vault: &vault,
                environment,
                challenge,
                purpose,
                session,
            };
            code.as_ref().is_some_and(|code| codes.matches(code, stored))
        }),
        network: context.persons_network(),
        new_user: UserId(ids.id()),
        identity: IdentityId(ids.id()),
        events: [EventId(ids.id()), EventId(ids.id()), EventId(ids.id())],
        device: typed.device,
        event_data: resource::user,
        now: context.now,
    };
    once(web.instance.store.prove(typed.scope, attempt, typed.claim).await?)
}

/// The one refusal of a code.
#[must_use]
pub fn refused() -> Failure {
    Failure::new(Code::OtpRefused)
}
