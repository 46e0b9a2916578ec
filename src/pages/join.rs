//! `GET /join/{token}` and `POST /join/{token}`: two accounts of one person become one, and two again.
//!
//! The address alone does nothing: whoever has it sees masked addresses. The person shows with fresh codes, typed here,
//! that both accounts are theirs; what is shown counts in the browser that asked for the codes, and for half an hour.
//! Every form leads back to the page, so that a reload repeats nothing.

mod view;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use jiff::SignedDuration;

use self::view::{JoinGonePage, JoinPage, JoinedPage, Side};
use super::form::Form;
use super::reader::Reader;
use super::render::{moment, page};
use super::steps::{PageCode, Step, Way, back, holder, holder_or_new, said};
use super::words::Flash;
use crate::domain::{EventId, Purpose, SessionId, Token, UserId};
use crate::store::{ChallengeScope, Join, JoinOutcome, JoinShows, JoinState, JoinUsers, UndoJoin, UndoOutcome};
use crate::web::{Context, Failure, Segment, Web, is_own_click};

/// Keeps the browser in which accounts are shown.
const HOLDER: &str = "__Host-join";
/// How long a join may be undone.
const UNDO_FOR: SignedDuration = SignedDuration::from_hours(UNDO_DAYS * 24);
const UNDO_DAYS: i64 = 30;

/// How far the person has come; 410 for an address that was never made or has ended, the same for both.
pub async fn show(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(token): Segment,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match find(&web, &context, token.as_deref()).await? {
        None => gone(&reader),
        Some((_, join)) => shown(&web, &context, &reader, &headers, &join, said(&uri)),
    }
}

/// One step: a code is sent, or tried, or the accounts are joined, or separated.
pub async fn act(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(token): Segment,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Failure> {
    let Some((token, join)) = find(&web, &context, token.as_deref()).await? else {
        return gone(&reader);
    };
    if !is_own_click(&headers, &web.public_url) {
        return shown(&web, &context, &reader, &headers, &join, Some(Flash::FromElsewhere));
    }
    let holder = holder(&headers, HOLDER).filter(|holder| join.is_held_by(holder));
    let step = match (form.text("do"), holder) {
        ("send", holder) => send(&web, &context, &reader, &join, form.text("to"), holder).await?,
        ("check", Some(holder)) => check(&web, &context, &join, form.text("code"), &holder).await?,
        ("join", Some(holder)) => unite(&web, &context, &join, holder).await?,
        ("undo", Some(holder)) => separate(&web, &context, &join, holder).await?,
        _ => Step::default(),
    };
    back("/join", HOLDER, &token, &step)
}

/// A code to one of the addresses; a browser that asks for the first time holds the page from then on.
async fn send(
    web: &Web,
    context: &Context,
    reader: &Reader,
    join: &Join,
    to: &str,
    holder: Option<Token>,
) -> Result<Step, Failure> {
    if !matches!(join.state, JoinState::Offered | JoinState::Joined(_)) {
        return Ok(Step::default());
    }
    let Some((address, user, shows)) = join.way(to) else {
        return Ok(Step::default());
    };
    let holder = holder_or_new(web, holder);
    let code = code_of(join, user, &holder);
    let id = match code.send(web, context, reader, (&address.kind, &address.key)).await? {
        Ok(id) => id,
        Err(seconds) => return Ok(Step::wait(seconds)),
    };
    let store = &web.instance.store;
    store.begin_join_proof(&join.scope, &holder, id, shows).await?;
    Ok(Step {
        said: None,
        cookie: Some(holder),
    })
}

/// The code of this page in a browser, for one of the accounts.
fn code_of<'a>(join: &'a Join, user: UserId, holder: &Token) -> PageCode<'a> {
    PageCode {
        scope: ChallengeScope::from(&join.scope),
        kind: join.kind,
        asked_by: &join.organization,
        user,
        purpose: Purpose::JoinAccounts,
        session: SessionId(holder.id()),
    }
}

