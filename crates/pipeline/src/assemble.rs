//! From results to the report.

use bc_policy::{Augmentation, PolicyConfig, PolicyKind};
use eval::{
    ActionRow, Arm, Bootstrap, FitFloor, GeneratorKind, Method, OtherPolicy, Protocol, REPORT_SCHEMA, Report, Role,
    RolloutRecord, RunRecord, Scores, SeedResult, StageTime, TrainingData, Verdict,
};
use traj_metrics::{ActionMeasures, to_points};

use crate::arms::DemoLabels;
use crate::stages::Results;
use crate::{Config, PipelineError};

/// Seed of every bootstrap and of the white noise that stands beside measured actions.
const SEED: u64 = 0;

pub(crate) fn report(
    config: &Config,
    mut results: Results,
    stages: &[StageTime],
    other_build: &[String],
    command: &str,
    device: &str,
) -> Result<Report, PipelineError> {
    let bootstrap = Bootstrap {
        seed: SEED,
        ..Bootstrap::default()
    };
    let fail = |e: &dyn std::fmt::Display| PipelineError::Stage {
        stage: "report".to_owned(),
        reason: e.to_string(),
    };
    let steps = config.rollout.steps;
    let scored = |record: &RolloutRecord| -> Result<_, PipelineError> {
        Ok(Scores::with_limit(record, Protocol::Paper, steps)
            .map_err(|e| fail(&e))?
            .episodes)
    };
    let mut arms = Vec::new();
    for arm in &results.arms {
        let mut seeds = Vec::new();
        for (seed, policy, record) in &arm.seeds {
            seeds.push(SeedResult {
                seed: *seed,
                training: Some(policy.training.clone()),
                rollouts: scored(record)?,
            });
        }
        let data = TrainingData {
            episodes: arm.train_episodes,
            frames: arm.train_frames,
            labels: arm.labels.clone(),
        };
        arms.push(Arm::new(arm.name, arm.what, Role::Trained, Some(data), seeds, bootstrap).map_err(|e| fail(&e))?);
    }
    let mut other_policies = Vec::new();
    for (other, policy) in results.others.iter().zip(&config.other_policies) {
        let seeds = vec![SeedResult {
            seed: other.seed,
            training: Some(other.trained.training.clone()),
            rollouts: scored(&other.record)?,
        }];
        let data = arms
            .iter()
            .find(|arm: &&Arm| arm.name == "demo")
            .and_then(|arm| arm.data.clone());
        let frames = data.as_ref().map_or(0, |data| data.frames);
        let train = &policy.train;
        let pass = frames.div_ceil(train.batch_size.max(1));
        let (name, what) = (policy.kind.name(), "on the arm demo");
        other_policies.push(OtherPolicy {
            arm: Arm::new(name, what, Role::Trained, data, seeds, bootstrap).map_err(|e| fail(&e))?,
            parameters: other.parameters,
            updates: train.epochs * train.steps_per_epoch.unwrap_or(pass),
            batch: train.batch_size,
            augmentation: augmentation(policy),
        });
    }
    for reference in &results.references {
        let seeds = vec![SeedResult {
            seed: 0,
            training: None,
            rollouts: scored(&reference.record)?,
        }];
        arms.push(
            Arm::new(reference.name, reference.what, reference.role, None, seeds, bootstrap).map_err(|e| fail(&e))?,
        );
    }
    let generator = results.generator.clone();
    let verdict = Verdict::of(&arms, generator.clone(), bootstrap).map_err(|e| fail(&e))?;
    let fit_floors = fit_floors(&mut results);
    let actions = action_rows(&mut results).map_err(|e| fail(&e))?;
    let starts = [
        config.rollout.first_seed,
        config.rollout.first_seed + config.rollout.episodes as u64 - 1,
    ];
    let frames = |name: &str| {
        arms.iter()
            .find(|arm| arm.name == name)?
            .data
            .as_ref()
            .map(|data| data.frames)
    };
    let fewer_demonstrations = frames("demo-matched") < frames("generated");
    let train = &config.policy.train;
    Ok(Report {
        schema: REPORT_SCHEMA,
        name: config.name.clone(),
        finished: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M").to_string(),
        warning: (config.name == "smoke")
            .then(|| "The preset smoke shows that every stage runs; its numbers mean nothing.".to_owned()),
        verdict,
        method: Method {
            protocol: Protocol::Paper,
            episodes: config.rollout.episodes,
            steps,
            start_seeds: starts,
            demonstrations: results.demonstrations.clone(),
            split: format!(
                "{}, 80/10/10, seed {}, before anything else",
                config.split.protocol, config.split.seed
            ),
            split_frames: [
                results.split.train.len(),
                results.split.validation.len(),
                results.split.test.len(),
            ],
            policy: config.policy.kind.name().to_owned(),
            policy_parameters: results.policy_parameters,
            updates: train.epochs * train.steps_per_epoch.unwrap_or(0),
            batch: train.batch_size,
            augmentation: augmentation(&config.policy),
            seeds: config.seeds.clone(),
            generator: told(&results),
            inverse_dynamics: results.extraction.labels.clone(),
        },
        arms,
        other_policies,
        fit_floors,
        actions,
        extraction: results.extraction.rows,
        clips: results.quality,
        other_generators: results.other_generators,
        models: results.models,
        pictures: results.pictures,
        notes: notes(
            config,
            generator.kind,
            results.clip_frames,
            fewer_demonstrations,
            other_build,
        ),
        record: RunRecord {
            command: command.to_owned(),
            configuration: config.to_toml()?,
            versions: vec![
                ["pusht-start".to_owned(), env!("CARGO_PKG_VERSION").to_owned()],
                ["burn".to_owned(), "0.22.1".to_owned()],
            ],
            machine: machine(device),
            stages: stages.to_vec(),
        },
    })
}

