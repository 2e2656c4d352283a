//! Two sets of scores of the same clips, compared scale by scale: an audit's, a model's, the means of people.

use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, spearman};

use super::agreement::{Level, krippendorff_alpha};
use super::audit::{AuditScores, score_of_clip};
use super::compute::{check_scores, figure, mean};
use super::report::Figure;
use crate::{RatingError, Scale};

/// How two sets of scores compare on one scale, over the clips that are in both. Intervals: clips are resampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleComparison {
    /// The scale.
    pub scale: Scale,
    /// Number of clips in both.
    pub clips: usize,
    /// Means of the first and of the second set.
    pub means: [f64; 2],
    /// Spearman's rank correlation; `None` if it is not defined.
    pub correlation: Option<Figure>,
    /// Share of the clips whose scores are the same, rounded to whole ones.
    pub same: Figure,
    /// Krippendorff's alpha of the two as raters, of scores rounded to whole ones; `None` if it is not defined.
    pub alpha: Option<Figure>,
}

/// Compares two sets of scores scale by scale. Clips are matched by name, or by the name without its extension
/// ([`score_of_clip`]); without a common clip there is nothing to compare, and the result is empty.
///
/// # Errors
/// Bootstrap settings that give no interval; a score that is not a finite number.
pub fn compare_scores(
    first: &AuditScores,
    second: &AuditScores,
    bootstrap: Bootstrap,
) -> Result<Vec<ScaleComparison>, RatingError> {
    check_scores(first)?;
    check_scores(second)?;
    let both = first
        .iter()
        .filter_map(|(name, score)| Some((*score, score_of_clip(second, name)?)));
    let both: Vec<_> = both.collect();
    if both.is_empty() {
        return Ok(Vec::new());
    }
    let one = |&scale: &Scale| {
        let pairs = both.iter().map(|(a, b)| (a.get(scale), b.get(scale)));
        on_one_scale(scale, &pairs.collect::<Vec<_>>(), bootstrap)
    };
    Scale::ALL.iter().map(one).collect()
}

fn on_one_scale(scale: Scale, pairs: &[(f64, f64)], bootstrap: Bootstrap) -> Result<ScaleComparison, RatingError> {
    let (lowest, highest) = scale.range();
    // Limited to the scale, so that the conversion is exact.
    let whole = |score: f64| score.round().clamp(lowest.into(), highest.into()) as u8;
    let units: Vec<[u8; 2]> = pairs.iter().map(|(a, b)| [whole(*a), whole(*b)]).collect();
    let level = Level::of(scale);
    let clips = [pairs.len()];
    let same = |unit: &[u8; 2]| f64::from(u8::from(unit[0] == unit[1]));
    let with_interval = |value: Option<f64>, statistic: &dyn Fn(&[usize]) -> Option<f64>| {
        value
            .map(|value| figure(bootstrap, value, &clips, |sets| statistic(&sets[0])))
            .transpose()
    };
    Ok(ScaleComparison {
        scale,
        clips: pairs.len(),
        means: [
            mean(pairs.iter().map(|pair| pair.0)).unwrap_or(0.0),
            mean(pairs.iter().map(|pair| pair.1)).unwrap_or(0.0),
        ],
        correlation: with_interval(spearman(pairs), &|drawn| {
            spearman(&drawn.iter().map(|&i| pairs[i]).collect::<Vec<_>>())
        })?,
        same: figure(bootstrap, mean(units.iter().map(same)).unwrap_or(0.0), &clips, |sets| {
            mean(sets[0].iter().map(|&i| same(&units[i])))
        })?,
        alpha: with_interval(krippendorff_alpha(&units, level), &|drawn| {
            krippendorff_alpha(&drawn.iter().map(|&i| units[i]).collect::<Vec<_>>(), level)
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuditScore;

    fn scores(of: &[(&str, f64, f64, f64)]) -> AuditScores {
        let one = |&(name, adherence, responsibility, physics): &(&str, f64, f64, f64)| {
            let score = AuditScore {
                adherence,
                responsibility,
                physics,
            };
            (name.to_owned(), score)
        };
        of.iter().map(one).collect()
    }

    #[test]
    fn clips_in_both_are_compared() {
        let judge = scores(&[
            ("a.mp4", 2.0, 1.0, 5.0),
            ("b.mp4", 0.0, 1.0, 3.0),
            ("c.mp4", 1.0, 1.0, 1.0),
            ("only the judge", 1.0, 1.0, 1.0),
        ]);
        // Means of people, under names without extensions.
        let people = scores(&[("a", 1.5, 1.0, 4.5), ("b", 0.5, 0.0, 3.5), ("c", 1.0, 0.0, 1.5)]);
        let found = compare_scores(&judge, &people, Bootstrap::default()).unwrap();
        let [adherence, responsibility, physics] = &found[..] else {
            unreachable!("three scales")
        };
        assert_eq!((adherence.clips, adherence.means), (3, [1.0, 1.0]));
        let rho = |found: &ScaleComparison| found.correlation.map(|figure| figure.value);
        assert_eq!((rho(adherence), rho(physics)), (Some(1.0), Some(1.0)));
        assert_eq!(rho(responsibility), None, "the judge's scores do not vary");
        // 2 and 1.5 round to the same, 0 and 0.5 do not.
        let third = |x: f64| (x * 3.0).round();
        assert_eq!(
            [adherence, responsibility, physics].map(|f| third(f.same.value)),
            [2.0, 1.0, 1.0]
        );
        assert!(physics.same.interval.is_some() && physics.alpha.is_some());
        // Equal sets agree.
        let same = compare_scores(&judge, &judge, Bootstrap::default()).unwrap();
        assert_eq!((same[2].same.value, same[2].alpha.unwrap().value), (1.0, 1.0));
    }

    #[test]
    fn without_a_common_clip_there_is_nothing_to_compare() {
        let one = scores(&[("a.mp4", 2.0, 1.0, 5.0)]);
        let other = scores(&[("b.mp4", 2.0, 1.0, 5.0)]);
        assert_eq!(compare_scores(&one, &other, Bootstrap::default()).unwrap(), []);
        let bad = scores(&[("a.mp4", f64::NAN, 1.0, 5.0)]);
        assert!(compare_scores(&one, &bad, Bootstrap::default()).is_err());
    }
}
