//! Users as their environment's back end manages them: link, update, list, look, erase.

use aboard::domain::{
    Email, EventId, IdentityId, Metadata, MetadataChange, PartnerUserId, PersonName, Phone, RequiredProofs, UserId,
    UserStatus, Uuid,
};
use aboard::store::{LinkOutcome, LinkUser, Linked, Once, ServerScope, UpdateOutcome, UpdateUser, User, UserFilter};
use serde_json::{Value, json};

use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};

both! {
    a_linked_user_is_there_with_its_event,
    a_demanded_proof_is_asked_for,
    metadata_that_grows_too_large_changes_nothing,
    an_answer_is_saved_once_and_refusals_are_not,
    an_update_of_nobody_writes_nothing,
    a_user_reaches_only_its_own_environment,
    a_partner_born_scope_sees_what_the_partner_brought,
    pages_end_where_there_is_no_more,
    an_erased_user_keeps_its_row_alone,
    a_users_environment_is_known_by_its_id,
    links_and_changes_to_one_email_at_once_give_it_to_one_user,
}

fn change(value: Value) -> MetadataChange {
    MetadataChange::parse(value).unwrap()
}

fn data(user: &User) -> serde_json::Map<String, Value> {
    [("user_id".to_owned(), user.id.to_string().into())]
        .into_iter()
        .collect()
}

pub(super) fn call(store: &TestStore, email: &str) -> LinkUser {
    LinkUser {
        now: store.now(),
        email: Email::parse(email).unwrap(),
        phone: Phone::parse_e164("+1234567890").unwrap(),
        name: PersonName::parse("Ada").unwrap(),
        metadata: MetadataChange::default(),
        external_id: None,
        phone_proven: false,
        demanded: RequiredProofs::default(),
        user: UserId(store.ids.id()),
        identities: std::array::from_fn(|_| IdentityId(store.ids.id())),
        event: EventId(store.ids.id()),
        event_data: data,
        saved_answer: |linked| linked.user.id.to_string(),
        idempotency: None,
    }
}

fn update(store: &TestStore, user: UserId) -> UpdateUser {
    UpdateUser {
        now: store.now(),
        user,
        name: None,
        email: None,
        phone: None,
        metadata: None,
        identities: std::array::from_fn(|_| IdentityId(store.ids.id())),
        event: EventId(store.ids.id()),
        event_data: data,
    }
}

async fn link(store: &TestStore, scope: &ServerScope, call: LinkUser) -> Linked {
    match store.link_user(scope, call).await.unwrap() {
        Once::Done(LinkOutcome::Linked(linked)) => linked,
        other => panic!("{other:?}"),
    }
}

async fn a_linked_user_is_there_with_its_event(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let linked = link(&store, &sandbox.server, call(&store, "ada@example.com")).await;
    assert!(linked.created && !linked.verification_required);
    let user = linked.user;
    assert_eq!(store.user(&sandbox.server, user.id).await.unwrap(), Some(user.clone()));
    assert_eq!((user.status, user.name.as_deref()), (UserStatus::Linked, Some("Ada")));
    assert_eq!((user.created_at, user.updated_at), (store.now(), store.now()));
    store.advance(5);
    let again = link(&store, &sandbox.server, call(&store, "ada@example.com")).await;
    assert!(!again.created);
    assert_eq!(again.user, user);
    assert_eq!(
        store.rows("select type from events where type like 'user.%'").await,
        ["user.linked"]
    );
}

async fn a_demanded_proof_is_asked_for(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let demands = |email, phone, kyc| RequiredProofs { email, phone, kyc };
    for demanded in [
        demands(true, false, false),
        demands(false, true, false),
        demands(false, false, true),
    ] {
        let call = LinkUser {
            demanded,
            ..call(&store, "ada@example.com")
        };
        assert!(
            link(&store, &sandbox.server, call).await.verification_required,
            "{demanded:?}"
        );
    }
}

async fn metadata_that_grows_too_large_changes_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut first = call(&store, "ada@example.com");
    first.metadata = change(json!({ "a": "x".repeat(10_000) }));
    let user = link(&store, &sandbox.server, first).await.user;
    let before = store.everything().await;
    let more = change(json!({ "b": "x".repeat(10_000) }));
    let mut again = call(&store, "ada@example.com");
    again.metadata = more.clone();
    again.idempotency = Some(idempotency(&store, 1, 1));
    let refused = store.link_user(&sandbox.server, again).await.unwrap();
    assert!(matches!(refused, Once::Done(LinkOutcome::Metadata(_))), "{refused:?}");
    let mut updated = update(&store, user.id);
    updated.metadata = Some(more);
    let refused = store.update_user(&sandbox.server, updated).await.unwrap();
    assert!(matches!(refused, UpdateOutcome::Metadata(_)), "{refused:?}");
    assert_eq!(store.everything().await, before);
}

