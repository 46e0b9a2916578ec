//! The one place that writes to standard output and, for the last words, to standard error.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use crate::domain::plain_text::steers;

/// What fails when nobody takes the output.
const UNWRITTEN: &str = "cannot write to standard output";
/// What shells say of a program that wrote to a closed pipe: 128 and the number of SIGPIPE.
const CLOSED_PIPE: u8 = 141;

/// One line or text for the caller.
pub fn out(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.context(UNWRITTEN)
}

/// One JSON value on one line, or the text made from it.
pub fn answer(json: bool, value: &Value, text: impl FnOnce(&Value) -> String) -> anyhow::Result<()> {
    if json {
        out(&json_line(value))
    } else {
        out(&lines(&text(value)))
    }
}

/// A value on one line that a terminal may show: what would steer it is escaped, and reads back as it was.
pub fn json_line(value: &Value) -> String {
    let text = value.to_string();
    if !text.chars().any(steers) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if !steers(c) {
            safe.push(c);
            continue;
        }
        // Outside of its texts JSON has none of these, and inside of them each may be escaped.
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

/// How far a long command is, on standard error.
#[expect(clippy::print_stderr, reason = "the one place that prints")]
pub fn note(line: &str) {
    eprintln!("{}", lines(line));
}

/// Why the command failed, and every cause. Nothing where the reader of the output went away (`aboard … | head`): it has
/// what it wanted.
#[expect(clippy::print_stderr, reason = "the one place that prints")]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    if error.to_string() == UNWRITTEN && cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe) {
        return ExitCode::from(CLOSED_PIPE);
    }
    eprintln!("aboard: {}", lines(&error.to_string()));
    for cause in error.chain().skip(1) {
        eprintln!("  because: {}", lines(&cause.to_string()));
    }
    ExitCode::FAILURE
}

/// Sends the log to standard error, one JSON object a line.
pub fn start_log(config: &crate::config::Config) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.level)
        .context("log.level: write error, warn, info, debug, or a filter like info,aboard::jobs=debug")?;
    let layer = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = layer.try_init();
    Ok(())
}

/// Names and values below each other; an empty value leaves its line out.
pub fn fields(fields: &[(&str, &str)]) -> String {
    let shown = || fields.iter().filter(|(_, value)| !value.is_empty());
    let width = shown().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in shown() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:width$}  {}", printable(value));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Columns with a heading each, as wide as their longest text.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(&headings)
        .chain(rows)
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let mut widths = vec![0; headings.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// A field of an answer as text; what is not there is an empty text.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// A list of texts in one, with spaces between them.
pub fn words(value: &Value) -> String {
    let words: Vec<&str> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    words.join(" ")
}

/// A number as text; what is not there is an empty text.
pub fn number(value: &Value) -> String {
    value.as_i64().map(|number| number.to_string()).unwrap_or_default()
}

/// A time to the minute, which is what a list has room for.
pub fn minute(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.get(..16)
        .map_or_else(|| text.to_owned(), |start| format!("{}Z", start.replace('T', " ")))
}

/// Names come from people: nothing in them may steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for a text of several lines.
fn lines(text: &str) -> String {
    let shown = |c: char| if steers(c) && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_escaped_and_reads_back() {
        let name = "a\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{2066}\u{200d}\u{e0041}\nλ\\";
        let value = serde_json::json!({ "name": name, name: [name] });
        let line = json_line(&value);
        assert!(!line.chars().any(steers), "{line}");
        assert!(line.contains("λ"), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
        assert_eq!(lines("a\u{9b}\nb"), "a\u{fffd}\nb");
    }

    #[test]
    fn columns_are_aligned_and_harmless() {
        let rows = [
            vec!["1".to_owned(), "Añb".to_owned(), "x".to_owned()],
            vec!["22".to_owned(), "a\u{1b}[2Jb".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["id", "name", "last"], &rows),
            "id  name    last\n1   Añb     x\n22  a\u{fffd}[2Jb"
        );
        assert_eq!(fields(&[("a", "1"), ("bcd", "2"), ("e", "")]), "  a    1\n  bcd  2");
    }
}
