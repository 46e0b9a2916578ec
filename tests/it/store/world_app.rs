//! An app in an environment of a test's world.

use aboard::domain::AppId;
use aboard::store::{AppScope, NewApp};

use crate::support::store::TestStore;
use crate::support::world::Plane;

/// A new app, as somebody reaches it who knows its id.
pub async fn new_app(store: &TestStore, plane: &Plane) -> AppScope {
    let app = AppId(store.ids.id());
    let new = NewApp {
        id: app,
        environment: plane.id,
        name: "Shop".to_owned(),
        origins: Vec::new(),
    };
    store.create_app(&store.admin(), new, store.now()).await.unwrap();
    store.app(app).await.unwrap().expect("it is there").public_scope()
}