async fn an_answer_is_saved_once_and_refusals_are_not(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let with_key = |email: &str, request| LinkUser {
        idempotency: Some(idempotency(&store, 1, request)),
        ..call(&store, email)
    };
    let linked = link(&store, &sandbox.server, with_key("ada@example.com", 1)).await;
    let again = store
        .link_user(&sandbox.server, with_key("ada@example.com", 1))
        .await
        .unwrap();
    match again {
        Once::Replayed(saved) => {
            assert_eq!(saved.body, Some(linked.user.id.to_string()));
            assert_eq!((saved.status, saved.resource), (200, Some(linked.user.id.0)));
        }
        other => panic!("{other:?}"),
    }
    let other = store
        .link_user(&sandbox.server, with_key("bob@example.com", 2))
        .await
        .unwrap();
    assert_eq!(other, Once::Mismatch);
    // Whoever is refused may use its key again.
    store
        .set_suspended(&store.admin(), sandbox.id, linked.user.id, true, store.now())
        .await
        .unwrap();
    let refused = LinkUser {
        idempotency: Some(idempotency(&store, 2, 1)),
        ..call(&store, "ada@example.com")
    };
    let outcome = store.link_user(&sandbox.server, refused).await.unwrap();
    assert_eq!(outcome, Once::Done(LinkOutcome::Suspended(linked.user.id)));
    assert_eq!(store.count("idempotency_keys").await, 1);
}

async fn an_update_of_nobody_writes_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let before = store.everything().await;
    let mut nobody = update(&store, UserId(Uuid::from_u128(7)));
    nobody.name = Some(PersonName::parse("New").unwrap());
    nobody.email = Some(Email::parse("new@example.com").unwrap());
    let outcome = store.update_user(&sandbox.server, nobody).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::NotFound);
    assert_eq!(store.everything().await, before);
}

async fn a_user_reaches_only_its_own_environment(store: TestStore) {
    let world = store.world().await;
    let user = link(&store, &world.sandbox.server, call(&store, "ada@example.com"))
        .await
        .user
        .id;
    let other = store.world().await;
    for stranger in [&world.production.server, &other.sandbox.server] {
        assert_eq!(store.user(stranger, user).await.unwrap(), None);
        let mut theirs = update(&store, user);
        theirs.metadata = Some(change(json!({ "a": 1 })));
        assert_eq!(
            store.update_user(stranger, theirs).await.unwrap(),
            UpdateOutcome::NotFound
        );
        let event = EventId(store.ids.id());
        assert_eq!(
            store
                .erase_user(stranger, &store.admin(), user, event, store.now())
                .await
                .unwrap(),
            None
        );
        let page = store.users(stranger, &UserFilter::default(), None, 10).await.unwrap();
        assert!(page.users.is_empty() && page.next.is_none());
        assert!(link(&store, stranger, call(&store, "ada@example.com")).await.created);
    }
    let seen = store.user(&world.sandbox.server, user).await.unwrap().unwrap();
    assert_eq!(seen.metadata, Metadata::default());
}

async fn a_partner_born_scope_sees_what_the_partner_brought(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let signed_in = store.sign_in(&sandbox.partner, "ada").await;
    store.advance(1);
    let mut own = update(&store, signed_in.user);
    own.name = Some(PersonName::parse("Ada").unwrap());
    own.email = Some(Email::parse("own@example.com").unwrap());
    own.metadata = Some(change(json!({ "a": 1 })));
    let UpdateOutcome::Updated(updated) = store.update_user(&sandbox.server, own).await.unwrap() else {
        panic!("it is there");
    };
    assert_eq!(updated.email.unwrap().shown, "own@example.com");
    let scope = &signed_in.session.scope;
    let seen = store.own_user(scope).await.unwrap().unwrap();
    assert_eq!((seen.name, seen.metadata), (None, Metadata::default()));
    assert_eq!(seen.email.unwrap().shown, "ada@example.com");
    assert_eq!(seen.phone.unwrap().shown, "1234567890");
    let event = EventId(store.ids.id());
    store
        .erase_user(&sandbox.server, &store.admin(), signed_in.user, event, store.now())
        .await
        .unwrap();
    assert_eq!(store.own_user(scope).await.unwrap(), None);
}

