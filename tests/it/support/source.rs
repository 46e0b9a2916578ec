//! The source text itself, for tests about the source.

use std::fs;
use std::path::Path;

/// A file under the package's root.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// Every Rust file under a folder, in order.
pub fn read_folder(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    read(root, &root.join(folder), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn read(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            read(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let path = path
                .strip_prefix(root)
                .expect("it lies under the root")
                .to_string_lossy()
                .into_owned();
            found.push(Source { path, text });
        }
    }
}

/// The string literals of a Rust text, with the line that each starts on. Comments and characters are told
/// from strings; a backslash at the end of a line joins it to the next, as in Rust.
pub fn literals(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '\'', 'r']) {
        let line = text[..text.len() - rest.len() + at].matches('\n').count() + 1;
        let in_name = rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at..];
        let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, next)| next);
        } else if rest.starts_with('"') {
            let (literal, after) = quoted(&rest[1..]);
            found.push((line, literal));
            rest = after;
        } else if rest.starts_with('r') && !in_name && rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let (literal, after) = rest[2 + hashes..].split_once(&*end).expect("a raw string ends");
            found.push((line, literal.to_owned()));
            rest = after;
        } else if let Some(character) = rest.strip_prefix('\'') {
            // `'"'` and `'\''` are characters, `'a` alone is a lifetime.
            let length = match character.chars().next() {
                Some('\\') => character[2..].find('\'').map(|end| end + 3),
                Some(c) if character[c.len_utf8()..].starts_with('\'') => Some(c.len_utf8() + 1),
                _ => None,
            };
            rest = &character[length.unwrap_or_default()..];
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// The text up to the closing quote, and what comes after it.
fn quoted(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (literal, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((at, '\n')) => {
                    let (joined, after) = quoted(text[at..].trim_start());
                    literal.push_str(&joined);
                    return (literal, after);
                }
                Some((_, 'n')) => literal.push('\n'),
                Some((_, other)) => literal.push(other),
                None => break,
            },
            c => literal.push(c),
        }
    }
    panic!("a string does not end")
}

#[test]
fn literals_are_told_from_comments_characters_and_lifetimes() {
    let text = r##"
        // "not this"
        const A: &str = "a \"quoted\" one"; /* it's */ let q = '"'; let b = '\''; fn f<'a>(x: &'a str) {}
        let c = "first \
                 second"; let r = r#"raw "one" here"#; let number = "three";
    "##;
    let found: Vec<_> = literals(text).into_iter().map(|(_, literal)| literal).collect();
    assert_eq!(found, ["a \"quoted\" one", "first second", "raw \"one\" here", "three"]);
    assert_eq!(literals("\n\n\"x\"")[0].0, 3);
}
