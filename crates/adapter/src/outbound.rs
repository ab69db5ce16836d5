//! Which addresses an adapter may call. Asked after name resolution, and for literal addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Which addresses may be called.
///
/// | address | verdict |
/// | --- | --- |
/// | link-local, metadata services, unspecified, multicast, broadcast | never |
/// | loopback, private ranges, carrier-grade NAT | while the server itself listens on loopback only, or where `allow` lists them |
/// | all others | yes |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundPolicy {
    /// The server itself is only reachable from its own machine: whoever can submit workflows can
    /// reach these addresses anyway.
    pub server_is_loopback: bool,
    /// Ranges that are allowed besides the public ones (`outbound.allow`).
    pub allow: Vec<Cidr>,
}

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Link-local, metadata and the like: no setting allows these.
    #[error(
        "expected a routable address, but {0} is link-local, a metadata service or no host at all, which are never called"
    )]
    Never(IpAddr),
    /// Loopback or private, and not listed.
    #[error(
        "expected a public address, but {0} is loopback or private; list its range in `outbound.allow` to permit it"
    )]
    NotListed(IpAddr),
}

impl OutboundPolicy {
    /// Whether the address may be called.
    ///
    /// # Errors
    /// With the reason when it may not.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        if never(address) || embedded_v4(address).is_some_and(|v4| never(v4.into())) {
            return Err(Refused::Never(address));
        }
        let inside =
            internal(address) || embedded_v4(address).is_some_and(|v4| internal(v4.into()));
        if !inside
            || self.server_is_loopback
            || self.allow.iter().any(|range| range.contains(address))
        {
            return Ok(());
        }
        Err(Refused::NotListed(address))
    }
}

/// Addresses that name no host, or one that hands out credentials.
fn never(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.octets()[0] == 0
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || METADATA_V4.contains(&v4)
        }
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6 == METADATA_V6
        }
    }
}

/// Metadata services that live outside the link-local range.
const METADATA_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// The IPv4 address that a translated IPv6 address stands for (NAT64, 6to4): a way round the check
/// above if it were left out.
fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, _) => Some(join(b, c)),
        _ => None,
    }
}

/// A range of addresses, `10.0.0.0/8`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    prefix_bits: u8,
}

/// Why a text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a range such as `10.0.0.0/8`, but found `{0}`")]
pub struct CidrError(String);

impl Cidr {
    /// Whether the address lies in the range; IPv4 and IPv6 never mix.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                u32::from(base).checked_shr(shift) == u32::from(other).checked_shr(shift)
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                u128::from(base).checked_shr(shift) == u128::from(other).checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let widest = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| wrong())?,
            None => widest,
        };
        if prefix_bits > widest {
            return Err(wrong());
        }
        Ok(Self { base, prefix_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &OutboundPolicy, address: &str, allowed: bool) {
        let verdict = policy.check(address.parse().unwrap());
        assert_eq!(verdict.is_ok(), allowed, "{address}: {verdict:?}");
    }

    #[test]
    fn public_addresses_are_allowed_and_internal_ones_are_not() {
        let strict = OutboundPolicy::default();
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111"] {
            check(&strict, address, true);
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd12::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            check(&strict, address, false);
        }
    }

    #[test]
    fn a_server_on_loopback_may_call_its_own_machine_but_never_metadata() {
        let local = OutboundPolicy {
            server_is_loopback: true,
            allow: vec!["169.254.0.0/16".parse().unwrap(), "::/0".parse().unwrap()],
        };
        for address in ["127.0.0.1", "::1", "10.0.0.1"] {
            check(&local, address, true);
        }
        for address in [
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "255.255.255.255",
            "224.0.0.1",
            "100.100.100.200",
        ] {
            check(&local, address, false);
        }
    }

    #[test]
    fn listed_ranges_are_allowed() {
        let listed = OutboundPolicy {
            server_is_loopback: false,
            allow: vec!["10.0.0.0/8".parse().unwrap(), "fd12::/16".parse().unwrap()],
        };
        check(&listed, "10.200.0.1", true);
        check(&listed, "fd12:1::1", true);
        check(&listed, "192.168.0.1", false);
        check(&listed, "127.0.0.1", false);
    }

    #[test]
    fn ranges_are_parsed_strictly() {
        for wrong in ["", "10.0.0.0/33", "::/129", "ten", "10.0.0.0/-1", "10.0/8"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()));
    }
}
