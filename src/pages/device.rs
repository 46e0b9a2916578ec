//! `GET /device/{device}` and `POST`: a person lets a log-in on a new device do everything, before its day is over.
//!
//! Looking changes nothing and tells nothing of the person. What decides is a code that goes to an address of theirs which the
//! log-in did not prove, and which was theirs a day before; typed here in the browser that asked for it. Where there is no
//! such address, the page says so, and when the day is over.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::form::Form;
use super::reader::Reader;
use super::render::{moment, page};
use super::step_up::{StepUp, status};
use super::view::{Frame, initial};
use super::words::Flash;
use crate::domain::{Code, DeviceId, Language, NewDevices, Purpose};
use crate::store::{App, AppScope, DeviceHold, Wallet};
use crate::web::{Context, Failure, Segment, Web, is_own_click};
use crate::words::Part;

/// The page, in each of its states.
#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage<'a> {
    frame: Frame<'a>,
    app: &'a str,
    /// The challenge of a code that is on its way.
    challenge: String,
    /// When it ends by itself.
    when: String,
    state: Stage,
}

/// What the page asks or tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asks,
    WaitsForCode,
    WrongCode,
    Done,
    Over,
    NoAddress,
}

/// What an address names.
struct Found {
    device: DeviceId,
    hold: DeviceHold,
    app: App,
    scope: AppScope,
    /// What the log-in reaches, while it waits.
    wallet: Option<Wallet>,
}

/// The page that names the app and asks.
pub async fn show(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    Segment(id): Segment,
) -> Result<Response, Failure> {
    let found = find(&web, &context, id).await?;
    let reader = reader.in_environment(&web, found.app.environment);
    found.render(&reader, found.stage(), "", &context, None)
}

/// A click: asks for a code, or types one.
pub async fn decide(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    headers: HeaderMap,
    Segment(id): Segment,
    form: Form,
) -> Result<Response, Failure> {
    let found = find(&web, &context, id).await?;
    let reader = reader.in_environment(&web, found.app.environment);
    if !is_own_click(&headers, &web.public_url) {
        return found.render(&reader, found.stage(), "", &context, Some(Flash::FromElsewhere));
    }
    let Some(wallet) = &found.wallet else {
        return found.render(&reader, Stage::Over, "", &context, None);
    };
    let store = &web.instance.store;
    let step_up = StepUp {
        app: &found.app,
        scope: &found.scope,
        wallet,
        purpose: Purpose::TrustDevice,
        headers: &headers,
    };
    let challenge = form.text("challenge");
    if form.text("do") != "allow" {
        let address = store.device_contact(found.device).await?;
        let states = [Stage::Asks, Stage::WaitsForCode, Stage::NoAddress];
        let sent = step_up.send_to(&web, &context, &reader, address).await?;
        return sent.shown(challenge, states, |state, challenge, said| {
            found.render(&reader, state, challenge, &context, said)
        });
    }
    let Some((owner, key)) = step_up.proven(&web, &context, challenge, form.text("code")).await? else {
        return found.render(&reader, Stage::WrongCode, challenge, &context, None);
    };
    let lifted = store.lift_device_hold(&owner, found.device, &key, context.now).await?;
    let stage = if lifted { Stage::Done } else { Stage::Over };
    found.render(&reader, stage, "", &context, None)
}

/// The hold of an address, with its app and the wallet that waits.
async fn find(web: &Web, context: &Context, id: Option<String>) -> Result<Found, Failure> {
    let unknown = || Failure::new(Code::RouteNotFound);
    let device: DeviceId = id.and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let store = &web.instance.store;
    let hold = store.device_hold(device).await?.ok_or_else(unknown)?;
    let app = store.app(hold.app).await?.ok_or_else(unknown)?;
    let scope = app.public_scope();
    let holds = web.instance.settings.of(hold.environment).wallets.new_device == NewDevices::Hold;
    let known = if holds && hold.is_on(context.now) {
        store.wallet_of(&scope, hold.user, context.now).await?
    } else {
        None
    };
    Ok(Found {
        device,
        hold,
        app,
        scope,
        wallet: known.map(|known| known.wallet),
    })
}

impl Found {
    fn stage(&self) -> Stage {
        match &self.wallet {
            Some(_) => Stage::Asks,
            None => Stage::Over,
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
        let shown = DevicePage {
            app: &self.app.name,
            challenge: challenge.to_owned(),
            when: frame.words.at(moment(self.hold.ends_at), moment(context.now)),
            frame,
            state,
        };
        page(reader, status(state == Stage::WrongCode, flash), &shown, None)
    }
}
