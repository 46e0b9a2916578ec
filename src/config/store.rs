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
    pub(super) fn check(&self) -> Result<(), super::ConfigError> {
        if !(1..=65_536).contains(&self.cache_mib) {
            return Err(super::ConfigError::new("store.cache_mib", "write MiB from 1 to 65536."));
        }
        if !(1..=1_000).contains(&self.connections) {
            return Err(super::ConfigError::new(
                "store.connections",
                "write a number from 1 to 1000.",
            ));
        }
        Ok(())
    }

    /// The URL without a password, for logs and answers. Masks by the text, because addresses with several hosts
    /// are no URL to a parser.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            return self.url.clone();
        };
        let (rest, query) = rest
            .split_once('?')
            .map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let rest = match rest.rsplit_once('@') {
            Some((user, host)) => match user.split_once(':') {
                Some((name, _)) => format!("{name}:***@{host}"),
                None => format!("{user}@{host}"),
            },
            None => rest.to_owned(),
        };
        let mask = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        };
        let query = query.map(|query| query.split('&').map(mask).collect::<Vec<_>>().join("&"));
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        format!("{scheme}://{rest}{query}")
    }

    /// The file, on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        self.url.strip_prefix("sqlite:").map(std::path::Path::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        for (url, shown) in [
            ("sqlite:data/aboard.db", "sqlite:data/aboard.db"),
            ("postgres://user@host/db", "postgres://user@host/db"),
            (
                "postgres://user:secret@host:5432/db",
                "postgres://user:***@host:5432/db",
            ),
            ("postgres://user:se@cr/et@host/db", "postgres://user:***@host/db"),
            (
                "postgres://user:secret@one:1,two:2/db",
                "postgres://user:***@one:1,two:2/db",
            ),
            (
                "postgres://host/db?user=u&password=secret&x=1",
                "postgres://host/db?user=u&password=***&x=1",
            ),
        ] {
            let store = Store {
                url: url.to_owned(),
                sync: true,
                cache_mib: 1,
                connections: 1,
            };
            assert_eq!(store.shown_url(), shown);
        }
    }
}
