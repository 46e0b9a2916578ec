//! `GET /consent/{wallet}/{app}` and `POST`: a person lets an app work with their wallet, or takes that back.
//!
//! Looking changes nothing and tells nothing of the person. A code that goes to an address of the wallet's owner, whose
//! text names the purpose and the app, is what decides; it is typed here, in the browser that asked for it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use zeroize::Zeroizing;

use super::form::Form;
use super::reader::Reader;
use super::render::page;
use super::view::{Frame, initial};
use super::words::Flash;
use crate::domain::{AppId, ChallengeId, Code, Destination, Email, Language, Phone, Purpose, WalletId};
use crate::store::{App, AppScope, ChallengeScope, Consent, ProofOutcome, Wallet};
use crate::web::codes::{Ask, Try, ask, prove};
use crate::web::{Call, Context, Failure, Web, is_own_click};
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
    let does = form.text("do");
    if !matches!(does, "allow" | "stop") {
        return send(&web, &context, &reader, &app, &scope, &wallet).await;
    }
    let challenge = form.text("challenge");
    let code = Zeroizing::new(form.text("code").to_owned());
    let wrong = || render(&reader, &app, Stage::WrongCode, challenge, None);
    let Ok(id) = challenge.parse::<ChallengeId>() else {
        return wrong();
    };
    let typed = Try {
        scope: ChallengeScope::from(&scope),
        challenge: id,
        user: Some(wallet.user),
        session: None,
        purpose: Purpose::GiveConsent,
        kind: None,
        code: code.trim(),
        claim: None,
    };
    let Call::Done(ProofOutcome::Proven(proven)) = prove(&web, &context, typed).await? else {
        return wrong();
    };
    let Some(owner) = wallet.owned_by(&proven) else {
        return wrong();
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
        expires_at: None,
    };
    if !store.grant_consent(&owner, consent, context.now).await? {
        return wrong();
    }
    render(&reader, &app, Stage::Allowed, "", None)
}

/// A code to the owner's own address.
async fn send(
    web: &Web,
    context: &Context,
    reader: &Reader,
    app: &App,
    scope: &AppScope,
    wallet: &Wallet,
) -> Result<Response, Failure> {
    let known = web.instance.store.wallet_contact(scope, wallet.id).await?;
    let destination = known.and_then(|(kind, key)| match &*kind {
        "email" => Email::parse(&key)
            .ok()
            .map(|email| (Destination::Email(email), "email")),
        _ => Phone::parse_e164(&key)
            .ok()
            .map(|phone| (Destination::Phone(phone), "sms")),
    });
    let Some((to, channel)) = destination else {
        return render(reader, app, Stage::NoAddress, "", None);
    };
    let challenge = ChallengeId(web.instance.ids.id());
    let asked = Ask {
        id: challenge,
        scope: ChallengeScope::from(scope),
        kind: app.kind,
        asked_by: &app.name,
        user: Some(wallet.user),
        session: None,
        purpose: Purpose::GiveConsent,
        to,
        // Not the one of WhatsApp, whose template cannot say what the code is for.
        channel,
        language: reader.language(),
        device: None,
        repeatable: None,
    };
    ask(web, context, asked).await?;
    render(reader, app, Stage::WaitsForCode, &challenge.to_string(), None)
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
    let status = if state == Stage::WrongCode {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    page(reader, status, &shown, None)
}
