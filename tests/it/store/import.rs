//! Users that were kept elsewhere come in bulk.

use aboard::domain::{Email, PersonName, UserId, UserStatus};
use aboard::store::{ImportUser, Imported, LinkOutcome, Once, User};

use crate::support::store::{TestStore, both, race};
use crate::support::world::Plane;

both! {
    whoever_is_added_is_there,
    the_same_users_again_change_nothing,
    what_is_somebody_elses_is_refused_alone,
    a_proof_by_the_operators_word_has_one_owner,
    an_id_stays_one_users,
    imports_at_once_add_each_user_once,
}

async fn import(store: &TestStore, plane: &Plane, users: &[ImportUser]) -> Vec<Imported> {
    let call = store.import_of(users.iter().cloned());
    store.import_users(&plane.server, call).await.unwrap()
}

async fn find(store: &TestStore, plane: &Plane, outcome: Imported) -> User {
    let Imported::Added(id) = outcome else {
        panic!("{outcome:?}")
    };
    store.user(&plane.server, id).await.unwrap().expect("it is there")
}

fn email(text: &str, vouched: bool) -> (Email, bool) {
    (Email::parse(text).unwrap(), vouched)
}

async fn whoever_is_added_is_there(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut ada = store.comer("ada");
    ada.id = Some(UserId(store.ids.id()));
    ada.email = Some(email("Ada@Example.com", true));
    let mut bob = store.comer("bob");
    bob.suspended = true;
    let mut eve = store.comer("eve");
    (eve.email, eve.phone, eve.name) = (None, None, None);
    let outcomes = import(&store, &sandbox, &[ada.clone(), bob, eve.clone()]).await;
    assert_eq!(outcomes[0], Imported::Added(ada.id.unwrap()));
    assert_eq!(outcomes[2], Imported::Added(eve.new_id));
    let seen = find(&store, &sandbox, outcomes[0]).await;
    assert_eq!(
        (seen.status, seen.created_at),
        (UserStatus::Verified, store.later(-3_600))
    );
    assert_eq!(
        (seen.name.as_deref(), seen.external_id.as_deref()),
        (Some("ada"), Some("x-ada"))
    );
    let contact = seen.email.unwrap();
    assert_eq!(
        (&*contact.shown, &*contact.key, contact.verified),
        ("Ada@Example.com", "ada@example.com", true)
    );
    assert!(!seen.phone.unwrap().verified);
    assert_eq!(find(&store, &sandbox, outcomes[1]).await.status, UserStatus::Suspended);
    let seen = find(&store, &sandbox, outcomes[2]).await;
    assert_eq!(
        (seen.status, seen.email, seen.phone, seen.name),
        (UserStatus::Linked, None, None, None)
    );
    assert_eq!(
        store
            .count("events where type = 'users.imported' and user_id is null")
            .await,
        1
    );
}

async fn the_same_users_again_change_nothing(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut with_id = store.comer("ada");
    with_id.id = Some(UserId(store.ids.id()));
    let by_name = store.comer("bob");
    let mut by_email = store.comer("eve");
    by_email.external_id = None;
    let users = [with_id, by_name, by_email];
    let first = import(&store, &sandbox, &users).await;
    let before = store.everything().await;
    store.advance(60);
    let again = users.clone().map(|mut user| {
        user.new_id = UserId(store.ids.id());
        user.name = Some(PersonName::parse("Somebody Else").unwrap());
        user
    });
    let known = import(&store, &sandbox, &again).await;
    for (first, known) in first.into_iter().zip(known) {
        let Imported::Added(id) = first else {
            panic!("{first:?}")
        };
        assert_eq!(known, Imported::Known(id));
    }
    assert_eq!(store.everything().await, before);
}

