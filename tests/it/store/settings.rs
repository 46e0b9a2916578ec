//! What an environment sets differently from the configuration file.

use aboard::store::StoredSetting;

use crate::support::store::{TestStore, both};
use crate::support::world::Plane;

both! {
    a_setting_is_kept_for_its_environment_until_it_is_unset,
    other_nodes_learn_of_a_change_by_the_revision,
}

fn setting(plane: &Plane, name: &str, value: &str) -> StoredSetting {
    StoredSetting {
        environment: plane.id,
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

async fn a_setting_is_kept_for_its_environment_until_it_is_unset(store: TestStore) {
    let world = store.world().await;
    let all = async || store.settings(store.system()).await.unwrap();
    let set = async |setting| store.set_setting(&store.admin(), setting, store.now()).await.unwrap();
    set(setting(&world.sandbox, "login.link_minutes", "5")).await;
    set(setting(&world.production, "login.link_minutes", "20")).await;
    set(setting(&world.sandbox, "login.link_minutes", "7")).await;
    let kept = [
        setting(&world.sandbox, "login.link_minutes", "7"),
        setting(&world.production, "login.link_minutes", "20"),
    ];
    assert_eq!(all().await, kept);

    let unset = async |plane: &Plane, name: &str| {
        let unset = store
            .unset_setting(&store.admin(), plane.id, name.to_owned(), store.now())
            .await;
        unset.unwrap()
    };
    assert!(!unset(&world.sandbox, "login.code_seconds").await);
    assert!(unset(&world.sandbox, "login.link_minutes").await);
    assert!(!unset(&world.sandbox, "login.link_minutes").await);
    assert_eq!(all().await, kept[1..]);
}

async fn other_nodes_learn_of_a_change_by_the_revision(store: TestStore) {
    let world = store.world().await;
    let other = store.another().await;
    other.refresh_credentials(other.now()).await.unwrap();
    let changed = async || other.refresh_credentials(other.now()).await.unwrap();
    assert!(!changed().await);
    let new = setting(&world.sandbox, "login.link_minutes", "7");
    store.set_setting(&store.admin(), new, store.now()).await.unwrap();
    assert!(changed().await);
    let name = "login.link_minutes".to_owned();
    store
        .unset_setting(&store.admin(), world.sandbox.id, name, store.now())
        .await
        .unwrap();
    assert!(changed().await);
}
