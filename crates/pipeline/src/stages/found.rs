//! Clips that are there already: a folder of videos of any size and rate, from whichever model, labelled as found.

use std::path::Path;

use labelling::{Job, LEAST_STRETCH, Labelled, Method, Settings, find_videos};
use pusht_data::Episode;
use video_io::content_hash;

use super::clips::Clips;
use super::generate;
use super::inverse::Learned;
use super::{Lab, failed};
use crate::PipelineError;
use crate::config::Labeller;
use crate::stage::{io, write_json};

const LABELS: &str = "labels.jsonl";
/// Fewest stretches: training, validation and test part are of whole ones.
const FEWEST: usize = 3;

/// What can be trusted of the videos below `folder`. The closed form needs no `learned`.
pub(crate) fn run(lab: &mut Lab<'_>, folder: &Path, learned: Option<&Learned>) -> Result<Clips, PipelineError> {
    let fail = failed("clips");
    let (kind, fps) = (lab.config.idm.labels, lab.config.video.fps);
    let videos = find_videos(&[folder.to_path_buf()]).map_err(|e| fail(&e))?;
    let model = learned.map(|learned| learned.labeller(kind));
    let before = learned.map(|learned| &learned.stage.hash);
    let contents = (videos.iter()).map(|video| content_hash(video).map_err(io(video)));
    let contents: Vec<String> = contents.collect::<Result<_, _>>()?;
    let inputs = ("found", kind, fps, &videos, contents, before);
    let stage = lab.stage("clips", &inputs, |lab, dir| {
        let job = Job {
            videos: videos.clone(),
            method: match &model {
                Some(model) if kind != Labeller::ClosedForm => Method::Model(model.as_ref()),
                _ => Method::ClosedForm(Default::default()),
            },
            settings: Settings { fps },
            part: None,
        };
        job.run(&dir.join(LABELS), lab.ctx).map_err(|e| fail(&e))?;
        let captions = draw(&labels(dir)?, dir)?;
        write_json(&dir.join("shown.json"), &captions)
    })?;
    let labelled = labels(&stage.dir)?;
    let mut all = 0;
    for record in labelled.records() {
        all += record.map_err(|e| fail(&e))?.frames[1];
    }
    let task = lab.ctx.task("read clips", all);
    let mut episodes: Vec<Episode> = Vec::new();
    let mut trusted = 0;
    for episode in labelled.episodes() {
        task.check().map_err(|e| fail(&e))?;
        let episode = episode.map_err(|e| fail(&e))?;
        trusted += episode.len();
        episodes.push(episode);
        task.advance_to(trusted, "");
    }
    task.finish(&format!("{trusted} of {all} frames have an action that can be trusted"));
    if episodes.len() < FEWEST {
        return Err(fail(&format!(
            "{} videos in {} have {} stretches of at least {LEAST_STRETCH} frames whose actions can be trusted; expected at \
             least {FEWEST}, for training, validation and test part. The command score_videos says what is wrong with each",
            videos.len(),
            folder.display(),
            episodes.len()
        )));
    }
    let captions: Vec<String> = crate::stage::read_json(&stage.dir.join("shown.json"))?;
    Ok(Clips {
        quality: None,
        episodes,
        frames: [all, trusted],
        pictures: generate::pictures("clips", captions),
        stage,
        ends: Vec::new(),
    })
}

fn labels(dir: &Path) -> Result<Labelled, PipelineError> {
    Labelled::open(&[dir.join(LABELS)]).map_err(|e| failed("clips")(&e))
}

/// Film strips and videos of the first stretch of the first videos that have one, and what they are.
fn draw(labelled: &Labelled, dir: &Path) -> Result<Vec<String>, PipelineError> {
    let (mut captions, mut last) = (Vec::new(), None);
    for episode in labelled.episodes() {
        let episode = episode.map_err(|e| failed("clips")(&e))?;
        if captions.len() == generate::SHOWN {
            break;
        }
        let video = episode.provenance.index;
        if last.replace(video) != Some(video) {
            generate::draw(dir, captions.len(), &episode.frames)?;
            let source = episode.provenance.source;
            captions.push(format!(
                "{source}: {} frames whose actions can be trusted",
                episode.frames.len()
            ));
        }
    }
    Ok(captions)
}
