//! Users leave as lines, and come as lines.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::command::{environment, within};
use super::user_lines;
use crate::domain::{EventId, UserId};
use crate::instance::Instance;
use crate::store::{ImportUsers, Imported, UserFilter};

/// A line of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NumberedLine {
    /// Its number, from 1.
    pub line: u64,
    /// One user as JSON.
    pub text: String,
}

/// A page of users as lines, newest first.
pub async fn export(
    instance: &Instance,
    in_environment: &str,
    after: Option<UserId>,
    limit: u32,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let scope = instance.store.system().users_of(environment.id);
    let page = instance
        .store
        .users(scope, &UserFilter::default(), after, limit)
        .await?;
    let users: Vec<Value> = page.users.iter().map(user_lines::written).collect();
    Ok(within(&environment, json!({ "users": users, "next": page.next })))
}

/// Adds the users of some lines, in one transaction.
pub async fn import(
    instance: &Instance,
    in_environment: &str,
    lines: Vec<NumberedLine>,
    trusted: bool,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let now = instance.clock.now();
    let (mut users, mut numbers, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for NumberedLine { line, text } in lines {
        match user_lines::read(instance, &environment, &text, trusted, now) {
            Ok(user) => {
                users.push(user);
                numbers.push(line);
            }
            Err((field, why)) => errors.push((line, field, why)),
        }
    }
    let call = ImportUsers {
        users,
        event: EventId(instance.ids.id()),
        now,
    };
    let scope = instance.store.system().users_of(environment.id);
    let outcomes = instance.store.import_users(scope, call).await?;
    let (mut imported, mut known) = (0_u64, 0_u64);
    for (line, outcome) in numbers.into_iter().zip(outcomes) {
        match said(outcome) {
            None if matches!(outcome, Imported::Added(_)) => imported += 1,
            None => known += 1,
            Some((field, why)) => errors.push((line, field, why)),
        }
    }
    errors.sort_by_key(|(line, ..)| *line);
    if trusted && imported > 0 {
        tracing::info!(environment = %environment.id, imported, "users were imported, and the operator vouched for what is verified");
    }
    let errors: Vec<Value> = errors
        .into_iter()
        .map(|(line, field, message)| json!({ "line": line, "field": field, "message": message }))
        .collect();
    Ok(within(
        &environment,
        json!({ "imported": imported, "known": known, "errors": errors }),
    ))
}

/// Why a user was not taken, if it was not.
fn said(outcome: Imported) -> Option<(&'static str, String)> {
    Some(match outcome {
        Imported::Added(_) | Imported::Known(_) => return None,
        Imported::IdElsewhere => (
            "id",
            "Another environment has a user with this id; leave it out for a new one.".to_owned(),
        ),
        Imported::IdErased => (
            "id",
            "The user with this id was erased, and its id is never somebody else's; leave it out for a new one."
                .to_owned(),
        ),
        Imported::ExternalIdTaken(user) => ("external_id", format!("It is {user}'s; correct one of the two.")),
        Imported::EmailTaken(user) => ("email", format!("{user} was brought with it; correct one of the two.")),
        Imported::EmailProven(user) => (
            "email_verified",
            format!("{user} has proven this e-mail, and it can be verified for one user alone; send false."),
        ),
        Imported::PhoneProven(user) => (
            "phone_verified",
            format!("{user} has proven this phone, and it can be verified for one user alone; send false."),
        ),
    })
}
