//! The graph of stages, in the order of the diagram in docs/architecture.md.

use std::path::Path;

use pusht_data::SourceOptions;
use pusht_jobs::{JobContext, Runner};

use crate::arms::{ArmDataset, ClipSet, LabeledClips, chosen};
use crate::assemble::{Played, Results, Trained, TrainedSeed};
use crate::clips::{ClipsSource, ControlClips, GenerateClips, Wanted, clips_beside, draw_ends, find_clips};
use crate::config::Labeler;
use crate::demonstrations::{Demonstrations, PlayExpert, Recording, Track};
use crate::generators::{ClipsFrom, Generator, Generators, TrainingData};
use crate::inverse::LearnInverse;
use crate::labels::LabelDemonstrations;
use crate::machine::Machine;
use crate::policies::policy_jobs;
use crate::rollouts::{REFERENCES, RollOutPolicy, RollOutReference};
use crate::split::{SplitDemonstrations, split_clips};
use crate::{Config, PipelineError};

/// Runs missing stages and loads finished ones, up to the rollouts. `data` are recorded demonstrations; without them
/// the expert's are recorded.
pub(crate) fn run_stages(
    config: &Config,
    data: Option<(&Path, &SourceOptions)>,
    machine: &Machine,
    runner: &mut Runner,
    ctx: &mut JobContext,
) -> Result<Results, PipelineError> {
    // Destructured once, so that each stage gets only its own settings.
    let Config {
        name: _,
        seeds,
        arms,
        demonstrations,
        split,
        policy,
        other_policies,
        idm,
        video,
        rollout,
    } = config;
    let device = &machine.device;
    let generators = Generators::of(video, machine);
    let arms = chosen(arms);
    let jobs = policy_jobs(&arms, policy, other_policies, seeds);

    // Existing models and clips are checked before any long stage; the closed form needs no trained model.
    generators.all().try_for_each(Generator::check)?;
    let found = match generators.first {
        ClipsFrom::Folder(folder) if idm.labels == Labeler::ClosedForm => {
            let clips = find_clips(folder, video.fps, idm.labels, None, runner, ctx)?;
            split_clips(split, policy, &clips.output.episodes)?;
            Some(clips)
        }
        _ => None,
    };

    // Demonstrations.
    let recording = match data {
        Some((path, options)) => Recording::open(path, options)?,
        None => {
            let stage = PlayExpert {
                settings: demonstrations,
            };
            Recording::of_expert(runner.run(&stage, ctx)?, demonstrations)
        }
    };
    let episodes = recording.read(ctx)?;
    let track = Track {
        recording: &recording,
        episodes: &episodes,
    };
    let tracks = runner.run(&track, ctx)?;
    let demos = Demonstrations::new(recording, episodes, tracks, demonstrations, split.seed);

    // Split.
    let stage = SplitDemonstrations {
        settings: split,
        demos: &demos,
    };
    let parts = runner.run(&stage, ctx)?;

    // Inverse dynamics.
    let stage = LearnInverse {
        settings: &idm.learned,
        demos: &demos,
        split: &parts,
        device,
    };
    let learned = runner.run(&stage, ctx)?;
    let stage = LabelDemonstrations {
        kind: idm.labels,
        demos: &demos,
        split: &parts.output,
        learned: &learned,
    };
    let labels = runner.run(&stage, ctx)?;

    // Generators, clips and their labels. A model is dropped when its clips are finished.
    let on = TrainingData {
        demos: &demos,
        split: &parts,
        device,
    };
    let from_new_starts = video.begins_anew();
    let (clips, source) = match &generators.first {
        ClipsFrom::Generator(generator) => {
            let made_by = generator.video(on, runner, ctx)?;
            let stage = GenerateClips {
                folder: generator.clips_stage(),
                wanted: if from_new_starts {
                    Wanted {
                        clips: video.new_starts.clips,
                        frames: video.new_starts.frames,
                        first_reset: Some(demos.new_starts),
                    }
                } else {
                    Wanted {
                        clips: video.clips,
                        frames: video.frames,
                        first_reset: None,
                    }
                },
                labels: idm.labels,
                demos: &demos,
                split: &parts.output,
                video: &made_by,
                learned: &learned,
            };
            (
                runner.run(&stage, ctx)?,
                ClipsSource::of(made_by.output, from_new_starts),
            )
        }
        ClipsFrom::Folder(folder) => {
            let clips = match found {
                Some(clips) => clips,
                None => find_clips(folder, video.fps, idm.labels, Some(&learned), runner, ctx)?,
            };
            (clips, ClipsSource::folder(folder))
        }
    };
    let ends = if from_new_starts {
        draw_ends(&parts.output, &demos.episodes, video.clips, video.frames, true)
    } else {
        clips.output.ends.clone()
    };
    let beside = clips_beside(&generators.beside, on, &source.name, &ends, runner, ctx)?;
    let (other_generators, trainings): (Vec<_>, Vec<_>) = beside
        .into_iter()
        .map(|judged| (judged.generator, judged.training))
        .unzip();
    let trainings = source.training.iter().cloned().chain(trainings.into_iter().flatten());
    let models = std::iter::once(learned.output.training.clone())
        .chain(trainings)
        .collect();

    // Clips of the controls.
    let mut before = vec![parts.key.clone(), labels.key.clone(), clips.key.clone()];
    let mut controls = Vec::new();
    for (set, name) in ClipSet::CONTROLS {
        if arms.iter().any(|arm| arm.needs.contains(&set)) {
            let stage = ControlClips {
                name,
                set,
                frames: (!from_new_starts).then_some(video.frames),
                labels: idm.labels,
                demos: &demos,
                split: &parts,
                generated: (&clips.output, &clips.key),
                learned: &learned,
            };
            let done = runner.run(&stage, ctx)?;
            before.push(done.key);
            controls.push((set, done.output));
        }
    }

    // Arms.
    let (clips, labels) = (clips.output, labels.output);
    let mut sets = vec![LabeledClips {
        set: ClipSet::Generated,
        split: split_clips(split, policy, &clips.episodes)?,
        episodes: clips.episodes,
    }];
    let all = controls
        .into_iter()
        .map(|(set, episodes)| LabeledClips::to_train(set, episodes));
    sets.extend(all);
    let mut pictures = [demos.pictures, clips.pictures].concat();
    let mut dataset = ArmDataset::new(demos.episodes, parts.output.clone(), labels.extracted, sets);

    // Policies.
    let mut policies = Vec::new();
    for job in &jobs {
        let data = job.arm.data(&mut dataset);
        policies.push(job.train(&data, &before, device, runner, ctx)?);
    }

    // Rollouts.
    let mut references = Vec::new();
    for reference in &REFERENCES {
        let stage = RollOutReference {
            reference,
            settings: rollout,
        };
        if stage.plays() {
            let played = runner.run(&stage, ctx)?.output;
            pictures.extend(played.pictures);
            references.push(Played {
                reference,
                record: played.record,
            });
        }
    }
    let mut trained = Vec::new();
    for (job, policies) in jobs.iter().zip(policies) {
        let mut of_seeds = Vec::new();
        for (&seed, policy) in job.seeds.iter().zip(policies) {
            let stage = RollOutPolicy {
                name: job.name,
                seed,
                trained: &policy,
                settings: rollout,
                shown: seeds.first() == Some(&seed),
                device,
            };
            let played = runner.run(&stage, ctx)?.output;
            pictures.extend(played.pictures);
            of_seeds.push(TrainedSeed {
                seed,
                policy: policy.output,
                record: played.record,
            });
        }
        trained.push(Trained {
            arm: job.arm,
            seeds: of_seeds,
        });
    }
    let others = trained.split_off(arms.len());

    Ok(Results {
        demonstrations: demos.name,
        split: parts.output,
        dataset,
        labels: labels.by,
        extraction: labels.rows,
        source,
        quality: clips.quality,
        new_starts: clips.new_starts,
        clip_frames: clips.frames,
        other_generators,
        models,
        arms: trained,
        others,
        references,
        pictures,
    })
}

