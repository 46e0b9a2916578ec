//! A code that somebody typed: the try, and who they are then.

use aboard::domain::{
    Amr, AppId, ChallengeId, EventId, IdentityId, Phone, Purpose, SigningKeyId, SigningPurpose, UserId,
};
use aboard::store::{
    ChallengeScope, LinkUser, NewApp, NewChallenge, NewSigningKey, Once, ProofAttempt, ProofOutcome, SavedAnswer,
};
use aboard_vault::Algorithm;

use super::challenges::{MAC, challenge};
use crate::support::calls::idempotency;
use crate::support::store::{TestStore, both, race};
use crate::support::world::Plane;

both! {
    five_tries_and_no_more,
    the_right_code_makes_a_user_once,
    a_challenge_is_of_who_asked_what_for,
    two_who_prove_one_address_at_once_are_one_user,
    of_two_who_come_for_one_brought_user_at_once_one_has_it,
    somebody_elses_address_is_said_to_be_theirs,
    a_suspended_user_has_spent_the_code,
    a_replay_names_the_user,
    an_access_token_stands_while_its_user_and_app_do,
    an_app_ends_once,
    an_environment_has_one_first_private_key,
}

pub fn attempt(store: &TestStore, challenge: ChallengeId, right: bool) -> ProofAttempt {
    ProofAttempt {
        challenge,
        purpose: Purpose::LogIn,
        user: None,
        kind: None,
        matches: Box::new(move |stored| right && stored == MAC),
        network: Some("203.0.113.1".to_owned()),
        new_user: UserId(store.ids.id()),
        identity: IdentityId(store.ids.id()),
        events: std::array::from_fn(|_| EventId(store.ids.id())),
        device: None,
        event_data: |_| serde_json::Map::new(),
        now: store.now(),
    }
}

async fn begin(store: &TestStore, plane: &Plane, to: &str) -> ChallengeId {
    begin_with(store, plane, challenge(store, to)).await
}

pub async fn begin_with(store: &TestStore, plane: &Plane, new: NewChallenge) -> ChallengeId {
    let id = new.id;
    let new = NewChallenge { limits: None, ..new };
    store.start_challenge(&plane.server, new, None).await.unwrap();
    id
}

