//! Both engines have the same migrations, and these make the same tables and columns.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::store::{Engine, TestStore};

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let sqlite = columns(Engine::Sqlite).await;
    let postgres = columns(Engine::Postgres).await;
    assert!(sqlite.len() > 100, "found only {sqlite:?}");
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert_eq!(only_sqlite, [""; 0]);
    assert_eq!(only_postgres, [""; 0]);
}

/// Each column as `table.column`, and whether it may be null.
async fn columns(engine: Engine) -> BTreeSet<String> {
    let sql = match engine {
        Engine::Sqlite => {
            "select schema.name || '.' || info.name || case when info.\"notnull\" + info.pk > 0 then '' else ' null' end
             from sqlite_schema schema join pragma_table_info(schema.name) info
             where schema.type = 'table' and schema.name not like 'sqlite%'"
        }
        Engine::Postgres => {
            "select table_name || '.' || column_name || case when is_nullable = 'NO' then '' else ' null' end
             from information_schema.columns where table_schema = 'public'"
        }
    };
    TestStore::new(engine).await.rows(sql).await.into_iter().collect()
}
