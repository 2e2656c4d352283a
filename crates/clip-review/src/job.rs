//! All videos of a folder: side by side, and on from where a run was stopped.
//!
//! `clips.jsonl` in the output folder has a header and a line for every clip that is done, as they come; a last line that was
//! cut off is dropped. `labels.jsonl` is the labels' own file, which goes on in the same way.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clip_audit::{TrajectorySet, VideoAuditor};
use labelling::{Labelled, Method, Settings, find_videos};
use pusht_jobs::{JobContext, write_file};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use video_io::{Rate, content_hash};

use crate::verdicts::Labels;
use crate::{ClipVerdict, RealSet, Verdicts, VerdictsError};

const FORMAT: &str = "pusht-verdicts";

/// What is to be looked at.
pub struct Job {
    /// Files, or folders that are searched.
    pub video: Vec<PathBuf>,
    /// Frames a second of all videos, over what they say themselves.
    pub fps: Option<u32>,
    /// The folder of the report.
    pub out: PathBuf,
}

/// First line of `clips.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: String,
    fps: Option<u32>,
    videos: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    index: usize,
    /// Of the video when it was looked at.
    #[serde(default)]
    content: String,
    clip: ClipVerdict,
}

impl Job {
    /// Looks at all videos and says what came out; where real episodes are at hand, also how far the clips' trajectories are
    /// from theirs. Progress counts videos.
    ///
    /// # Errors
    /// No videos, a folder of another job or that cannot be written. Videos that cannot be read are no error.
    pub fn run(&self, real: Option<&RealSet>, ctx: &mut JobContext) -> Result<Verdicts, VerdictsError> {
        let videos = find_videos(&self.video)?;
        let strips = self.out.join("strips");
        fs::create_dir_all(&strips).map_err(VerdictsError::io(&strips))?;
        self.look(&videos, ctx)?;
        let labels = self.label(&videos, ctx)?;
        let (mut clips, mut set) = (BTreeMap::new(), TrajectorySet::default());
        // Of two lines of a video the later one counts.
        let lines: BTreeMap<usize, Line> = self.lines()?.1.into_iter().map(|line| (line.index, line)).collect();
        for (index, Line { mut clip, .. }) in lines {
            // A clip whose positions are not finite adds nothing.
            let track = std::mem::take(&mut clip.track);
            if clip.audit.as_ref().is_some_and(|a| a.audit.frames > 0) {
                set.add(&track)?;
            }
            clips.insert(index, clip);
        }
        let mut verdicts = Verdicts::new(clips.into_values().collect(), labels);
        match real.map(|real| real.compare(&set)) {
            Some(Ok(report)) => verdicts.distribution = Some(report),
            Some(Err(error)) => verdicts.notes.push(format!("no comparison of trajectories: {error}")),
            None => {}
        }
        Ok(verdicts)
    }

    pub(crate) fn rate(&self) -> Rate {
        self.fps.map_or(Rate::Stated, Rate::Fixed)
    }

    fn header(&self, videos: &[PathBuf]) -> Header {
        Header {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            fps: self.fps,
            videos: videos.to_vec(),
        }
    }

    fn file(&self) -> PathBuf {
        self.out.join("clips.jsonl")
    }

