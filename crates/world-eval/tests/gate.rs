//! Worlds with known faults fail the rows that show them, and the exact simulator passes all.

#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use clip_audit::FindingKind;
use pusht_data::{History, VideoModel, VideoModelError, VideoRequest, WorldModel, WorldModelError};
use pusht_env::{Action, EnvConfig, FillRule, Frame, GOAL, Renderer, Scene};
use pusht_jobs::JobContext;
use pusht_vision::Tracker;
use traj_metrics::Bootstrap;
use world_eval::{
    ExpertPaths, GateJob, GateMeasure, GateReference, GateReport, JudgedWorld, PathClip, SimulatorWorld,
    WorldEvalError, WorldFilms, roll_out,
};

static CLIPS: LazyLock<Vec<PathClip>> =
    LazyLock::new(|| ExpertPaths::new(8, 48).play(&mut JobContext::silent()).unwrap());

fn judge(world: &dyn WorldModel, clips: &[PathClip]) -> JudgedWorld {
    let job = GateJob {
        clips,
        starts: "new starts of the expert".to_owned(),
        recorded: "expert".to_owned(),
        beside: Vec::new(),
        training: None,
        bootstrap: Bootstrap::default(),
    };
    job.run(&world.name(), world, &mut JobContext::silent()).unwrap()
}

/// Whether a limit is kept.
fn passes(report: &GateReport, measure: GateMeasure) -> bool {
    report
        .outcomes
        .iter()
        .any(|outcome| outcome.measure == measure && outcome.passes)
}

/// A world that changes the frames of the simulator.
struct Changed<F> {
    world: SimulatorWorld,
    change: F,
}

impl<F: Fn(&History, Frame) -> Frame> Changed<F> {
    fn new(change: F) -> Self {
        let world = SimulatorWorld::new(EnvConfig::gym_pusht()).unwrap();
        Self { world, change }
    }
}

impl<F: Fn(&History, Frame) -> Frame> WorldModel for Changed<F> {
    fn name(&self) -> String {
        "changed".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        // The simulator sees no second agent.
        let mut seen = histories.to_vec();
        let white = Frame::from_pixel(8, 8, image::Rgb([255; 3]));
        for frame in seen
            .iter_mut()
            .flat_map(|history| [&mut history.previous, &mut history.current])
        {
            CORNERS
                .iter()
                .for_each(|&x| image::imageops::replace(frame, &white, i64::from(x), 8));
        }
        let next = self.world.step(&seen, actions)?;
        Ok(histories
            .iter()
            .zip(next)
            .map(|(history, frame)| (self.change)(history, frame))
            .collect())
    }
}

/// Left columns of two patches of the board, from row 8 on, in which a second agent may be; px of the frame.
const CORNERS: [u32; 2] = [10, 80];

