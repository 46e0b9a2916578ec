//! `aboard users export` and `aboard users import`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::arguments::In;
use super::manage::Session;
use super::print;
use super::settings::Settings;
use crate::admin::{AdminCommand, LONGEST_LINE, NumberedLine};
use crate::clock::Stopwatch;
use crate::domain::UserId;

/// Users on one page of an export.
const PAGE: u32 = 500;
/// Lines of one import's transaction, and about their bytes: a request to a running server is at most 64 KiB.
const MOST_LINES: usize = 250;
const MOST_BYTES: usize = 50 << 10;
/// How often an import says how far it is.
const OFTEN: Duration = Duration::from_secs(1);

/// Write every user of an environment as one line of JSON each, newest first.
///
/// docs/import.md describes the lines. They hold no secret: no key, session or token of a user.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    place: In,
    /// Where to: a file that is not there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Add users from a file with one JSON object a line, as `users export` writes it.
///
/// Whoever is known already stays as they are, so that the same file may be imported again after a break. Lines that
/// are refused are listed in FILE.errors.ndjson; the others are taken.
#[derive(Args)]
pub struct Import {
    /// One user a line; docs/import.md describes them
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: In,
    /// Believe the file what it calls verified: you vouch that each person has proven it
    #[arg(long)]
    trust_verified: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Writes the lines of every page.
pub async fn export(export: Export) -> anyhow::Result<()> {
    let mut session = Session::open(&export.settings)?;
    let exported = write_all(&mut session, &export.place.environment, export.out.as_deref()).await;
    session.close().await;
    let users = exported?;
    let Some(out) = export.out else { return Ok(()) };
    let answer = json!({ "file": out.display().to_string(), "users": users });
    print::answer(export.settings.json, &answer, |answer| {
        format!(
            "Wrote {} users to {}.",
            print::number(&answer["users"]),
            print::text(answer, "file")
        )
    })
}

async fn write_all(session: &mut Session, environment: &str, out: Option<&Path>) -> anyhow::Result<u64> {
    // The environment is asked for before a file is made.
    let mut after: Option<UserId> = None;
    let mut file: Option<BufWriter<File>> = None;
    let mut users = 0;
    loop {
        let command = AdminCommand::ExportUsers {
            environment: environment.to_owned(),
            after,
            limit: PAGE,
        };
        let page = session.call(command).await?;
        if let (Some(out), None) = (out, &file) {
            file = Some(BufWriter::new(private(out)?));
        }
        for user in page["users"].as_array().into_iter().flatten() {
            users += 1;
            let line = print::json_line(user);
            match &mut file {
                Some(file) => writeln!(file, "{line}").context("--out: the file cannot be written")?,
                None => print::out(&line)?,
            }
        }
        match page["next"].as_str() {
            Some(next) => after = Some(next.parse()?),
            None => break,
        }
    }
    if let Some(file) = file {
        let file = file.into_inner().context("--out: the file cannot be written")?;
        file.sync_all().context("--out: the file cannot be written")?;
    }
    Ok(users)
}

/// A new file that only this user can read: it holds people's data.
fn private(path: &Path) -> anyhow::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.with_context(|| {
        format!(
            "--out: cannot make {}; name a file that is not there yet",
            path.display()
        )
    })
}

/// What an import has done so far.
#[derive(Default)]
struct Tally {
    lines: u64,
    imported: u64,
    known: u64,
    refused: u64,
}

/// Reads the file and hands it in, part by part.
pub async fn import(import: Import) -> anyhow::Result<()> {
    let file = &import.file;
    let input = File::open(file).with_context(|| format!("FILE: cannot read {}", file.display()))?;
    let mut name = file.as_os_str().to_owned();
    name.push(".errors.ndjson");
    let mut errors = Errors {
        path: PathBuf::from(name),
        file: None,
    };
    errors.forget()?;
    let mut session = Session::open(&import.settings)?;
    let tally = read_all(&mut session, &import, BufReader::new(input), &mut errors).await;
    session.close().await;
    let tally = tally?;
    errors.finish()?;
    let answer = json!({
        "file": file.display().to_string(),
        "users": tally.lines,
        "imported": tally.imported,
        "known": tally.known,
        "refused": tally.refused,
        "errors": (tally.refused > 0).then(|| errors.path.display().to_string()),
    });
    print::answer(import.settings.json, &answer, said)?;
    if tally.refused > 0 {
        bail!(
            "{} lines were refused; {} says which and why. Correct them and import the same file again",
            tally.refused,
            errors.path.display()
        );
    }
    Ok(())
}

