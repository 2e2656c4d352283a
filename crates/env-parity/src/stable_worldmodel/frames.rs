//! Pictures: of goals, of moments of the rollouts, and of other sizes.

use std::path::Path;

use pusht_env::stable_worldmodel::{ResetOptions, SwmConfig, SwmPushT, SwmRenderer, near_block};
use pusht_env::{EnvConfig, NumpyRng};

use super::note::{Extra, Note};
use super::refused;
use super::replay::{Moment, play};
use crate::ParityError;
use crate::npz::{Array, Npz};
use crate::renders::compare_image;
use crate::tally::Tally;

/// The step that stands for the picture of the goal.
const GOAL: i64 = -1;

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let image: Array<u8> = npz.array("image", &[None, None, None, Some(3)])?;
    let size = image.shape[1];
    let place: Array<i64> = npz.array("where", &[Some(image.len()), Some(2)])?;
    let mut renderer = renderer(path, size)?;
    let mut seen = 0;
    play(path, |i, rollout, moment, env| {
        let at = match moment {
            Moment::Reset => GOAL,
            Moment::Row(t, _) => *t as i64,
        };
        for k in (0..image.len()).filter(|&k| place.row(k) == [i as i64, at]) {
            seen += 1;
            let scene = if at == GOAL { env.goal_scene() } else { &env.scene() };
            compare_image(
                tally,
                &format!("{} image", rollout.set),
                &renderer.render(scene),
                image.row(k),
            );
        }
    })?;
    tally.equal("images compared", f64::from(seen), image.len() as f64);
    for extra in Note::beside(path)?.extra {
        compare_extra(path, &mut npz, &extra, tally)?;
    }
    Ok(())
}

fn renderer(path: &Path, size: usize) -> Result<SwmRenderer, ParityError> {
    SwmRenderer::new(u32::try_from(size).unwrap_or(u32::MAX)).map_err(|e| ParityError::unreadable(path, &e))
}

/// Eight steps of the package's weak policy, then a picture.
fn compare_extra(path: &Path, npz: &mut Npz, extra: &Extra, tally: &mut Tally) -> Result<(), ParityError> {
    let refused = refused(path);
    let image: Array<u8> = npz.array(&extra.image, &[None, None, Some(3)])?;
    let mut env = SwmPushT::new(SwmConfig {
        render_action: extra.render_action,
        with_target: extra.with_target,
        ..EnvConfig::stable_worldmodel()
    })
    .map_err(&refused)?;
    env.reset(extra.seed, &ResetOptions::default()).map_err(&refused)?;
    // The recorder seeds its actions with the next number.
    let mut rng = NumpyRng::new(extra.seed.wrapping_add(1));
    let mut action = [0.0; 2];
    for _ in 0..8 {
        action = near_block(env.state(), [0, 1].map(|_| -1.0 + 2.0 * rng.uniform()));
        env.step(action).map_err(&refused)?;
    }
    tally.compare("extra state", 0.0, &env.state().to_row(), &extra.state);
    tally.compare("extra action", 0.0, &action.map(f64::from), &extra.action);
    let frame = renderer(path, image.len())?.render(&env.scene());
    compare_image(tally, &extra.image, &frame, &image.data);
    Ok(())
}
