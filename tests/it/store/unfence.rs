//! The fence of a copied store is lifted.

use aboard::store::{Standing, Store};

use crate::support::copying::{copied, leave};
use crate::support::store::{TestStore, both};

both! {
    a_store_whose_fence_is_lifted_takes_writes_again,
    what_has_no_fence_is_left_as_it_is,
}

async fn a_store_whose_fence_is_lifted_takes_writes_again(store: TestStore) {
    let partner = store.world().await.sandbox.partner;
    store.sign_in(&partner, "ada").await;
    let target = TestStore::new(store.engine).await;
    leave(&store).await;
    copied(&store, &target).await;
    let place = Store::unfence(&store.database.url(), "the old place").await.unwrap();
    assert_eq!(place, "the new place");

    let store = store.another().await;
    assert_eq!(store.standing().await.unwrap(), Standing::Own);
    store.sign_in(&partner, "bob").await;
    store.note_unfenced(&store.admin(), &place, store.now()).await.unwrap();
    let said = &store.audit_before(store.system(), None, 1).await.unwrap()[0];
    assert_eq!(
        (&*said.action, &*said.target, said.environment),
        ("store.unfenced", "the new place", None)
    );
    // It can be moved again: to an empty place.
    leave(&store).await;
    copied(&store, &TestStore::new(store.engine).await).await;
}

async fn what_has_no_fence_is_left_as_it_is(store: TestStore) {
    store.world().await;
    let before = store.everything().await;
    leave(&store).await;
    let refused = Store::unfence(&store.database.url(), "the old place").await;
    let said = refused.expect_err("there is nothing to lift").to_string();
    assert!(said.contains("the old place has no fence"), "{said}");
    assert_eq!(store.another().await.everything().await, before);
}
