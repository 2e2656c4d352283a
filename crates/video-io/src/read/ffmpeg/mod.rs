//! Reads what the built-in readers do not, with the program `ffmpeg`: raw RGB frames with their times through a pipe.
//!
//! The file is opened by the demuxer that its first bytes name, over no protocol but files, so that its content cannot
//! make `ffmpeg` open anything else. The program is ended when the source is dropped, when it makes no progress, and
//! when it has used its time.

mod messages;
mod process;

use self::messages::{damage, quoted};
use self::process::Process;
use super::foreign::Foreign;
use super::options::ReadOptions;
use super::source::FrameSource;
use crate::error::VideoIoError;
use crate::{Frame, RawFrame};
use nut_frames::NutReader;
use std::ffi::OsString;
use std::io::{self, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Most pixels of a frame: 8K.
const MOST_PIXELS: u64 = 7680 * 4320;
/// Longest time for one video: processor time of the program, and waiting for it.
const LONGEST: Duration = Duration::from_secs(3600);
/// Time to end after a failure.
const ENDING: Duration = Duration::from_secs(2);

/// Options for frames as they come, with the times of the file. Versions 5.1 and 6.1 introduced the second names, version
/// 9 does not know the first.
const AS_THEY_COME: [[&str; 4]; 2] = [
    ["-vsync", "passthrough", "-enc_time_base", "-1"],
    ["-fps_mode", "passthrough", "-enc_time_base", "demux"],
];

/// A video that `ffmpeg` decodes.
pub(crate) struct FfmpegSource {
    process: Process,
    output: Receiver<io::Result<Part>>,
    path: PathBuf,
    foreign: Foreign,
    patience: Duration,
    waited: Duration,
    /// Seconds per tick of the output, numerator and denominator.
    time_base: (u32, u32),
    /// Time of the first frame, ticks of the output.
    first: Option<i64>,
}

/// A part of the program's output.
enum Part {
    TimeBase((u32, u32)),
    Frame(Frame, i64),
    End,
}

impl FfmpegSource {
    pub(crate) fn open(path: &Path, foreign: Foreign, options: &ReadOptions) -> Result<Self, VideoIoError> {
        let [old, new] = AS_THEY_COME;
        match Self::start(path, &foreign, options, old) {
            Err(VideoIoError::Ffmpeg { reason, .. }) if reason.contains("vsync") || reason.contains("time base") => {
                Self::start(path, &foreign, options, new)
            }
            started => started,
        }
    }

    fn start(path: &Path, foreign: &Foreign, options: &ReadOptions, times: [&str; 4]) -> Result<Self, VideoIoError> {
        let failed = |e: io::Error| match e.kind() {
            ErrorKind::NotFound => VideoIoError::NoFfmpeg {
                path: path.into(),
                holds: foreign.holds.clone(),
                program: options.ffmpeg.clone(),
            },
            _ => error(path, foreign, format!("it cannot be started ({e})")),
        };
        let mut command = Command::new(&options.ffmpeg);
        command.args(arguments(path, foreign.demuxer, times));
        command.env("AV_LOG_FORCE_NOCOLOR", "1").env_remove("FFREPORT");
        let (process, stdout) = Process::start(&mut command).map_err(failed)?;
        let (sender, output) = sync_channel(1);
        let thread = thread::Builder::new().spawn(move || forward(stdout, &sender));
        thread.map_err(failed)?;
        let mut source = Self {
            process,
            output,
            path: path.into(),
            foreign: foreign.clone(),
            patience: options.patience,
            waited: Duration::ZERO,
            time_base: (1, 1),
            first: None,
        };
        if let Part::TimeBase(time_base) = source.receive()? {
            source.time_base = time_base;
        }
        Ok(source)
    }

    fn receive(&mut self) -> Result<Part, VideoIoError> {
        let patience = self.patience.min(LONGEST.saturating_sub(self.waited));
        let start = Instant::now();
        let received = self.output.recv_timeout(patience);
        self.waited += start.elapsed();
        match received {
            Ok(Ok(part)) => Ok(part),
            // What it says after its output is no longer read is that.
            Ok(Err(e)) if e.kind() == ErrorKind::InvalidData => {
                self.process.kill();
                let reason = format!("its output is not as expected ({e})");
                Err(error(&self.path, &self.foreign, reason))
            }
            Ok(Err(e)) => Err(self.failed(&e.to_string())),
            Err(RecvTimeoutError::Disconnected) => Err(self.failed("it ends too early")),
            Err(RecvTimeoutError::Timeout) => {
                self.process.kill();
                let reason = format!(
                    "no frame came for {:.0} s, and it was ended",
                    patience.as_secs_f64().ceil()
                );
                Err(error(&self.path, &self.foreign, reason))
            }
        }
    }

    /// Ends the program, whose output ended for this reason, and returns the error.
    fn failed(&mut self, output: &str) -> VideoIoError {
        let status = self.process.wait(ENDING);
        self.process.kill();
        let said = quoted(&self.process.said());
        let reason = match status {
            _ if !said.is_empty() => said,
            Ok(Some(status)) => format!("its output ended too early ({output}; {status})"),
            _ => format!("its output ended too early ({output})"),
        };
        error(&self.path, &self.foreign, reason)
    }

    /// Checks that the program has read the file to its end, without damage.
    fn finish(&mut self) -> Result<(), VideoIoError> {
        match self.process.wait(self.patience) {
            Ok(Some(status)) if status.success() => match damage(&self.process.said()) {
                None => Ok(()),
                Some(reason) => Err(error(&self.path, &self.foreign, reason)),
            },
            _ => Err(self.failed("it does not end")),
        }
    }
}

impl FrameSource for FfmpegSource {
    fn timescale(&self) -> Option<u32> {
        Some(self.time_base.1)
    }

    fn frames(&self) -> Option<usize> {
        None
    }

    fn codec(&self) -> &str {
        &self.foreign.codec
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        match self.receive()? {
            Part::Frame(frame, time) => {
                let first = *self.first.get_or_insert(time);
                let ticks = time.saturating_sub(first).saturating_mul(self.time_base.0.into());
                Ok(Some((frame.into(), ticks)))
            }
            _ => self.finish().map(|()| None),
        }
    }
}

fn error(path: &Path, foreign: &Foreign, reason: String) -> VideoIoError {
    VideoIoError::Ffmpeg {
        path: path.into(),
        holds: foreign.holds.clone(),
        reason,
    }
}

fn arguments(path: &Path, demuxer: &str, times: [&str; 4]) -> Vec<OsString> {
    // With the protocol, no name can be taken for an option or for another protocol.
    let mut file = OsString::from("file:");
    file.push(path);
    let (time, pixels) = (LONGEST.as_secs().to_string(), MOST_PIXELS.to_string());
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |all: &[&str]| arguments.extend(all.iter().map(OsString::from));
    // Damage is an error. One thread: parallelism is over videos, not within one.
    add(&["-nostdin", "-v", "error", "-xerror", "-timelimit", &time]);
    add(&["-protocol_whitelist", "file,pipe", "-f", demuxer]);
    add(&["-max_pixels", &pixels, "-threads", "1", "-i"]);
    arguments.push(file);
    let mut add = |all: &[&str]| arguments.extend(all.iter().map(OsString::from));
    // The first stream of pictures that is no cover; frames of another size are not scaled, so that they are noticed.
    add(&["-map", "0:V:0", "-noautoscale"]);
    add(&times);
    // Rounded as the built-in readers do, color samples repeated.
    add(&["-sws_flags", "neighbor+accurate_rnd+full_chroma_int"]);
    add(&["-c:v", "rawvideo", "-pix_fmt", "rgb24", "-f", "nut", "pipe:1"]);
    arguments
}

/// Reads the program's output, one frame ahead, until it ends or nobody receives it.
fn forward(stdout: ChildStdout, parts: &SyncSender<io::Result<Part>>) {
    let mut reader = match NutReader::open(BufReader::with_capacity(1 << 16, stdout), MOST_PIXELS) {
        Ok(reader) => reader,
        Err(e) => return drop(parts.send(Err(e))),
    };
    let mut open = parts.send(Ok(Part::TimeBase(reader.time_base()))).is_ok();
    while open {
        let part = match reader.next_frame() {
            Ok(Some((frame, time))) => Ok(Part::Frame(frame, time)),
            Ok(None) => Ok(Part::End),
            Err(e) => Err(e),
        };
        let more = matches!(part, Ok(Part::Frame(..)));
        open = parts.send(part).is_ok() && more;
    }
}

#[cfg(test)]
mod tests {
    use super::{AS_THEY_COME, arguments};
    use std::path::Path;

    #[test]
    fn no_name_is_taken_for_an_option_or_a_protocol() {
        for name in [
            "-i.webm",
            "http://example.org/a.webm",
            "concat:a|b",
            "a b%03d.webm",
            "/x/y.webm",
        ] {
            let arguments = arguments(Path::new(name), "matroska", AS_THEY_COME[0]);
            assert!(arguments.contains(&format!("file:{name}").into()) && !arguments.contains(&name.into()));
        }
    }
}
