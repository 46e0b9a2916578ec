//! Every SQL text in the source is one that its engine takes.

use crate::support::source::{literals, read_folder};
use crate::support::store::{Engine, TestStore};

/// An SQL text and where it stands.
struct Text {
    place: String,
    sql: String,
}

/// The texts that an engine runs: the shared ones, and those in its own folder.
fn texts(engine: Engine) -> Vec<Text> {
    let (own, other) = match engine {
        Engine::Sqlite => ("src/store/sqlite/", "src/store/postgres/"),
        Engine::Postgres => ("src/store/postgres/", "src/store/sqlite/"),
    };
    let (mut found, sources) = (Vec::new(), read_folder("src/store"));
    let openings: Vec<_> = sources.iter().flat_map(|source| openings(&source.text)).collect();
    assert!(!openings.is_empty(), "no text is found that others go on from");
    for source in sources {
        if source.path.starts_with(other) {
            continue;
        }
        let product = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        let product = openings
            .iter()
            .fold(product.to_owned(), |text, opening| written_out(&text, opening));
        for (line, sql) in literals(&product).into_iter().filter(|(_, literal)| is_sql(literal)) {
            found.push(Text {
                place: format!("{}:{line}", source.path),
                sql,
            });
        }
    }
    let [shared, own] = [false, true].map(|of_own| {
        found
            .iter()
            .filter(|text| text.place.starts_with(own) == of_own)
            .count()
    });
    assert!(
        shared >= 30 && own >= 10,
        "found only {shared} shared texts and {own} in {own}"
    );
    found
}

/// What stands before the text that a macro is given, of each macro that puts two together: `select_wallet!(`, and its
/// columns.
fn openings(text: &str) -> Vec<(String, String)> {
    let macros = text.split("macro_rules! ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(" {")?;
        let (body, _) = rest.split_once("\n}")?;
        let opening: String = literals(body).into_iter().map(|(_, literal)| literal).collect();
        is_sql(&opening).then(|| (format!("{name}!("), opening))
    });
    macros.collect()
}

/// A source with the texts that go on from an opening as they are run.
fn written_out(text: &str, (call, opening): &(String, String)) -> String {
    let mut parts = text.split(&**call);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |written, part| match part.trim_start().strip_prefix('"') {
        Some(rest) => written + "\"" + opening + rest,
        None => written + call + part,
    })
}

fn is_sql(literal: &str) -> bool {
    let first = literal.split_whitespace().next().unwrap_or_default();
    ["select", "insert", "update", "delete", "with"].contains(&first) && literal.split_whitespace().count() > 2
}

#[tokio::test]
async fn sqlite_takes_every_text() {
    let store = TestStore::new(Engine::Sqlite).await;
    let connection = store.beside();
    let refused = texts(Engine::Sqlite).into_iter().filter_map(|Text { place, sql }| {
        let error = connection.prepare(&sql).err()?;
        Some(format!("{place}: {error}"))
    });
    assert_eq!(refused.collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn postgres_takes_every_text() {
    let store = TestStore::new(Engine::Postgres).await;
    let client = store.database.beside().await;
    let mut refused = Vec::new();
    for Text { place, sql } in texts(Engine::Postgres) {
        if let Err(error) = client.prepare(&numbered(&sql)).await {
            let reason = error
                .as_db_error()
                .map_or_else(|| error.to_string(), |error| error.message().to_owned());
            refused.push(format!("{place}: {reason}"));
        }
    }
    assert_eq!(refused, [""; 0]);
}

/// `:name` becomes `$n`, numbered by first appearance; casts (`::text`) and quoted texts stay.
fn numbered(sql: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut numbered = String::new();
    let mut rest = sql;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let name = after
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()
            .unwrap_or_default();
        quoted ^= c == '\'';
        if c == ':' && after.starts_with(':') {
            numbered.push_str("::");
            rest = &after[1..];
        } else if c == ':' && !quoted && !name.is_empty() {
            let known = names.iter().position(|known| *known == name);
            let index = known.unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            numbered.push('$');
            numbered.push_str(&(index + 1).to_string());
            rest = &after[name.len()..];
        } else {
            numbered.push(c);
            rest = after;
        }
    }
    numbered
}

#[test]
fn names_are_numbered_by_first_appearance() {
    let sql = "select :b::text, ':no', a from t where x = :a and y = :b and z = any($1::uuid[])";
    let expected = "select $1::text, ':no', a from t where x = $2 and y = $1 and z = any($1::uuid[])";
    assert_eq!(numbered(sql), expected);
}
