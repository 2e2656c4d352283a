//! The stages in their order. Each reads values, writes files into its own folder, and gives the next one what it made.

mod clips;
mod demonstrations;
mod ends;
mod found;
mod generate;
mod inverse;
mod others;
mod policy;
mod rollouts;
mod video;

use std::path::{Path, PathBuf};

use bc_policy::PolicyKind;
use burn::tensor::Device;
use eval::{ModelTraining, Picture, Role, RolloutRecord, StageTime};
use pusht_data::{Episode, Split};
use pusht_jobs::JobContext;
use serde::Serialize;

pub(crate) use inverse::Extraction;
pub(crate) use policy::{TrainedPolicy, fit};

use crate::arms::{ARMS, Material};
use crate::config::{Labeller, VideoChoice};
use crate::stage::{self, Origin, Stage};
use crate::{Config, PipelineError};
use policy::Job;

/// What every stage has at hand.
pub(crate) struct Lab<'a> {
    pub(crate) config: &'a Config,
    pub(crate) root: PathBuf,
    pub(crate) device: Device,
    /// As it was asked for.
    pub(crate) device_name: String,
    pub(crate) ctx: &'a mut JobContext,
    pub(crate) done: Vec<StageTime>,
    /// Stages of earlier processes that have not been told of yet.
    pub(crate) kept: Vec<String>,
    /// Stages that another build of the program made.
    pub(crate) other_build: Vec<String>,
}

impl Lab<'_> {
    /// [`stage::stage`], told to the progress display and recorded.
    fn stage(
        &mut self,
        name: &str,
        inputs: &impl Serialize,
        work: impl FnOnce(&mut Self, &Path) -> Result<(), PipelineError>,
    ) -> Result<Stage, PipelineError> {
        self.check_stop()?;
        let root = self.root.clone();
        let finished = stage::stage(&root, name, inputs, |dir| {
            self.tell_kept();
            work(self, dir)
        })?;
        self.record(name, &finished);
        Ok(finished)
    }

    fn record(&mut self, name: &str, finished: &Stage) {
        self.done.push(StageTime {
            name: name.to_owned(),
            seconds: finished.seconds,
        });
        match finished.origin {
            Origin::Made => {}
            Origin::Kept => self.kept.push(name.to_owned()),
            Origin::OtherBuild => {
                self.kept.push(format!("{name} (of another build)"));
                self.other_build.push(name.to_owned());
            }
        }
    }

    /// Says which stages were there already.
    fn tell_kept(&mut self) {
        if !self.kept.is_empty() {
            self.ctx.say(&format!("kept: {}", self.kept.join(", ")));
            self.kept.clear();
        }
    }

    fn check_stop(&self) -> Result<(), PipelineError> {
        if self.ctx.cancel_flag().is_cancelled() {
            return Err(PipelineError::Interrupted { run: self.root.clone() });
        }
        Ok(())
    }
}

/// Names the stage in a library's error.
fn failed(stage: &str) -> impl Fn(&dyn std::fmt::Display) -> PipelineError + use<> {
    let stage = stage.to_owned();
    move |error| PipelineError::Stage {
        stage: stage.clone(),
        reason: error.to_string(),
    }
}

/// One trained arm: a policy a seed, and what it did.
pub(crate) struct ArmResult {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) train_frames: usize,
    pub(crate) train_episodes: usize,
    pub(crate) labels: String,
    pub(crate) seeds: Vec<(u64, TrainedPolicy, RolloutRecord)>,
}

/// A policy of another kind than the arms', trained on the data of the arm `demo`.
pub(crate) struct Other {
    pub(crate) parameters: usize,
    pub(crate) seed: u64,
    pub(crate) trained: TrainedPolicy,
    pub(crate) record: RolloutRecord,
}

/// A floor or the ceiling.
pub(crate) struct Reference {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) role: Role,
    pub(crate) record: RolloutRecord,
}

