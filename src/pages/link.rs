//! `GET /{link}` and `POST /{link}`: the page of a login link, and the click that consumes it.
//!
//! Looking changes nothing: mail and chat scanners open links before people do. Only a POST that a person's
//! own click sends consumes one, and of any number of them exactly one gets a session.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::form::Form;
use super::masks::mask_email;
use super::reader::Reader;
use super::render::{moment, page};
use super::view::{Frame, GonePage, LinkPage, ReplacePage};
use super::words::Flash;
use crate::domain::{Code, EventId, LoginLinkId, SessionId, Token};
use crate::resource;
use crate::store::{LinkPreview, NewOneTimeCode, NewSession, Redemption, RedemptionOutcome, Session};
use crate::web::{Browser, Context, Failure, Segment, Web, is_own_click, session_cookie};

/// The page that names who sent the person and whom the link logs in; 410 for a link that is used, expired or
/// was never made, the same for all three.
pub async fn show(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(link): Segment,
) -> Result<Response, Failure> {
    let Some((_, preview)) = find(&web, &context, link.as_deref()).await? else {
        return gone(&reader);
    };
    link_page(&web, &context, &reader, &preview, None)
}

/// The click: begins a session and goes to the return URL with a one-time code, or to the account page.
pub async fn redeem(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    browser: Browser,
    headers: HeaderMap,
    Segment(link): Segment,
    form: Form,
) -> Result<Response, Failure> {
    let Some((token, preview)) = find(&web, &context, link.as_deref()).await? else {
        return gone(&reader);
    };
    if !is_own_click(&headers, &web.public_url) {
        return link_page(&web, &context, &reader, &preview, Some(Flash::FromElsewhere));
    }
    let current = browser.session_in(preview.environment);
    let other = current.filter(|session| session.scope.user() != preview.user);
    let agreed = form.is("replace", "yes");
    if let Some(other) = other.filter(|_| !agreed) {
        return replace_page(&web, &context, &reader, &preview, other).await;
    }
    let settings = web.instance.settings.of(preview.environment);
    let login = &settings.login;
    let ids = &web.instance.ids;
    let cookie = Token::new(ids.id(), ids.secret());
    let code = Token::new(token.id(), ids.secret());
    let destination = destination(&web, &preview);
    let redemption = Redemption {
        now: context.now,
        link: LoginLinkId(token.id()),
        hash: token.hash(),
        session: NewSession {
            id: SessionId(cookie.id()),
            hash: cookie.hash(),
            expires_at: context.now + login.session_life(),
        },
        code: destination.as_ref().map(|url| NewOneTimeCode {
            hash: code.hash(),
            return_url: url.to_string(),
            expires_at: context.now + login.code_life(),
        }),
        replaces: current.map(|session| session.id),
        event: EventId(ids.id()),
        event_body: resource::login_by_link(&preview, context.now),
    };
    match web.instance.store.redeem_login_link(redemption).await? {
        RedemptionOutcome::Gone => gone(&reader),
        RedemptionOutcome::Redeemed(_) => {
            let location = match destination {
                None => "/account".to_owned(),
                Some(mut url) => {
                    url.query_pairs_mut().append_pair("code", code.expose());
                    if let Some(state) = &preview.state {
                        url.query_pairs_mut().append_pair("state", state);
                    }
                    url.to_string()
                }
            };
            let cookie = session_cookie(preview.environment, cookie.expose(), login.session_life().as_secs());
            let headers = [
                (LOCATION, location),
                (SET_COOKIE, cookie),
                (CACHE_CONTROL, "no-store".to_owned()),
                (REFERRER_POLICY, "same-origin".to_owned()),
            ];
            Ok((StatusCode::SEE_OTHER, headers).into_response())
        }
    }
}

async fn find(web: &Web, context: &Context, link: Option<&str>) -> Result<Option<(Token, LinkPreview)>, Failure> {
    // Something as short as a mistyped page is no login link.
    let link = link.filter(|link| link.len() >= 32);
    let link = link.ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    let Some(token) = Token::parse(link) else {
        return Ok(None);
    };
    let preview = web.instance.store.preview_login_link(&token, context.now).await?;
    // A link of the other kind than the host's is as good as none.
    Ok(preview
        .filter(|preview| context.serves(preview.kind))
        .map(|preview| (token, preview)))
}

/// Where the person goes after log-in: what the link asks for if it is (still) registered, else the default.
fn destination(web: &Web, preview: &LinkPreview) -> Option<Url> {
    let settings = web.instance.settings.of(preview.environment);
    let registered = &settings.login.return_urls;
    let asked = preview.return_url.as_ref().filter(|url| registered.contains(url));
    Url::parse(asked.or(registered.first())?).ok()
}

fn frame<'a>(reader: &Reader, preview: &'a LinkPreview, flash: Option<Flash>) -> Frame<'a> {
    reader.frame(&preview.organization, preview.kind, flash)
}

fn link_page(
    web: &Web,
    context: &Context,
    reader: &Reader,
    preview: &LinkPreview,
    flash: Option<Flash>,
) -> Result<Response, Failure> {
    let reader = &reader.in_environment(web, preview.environment);
    let template = LinkPage {
        frame: frame(reader, preview, flash),
        partner: &preview.partner,
        user: &mask_email(&preview.email),
        until: moment(preview.expires_at),
        now: moment(context.now),
    };
    page(
        reader,
        StatusCode::OK,
        &template,
        return_origin(web, preview).as_deref(),
    )
}

async fn replace_page(
    web: &Web,
    context: &Context,
    reader: &Reader,
    preview: &LinkPreview,
    other: &Session,
) -> Result<Response, Failure> {
    let reader = &reader.in_environment(web, preview.environment);
    let account = web.instance.store.account(&other.scope).await?;
    let email = account.and_then(|account| account.identities.into_iter().find(|identity| identity.kind == "email"));
    let template = ReplacePage {
        frame: frame(reader, preview, None),
        partner: &preview.partner,
        current: &email.map_or_else(|| other.scope.user().to_string(), |email| mask_email(&email.shown)),
        user: &mask_email(&preview.email),
        until: moment(preview.expires_at),
        now: moment(context.now),
    };
    page(
        reader,
        StatusCode::OK,
        &template,
        return_origin(web, preview).as_deref(),
    )
}

fn return_origin(web: &Web, preview: &LinkPreview) -> Option<String> {
    destination(web, preview).map(|url| url.origin().ascii_serialization())
}

/// The same for a used, an expired and an unknown link: it names nobody.
fn gone(reader: &Reader) -> Result<Response, Failure> {
    let template = GonePage {
        frame: reader.plain_frame(),
    };
    page(reader, StatusCode::GONE, &template, None)
}
