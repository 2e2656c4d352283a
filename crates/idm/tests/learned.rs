//! The learned inverse dynamics on a few simulated episodes: it learns, keeps, and refuses what it cannot read.

#![allow(clippy::unwrap_used)]

use idm::{CHUNK, CHUNK_OFFSET, LearnedConfig, LearnedError, LearnedIdm, Reduction, WINDOW};
use pusht_data::{Episode, InverseDynamics, Provenance, Split, SplitProtocol};
use pusht_env::{EnvConfig, Frame, GOAL, PushT, Renderer};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use training::TrainConfig;

/// The agent circles about the board's middle; the T is where the seed puts it.
fn episode(index: usize, steps: usize) -> Episode {
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    env.reset(index as u64).unwrap();
    let mut renderer = Renderer::new(96, pusht_env::FillRule::Pygame26).unwrap();
    let (mut frames, mut actions, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for t in 0..steps {
        let phase = 0.15 * t as f32 + index as f32;
        let action = [256.0 + 150.0 * phase.cos(), 256.0 + 150.0 * phase.sin()];
        frames.push(renderer.render(&env.scene()));
        states.push(env.state());
        actions.push(action);
        env.step(action).unwrap();
    }
    let provenance = Provenance {
        source: "test".into(),
        index,
        seed: Some(index as u64),
        actions: "recorded".into(),
    };
    Episode {
        frames,
        actions,
        states: Some(states),
        goal: GOAL,
        provenance,
    }
}

fn split(episodes: &[Episode]) -> Split {
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    Split::new(&lengths, SplitProtocol::ByEpisode, 1, 0).unwrap()
}

fn config(steps: usize) -> LearnedConfig {
    let train = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(steps),
        batch_size: 4,
        warmup_steps: 5,
        ..LearnedConfig::default().train
    };
    LearnedConfig {
        width: 16,
        damaged_copies: 1,
        train,
    }
}

#[test]
fn it_learns_and_comes_back_from_its_file() {
    let episodes: Vec<Episode> = (0..4).map(|i| episode(i, 40)).collect();
    let device = training::device("cpu").unwrap();
    let trained = TrainSpec::new(config(40))
        .with_split(&episodes, &split(&episodes))
        .run(&mut JobContext::silent())
        .unwrap();
    let losses: Vec<f64> = trained.curve.rows.iter().filter_map(|r| r.train_loss).collect();
    // Forty updates show that gradients arrive; how well it labels is measured by `pusht train idm`.
    assert!(losses.last().unwrap() < &(0.85 * losses[0]), "{losses:?}");

    let video = &episodes[0].frames;
    let labels = trained.model.label(video).unwrap();
    // All eight actions of every window find their frame.
    assert_eq!(
        (labels.start, labels.actions.len()),
        (CHUNK_OFFSET, video.len() - WINDOW + CHUNK)
    );
    let deviations = labels.deviations.unwrap();
    assert!(deviations.len() == labels.actions.len() && deviations.iter().all(|d| d.is_finite() && *d > 0.0));
    let first = trained.model.clone().with_reduction(Some(Reduction::First));
    let labels = first.label(video).unwrap();
    assert_eq!(
        (labels.start, labels.actions.len()),
        (CHUNK_OFFSET, video.len() - WINDOW + 1)
    );
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("idm.safetensors");
    trained.model.save(&path).unwrap();
    let loaded = LearnedIdm::load(&path, &device)
        .unwrap()
        .with_reduction(Some(Reduction::Sum));
    assert_eq!(loaded.chunks(video).unwrap(), trained.model.chunks(video).unwrap());
    assert_eq!(loaded.name(), "learned, sum");
    assert_eq!(loaded.chunks(video).unwrap()[0].len(), CHUNK);
}

#[test]
fn what_cannot_be_read_is_refused_with_a_reason() {
    let short: Vec<Episode> = (0..4).map(|i| episode(i, 10)).collect();
    let error = TrainSpec::new(config(1))
        .with_split(&short, &split(&short))
        .run(&mut JobContext::silent())
        .unwrap_err();
    assert!(
        matches!(
            error,
            LearnedError::NoWindows {
                needed: 16,
                longest: 10
            }
        ),
        "{error}"
    );

    let episodes: Vec<Episode> = (0..4).map(|i| episode(i, 20)).collect();
    let model = TrainSpec::new(config(1))
        .with_split(&episodes, &split(&episodes))
        .run(&mut JobContext::silent())
        .unwrap()
        .model;
    let text = model.label(&episodes[0].frames[..15]).unwrap_err().to_string();
    assert!(text.contains("15 frames") && text.contains("at least 16"), "{text}");
    let text = model.label(&vec![Frame::new(64, 64); 16]).unwrap_err().to_string();
    assert!(text.contains("64 × 64"), "{text}");
}