async fn read_all(
    session: &mut Session,
    import: &Import,
    mut input: BufReader<File>,
    errors: &mut Errors,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let (mut lines, mut bytes, mut number) = (Vec::new(), 0, 0);
    let mut last = Stopwatch::start();
    let mut raw = Vec::new();
    loop {
        raw.clear();
        let read = input
            .read_until(b'\n', &mut raw)
            .context("FILE: cannot be read to its end")?;
        let end = read == 0;
        if !end {
            number += 1;
            let text = raw.trim_ascii();
            if !text.is_empty() {
                tally.lines += 1;
                let text = std::str::from_utf8(text);
                // As it travels: control characters take six bytes.
                let size = text.map_or(0, |text| json!(text).to_string().len() + 32);
                match text {
                    Ok(text) if text.len() <= LONGEST_LINE && size <= MOST_BYTES => {
                        if lines.len() == MOST_LINES || (bytes + size > MOST_BYTES && !lines.is_empty()) {
                            hand_in(session, import, &mut lines, errors, &mut tally).await?;
                            bytes = 0;
                        }
                        bytes += size;
                        lines.push(NumberedLine {
                            line: number,
                            text: text.to_owned(),
                        });
                    }
                    Ok(_) => {
                        let why = format!("The line is longer than {LONGEST_LINE} bytes.");
                        errors.add(&json!({ "line": number, "field": "", "message": why }))?;
                        tally.refused += 1;
                    }
                    Err(_) => {
                        let why = "The line is not UTF-8.";
                        errors.add(&json!({ "line": number, "field": "", "message": why }))?;
                        tally.refused += 1;
                    }
                }
            }
        }
        if last.elapsed() >= OFTEN {
            last = Stopwatch::start();
            print::note(&progress(import.settings.json, number, &tally));
        }
        if end {
            // Also for a file without a line: the environment is looked at in any case.
            hand_in(session, import, &mut lines, errors, &mut tally).await?;
            return Ok(tally);
        }
    }
}

async fn hand_in(
    session: &mut Session,
    import: &Import,
    lines: &mut Vec<NumberedLine>,
    errors: &mut Errors,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let command = AdminCommand::ImportUsers {
        environment: import.place.environment.clone(),
        lines: std::mem::take(lines),
        trust_verified: import.trust_verified,
    };
    let answer = session.call(command).await?;
    tally.imported += answer["imported"].as_u64().unwrap_or_default();
    tally.known += answer["known"].as_u64().unwrap_or_default();
    for error in answer["errors"].as_array().into_iter().flatten() {
        tally.refused += 1;
        errors.add(error)?;
    }
    Ok(())
}

/// The lines that were refused, in a file that is there only if there are any.
struct Errors {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Errors {
    /// Removes what an earlier import left.
    fn forget(&self) -> anyhow::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot replace {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, error: &Value) -> anyhow::Result<()> {
        if self.file.is_none() {
            self.file = Some(BufWriter::new(private(&self.path)?));
        }
        match &mut self.file {
            Some(file) => writeln!(file, "{error}").with_context(|| format!("cannot write {}", self.path.display())),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        match &mut self.file {
            Some(file) => file
                .flush()
                .with_context(|| format!("cannot write {}", self.path.display())),
            None => Ok(()),
        }
    }
}

fn progress(json: bool, line: u64, tally: &Tally) -> String {
    let Tally {
        imported,
        known,
        refused,
        ..
    } = tally;
    if json {
        json!({ "line": line, "imported": imported, "known": known, "refused": refused }).to_string()
    } else {
        format!("line {line}: {imported} imported, {known} known before, {refused} refused")
    }
}

fn said(answer: &Value) -> String {
    format!(
        "Imported {} of {} users; {} were known before, {} were refused.",
        print::number(&answer["imported"]),
        print::number(&answer["users"]),
        print::number(&answer["known"]),
        print::number(&answer["refused"]),
    )
}