    fn look(&self, videos: &[PathBuf], ctx: &mut JobContext) -> Result<(), VerdictsError> {
        let (path, header) = (self.file(), self.header(videos));
        if !path.exists() {
            write_file(&path, |out| write_line(out, &header)).map_err(VerdictsError::io(&path))?;
        }
        let (found, done, whole) = self.lines()?;
        if found != header {
            return Err(VerdictsError::Foreign {
                path,
                found: format!("what is known of {} other videos or settings", found.videos.len()),
            });
        }
        // A video that is another one now is looked at again; of two lines of a video the later one counts.
        let last: BTreeMap<usize, &str> = done.iter().map(|line| (line.index, line.content.as_str())).collect();
        let unchanged = |index: usize, content: &str| {
            let video = videos.get(index);
            video.is_some_and(|video| content_hash(video).unwrap_or_default() == content)
        };
        let kept = last.iter().filter(|(index, content)| unchanged(**index, content));
        let done: Vec<usize> = kept.map(|(index, _)| *index).collect();
        let mut out = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(VerdictsError::io(&path))?;
        // What was cut off goes before another line is appended.
        out.set_len(whole).map_err(VerdictsError::io(&path))?;
        out.seek(SeekFrom::End(0)).map_err(VerdictsError::io(&path))?;
        let auditor = VideoAuditor::new()?;
        let todo: Vec<usize> = (0..videos.len()).filter(|i| !done.contains(i)).collect();
        let task = ctx.task("audit clips", videos.len());
        task.resume(done.len());
        let out = Mutex::new(out);
        todo.par_iter().with_max_len(1).try_for_each(|&index| {
            task.check()?;
            let (video, rate) = (&videos[index], self.rate());
            let content = content_hash(video).unwrap_or_default();
            let clip = ClipVerdict::of(&auditor, video, self.name(video), rate, &self.out, index)?;
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            write_line(&mut *out, &Line { index, content, clip }).map_err(VerdictsError::io(&path))?;
            drop(out);
            task.add(1);
            Ok::<_, VerdictsError>(())
        })?;
        task.finish(&format!("{} clips", videos.len()));
        Ok(())
    }

    /// Header, lines and the bytes of whole lines.
    fn lines(&self) -> Result<(Header, Vec<Line>, u64), VerdictsError> {
        let path = self.file();
        let foreign = |found: String| VerdictsError::Foreign {
            path: path.clone(),
            found,
        };
        let mut reader = BufReader::new(fs::File::open(&path).map_err(VerdictsError::io(&path))?);
        let (mut header, mut lines, mut whole, mut text) = (None, Vec::new(), 0, Vec::new());
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(VerdictsError::io(&path))?;
            if !text.ends_with(b"\n") {
                break;
            }
            match header {
                None => {
                    header = Some(serde_json::from_slice(&text).map_err(|e| foreign(format!("no verdicts ({e})")))?);
                }
                Some(_) => {
                    lines.push(serde_json::from_slice(&text).map_err(|e| foreign(format!("a damaged line ({e})")))?);
                }
            }
            whole += length as u64;
        }
        let header: Header = header.ok_or_else(|| foreign("nothing".to_owned()))?;
        Ok((header, lines, whole))
    }

    /// The actions that can be trusted, by the closed form.
    fn label(&self, videos: &[PathBuf], ctx: &mut JobContext) -> Result<Vec<Labels>, VerdictsError> {
        let path = self.out.join("labels.jsonl");
        let job = labelling::Job {
            videos: videos.to_vec(),
            method: Method::ClosedForm(Default::default()),
            settings: Settings { fps: self.fps },
            part: None,
        };
        job.run(&path, ctx)?;
        let labelled = Labelled::open(std::slice::from_ref(&path))?;
        let labels = labelled.records().map(|record| Ok(Labels::of(&record?)));
        labels.collect()
    }

    /// The path below the folder that was named.
    fn name(&self, video: &Path) -> String {
        // Of a folder of `generate` the frames were taken: its clips are named as when these are named themselves.
        let below = |root: &PathBuf| {
            let frames = root.join("frames");
            let made = root
                .join("generation.json")
                .is_file()
                .then(|| video.strip_prefix(frames).ok());
            made.flatten()
                .map(Path::to_path_buf)
                .or_else(|| Some(video.strip_prefix(root).ok()?.to_path_buf()))
        };
        let below = self.video.iter().find_map(below);
        let below = below.filter(|p| !p.as_os_str().is_empty());
        let name = below.unwrap_or_else(|| PathBuf::from(video.file_name().unwrap_or(video.as_os_str())));
        let parts: Vec<_> = name.iter().map(|p| p.to_string_lossy()).collect();
        parts.join("/")
    }
}

fn write_line(out: &mut (impl Write + ?Sized), value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}
