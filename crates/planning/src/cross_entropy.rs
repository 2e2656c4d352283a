//! The cross-entropy method.

use rand::RngExt;
use rand_distr::StandardNormal;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::error::{PlanningError, check};

/// Settings of the cross-entropy method (Rubinstein 1999): in each round it draws samples around a mean, takes the mean and
/// the standard deviation of the best ones, and goes on from there. The mean itself is one of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossEntropy {
    /// Samples per round.
    pub samples: usize,
    /// Most rounds.
    pub rounds: usize,
    /// Samples from which the next round's mean and deviation are computed.
    pub elites: usize,
    /// Cost below which the search ends.
    pub enough: f64,
}

/// The best sample of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct LowestCost {
    /// Its numbers.
    pub numbers: Vec<f64>,
    /// Its cost; infinite if no sample had a finite one.
    pub cost: f64,
    /// Number of samples tried.
    pub tried: usize,
}

impl CrossEntropy {
    /// Checks the settings.
    ///
    /// # Errors
    /// No samples or rounds, fewer than two elites or more than samples, a limit that is no number.
    pub fn check(&self) -> Result<(), PlanningError> {
        check("the number of samples", self.samples, 2..=100_000, "2 to 100000")?;
        check("the number of rounds", self.rounds, 1..=10_000, "1 to 10000")?;
        check(
            "the number of elites",
            self.elites,
            2..=self.samples,
            "2 to the number of samples",
        )?;
        if self.enough.is_nan() {
            return Err(PlanningError::Setting {
                setting: "the cost at which a search ends",
                value: self.enough,
                expected: "a number",
            });
        }
        Ok(())
    }

    /// Searches around `mean` with the standard deviation `spread` for each number. `costs` gets the samples of a round and
    /// returns one cost for each, infinite for one that cannot be. Where it is a function of the samples, so is the result.
    ///
    /// # Errors
    /// Those of `costs`.
    pub fn minimize<E>(
        &self,
        mean: &[f64],
        spread: f64,
        rng: &mut Pcg64,
        mut costs: impl FnMut(&[Vec<f64>]) -> Result<Vec<f64>, E>,
    ) -> Result<LowestCost, E> {
        let mut mean = mean.to_vec();
        let mut spread = vec![spread; mean.len()];
        let mut best = LowestCost {
            numbers: mean.clone(),
            cost: f64::INFINITY,
            tried: 0,
        };
        for _ in 0..self.rounds {
            let mut samples = vec![mean.clone()];
            for _ in 1..self.samples {
                let drawn = mean.iter().zip(&spread);
                samples.push(
                    drawn
                        .map(|(mean, spread)| mean + spread * rng.sample::<f64, _>(StandardNormal))
                        .collect(),
                );
            }
            let found = costs(&samples)?;
            best.tried += samples.len();
            let mut order: Vec<usize> = (0..samples.len().min(found.len()))
                .filter(|&i| found[i].is_finite())
                .collect();
            // Stable: of equal ones the first.
            order.sort_by(|&a, &b| found[a].total_cmp(&found[b]));
            let Some(&first) = order.first() else { continue };
            if found[first] < best.cost {
                best.cost = found[first];
                best.numbers.clone_from(&samples[first]);
            }
            if best.cost < self.enough {
                break;
            }
            order.truncate(self.elites);
            for (i, (mean, spread)) in mean.iter_mut().zip(&mut spread).enumerate() {
                let elites = || order.iter().map(|&elite| samples[elite][i]);
                let count = order.len() as f64;
                *mean = elites().sum::<f64>() / count;
                if order.len() > 1 {
                    let squares: f64 = elites().map(|x| (x - *mean).powi(2)).sum();
                    *spread = (squares / (count - 1.0)).sqrt();
                }
            }
        }
        Ok(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::convert::Infallible;

    fn settings(enough: f64) -> CrossEntropy {
        CrossEntropy {
            samples: 60,
            rounds: 25,
            elites: 8,
            enough,
        }
    }

    fn bowl(samples: &[Vec<f64>]) -> Result<Vec<f64>, Infallible> {
        let cost = |x: &Vec<f64>| (x[0] - 3.0).powi(2) + (x[1] + 2.0).powi(2);
        Ok(samples.iter().map(cost).collect())
    }

    #[test]
    fn the_lowest_point_is_found_and_a_search_ends_where_it_is_good_enough() {
        let mut rng = Pcg64::seed_from_u64(1);
        let found = settings(0.0).minimize(&[0.0, 0.0], 4.0, &mut rng, bowl).unwrap();
        assert!(found.cost < 1e-6, "{found:?}");
        assert_eq!(found.tried, 60 * 25);
        let mut rng = Pcg64::seed_from_u64(1);
        let first = settings(100.0).minimize(&[0.0, 0.0], 4.0, &mut rng, bowl).unwrap();
        assert_eq!(first.tried, 60);
    }

    #[test]
    fn samples_that_cannot_be_are_left_out() {
        let half = |samples: &[Vec<f64>]| -> Result<Vec<f64>, Infallible> {
            let mut costs = bowl(samples)?;
            for (cost, x) in costs.iter_mut().zip(samples) {
                if x[0] > 1.0 {
                    *cost = f64::INFINITY;
                }
            }
            Ok(costs)
        };
        let mut rng = Pcg64::seed_from_u64(2);
        let found = settings(0.0).minimize(&[0.0, 0.0], 4.0, &mut rng, half).unwrap();
        assert!((found.numbers[0] - 1.0).abs() < 0.1 && found.cost < 4.5, "{found:?}");
        let never = |samples: &[Vec<f64>]| Ok::<_, Infallible>(vec![f64::NAN; samples.len()]);
        let found = settings(0.0).minimize(&[0.5], 1.0, &mut rng, never).unwrap();
        assert_eq!((found.cost, found.numbers), (f64::INFINITY, vec![0.5]));
    }

    #[test]
    fn settings_that_give_no_search_are_refused() {
        let none = CrossEntropy {
            samples: 0,
            ..settings(1.0)
        };
        assert!(
            none.check()
                .unwrap_err()
                .to_string()
                .contains("the number of samples is 0")
        );
        let many = CrossEntropy {
            elites: 61,
            ..settings(1.0)
        };
        assert!(many.check().unwrap_err().to_string().contains("elites is 61"));
        assert!(settings(f64::NAN).check().is_err() && settings(1.0).check().is_ok());
    }
}