/// Everything the report is made of.
pub(crate) struct Results {
    pub(crate) demonstrations: String,
    pub(crate) split: Split,
    pub(crate) material: Material,
    pub(crate) extraction: Extraction,
    pub(crate) generator: eval::Generator,
    /// What the video model was told.
    pub(crate) prompt: Option<String>,
    /// How good its clips are.
    pub(crate) quality: Option<eval::QualityReport>,
    /// Those that stand beside it.
    pub(crate) other_generators: Vec<eval::OtherGenerator>,
    /// Frames of clips, and those of them that can be trusted.
    pub(crate) clip_frames: [usize; 2],
    pub(crate) policy_parameters: usize,
    pub(crate) models: Vec<ModelTraining>,
    pub(crate) arms: Vec<ArmResult>,
    pub(crate) others: Vec<Other>,
    pub(crate) references: Vec<Reference>,
    pub(crate) pictures: Vec<Picture>,
}

/// Clips that are trained on, and where they are from.
struct Generated {
    clips: clips::Clips,
    generator: eval::Generator,
    /// What the model was told.
    prompt: Option<String>,
    training: Option<ModelTraining>,
    /// In tables.
    name: String,
}

impl Generated {
    fn found(clips: clips::Clips, folder: &Path) -> Self {
        let name = format!("the clips in {}", folder.display());
        Self {
            clips,
            generator: eval::Generator {
                name: name.clone(),
                kind: eval::GeneratorKind::Unknown,
            },
            prompt: None,
            training: None,
            name,
        }
    }
}

/// The clips of the video model, which is out of memory when they are there.
fn generated(lab: &mut Lab<'_>, at: video::Place<'_>, learned: &inverse::Learned) -> Result<Generated, PipelineError> {
    let video = video::model(lab, at)?.ok_or_else(|| failed("video model")(&"there is none"))?;
    Ok(Generated {
        clips: clips::run(lab, at.demos, at.split, &video, learned)?,
        generator: eval::Generator {
            name: video.what,
            kind: video.kind,
        },
        name: video.maker.model.name(),
        prompt: video.maker.prompt,
        training: video.training,
    })
}

/// Training, validation and test part of the clips.
fn split_clips(config: &Config, clips: &[Episode]) -> Result<Split, PipelineError> {
    let fail = failed("clips");
    let lengths: Vec<usize> = clips.iter().map(Episode::len).collect();
    let split = Split::new(&lengths, config.split.protocol, 1, config.split.seed).map_err(|e| fail(&e))?;
    let (frames, batch) = (split.train.len(), config.policy.train.batch_size);
    // Policies on states learn from every frame and its mirror image.
    let copies = match config.policy.kind {
        PolicyKind::Tracked | PolicyKind::DiffusionLowdim => 2,
        _ => 1,
    };
    if copies * frames < batch {
        return Err(fail(&format!(
            "the training part of the clips has {frames} frames whose actions can be trusted, less than one batch of the \
             policy; expected at least policy.train.batch_size = {batch}: bring more clips, or make the batch smaller"
        )));
    }
    Ok(split)
}

