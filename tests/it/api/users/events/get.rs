//! `GET /v1/events/{event_id}`

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, happen, text};

on_both! {
    one_event_is_had_by_its_id,
}

async fn one_event_is_had_by_its_id(engine: Engine) {
    let app = TestApp::start(engine).await;
    happen(&app, "ada").await;
    app.settled().await;
    let listed = data_of(200, &app.server().get("/v1/events").await);
    let path = format!("/v1/events/{}", text(&listed[0], "event_id"));
    assert_eq!(data_of(200, &app.server().get(&path).await), listed[0]);
    for unknown in ["evt_00000000000000000000000001", "x", "usr_00000000000000000000000001"] {
        assert_eq!(app.server().get(&format!("/v1/events/{unknown}")).await.status, 404);
    }
}
