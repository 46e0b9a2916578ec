//! The guard at the moment of a call: what a name resolves to decides, each time.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use aboard::domain::EnvironmentKind::{self, Production, Sandbox};
use aboard::outbound::resolve::{LookingUp, Lookup};
use aboard::outbound::{Answer, Guard, GuardRules, Outbound, OutboundOptions, SendError};
use aboard_fakes::Receiver;
use reqwest::header::HeaderMap;

/// A resolver that answers from a list, and the last entry for ever.
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

impl Lookup for Scripted {
    fn lookup(&self, _: &str) -> LookingUp {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        Box::pin(async move { next.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

/// A client for which every name resolves to these addresses, one entry for each look-up.
fn outbound(answers: &[&[&str]]) -> Outbound {
    let answer = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
    let lookup: Arc<dyn Lookup> = Arc::new(Scripted(Mutex::new(answers.iter().map(answer).collect())));
    let rules = GuardRules {
        allow_loopback_in_sandbox: true,
        ..GuardRules::default()
    };
    Outbound::with_lookup(Guard::new(rules), OutboundOptions::default(), &lookup).unwrap()
}

async fn post(outbound: &Outbound, kind: EnvironmentKind, url: &str) -> Result<Answer, SendError> {
    outbound.post(kind, url, HeaderMap::new(), "{}".into()).await
}

fn named(receiver: &Receiver) -> String {
    format!("http://hooks.example.com:{}/", receiver.port())
}

#[tokio::test]
async fn a_name_is_called_where_the_guard_lets_it() {
    let receiver = Receiver::start().await.unwrap();
    let outbound = outbound(&[&["127.0.0.1"]]);
    let answer = post(&outbound, Sandbox, &named(&receiver)).await.unwrap();
    assert_eq!(answer.status, 200);
    let [request] = receiver.requests().try_into().unwrap();
    assert!(request.header("host").unwrap().starts_with("hooks.example.com:"));
    assert_eq!(request.header("accept-encoding"), None);
}

#[tokio::test]
async fn one_inward_address_among_public_ones_refuses_the_name() {
    let receiver = Receiver::start().await.unwrap();
    for addresses in [
        &["127.0.0.1", "10.0.0.1"][..],
        &["8.8.8.8", "::ffff:10.0.0.1"],
        &["169.254.169.254"],
        &[],
    ] {
        let outbound = outbound(&[addresses]);
        assert_eq!(
            post(&outbound, Sandbox, &named(&receiver)).await,
            Err(SendError::Refused),
            "{addresses:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_turns_inward_is_refused_at_the_next_connection() {
    let receiver = Receiver::start().await.unwrap();
    let outbound = outbound(&[&["127.0.0.1"], &["192.168.1.1"], &["127.0.0.1"]]);
    // Without this the second call would use the first one's connection, whose address was checked.
    receiver.push(aboard_fakes::Answer::new(200).header("connection", "close"));
    assert!(post(&outbound, Sandbox, &named(&receiver)).await.is_ok());
    assert_eq!(
        post(&outbound, Sandbox, &named(&receiver)).await,
        Err(SendError::Refused)
    );
    assert!(post(&outbound, Sandbox, &named(&receiver)).await.is_ok());
}

#[tokio::test]
async fn production_never_uses_what_a_sandbox_may() {
    let receiver = Receiver::start().await.unwrap();
    let outbound = outbound(&[&["127.0.0.1"]]);
    assert!(post(&outbound, Sandbox, &named(&receiver)).await.is_ok());
    for url in [
        named(&receiver),
        named(&receiver).replace("http:", "https:"),
        receiver.url("/"),
    ] {
        assert_eq!(
            post(&outbound, Production, &url).await,
            Err(SendError::Refused),
            "{url}"
        );
    }
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_name_without_addresses_is_told_apart() {
    let sent = post(&outbound(&[]), Sandbox, "http://hooks.example.com/").await;
    assert_eq!(sent, Err(SendError::NameNotFound));
    // Not to whoever owns the endpoint: a name that stands for an address inside reads the same.
    let refused = post(&outbound(&[&["10.0.0.1"]]), Sandbox, "http://hooks.example.com/").await;
    assert_eq!(refused, Err(SendError::Refused));
    assert_eq!(refused.unwrap_err().to_string(), sent.unwrap_err().to_string());
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let receiver = Receiver::start().await.unwrap();
    let outbound = outbound(&[&["127.0.0.1"]]);
    for _ in 0..20 {
        post(&outbound, Sandbox, &named(&receiver)).await.unwrap();
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn no_more_than_four_kibibytes_of_a_body_are_kept() {
    let receiver = Receiver::start().await.unwrap();
    receiver.push(aboard_fakes::Reply::Flood(1 << 40));
    let answer = post(&outbound(&[&["127.0.0.1"]]), Sandbox, &named(&receiver))
        .await
        .unwrap();
    assert_eq!(answer.body, [b'a'; 4_096]);
}
