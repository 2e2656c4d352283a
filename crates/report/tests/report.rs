//! A whole report of made-up results: written, read back, rendered. Checks that the page is one self-contained file
//! that agrees with the data. The page is left in the build folder's `tmp/report` for viewing in a browser.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use clip_audit::{BlockPath, ClipComparison, ClipQuality, QualityReport};
use eval::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use report::*;
use std::path::PathBuf;
use traj_metrics::{ActionMeasures, Bootstrap};

const SEEDS: [u64; 3] = [0, 1, 2];

fn rollouts(rng: &mut Pcg64, level: f64) -> Vec<EpisodeScores> {
    (0..100)
        .map(|i| {
            let start = if i % 4 == 0 { 0.25 } else { 0.01 };
            let max = (start + level * rng.random_range(0.3..2.2)).min(1.0);
            let mean = start + (max - start) * 0.5;
            EpisodeScores {
                start_seed: FIRST_START_SEED + i,
                steps: 200,
                mean_reward: mean,
                mean_reward_executed: mean,
                max_reward: max,
                max_coverage: max * 0.95,
                final_coverage: max * 0.9,
                solved_after: (max >= 1.0).then_some(150),
                pose_reached: max >= 0.9,
                final_agent: [rng.random_range(20.0..490.0), rng.random_range(60.0..500.0)],
                final_block: pusht_env::Pose::new(256.0, 250.0, 0.7),
            }
        })
        .collect()
}

fn training(rng: &mut Pcg64, mse: f64) -> Training {
    let point = |e: i32, k: f64| mse * (1.0 + 30.0 * (-0.5 * f64::from(e)).exp()) * k;
    let curve = (1..=25)
        .map(|e| LossPoint {
            epoch: f64::from(e),
            train: point(e, 0.8 * rng.random_range(0.93..1.07)),
            validation: Some(point(e, 1.1 * rng.random_range(0.95..1.05))),
        })
        .collect();
    let fit = |k: f64| Fit {
        mse: mse * k,
        r2: Some(1.0 - mse * k / 9500.0),
        frames: 2565,
    };
    Training {
        curve,
        test_own: Some(fit(1.0)),
        test_recorded: Some(fit(1.2)),
        validation_mse: Some(mse * 1.1),
        seconds: 12.0,
    }
}

fn arms() -> Vec<Arm> {
    let mut rng = Pcg64::seed_from_u64(1);
    let mut arm = |name: &str, what: &str, role: Role, level: f64, mse: Option<f64>| {
        let seeds = if mse.is_some() { &SEEDS[..] } else { &SEEDS[..1] };
        let seeds = seeds
            .iter()
            .map(|&seed| SeedResult {
                seed,
                training: mse.map(|m| training(&mut rng, m)),
                rollouts: rollouts(&mut rng, level),
            })
            .collect();
        let mut seeds: Vec<SeedResult> = seeds;
        if role == Role::Ceiling {
            seeds[0].rollouts.truncate(20);
        }
        let data = mse.map(|_| TrainingData {
            episodes: 60,
            frames: 20_520,
            labels: "recorded".into(),
        });
        Arm::new(name, what, role, data, seeds, Bootstrap::default()).unwrap()
    };
    vec![
        arm(
            "demo",
            "demonstration frames, recorded actions",
            Role::Trained,
            0.35,
            Some(419.0),
        ),
        arm(
            "demo-matched",
            "as many demonstration frames as generated has",
            Role::Trained,
            0.28,
            Some(610.0),
        ),
        arm(
            "idm",
            "demonstration frames, extracted actions",
            Role::Trained,
            0.33,
            Some(450.0),
        ),
        arm(
            "generated",
            "generated clips, extracted actions",
            Role::Trained,
            0.18,
            Some(800.0),
        ),
        arm(
            "mixed",
            "demonstrations and generated clips",
            Role::Trained,
            0.36,
            Some(505.0),
        ),
        arm("still", "stays where it is", Role::Floor, 0.001, None),
        arm("random", "a new random target every step", Role::Floor, 0.03, None),
        arm("expert", "plans with the simulator", Role::Ceiling, 0.8, None),
    ]
}

