//! Which connections are taken, and for how long: there are only so many places, and one whose other end does not read
//! its answers is closed. A caller that only asks could otherwise hold it for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Request;
use axum_server::accept::Accept;
use futures_util::future::{Ready, ready as now};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::connections::{Connections, Line, Place};

/// Accepts connections for which there is a place, and that may be written to for as long as their other end reads.
#[derive(Clone)]
pub struct Patience {
    /// How long a write may make no progress.
    pub limit: Duration,
    /// The places.
    pub connections: Connections,
}

/// A connection on which a write that makes no progress fails in the end.
pub struct Patient {
    stream: TcpStream,
    limit: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    place: Place,
}

/// What answers one connection's requests, and tells each of them its line.
#[derive(Clone)]
pub struct Placed<S> {
    service: S,
    line: Arc<Line>,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Placed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.line.works();
        request.extensions_mut().insert(Arc::clone(&self.line));
        self.service.call(request)
    }
}

impl<S> Accept<TcpStream, S> for Patience {
    type Stream = Patient;
    type Service = Placed<S>;
    type Future = Ready<io::Result<(Patient, Placed<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream
            .peer_addr()
            .ok()
            .and_then(|peer| self.connections.take(peer.ip()));
        let Some(place) = place else {
            return now(Err(io::ErrorKind::QuotaExceeded.into()));
        };
        let service = Placed {
            service,
            line: place.line(),
        };
        let patient = Patient {
            stream,
            limit: self.limit,
            waiting: None,
            place,
        };
        // Answers are written whole; waiting for more would only delay them.
        now(patient.stream.set_nodelay(true).map(|()| (patient, service)))
    }
}

impl Patient {
    /// What a write came to, or that it has waited for too long.
    fn bounded<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Patient {
    /// An answer is on its way once some of it is written: from then on it waits for its reader alone.
    fn note(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.place.has_answered();
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.place.is_given_up(context) {
            // Nothing more to read: the connection ends as if its other end had closed it.
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.place.was_asked();
        }
        read
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(&written);
        self.bounded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note(&written);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.bounded(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
