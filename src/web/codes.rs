//! One-time codes, for whichever surface asks: a challenge is begun, and a code that somebody typed is tried.

use std::sync::Arc;

use aboard_vault::{Mac, Purpose as RootPurpose, Vault};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Call, Context, Failure, Web, once};
use crate::domain::{
    ChallengeId, Code, Destination, EnvironmentId, EnvironmentKind, EventId, IdentityId, Language, MessageId,
    OneTimeCode, Purpose, SessionId, UserId,
};
use crate::resource;
use crate::sealed;
use crate::store::{
    ChallengeScope, IdempotencyClaim, NewChallenge, NewMessage, PreparedCode, ProofAttempt, ProofOutcome, Proven,
    SavedAnswer, Started,
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
    let code = match (test, ask.purpose.is_step_up()) {
        (true, _) => OneTimeCode::of_test_number(),
        (false, true) => OneTimeCode::step_up(ids.secret()),
        (false, false) => OneTimeCode::digits(ids.secret()),
    };
    let prepared = |code: &OneTimeCode| prepare(web, &ask, id, message, code);
    let new = NewChallenge {
        id,
        user: ask.user,
        purpose: ask.purpose,
        to: ask.to.clone(),
        network: context.network(),
        limits: (!test).then(|| settings.codes.limits()),
        wrong_per_hour: settings.codes.wrong_per_hour,
        code: prepared(&code),
        long_code: prepared(&OneTimeCode::long(ids.secret())),
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
        Call::Done(Started::TooMany(until)) => {
            let seconds = until.duration_since(now).as_secs().clamp(1, i64::from(u32::MAX));
            Err(Failure {
                retry_after: u32::try_from(seconds).ok(),
                ..Failure::new(Code::RateLimited).saying("Too many codes were asked for. Wait, then ask again.")
            })
        }
    }
}

/// Tries a code. Wrong, expired, used, foreign: one answer for all, which says what to do next.
pub async fn try_code(web: &Web, context: &Context, typed: Try<'_>) -> Result<Proven, Failure> {
    let Call::Done(outcome) = prove(web, context, typed).await? else {
        return Err(Failure::internal("a call without a key was replayed"));
    };
    match outcome {
        ProofOutcome::Proven(proven) => Ok(proven),
        // For a log-in there is nobody whom the address could be another's of.
        ProofOutcome::AnothersOwn(_) | ProofOutcome::Suspended | ProofOutcome::Refused => Err(refused()),
    }
}

/// As [`try_code`], for whoever tells the outcomes apart.
pub async fn prove(web: &Web, context: &Context, typed: Try<'_>) -> Result<Call<ProofOutcome>, Failure> {
    // What can be no code still costs a try, as any wrong one.
    let code = OneTimeCode::typed(typed.code);
    let ids = &web.instance.ids;
    let bound = Bound {
        environment: typed.scope.environment(),
        challenge: typed.challenge,
        purpose: typed.purpose,
        session: typed.session,
    };
    let vault = Arc::clone(&web.instance.vault);
    let attempt = ProofAttempt {
        challenge: bound.challenge,
        purpose: bound.purpose,
        user: typed.user,
        kind: typed.kind,
        matches: Box::new(move |stored| code.as_ref().is_some_and(|code| bound.matches(&vault, code, stored))),
        network: context.network(),
        new_user: UserId(ids.id()),
        identity: IdentityId(ids.id()),
        events: [EventId(ids.id()), EventId(ids.id()), EventId(ids.id())],
        event_body: resource::user_event,
        now: context.now,
    };
    once(web.instance.store.prove(typed.scope, attempt, typed.claim).await?)
}

/// The one refusal of a code.
#[must_use]
pub fn refused() -> Failure {
    Failure::new(Code::OtpRefused)
}

fn prepare(web: &Web, ask: &Ask<'_>, id: ChallengeId, message: MessageId, code: &OneTimeCode) -> PreparedCode {
    let vault = &web.instance.vault;
    let environment = ask.scope.environment();
    let bound = Bound {
        environment,
        challenge: id,
        purpose: ask.purpose,
        session: ask.session,
    };
    let mac = bound.mac(vault, code);
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&mac.key_id);
    bytes[16..].copy_from_slice(&mac.tag);
    let text = Zeroizing::new(
        json!({
            "kind": ask.to.kind(), "key": ask.to.key(), "shown": ask.to.shown(), "code": code.expose(),
            "purpose": ask.purpose.name(), "asked_by": ask.asked_by, "language": ask.language.tag(),
        })
        .to_string(),
    );
    let place = sealed::message(environment, message);
    PreparedCode {
        mac: bytes,
        sealed: vault.seal(&place, text.as_bytes(), web.instance.ids.entropy()),
    }
}

/// What a code is bound to: typed anywhere else, it is a wrong one.
#[derive(Clone, Copy)]
struct Bound {
    environment: EnvironmentId,
    challenge: ChallengeId,
    purpose: Purpose,
    session: Option<SessionId>,
}

impl Bound {
    fn mac(&self, vault: &Vault, code: &OneTimeCode) -> Mac {
        self.with(code, |parts| vault.mac(RootPurpose::CodeMac, parts))
    }

    fn matches(&self, vault: &Vault, code: &OneTimeCode, stored: &[u8]) -> bool {
        let (Some(key_id), Some(tag)) = (stored.first_chunk::<16>(), stored.last_chunk::<32>()) else {
            return false;
        };
        let stored = Mac {
            key_id: *key_id,
            tag: *tag,
        };
        self.with(code, |parts| vault.verify_mac(RootPurpose::CodeMac, parts, &stored))
    }

    fn with<T>(&self, code: &OneTimeCode, use_parts: impl FnOnce(&[&[u8]]) -> T) -> T {
        let session = self.session.map(SessionId::bytes);
        let (environment, challenge) = (self.environment.bytes(), self.challenge.bytes());
        let mut parts: Vec<&[u8]> = vec![
            &environment,
            &challenge,
            self.purpose.name().as_bytes(),
            code.expose().as_bytes(),
        ];
        if let Some(session) = &session {
            parts.push(session);
        }
        use_parts(&parts)
    }
}
