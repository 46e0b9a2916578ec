//! Who may name whom in the source: the directions of `ARCHITECTURE.md`, as tables and as a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers from the top down. A module may name those below it and those beside it; a module that
/// is not here (`clock`, `telemetry`, `admin` …) is a utility that all may name.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["app", "cli"],
    &["http", "jobs"],
    &["api", "pages", "dashboard"],
    &["web"],
    &["channels", "chains", "outbound", "store"],
    &["config", "domain"],
];

/// The highest layers that a utility may name.
const UTILITIES_MAY_NAME: &[&str] = &["channels", "chains", "outbound", "store", "config", "domain"];

/// Neighbours that still never name each other: (who, whom).
const STRANGERS: &[(&str, &str)] = &[
    ("app", "cli"),
    ("api", "pages"),
    ("api", "dashboard"),
    ("pages", "api"),
    ("pages", "dashboard"),
    ("dashboard", "api"),
    ("dashboard", "pages"),
    ("store", "channels"),
    ("store", "chains"),
    ("store", "outbound"),
];

/// Crates that only one place may name: (crate, the folder).
const ONLY_UNDER: &[(&str, &str)] = &[
    ("rusqlite", "src/store/"),
    ("tokio_postgres", "src/store/"),
    ("deadpool_postgres", "src/store/"),
];

/// Crates that a place never names: (crate, the folder).
const NEVER_UNDER: &[(&str, &str)] = &[
    ("axum", "src/domain/"),
    ("axum", "src/store/"),
    ("tokio", "src/domain/"),
    ("tokio", "crates/vault/"),
    ("axum", "crates/vault/"),
    ("rusqlite", "crates/vault/"),
];

#[test]
fn every_file_follows_the_directions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    rust_files(&root.join("crates/vault/src"), &mut files);
    assert!(files.len() > 10, "found only {} files", files.len());

    let offences = files.iter().flat_map(|path| {
        let text = fs::read_to_string(path).expect("a source file is text");
        let file = path.strip_prefix(root).expect("it lies under the root");
        offences_in(&file.to_string_lossy(), &text)
    });
    let offences: Vec<_> = offences.collect();
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// The scan itself, on lines made up for it: a rule that never fires would go unnoticed.
#[test]
fn offending_lines_are_caught() {
    #[rustfmt::skip]
    let offending = [
        ("src/web/a.rs", "use crate::api::Users;", "1: web names api"),
        ("src/domain/a.rs", "\nuse crate::{\n    config::{C, D},\n    store::S,\n};", "4: domain names store"),
        ("src/api/a.rs", "fn f() -> crate::pages::Page {}", "1: api names pages"),
        ("src/api/users/a.rs", "use super::super::super::{web, pages};", "1: api names pages"),
        ("src/app.rs", "use super::cli;", "1: app names cli"),
        ("src/clock.rs", "use crate::web::Limits;", "1: clock names web"),
        ("src/web/a.rs", "use crate::*;", "1: web names *"),
        ("src/jobs/a.rs", "let u = \"a://b\"; use rusqlite as r;", "1: rusqlite is named only under src/store/"),
        ("src/store/a.rs", "async fn f(_: axum::Json<u8>) {}", "1: axum is never named under src/store/"),
        ("crates/vault/src/a.rs", "#[tokio::test]", "1: tokio is never named under crates/vault/"),
    ];
    for (file, text, offence) in offending {
        assert_eq!(offences_in(file, text), [format!("{file}:{offence}")]);
    }
    for (file, text) in [
        ("src/main.rs", "use crate::{api, cli, store};"),
        ("src/cli/a.rs", "use crate::{app, pages, vault::Key};"),
        (
            "src/api/users/link.rs",
            "use super::super::pages; // crate::pages, rusqlite",
        ),
        (
            "src/api/mod.rs",
            "use crate::{web::{pages, self}, config};\nmod tests {\n    use super::pages;\n}",
        ),
        (
            "src/admin.rs",
            "use crate::{store, clock, config::Rusqlite}; my_axum();",
        ),
    ] {
        assert_eq!(offences_in(file, text), [""; 0], "{file}: {text}");
    }
}

/// What is wrong in one file, as `file:line: what`.
fn offences_in(file: &str, text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(without_comment).collect();
    let code = code.join("\n");
    let mut found = Vec::new();

    if let Some(module) = file.strip_prefix("src/") {
        let module = module.trim_end_matches(".rs").trim_end_matches("/mod");
        let who = module.split('/').next().unwrap_or_default();
        // As many `super::` as the file is deep lead to the root; an inline test module adds a level of its own.
        let to_root = "super::".repeat(module.split('/').count());
        let before_tests = code.find("mod tests {").unwrap_or(code.len());
        for (root, code) in [("crate::", &*code), (&*to_root, &code[..before_tests])] {
            for (at, _) in places(code, root) {
                for (at, whom) in heads(code, at + root.len()) {
                    if !may_name(who, whom) {
                        found.push((at, format!("{who} names {whom}")));
                    }
                }
            }
        }
        for (krate, folder) in ONLY_UNDER.iter().filter(|(_, folder)| !file.starts_with(folder)) {
            let what = format!("{krate} is named only under {folder}");
            found.extend(places(&code, krate).map(|(at, _)| (at, what.clone())));
        }
    }
    for (krate, folder) in NEVER_UNDER.iter().filter(|(_, folder)| file.starts_with(folder)) {
        let what = format!("{krate} is never named under {folder}");
        found.extend(places(&code, krate).map(|(at, _)| (at, what.clone())));
    }
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    found
        .iter()
        .map(|(at, what)| format!("{file}:{}: {what}", line(*at)))
        .collect()
}

fn may_name(who: &str, whom: &str) -> bool {
    let layer = |name| LAYERS.iter().position(|layer| layer.contains(&name));
    match (layer(who), layer(whom)) {
        _ if who == whom => true,
        (_, None) => whom != "*",
        (None, Some(_)) => UTILITIES_MAY_NAME.contains(&whom),
        (Some(above), Some(below)) => above <= below && !STRANGERS.contains(&(who, whom)),
    }
}

/// The first names of the `a::b` or `{a::b, c::{d, e}}` that starts at `from`, and where they stand.
fn heads(code: &str, from: usize) -> Vec<(usize, &str)> {
    let (mut depth, mut heads, mut expected, mut start) = (0_u32, Vec::new(), true, from);
    for (at, c) in code[from..].char_indices().map(|(at, c)| (from + at, c)) {
        if !in_name(c) && c != '*' {
            if start < at && expected {
                heads.push((start, &code[start..at]));
            }
            expected = match c {
                '{' => depth == 0,
                ',' => depth == 1,
                _ => expected && start == at, // the white space before a name
            };
            start = at + c.len_utf8();
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return heads;
            }
        }
    }
    heads
}

/// Where `name` stands in the code as a whole name, or as the beginning of a path.
fn places<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    code.match_indices(name).filter(move |(at, _)| {
        let before = code[..*at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(|c| in_name(c) || (c == ':' && name.ends_with(':')))
            && (name.ends_with(':') || !after.is_some_and(in_name))
    })
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A line up to its comment; the `//` of an address is none.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'));
    comment.map_or(line, |(at, _)| &line[..at])
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
