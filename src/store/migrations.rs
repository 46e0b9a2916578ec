//! The migrations: the same names on both engines, forward only, embedded in the binary.

/// One step of the schema.
pub struct Migration {
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// Every step, in order.
pub const MIGRATIONS: &[Migration] = migrations![
    "0001_foundation",
    "0002_users",
    "0003_requests",
    "0005_codes",
    "0006_copy",
    "0007_audit",
    "0008_channels",
    "0009_logins",
    "0010_join",
    "0011_events",
    "0012_wallets",
    "0013_ends",
    "0014_request_blocks",
    "0015_sends",
    "0016_custody",
    "0017_talk",
    "0018_confirm",
    "0019_mend",
    "0020_value",
    "0021_sends",
    "0022_devices",
];

/// The names of the migrations that this binary knows, in order.
pub fn known_migrations() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|migration| migration.name)
}

impl Migration {
    /// SHA-256 of a text as it is in this binary.
    pub fn checksum(text: &str) -> Vec<u8> {
        aboard_vault::sha256(text.as_bytes()).to_vec()
    }

    /// What to say when an applied step has another checksum.
    pub fn changed(&self) -> String {
        format!(
            "store.url: migration {} was applied with another text than the one in this binary. \
             Run the version of Aboard that applied it, or a later release.",
            self.name
        )
    }
}
