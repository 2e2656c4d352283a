//! One pass over a video: every frame is decoded, resampled and tracked once, for the audit and for the labels.

use std::path::Path;

use clip_audit::{AuditError, FEWEST_FRAMES, Strip, Strips, VideoAudit, VideoAuditor};
use labeling::{LabelMethod, VideoError, VideoFacts, VideoLabeler, VideoRecord, later_board, resampled};
use pusht_env::{Frame, GOAL};
use pusht_vision::{Tracked, Tracker, VideoSize};
use video_io::{Rate, Resampled, VideoReader, content_hash};

use crate::VerdictsError;

/// Frame rate at which videos are read, frames per second.
pub(crate) const HZ: u32 = 10;

/// Maximum number of frames kept, 28 kB each: the frames of a film strip are only known after the audit of the last
/// one. A longer video is decoded a second time for its strips.
const KEPT: usize = 1024;

/// Frames per film strip, and the factor by which it is enlarged.
const COLUMNS: usize = 6;
const SCALE: u32 = 2;

/// Reads videos; built once for a job, it can be shared between threads.
pub(crate) struct Reader {
    auditor: VideoAuditor,
    tracker: Tracker,
    kept: usize,
}

/// Result of a pass over a video.
pub(crate) struct Pass {
    /// Content hash of the video when the pass began.
    pub(crate) content: String,
    pub(crate) audit: Result<Audited, AuditError>,
    pub(crate) labels: VideoRecord,
}

/// A video that could be read.
#[derive(Debug)]
pub(crate) struct Audited {
    pub(crate) audit: VideoAudit,
    /// Track of the original frames. The audit tracks cleaned frames, in which an agent half behind a wall does not
    /// stand out.
    pub(crate) track: Vec<Tracked>,
    pub(crate) strips: Vec<Strip>,
}

impl Reader {
    pub(crate) fn new() -> Result<Self, VerdictsError> {
        Ok(Self {
            auditor: VideoAuditor::new()?,
            tracker: Tracker::new(GOAL)?,
            kept: KEPT,
        })
    }

    /// Reads a video. Errors are part of the result.
    pub(crate) fn pass(&self, path: &Path, rate: Rate) -> Pass {
        // Hashed before the frames are read, so that a video that changes meanwhile is recognized as changed.
        let content = content_hash(path).unwrap_or_default();
        let unlabeled = |error: String| VideoRecord::failed(path.to_path_buf(), content.clone(), error);
        let (audit, labels) = match self.read(path, rate) {
            Ok((audit, Ok(record))) => {
                let content = content.clone();
                (audit, VideoRecord { content, ..record })
            }
            Ok((audit, Err(error))) => (audit, unlabeled(error.to_string())),
            Err(error) => {
                let labels = unlabeled(error.to_string());
                (Err(error), labels)
            }
        };
        Pass { content, audit, labels }
    }

    /// Audits and labels a video; an error if frames cannot be read.
    #[allow(clippy::type_complexity, reason = "two results of one loop")]
    fn read(
        &self,
        path: &Path,
        rate: Rate,
    ) -> Result<(Result<Audited, AuditError>, Result<VideoRecord, VideoError>), AuditError> {
        let reader = VideoReader::open(path)?;
        let codec = reader.codec().to_owned();
        let mut frames = Resampled::new(reader, rate, HZ);
        let method = LabelMethod::ClosedForm(Default::default());
        let (mut labeler, mut unlabeled) = (VideoLabeler::new(&method), None);
        let (mut begun, mut size, mut last) = (None, VideoSize::default(), None);
        let (mut track, mut kept): (Vec<Tracked>, Vec<Frame>) = (Vec::new(), Vec::new());
        while let Some(picked) = frames.next_raw()? {
            let (map, audit) = match &mut begun {
                Some(begun) => begun,
                None => {
                    size = picked.frame.dimensions().into();
                    let register = |frame: &Frame| self.auditor.register(frame);
                    let later = || later_board(path, rate, register);
                    let map = register(&picked.frame.to_rgb()).or_else(|error| later().ok_or(error))?;
                    begun.insert((map, self.auditor.begin(&map)?))
                }
            };
            let frame = resampled(map, &picked.frame);
            // A slower video repeats frames at 10 Hz; labels have a row for each, the audit does not.
            let repeated = last == Some(picked.index) && !picked.held;
            last = Some(picked.index);
            let tracked = self.tracker.track_after(&frame, labeler.last())?;
            if !repeated {
                track.push(match track.last() == labeler.last() {
                    true => tracked,
                    false => self.tracker.track_after(&frame, track.last())?,
                });
                audit.push(&frame)?;
            }
            if unlabeled.is_none() {
                unlabeled = labeler.push(&frame, tracked, repeated).err();
            }
            if !repeated {
                match track.len() <= self.kept {
                    true => kept.push(frame),
                    false => kept = Vec::new(),
                }
            }
        }
        if frames.is_unclear() {
            labeler.set_unclear_times();
        }
        let facts = VideoFacts {
            video: path.to_path_buf(),
            codec: codec.clone(),
            size,
            frames: frames.frames_read(),
            registration: begun.as_ref().map(|(map, _)| *map),
        };
        let labels = unlabeled.map_or_else(|| labeler.finish(facts), Err);
        let Some((registration, audit)) = begun else {
            let path = path.to_path_buf();
            return Ok((Err(AuditError::NoFrames { path }), labels));
        };
        let audit = audit.finish().0;
        if audit.frames < FEWEST_FRAMES {
            let (path, frames) = (path.to_path_buf(), audit.frames);
            return Ok((Err(AuditError::TooShort { path, frames }), labels));
        }
        let audit = VideoAudit {
            video: path.to_path_buf(),
            codec,
            size,
            registration,
            audit,
        };
        let strips = self.strips(&audit, rate, &kept);
        let audited = strips.map(|strips| Audited { audit, track, strips });
        Ok((audited, labels))
    }