async fn what_is_somebody_elses_is_refused_alone(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let Imported::Added(ada) = import(&store, &sandbox, &[store.comer("ada")]).await[0] else {
        panic!("new")
    };
    let mut same_name = store.comer("bob");
    same_name.id = Some(UserId(store.ids.id()));
    same_name.external_id.clone_from(&store.comer("ada").external_id);
    let mut same_email = store.comer("eve");
    same_email.email = Some(email("ADA@example.com", false));
    let outcomes = import(
        &store,
        &sandbox,
        &[same_name, same_email, store.comer("fay"), store.comer("fay")],
    )
    .await;
    assert_eq!(
        outcomes[..2],
        [Imported::ExternalIdTaken(ada), Imported::EmailTaken(ada)]
    );
    let Imported::Added(fay) = outcomes[2] else {
        panic!("new")
    };
    assert_eq!(outcomes[3], Imported::Known(fay));
    assert_eq!(store.count("users").await, 2);
    assert_eq!(store.count("identities").await, 6);
}

async fn a_proof_by_the_operators_word_has_one_owner(store: TestStore) {
    let world = store.world().await;
    let sandbox = world.sandbox;
    let mut ada = store.comer("ada");
    ada.phone.as_mut().unwrap().1 = true;
    let Imported::Added(id) = import(&store, &sandbox, &[ada]).await[0] else {
        panic!("new")
    };
    let mut bob = store.comer("bob");
    bob.phone.as_mut().unwrap().1 = true;
    let claims = store.comer("eve");
    let outcomes = import(&store, &sandbox, &[bob.clone(), claims]).await;
    assert_eq!(outcomes[0], Imported::PhoneProven(id));
    assert!(
        matches!(outcomes[1], Imported::Added(_)),
        "a claim never blocks and is never blocked"
    );
    assert!(matches!(
        import(&store, &world.production, &[bob]).await[0],
        Imported::Added(_)
    ));

    // Somebody has proven it who was not brought by the back end.
    let (user, row, place) = (
        store.literal(id.0),
        store.literal(store.ids.id()),
        store.literal(sandbox.id.0),
    );
    let (now, nobody) = (store.moment(store.now()), store.literal(uuid::Uuid::nil()));
    store
        .execute(&format!(
            "insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
             values ({user}, 'email', {nobody}, {row}, {place}, 'person', 'own@example.com', 'own@example.com', 'verified', {now}, {now}, {now})"
        ))
        .await;
    let mut fay = store.comer("fay");
    fay.email = Some(email("own@example.com", true));
    assert_eq!(import(&store, &sandbox, &[fay]).await, [Imported::EmailProven(id)]);
}

async fn an_id_stays_one_users(store: TestStore) {
    let world = store.world().await;
    let mut ada = store.comer("ada");
    ada.id = Some(UserId(store.ids.id()));
    import(&store, &world.sandbox, &[ada.clone()]).await;
    assert_eq!(
        import(&store, &world.production, &[ada.clone()]).await,
        [Imported::IdElsewhere]
    );
    let event = aboard::domain::EventId(store.ids.id());
    store
        .erase_user(
            &world.sandbox.server,
            &store.admin(),
            ada.id.unwrap(),
            event,
            store.now(),
        )
        .await
        .unwrap();
    let before = store.everything().await;
    assert_eq!(import(&store, &world.sandbox, &[ada]).await, [Imported::IdErased]);
    assert_eq!(store.everything().await, before);
}

async fn imports_at_once_add_each_user_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let scope = sandbox.server;
    let outcomes = race(4, |number| {
        let store = store.clone();
        async move {
            // The same users in different orders, and a back end that links one of them meanwhile.
            let mut users: Vec<_> = (0..20).map(|number| store.comer(&format!("user{number}"))).collect();
            users.rotate_left(number * 5);
            if number == 3 {
                let call = super::users::call(&store, "user7@example.com");
                match store.link_user(&scope, call).await.unwrap() {
                    Once::Done(LinkOutcome::Linked(_)) => return 0,
                    other => panic!("{other:?}"),
                }
            }
            let outcomes = store.import_users(&scope, store.import_of(users)).await.unwrap();
            outcomes
                .iter()
                .filter(|outcome| matches!(outcome, Imported::Added(_)))
                .count()
        }
    })
    .await;
    let added: usize = outcomes.iter().sum();
    assert!(added == 20 || added == 19, "{added}");
    assert_eq!(store.count("users").await, 20);
    assert_eq!(store.count("identities where kind = 'email'").await, 20);
}
