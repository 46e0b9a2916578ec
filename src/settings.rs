//! The settings of each environment: those of the configuration file, with what the store holds put over them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::{Config, EnvironmentConfig};
use crate::domain::EnvironmentId;
use crate::store::{Result, Store};

/// The settings by environment. Cheap to clone; read on every request.
#[derive(Clone)]
pub struct Settings {
    base: Arc<EnvironmentConfig>,
    changed: Arc<RwLock<HashMap<EnvironmentId, Arc<EnvironmentConfig>>>>,
    /// Held while the settings are read, so that what was read first never replaces what was read later.
    reading: Arc<tokio::sync::Mutex<()>>,
    /// Whether the last reading failed.
    stale: Arc<AtomicBool>,
}

impl Settings {
    /// The configuration's own, for every environment; see [`Settings::load`].
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            base: Arc::new(EnvironmentConfig::from(config)),
            changed: Arc::default(),
            reading: Arc::default(),
            stale: Arc::default(),
        }
    }

    /// The settings of an environment.
    #[must_use]
    pub fn of(&self, environment: EnvironmentId) -> Arc<EnvironmentConfig> {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(changed.get(&environment).unwrap_or(&self.base))
    }

    /// What holds where an environment sets nothing.
    #[must_use]
    pub fn base(&self) -> &EnvironmentConfig {
        &self.base
    }

    /// Whether the last reading failed, so that what another node changed may be unknown here.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    /// Reads what the store holds again. What this release cannot read is left out, and said: a setting of a later
    /// release must not keep people from logging in.
    pub async fn load(&self, store: &Store) -> Result<()> {
        let _reading = self.reading.lock().await;
        self.stale.store(true, Ordering::Release);
        let mut by_environment: HashMap<EnvironmentId, EnvironmentConfig> = HashMap::new();
        for stored in store.settings(store.system()).await? {
            let known = by_environment.get(&stored.environment).unwrap_or(&self.base);
            match known.with(&[(stored.name, stored.value)]) {
                Ok(config) => {
                    by_environment.insert(stored.environment, config);
                }
                Err(error) => {
                    tracing::error!(environment = %stored.environment, %error, "a setting of the store is left out");
                }
            }
        }
        let loaded = by_environment
            .into_iter()
            .map(|(environment, config)| (environment, Arc::new(config)))
            .collect();
        *self.changed.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        self.stale.store(false, Ordering::Release);
        Ok(())
    }
}