/// Runs what is missing and reads what is there.
pub(crate) fn all(lab: &mut Lab<'_>, data: Option<&Path>) -> Result<Results, PipelineError> {
    lab.ctx.say(&format!(
        "stages: demonstrations, inverse dynamics, {}clips, {}floors and expert, then {} arms of {} policies each and {} \
         other policies, trained and rolled out; report",
        if matches!(lab.config.video.model, VideoChoice::Clips(_)) { "" } else { "video model, " },
        match lab.config.video.others.len() {
            0 => String::new(),
            1 => "1 other generator, ".to_owned(),
            others => format!("{others} other generators, "),
        },
        ARMS.len(),
        lab.config.seeds.len(),
        lab.config.other_policies.len()
    ));
    video::check(lab)?;
    let config = lab.config;
    // The closed form needs nothing that is trained here, so that what is wrong with the clips is said first.
    let found = match &config.video.model {
        VideoChoice::Clips(folder) if config.idm.labels == Labeller::ClosedForm => {
            let clips = found::run(lab, folder, None)?;
            split_clips(config, &clips.episodes)?;
            Some(clips)
        }
        _ => None,
    };
    let demos = demonstrations::run(lab, data)?;
    let (split, split_stage) = demonstrations::split(lab, &demos)?;
    let learned = inverse::learn(lab, &demos, &split, &split_stage)?;
    let extraction = inverse::extract(lab, &demos, &split, &learned)?;
    let at = video::Place {
        demos: &demos,
        split: &split,
        before: &split_stage,
    };
    let Generated {
        clips,
        generator,
        prompt,
        training,
        name,
    } = match &config.video.model {
        VideoChoice::Clips(folder) => Generated::found(
            match found {
                Some(clips) => clips,
                None => found::run(lab, folder, Some(&learned))?,
            },
            folder,
        ),
        _ => generated(lab, at, &learned)?,
    };
    let (other_generators, trainings): (Vec<_>, Vec<_>) = others::run(lab, at, &name, &clips.ends)?
        .into_iter()
        .map(|judged| (judged.generator, judged.training))
        .unzip();

    let mut pictures = demos.pictures.clone();
    pictures.extend(clips.pictures);
    let models = std::iter::once(learned.training)
        .chain(training)
        .chain(trainings.into_iter().flatten())
        .collect();
    let clip_split = split_clips(config, &clips.episodes)?;
    let (clip_frames, quality) = (clips.frames, clips.quality);
    let labels = extraction.labels.clone();
    let mut material = Material::new(
        demos.episodes,
        split.clone(),
        extraction.extracted.clone(),
        clips.episodes,
        clip_split,
    );

    let references = rollouts::references(lab, &mut pictures)?;
    let inputs = [&split_stage.hash, &extraction.stage.hash, &clips.stage.hash];
    let mut policy_parameters = 0;
    let mut arms = Vec::new();
    for (name, what) in ARMS {
        let parts = material.parts(name);
        let (train_frames, train_episodes) = crate::arms::count(&parts.train);
        material.with_labels(parts.labels);
        let job = Job {
            name,
            policy: &config.policy,
            seeds: &config.seeds,
        };
        let policies = policy::train(lab, job, &material, &parts, &inputs)?;
        let mut seeds = Vec::new();
        for (&seed, (trained, stage)) in config.seeds.iter().zip(policies) {
            policy_parameters = trained.load(lab)?.parameters();
            let record = rollouts::policy(lab, name, seed, &trained, &stage, &mut pictures)?;
            seeds.push((seed, trained, record));
        }
        let labels = match name {
            "demo" | "demo-matched" => "recorded".to_owned(),
            "mixed" => format!("recorded; clips: {labels}"),
            _ => labels.clone(),
        };
        arms.push(ArmResult {
            name,
            what,
            train_frames,
            train_episodes,
            labels,
            seeds,
        });
    }
    let parts = material.parts("demo");
    material.with_labels(parts.labels);
    let mut others = Vec::new();
    for other in &config.other_policies {
        let job = Job {
            name: other.kind.name(),
            policy: other,
            seeds: &config.seeds[..1],
        };
        // Clips and extracted actions are not in it, but the record of what a stage was made of is one for all.
        for (trained, stage) in policy::train(lab, job, &material, &parts, &inputs)? {
            others.push(Other {
                parameters: trained.load(lab)?.parameters(),
                seed: config.seeds[0],
                record: rollouts::policy(lab, job.name, config.seeds[0], &trained, &stage, &mut pictures)?,
                trained,
            });
        }
    }
    lab.tell_kept();
    Ok(Results {
        demonstrations: demos.name,
        split,
        material,
        extraction,
        generator,
        prompt,
        quality,
        other_generators,
        clip_frames,
        policy_parameters,
        models,
        arms,
        others,
        references,
        pictures,
    })
}