/// Names of the stages that label the clips of the controls.
fn control_stages(arms: &[String]) -> Vec<String> {
    let arms = chosen(arms);
    let needed = ClipSet::CONTROLS
        .into_iter()
        .filter(|(set, _)| arms.iter().any(|arm| arm.needs.contains(set)));
    needed.map(|(_, name)| name.to_owned()).collect()
}

/// The step after the stages, which has no folder.
pub(crate) const REPORT: &str = "report";

/// Names of the stages that [`run_stages`] runs, one name per group, and of the report.
pub(crate) fn stage_names(config: &Config, data: Option<&Path>, machine: &Machine) -> Vec<String> {
    let generators = Generators::of(&config.video, machine);
    let own = |name: &str| vec![name.to_owned()];
    let found = matches!(generators.first, ClipsFrom::Folder(_));
    let early = found && config.idm.labels == Labeler::ClosedForm;
    [
        if early { own("clips") } else { Vec::new() },
        if data.is_none() {
            own("demonstrations")
        } else {
            Vec::new()
        },
        ["tracks", "split", "inverse-dynamics", "labels"]
            .map(str::to_owned)
            .to_vec(),
        if found && !early { own("clips") } else { Vec::new() },
        generators.all().flat_map(Generator::stages).collect(),
        control_stages(&config.arms),
        ["policies", "rollouts", REPORT].map(str::to_owned).to_vec(),
    ]
    .concat()
}
