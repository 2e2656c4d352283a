//! Many videos: in parallel, resumable, in parts.
//!
//! While a file of labels is being made it is called `….partial` and has a line for every video that is done, as they come;
//! the same job goes on from it. A part (`--shard I/N`) is such a file of its share of the videos, and N of them join.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pusht_env::GOAL;
use pusht_jobs::Shard;
use rayon::prelude::*;
use video_io::content_hash;

use crate::labels::{Header, Line, Scanned, json_line, scan};
use crate::video::Eyes;
use crate::{LabelError, Method, Settings};

/// What is to be labelled, and how.
pub struct Job<'a> {
    /// From [`find_videos`](crate::find_videos).
    pub videos: Vec<PathBuf>,
    /// The inverse dynamics.
    pub method: Method<'a>,
    /// How videos are read.
    pub settings: Settings,
    /// Only this part of the videos.
    pub part: Option<Shard>,
}

impl Job<'_> {
    /// Labels into the file at `path` what is not labelled there yet, or has changed since; [`Labelled::open`](crate::Labelled::open) reads it.
    /// `progress` is told videos done and videos to do, from any thread.
    ///
    /// # Errors
    /// A file of another job at `path`; a place that cannot be written. Videos that cannot be read are no error.
    pub fn run(&self, path: &Path, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), LabelError> {
        let header = Header::new(self.method.name(), self.settings, self.videos.clone(), self.part);
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut stale = None;
        if path.exists() {
            let found = scan(path)?;
            header.require(path, &found.header)?;
            let changed = changed(path, &found)?;
            if changed.is_empty() {
                return Ok(());
            }
            fs::rename(path, &partial).map_err(LabelError::io(path))?;
            stale = Some(changed);
        }
        let mut done = resume(&partial, &header)?;
        let stale = stale.map_or_else(|| changed(&partial, &done), Ok)?;
        // Of two lines of one video the later one counts.
        for index in stale {
            done.places.remove(&index);
        }
        let range = match self.part {
            Some(part) => part.range(self.videos.len()),
            None => 0..self.videos.len(),
        };
        let todo: Vec<usize> = range.clone().filter(|i| !done.places.contains_key(i)).collect();
        let out = OpenOptions::new().append(true).open(&partial);
        let out = Mutex::new((out.map_err(LabelError::io(&partial))?, done.places.len()));
        let eyes = Eyes::new(GOAL)?;
        let (videos, settings) = (&self.videos, self.settings);
        let label = |index: usize, method: &Method<'_>| -> Result<(), LabelError> {
            let record = eyes.label(&videos[index], method, settings);
            let line = json_line(&partial, &Line { index, record })?;
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            out.0.write_all(&line).map_err(LabelError::io(&partial))?;
            out.1 += 1;
            progress(out.1, range.len());
            Ok(())
        };
        progress(done.places.len(), range.len());
        match &self.method {
            // A model may not be shared between threads, so the method as a whole may not either.
            Method::ClosedForm(smoother) => {
                let smoother = *smoother;
                let jobs = todo.par_iter().with_max_len(1);
                jobs.try_for_each(|&index| label(index, &Method::ClosedForm(smoother)))?;
            }
            // A model computes on all cores by itself.
            model => todo.iter().try_for_each(|&index| label(index, model))?,
        }
        sort(&partial, path)
    }
}

/// The videos that are not what they were when they were labelled.
fn changed(path: &Path, found: &Scanned) -> Result<Vec<usize>, LabelError> {
    let mut file = File::open(path).map_err(LabelError::io(path))?;
    let mut changed = Vec::new();
    for (&index, place) in &found.places {
        let line = place.read(&mut file).map_err(LabelError::io(path))?;
        let line: Line = serde_json::from_slice(&line).map_err(|e| LabelError::io(path)(e.into()))?;
        if content_hash(&line.record.video).unwrap_or_default() != line.record.content {
            changed.push(index);
        }
    }
    Ok(changed)
}

/// What an earlier run has done; a file with the header alone where there was none.
fn resume(partial: &Path, header: &Header) -> Result<Scanned, LabelError> {
    if partial.exists() {
        let found = scan(partial)?;
        header.require(partial, &found.header)?;
        // A last line that was cut off is taken away before another is appended.
        let file = OpenOptions::new().write(true).open(partial);
        let cut = file.and_then(|f| f.set_len(found.whole));
        cut.map_err(LabelError::io(partial))?;
        return Ok(found);
    }
    if let Some(folder) = partial.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(LabelError::io(folder))?;
    }
    fs::write(partial, json_line(partial, header)?).map_err(LabelError::io(partial))?;
    scan(partial)
}

/// Writes the lines in the order of the videos, so that the result does not depend on threads and interruptions.
fn sort(partial: &Path, path: &Path) -> Result<(), LabelError> {
    let found = scan(partial)?;
    let header = json_line(partial, &found.header)?;
    pusht_data::write_file(path, |out| {
        let mut from = File::open(partial)?;
        out.write_all(&header)?;
        (found.places.values()).try_for_each(|place| out.write_all(&place.read(&mut from)?))
    })?;
    fs::remove_file(partial).map_err(LabelError::io(partial))
}
