//! What ends a call while it is under way.

use serde_json::json;

use crate::support::app::{Engine, on_both};
use crate::support::sending::{Rig, TO};

on_both! { what_is_frozen_while_a_node_answers_is_not_sent }

async fn what_is_frozen_while_a_node_answers_is_not_sent(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let (instance, wallet) = (rig.app.instance().clone(), rig.ada.wallet());
    let (admin, environment) = (rig.app.admin(), rig.app.sandbox.environment.id);
    rig.node.before_the_next_answer(async move {
        let (store, now) = (&instance.store, instance.clock.now());
        let frozen = store.set_wallet_frozen(&admin, environment, wallet, true, now).await;
        assert!(frozen.expect("an answer"));
    });
    let why = rig
        .refused("send-coin", json!({ "to": TO, "amount": "0.1" }), 409)
        .await;
    assert!(why.contains("frozen") && why.contains("not used"), "{why}");
    assert!(rig.stored().await.is_empty() && rig.node.sent().is_empty());
    assert_eq!(rig.app.count("audit where action = 'wallet.key_used'").await, 0);
    // The next call is told why.
    let why = rig
        .refused("send-coin", json!({ "to": TO, "amount": "0.1" }), 403)
        .await;
    assert!(why.contains("frozen"), "{why}");
}
