//! `aboard users`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::{In, InAny};
use super::confirm::confirm;
use super::manage::{self, Session};
use super::move_users;
use super::print::{self, fields, minute, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::{UserId, UserKeyId};

/// Users of an environment.
#[derive(Subcommand)]
pub enum Users {
    /// List users, newest first
    List(List),
    /// Show one user
    Show(Who),
    /// Lock a user out: every session and token ends at once
    Suspend(Who),
    /// Let a suspended user in again
    Resume(Who),
    /// Erase a user for good: nothing brings its data back
    Erase(Erase),
    /// List the API keys that partners hold for a user, never their texts
    Keys(Who),
    /// End one of these keys at once, and every token made from it
    RevokeKey(RevokeKey),
    /// Write every user of an environment as one line of JSON each
    Export(move_users::Export),
    /// Add users from a file with one JSON object a line
    Import(move_users::Import),
}

/// Which users.
#[derive(Args)]
pub struct List {
    #[command(flatten)]
    place: In,
    /// Only who has proven this e-mail, or was brought with it by the back end
    #[arg(long, value_name = "EMAIL")]
    email: Option<String>,
    /// Likewise: +306912345678
    #[arg(long, value_name = "PHONE")]
    phone: Option<String>,
    /// Only whom a partner, or the back end, calls so
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only those older than this user: usr_…
    #[arg(long, value_name = "ID")]
    after: Option<UserId>,
    #[command(flatten)]
    settings: Settings,
}

/// Which user.
#[derive(Args)]
pub struct Who {
    /// The user: usr_…
    #[arg(value_name = "ID")]
    user: UserId,
    #[command(flatten)]
    place: InAny,
    #[command(flatten)]
    settings: Settings,
}

/// Whom to erase.
#[derive(Args)]
pub struct Erase {
    #[command(flatten)]
    who: Who,
    /// Ask nothing
    #[arg(long)]
    yes: bool,
}

/// The end of a user's key.
#[derive(Args)]
pub struct RevokeKey {
    /// The key: uky_…, as `aboard users keys` shows it
    #[arg(value_name = "KEY")]
    key: UserKeyId,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Users) -> anyhow::Result<()> {
    match command {
        Users::List(list) => {
            let command = AdminCommand::ListUsers {
                environment: list.place.environment,
                email: list.email,
                phone: list.phone,
                external_id: list.external_id,
                limit: list.limit,
                after: list.after,
            };
            manage::run(&list.settings, command, listed).await
        }
        Users::Show(who) => {
            let (environment, user) = (who.place.environment, who.user);
            manage::run(&who.settings, AdminCommand::ShowUser { environment, user }, shown).await
        }
        Users::Suspend(who) => suspend(who, true).await,
        Users::Export(export) => move_users::export(export).await,
        Users::Import(import) => move_users::import(import).await,
        Users::Resume(who) => suspend(who, false).await,
        Users::Erase(Erase { who, yes }) => erase(who, yes).await,
        Users::Keys(who) => {
            let (environment, user) = (who.place.environment, who.user);
            manage::run(&who.settings, AdminCommand::ListUserKeys { environment, user }, keys).await
        }
        Users::RevokeKey(RevokeKey { key, settings }) => {
            manage::run(&settings, AdminCommand::RevokeUserKey { key }, revoked).await
        }
    }
}

/// Shows who it is, asks, and erases.
async fn erase(who: Who, yes: bool) -> anyhow::Result<()> {
    let json = who.settings.json;
    let mut session = Session::open(&who.settings)?;
    let (environment, user) = (who.place.environment, who.user);
    let work = async {
        if !yes && !json {
            let environment = environment.clone();
            let found = session.call(AdminCommand::ShowUser { environment, user }).await?;
            print::note(&shown(&found));
        }
        confirm(yes, json, "\nErase this user for good? Nothing brings its data back.")?;
        session.call(AdminCommand::EraseUser { environment, user }).await
    };
    let answer = work.await;
    session.close().await;
    print::answer(json, &answer?, erased)
}

async fn suspend(who: Who, suspended: bool) -> anyhow::Result<()> {
    let command = AdminCommand::SuspendUser {
        environment: who.place.environment,
        user: who.user,
        suspended,
    };
    manage::run(&who.settings, command, changed).await
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["users"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            vec![
                text(row, "user_id").to_owned(),
                text(row, "status").to_owned(),
                text(row, "name").to_owned(),
                contact(row, "email"),
                contact(row, "phone"),
                minute(&row["created_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no such user.".to_owned();
    }
    let mut shown = table(&["ID", "STATUS", "NAME", "EMAIL", "PHONE", "MADE"], &rows);
    if let Some(next) = answer["next"].as_str() {
        shown.push_str("\n\nThere are more: --after ");
        shown.push_str(next);
    }
    shown
}

fn shown(user: &Value) -> String {
    let metadata = match &user["metadata"] {
        Value::Object(map) if !map.is_empty() => user["metadata"].to_string(),
        _ => String::new(),
    };
    fields(&[
        ("id", text(user, "user_id")),
        ("environment", &place(user)),
        ("status", text(user, "status")),
        ("name", text(user, "name")),
        ("email", &contact(user, "email")),
        ("phone", &contact(user, "phone")),
        ("external id", text(user, "external_id")),
        ("metadata", &metadata),
        ("wallet", &wallet(&user["wallet"])),
        ("made", &minute(&user["created_at"])),
        ("changed", &minute(&user["updated_at"])),
    ])
}

/// The environment of an answer, for people.
fn place(answer: &Value) -> String {
    format!(
        "{} of {}",
        text(answer, "environment_kind"),
        text(answer, "organization")
    )
}

/// A wallet's id, who can open it, and whether it works.
fn wallet(wallet: &Value) -> String {
    let state = |name: &'static str| (wallet[name] == Value::Bool(true)).then_some(name);
    let more = [Some(text(wallet, "custody")), state("pending"), state("frozen")];
    let more: Vec<_> = more.into_iter().flatten().collect();
    match text(wallet, "wallet_id") {
        "" => String::new(),
        id => format!("{id} ({})", more.join(", ")),
    }
}

/// An e-mail or phone, and whether the person has proven it.
fn contact(user: &Value, kind: &str) -> String {
    let verified = &user["verification_status"][format!("{kind}_verified")];
    match (text(user, kind), verified) {
        (shown, Value::Bool(true)) => format!("{shown} (verified)"),
        (shown, _) => shown.to_owned(),
    }
}

fn changed(answer: &Value) -> String {
    let user = format!("{} ({})", text(answer, "user"), place(answer));
    if answer["suspended"] == Value::Bool(true) {
        format!("{user} is suspended: every session and token has ended. `aboard users resume` lets it in again.")
    } else {
        format!("{user} may sign in again.")
    }
}

fn erased(answer: &Value) -> String {
    format!(
        "{} ({}) is erased: its sessions, keys and tokens have ended, and nothing that names the person is left.",
        text(answer, "user"),
        place(answer)
    )
}

fn keys(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["keys"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            vec![
                text(row, "id").to_owned(),
                text(row, "hint").to_owned(),
                text(row, "partner_name").to_owned(),
                minute(&row["created_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return format!(
            "No partner holds a key of {} ({}).",
            text(answer, "user"),
            place(answer)
        );
    }
    table(&["ID", "KEY", "PARTNER", "MADE"], &rows)
}

fn revoked(answer: &Value) -> String {
    format!(
        "Revoked {}, a key of {} ({}). It and its tokens fail from now on.",
        text(answer, "id"),
        text(answer, "user"),
        place(answer)
    )
}
