//! The body of a request while it comes in: others know that it is waited for, and it has to come at a pace.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::connections::Line;

/// Bytes that have to come in a second, once the time for nothing at all is over.
const LEAST_RATE: u64 = 1 << 10;

/// A body that comes in.
struct Arriving {
    body: Incoming,
    line: Option<Arc<Line>>,
    /// How long nothing at all may come.
    grace: Duration,
    /// Runs from when it was first waited for.
    timer: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

/// The request with its body watched. A body has as long as the head had, and a second more for each KiB.
pub fn watched(mut request: Request<Incoming>, grace: Duration) -> Request<Body> {
    let line = request.extensions_mut().remove::<Arc<Line>>();
    request.map(|body| {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Arriving {
            body,
            line,
            grace,
            timer: None,
            waits: false,
        })
    })
}

impl Arriving {
    fn is_waited_for(&mut self, waits: bool) {
        if self.waits != waits {
            self.waits = waits;
            match &self.line {
                Some(line) if waits => line.waits_for_body(),
                Some(line) => line.has_body(),
                None => {}
            }
        }
    }
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.is_waited_for(polled.is_pending());
        if let Poll::Ready(frame) = polled {
            let length = match &frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                _ => 0,
            };
            if let Some(timer) = &mut self.timer {
                let more = Duration::from_micros(length as u64 * 1_000_000 / LEAST_RATE);
                let deadline = timer.deadline() + more;
                timer.as_mut().reset(deadline);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let grace = self.grace;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(grace)));
        timer.as_mut().poll(context).map(|()| {
            let late: BoxError = "the body came too slowly".into();
            Some(Err(late))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.is_waited_for(false);
    }
}