async fn check(web: &Web, context: &Context, join: &Join, code: &str, holder: &Token) -> Result<Step, Failure> {
    let Some((challenge, shows)) = join.challenge else {
        return Ok(Step::wrong_code());
    };
    let user = match shows {
        JoinShows::First => join.first.user,
        JoinShows::Second | JoinShows::Both => join.second.user,
    };
    let proven = code_of(join, user, holder).check(web, context, challenge, code).await?;
    if proven.is_none() {
        return Ok(Step::wrong_code());
    }
    let store = &web.instance.store;
    let noted = store.note_join_proof(&join.scope, holder, context.now).await?;
    Ok(if noted { Step::default() } else { Step::wrong_code() })
}

async fn unite(web: &Web, context: &Context, join: &Join, holder: Token) -> Result<Step, Failure> {
    let call = JoinUsers {
        holder,
        event: EventId(web.instance.ids.id()),
        undo_until: context.now + UNDO_FOR,
        now: context.now,
    };
    // Whatever came between, the page says how things are now.
    match web.instance.store.join_users(&join.scope, call).await? {
        JoinOutcome::Joined => (web.wake_deliveries)(),
        JoinOutcome::NotShown
        | JoinOutcome::SamePartner
        | JoinOutcome::TwoWallets
        | JoinOutcome::Unprovable
        | JoinOutcome::Gone => {}
    }
    Ok(Step::default())
}

async fn separate(web: &Web, context: &Context, join: &Join, holder: Token) -> Result<Step, Failure> {
    let call = UndoJoin {
        holder,
        event: EventId(web.instance.ids.id()),
        now: context.now,
    };
    match web.instance.store.undo_join(&join.scope, call).await? {
        UndoOutcome::Undone => (web.wake_deliveries)(),
        UndoOutcome::NotShown | UndoOutcome::Gone => {}
    }
    Ok(Step::default())
}

async fn find(web: &Web, context: &Context, token: Option<&str>) -> Result<Option<(Token, Join)>, Failure> {
    let Some(token) = token.and_then(Token::parse) else {
        return Ok(None);
    };
    let join = web.instance.store.join(&token, context.now).await?;
    Ok(join.map(|join| (token, join)))
}

fn shown(
    web: &Web,
    context: &Context,
    reader: &Reader,
    headers: &HeaderMap,
    join: &Join,
    flash: Option<Flash>,
) -> Result<Response, Failure> {
    let reader = &reader.in_environment(web, join.scope.environment());
    let held = holder(headers, HOLDER).is_some_and(|holder| join.is_held_by(&holder));
    let frame = reader.frame(&join.organization, join.kind, flash);
    let ways: Vec<Way> = join.ways().map(|(address, user, _)| Way::of(address, user)).collect();
    let sent = join.challenge.filter(|_| held).map(|(_, shows)| shows);
    match join.state {
        JoinState::Undone => {
            let template = JoinedPage {
                frame,
                until: None,
                shown: false,
                sent: false,
                ways: &[],
            };
            page(reader, StatusCode::OK, &template, None)
        }
        JoinState::Joined(until) => {
            let template = JoinedPage {
                frame,
                until: Some(frame.words.at(moment(until), moment(context.now))),
                shown: held && (join.first.shown || join.second.shown),
                sent: sent.is_some(),
                ways: &ways,
            };
            page(reader, StatusCode::OK, &template, None)
        }
        JoinState::Offered | JoinState::SamePartner | JoinState::TwoWallets | JoinState::Unprovable => {
            let template = JoinPage {
                frame,
                partner: join.partner.as_deref(),
                two_wallets: join.state == JoinState::TwoWallets,
                unprovable: join.state == JoinState::Unprovable,
                sides: [&join.first, &join.second].map(|side| Side::of(frame.words, join, side, held, sent, &ways)),
                undo_days: UNDO_DAYS,
            };
            page(reader, StatusCode::OK, &template, None)
        }
    }
}

/// The same for a page that has ended and one that was never made: it names nobody.
fn gone(reader: &Reader) -> Result<Response, Failure> {
    let template = JoinGonePage {
        frame: reader.plain_frame(),
    };
    page(reader, StatusCode::GONE, &template, None)
}
