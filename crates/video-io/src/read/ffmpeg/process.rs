//! A program that runs beside this one: what it says on standard error is kept, and it never outlives its owner.

use std::io::{self, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of standard error that are kept, the first ones.
const KEPT: usize = 4096;

/// A running program, killed and reaped when this is dropped.
pub(super) struct Process {
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    /// Disconnected when standard error has ended.
    silent: Receiver<()>,
}

impl Process {
    /// Starts a program without input; its standard output is returned.
    pub(super) fn start(command: &mut Command) -> io::Result<(Self, ChildStdout)> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A group of its own: it can be ended with whatever it has started, and a Ctrl-C in the terminal does not reach it.
        // If it did, the video would seem to be damaged.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        let (sender, silent) = channel();
        let said = Arc::default();
        let mut process = Self { child, said, silent };
        let missing = || io::Error::other("a pipe is missing");
        let output = process.child.stdout.take().ok_or_else(missing)?;
        let errors = process.child.stderr.take().ok_or_else(missing)?;
        let said = Arc::clone(&process.said);
        thread::Builder::new().spawn(move || {
            keep_first(errors, &said);
            drop(sender);
        })?;
        Ok((process, output))
    }

    /// Waits for the end of the program; `None` if it still runs after `limit`.
    pub(super) fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if start.elapsed() >= limit {
                return Ok(None);
            }
            thread::sleep(pause);
            pause = (2 * pause).min(Duration::from_millis(50));
        }
    }

    /// The beginning of what the program wrote to standard error.
    pub(super) fn said(&self) -> String {
        // Ends when the stream is closed. What a child of the program still says is not waited for.
        let _ = self.silent.recv_timeout(Duration::from_secs(1));
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Ends the program and what it has started.
    pub(super) fn kill(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            #[cfg(unix)]
            let _ = rustix::process::kill_process_group(
                rustix::process::Pid::from_child(&self.child),
                rustix::process::Signal::KILL,
            );
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn keep_first(mut errors: ChildStderr, said: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 1024];
    while let Ok(count @ 1..) = errors.read(&mut bytes) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let free = KEPT.saturating_sub(said.len());
        said.extend_from_slice(&bytes[..count.min(free)]);
    }
}
