//! Organizations, environments, partners, apps and their secrets.

use aboard::domain::{AppId, EnvironmentId, EnvironmentKind, PartnerId, SigningPurpose};
use aboard::store::NewApp;
use aboard_vault::Algorithm;

use crate::support::store::{TestStore, both};

both! {
    an_organization_has_its_two_environments,
    an_environment_signs_with_its_own_key,
    a_name_with_a_taken_id_writes_nothing,
    partners_are_listed_oldest_first,
    a_partner_needs_an_environment,
    the_newest_webhook_secret_signs,
    an_unknown_partner_gets_no_secret,
    apps_are_listed_with_their_origins,
}

async fn an_organization_has_its_two_environments(store: TestStore) {
    assert!(store.organizations(store.system()).await.unwrap().is_empty());
    let (first, second) = (store.organization_of("Ünïcode & Söhne"), store.organization_of("Acme"));
    for new in [&first, &second] {
        store
            .create_organization(&store.admin(), new.clone(), store.now())
            .await
            .unwrap();
    }
    let listed = store.organizations(store.system()).await.unwrap();
    assert_eq!(listed.len(), 2);
    for (row, new) in listed.iter().zip([&first, &second]) {
        assert_eq!((row.id, &row.name, row.created_at), (new.id, &new.name, store.now()));
        let environments: Vec<_> = row.environments.iter().map(|found| (found.id, found.kind)).collect();
        let expected: Vec<_> = new.environments.iter().map(|made| (made.id, made.kind)).collect();
        assert_eq!(environments, expected);
        assert_eq!(
            expected.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
            EnvironmentKind::ALL
        );
    }
    let environments = store.environments(store.system()).await.unwrap();
    assert_eq!(environments.len(), 4);
    assert!(
        environments[..2]
            .iter()
            .all(|found| found.organization == first.id && found.organization_name == first.name)
    );
}

async fn an_environment_signs_with_its_own_key(store: TestStore) {
    let new = store.organization_of("Acme");
    store
        .create_organization(&store.admin(), new.clone(), store.now())
        .await
        .unwrap();
    let keys = store.signing_keys(store.system(), store.now()).await.unwrap();
    assert_eq!(keys.len(), 2);
    for made in new.environments {
        let key = keys.iter().find(|key| key.environment == made.id).unwrap();
        let expected = made.signing_key;
        assert_eq!(
            (key.id, &key.public_key, &key.sealed),
            (expected.id, &expected.public_key, &expected.sealed)
        );
        assert_eq!(
            (key.purpose, key.algorithm, key.retired_at),
            (SigningPurpose::Published, Algorithm::EdDsa, None)
        );
    }
}

async fn a_name_with_a_taken_id_writes_nothing(store: TestStore) {
    let world = store.world().await;
    let before = store.everything().await;
    // The last statement fails: what came before it is taken back, the revision too.
    let mut organization = store.organization_of("Other");
    organization.environments[1].id = world.sandbox.id;
    store
        .create_organization(&store.admin(), organization, store.now())
        .await
        .expect_err("the environment is taken");
    let mut partner = store.partner_of(world.sandbox.id, "Other");
    partner.secret.id = world.sandbox.partner.secret;
    store
        .create_partner(&store.admin(), partner, store.now())
        .await
        .expect_err("the secret is taken");
    assert_eq!(store.everything().await, before);
}

async fn partners_are_listed_oldest_first(store: TestStore) {
    let world = store.world().await;
    store.advance(1);
    let new = store.partner_of(world.production.id, "Another");
    store
        .create_partner(&store.admin(), new.clone(), store.now())
        .await
        .unwrap();
    let listed = store.partners(store.system()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|row| (row.id, row.environment)).collect();
    let [sandbox, production] = [&world.sandbox, &world.production].map(|plane| (plane.partner.id, plane.id));
    assert_eq!(ids, [sandbox, production, (new.id, world.production.id)]);
    assert_eq!((&*listed[2].name, listed[2].created_at), ("Another", store.now()));
}

async fn a_partner_needs_an_environment(store: TestStore) {
    store.world().await;
    let before = store.everything().await;
    let lost = store.partner_of(EnvironmentId(store.ids.id()), "Lost");
    store
        .create_partner(&store.admin(), lost, store.now())
        .await
        .expect_err("no such environment");
    assert_eq!(store.everything().await, before);
}

async fn the_newest_webhook_secret_signs(store: TestStore) {
    let sandbox = store.world().await.sandbox;
    assert_eq!(store.signs_with(&sandbox.partner).await, Some(sandbox.partner.secret));
    store.advance(1);
    let new = store.partner_of(sandbox.id, "unused").secret;
    let (until, now) = (store.later(3_600), store.now());
    assert!(
        store
            .rotate_webhook_secret(&store.admin(), sandbox.partner.id, new.clone(), until, now)
            .await
            .unwrap()
    );
    assert_eq!(store.count("webhook_secrets where expires_at is not null").await, 1);
    for _ in 0..2 {
        assert_eq!(store.signs_with(&sandbox.partner).await, Some(new.id));
        store.advance(3_600);
    }
}

async fn an_unknown_partner_gets_no_secret(store: TestStore) {
    let world = store.world().await;
    let new = store.partner_of(world.sandbox.id, "unused").secret;
    let (nobody, until, now) = (PartnerId(store.ids.id()), store.later(60), store.now());
    let secrets = store.count("webhook_secrets").await;
    assert!(
        !store
            .rotate_webhook_secret(&store.admin(), nobody, new, until, now)
            .await
            .unwrap()
    );
    assert_eq!(store.count("webhook_secrets where expires_at is null").await, secrets);
}

async fn apps_are_listed_with_their_origins(store: TestStore) {
    let world = store.world().await;
    let app = |origins: &[&str]| NewApp {
        id: AppId(store.ids.id()),
        environment: world.sandbox.id,
        name: "An app".to_owned(),
        origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
    };
    let apps = [app(&["https://a.example.com", "https://b.example.com:8443"]), app(&[])];
    for new in &apps {
        store
            .create_app(&store.admin(), new.clone(), store.now())
            .await
            .unwrap();
    }
    let listed = store.apps(store.system()).await.unwrap();
    assert_eq!(listed.len(), 2);
    for (row, new) in listed.iter().zip(&apps) {
        assert_eq!(
            (row.id, row.environment, &row.name),
            (new.id, new.environment, &new.name)
        );
        assert_eq!((&row.origins, row.created_at), (&new.origins, store.now()));
    }
}
