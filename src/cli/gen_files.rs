//! `aboard gen`: the files of the repository that are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::config::Config;
use crate::domain::Code;

/// Writes every generated file below the current directory.
pub fn write() -> anyhow::Result<()> {
    for (path, text) in files()? {
        let path = Path::new(path);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(path, text)
            .with_context(|| format!("cannot write {}; run this in the repository", path.display()))?;
    }
    Ok(())
}

fn files() -> anyhow::Result<[(&'static str, String); 2]> {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Config))?;
    Ok([
        ("config.schema.json", schema + "\n"),
        ("docs/reference/errors.md", errors()),
    ])
}

fn errors() -> String {
    let mut text = String::from(
        "# Errors\n\nMade from the table in `src/domain/code.rs` by `make gen`.\n\n\
         The partner surface answers `{\"errors\":[{\"status\",\"title\",\"code\",\"field\",\"detail\"}],\"message\"}` and shows\n\
         `VALIDATION_ERROR` as 422; the users surface answers `{\"success\":false,\"error\":{\"code\",\"message\",\"details\"},\"meta\"}`.\n\n\
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
