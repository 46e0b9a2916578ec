//! Where an outgoing call may go. Nothing else decides it.
//!
//! A name is never resolved here, so that registering an address asks nobody anything: its addresses are
//! checked by [`super::resolve`] each time a connection is made. An address that is spelled as a number is
//! checked at once, in whatever spelling: the URL standard reads `0x7f.1` and `2130706433` as 127.0.0.1.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

use crate::domain::{EnvironmentKind, Invalid};

/// No address that is registered may be longer.
pub const LONGEST_URL: usize = 2_048;

/// What the operator allows beyond public addresses.
#[derive(Debug, Clone, Default)]
pub struct GuardRules {
    /// Networks that may be called although they are not public, for every environment.
    pub allow: Vec<IpNet>,
    /// Whether sandboxes may call this very machine: for development.
    pub allow_loopback_in_sandbox: bool,
}

/// Decides where an outgoing call may go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guard(Arc<GuardRules>);

/// An address that the guard refuses. It does not say which: whoever registered a name should not learn what
/// it means inside the operator's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused by the guard")]
pub struct Refused;

/// IPv4 networks that are not public. Sources: the IANA registry of special-purpose addresses (RFC 6890), and
/// the one metadata address of a cloud that lies in public space.
const CLOSED_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // between a carrier and its customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // this machine
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's metadata
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, and most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments, and Oracle's metadata
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];

/// The one part of IPv6 that is given out as public addresses. What lies outside is refused: loopback, mapped
/// and compatible IPv4, NAT64, discard, segment routing, unique local (AWS' metadata too), link-local, multicast.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IPv6 networks inside [`PUBLIC_V6`] that are not public.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarks, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: holds an IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

static CLOSED: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let v4 = CLOSED_V4
        .iter()
        .map(|(ip, bits)| Ipv4Net::new_assert(*ip, *bits).into());
    let v6 = CLOSED_V6
        .iter()
        .map(|(ip, bits)| Ipv6Net::new_assert(*ip, *bits).into());
    v4.chain(v6).collect()
});

/// Whether an address is public, whatever the operator allows beside.
pub(super) fn is_public(ip: IpAddr) -> bool {
    let in_public_space = match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => Ipv6Net::new_assert(PUBLIC_V6.0, PUBLIC_V6.1).contains(&ip),
    };
    in_public_space && !CLOSED.iter().any(|net| net.contains(&ip))
}

impl Guard {
    /// A guard with the operator's rules.
    #[must_use]
    pub fn new(rules: GuardRules) -> Self {
        Self(Arc::new(rules))
    }

    /// Whether a call for an environment of this kind may go to this address.
    #[must_use]
    pub fn allows(&self, ip: IpAddr, kind: EnvironmentKind) -> bool {
        is_public(ip)
            || self.0.allow.iter().any(|net| net.contains(&ip))
            || (ip.is_loopback() && self.allows_loopback(kind))
    }

    /// Whether a call may go to a name with these addresses. One refused address refuses the name: which of
    /// them would be called is chance.
    ///
    /// # Errors
    /// [`Refused`], also for a name without any address.
    pub fn check_addresses(&self, addresses: &[IpAddr], kind: EnvironmentKind) -> Result<(), Refused> {
        let allowed = !addresses.is_empty() && addresses.iter().all(|ip| self.allows(*ip, kind));
        if allowed { Ok(()) } else { Err(Refused) }
    }

    /// Reads an address that somebody registers, or that is about to be called. No name is resolved.
    ///
    /// # Errors
    /// The address is too long, not https (in a sandbox http is fine as well), carries credentials or a
    /// fragment, or its host cannot be public.
    pub fn check_url(&self, text: &str, kind: EnvironmentKind) -> Result<Url, Invalid> {
        if text.len() > LONGEST_URL {
            return Err(Invalid::new(format!(
                "Use an address of at most {LONGEST_URL} characters."
            )));
        }
        // The URL standard drops line breaks and reads `\` as `/`; other readers of the same text do not.
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Invalid::new(
                "Remove spaces, control characters and backslashes from the address.",
            ));
        }
        let malformed = |_| Invalid::new("Use a complete address, such as https://example.com/hooks.");
        let url = Url::parse(text).map_err(malformed)?;
        match (url.scheme(), kind) {
            ("https", _) | ("http", EnvironmentKind::Sandbox) => {}
            _ => return Err(Invalid::new("Use an address that starts with https://.")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::new("Remove the user name and the password from the address."));
        }
        if url.fragment().is_some() {
            return Err(Invalid::new(
                "Remove the fragment (# and what follows) from the address.",
            ));
        }
        if url.port() == Some(0) {
            return Err(Invalid::new("Use another port than 0, or none."));
        }
        let may_be_public = match url.host() {
            Some(Host::Ipv4(ip)) => self.allows(ip.into(), kind),
            Some(Host::Ipv6(ip)) => self.allows(ip.into(), kind),
            Some(Host::Domain(name)) => self.allows_name(name, kind),
            None => false,
        };
        if may_be_public {
            Ok(url)
        } else {
            Err(Invalid::new("Use an address that is reachable on the public internet."))
        }
    }

    /// Refuses names that never mean a public host. All others are decided by what they resolve to.
    pub(super) fn allows_name(&self, name: &str, kind: EnvironmentKind) -> bool {
        let name = name.trim_end_matches('.');
        let last = name.rsplit('.').next().unwrap_or_default();
        let inward = ["localhost", "internal", "local"].contains(&last);
        !name.is_empty() && (!inward || self.allows_loopback(kind))
    }

    fn allows_loopback(&self, kind: EnvironmentKind) -> bool {
        self.0.allow_loopback_in_sandbox && kind == EnvironmentKind::Sandbox
    }
}

#[cfg(test)]
mod tests;
