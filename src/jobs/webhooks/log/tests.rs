//! Which webhooks are left alone, as it is shown.

use super::*;
use crate::domain::Uuid;
use crate::store::DisabledWhy;

const FAILED: Told = Told::Failed {
    wait: Some(std::time::Duration::from_secs(30)),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn id(number: u128) -> WebhookId {
    WebhookId(Uuid::from_u128(number))
}

/// A look that found this webhook behind, as it was changed then.
fn behind(number: u128, updated_at: Timestamp) -> Survey {
    let webhook = WebhookBehind {
        webhook: id(number),
        environment: EnvironmentId(Uuid::from_u128(7)),
        per_second: None,
        updated_at,
    };
    Survey {
        behind: vec![webhook],
        ..nothing()
    }
}

fn nothing() -> Survey {
    Survey {
        heads: Vec::new(),
        behind: Vec::new(),
        gone: Vec::new(),
        unsettled: false,
    }
}

/// Webhooks that are all left alone.
fn resting(count: u128) -> Log {
    let mut log = Log::default();
    for number in 1..=count {
        log.learn(behind(number, at(0)), at(0));
        assert!(log.told(id(number), FAILED, at(0)));
    }
    assert_eq!(log.resting().count() as u128, count);
    log
}

#[test]
fn a_webhook_that_was_changed_is_left_alone_no_more() {
    let mut log = resting(2);
    log.learn(behind(1, at(0)), at(1));
    assert_eq!(log.resting().count(), 2, "it is as it was");
    log.learn(behind(1, at(1)), at(1));
    assert_eq!(log.resting().collect::<Vec<_>>(), [id(2)]);
    log.told(id(2), Told::Arrived, at(40));
    assert_eq!(log.resting().count(), 0);
}

#[test]
fn a_webhook_that_is_switched_off_is_forgotten() {
    let mut log = resting(1);
    assert!(!log.told(id(1), Told::Disable(DisabledWhy::Gone), at(40)));
    assert_eq!(log.resting().count(), 0);
    // What was under way ends as well, and nobody counts it.
    assert!(!log.told(id(1), FAILED, at(41)));
    log.learn(behind(1, at(50)), at(50));
    assert_eq!(log.resting().count(), 0);
}

#[test]
fn what_somebody_else_switched_off_is_asked_for_once_a_minute() {
    let mut log = resting(2);
    assert_eq!(log.due_to_be_asked_for(at(0)).len(), 2);
    assert!(log.due_to_be_asked_for(at(59)).is_empty());
    assert_eq!(log.due_to_be_asked_for(at(60)).len(), 2);
    let gone = vec![id(2)];
    log.learn(Survey { gone, ..nothing() }, at(61));
    assert_eq!(log.resting().collect::<Vec<_>>(), [id(1)]);
}
