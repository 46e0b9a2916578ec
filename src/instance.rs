//! A running instance below HTTP: the store, the keys that open its secrets, time and ids.
//!
//! The server, the jobs and the command line all start here; [`Instance::open`] refuses a store whose canary
//! the key file does not open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aboard_vault::{Kms, Purpose, RootKey, Vault, canary_check, canary_seal};
use anyhow::{Context as _, bail};

use crate::clock::{Clock, Ids};
use crate::config::{Config, Networks};
use crate::domain::{EnvironmentKind, RootKeyId};
use crate::kms::{self, KeyOf};
use crate::notices;
use crate::outbound::GuardRules;
use crate::settings::Settings;
use crate::store::{
    AdminScope, InFlight, NewInstance, NewRootKey, OpenStore, SqliteOptions, Standing, Store, copy_moved,
    copy_unfinished,
};

/// What everything above the store works with. Cheap to clone.
#[derive(Clone)]
pub struct Instance {
    /// Where everything is kept.
    pub store: Store,
    /// Opens and seals secrets.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Clock,
    /// New ids and secrets.
    pub ids: Ids,
    /// What each environment sets.
    pub settings: Settings,
    /// What it is to others, and where it may call.
    pub outside: Arc<Outside>,
}

/// The instance as others see it, and where it may call.
#[derive(Debug)]
pub struct Outside {
    /// The public URL without a slash at its end; empty where the configuration has none.
    pub public_url: String,
    /// Addresses that may be called beside public ones.
    pub guard: GuardRules,
    /// The networks that wallets know.
    pub networks: Networks,
}

impl Outside {
    fn new(config: &Config) -> Self {
        Self {
            public_url: config.server.public_url.trim_end_matches('/').to_owned(),
            guard: GuardRules {
                allow: config.webhooks.allow.clone(),
                allow_loopback_in_sandbox: config.webhooks.sandbox_loopback,
            },
            networks: config.networks.clone(),
        }
    }

    /// The kind of environment whose rules hold for calls to the providers of channels. They are production's, whatever
    /// the environment, unless this machine may be called: then a fake on it may stand in for a provider.
    #[must_use]
    pub fn channel_rules(&self) -> EnvironmentKind {
        if self.guard.allow_loopback_in_sandbox {
            EnvironmentKind::Sandbox
        } else {
            EnvironmentKind::Production
        }
    }
}

impl Instance {
    /// The power of whoever runs this process to change how the instance is run.
    #[must_use]
    pub fn admin(&self) -> AdminScope {
        use std::os::unix::fs::MetadataExt as _;
        let actor = match std::fs::metadata("/proc/self") {
            Ok(own) => format!("operator (uid {})", own.uid()),
            Err(_) => "operator".to_owned(),
        };
        self.admin_as(&actor)
    }

    /// The same under another name, for a caller whose own credential lets it.
    #[must_use]
    pub fn admin_as(&self, actor: &str) -> AdminScope {
        self.store.administer(actor, crate::audit::sealer(&self.vault))
    }

    /// Opens the store, brings it up to date, and sets it up on its first start.
    ///
    /// # Errors
    /// Names the setting that is wrong: the store's URL, the key file, or a key file of another instance.
    pub async fn open(config: &Config, clock: Clock, in_flight: InFlight) -> anyhow::Result<Self> {
        let store = open_store(config, in_flight, clock.clone()).await?;
        store.migrate().await?;
        must_stand(&store, &config.store.shown_url()).await?;
        let known = store.instance().await?;
        let of = known
            .as_ref()
            .map_or(KeyOf::NewStore, |known| KeyOf::Store(&known.kek_id));
        let kms = kms::load(config, of, &clock)?;
        let ids = Ids::new(clock.clone());
        let vault = Arc::new(load_vault(&store, kms, &clock, &ids).await?);
        let settings = Settings::new(config);
        settings.load(&store).await?;
        store.write_notices_with(notices::writer(&vault, &ids, &settings));
        Ok(Self {
            store,
            vault,
            clock,
            ids,
            settings,
            outside: Arc::new(Outside::new(config)),
        })
    }
}

/// Refuses a store that was copied elsewhere, or is a copy that is not finished.
pub async fn must_stand(store: &Store, shown: &str) -> anyhow::Result<()> {
    match store.standing().await? {
        Standing::Own => Ok(()),
        Standing::MovedTo(place) => bail!("store.url: {}", copy_moved(&place)),
        Standing::UnfinishedCopyOf(place) => bail!("store.url: {}", copy_unfinished(shown, &place)),
    }
}

