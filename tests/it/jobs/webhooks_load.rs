//! The webhook worker under way: who waits for whom, and how it stops.

use std::time::Duration;

use aboard::jobs::webhooks::WorkerOptions;
use aboard_fakes::{Answer, Receiver, Reply};

use super::rig::{Rig, TIMEOUT};

async fn receiver() -> Receiver {
    Receiver::start().await.unwrap()
}

#[tokio::test]
async fn a_slow_receiver_does_not_delay_another() {
    let (rig, slow, quick) = (Rig::new().await, receiver().await, receiver().await);
    slow.reply_with(|_| Reply::Hold(Answer::new(200)));
    for _ in 0..40 {
        rig.create_user(&slow.url("/")).await;
    }
    // Fewer places than the slow receiver has deliveries: the rest must not stand in the way either.
    let options = WorkerOptions {
        concurrency: 8,
        concurrency_per_host: 2,
        waiting: 16,
        claim: 4,
        poll: Duration::from_millis(10),
        ..WorkerOptions::default()
    };
    let worker = rig.worker_with(TIMEOUT, options);
    let serving = tokio::spawn({
        let worker = worker.clone();
        async move { worker.serve().await }
    });
    assert_eq!(slow.wait_for(2).await.len(), 2);
    let created = rig.create_user(&quick.url("/")).await;
    // The clock stands still unless it is moved; a second later the slow lane counts as slow.
    rig.advance(2);
    worker.wake();
    let requests = quick.wait_for(1).await;
    assert_eq!(requests[0].body, created.body);
    assert_eq!((slow.requests().len(), slow.most_at_once()), (2, 2));

    worker.stop();
    slow.release();
    serving.await.unwrap();
    assert_eq!(rig.row(&created).state, "delivered");
}

#[tokio::test]
async fn stopping_lets_attempts_finish_and_starts_no_other() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.push(Reply::Hold(Answer::new(200)));
    let worker = rig.worker();
    let serving = tokio::spawn({
        let worker = worker.clone();
        async move { worker.serve().await }
    });
    receiver.wait_for(1).await;
    worker.stop();
    let late = rig.create_user(&receiver.url("/")).await;
    worker.wake();
    receiver.release();
    serving.await.unwrap();
    assert_eq!(rig.row(&created).state, "delivered");
    assert_eq!((rig.row(&late).attempts, receiver.requests().len()), (0, 1));
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.push(Reply::Hold(Answer::new(200)));
    let options = WorkerOptions {
        stop_within: Duration::from_millis(50),
        ..WorkerOptions::default()
    };
    let worker = rig.worker_with(TIMEOUT, options);
    let serving = tokio::spawn({
        let worker = worker.clone();
        async move { worker.serve().await }
    });
    receiver.wait_for(1).await;
    worker.stop();
    serving.await.unwrap();
    assert_eq!(rig.row(&created).state, "pending");
    rig.advance(61);
    assert_eq!(rig.worker().run_due().await, 1, "the lease has run out");
}

#[tokio::test]
async fn a_host_gets_no_more_calls_at_once_than_agreed() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let slowly = Answer {
        delay: Duration::from_millis(2),
        ..Answer::new(204)
    };
    receiver.reply_with(move |_| slowly.clone().into());
    for _ in 0..60 {
        rig.create_user(&receiver.url("/")).await;
    }
    let options = WorkerOptions {
        concurrency_per_host: 3,
        claim: 7,
        ..WorkerOptions::default()
    };
    assert_eq!(rig.worker_with(TIMEOUT, options).run_due().await, 60);
    assert_eq!((receiver.requests().len(), receiver.most_at_once()), (60, 3));
    assert!(receiver.connections() <= 6, "connections are used again");
}
