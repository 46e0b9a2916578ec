//! `aboard keys`.

use std::path::{Path, PathBuf};

use aboard_vault::Kms as _;
use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::arguments::{In, List, Overlap};
use super::manage;
use super::print::{self, fields, minute, number, table, text, words};
use super::rewrap::{self, Rewrap};
use super::settings::Settings;
use super::signing::{self, Signing};
use crate::admin::{AdminCommand, KeyFor};
use crate::clock::{Clock, Ids};
use crate::domain::{AppId, KeyId, PartnerId};
use crate::instance::is_beside_the_data;
use crate::kms::create_key_file;

/// The key file, and API keys.
#[derive(Subcommand)]
pub enum Keys {
    /// Make the key file: the key that seals every secret of a store
    Init(Init),
    /// Make an API key for a back end, a partner or an app
    Create(Create),
    /// List the API keys, never their texts
    List(List),
    /// Change the rate limit of an API key
    Set(Set),
    /// End an API key at once
    Revoke(Revoke),
    /// Put a new API key beside an old one, which goes on for a while
    Rotate(Rotate),
    /// Wrap everything anew under the key-encryption key that is configured now
    Rewrap(Rewrap),
    /// The keys that sign the tokens of an environment
    #[command(subcommand)]
    Signing(Signing),
}

/// A new key file.
#[derive(Args)]
pub struct Init {
    /// Where to make it; apart from the data, and backed up apart from it
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// What a key is for.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Your back end: the Authorization header of the users surface
    Server,
    /// A partner's platform: X-PARTNER-API-KEY
    Partner,
    /// An app's back end: x-client-secret
    Client,
}

/// A new API key.
#[derive(Args)]
pub struct Create {
    /// A name for people, to know it by in the list
    name: String,
    #[command(flatten)]
    place: In,
    /// Whom it is for
    #[arg(long)]
    kind: Kind,
    /// The partner of a partner key: prt_…
    #[arg(long, value_name = "ID", required_if_eq("kind", "partner"), conflicts_with = "app")]
    partner: Option<PartnerId>,
    /// The app of a client secret: app_…
    #[arg(long, value_name = "ID", required_if_eq("kind", "client"))]
    app: Option<AppId>,
    /// What it may do; repeatable [default of server keys: users, users:token, events, webhooks]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Requests per minute [default: `limits.sandbox_per_minute`, `limits.production_per_minute`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
    #[command(flatten)]
    settings: Settings,
}

/// Another rate limit.
#[derive(Args)]
pub struct Set {
    /// The key: key_…, as the list shows it
    #[arg(value_name = "ID")]
    key: KeyId,
    /// Requests per minute, or `default` for what every key of its environment has
    #[arg(long, value_name = "N", value_parser = limit)]
    per_minute: Limit,
    #[command(flatten)]
    settings: Settings,
}

/// A rate limit as it is typed; `None` is the environment's.
#[derive(Clone, Copy)]
struct Limit(Option<u32>);

fn limit(text: &str) -> Result<Limit, String> {
    let number = || text.parse().ok().filter(|number| *number > 0);
    match text {
        "default" => Ok(Limit(None)),
        _ => number()
            .map(|number| Limit(Some(number)))
            .ok_or_else(|| "write a number from 1 on, or default".to_owned()),
    }
}

/// The end of a key.
#[derive(Args)]
pub struct Revoke {
    /// The key: key_…, as the list shows it
    #[arg(value_name = "ID")]
    key: KeyId,
    #[command(flatten)]
    settings: Settings,
}

