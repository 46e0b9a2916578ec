//! `aboard doctor`: looks at everything a server stands on and changes nothing.

mod files;
mod nodes;
mod server;
mod store;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::manage::running;
use super::print;
use super::safety::{refusals, warnings};
use super::settings::Settings;
use crate::config::Config;

/// Look for what is wrong, and say what to do.
///
/// Looks at the configuration, the key file, the store, its schema, whether it really syncs, its clock, and
/// whether a server and the nodes of the networks answer. Changes nothing. Exit code 1 if anything is wrong.
#[derive(Args)]
pub struct Doctor {
    /// Leave out whether a server and the nodes of the networks answer
    #[arg(long)]
    offline: bool,
    /// Where the server listens [default: where the one that runs on this store does, or server.listen]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    settings: Settings,
}

/// One thing that was looked at.
#[derive(Serialize)]
pub struct Check {
    name: &'static str,
    ok: bool,
    /// What was found.
    detail: String,
    /// What to do about it.
    advice: Option<String>,
}

impl Check {
    fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            detail: detail.into(),
            advice: None,
        }
    }

    fn bad(name: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            detail: detail.into(),
            advice: Some(advice.into()),
        }
    }
}

/// Looks, prints, and tells by the exit code.
pub async fn run(doctor: Doctor) -> anyhow::Result<ExitCode> {
    let checks = look(&doctor).await;
    let ok = checks.iter().all(|check| check.ok);
    let answer = json!({ "ok": ok, "checks": checks });
    print::answer(doctor.settings.json, &answer, |_| said(&checks))?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(doctor: &Doctor) -> Vec<Check> {
    let mut config = match doctor.settings.load_to_manage() {
        Ok(config) => config,
        Err(error) => {
            return vec![Check::bad(
                "configuration",
                error.to_string(),
                "Correct it; nothing else was looked at.",
            )];
        }
    };
    let of_dev = files::is_of_dev(&config);
    let mut checks = configuration(&config, of_dev);
    let key = files::key(&config, of_dev, &mut checks).await;
    store::look(&config, key, &mut checks).await;
    if !doctor.offline {
        if let Some(listen) = doctor.listen.or(running(&config).await) {
            config.server.listen = listen;
        }
        server::look(&config, of_dev, &mut checks).await;
        nodes::look(&config, &mut checks).await;
    }
    checks
}

fn configuration(config: &Config, of_dev: bool) -> Vec<Check> {
    if of_dev {
        let detail = "reads well; the data is of `aboard dev`, so what `serve` needs was not looked at";
        return vec![Check::good("configuration", detail)];
    }
    // The key file and what the store syncs have checks of their own.
    let mut refused = refusals(config);
    refused.extend(warnings(config));
    refused.retain(|sentence| !sentence.starts_with("keys.") && !sentence.starts_with("store."));
    if refused.is_empty() {
        return vec![Check::good("configuration", "fit for `aboard serve`")];
    }
    refused
        .iter()
        .map(|sentence| {
            let (found, advice) = sentence.split_once(". ").unwrap_or((sentence, "Change it."));
            Check::bad("configuration", found, advice)
        })
        .collect()
}

fn said(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for Check {
        name,
        ok,
        detail,
        advice,
    } in checks
    {
        let sign = if *ok { '✓' } else { '✗' };
        lines.push(format!("{sign} {name:width$}  {detail}"));
        lines.extend(advice.iter().map(|advice| format!("  {:width$}  → {advice}", "")));
    }
    let wrong = checks.iter().filter(|check| !check.ok).count();
    lines.push(match wrong {
        0 => "\nAll is well.".to_owned(),
        1 => "\n1 thing is wrong.".to_owned(),
        many => format!("\n{many} things are wrong."),
    });
    lines.join("\n")
}
