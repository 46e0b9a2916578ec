//! `GET /confirm/{token}` and `POST /confirm/{token}`: somebody who has proven an address gets another one.
//!
//! Made like the page of a join: the address of the page alone does nothing, whoever has it sees masked addresses. The
//! code goes to an address that the person proved before, says what it is for, and is typed here, in the browser that
//! asked for it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::form::Form;
use super::reader::Reader;
use super::render::page;
use super::steps::{PageCode, Step, Way, back, holder, holder_or_new, masked, said};
use super::view::Frame;
use super::words::{ContactKind, Flash};
use crate::domain::{EventId, IdentityId, Language, Purpose, SessionId, Token};
use crate::resource;
use crate::store::{ChallengeScope, ConfirmAddress, ConfirmOutcome, Confirmation};
use crate::web::{Context, Failure, Segment, Web, is_own_click};
use crate::words::Part;

/// Keeps the browser that asked for a code.
const HOLDER: &str = "__Host-confirm";

/// Another address that waits to be confirmed (200). Its forms post to the page's own address: `do` is `send` with `to`,
/// or `check` with `code`.
#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    /// What all pages share.
    frame: Frame<'a>,
    /// What the new address is.
    label: &'static str,
    /// The new address, masked.
    address: String,
    /// Whether a code was sent to this browser.
    sent: bool,
    /// Where that went, masked.
    sent_to: Option<&'a str>,
    /// Where a code may go.
    ways: &'a [Way],
}

/// An address that was confirmed (200).
#[derive(Template)]
#[template(path = "confirmed.html")]
struct ConfirmedPage<'a> {
    /// What all pages share.
    frame: Frame<'a>,
}

/// No such page, or one that has ended (410).
#[derive(Template)]
#[template(path = "confirm_gone.html")]
struct ConfirmGonePage<'a> {
    /// What all pages share.
    frame: Frame<'a>,
}

/// What is to be confirmed; 410 for an address that was never made or has ended, the same for both.
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
        Some((_, known)) => shown(&web, &reader, &headers, &known, said(&uri)),
    }
}

/// One step: a code is sent, or typed, which confirms the address.
pub async fn act(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(token): Segment,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Failure> {
    let Some((token, known)) = find(&web, &context, token.as_deref()).await? else {
        return gone(&reader);
    };
    if !is_own_click(&headers, &web.public_url) {
        return shown(&web, &reader, &headers, &known, Some(Flash::FromElsewhere));
    }
    let holder = holder(&headers, HOLDER).filter(|holder| known.is_held_by(holder));
    let step = match (form.text("do"), holder) {
        ("send", holder) => send(&web, &context, &reader, &known, form.text("to"), holder).await?,
        ("check", Some(holder)) => check(&web, &context, &reader, &known, form.text("code"), holder).await?,
        _ => Step::default(),
    };
    back("/confirm", HOLDER, &token, &step)
}

/// A code to one of the proven addresses; a browser that asks for the first time holds the page from then on.
async fn send(
    web: &Web,
    context: &Context,
    reader: &Reader,
    known: &Confirmation,
    to: &str,
    holder: Option<Token>,
) -> Result<Step, Failure> {
    let way = known.ways.iter().find(|way| way.id.to_string() == to);
    let Some(address) = way.filter(|_| !known.confirmed) else {
        return Ok(Step::default());
    };
    let holder = holder_or_new(web, holder);
    let code = code_of(known, &holder);
    let id = match code.send(web, context, reader, (&address.kind, &address.key)).await? {
        Ok(id) => id,
        Err(seconds) => return Ok(Step::wait(seconds)),
    };
    let store = &web.instance.store;
    store.begin_confirmation_proof(&known.scope, &holder, id).await?;
    Ok(Step {
        said: None,
        cookie: Some(holder),
    })
}

/// The code of this page in a browser.
fn code_of<'a>(known: &'a Confirmation, holder: &Token) -> PageCode<'a> {
    PageCode {
        scope: ChallengeScope::from(&known.scope),
        kind: known.kind,
        asked_by: &known.organization,
        user: known.user,
        purpose: Purpose::ChangeIdentity,
        session: SessionId(holder.id()),
    }
}

async fn check(
    web: &Web,
    context: &Context,
    reader: &Reader,
    known: &Confirmation,
    code: &str,
    holder: Token,
) -> Result<Step, Failure> {
    let Some(challenge) = known.challenge else {
        return Ok(Step::wrong_code());
    };
    let proven = code_of(known, &holder).check(web, context, challenge, code).await?;
    if proven.is_none() {
        return Ok(Step::wrong_code());
    }
    let ids = &web.instance.ids;
    let call = ConfirmAddress {
        holder,
        identity: IdentityId(ids.id()),
        events: std::array::from_fn(|_| EventId(ids.id())),
        event_data: resource::user,
        language: reader.in_environment(web, known.scope.environment()).language().tag(),
        now: context.now,
    };
    // Whatever came between, the page says how things are now.
    match web.instance.store.confirm_address(&known.scope, call).await? {
        ConfirmOutcome::Confirmed => (web.wake_deliveries)(),
        ConfirmOutcome::NotShown | ConfirmOutcome::Gone => {}
    }
    Ok(Step::default())
}

async fn find(web: &Web, context: &Context, token: Option<&str>) -> Result<Option<(Token, Confirmation)>, Failure> {
    let Some(token) = token.and_then(Token::parse) else {
        return Ok(None);
    };
    let known = web.instance.store.confirmation(&token, context.now).await?;
    Ok(known.map(|known| (token, known)))
}

fn shown(
    web: &Web,
    reader: &Reader,
    headers: &HeaderMap,
    known: &Confirmation,
    flash: Option<Flash>,
) -> Result<Response, Failure> {
    let reader = &reader.in_environment(web, known.scope.environment());
    let frame = reader.frame(&known.organization, known.kind, flash);
    if known.confirmed {
        return page(reader, StatusCode::OK, &ConfirmedPage { frame }, None);
    }
    let held = holder(headers, HOLDER).is_some_and(|holder| known.is_held_by(&holder));
    let ways: Vec<Way> = known.ways.iter().map(|way| Way::of(way, known.user)).collect();
    let sent_to = ways.iter().find(|way| held && Some(&way.key) == known.sent_to.as_ref());
    let template = ConfirmPage {
        frame,
        label: ContactKind::of(known.address_kind).label(frame.words),
        address: masked(known.address_kind, &known.shown),
        sent: held && known.challenge.is_some(),
        sent_to: sent_to.map(|way| way.address.as_str()),
        ways: &ways,
    };
    page(reader, StatusCode::OK, &template, None)
}

/// The same for a page that has ended and one that was never made: it names nobody.
fn gone(reader: &Reader) -> Result<Response, Failure> {
    let template = ConfirmGonePage {
        frame: reader.plain_frame(),
    };
    page(reader, StatusCode::GONE, &template, None)
}
