//! Connections, each in a thread, and an end that waits for what is under way.

use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::request::{NoRequest, Wire};
use super::{Request, Response};

/// A browser opens up to six.
const MOST_CONNECTIONS: usize = 256;
/// A reader who takes nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(30);
/// How long the end waits for requests that are being answered.
const FAREWELL: Duration = Duration::from_secs(3);

/// Ends a server from anywhere, a signal handler's thread included.
#[derive(Clone, Debug)]
pub struct Stop {
    stopped: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Stop {
    pub(crate) fn new(mut address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(a) if a.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(a) if a.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        Self {
            stopped: Arc::default(),
            address,
        }
    }

    /// Has the server answer what it has begun, close its database, and return.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the loop that waits for connections; when that is over, nobody answers.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// How many requests are being answered.
#[derive(Default)]
struct Busy {
    count: Mutex<usize>,
    less: Condvar,
}

impl Busy {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, most: Duration) {
        let until = Instant::now() + most;
        let mut count = self.lock();
        while *count > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            count = match self.less.wait_timeout(count, left) {
                Ok((count, _)) => count,
                Err(e) => e.into_inner().0,
            };
        }
    }
}

/// One request under way.
struct Under<'a>(&'a Busy);

impl<'a> Under<'a> {
    fn way(busy: &'a Busy) -> Self {
        *busy.lock() += 1;
        Self(busy)
    }
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.less.notify_all();
    }
}

/// A connection of the number allowed.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers requests with `answer` until `stop`; a short while after it, what was begun is answered.
pub(crate) fn serve(
    listener: &TcpListener,
    stop: &Stop,
    answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
) {
    let answer = Arc::new(answer);
    let busy = Arc::new(Busy::default());
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = listener.accept();
        if stop.is_stopped() {
            break;
        }
        let Ok((stream, _)) = accepted else {
            // Out of file handles, or a connection that was gone at once.
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        open.fetch_add(1, Ordering::SeqCst);
        let place = Place(open.clone());
        let full = open.load(Ordering::SeqCst) > MOST_CONNECTIONS;
        let (answer, busy, stop) = (answer.clone(), busy.clone(), stop.clone());
        // Without a thread the connection is closed.
        let _ = std::thread::Builder::new().name("connection".into()).spawn(move || {
            let _place = place;
            connection(Wire::new(stream), full, &stop, &busy, &*answer);
        });
    }
    busy.wait(FAREWELL);
}

fn connection(mut wire: Wire, full: bool, stop: &Stop, busy: &Busy, answer: &dyn Fn(&Request) -> Response) {
    let prepared = wire
        .stream
        .set_write_timeout(Some(STALLED))
        .and_then(|()| wire.stream.set_nodelay(true));
    if prepared.is_err() {
        return;
    }
    loop {
        let (response, keep_alive, _under) = match wire.request() {
            Err(NoRequest::Closed) => return,
            Err(NoRequest::Refused(response)) => (response, false, Under::way(busy)),
            Ok(request) => {
                let under = Under::way(busy);
                if full {
                    let reason = "too many windows are open at once; try again in a minute";
                    (Response::refusal(503, "full", reason), false, under)
                } else {
                    (answer(&request), request.keep_alive && !stop.is_stopped(), under)
                }
            }
        };
        if response.write(&mut wire.stream, keep_alive).is_err() {
            return;
        }
        if !keep_alive {
            linger(&mut wire.stream);
            return;
        }
    }
}

/// Closing a socket with unread bytes in it may destroy the answer on its way, so what still comes is thrown away.
fn linger(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let mut bytes = [0; 4 << 10];
    for _ in 0..64 {
        match stream.read(&mut bytes) {
            Ok(n) if n > 0 => {}
            _ => return,
        }
    }
}
