//! Handles one connection: passes requests through the guard to the routes.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::guard::Entry;
use super::headers::say_always;
use super::pace::{Answering, Pace};
use super::socket::Socket;
use super::{Guard, Limits, Refusal, request};

/// State shared by all connections of a server.
pub(crate) struct Site {
    pub guard: Guard,
    pub limits: Limits,
    pub router: Router,
}

/// Answers the requests of one connection until it ends; when `stopped` turns true, only the current request is
/// completed. If the server is full (`full`), the connection gets an error response and is closed.
pub(crate) async fn connection(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    full: bool,
    site: Arc<Site>,
    mut stopped: watch::Receiver<bool>,
) {
    // A closed connection fails at the next step.
    let _ = stream.set_nodelay(true);
    let limits = site.limits;
    let idle = if full { limits.request } else { limits.idle };
    let pace = Pace::new(idle, limits.request);
    let socket = Socket::new(stream, pace.clone(), limits, place);
    let answering = pace.clone();
    let service = service_fn(move |request| {
        let (site, pace) = (site.clone(), answering.clone());
        async move { Ok::<_, Infallible>(answer(request, full, &site, &pace).await) }
    });
    let connection = http1::Builder::new()
        .max_header_size(limits.head)
        .max_headers(limits.headers)
        .max_buf_size(4 * limits.head)
        // The socket keeps the deadline: hyper's would run from the end of the previous request.
        .header_read_timeout(None)
        .half_close(true)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // The way a connection ends is ignored.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    if pace.is_answering() {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn answer(incoming: Request<Incoming>, full: bool, site: &Site, pace: &Pace) -> Response {
    let request = request::whole(incoming, &site.limits, pace).await;
    let answering = pace.answer();
    let mut response = match request {
        Ok(request) if !full => admitted(request, site).await,
        Ok(_) => {
            let reason = "too many windows are open at once; try again in a minute";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "full", reason)
                .closing()
                .into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    say_always(response.headers_mut());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        pace.upgrade();
    }
    response.map(|body| {
        Body::new(Sending {
            body,
            _answering: answering,
        })
    })
}

async fn admitted(request: Request<Body>, site: &Site) -> Response {
    let (head, body) = request.into_parts();
    match site.guard.check(&head) {
        Entry::Welcome(response) => response,
        Entry::Refused(refusal) => refusal.into_response(),
        Entry::Admitted => {
            let routes = TowerToHyperService::new(site.router.clone());
            match routes.call(Request::from_parts(head, body)).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    }
}

/// A response body that ends its request when it is sent or dropped.
struct Sending {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
