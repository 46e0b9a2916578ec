//! `GET /account`: who am I. `POST /account/logout`, `POST /account/logout_everywhere`.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::reader::Reader;
use super::render::{moment, page};
use super::view::{AccountPage, Contact, Frame, SignedOutPage};
use super::words::{ContactKind, Flash, SignedOut};
use crate::store::Session;
use crate::web::{Browser, Context, Failure, Web, is_own_click, session_cookie};

/// The account behind the newest session of this browser.
pub async fn show(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    browser: Browser,
) -> Result<Response, Failure> {
    account_page(&web, &context, &reader, &browser, None).await
}

/// Ends this browser's sessions, in whichever environments it has them.
pub async fn logout(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    end(&web, &context, &reader, &browser, &headers, SignedOut::Here).await
}

/// Ends every session and token of the users of this browser's sessions.
pub async fn logout_everywhere(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    end(&web, &context, &reader, &browser, &headers, SignedOut::Everywhere).await
}

async fn end(
    web: &Web,
    context: &Context,
    reader: &Reader,
    browser: &Browser,
    headers: &HeaderMap,
    how: SignedOut,
) -> Result<Response, Failure> {
    if !is_own_click(headers, &web.public_url) {
        return account_page(web, context, reader, browser, Some(Flash::FromElsewhere)).await;
    }
    if browser.sessions.is_empty() {
        return signed_out(reader, SignedOut::NoSession, &[]);
    }
    for session in &browser.sessions {
        match how {
            SignedOut::Everywhere => web.instance.store.end_all_sessions(&session.scope, context.now).await?,
            SignedOut::Here | SignedOut::NoSession => web.instance.store.end_session(session, context.now).await?,
        }
    }
    signed_out(reader, how, &browser.sessions)
}

async fn account_page(
    web: &Web,
    context: &Context,
    reader: &Reader,
    browser: &Browser,
    flash: Option<Flash>,
) -> Result<Response, Failure> {
    let Some(session) = browser.sessions.first() else {
        return signed_out(reader, SignedOut::NoSession, &[]);
    };
    let Some(account) = web.instance.store.account(&session.scope).await? else {
        return signed_out(reader, SignedOut::NoSession, &[]);
    };
    let reader = &reader.in_environment(web, session.scope.environment());
    let contacts: Vec<Contact<'_>> = account
        .identities
        .iter()
        .map(|identity| Contact {
            label: ContactKind::of(&identity.kind).label(reader.words()),
            value: &identity.shown,
            confirmed: identity.verified,
        })
        .collect();
    let user_id = account.user.to_string();
    let template = AccountPage {
        frame: reader.frame(&account.organization, session.kind, flash),
        name: account.name.as_deref(),
        contacts: &contacts,
        partner: account.partner.as_deref().unwrap_or(&account.organization),
        signed_in_at: moment(session.auth_time),
        now: moment(context.now),
        user_id: &user_id,
    };
    page(reader, StatusCode::OK, &template, None)
}

fn signed_out(reader: &Reader, how: SignedOut, ended: &[Session]) -> Result<Response, Failure> {
    let mut response = page(
        reader,
        StatusCode::OK,
        &SignedOutPage {
            frame: Frame {
                switch: Some("/account"),
                ..reader.plain_frame()
            },
            how,
        },
        None,
    )?;
    for session in ended {
        let cookie = session_cookie(session.scope.environment(), "", 0);
        let cookie = HeaderValue::from_str(&cookie).map_err(|error| Failure::internal(error.to_string()))?;
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
