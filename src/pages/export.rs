//! `GET /export/{export}` and `POST`: a person proves that they want the phrase of their wallet, or stops it.
//!
//! Looking changes nothing and tells nothing of the person. Whoever has the address may stop the export: that harms
//! nobody. A code that goes to an address of the wallet's owner, whose text names the purpose and the app, typed here in the browser that
//! asked for it, lets it go on.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::form::Form;
use super::reader::Reader;
use super::render::{moment, page};
use super::step_up::{StepUp, status};
use super::view::{Frame, initial};
use super::words::Flash;
use crate::domain::{Code, ExportId, Language, Purpose};
use crate::store::{App, AppScope, Export, ExportState, Wallet};
use crate::web::{Context, Failure, Segment, Web, is_own_click};
use crate::words::Part;

/// How long a phrase that is ready can be taken out.
const TO_TAKE: SignedDuration = SignedDuration::from_hours(24);

/// The page, in each of its states.
#[derive(Template)]
#[template(path = "export.html")]
struct ExportPage<'a> {
    frame: Frame<'a>,
    app: &'a str,
    /// The challenge of a code that is on its way.
    challenge: String,
    /// From when on the phrase can be taken out.
    when: String,
    state: Stage,
}

/// What the page asks or tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asks,
    WaitsForCode,
    WrongCode,
    Waits,
    Over,
    NoAddress,
}

/// What an address names.
struct Found {
    app: App,
    scope: AppScope,
    wallet: Wallet,
    export: Export,
}

/// The page that names the app and asks.
pub async fn show(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(id): Segment,
) -> Result<Response, Failure> {
    let found = find(&web, id).await?;
    let reader = reader.in_environment(&web, found.app.environment);
    found.render(&reader, found.stage(context.now), "", &context, None)
}

/// A click: asks for a code, types one, or stops the export.
pub async fn decide(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    headers: HeaderMap,
    Segment(id): Segment,
    form: Form,
) -> Result<Response, Failure> {
    let mut found = find(&web, id).await?;
    let reader = reader.in_environment(&web, found.app.environment);
    let stage = found.stage(context.now);
    if !is_own_click(&headers, &web.public_url) {
        return found.render(&reader, stage, "", &context, Some(Flash::FromElsewhere));
    }
    let store = &web.instance.store;
    let does = form.text("do");
    if does == "stop" {
        store.stop_export(&found.scope, found.export.id).await?;
        return found.render(&reader, Stage::Over, "", &context, None);
    }
    if stage != Stage::Asks {
        return found.render(&reader, stage, "", &context, None);
    }
    let step_up = StepUp {
        app: &found.app,
        scope: &found.scope,
        wallet: &found.wallet,
        purpose: Purpose::ExportWallet,
        headers: &headers,
    };
    let challenge = form.text("challenge");
    if does != "allow" {
        let states = [Stage::Asks, Stage::WaitsForCode, Stage::NoAddress];
        let sent = step_up.send(&web, &context, &reader).await?;
        return sent.shown(challenge, states, |state, challenge, said| {
            found.render(&reader, state, challenge, &context, said)
        });
    }
    let Some(owner) = step_up.owner(&web, &context, challenge, form.text("code")).await? else {
        return found.render(&reader, Stage::WrongCode, challenge, &context, None);
    };
    let ready_at = context.now + web.instance.settings.of(found.app.environment).wallets.export_delay();
    let times = (ready_at, ready_at + TO_TAKE);
    if !store.prove_export(&owner, found.export.id, times, context.now).await? {
        return found.render(&reader, Stage::Over, "", &context, None);
    }
    found.export.ready_at = Some(ready_at);
    found.render(&reader, Stage::Waits, "", &context, None)
}

/// The export of an address, with its app and its wallet.
async fn find(web: &Web, id: Option<String>) -> Result<Found, Failure> {
    let unknown = || Failure::new(Code::RouteNotFound);
    let id: ExportId = id.and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let store = &web.instance.store;
    let export = store.export(id).await?.ok_or_else(unknown)?;
    let app = store.app(export.app).await?.ok_or_else(unknown)?;
    let scope = app.public_scope();
    let wallet = store.wallet_named(&scope, export.wallet).await?.ok_or_else(unknown)?;
    Ok(Found {
        app,
        scope,
        wallet,
        export,
    })
}

impl Found {
    fn stage(&self, now: Timestamp) -> Stage {
        let over = self.export.expires_at <= now || self.wallet.user != self.export.user || self.wallet.frozen;
        match self.export.state {
            _ if over => Stage::Over,
            ExportState::Asked => Stage::Asks,
            ExportState::Proven => Stage::Waits,
            ExportState::Done | ExportState::Stopped => Stage::Over,
        }
    }

    fn render(
        &self,
        reader: &Reader,
        state: Stage,
        challenge: &str,
        context: &Context,
        flash: Option<Flash>,
    ) -> Result<Response, Failure> {
        let frame = reader.frame(&self.app.name, self.app.kind, flash);
        let ready_at = self.export.ready_at.unwrap_or(context.now);
        let shown = ExportPage {
            app: &self.app.name,
            challenge: challenge.to_owned(),
            when: frame.words.at(moment(ready_at), moment(context.now)),
            frame,
            state,
        };
        page(reader, status(state == Stage::WrongCode, flash), &shown, None)
    }
}