/// Opens the store that the configuration names, as it is.
pub async fn open_store(config: &Config, in_flight: InFlight, clock: Clock) -> anyhow::Result<Store> {
    let options = OpenStore {
        url: config.store.url.clone(),
        sqlite: SqliteOptions {
            sync: config.store.sync,
            cache_kib: config.store.cache_mib * 1024,
        },
        postgres_connections: config.store.connections,
        in_flight,
        clock,
    };
    Store::open(options)
        .await
        .with_context(|| format!("store.url: cannot open {}", config.store.shown_url()))
}

/// Whether `file`, which need not exist yet, lies below the directory of the store's own file.
pub fn is_beside_the_data(config: &Config, file: &Path) -> bool {
    let directory = config
        .store
        .file()
        .map(|database| real_path(database.parent().unwrap_or(Path::new(""))));
    directory.is_some_and(|directory| real_path(file).starts_with(directory))
}

/// The path without links, as far as it exists.
fn real_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // An empty path has no absolute form: it is the working directory.
    let absolute = if path.as_os_str().is_empty() {
        std::env::current_dir().unwrap_or(absolute)
    } else {
        absolute
    };
    for existing in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (existing.canonicalize(), absolute.strip_prefix(existing)) {
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    absolute
}

async fn load_vault(store: &Store, kms: Arc<dyn Kms>, clock: &Clock, ids: &Ids) -> anyhow::Result<Vault> {
    let system = store.system();
    let known = store.instance().await?;
    if let Some(known) = known.clone() {
        let kms = Arc::clone(&kms);
        off_the_threads(move || check_canary(kms.as_ref(), &known.kek_id, &known.canary)).await?;
    }
    let stored = store.root_keys(system).await?;
    let lacks = |purpose: &Purpose| stored.iter().all(|key| key.purpose != purpose.as_str());
    let missing: Vec<Purpose> = Purpose::ALL.iter().copied().filter(lacks).collect();
    if known.is_none() || !missing.is_empty() {
        let (kms, ids) = (Arc::clone(&kms), ids.clone());
        let new = off_the_threads(move || new_instance(kms.as_ref(), known, missing, &ids)).await?;
        store.create_instance(system, new, clock.now()).await?;
    }
    // Another node may have been first: what is stored decides.
    let known = store.instance().await?.context("the store could not be set up")?;
    let stored = store.root_keys(system).await?;
    off_the_threads(move || {
        check_canary(kms.as_ref(), &known.kek_id, &known.canary)?;
        let mut root_keys = Vec::new();
        for key in stored {
            // A purpose that a later release added is of no use here.
            let Some(purpose) = Purpose::parse(&key.purpose) else {
                continue;
            };
            root_keys.push(RootKey::unwrap(key.id.bytes(), purpose, kms.as_ref(), &key.wrapped)?);
        }
        Ok(Vault::new(kms, root_keys)?)
    })
    .await
}

/// A key service answers over the network.
async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// What a store lacks: root keys, and the canary of the key that wraps them.
fn new_instance(
    kms: &dyn Kms,
    known: Option<crate::store::Instance>,
    missing: Vec<Purpose>,
    ids: &Ids,
) -> anyhow::Result<NewInstance> {
    let mut root_keys = Vec::new();
    for purpose in missing {
        let id = ids.id();
        let key = RootKey::generate(id.into_bytes(), purpose, ids.entropy());
        root_keys.push(NewRootKey {
            id: RootKeyId(id),
            purpose: purpose.as_str(),
            wrapped: key.wrap(kms, ids.entropy())?,
        });
    }
    Ok(NewInstance {
        // Keys are added to an instance that is there, whichever key wraps them from now on.
        kek_id: known.map_or_else(|| kms.id().to_owned(), |known| known.kek_id),
        canary: canary_seal(kms, ids.entropy())?,
        root_keys,
    })
}

/// Refuses a key that is not this store's.
pub fn check_canary(kms: &dyn Kms, kek_id: &str, canary: &[u8]) -> anyhow::Result<()> {
    let (setting, start) = if kms.id().starts_with("kek_") {
        ("keys.file", "Start with that key file")
    } else {
        ("keys.kind", "Start with that key, or name it in keys.others")
    };
    canary_check(kms, canary).with_context(|| {
        let id = kms.id();
        format!("{setting}: this key ({id}) does not open this store, which was set up with {kek_id}. {start}")
    })
}
