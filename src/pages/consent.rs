//! `GET /consent/{wallet}/{app}` and `POST`: a person lets an app work with their wallet, or takes that back.
//!
//! Looking changes nothing and tells nothing of the person. A code that goes to an address of the wallet's owner, whose
//! text names the purpose and the app, is what decides; it is typed here, in the browser that asked for it: in another one
//! it is a wrong code. The person chooses what the app may do and for how long.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::SignedDuration;

use super::form::Form;
use super::reader::Reader;
use super::render::page;
use super::step_up::{StepUp, status};
use super::view::{Frame, initial};
use super::words::Flash;
use crate::domain::{AppId, Code, ConsentScopes, Language, Purpose, WalletId};
use crate::store::{App, AppScope, Consent, Wallet};
use crate::web::{Context, Failure, Web, is_own_click};
use crate::words::Part;

/// The page, in each of its states.
#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame<'a>,
    app: &'a str,
    /// The challenge of a code that is on its way.
    challenge: String,
    state: Stage,
}

/// What the page asks or tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asks,
    WaitsForCode,
    WrongCode,
    Allowed,
    TakenBack,
    /// The wallet went to another log-in while the code was typed.
    Moved,
    NoAddress,
}

/// The page that names the app and asks.
pub async fn show(
    State(web): State<Web>,
    reader: Reader,
    path: Option<Path<(String, String)>>,
) -> Result<Response, Failure> {
    let (app, _, _) = find(&web, path).await?;
    render(
        &reader.in_environment(&web, app.environment),
        &app,
        Stage::Asks,
        "",
        None,
    )
}

/// A click: asks for a code, or types one.
pub async fn decide(
    State(web): State<Web>,
    context: Context,
    reader: Reader,
    headers: HeaderMap,
    path: Option<Path<(String, String)>>,
    form: Form,
) -> Result<Response, Failure> {
    let (app, scope, wallet) = find(&web, path).await?;
    let reader = reader.in_environment(&web, app.environment);
    if !is_own_click(&headers, &web.public_url) {
        return render(&reader, &app, Stage::Asks, "", Some(Flash::FromElsewhere));
    }
    let step_up = StepUp {
        app: &app,
        scope: &scope,
        wallet: &wallet,
        purpose: Purpose::GiveConsent,
        headers: &headers,
    };
    let (does, challenge) = (form.text("do"), form.text("challenge"));
    if !matches!(does, "allow" | "stop") {
        let states = [Stage::Asks, Stage::WaitsForCode, Stage::NoAddress];
        let sent = step_up.send(&web, &context, &reader).await?;
        return sent.shown(challenge, states, |state, challenge, said| {
            render(&reader, &app, state, challenge, said)
        });
    }
    let Some(owner) = step_up.owner(&web, &context, challenge, form.text("code")).await? else {
        return render(&reader, &app, Stage::WrongCode, challenge, None);
    };
    let store = &web.instance.store;
    if does == "stop" {
        store.withdraw_consent(&owner, wallet.id, app.id, context.now).await?;
        return render(&reader, &app, Stage::TakenBack, "", None);
    }
    let consent = Consent {
        app: app.id,
        environment: app.environment,
        wallet: wallet.id,
        scopes: match form.text("scope") {
            "all" => ConsentScopes::ALL,
            _ => ConsentScopes::WITHOUT_SENDING,
        },
        expires_at: match form.text("for") {
            "always" => None,
            "month" => Some(context.now + SignedDuration::from_hours(30 * 24)),
            _ => Some(context.now + SignedDuration::from_hours(24)),
        },
    };
    let allowed = store.grant_consent(&owner, consent, context.now).await?;
    let stage = if allowed { Stage::Allowed } else { Stage::Moved };
    render(&reader, &app, stage, "", None)
}

/// The app and the wallet of an address, which have to be of one environment.
async fn find(web: &Web, path: Option<Path<(String, String)>>) -> Result<(App, AppScope, Wallet), Failure> {
    let unknown = || Failure::new(Code::RouteNotFound);
    let Path((wallet, app)) = path.ok_or_else(unknown)?;
    let wallet: WalletId = wallet.parse().map_err(|_| unknown())?;
    let app: AppId = app.parse().map_err(|_| unknown())?;
    let store = &web.instance.store;
    let app = store.app(app).await?.ok_or_else(unknown)?;
    let scope = app.public_scope();
    let wallet = store.wallet_named(&scope, wallet).await?;
    let wallet = wallet.filter(|wallet| !wallet.pending).ok_or_else(unknown)?;
    Ok((app, scope, wallet))
}

fn render(
    reader: &Reader,
    app: &App,
    state: Stage,
    challenge: &str,
    flash: Option<Flash>,
) -> Result<Response, Failure> {
    let shown = ConsentPage {
        frame: reader.frame(&app.name, app.kind, flash),
        app: &app.name,
        challenge: challenge.to_owned(),
        state,
    };
    page(reader, status(state == Stage::WrongCode, flash), &shown, None)
}
