//! Accepts connections, and shuts down gracefully.

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

/// Pause after a connection that could not be accepted: out of file handles, or closed at once.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves requests that `guard` admits with `router` until `stop` is ready; then current requests are completed within
/// the time in `limits`, and all connections are closed.
///
/// This function blocks. Its runtime has a thread of its own, so that it can be called from anywhere, including
/// asynchronous code.
///
/// # Errors
/// The system cannot provide a thread or a socket.
pub fn serve(
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
        // Does not wait for threads that still work.
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
    // Requests that are not answered by then are aborted.
    let _ = timeout(limits.farewell, all).await;
    Ok(())
}

/// The next connection, as soon as the limit allows it.
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
