//! What the fakes report is verified, read, and comes to the same end in any order.

use aboard::channels::{Channel, ChannelKind, Mark, Progress, StatusUpdate, Then, twilio, whatsapp};
use aboard_fakes::{Plan, Receiver, Request, Step, Twilio, TwilioOptions, WhatsApp, WhatsAppOptions};
use std::collections::HashSet;
use std::time::Duration;

use super::rig::{PHONE, channel, message, patient, send};

/// A `WhatsApp` whose reports come to a receiver.
async fn reporting() -> (WhatsApp, Receiver, Channel) {
    let hook = Receiver::start().await.unwrap();
    let options = WhatsAppOptions {
        webhook: Some(hook.url("/hooks/whatsapp")),
        retry_pause: Duration::ZERO,
        now: || 1_800_000_000,
        ..WhatsAppOptions::default()
    };
    let fake = WhatsApp::start_with(options).await.unwrap();
    let channel = channel(ChannelKind::WhatsApp, &fake.credentials());
    (fake, hook, channel)
}

/// A call as the server will take it: signature first.
fn read(channel: &Channel, request: &Request) -> whatsapp::inbound::Call {
    let Channel::WhatsApp(whatsapp) = channel else {
        unreachable!()
    };
    let signature = request.header(whatsapp::inbound::SIGNATURE);
    assert!(whatsapp::inbound::is_signed(
        whatsapp.app_secret(),
        signature,
        &request.body
    ));
    assert!(!whatsapp::inbound::is_signed(b"another", signature, &request.body));
    let call = whatsapp::inbound::read(&request.body).unwrap();
    assert!(
        call.statuses
            .iter()
            .all(|update| update.account == whatsapp.phone_number_id())
    );
    call
}

/// Where a message ends, when each report counts once.
fn end(updates: &[StatusUpdate]) -> (usize, Progress) {
    let distinct: HashSet<String> = updates.iter().map(StatusUpdate::dedupe_key).collect();
    let furthest = updates.iter().map(|update| update.progress).max();
    (distinct.len(), furthest.unwrap())
}

#[tokio::test]
async fn duplicates_and_swapped_reports_come_to_the_same_end() {
    for (steps, calls, distinct, furthest) in [
        (vec![Step::Sent, Step::Delivered, Step::Read], 3, 3, Progress::Read),
        (vec![Step::Read, Step::Delivered, Step::Sent], 3, 3, Progress::Read),
        (
            vec![Step::Sent, Step::Sent, Step::Delivered, Step::Delivered],
            4,
            2,
            Progress::Delivered,
        ),
        (
            vec![Step::WithNext, Step::Delivered, Step::WithNext, Step::Sent, Step::Read],
            1,
            3,
            Progress::Read,
        ),
        (vec![Step::Delivered, Step::Failed(131_000)], 2, 2, Progress::Delivered),
        (vec![Step::Failed(131_000), Step::Sent], 2, 2, Progress::Failed),
    ] {
        let (fake, hook, channel) = reporting().await;
        fake.plan("306912345678", Plan::Take(steps));
        let sent = send(&patient(), &channel, &message(PHONE)).await.unwrap();
        let requests = hook.wait_for(calls).await;
        assert_eq!(requests.len(), calls);
        let updates: Vec<StatusUpdate> = requests
            .iter()
            .flat_map(|request| read(&channel, request).statuses)
            .collect();
        assert_eq!(end(&updates), (distinct, furthest));
        for update in &updates {
            assert_eq!(Some(&update.provider_id), sent.provider_id.as_ref());
            assert_eq!(update.reference.as_deref(), Some("msg_01hzy8d3c3x1e"));
            assert_eq!(update.at.unwrap().as_second(), 1_800_000_000);
            assert_eq!(update.failure.is_some(), update.progress == Progress::Failed);
        }
    }
}

