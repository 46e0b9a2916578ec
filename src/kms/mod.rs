//! What keeps the key-encryption key, as the configuration says: a key file, or a service on another machine.

mod exchange;
mod remembering;

use std::path::Path;
use std::sync::Arc;

use aboard_vault::remote::{AwsCredentials, AwsKms, Transit};
use aboard_vault::{KekRing, KeyFile, Kms, Secret};
use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use crate::clock::{Clock, Ids};
use crate::config::{Config, KeyKind, Keys};
use exchange::Http;
use remembering::Remembering;

/// What a key has to open, as far as it is known: a new one is of use to a new store alone.
#[derive(Debug, Clone, Copy)]
pub enum KeyOf<'s> {
    /// A store that is about to be set up.
    NewStore,
    /// One that was set up with this key.
    Store(&'s str),
    /// One that nobody has looked at yet.
    AnyStore,
}

/// The configured key-encryption key, with those that still open what they wrapped.
///
/// # Errors
/// Names the setting that is wrong.
pub fn load(config: &Config, of: KeyOf<'_>, clock: &Clock) -> anyhow::Result<Arc<dyn Kms>> {
    let keys = &config.keys;
    let current: Arc<dyn Kms> = match keys.kind {
        KeyKind::File => Arc::new(read_key_file(config, of)?),
        KeyKind::Transit => transit(keys, clock)?,
        KeyKind::Aws => aws(keys, clock)?,
    };
    if keys.others.is_empty() {
        return Ok(current);
    }
    let mut others: Vec<Arc<dyn Kms>> = Vec::new();
    for other in &keys.others {
        others.push(match other.as_str() {
            "transit" => transit(keys, clock)?,
            "aws" => aws(keys, clock)?,
            path => Arc::new(parse_key_file("keys.others", path)?),
        });
    }
    Ok(Arc::new(KekRing::new(current, others)))
}

/// Where the key is, in a few words.
#[must_use]
pub fn place(keys: &Keys) -> String {
    match keys.kind {
        KeyKind::File => keys.file.clone(),
        KeyKind::Transit => format!("{} in {}", keys.transit_key, keys.transit_url),
        KeyKind::Aws => keys.aws_key.clone(),
    }
}

fn transit(keys: &Keys, clock: &Clock) -> anyhow::Result<Arc<dyn Kms>> {
    let needed = [
        ("keys.transit_url", &keys.transit_url),
        ("keys.transit_key", &keys.transit_key),
        ("keys.transit_token_file", &keys.transit_token_file),
    ];
    must_be_set("transit", &needed)?;
    let file = &keys.transit_token_file;
    let token = std::fs::read_to_string(file).map(Zeroizing::new);
    let token = token.with_context(|| format!("keys.transit_token_file: cannot read {file}"))?;
    if token.trim().is_empty() {
        bail!("keys.transit_token_file: {file} is empty; write the token into it");
    }
    let token = Secret::new(token.trim().as_bytes().to_vec());
    let http = Http::new(&keys.ca_file, clock)?;
    let kms = Transit::new(http, &keys.transit_url, &keys.transit_key, token);
    Ok(Arc::new(Remembering::new(Arc::new(kms), clock)))
}

fn aws(keys: &Keys, clock: &Clock) -> anyhow::Result<Arc<dyn Kms>> {
    let needed = [("keys.aws_region", &keys.aws_region), ("keys.aws_key", &keys.aws_key)];
    must_be_set("aws", &needed)?;
    let secret = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(access_key), Some(secret_key)) = (secret("AWS_ACCESS_KEY_ID"), secret("AWS_SECRET_ACCESS_KEY")) else {
        bail!(
            "keys.kind: for `aws` set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of this process"
        );
    };
    let credentials = AwsCredentials {
        access_key,
        secret_key: Secret::new(secret_key.into_bytes()),
        session: secret("AWS_SESSION_TOKEN").map(|token| Secret::new(token.into_bytes())),
    };
    let kms = AwsKms::new(
        Http::new(&keys.ca_file, clock)?,
        &keys.aws_region,
        &keys.aws_key,
        credentials,
    );
    let kms = if keys.aws_endpoint.is_empty() {
        kms
    } else {
        kms.at(&keys.aws_endpoint)
    };
    Ok(Arc::new(Remembering::new(Arc::new(kms), clock)))
}

fn must_be_set(kind: &str, settings: &[(&str, &String)]) -> anyhow::Result<()> {
    match settings.iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => bail!("{name}: it is needed for keys.kind `{kind}`; set it"),
        None => Ok(()),
    }
}

/// The configured key file.
fn read_key_file(config: &Config, of: KeyOf<'_>) -> anyhow::Result<KeyFile> {
    let path = &config.keys.file;
    if path.is_empty() {
        match of {
            KeyOf::NewStore => bail!(
                "keys.file: no key file is set. Make one with `aboard keys init FILE` and start with `--set keys.file=FILE`."
            ),
            KeyOf::Store(kek) => bail!(
                "keys.file: no key file is set, and this store was set up with {kek}. Name that file with `--set keys.file=FILE`; a new one does not open what is there."
            ),
            KeyOf::AnyStore => {
                bail!("keys.file: no key file is set. Name the store's own with `--set keys.file=FILE`.")
            }
        }
    }
    let unreadable = || match of {
        KeyOf::NewStore => format!(
            "keys.file: cannot read {path}. Make one with `aboard keys init {path}`, or check the path and its rights"
        ),
        KeyOf::Store(kek) => format!(
            "keys.file: cannot read {path}, and this store was set up with {kek}. Check the path and its rights, or bring that file back from its backup; a new one does not open what is there"
        ),
        KeyOf::AnyStore => format!("keys.file: cannot read {path}"),
    };
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .with_context(unreadable)?;
    KeyFile::parse(&text).with_context(|| format!("keys.file: {path}"))
}

fn parse_key_file(setting: &str, path: &str) -> anyhow::Result<KeyFile> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text
        .with_context(|| format!("{setting}: cannot read {path}; write `transit`, `aws`, or the path of a key file"))?;
    KeyFile::parse(&text).with_context(|| format!("{setting}: {path}"))
}

/// Makes a key file that only this user can read; never overwrites one.
pub fn create_key_file(path: &Path, ids: &Ids) -> anyhow::Result<KeyFile> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let key = KeyFile::generate(ids.entropy());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make the key file {}", path.display()))?;
    file.write_all(key.to_text().as_bytes())?;
    file.sync_all()?;
    Ok(key)
}
