//! Whose address a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The networks of the operator's own reverse proxies (`server.trusted_proxies`).
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads the setting.
    #[must_use]
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    /// The caller's address: the rightmost entry of `X-Forwarded-For` that is no trusted proxy, if the peer is one.
    /// What stands left of that entry was written by the caller itself and is never read; an entry that is no address
    /// ends the search at the proxy that wrote it.
    #[must_use]
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if !self.trust(nearest) {
            return nearest;
        }
        let lines = headers.get_all("x-forwarded-for").iter().collect::<Vec<_>>();
        for line in lines.into_iter().rev() {
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                let Some(address) = address(entry) else { return nearest };
                nearest = address;
                if !self.trust(nearest) {
                    return nearest;
                }
            }
        }
        nearest
    }

    /// Whether the other end of a connection is one of them.
    #[must_use]
    pub fn is_one(&self, peer: IpAddr) -> bool {
        self.trust(peer.to_canonical())
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: bare, in brackets, with a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> Proxies {
        Proxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    fn forwarded(lines: &[String]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn the_rightmost_stranger_is_the_caller() {
        for (peer, lines, caller) in [
            ("198.51.100.7", &["203.0.113.9"][..], "198.51.100.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, 10.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9,10.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("fd00::1", &["203.0.113.9"], "203.0.113.9"),
            // Nobody is behind a proxy that does not say who.
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, unknown, 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            // The operator's own machines call as well.
            ("10.0.0.1", &["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
        ] {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(
                proxies().caller(peer.parse().unwrap(), &forwarded(&lines)),
                caller.parse::<IpAddr>().unwrap(),
                "{peer} {lines:?}"
            );
        }
    }

    proptest! {
        /// However long and strange a caller's own header is, what the trusted proxies appended decides.
        #[test]
        fn nobody_can_choose_an_address(
            lies in proptest::collection::vec("[ -~]{0,40}", 0..6),
            caller in any::<[u8; 4]>(),
            hops in proptest::collection::vec(any::<[u8; 3]>(), 0..4),
        ) {
            let caller = IpAddr::from(caller);
            prop_assume!(!proxies().trust(caller));
            let hop = |[a, b, c]: [u8; 3]| IpAddr::from([10, a, b, c]);
            // Each proxy appends whoever called it.
            let mut chain = lies.join(",");
            for seen in std::iter::once(caller).chain(hops.iter().copied().map(hop)) {
                let comma = if chain.is_empty() { "" } else { ", " };
                chain = format!("{chain}{comma}{seen}");
            }
            prop_assert_eq!(proxies().caller(hop([1, 2, 3]), &forwarded(&[chain.clone()])), caller);
            // From a stranger's connection nothing of it counts.
            prop_assert_eq!(proxies().caller(caller, &forwarded(&[chain])), caller);
        }
    }
}