#[test]
fn the_simulator_passes_and_the_references_are_where_they_belong() {
    let world = SimulatorWorld::new(EnvConfig::gym_pusht()).unwrap();
    let judged = judge(&world, &CLIPS);
    let report = &judged.report;
    // How long it takes depends on what else the machine does.
    let failed = report
        .outcomes
        .iter()
        .filter(|o| !o.passes && o.measure != GateMeasure::Sampling);
    assert_eq!(failed.count(), 0, "{:?}", report.outcomes);
    assert_eq!(report.outcomes.len(), 8);
    let names: Vec<&str> = report.references.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["expert", "cross-fade"]);
    let [expert, fade] = &report.references[..] else {
        unreachable!()
    };
    assert_eq!(expert.value(GateMeasure::OneAgent).unwrap().value, 1.0);
    assert!(expert.value(GateMeasure::OffPath).unwrap().value < 0.2);
    assert!(expert.value(GateMeasure::PoseAfter47).unwrap().value < 0.5);
    assert!(fade.value(GateMeasure::OneAgent).unwrap().value < 0.9);
    assert!(fade.value(GateMeasure::OffPath).is_none());
    assert!(fade.value(GateMeasure::NoFinding).unwrap().value < 0.5);
    // Written and read again.
    let text = serde_json::to_string(report).unwrap();
    let again: GateReport = serde_json::from_str(&text).unwrap();
    assert_eq!(again.outcomes.len(), report.outcomes.len());
    assert_eq!(again.world.findings, report.world.findings);
    let table = report.markdown();
    assert!(table.contains("| T deformation, mean | ≤ 0.05 | 0.03 |"), "{table}");
    // The films of a few.
    let folder = tempfile::tempdir().unwrap();
    let films = WorldFilms {
        clips: 2,
        ..WorldFilms::default()
    };
    films
        .write(folder.path(), &CLIPS, &judged, &mut JobContext::silent())
        .unwrap();
    for name in ["sheet.png", "worst.png", "films/clip-000.mp4"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn a_world_that_stands_still_is_off_the_path() {
    let judged = judge(&Changed::new(|history, _| history.current.clone()), &CLIPS[..4]);
    let report = &judged.report;
    assert!(passes(report, GateMeasure::OneAgent) && passes(report, GateMeasure::Deformation));
    assert!(!passes(report, GateMeasure::OffPath) && !passes(report, GateMeasure::PoseAfter47));
    assert!(!report.passes());
}

#[test]
fn two_agents_are_seen() {
    // Another agent in the corner that is further away.
    let second = |history: &History, mut frame: Frame| {
        let x = CORNERS[usize::from(history.agent.position[0] < 256.0)];
        let disc = Renderer::new(96, FillRule::default()).unwrap().render(&Scene::new(
            [5.3333 * f64::from(x) + 16.0, 64.0],
            GOAL,
            GOAL,
        ));
        let part = image::imageops::crop_imm(&disc, x, 8, 8, 8).to_image();
        image::imageops::replace(&mut frame, &part, i64::from(x), 8);
        frame
    };
    let judged = judge(&Changed::new(second), &CLIPS[..4]);
    let report = &judged.report;
    assert!(!passes(report, GateMeasure::OneAgent) && !passes(report, GateMeasure::NoFinding));
    assert_eq!(report.world.findings.get(&FindingKind::SeveralAgents), Some(&4));
    // None of the two can be followed.
    assert!(!passes(report, GateMeasure::OffPath));
}

#[test]
fn a_sliding_block_is_seen() {
    let tracker = Tracker::new(GOAL).unwrap();
    let slide = |_: &History, frame: Frame| {
        let seen = tracker.track(&frame).unwrap();
        let (Some(agent), Some(mut block)) = (seen.agent, seen.block) else {
            return frame;
        };
        block.x += if block.x < 256.0 { 4.0 } else { -4.0 };
        Renderer::new(96, FillRule::default())
            .unwrap()
            .render(&Scene::new(agent, block, GOAL))
    };
    let judged = judge(&Changed::new(slide), &CLIPS[..4]);
    let report = &judged.report;
    assert!(passes(report, GateMeasure::OneAgent) && passes(report, GateMeasure::OffPath));
    assert!(!passes(report, GateMeasure::PoseAfter16) && !passes(report, GateMeasure::PoseAfter47));
    assert!(!passes(report, GateMeasure::Reproduced) && !passes(report, GateMeasure::NoFinding));
}

#[test]
fn what_a_world_must_not_return_is_an_error() {
    let mut ctx = JobContext::silent();
    let small = Changed::new(|_, _| Frame::new(64, 96));
    let error = roll_out(&small, &CLIPS[..2], &mut ctx).unwrap_err();
    assert_eq!(
        error.to_string(),
        "changed, clip 0, frame 1: 64 × 96 px; expected 96 × 96"
    );

    struct Short;
    impl WorldModel for Short {
        fn name(&self) -> String {
            "short".to_owned()
        }
        fn step(&self, _: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
            Ok(Vec::new())
        }
    }
    let error = roll_out(&Short, &CLIPS[..2], &mut ctx).unwrap_err();
    assert!(
        matches!(
            error,
            WorldEvalError::Returned {
                expected: 2,
                found: 0,
                ..
            }
        ),
        "{error}"
    );

    let mut clips = CLIPS[..2].to_vec();
    clips[1].request.start = Frame::from_pixel(96, 96, image::Rgb([255; 3]));
    clips[1].request.previous = clips[1].request.start.clone();
    let world = SimulatorWorld::new(EnvConfig::gym_pusht()).unwrap();
    let error = roll_out(&world, &clips, &mut ctx).unwrap_err();
    assert!(
        matches!(error, WorldEvalError::Refused { clip: 1, frame: 1, .. }),
        "{error}"
    );

    ctx.cancel_flag().cancel();
    let error = roll_out(&world, &CLIPS[..2], &mut ctx).unwrap_err();
    assert!(matches!(error, WorldEvalError::Cancelled(_)), "{error}");
}

#[test]
fn a_rollout_depends_on_its_own_path_only() {
    let world = SimulatorWorld::new(EnvConfig::gym_pusht()).unwrap();
    let mut ctx = JobContext::silent();
    let mut clips = CLIPS[..3].to_vec();
    // Of different lengths.
    clips[1].request.actions.truncate(5);
    let all = roll_out(&world, &clips, &mut ctx).unwrap();
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [48, 6, 48]);
    let one = roll_out(&world, &clips[2..], &mut ctx).unwrap();
    assert!(one[0] == all[2]);
}

/// A video model that shows the start until the end.
struct Held(usize);

impl VideoModel for Held {
    fn name(&self) -> String {
        "held".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let clip = |request: &VideoRequest| {
            let mut clip = vec![request.start.clone(); self.0];
            clip.extend(request.end.clone());
            clip
        };
        Ok(requests.iter().map(clip).collect())
    }
}

#[test]
fn other_models_stand_beside() {
    let world = SimulatorWorld::new(EnvConfig::gym_pusht()).unwrap();
    let still = Changed::new(|history, _| history.current.clone());
    let job = |held| GateJob {
        clips: &CLIPS[..2],
        starts: "new starts of the expert".to_owned(),
        recorded: "expert".to_owned(),
        beside: vec![
            ("still".to_owned(), GateReference::World(&still)),
            ("held".to_owned(), GateReference::Video(held)),
        ],
        training: None,
        bootstrap: Bootstrap::default(),
    };
    let mut ctx = JobContext::silent();
    let report = job(&Held(47)).run("a name", &world, &mut ctx).unwrap().report;
    let names: Vec<&str> = report.references.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        (report.world.name.as_str(), &names[..]),
        ("a name", &["still", "held", "expert", "cross-fade"][..])
    );
    let off = |column: usize| report.references[column].value(GateMeasure::OffPath);
    assert!(off(0).is_some_and(|off| off.value > 5.0) && off(1).is_none());
    let error = job(&Held(9)).run("a name", &world, &mut ctx).unwrap_err();
    assert_eq!(error.to_string(), "a clip has 10 frames; expected 48");
}
