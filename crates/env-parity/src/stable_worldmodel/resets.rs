//! Draws of all factors from seeds.

use std::path::Path;

use pusht_env::EnvConfig;
use pusht_env::stable_worldmodel::{FactorName, FactorSet, FactorValue, ResetOptions, SwmPushT};

use super::refused;
use crate::ParityError;
use crate::npz::{Array, Npz};
use crate::tally::Tally;

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let refused = refused(path);
    let mut npz = Npz::open(path)?;
    let seed: Array<i64> = npz.array("seed", &[None])?;
    let goal_state: Array<f64> = npz.array("goal_state", &[Some(seed.len()), Some(7)])?;
    let mut env = SwmPushT::new(EnvConfig::stable_worldmodel()).map_err(&refused)?;
    let recorded: Vec<Vec<f64>> = FactorName::ALL
        .into_iter()
        .map(|factor| column(&mut npz, factor, seed.len()))
        .collect::<Result<_, _>>()?;
    let options = ResetOptions {
        variation: FactorSet::all(),
        ..ResetOptions::default()
    };
    for (i, seed) in seed.data.iter().enumerate() {
        let seed = u64::try_from(*seed).map_err(|e| ParityError::unreadable(path, &format!("seed {seed}: {e}")))?;
        env.reset(seed, &options).map_err(&refused)?;
        for (factor, recorded) in FactorName::ALL.into_iter().zip(&recorded) {
            let found = factor.value(env.factors()).numbers();
            let width = found.len();
            tally.compare(factor.name(), 0.0, &found, &recorded[i * width..(i + 1) * width]);
        }
        tally.compare("goal_state", 0.0, &env.goal_state().to_row(), goal_state.row(i));
    }
    Ok(())
}

/// The recorded values of a factor, row by row.
fn column(npz: &mut Npz, factor: FactorName, n: usize) -> Result<Vec<f64>, ParityError> {
    use FactorValue as V;
    let name = factor.name();
    let n = Some(n);
    let wide = |array: Array<u8>| array.data.into_iter().map(f64::from).collect();
    Ok(match factor.value(&pusht_env::stable_worldmodel::Factors::default()) {
        V::AgentColor(_) | V::BlockColor(_) | V::GoalColor(_) | V::BackgroundColor(_) => {
            wide(npz.array(name, &[n, Some(3)])?)
        }
        V::AgentScale(_) | V::BlockScale(_) | V::GoalScale(_) => {
            let array: Array<f32> = npz.array(name, &[n])?;
            array.data.into_iter().map(f64::from).collect()
        }
        V::AgentShape(_) | V::BlockShape(_) | V::RenderGoal(_) => {
            let array: Array<i64> = npz.array(name, &[n])?;
            array.data.into_iter().map(|x| x as f64).collect()
        }
        V::AgentAngle(_) | V::BlockAngle(_) | V::GoalAngle(_) => npz.array(name, &[n])?.data,
        _ => npz.array(name, &[n, Some(2)])?.data,
    })
}
