//! Connections for protocols other than HTTP (mail), through the same guard.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Host;

use super::client::{Outbound, SendError};
use super::guard::is_public;
use crate::domain::EnvironmentKind;

impl Outbound {
    /// Connects to a host for an environment of this kind. A public address is called on one of the `usual` ports
    /// only, so that nobody scans other people's machines from here; what the operator allows, on any port.
    ///
    /// # Errors
    /// [`SendError::Refused`], [`SendError::NameNotFound`] or [`SendError::NotConnected`].
    pub async fn connect(
        &self,
        kind: EnvironmentKind,
        host: &str,
        port: u16,
        usual: &[u16],
    ) -> Result<TcpStream, SendError> {
        let connecting = async {
            let addresses = self.addresses(kind, host).await?;
            if !usual.contains(&port) && addresses.iter().any(|ip| is_public(*ip)) {
                return Err(SendError::Refused);
            }
            for ip in addresses {
                if let Ok(stream) = TcpStream::connect(SocketAddr::new(ip, port)).await {
                    // Short commands that wait for an answer each; a socket without it is only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
            }
            Err(SendError::NotConnected)
        };
        timeout(self.connect_timeout, connecting)
            .await
            .unwrap_or(Err(SendError::NotConnected))
    }

    /// The addresses of a host, all of them allowed.
    async fn addresses(&self, kind: EnvironmentKind, host: &str) -> Result<Vec<IpAddr>, SendError> {
        // The URL standard's reading, so that no spelling of a number passes for a name.
        let name = match Host::parse(host).map_err(|_| SendError::Refused)? {
            Host::Ipv4(ip) => return self.literal(ip.into(), kind),
            Host::Ipv6(ip) => return self.literal(ip.into(), kind),
            Host::Domain(name) => name,
        };
        if !self.guard.allows_name(&name, kind) {
            return Err(SendError::Refused);
        }
        let found = self.lookup.lookup(&name).await.map_err(|_| SendError::NameNotFound)?;
        let checked = self.guard.check_addresses(&found, kind);
        checked.map(|()| found).map_err(|_| SendError::Refused)
    }

    fn literal(&self, ip: IpAddr, kind: EnvironmentKind) -> Result<Vec<IpAddr>, SendError> {
        let checked = self.guard.check_addresses(&[ip], kind);
        checked.map(|()| vec![ip]).map_err(|_| SendError::Refused)
    }
}
