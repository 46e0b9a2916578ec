//! Every range, every spelling.

use super::*;
use EnvironmentKind::{Production, Sandbox};
use proptest::prelude::*;

fn strict() -> Guard {
    Guard::new(GuardRules::default())
}

fn developing() -> Guard {
    Guard::new(GuardRules {
        allow: vec!["10.1.0.0/16".parse().unwrap()],
        allow_loopback_in_sandbox: true,
    })
}

/// The last address of a network.
fn last(net: IpNet) -> IpAddr {
    net.broadcast()
}

#[test]
fn no_special_network_is_public() {
    let networks = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12
        192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
        240.0.0.0/4 255.255.255.255/32 169.254.169.254/32 100.100.100.200/32 192.0.0.192/32
        ::/128 ::1/128 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/32
        2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fd00:ec2::254/128
        fe80::/10 fec0::/10 ff00::/8 4000::/3";
    for net in networks.split_whitespace() {
        let net: IpNet = net.parse().unwrap();
        for ip in [net.network(), last(net)] {
            assert!(!strict().allows(ip, Sandbox), "{ip}");
            assert!(!strict().allows(ip, Production), "{ip}");
            let permitted = ip.is_loopback() || net.to_string().starts_with("10.");
            assert!(permitted || !developing().allows(ip, Sandbox), "{ip}");
        }
    }
}

#[test]
fn the_neighbours_of_special_networks_are_public() {
    let public = "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
        169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0
        198.17.255.255 198.20.0.0 223.255.255.255 8.8.8.8 2000::1 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111
        3ffe::1 3fff:1000::1";
    for ip in public.split_whitespace() {
        assert!(strict().allows(ip.parse().unwrap(), Production), "{ip}");
    }
}

#[test]
fn every_spelling_of_an_inward_host_is_refused() {
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "0",
        "1.2.3.4.5",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "\u{ff11}27.0.0.1",
        "%31%32%37.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25eth0]",
        "[::]",
        "[::1%25lo]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::a9fe:a9fe]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::10.0.0.1]",
        "[2002:a9fe:a9fe::1]",
        "[2002:a00:1::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0xa.0.0.1",
        "012.0.0.1",
        "10.1",
        "0xc0a80001",
        "3232235521",
        "030052000001",
        "0xac.16.0.1",
        "0XA9.0XFE.0251.0376",
        "169.16689662",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost..",
        "localhost\u{3002}",
        "a.localhost",
        "l\u{2134}calhost",
        "metadata.google.internal",
        "printer.local",
        "printer.local.",
        "169.254.169.254",
        "0xa9fea9fe",
        ".",
        "",
    ] {
        for scheme in ["http", "https"] {
            let text = format!("{scheme}://{host}/");
            assert!(strict().check_url(&text, Sandbox).is_err(), "{text}");
            assert!(strict().check_url(&text, Production).is_err(), "{text}");
            assert!(developing().check_url(&text, Production).is_err(), "{text}");
        }
    }
}

#[test]
fn addresses_that_are_no_webhook_are_refused() {
    let long = format!("https://example.com/{}", "a".repeat(LONGEST_URL));
    for text in [
        "",
        "example.com",
        "//example.com",
        "/hooks",
        "ftp://example.com/",
        "file:///etc/passwd",
        "data:,x",
        "gopher://example.com/",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://:word@example.com/",
        "https://example.com/#",
        "https://example.com/#a",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://exa\nmple.com/",
        " https://example.com/",
        "https://example.com/a b",
        "https://example.com\\@localhost/",
        &long,
    ] {
        assert!(developing().check_url(text, Sandbox).is_err(), "{text}");
    }
    assert!(strict().check_url("http://example.com/", Production).is_err());
}

#[test]
fn public_addresses_pass_as_they_are() {
    for text in [
        "https://example.com/",
        "https://example.com:8443/hooks?a=1",
        "https://b\u{fc}cher.example/",
        "https://8.8.8.8/",
    ] {
        assert!(strict().check_url(text, Production).is_ok(), "{text}");
    }
    assert!(strict().check_url("http://example.com/", Sandbox).is_ok());
}

#[test]
fn a_sandbox_may_be_let_call_this_machine_and_production_never() {
    for text in ["http://127.0.0.1:8080/a", "http://localhost:8080/", "http://[::1]:1/"] {
        assert!(developing().check_url(text, Sandbox).is_ok(), "{text}");
    }
    assert!(!developing().allows(Ipv4Addr::LOCALHOST.into(), Production));
    assert!(developing().check_url("https://10.1.2.3/", Production).is_ok());
    assert!(developing().check_url("https://10.2.0.0/", Production).is_err());
}

#[test]
fn one_refused_address_refuses_the_name() {
    let (public, private) = ("8.8.8.8".parse().unwrap(), "10.9.0.1".parse().unwrap());
    assert_eq!(strict().check_addresses(&[public, private], Production), Err(Refused));
    assert_eq!(strict().check_addresses(&[public], Production), Ok(()));
    assert_eq!(strict().check_addresses(&[], Production), Err(Refused));
}

proptest! {
    #[test]
    fn an_inward_ipv4_address_hides_in_no_ipv6_address(bits in any::<u32>(), inward in 0..CLOSED_V4.len()) {
        let (net, length) = CLOSED_V4[inward];
        let host = u32::MAX.checked_shr(length.into()).unwrap_or(0);
        let ip = Ipv4Addr::from_bits(net.to_bits() | (bits & host));
        prop_assert!(!strict().allows(ip.into(), Production));
        let low = u128::from(ip.to_bits());
        let six_to_four = (0x2002 << 112) | (low << 80);
        let teredo = (0x2001_0000 << 96) | u128::from(!ip.to_bits());
        for bits in [low, low | (0xffff << 32), low | (0xffff << 48), low | (0x64_ff9b << 96), six_to_four, teredo] {
            prop_assert!(!strict().allows(Ipv6Addr::from_bits(bits).into(), Production));
        }
    }

    #[test]
    fn a_number_is_judged_by_what_it_means(bits in any::<u32>()) {
        let ip = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = ip.octets();
        let expected = strict().allows(ip.into(), Production);
        for host in [
            format!("{ip}"), format!("{bits}"), format!("0x{bits:x}"), format!("0{bits:o}"), format!("0{a:o}.{b}.{c}.0x{d:x}"),
            format!("{a}.{}", bits & 0xff_ffff), format!("{ip}."),
        ] {
            let read = strict().check_url(&format!("https://{host}/"), Production);
            prop_assert_eq!(read.is_ok(), expected, "{}", host);
        }
    }

    #[test]
    fn any_text_is_answered_and_what_passes_is_stable(text in "(https?://)?\\PC{0,40}") {
        if let Ok(url) = strict().check_url(&text, Production) {
            prop_assert_eq!(strict().check_url(url.as_str(), Production), Ok(url));
        }
    }
}
