//! One file over HTTP: resumed where it broke off, and checked.

use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use pusht_jobs::CancelFlag;
use ureq::Body;
use ureq::http::{Response, header};

use crate::checksum::{Checksum, RunningHash};
use crate::http::{Http, Trouble, sleep};
use crate::{HubError, HubName};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;

/// A file to transfer.
pub(crate) struct Transfer<'a> {
    pub(crate) http: &'a Http<'a>,
    pub(crate) url: &'a str,
    /// The repository that it belongs to.
    pub(crate) name: Option<&'a HubName>,
    /// Announced size.
    pub(crate) size: Option<u64>,
    /// Announced hash.
    pub(crate) checksum: Option<&'a Checksum>,
    /// Largest size that is accepted.
    pub(crate) most: u64,
    /// What to do without a network.
    pub(crate) advice: &'a str,
    pub(crate) cancel: &'a CancelFlag,
    /// Is told the number of bytes that are there.
    pub(crate) progress: &'a dyn Fn(u64),
}

/// The part of a file that is there.
struct Received {
    file: File,
    bytes: u64,
    hash: RunningHash,
    /// Size that the last answer announced.
    announced: Option<u64>,
}

impl Transfer<'_> {
    /// Transfers the file to `partial`; what is there already is kept and continued.
    pub(crate) fn run(&self, partial: &Path) -> Result<(), HubError> {
        let io = |error| HubError::io(partial)(error);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(partial)
            .map_err(io)?;
        let mut received = Received {
            bytes: file.metadata().map_err(io)?.len(),
            file,
            hash: RunningHash::begin(self.checksum, self.size),
            announced: None,
        };
        if received.bytes > self.size.unwrap_or(self.most) {
            self.restart(&mut received).map_err(io)?;
        }
        self.hash_present(&mut received, partial)?;
        if Some(received.bytes) != self.size {
            // One closure changes what was received, the other asks how much it is.
            let bytes = Cell::new(received.bytes);
            let once = || {
                let outcome = self.attempt(&mut received, partial);
                bytes.set(received.bytes);
                outcome
            };
            self.http.retry(self.cancel, once, || bytes.get())?;
        }
        received.file.sync_all().map_err(io)?;
        let (expected, found) = (self.checksum.map(Checksum::hash), received.hash.finish());
        if expected.is_some() && expected != found.as_deref() {
            std::fs::remove_file(partial).map_err(io)?;
            return Err(HubError::Damaged {
                url: self.url.to_owned(),
                reason: format!(
                    "its hash is {}, and the server announced {}",
                    found.unwrap_or_default(),
                    expected.unwrap_or_default()
                ),
            });
        }
        Ok(())
    }

    /// Adds to the hash what an earlier process received.
    fn hash_present(&self, received: &mut Received, partial: &Path) -> Result<(), HubError> {
        let io = |error| HubError::io(partial)(error);
        received.file.seek(SeekFrom::Start(0)).map_err(io)?;
        let (mut left, mut block) = (received.bytes, vec![0; BLOCK]);
        while left > 0 {
            self.cancel.check()?;
            let count = received.file.read(&mut block).map_err(io)?;
            if count == 0 {
                break;
            }
            received.hash.add(&block[..count]);
            left = left.saturating_sub(count as u64);
        }
        received.bytes -= left;
        received.file.seek(SeekFrom::Start(received.bytes)).map_err(io)?;
        (self.progress)(received.bytes);
        Ok(())
    }

    /// Drops what was received.
    fn restart(&self, received: &mut Received) -> std::io::Result<()> {
        received.file.set_len(0)?;
        received.file.seek(SeekFrom::Start(0))?;
        received.bytes = 0;
        received.hash = RunningHash::begin(self.checksum, self.size);
        Ok(())
    }

    /// One request, for what is not there yet.
    fn attempt(&self, received: &mut Received, partial: &Path) -> Result<(), Trouble> {
        let io = |error| Trouble::Stop(HubError::io(partial)(error));
        let from = received.bytes;
        let response = match self.http.get(self.url, from) {
            Ok(response) => response,
            Err(error) => {
                return Err(match self.http.failed(self.url, self.advice, &error) {
                    // A server that was there a moment ago may come back.
                    Trouble::Stop(failure) if received.announced.is_some() => Trouble::Again(failure, None),
                    trouble => trouble,
                });
            }
        };
        match response.status().as_u16() {
            206 if range_start(&response) == Some(from) => {}
            200 | 206 if from == 0 => {}
            // The server does not continue: the whole file follows.
            200 => self.restart(received).map_err(io)?,
            206 | 416 if from > 0 => {
                self.restart(received).map_err(io)?;
                return Err(self.again("the server does not continue where the transfer broke off"));
            }
            _ => return Err(self.http.refused(self.url, self.name, &response)),
        }
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length: Option<u64> = length.and_then(|value| value.to_str().ok()?.parse().ok());
        let announced = length.map(|length| received.bytes.saturating_add(length));
        let total = self.size.or(announced);
        if let (Some(size), Some(announced)) = (self.size, announced)
            && size != announced
        {
            return Err(Trouble::Stop(HubError::Answer {
                url: self.url.to_owned(),
                reason: format!(
                    "the file has {announced} bytes, and the list of files announced {size}; a proxy may send a page of its own"
                ),
            }));
        }
        received.announced = Some(total.unwrap_or_default());
        self.receive(received, partial, response, total)
    }

    fn receive(
        &self,
        received: &mut Received,
        partial: &Path,
        response: Response<Body>,
        total: Option<u64>,
    ) -> Result<(), Trouble> {
        let (mut body, mut block) = (response.into_body().into_reader(), vec![0; BLOCK]);
        let most = total.unwrap_or(self.most).min(self.most);
        loop {
            self.cancel.check().map_err(HubError::from)?;
            let count = match body.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => return Err(self.again(&format!("the transfer broke off ({error})"))),
            };
            let bytes = received.bytes + count as u64;
            if bytes > most {
                std::fs::remove_file(partial).map_err(HubError::io(partial))?;
                return Err(Trouble::Stop(HubError::Damaged {
                    url: self.url.to_owned(),
                    reason: format!("it is longer than {most} bytes"),
                }));
            }
            received
                .file
                .write_all(&block[..count])
                .map_err(HubError::io(partial))?;
            received.hash.add(&block[..count]);
            received.bytes = bytes;
            (self.progress)(bytes);
        }
        match total {
            Some(total) if received.bytes < total => Err(self.again("the transfer broke off")),
            _ => Ok(()),
        }
    }

    fn again(&self, reason: &str) -> Trouble {
        let error = HubError::Unreachable {
            url: self.url.to_owned(),
            reason: format!("{reason}; what was received is kept, and the same command continues"),
            advice: self.advice.to_owned(),
        };
        Trouble::Again(error, None)
    }
}

/// The first byte that a partial answer holds.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// Waits until no other process holds the lock.
pub(crate) fn lock(file: File, path: &Path, cancel: &CancelFlag) -> Result<File, HubError> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(100), cancel)?,
            // File systems without locks: two processes would both download, and the second one's file counts.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(HubError::io(path)(error)),
        }
    }
}
