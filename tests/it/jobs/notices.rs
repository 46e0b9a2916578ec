//! Notices in production: over the channels that can carry them.

use aboard::channels::ChannelKind;
use aboard_fakes::{Plan, Receiver, Smtp, SmtpOptions, Twilio, WhatsApp};
use serde_json::{Value, json};

use super::messages::{Rig, set, start};
use crate::support::app::{Engine, on_both};
use crate::support::hooks::body;
use crate::support::users::{linked, person};

on_both! {
    an_address_is_told_by_mail_and_a_phone_by_sms,
    without_sms_the_organizations_own_sender_is_asked,
    what_a_provider_reports_of_a_notice_is_told_and_nothing_goes_out_again,
}

const PHONE: &str = "+306912345678";

/// A user of production who has proven an e-mail and a phone, and gets others.
async fn changed(rig: &Rig) {
    let server = rig
        .app
        .anonymous()
        .with("authorization", &rig.app.production.server_key);
    let mut ada = person("ada");
    ada["phone"] = json!(PHONE);
    let user = linked(&server, &ada).await;
    rig.app
        .prove_in(&rig.app.production, &user, "email", "ada@example.com")
        .await;
    rig.app.prove_in(&rig.app.production, &user, "phone", PHONE).await;
    rig.app.advance(1);
    let change = json!({ "email": "new@example.com", "phone": "+306987654321" });
    let put = server.call("PUT", &format!("/v1/users/{user}")).json(&change).send();
    assert_eq!(put.await.status, 200);
}

async fn an_address_is_told_by_mail_and_a_phone_by_sms(engine: Engine) {
    let rig = start(engine).await;
    let (smtp, twilio, whatsapp) = (
        Smtp::start(SmtpOptions::default()).await.unwrap(),
        Twilio::start().await.unwrap(),
        WhatsApp::start().await.unwrap(),
    );
    set(&rig.app, ChannelKind::Email, &smtp.credentials()).await;
    set(&rig.app, ChannelKind::Sms, &twilio.credentials()).await;
    set(&rig.app, ChannelKind::WhatsApp, &whatsapp.credentials()).await;
    changed(&rig).await;
    assert_eq!(rig.worker.run_due().await, 2);
    let [mail] = &smtp.mails()[..] else { panic!("one mail") };
    assert_eq!(mail.to, ["ada@example.com"]);
    // Long lines are folded (RFC 2045, 6.7).
    let written = mail.data.replace("=\r\n", "");
    for part in [
        "Subject: Your contact details at Northwind were changed\r\n",
        "goes on logging you in",
        "<strong>Your contact details",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
    let [sms] = &twilio.messages()[..] else {
        panic!("one SMS")
    };
    assert!(sms.to == PHONE && sms.body.contains("If this was not you"), "{sms:?}");
    assert_eq!(whatsapp.messages().len(), 0, "its templates carry codes alone");
    // A provider may have said already that it arrived.
    assert_eq!(
        rig.app
            .count("messages where state in ('sent', 'delivered') and sealed is null")
            .await,
        2
    );
}

async fn without_sms_the_organizations_own_sender_is_asked(engine: Engine) {
    let rig = start(engine).await;
    let sender = Receiver::start().await.unwrap();
    let credentials = json!({ "url": sender.url("/"), "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    set(&rig.app, ChannelKind::Http, &credentials).await;
    changed(&rig).await;
    rig.worker.run_due().await;
    let mut asked: Vec<Value> = sender.requests().iter().map(body).collect();
    asked.sort_by_key(|one| one["data"]["to"].to_string());
    assert_eq!(asked.len(), 2);
    for (one, to) in asked
        .iter()
        .zip([json!({ "email": "ada@example.com" }), json!({ "phone": PHONE })])
    {
        assert_eq!((&one["type"], &one["data"]["to"]), (&json!("notice.send"), &to));
        assert_eq!(one["data"]["notice"], "contact_changed");
        assert!(one["data"].get("code").is_none(), "{one}");
    }
}

async fn what_a_provider_reports_of_a_notice_is_told_and_nothing_goes_out_again(engine: Engine) {
    let rig = start(engine).await;
    let twilio = Twilio::start().await.unwrap();
    // It says nothing by itself.
    twilio.plan(PHONE, Plan::Take(Vec::new()));
    set(&rig.app, ChannelKind::Sms, &twilio.credentials()).await;
    changed(&rig).await;
    rig.worker.run_due().await;
    let sid = twilio.messages()[0].sid.clone();
    let store = &rig.app.instance().store;
    let environment = rig.app.production.environment.id;
    let (scope, _) = store
        .provider_channel(environment, "sms")
        .await
        .unwrap()
        .expect("it is set");
    let report = aboard::store::NewReport {
        id: rig.app.instance().ids.id(),
        digest: [7; 32],
        provider_id: Some(sid),
        message: None,
        progress: "failed",
        code: Some(30_005),
    };
    assert_eq!(
        store.take_reports(&scope, vec![report], rig.app.now()).await.unwrap(),
        1
    );
    rig.worker.run_due().await;
    assert_eq!(twilio.messages().len(), 1);
    assert_eq!(rig.app.count("provider_reports").await, 1);
    assert_eq!(rig.app.count("jobs").await, 0, "the report is settled at once");
    let told = rig
        .app
        .count("events where type = 'message.failed' and user_id is not null")
        .await;
    // The e-mail has no channel, and its notice failed as well.
    assert_eq!(told, 2);
}