fn walk(rng: &mut Pcg64, noise: f64) -> Vec<Vec<[f64; 2]>> {
    let mut episode = || {
        let mut p = [200.0, 300.0];
        let mut step = |v: &mut f64, k: f64| *v += k + noise * rng.random_range(-1.0..1.0);
        (0..120)
            .map(|t| {
                step(&mut p[0], 8.0 * (f64::from(t) * 0.1).cos());
                step(&mut p[1], 6.0 * (f64::from(t) * 0.17).sin());
                p
            })
            .collect()
    };
    (0..40).map(|_| episode()).collect()
}

fn clips() -> QualityReport {
    let clip = |deformation: f64| ClipQuality {
        frames: 17,
        psnr: 28.0,
        ssim: 0.9,
        one_agent: 1.0,
        deformation,
        pushed: Some(0.75),
        residual: Some(0.5),
        start_error: Some(0.25),
        end_error: None,
        target: BlockPath::default(),
    };
    let pair = |good: f64, bad: f64| ClipComparison {
        clip: clip(good),
        cross_fade: clip(bad),
        first_frame: clip(bad),
        demonstration: clip(good),
    };
    let clips = [pair(0.02, 0.3), pair(0.03, 0.4)];
    QualityReport::new("a <generator>", &clips, &Bootstrap::default()).unwrap()
}

fn report() -> ExperimentReport {
    let arms = arms();
    let generator = Generator {
        name: "object-latent".into(),
        kind: GeneratorKind::ObjectLatent,
    };
    let mut rng = Pcg64::seed_from_u64(2);
    let other = |name: &str, mse: f64, rng: &mut Pcg64| {
        let seed = SeedResult {
            seed: 0,
            training: Some(training(rng, mse)),
            rollouts: rollouts(rng, 0.1),
        };
        let bootstrap = Bootstrap::default();
        let data = arms[0].data.clone();
        OtherPolicy {
            arm: Arm::new(name, "on the arm demo", Role::Trained, data, vec![seed], bootstrap).unwrap(),
            parameters: 11_177_538,
            updates: 16_050,
            batch: 32,
            augmentation: "none".into(),
        }
    };
    let other_policies = vec![other("cnn", 431.0, &mut rng), other("resnet18", 143.0, &mut rng)];
    let (demo, extracted) = (walk(&mut rng, 2.0), walk(&mut rng, 9.0));
    let measures = ActionMeasures::of(&demo, Some(&demo), 0).unwrap();
    let mut actions = vec![
        ActionRow::measured("demonstrations", &demo).unwrap(),
        ActionRow::measured("generated <closed form>", &extracted).unwrap(),
    ];
    actions.extend(ActionRow::floors(&measures));
    ExperimentReport {
        schema: REPORT_SCHEMA,
        name: "made-up & unreal".into(),
        finished: "2026-01-31 12:00".into(),
        warning: Some("Made up & not to be quoted.".into()),
        verdict: Verdict::of(&arms, generator, Bootstrap::default()).unwrap(),
        method: Method {
            protocol: Protocol::Paper,
            episodes: 100,
            steps: 200,
            start_seeds: [FIRST_START_SEED, FIRST_START_SEED + 99],
            demonstrations: "expert, 60 episodes".into(),
            split: "by episode, 80/10/10, before augmentation".into(),
            split_frames: [20_520, 2_565, 2_565],
            policy: "small policy on the tracked state".into(),
            policy_parameters: 68_098,
            updates: 4_000,
            batch: 128,
            augmentation: "none".into(),
            seeds: SEEDS.to_vec(),
            generator: "object-latent: diffusion transformer over poses, decoded by the renderer".into(),
            inverse_dynamics: "closed form on tracked positions".into(),
        },
        arms,
        other_policies,
        fit_floors: vec![FitFloor {
            name: "the agent's own position".into(),
            fit: Fit {
                mse: 405.0,
                r2: Some(0.9584),
                frames: 2565,
            },
        }],
        actions,
        extraction: ExtractionRow::floors(&measures, "test part, by episode"),
        clips: Some(clips()),
        new_starts: None,
        other_generators: vec![OtherGenerator {
            name: "another <generator>".into(),
            model: "pixel".into(),
            prompt: Some("push & push".into()),
            quality: {
                let mut quality = clips();
                quality.rows[0].name = "another <generator>".into();
                quality
            },
            pictures: vec![Picture {
                group: PictureGroup::Generated,
                caption: "Clip 0 of the other".into(),
                file: "strips/demo.png".into(),
            }],
        }],
        models: vec![
            ModelTraining {
                name: "object-latent".into(),
                loss: "flow matching, mean squared error (no unit)".into(),
                validation: None,
                parameters: 1_234_567,
                curve: training(&mut rng, 0.1).curve,
                seconds: 110.0,
            },
            ModelTraining {
                name: "inverse dynamics".into(),
                loss: "a loss < 0".into(),
                validation: Some("a square".into()),
                parameters: 1_000,
                curve: vec![(1.0, 2.0), (2.0, -0.5)]
                    .into_iter()
                    .map(|(epoch, train)| LossPoint {
                        epoch,
                        train,
                        validation: Some(0.01),
                    })
                    .collect(),
                seconds: 60.0,
            },
        ],
        pictures: ["strips/demo.png", "strips/gone.png"]
            .map(|file| Picture {
                group: if file.contains("demo") {
                    PictureGroup::Demonstrations
                } else {
                    PictureGroup::Rollouts
                },
                caption: "Episode 3, every 10th frame".into(),
                file: file.into(),
            })
            .to_vec(),
        notes: vec!["These results are made up.".into()],
        record: RunRecord {
            command: "cargo run --release --example pipeline -- --preset cpu".into(),
            folder: "runs/mine".into(),
            configuration: "[policy]\nkind = \"state\"\n".into(),
            versions: vec![["pusht-start".into(), "0.1.0".into()]],
            machine: vec![["cores".into(), "2".into()]],
            stages: vec![StageTime {
                name: "demonstrations".into(),
                seconds: 61.5,
            }],
        },
    }
}

