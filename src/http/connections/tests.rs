//! Who gets a place, and whose it was.

use super::*;

fn connections(most: usize, most_per_address: usize) -> Connections {
    Connections(Arc::new(Inner {
        listener: "test",
        most,
        most_per_address,
        proxies: Proxies::new(&["10.0.0.0/8".parse().unwrap()]),
        clock: Clock::System,
        open: Mutex::default(),
    }))
}

fn from(connections: &Connections, address: &str, wanted: usize) -> Vec<Place> {
    let peer = address.parse().unwrap();
    (0..wanted).map_while(|_| connections.take(peer)).collect()
}

#[test]
fn an_address_has_its_share_and_gives_it_back() {
    let all = connections(100, 3);
    let mut one = from(&all, "203.0.113.1", 10);
    assert_eq!(one.len(), 3);
    assert_eq!(from(&all, "203.0.113.2", 10).len(), 3, "others have theirs");
    one.pop();
    assert_eq!(from(&all, "203.0.113.1", 10).len(), 1);
    drop(one);
    let open = all.lock();
    assert_eq!((open.all, open.by_address.len(), open.by_site.len()), (0, 0, 0));
}

#[test]
fn a_network_of_64_bits_is_one_address() {
    let all = connections(100, 3);
    let kept = from(&all, "2001:db8::1", 2);
    assert_eq!(from(&all, "2001:db8::ffff", 10).len(), 1);
    assert_eq!(from(&all, "2001:db8:0:1::1", 10).len(), 3);
    // Our own sockets show IPv4 addresses in their IPv6 form.
    let four = from(&all, "::ffff:203.0.113.1", 2);
    assert_eq!(from(&all, "203.0.113.1", 10).len(), 1);
    drop((kept, four));
}

#[test]
fn a_trusted_proxy_has_no_share_of_its_own() {
    let all = connections(100, 3);
    let kept = from(&all, "10.0.0.1", 99);
    assert_eq!(kept.len(), 99);
    let last = from(&all, "203.0.113.1", 10);
    assert_eq!(last.len(), 1);
    assert!(
        all.take("10.0.0.1".parse().unwrap()).is_none(),
        "the whole is the whole"
    );
    assert!(
        all.take("203.0.113.2".parse().unwrap()).is_none(),
        "and no proxy is cut off"
    );
}

#[test]
fn whoever_has_few_gets_the_place_of_an_idle_one_of_whoever_has_most() {
    let all = connections(10, 8);
    let one = from(&all, "203.0.113.1", 8);
    let two = from(&all, "203.0.113.2", 2);
    let given_up = |places: &[Place]| {
        let is = |place: &Place| place.line.given_up.load(Ordering::Acquire);
        places.iter().position(is)
    };
    // The oldest has a request under way.
    one[0].line.works();
    let third = from(&all, "203.0.113.3", 1);
    assert_eq!((third.len(), given_up(&one), given_up(&two)), (1, Some(1), None));
    // Nobody gains by coming again and again: three, four and three is as fair as it gets.
    let more = from(&all, "203.0.113.2", 10);
    let last = from(&all, "203.0.113.3", 10);
    let open = all.lock();
    let counts = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(|who| open.own(Who::at(who.parse().unwrap())));
    assert_eq!((open.all, counts.iter().sum::<usize>()), (10, 10));
    assert!(counts.iter().all(|count| (3..=4).contains(count)), "{counts:?}");
    drop(open);
    drop((one, two, third, more, last));
    assert_eq!(all.lock().all, 0, "who was given up is not counted twice");
}

#[test]
fn requests_under_way_are_never_cut() {
    let all = connections(4, 4);
    let one = from(&all, "203.0.113.1", 4);
    for place in &one {
        place.line.works();
    }
    assert!(from(&all, "203.0.113.2", 1).is_empty());
    one[3].has_answered();
    assert_eq!(from(&all, "203.0.113.2", 1).len(), 1);
}

#[test]
fn requests_that_are_not_here_as_a_whole_give_way_the_oldest_first() {
    let all = connections(6, 4);
    let one = from(&all, "203.0.113.1", 4);
    let two = from(&all, "203.0.113.2", 2);
    let given_up = |places: &[Place]| -> Vec<usize> {
        let is = |place: &Place| place.line.given_up.load(Ordering::Acquire);
        (0..places.len()).filter(|i| is(&places[*i])).collect()
    };
    // Half a head, half a body, a whole request, a body that came to its end.
    for place in &one {
        place.was_asked();
    }
    for place in &two {
        place.line.works();
    }
    for place in &one[1..] {
        place.line.works();
    }
    one[3].line.waits_for_body();
    one[1].line.waits_for_body();
    one[3].line.has_body();
    let mut third = from(&all, "203.0.113.3", 1);
    assert_eq!((third.len(), given_up(&one), given_up(&two)), (1, vec![0], vec![]));
    third.extend(from(&all, "203.0.113.3", 1));
    assert_eq!((third.len(), given_up(&one)), (2, vec![0, 1]));
    for place in &third {
        place.line.works();
    }
    // What has fewer, or is under way, stays.
    assert!(from(&all, "203.0.113.4", 1).is_empty());
    assert_eq!((given_up(&one), given_up(&two)), (vec![0, 1], vec![]));
}

#[test]
fn a_site_of_ipv6_has_a_share_and_is_one_of_those_that_have_most() {
    let all = connections(100, 3);
    let places: Vec<Place> = (0..20)
        .flat_map(|i| from(&all, &format!("2001:db8:1:{i:x}::1"), 1))
        .collect();
    assert_eq!(places.len(), 12);
    drop(places);
    // As many networks as there are places shut nobody out.
    let all = connections(8, 8);
    let places: Vec<Place> = (0..8)
        .flat_map(|i| from(&all, &format!("2001:db8:1:{i:x}::1"), 1))
        .collect();
    assert_eq!(places.len(), 8);
    assert_eq!(from(&all, "2001:db8:2::1", 1).len(), 1);
    assert_eq!(from(&all, "203.0.113.1", 1).len(), 1);
}
