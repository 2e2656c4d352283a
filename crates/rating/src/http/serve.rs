//! Accepting connections, and an end that waits for what is being answered.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use std::{io, panic, thread};

use axum::Router;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{Site, connection};
use super::{Guard, Limits};

/// After a connection that could not be accepted: out of file handles, or gone at once.
const PAUSE: Duration = Duration::from_millis(20);

/// Answers what `guard` admits by `router` until `stop` is ready; then what was begun is answered, for as long as
/// `limits` says, and every connection closed.
///
/// It blocks. Its runtime lives on a thread of its own, so that it can be called from anywhere, asynchronous code
/// included.
///
/// # Errors
/// A system without threads or sockets to give.
pub(crate) fn serve(
    listener: TcpListener,
    guard: Guard,
    limits: Limits,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let site = Arc::new(Site { guard, limits, router });
    let work = move || {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(limits.threads)
            .thread_name("web-work")
            .build()?;
        let served = runtime.block_on(accept(listener, site, stop));
        // Threads that still work are left to themselves.
        runtime.shutdown_background();
        served
    };
    thread::scope(|scope| {
        let server = thread::Builder::new().name("web".into()).spawn_scoped(scope, work)?;
        server.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    })
}

async fn accept(listener: TcpListener, site: Arc<Site>, stop: impl Future<Output = ()>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let limits = site.limits;
    let places = Arc::new(Semaphore::new(limits.connections + limits.refused));
    let (stopped, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, place) = next(&listener, &places) => {
                let full = places.available_permits() < limits.refused;
                connections.spawn(connection(stream, place, full, site.clone(), stopping.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    stopped.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    // What is not answered by then is cut off.
    let _ = timeout(limits.farewell, all).await;
    Ok(())
}

/// The next connection, as soon as there is a place for it.
async fn next(listener: &tokio::net::TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        if let Ok(place) = places.clone().acquire_owned().await
            && let Ok((stream, _)) = listener.accept().await
        {
            return (stream, place);
        }
        sleep(PAUSE).await;
    }
}