#[tokio::test]
async fn a_number_without_whatsapp_is_marked_when_the_failure_is_reported() {
    let (_fake, hook, channel) = reporting().await;
    // The last six digits are the error that the fake reports.
    send(&patient(), &channel, &message("+306900131026")).await.unwrap();
    let [request] = hook.wait_for(1).await.try_into().unwrap();
    let [update] = read(&channel, &request).statuses.try_into().unwrap();
    let failure = update.failure.unwrap();
    assert_eq!(failure.then, Then::BadDestination(Mark::NotOnThisChannel));
}

#[tokio::test]
async fn a_report_that_is_not_taken_is_made_again() {
    let (fake, hook, channel) = reporting().await;
    hook.fail_next(2, 500);
    fake.plan("306912345678", Plan::Take(vec![Step::Delivered]));
    send(&patient(), &channel, &message(PHONE)).await.unwrap();
    let requests = hook.wait_for(3).await;
    assert!(requests.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert_eq!(fake.wait_for_reports(1).await[0].1, 200);
}

#[tokio::test]
async fn people_without_a_number_are_matched_by_the_message() {
    let hook = Receiver::start().await.unwrap();
    let options = WhatsAppOptions {
        webhook: Some(hook.url("/")),
        hide_numbers: true,
        ..WhatsAppOptions::default()
    };
    let fake = WhatsApp::start_with(options).await.unwrap();
    let channel = channel(ChannelKind::WhatsApp, &fake.credentials());
    fake.plan("306912345678", Plan::Take(vec![Step::Delivered]));
    let sent = send(&patient(), &channel, &message(PHONE)).await.unwrap();
    let [request] = hook.wait_for(1).await.try_into().unwrap();
    let [update] = read(&channel, &request).statuses.try_into().unwrap();
    assert_eq!(Some(update.provider_id), sent.provider_id);
}

#[tokio::test]
async fn a_fault_of_the_account_stops_the_channel() {
    let (fake, hook, channel) = reporting().await;
    fake.report_fault(131_042);
    let [request] = hook.wait_for(1).await.try_into().unwrap();
    let call = read(&channel, &request);
    let [fault] = call.faults.try_into().unwrap();
    assert_eq!((fault.failure.then, fault.failure.about.alarms()), (Then::Stop, true));
}

#[tokio::test]
async fn twilios_calls_are_verified_by_the_address_we_gave() {
    let hook = Receiver::start().await.unwrap();
    let options = TwilioOptions {
        retry_pause: Duration::ZERO,
        ..TwilioOptions::default()
    };
    let fake = Twilio::start_with(options).await.unwrap();
    let channel = channel(ChannelKind::Sms, &fake.credentials());
    fake.plan(PHONE, Plan::Take(vec![Step::Sent, Step::Failed(30_006)]));
    let mut message = message(PHONE);
    let url = hook.url("/hooks/twilio?environment=env_1");
    message.status_url = Some(url.clone());
    let sent = send(&patient(), &channel, &message).await.unwrap();
    let Channel::Sms(twilio) = &channel else { unreachable!() };
    let mut updates = Vec::new();
    for request in hook.wait_for(2).await {
        let signature = request.header(twilio::inbound::SIGNATURE);
        let token = twilio.auth_token();
        assert!(twilio::inbound::is_signed(token, signature, &url, &request.body));
        assert!(!twilio::inbound::is_signed(
            token,
            signature,
            &hook.url("/hooks/twilio"),
            &request.body
        ));
        let update = twilio::inbound::read(&request.body).unwrap();
        assert_eq!(update.account, twilio.account_sid());
        assert_eq!(Some(&update.provider_id), sent.provider_id.as_ref());
        updates.push(update);
    }
    assert_eq!(end(&updates), (2, Progress::Failed));
    let failure = updates.pop().unwrap().failure.unwrap();
    assert_eq!(failure.then, Then::BadDestination(Mark::NotOnThisChannel));
}
