//! The first clips beside the exact simulator, which plays the actions that were read out of them.

use std::path::Path;

use clip_audit::replay;
use eval::evenly_spaced;
use pusht_data::Episode;
use pusht_env::{FillRule, Frame, Renderer, Scene, State};
use pusht_jobs::counted;
use pusht_vision::{InitialMotion, Tracked};
use report::{Picture, PictureGroup};
use serde::{Deserialize, Serialize};
use video_io::png_bytes;
use world_eval::{beside, pair_sheet};

use super::store::SHOWN;
use crate::PipelineError;
use crate::error::failed;
use crate::files::{read_json, write_bytes, write_json};
use crate::pictures::{STRIP, write_video};

const RECORD: &str = "simulated.json";

/// A clip that is shown beside the simulator.
#[derive(Serialize, Deserialize)]
struct Shown {
    clip: usize,
    caption: String,
}

/// Writes film strips and videos of the longest labeled segment of each of the first clips that have one, beside the
/// simulator. `episodes` are the segments, in the order of the clips ([`pusht_data::Provenance::index`]).
pub(super) fn show(
    dir: &Path,
    episodes: impl IntoIterator<Item = Result<Episode, PipelineError>>,
) -> Result<(), PipelineError> {
    let mut longest: Vec<Episode> = Vec::new();
    for episode in episodes {
        let episode = episode?;
        let full = longest.len() == SHOWN;
        match longest.last_mut() {
            Some(last) if last.provenance.index == episode.provenance.index => {
                if episode.len() > last.len() {
                    *last = episode;
                }
            }
            _ if full => break,
            _ => longest.push(episode),
        }
    }
    let shown: Result<Vec<Shown>, PipelineError> = longest.iter().map(|episode| pair(dir, episode)).collect();
    write_json(&dir.join(RECORD), &shown?)
}

/// What [`show`] wrote in the folder `stage`, for the report; nothing for a stage that an earlier version finished.
pub(super) fn pictures(dir: &Path, stage: &str) -> Result<Vec<Picture>, PipelineError> {
    let record = dir.join(RECORD);
    if !record.exists() {
        return Ok(Vec::new());
    }
    let shown: Vec<Shown> = read_json(&record)?;
    let of = |shown: Shown| {
        files(shown.clip).map(|file| Picture {
            group: PictureGroup::Simulated,
            caption: shown.caption.clone(),
            file: format!("{stage}/{file}"),
        })
    };
    Ok(shown.into_iter().flat_map(of).collect())
}

fn files(clip: usize) -> [String; 2] {
    [format!("simulated_{clip}.png"), format!("simulated_{clip}.mp4")]
}

fn pair(dir: &Path, episode: &Episode) -> Result<Shown, PipelineError> {
    let fail = failed("clips");
    let clip = episode.provenance.index;
    let states = episode.states.as_deref().unwrap_or_default();
    let track: Vec<Tracked> = states.iter().copied().map(Tracked::from).collect();
    let played = replay(&track, &episode.actions, InitialMotion::Moving, episode.goal).map_err(|e| fail(&e))?;
    let mut renderer = Renderer::new(96, FillRule::default()).map_err(|e| fail(&e))?;
    let simulated = std::iter::once(played.start.state).chain(played.path.iter().copied().map(State::from_row));
    let draw = |state: State| renderer.render(&Scene::new(state.agent, state.block, episode.goal));
    let simulated: Vec<Frame> = simulated.map(draw).collect();
    let frames = &episode.frames[played.start.frame..][..simulated.len()];
    let [strip, video] = files(clip).map(|file| dir.join(file));
    let pairs = [&evenly_spaced(frames, STRIP)[..], &evenly_spaced(&simulated, STRIP)];
    let sheet = pair_sheet(&[pairs], 1).map_err(|e| fail(&e))?;
    write_bytes(&strip, &png_bytes(&sheet).map_err(|e| fail(&e))?)?;
    write_video(&video, &beside(frames, &simulated).map_err(|e| fail(&e))?)?;
    let steps = played.path.len();
    let caption = if played.diverged {
        let kept = played.steps_to_divergence;
        format!("Clip {clip}: the two part after {kept} of {}", counted(steps, "step"))
    } else {
        format!("Clip {clip}: the two agree for all {}", counted(steps, "step"))
    };
    Ok(Shown { clip, caption })
}