    /// Draws the film strips, from the kept frames or, if the video is too long, by reading it again.
    fn strips(&self, of: &VideoAudit, rate: Rate, kept: &[Frame]) -> Result<Vec<Strip>, AuditError> {
        if kept.is_empty() {
            return Ok(self.auditor.reread_for_strips(of, rate, COLUMNS, SCALE)?.0);
        }
        let mut strips = Strips::new(&of.audit, COLUMNS, SCALE);
        for (index, frame) in kept.iter().enumerate() {
            strips.push(index, frame);
        }
        Ok(strips.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use corruptions::{Clip, Corruption, Strength};
    use labeling::{LabelJob, Labeled};
    use pusht_jobs::JobContext;
    use video_io::{VideoOptions, save_video};

    #[test]
    fn one_pass_says_what_separate_passes_say() {
        let folder = tempfile::tempdir().unwrap();
        let clip = Clip::simulated(306, 128).unwrap();
        let split = Corruption::AgentSplit
            .apply(&clip, Strength::Clear, 1)
            .unwrap()
            .unwrap();
        let half: Vec<Frame> = split.iter().step_by(2).cloned().collect();
        let mut videos = Vec::new();
        // At half the rate every frame is shown twice at 10 Hz.
        for (name, frames, fps) in [("split.mp4", &split, 10), ("slow.mp4", &half, 5)] {
            videos.push(folder.path().join(name));
            save_video(&videos[videos.len() - 1], frames, VideoOptions { fps, scale: 1 }).unwrap();
        }
        let labels = folder.path().join("labels.jsonl");
        let job = LabelJob::new(videos.clone());
        job.run(&labels, &mut JobContext::silent()).unwrap();
        let labeled = Labeled::open(std::slice::from_ref(&labels)).unwrap();
        let auditor = VideoAuditor::new().unwrap();
        let mut reader = Reader::new().unwrap();
        for kept in [KEPT, 10] {
            reader.kept = kept;
            for (video, record) in videos.iter().zip(labeled.records()) {
                let pass = reader.pass(video, Rate::Stated);
                assert!(pass.labels == record.unwrap() && pass.content == pass.labels.content);
                let found = pass.audit.unwrap();
                let (audit, _) = auditor.audit(video, Rate::Stated).unwrap();
                let (strips, track) = auditor.reread_for_strips(&audit, Rate::Stated, COLUMNS, SCALE).unwrap();
                assert_eq!((&found.audit, &found.track), (&audit, &track));
                let pictures = |strips: &[Strip]| strips.iter().map(|s| s.picture.clone()).collect::<Vec<_>>();
                assert!(pictures(&found.strips) == pictures(&strips) && !strips.is_empty());
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_of_audit_and_labels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.mp4");
        std::fs::write(&path, "no video").unwrap();
        let pass = Reader::new().unwrap().pass(&path, Rate::Stated);
        let said = pass.audit.unwrap_err().to_string();
        assert_eq!(pass.labels.error, Some(said));
    }
}
