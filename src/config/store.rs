//! `[store]`

/// Where users are kept.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `sqlite:PATH` or `postgres://user@host/database`.
    pub url: String,
    /// SQLite: sync every commit before it is answered.
    pub sync: bool,
    /// SQLite: page cache of the writer, in MiB.
    pub cache_mib: u32,
    /// PostgreSQL: connections that write.
    pub connections: usize,
}

impl Store {
    /// The URL without a password, for logs and answers.
    #[must_use]
    pub fn shown_url(&self) -> String {
        match url::Url::parse(&self.url) {
            Ok(mut url) if url.password().is_some() => {
                let _ = url.set_password(Some("***"));
                url.to_string()
            }
            _ => self.url.clone(),
        }
    }

    /// The file, on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        self.url.strip_prefix("sqlite:").map(std::path::Path::new)
    }
}
