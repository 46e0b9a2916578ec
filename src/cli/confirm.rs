//! Asking before what cannot be undone.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};

use super::print;

/// Goes on only after a person's own `yes`, or `--yes`. Whoever asks for JSON is a program, which is not asked.
pub fn confirm(yes: bool, json: bool, question: &str) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if json {
        bail!("--yes: with --json nobody is asked; give --yes as well. Nothing was changed.");
    }
    print::note(&format!("{question}\nType yes to go on:"));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.context("--yes: the answer cannot be read; give --yes instead")?;
    if answer.trim() != "yes" {
        bail!("--yes: the answer was not yes, so nothing was changed. Where nobody can answer, give --yes.");
    }
    Ok(())
}