pub async fn prove(store: &TestStore, plane: &Plane, attempt: ProofAttempt) -> ProofOutcome {
    match store.prove(&plane.server, attempt, None).await.unwrap() {
        Once::Done(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn user(outcome: &ProofOutcome) -> UserId {
    match outcome {
        ProofOutcome::Proven(proven) => proven.user.id,
        other => panic!("{other:?}"),
    }
}

async fn five_tries_and_no_more(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let id = begin(&store, &sandbox, "ada@example.com").await;
    let outcomes = race(40, {
        let (store, scope) = (store.clone(), sandbox.server);
        move |_| {
            let (store, attempt) = (store.clone(), attempt(&store, id, false));
            async move { store.prove(&scope, attempt, None).await.unwrap() }
        }
    });
    assert!(
        outcomes
            .await
            .iter()
            .all(|outcome| *outcome == Once::Done(ProofOutcome::Refused))
    );
    assert_eq!(store.count("challenges where tries = 5 and wrong = 5").await, 1);
    assert_eq!(
        prove(&store, &sandbox, attempt(&store, id, true)).await,
        ProofOutcome::Refused
    );
    // After four wrong ones the right one passes.
    let id = begin(&store, &sandbox, "ada@example.com").await;
    for _ in 0..4 {
        prove(&store, &sandbox, attempt(&store, id, false)).await;
    }
    user(&prove(&store, &sandbox, attempt(&store, id, true)).await);
}

async fn the_right_code_makes_a_user_once(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let id = begin(&store, &sandbox, "ada@example.com").await;
    let ProofOutcome::Proven(first) = prove(&store, &sandbox, attempt(&store, id, true)).await else {
        panic!("refused")
    };
    assert!(first.created && first.user.email.as_ref().is_some_and(|email| email.verified));
    assert_eq!((&*first.key, first.since > store.now()), ("ada@example.com", true));
    assert_eq!(
        prove(&store, &sandbox, attempt(&store, id, true)).await,
        ProofOutcome::Refused
    );
    let id = begin(&store, &sandbox, "ada@example.com").await;
    let ProofOutcome::Proven(again) = prove(&store, &sandbox, attempt(&store, id, true)).await else {
        panic!("refused")
    };
    assert_eq!((again.created, again.user.id), (false, first.user.id));
    let id = begin(&store, &sandbox, "ada@example.com").await;
    store.advance(600);
    assert_eq!(
        prove(&store, &sandbox, attempt(&store, id, true)).await,
        ProofOutcome::Refused
    );
}

async fn a_challenge_is_of_who_asked_what_for(store: TestStore) {
    let world = store.world().await;
    let (sandbox, app) = (&world.sandbox, AppId(store.ids.id()));
    let new = NewApp {
        id: app,
        environment: sandbox.id,
        name: "Shop".to_owned(),
        origins: Vec::new(),
    };
    store.create_app(&store.admin(), new, store.now()).await.unwrap();
    let scope = store.app(app).await.unwrap().expect("it is there").public_scope();
    let id = begin(&store, sandbox, "ada@example.com").await;
    let refused = async |scope: ChallengeScope, attempt| {
        let outcome = store.prove(scope, attempt, None).await.unwrap();
        assert_eq!(outcome, Once::Done(ProofOutcome::Refused));
    };
    refused((&scope).into(), attempt(&store, id, true)).await;
    refused((&world.production.server).into(), attempt(&store, id, true)).await;
    for wrong in [
        ProofAttempt {
            purpose: Purpose::ConfirmContact,
            ..attempt(&store, id, true)
        },
        ProofAttempt {
            user: Some(UserId(store.ids.id())),
            ..attempt(&store, id, true)
        },
        ProofAttempt {
            kind: Some("phone"),
            ..attempt(&store, id, true)
        },
        attempt(&store, ChallengeId(store.ids.id()), true),
    ] {
        refused((&sandbox.server).into(), wrong).await;
    }
    let right = ProofAttempt {
        kind: Some("email"),
        ..attempt(&store, id, true)
    };
    user(&prove(&store, sandbox, right).await);
}

async fn two_who_prove_one_address_at_once_are_one_user(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(begin(&store, &sandbox, "ada@example.com").await);
    }
    let outcomes = race(4, {
        let (store, scope) = (store.clone(), sandbox.server);
        move |number| {
            let (store, attempt) = (store.clone(), attempt(&store, ids[number], true));
            async move { store.prove(&scope, attempt, None).await.unwrap() }
        }
    });
    let mut users = Vec::new();
    for outcome in outcomes.await {
        let Once::Done(outcome) = outcome else {
            panic!("{outcome:?}")
        };
        users.push(user(&outcome));
    }
    users.dedup();
    assert_eq!((users.len(), store.count("users").await), (1, 1));
}

async fn of_two_who_come_for_one_brought_user_at_once_one_has_it(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    for round in 0..12 {
        let (email, phone) = (
            format!("ada{round}@example.com"),
            format!("+3069123456{:02}", 10 + round),
        );
        let brought = LinkUser {
            phone: Phone::parse_e164(&phone).unwrap(),
            ..super::users::call(&store, &email)
        };
        let user_id = brought.user;
        store.link_user(&sandbox.server, brought).await.unwrap();
        let ids = [
            begin(&store, &sandbox, &email).await,
            begin(&store, &sandbox, &phone).await,
        ];
        let nodes = [store.clone(), store.another().await];
        let outcomes = race(2, |number| {
            let (node, scope, attempt) = (
                nodes[number].clone(),
                sandbox.server,
                attempt(&store, ids[number], true),
            );
            async move { node.prove(&scope, attempt, None).await.unwrap() }
        });
        let mut users = Vec::new();
        for outcome in outcomes.await {
            let Once::Done(outcome) = outcome else {
                panic!("{outcome:?}")
            };
            users.push(user(&outcome));
        }
        assert_ne!(users[0], users[1], "round {round}");
        assert!(users.contains(&user_id), "round {round}");
    }
}

async fn somebody_elses_address_is_said_to_be_theirs(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let [ada, bob] = ["ada@example.com", "bob@example.com"];
    let id = begin(&store, &sandbox, ada).await;
    let ada_id = user(&prove(&store, &sandbox, attempt(&store, id, true)).await);
    let id = begin(&store, &sandbox, bob).await;
    let bob_id = user(&prove(&store, &sandbox, attempt(&store, id, true)).await);
    let new = NewChallenge {
        user: Some(bob_id),
        ..challenge(&store, ada)
    };
    let id = begin_with(&store, &sandbox, new).await;
    let by_bob = ProofAttempt {
        user: Some(bob_id),
        ..attempt(&store, id, true)
    };
    assert_eq!(prove(&store, &sandbox, by_bob).await, ProofOutcome::AnothersOwn(ada_id));
    assert_eq!(store.count("identities where state = 'verified'").await, 2);
}

async fn a_suspended_user_has_spent_the_code(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let id = begin(&store, &sandbox, "ada@example.com").await;
    prove(&store, &sandbox, attempt(&store, id, true)).await;
    store.execute("update users set status = 'suspended'").await;
    let id = begin(&store, &sandbox, "ada@example.com").await;
    assert_eq!(
        prove(&store, &sandbox, attempt(&store, id, true)).await,
        ProofOutcome::Suspended
    );
    assert_eq!(
        prove(&store, &sandbox, attempt(&store, id, true)).await,
        ProofOutcome::Refused
    );
}

async fn a_replay_names_the_user(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let id = begin(&store, &sandbox, "ada@example.com").await;
    let call = async |request, right| {
        let claim = Some(idempotency(&store, 1, request));
        store
            .prove(&sandbox.server, attempt(&store, id, right), claim)
            .await
            .unwrap()
    };
    // A refusal that is remembered saves no answer.
    assert_eq!(call(1, false).await, Once::Done(ProofOutcome::Refused));
    let Once::Done(done) = call(2, true).await else {
        panic!("not made")
    };
    let saved = SavedAnswer {
        status: 200,
        body: None,
        resource: Some(user(&done).0),
    };
    assert_eq!(call(2, true).await, Once::Replayed(saved));
    assert_eq!(call(3, true).await, Once::Mismatch);
}

async fn an_access_token_stands_while_its_user_and_app_do(store: TestStore) {
    let world = store.world().await;
    let (sandbox, app) = (&world.sandbox, AppId(store.ids.id()));
    let new = NewApp {
        id: app,
        environment: sandbox.id,
        name: "Shop".to_owned(),
        origins: Vec::new(),
    };
    store.create_app(&store.admin(), new, store.now()).await.unwrap();
    let id = begin(&store, sandbox, "ada@example.com").await;
    let ada = user(&prove(&store, sandbox, attempt(&store, id, true)).await);
    let now = store.now();
    let stands = async |environment, app| {
        let holder = store
            .user_by_access_token(environment, ada, app, Amr::Otp, now)
            .await
            .unwrap();
        holder.is_some_and(|holder| holder.scope.amr().is_own_proof())
    };
    assert!(stands(sandbox.id, app).await);
    assert!(!stands(world.production.id, app).await);
    assert!(!stands(sandbox.id, AppId(store.ids.id())).await);
    store.execute("update users set status = 'suspended'").await;
    assert!(!stands(sandbox.id, app).await);
    store.execute("update users set status = 'verified'").await;
    store.revoke_app(&store.admin(), app, store.now()).await.unwrap();
    assert!(!stands(sandbox.id, app).await);
}

async fn an_app_ends_once(store: TestStore) {
    let world = store.world().await;
    let app = AppId(store.ids.id());
    let new = NewApp {
        id: app,
        environment: world.production.id,
        name: "Shop".to_owned(),
        origins: vec!["https://shop.example.com".to_owned()],
    };
    store.create_app(&store.admin(), new, store.now()).await.unwrap();
    let known = store.app(app).await.unwrap().expect("it is there");
    assert_eq!(
        (&*known.name, &known.origins[..], known.serves_v1),
        ("Shop", &["https://shop.example.com".to_owned()][..], false)
    );
    assert_eq!(store.organization_name(&world.production.server).await.unwrap(), "Acme");
    assert!(store.set_app_v1(&store.admin(), app, true, store.now()).await.unwrap());
    assert!(store.app(app).await.unwrap().expect("it is there").serves_v1);
    assert!(
        !store
            .set_app_v1(&store.admin(), AppId(store.ids.id()), true, store.now())
            .await
            .unwrap()
    );
    assert!(store.revoke_app(&store.admin(), app, store.now()).await.unwrap());
    assert!(!store.revoke_app(&store.admin(), app, store.now()).await.unwrap());
    assert!(store.app(app).await.unwrap().is_none());
}

async fn an_environment_has_one_first_private_key(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    let added = race(4, {
        let (store, environment) = (store.clone(), sandbox.id);
        move |_| {
            let store = store.clone();
            let key = NewSigningKey {
                id: SigningKeyId(store.ids.id()),
                public_key: store.bytes(),
                sealed: store.bytes(),
            };
            async move {
                let (private, algorithm) = (SigningPurpose::Private, Algorithm::EdDsa);
                let system = store.system();
                let added = store.add_first_signing_key(system, environment, private, algorithm, key, store.now());
                added.await.unwrap()
            }
        }
    });
    assert_eq!(added.await.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(store.count("signing_keys where purpose = 'private'").await, 1);
}
