//! Names to addresses, through the guard, each time a connection is made: a name that changes its addresses
//! after it was registered (DNS rebinding) wins nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;
use crate::domain::EnvironmentKind;

/// What a look-up answers, some time later.
pub type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: &str) -> LookingUp;
}

/// The machine's own resolver (`getaddrinfo`).
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> LookingUp {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver for the calls of one kind of environment.
pub(super) struct GuardedResolver {
    pub guard: Guard,
    pub kind: EnvironmentKind,
    pub lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking_up = self.lookup.lookup(name.as_str());
        let (guard, kind) = (self.guard.clone(), self.kind);
        Box::pin(async move {
            let found = looking_up.await?;
            guard.check_addresses(&found, kind)?;
            // Port 0 stands for the URL's.
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}