async fn pages_end_where_there_is_no_more(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut made = Vec::new();
    for number in 0..3 {
        let mut call = call(&store, &format!("p{number}@example.com"));
        call.external_id = Some(PartnerUserId::parse(format!("x-{number}")).unwrap());
        made.insert(0, link(&store, &sandbox.server, call).await.user);
    }
    let phone = UserFilter {
        phone: Some(Phone::parse_e164("+1234567890").unwrap()),
        ..UserFilter::default()
    };
    let system = store.system().users_of(sandbox.id);
    for filter in [UserFilter::default(), phone] {
        let first = store.users(system, &filter, None, 2).await.unwrap();
        assert_eq!((&first.users[..], first.next.is_some()), (&made[..2], true));
        let last = store.users(system, &filter, Some(made[1].id), 2).await.unwrap();
        assert_eq!((&last.users[..], last.next.is_some()), (&made[2..], false));
        let all = store.users(system, &filter, None, 3).await.unwrap();
        assert_eq!((&all.users[..], all.next.is_some()), (&made[..], false));
    }
    let named = UserFilter {
        external_id: Some(PartnerUserId::parse("x-1".to_owned()).unwrap()),
        ..UserFilter::default()
    };
    assert_eq!(store.users(system, &named, None, 2).await.unwrap().users, made[1..2]);
}

async fn an_erased_user_keeps_its_row_alone(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let signed_in = store.sign_in(&sandbox.partner, "ada").await;
    let user = signed_in.user;
    let unused = store.call("ada");
    store.log_in(&sandbox.partner, unused.login).await;
    let event = EventId(store.ids.id());
    let erased = store
        .erase_user(&sandbox.server, &store.admin(), user, event, store.now())
        .await
        .unwrap();
    assert_eq!(erased, Some(user));
    assert!(store.alive(&signed_in.cookie).await.is_none());
    assert!(
        store
            .user_by_key(&signed_in.user_key.key, store.now())
            .await
            .unwrap()
            .is_none()
    );
    let preview = store.preview_login_link(&unused.link, store.now()).await.unwrap();
    assert!(preview.is_none());
    let whose = format!("user_id = {}", store.literal(user.0));
    assert_eq!(store.count(&format!("identities where {whose}")).await, 0);
    assert_eq!(
        store
            .count(&format!("user_keys where revoked_at is null and {whose}"))
            .await,
        0
    );
    assert_eq!(store.count("jobs").await, 0);
    assert_eq!(
        store.rows("select status, name, metadata from users").await,
        ["erased|null|{}"]
    );
    let event = EventId(store.ids.id());
    let again = store
        .erase_user(&sandbox.server, &store.admin(), user, event, store.now())
        .await
        .unwrap();
    assert_eq!(again, None);
    assert!(
        !store
            .set_suspended(&store.admin(), sandbox.id, user, false, store.now())
            .await
            .unwrap()
    );
}

async fn links_and_changes_to_one_email_at_once_give_it_to_one_user(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let bob = link(&store, &sandbox.server, call(&store, "bob@example.com"))
        .await
        .user
        .id;
    let server = sandbox.server;
    race(8, |number| {
        let store = store.clone();
        async move {
            if number % 2 == 0 {
                store.link_user(&server, call(&store, "ada@example.com")).await.unwrap();
            } else {
                let mut change = update(&store, bob);
                change.email = Some(Email::parse("ada@example.com").unwrap());
                store.update_user(&server, change).await.unwrap();
            }
        }
    })
    .await;
    let holders = store
        .count("identities where kind = 'email' and key = 'ada@example.com'")
        .await;
    assert_eq!(holders, 1);
    let users = store.count("users").await;
    assert!((1..=2).contains(&users), "{users}");
}

/// The log that SQLite writes ahead holds what was written, also after it was erased from the tables.
#[tokio::test]
async fn what_was_erased_leaves_the_write_ahead_log() {
    let store = TestStore::new(crate::support::store::Engine::Sqlite).await;
    let sandbox = store.world().await.sandbox;
    let linked = link(&store, &sandbox.server, call(&store, "zzqqmarker@example.com")).await;
    let files = || {
        let file = store.database.file();
        let log = file.with_extension("db-wal");
        [file, log].map(|path| std::fs::read(path).unwrap_or_default()).concat()
    };
    let holds = |bytes: &[u8]| bytes.windows(10).any(|part| part == b"zzqqmarker");
    assert!(holds(&files()));
    let event = EventId(store.ids.id());
    let admin = store.admin();
    let erased = store.erase_user(&sandbox.server, &admin, linked.user.id, event, store.now());
    assert!(erased.await.unwrap().is_some());
    // One more write: the log is started over before it.
    store
        .key(aboard::domain::KeyKind::Server, sandbox.id, sandbox.kind, sandbox.id.0)
        .await;
    assert!(!holds(&files()));
}

async fn a_users_environment_is_known_by_its_id(store: TestStore) {
    let world = store.world().await;
    let made = call(&store, "ada@example.com");
    let user = made.user;
    store.link_user(&world.production.server, made).await.unwrap();
    let environment = async |user| store.environment_of_user(store.system(), user).await.unwrap();
    assert_eq!(environment(user).await, Some(world.production.id));
    assert_eq!(environment(UserId(store.ids.id())).await, None);
}
