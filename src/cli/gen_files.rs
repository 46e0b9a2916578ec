//! `aboard gen`: the files of the repository that are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::api;
use crate::config::Config;
use crate::domain::Code;
use crate::web::reference::Server;

/// Writes every generated file below the current directory.
pub fn write() -> anyhow::Result<()> {
    for (path, text) in files()? {
        let path = Path::new(&path);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(path, text)
            .with_context(|| format!("cannot write {}; run this in the repository", path.display()))?;
    }
    Ok(())
}

/// Path and text of every generated file.
fn files() -> anyhow::Result<Vec<(String, String)>> {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Config))?;
    let mut files = vec![
        ("config.schema.json".to_owned(), schema + "\n"),
        ("docs/reference/errors.md".to_owned(), errors()),
    ];
    let example = Server {
        url: "https://id.example.com".to_owned(),
        says: "Your server: the key decides the environment",
    };
    for document in api::documents(&[example]) {
        let text = serde_json::to_string_pretty(&document.json)?;
        files.push((format!("openapi/{}.json", document.name), text + "\n"));
    }
    Ok(files)
}

fn errors() -> String {
    let mut text = String::from(
        "# Errors\n\nMade from the table in `src/domain/code.rs` by `make gen`.\n\n\
         The partner surface answers `{\"errors\":[{\"status\",\"title\",\"code\",\"field\",\"detail\"}],\"message\"}` and shows\n\
         `VALIDATION_ERROR` as 422; the users surface answers `{\"success\":false,\"error\":{\"code\",\"message\",\"details\"},\"meta\"}`,\n\
         the wallet surface `{\"status\",\"message\",\"data\":null}`.\n\n\
         | code | status | what it says | what to do |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            code.slug(),
            code.status(),
            code.title(),
            code.help()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_are_those_that_the_code_makes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (path, text) in files().unwrap() {
            let committed = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
            assert!(
                committed == text,
                "{path} is out of date: run `make gen` and look at what changed"
            );
        }
    }
}
