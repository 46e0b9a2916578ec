//! `GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}`

use aboard_fakes::Receiver;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{deliver, happen, hook, text};

on_both! {
    what_is_no_delivery_of_the_webhook_is_not_found,
}

async fn what_is_no_delivery_of_the_webhook_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let [mine, other] = [
        hook(&app, &receiver.url("/"), &["user.*"]).await,
        hook(&app, &receiver.url("/"), &["user.*"]).await,
    ];
    happen(&app, "ada").await;
    deliver(&app).await;
    let delivery = text(&mine.deliveries(&app).await[0], "delivery_id");
    for (webhook, delivery) in [
        (&*other.id, &*delivery),
        (&*mine.id, "dlv_00000000000000000000000001"),
        (&*mine.id, "x"),
        ("wh_00000000000000000000000001", &*delivery),
    ] {
        let answer = app
            .server()
            .get(&format!("/v1/webhooks/{webhook}/deliveries/{delivery}"))
            .await;
        assert_eq!(answer.status, 404, "{answer:?}");
    }
}