/// Smoothness and directness of recorded and extracted actions of the same demonstrations, of the clips, and of floors.
fn action_rows(results: &mut Results) -> Result<Vec<ActionRow>, traj_metrics::MetricError> {
    let demos = results.material.demos;
    // The first action of an episode is where the mouse happened to be; the paper's figures leave it out.
    let points = |actions: &[[f32; 2]]| to_points(&actions[1.min(actions.len())..]);
    let long = |set: Vec<Vec<[f64; 2]>>| set.into_iter().filter(|a| a.len() >= 4).collect::<Vec<_>>();
    let of = |results: &mut Results, labels, range: std::ops::Range<usize>| {
        let episodes = results.material.with_labels(labels);
        long(episodes[range].iter().map(|e| points(&e.actions)).collect())
    };
    let recorded = of(results, DemoLabels::Recorded, 0..demos);
    let extracted = of(results, DemoLabels::Extracted, 0..demos);
    let all = results.material.episodes.len();
    let generated = of(results, DemoLabels::Recorded, demos..all);
    let mut rows = vec![
        ActionRow::measured("demonstrations, recorded", &recorded)?,
        ActionRow::measured(&format!("demonstrations, {}", results.extraction.labels), &extracted)?,
        ActionRow::measured(&format!("generated clips, {}", results.extraction.labels), &generated)?,
    ];
    rows.extend(ActionRow::floors(&ActionMeasures::of(&recorded, None, SEED)?));
    Ok(rows)
}

fn augmentation(policy: &PolicyConfig) -> String {
    match (policy.kind, policy.augmentation) {
        (PolicyKind::Tracked | PolicyKind::DiffusionLowdim, _) => {
            "none on data; every row also mirrored, in features that turn with the goal".to_owned()
        }
        (PolicyKind::Diffusion, _) => format!("a random place of {:?} px in every frame", policy.encoder.crop),
        (_, Augmentation::None) => "none".to_owned(),
        (_, Augmentation::Dihedral) => "8 flips and quarter turns, after the split".to_owned(),
        (_, Augmentation::Fourteen) => "14 flips and rotations, after the split".to_owned(),
    }
}

/// Answers that need no policy, against the recorded actions of the test part.
fn fit_floors(results: &mut Results) -> Vec<FitFloor> {
    results.material.with_labels(DemoLabels::Recorded);
    let (test, recorded) = results.material.recorded_test();
    let train = results.material.parts("demo").train;
    let episodes = &results.material.episodes;
    let mut mean = [0.0_f64; 2];
    for r in &train {
        let action = episodes[r.episode].actions[r.row];
        for k in 0..2 {
            mean[k] += f64::from(action[k]) / train.len() as f64;
        }
    }
    let agent = |r: &pusht_data::FrameRef| {
        let states = episodes[r.episode].states.as_ref()?;
        Some(states.get(r.row)?.agent.map(|x| x as f32))
    };
    let agents: Option<Vec<_>> = test.iter().map(agent).collect();
    let constant = Some(vec![mean.map(|x| x as f32); test.len()]);
    let floor = |name: &str, answers: Option<Vec<_>>| {
        Some(FitFloor {
            name: name.to_owned(),
            fit: crate::stages::fit(bc_policy::regression_fit(&answers?, &recorded)?),
        })
    };
    [
        floor("the agent's own position, tracked", agents),
        floor("the mean action of the training part", constant),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The generator, and what it was told.
fn told(results: &Results) -> String {
    let name = results.generator.phrase();
    match &results.prompt {
        Some(prompt) => format!("{name}, with the prompt “{prompt}”"),
        None => name,
    }
}

/// What a reader must know before quoting a number.
fn notes(
    config: &Config,
    kind: GeneratorKind,
    [frames, trusted]: [usize; 2],
    fewer_demonstrations: bool,
    other_build: &[String],
) -> Vec<String> {
    let mut notes = match kind {
        GeneratorKind::ObjectLatent => vec![
            "The generator is an object-latent model: it makes poses, which the renderer draws. Its shapes cannot morph, \
             its T can still move untouched, and its prompt is ignored."
                .to_owned(),
        ],
        GeneratorKind::Pixel | GeneratorKind::Unknown => Vec::new(),
    };
    if trusted < frames {
        notes.push(format!(
            "Of the {frames} frames of clips, {trusted} have actions that can be trusted (docs/labelling.md); the others, \
             the last of each clip among them, are left out."
        ));
    }
    if fewer_demonstrations {
        notes.push(
            "The clips have more training frames than the demonstrations: demo-matched has all frames of the \
             demonstrations, and fewer than generated."
                .to_owned(),
        );
    }
    if !other_build.is_empty() {
        notes.push(format!(
            "Kept from a run of another build of the program, whose code may have differed: {}. Remove these folders and \
             run again to make them anew.",
            other_build.join(", ")
        ));
    }
    if config.rollout.expert_episodes < config.rollout.episodes {
        notes.push(format!(
            "The expert played the first {} of the starts only.",
            config.rollout.expert_episodes
        ));
    }
    if config.seeds.len() < 10 {
        notes.push(format!(
            "Intervals are bootstrapped over {} seeds × starts. With so few seeds they are too narrow where seeds differ \
             more than starts do (docs/metrics.md); --set seeds=[0,1,2,3,4,5,6,7,8,9] tightens what can be said.",
            config.seeds.len()
        ));
    }
    notes
}

fn machine(device: &str) -> Vec<[String; 2]> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    [
        ("device", Some(device.to_owned())),
        ("processor", processor),
        ("cores", Some(cores.to_string())),
        (
            "system",
            Some(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some([name.to_owned(), value?]))
    .collect()
}
