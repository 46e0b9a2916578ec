//! `GET /inbox/{token}`: what the sandbox of `aboard dev` would have sent, for the developer; nothing in `aboard serve`.
//!
//! The address is printed at the start and holds a secret of that start, so that a page of another site that a
//! developer opens cannot guess it. The page asks for itself again, without a script.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::reader::Reader;
use super::render::{moment, page};
use super::view::{InboxPage, KeptMessage};
use crate::domain::{ApiKey, Code, EnvironmentKind, Token};
use crate::inbox::InboxContent;
use crate::web::{Context, Failure, Segment, Web};

/// Messages that one page shows.
const SHOWN: u32 = 30;

/// The newest messages with their codes, the newest first.
pub async fn inbox(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(token): Segment,
) -> Result<Response, Failure> {
    let nothing = || Failure::new(Code::RouteNotFound);
    let welcome = web.welcome.as_ref().ok_or_else(nothing)?;
    let token = token.as_deref().and_then(Token::parse).ok_or_else(nothing)?;
    if !token.matches(&welcome.inbox.hash()) {
        return Err(nothing());
    }
    let key = ApiKey::parse(&welcome.server_key).map_err(|_| nothing())?;
    let store = &web.instance.store;
    let presented = store.authenticate(&key, context.now).await?;
    let scope = presented.and_then(|presented| presented.credential.server_scope());
    let sandbox = scope.filter(|scope| scope.kind() == EnvironmentKind::Sandbox);
    let scope = sandbox.ok_or_else(nothing)?;
    let words = reader.words();
    let mut messages = Vec::new();
    for kept in store.inbox(&scope, None, SHOWN).await? {
        let opened = InboxContent::open(&web.instance.vault, scope.environment(), &kept).map_err(Failure::internal)?;
        messages.push(KeptMessage {
            at: words.since(moment(kept.created_at), moment(context.now)),
            channel: kept.channel,
            to: kept.recipient,
            subject: opened.subject,
            text: opened.text,
            code: opened.code,
        });
    }
    let template = InboxPage {
        frame: reader.plain_frame(),
        messages: &messages,
    };
    page(&reader, StatusCode::OK, &template, None)
}
