//! Notices are queued with the change that they tell of.

use std::sync::Arc;

use aboard::domain::{Email, EventId, IdentityId, MessageId, UserId};
use aboard::store::{DueReport, MessageEnd, UpdateOutcome, UpdateUser, WrittenNotice};

use super::join::proven;
use super::messages::{claim, finish};
use crate::support::store::{TestStore, both};
use crate::support::world::Plane;

both! {
    a_notice_is_queued_with_its_change_and_says_whom_and_what,
    a_user_is_told_so_often_an_hour_and_no_more,
    a_report_finds_its_notice_by_the_providers_name,
}

/// Notices are written as what they are about, in plain.
pub fn written(store: &TestStore) {
    let ids = store.ids.clone();
    store.write_notices_with(Arc::new(move |draft| {
        let to = draft.to?;
        let plain = format!("{} {} {}", draft.notice.name(), to.key(), draft.organization);
        Some(WrittenNotice {
            id: MessageId(ids.id()),
            channel: "email",
            sealed: plain.into_bytes(),
        })
    }));
}

/// The back end names another e-mail.
async fn rename(store: &TestStore, plane: &Plane, user: UserId, email: &str) {
    let call = UpdateUser {
        now: store.now(),
        user,
        name: None,
        email: Some(Email::parse(email).unwrap()),
        phone: None,
        metadata: None,
        identities: std::array::from_fn(|_| IdentityId(store.ids.id())),
        event: EventId(store.ids.id()),
        event_data: aboard::resource::user,
    };
    let outcome = store.update_user(&plane.server, call).await.unwrap();
    assert!(matches!(outcome, UpdateOutcome::Updated(_)), "{outcome:?}");
}

async fn a_notice_is_queued_with_its_change_and_says_whom_and_what(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = proven(&store, &sandbox, "ada@example.com").await;
    store.execute("delete from jobs").await;
    store.execute("delete from messages").await;
    rename(&store, &sandbox, user, "one@example.com").await;
    assert_eq!(store.count("messages").await, 0, "nobody writes notices yet");
    written(&store);
    rename(&store, &sandbox, user, "two@example.com").await;
    let due = claim(&store, store.ids.id()).await;
    let [notice] = &due[..] else { panic!("{due:?}") };
    let plain = String::from_utf8(notice.sealed.clone()).unwrap();
    assert!(plain.starts_with("contact_changed ada@example.com "), "{plain}");
    assert_eq!((notice.channel.as_str(), notice.lost), ("email", false));
    assert_eq!(notice.expires_at, store.later(86_400));
    assert_eq!(notice.challenge.0, notice.id.0, "there is no challenge");
}

async fn a_user_is_told_so_often_an_hour_and_no_more(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = proven(&store, &sandbox, "ada@example.com").await;
    written(&store);
    for turn in 0..25 {
        rename(&store, &sandbox, user, &format!("new{turn}@example.com")).await;
    }
    assert_eq!(store.count("messages where notice = 'contact_changed'").await, 20);
    store.advance(3_600);
    rename(&store, &sandbox, user, "later@example.com").await;
    assert_eq!(store.count("messages where notice = 'contact_changed'").await, 21);
}

async fn a_report_finds_its_notice_by_the_providers_name(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let user = proven(&store, &sandbox, "ada@example.com").await;
    store.execute("delete from jobs").await;
    written(&store);
    rename(&store, &sandbox, user, "new@example.com").await;
    let owner = store.ids.id();
    let id = claim(&store, owner).await[0].id;
    let report = |provider_id: &str| DueReport {
        id: store.ids.id(),
        environment: sandbox.id,
        channel: "email".to_owned(),
        provider_id: Some(provider_id.to_owned()),
        message: None,
        progress: "failed".to_owned(),
        code: None,
        received_at: store.now(),
        attempts: 1,
    };
    let found = async |provider_id: &str| {
        store
            .reported_notice(store.system(), &report(provider_id))
            .await
            .unwrap()
    };
    assert_eq!(found("one").await, None, "it is still on its way");
    let sent = MessageEnd::Sent {
        provider_id: Some("one".to_owned()),
    };
    assert!(finish(&store, owner, id, sent).await);
    assert_eq!((found("one").await, found("two").await), (Some(id), None));
    let message = store.reported_message(store.system(), &report("one")).await.unwrap();
    assert!(message.is_none(), "it carries no code");
}