#[test]
fn a_report_is_one_self_contained_page() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(folder.join("strips")).unwrap();
    let strip = image::RgbImage::from_fn(960, 96, |x, y| image::Rgb([(x / 4) as u8, (y * 2) as u8, 150]));
    strip.save(folder.join("strips/demo.png")).unwrap();
    let report = report();
    report.write(&folder).unwrap();
    assert!(
        ExperimentReport::read(&folder).unwrap() == report,
        "the file gives the report back to the last bit"
    );

    let html = std::fs::read_to_string(folder.join("report.html")).unwrap();
    let sentence = report.verdict.sentence();
    assert!(sentence.contains("object-latent trajectories (not pixels)") && html.contains(&sentence));
    for text in [
        "made-up &amp; unreal",
        "generated &lt;closed form&gt;",
        "419",
        "0.9584",
        "Do extracted actions serve as well as the recorded ones?<small>idm against demo</small>",
        "<small>on the arm demo</small>",
        "11\u{202f}177\u{202f}538",
        "122.56 ± 67.67",
        "0.062 to 0.080",
        "96.61",
        "not given here",
        "Made up &amp; not to be quoted.",
        "100 episodes a policy (expert: first 20), 200 steps",
        "paper: 3 × 100 episodes, 200 steps, start seeds 100000 to 100099",
        "paper: 20 episodes, 200 steps, start seeds 100000 to 100019",
        "Generated by another &lt;generator&gt;",
        "Model: pixel, with the prompt “push &amp; push”. No policy",
        "data:image/png;base64,",
        "strips/gone.png could not be read",
        "Folder of the run: runs/mine",
        "Left: training loss, a loss &lt; 0. Right: validation, a square.",
        "off the board",
    ] {
        assert!(html.contains(text), "{text}");
    }
    for fetched in ["src=\"http", "href=\"http", "url(", "<script", "@import", "NaN"] {
        assert!(!html.contains(fetched), "{fetched}");
    }
    // For the same start and end frames there is one cross-fade, and a row of the difference from it for each
    // generator.
    assert_eq!(html.matches("<th scope=\"row\">cross-fade</th>").count(), 1);
    assert_eq!(
        html.matches("<th scope=\"row\">another &lt;generator&gt;</th>").count(),
        2
    );
    assert_eq!(html.matches("<table").count(), html.matches("</table>").count());
    let json = std::fs::read_to_string(folder.join("report.json")).unwrap();
    assert!(json.contains("beside_the_paper") && json.contains("Table 2, ResNet-18"));
}

#[test]
fn what_is_no_report_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        ExperimentReport::read(folder.path()),
        Err(ReportError::Io { .. })
    ));
    std::fs::write(folder.path().join("report.json"), "{\"schema\": 1}").unwrap();
    assert!(matches!(
        ExperimentReport::read(folder.path()),
        Err(ReportError::Foreign { .. })
    ));
}