/// A successor.
#[derive(Args)]
pub struct Rotate {
    /// The key: key_…, as the list shows it
    #[arg(value_name = "ID")]
    key: KeyId,
    #[command(flatten)]
    overlap: Overlap,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Keys) -> anyhow::Result<()> {
    match command {
        Keys::Init(Init { file, settings }) => init(&file, &settings),
        Keys::Create(new) => {
            let key_for = match (new.kind, new.partner, new.app) {
                (Kind::Server, None, None) => KeyFor::Server,
                (Kind::Partner, Some(partner), None) => KeyFor::Partner(partner),
                (Kind::Client, None, Some(app)) => KeyFor::Client(app),
                _ => bail!("--kind: --partner goes with --kind partner, --app with --kind client, neither with server"),
            };
            let command = AdminCommand::CreateKey {
                environment: new.place.environment,
                name: new.name,
                key_for,
                scopes: new.scope,
                per_minute: new.per_minute,
            };
            manage::run(&new.settings, command, created).await
        }
        Keys::List(List { environment, settings }) => {
            manage::run(&settings, AdminCommand::ListKeys { environment }, listed).await
        }
        Keys::Set(Set {
            key,
            per_minute: Limit(per_minute),
            settings,
        }) => manage::run(&settings, AdminCommand::SetKeyLimit { key, per_minute }, limited).await,
        Keys::Revoke(Revoke { key, settings }) => {
            manage::run(&settings, AdminCommand::RevokeKey { key }, revoked).await
        }
        Keys::Rotate(Rotate { key, overlap, settings }) => {
            let overlap_seconds = overlap.overlap;
            manage::run(&settings, AdminCommand::RotateKey { key, overlap_seconds }, rotated).await
        }
        Keys::Rewrap(rewrap) => rewrap::run(rewrap).await,
        Keys::Signing(command) => signing::run(command).await,
    }
}

fn init(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let config = settings.load(&[])?;
    let shown = file.display();
    if is_beside_the_data(&config, file) {
        bail!(
            "FILE: {shown} lies in the data directory, so a stolen backup of the data would hold its key as well. Choose a place apart from it."
        );
    }
    if file.exists() {
        bail!(
            "FILE: {shown} is there already and is never overwritten: what it sealed would be lost. Choose another name."
        );
    }
    let key = create_key_file(file, &Ids::new(Clock::System))?;
    let file = file.canonicalize()?;
    let answer = json!({ "file": file.display().to_string(), "id": key.id() });
    print::answer(settings.json, &answer, |answer| {
        let file = text(answer, "file");
        format!(
            "Made the key file {file} ({}).\n\nBack it up now, apart from the data and the data's backups: without it every secret in the store is lost.\n\nNext: aboard serve --set keys.file={file} …",
            text(answer, "id"),
        )
    })
}

fn created(made: &Value) -> String {
    format!(
        "Made the {} key {} in the {} of {}.\n\n{}\n\nKeep the key now: it is not shown again.",
        text(made, "kind"),
        text(made, "name"),
        text(made, "environment_kind"),
        text(made, "organization"),
        fields(&[
            ("key", text(made, "key")),
            ("id", text(made, "id")),
            ("scopes", &words(&made["scopes"])),
            ("per minute", &number(&made["per_minute"])),
        ]),
    )
}

fn limited(answer: &Value) -> String {
    let id = text(answer, "id");
    match answer["per_minute"].as_u64() {
        Some(limit) => format!("{id} has {limit} requests a minute from now on."),
        None => format!("{id} has as many requests a minute as every key of its environment."),
    }
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["keys"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let state = match text(row, "state") {
                "ending" => format!("until {}", minute(&row["expires_at"])),
                state => state.to_owned(),
            };
            vec![
                text(row, "id").to_owned(),
                text(row, "kind").to_owned(),
                text(row, "environment_kind").to_owned(),
                text(row, "name").to_owned(),
                text(row, "hint").to_owned(),
                state,
                minute(&row["last_used_at"]),
                number(&row["per_minute"]),
                text(row, "owner").to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no key yet. Make one with `aboard keys create --environment sandbox --kind server NAME`."
            .to_owned();
    }
    table(
        &[
            "ID",
            "KIND",
            "ENVIRONMENT",
            "NAME",
            "KEY",
            "STATE",
            "LAST USED",
            "PER MINUTE",
            "OWNER",
        ],
        &rows,
    )
}

fn revoked(answer: &Value) -> String {
    let (id, name) = (text(answer, "id"), text(answer, "name"));
    if answer["was_revoked_before"] == Value::Bool(true) {
        let at = minute(&answer["revoked_at"]);
        return format!("{id} ({name}) was revoked before, at {at}.");
    }
    format!("Revoked {id} ({name}). It fails from now on.")
}

fn rotated(made: &Value) -> String {
    format!(
        "Made a new key beside {}.\n\n{}\n\nKeep the key now: it is not shown again.",
        text(made, "replaces"),
        fields(&[
            ("key", text(made, "key")),
            ("id", text(made, "id")),
            ("old key until", &minute(&made["old_key_ends_at"])),
        ]),
    )
}
