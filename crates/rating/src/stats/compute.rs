//! Computes the statistics of a study.

use traj_metrics::{Bootstrap, Estimate, spearman};

use super::agreement::{Level, krippendorff_alpha};
use super::audit::{AuditScore, AuditScores, score_of_clip};
use super::report::{ClipReport, Figure, RaterReport, RatingReport, ScaleReport};
use crate::{RatingError, Ratings, Scale};

/// Statistics of a study, compared with an audit of its clips.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedReport {
    /// The statistics.
    pub report: RatingReport,
    /// The reason why the audit is not part of them, if it is of other clips.
    pub unmatched: Option<String>,
}

impl Ratings {
    /// As [`Ratings::report`] with the scores of an audit, or without them if the audit is of other clips.
    ///
    /// # Errors
    /// As [`Ratings::report`], except for an audit of other clips.
    pub fn report_beside(&self, audit: &AuditScores, bootstrap: Bootstrap) -> Result<AuditedReport, RatingError> {
        let (report, unmatched) = match self.report(Some(audit), bootstrap) {
            Err(error @ RatingError::NoneAudited { .. }) => (self.report(None, bootstrap)?, Some(error.to_string())),
            report => (report?, None),
        };
        Ok(AuditedReport { report, unmatched })
    }

    /// Computes the statistics. Without ratings the report is valid but empty.
    ///
    /// # Errors
    /// Bootstrap settings that give no interval; an audit of other clips, or with a score that is not a finite number.
    pub fn report(&self, audit: Option<&AuditScores>, bootstrap: Bootstrap) -> Result<RatingReport, RatingError> {
        audit.map_or(Ok(()), check_scores)?;
        let of_clip = self.grouped(self.clips.len(), |r| r.clip);
        let of_rater = self.grouped(self.raters.len(), |r| r.rater);
        let rated = |c: &usize| !of_clip[*c].is_empty();
        let clips: Vec<ClipReport> = (0..self.clips.len())
            .filter(rated)
            .map(|c| ClipReport {
                name: self.clips[c].name.clone(),
                sha256: self.clips[c].sha256.clone(),
                ratings: of_clip[c].len(),
                means: self.means(&of_clip[c]),
                audit: audit.and_then(|a| score_of_clip(a, &self.clips[c].name)),
            })
            .collect();
        let audited = clips.iter().filter(|c| c.audit.is_some()).count();
        if let (0, Some(rated), Some(scored)) = (audited, clips.first(), audit.and_then(|a| a.keys().next())) {
            return Err(RatingError::NoneAudited {
                rated: rated.name.clone(),
                scored: scored.clone(),
            });
        }
        let raters = (0..self.raters.len())
            .filter(|&r| !of_rater[r].is_empty())
            .map(|r| RaterReport {
                name: self.raters[r].clone(),
                ratings: of_rater[r].len(),
                means: self.means(&of_rater[r]),
            })
            .collect::<Vec<_>>();
        let rows: Vec<&[usize]> = of_clip.iter().filter(|r| !r.is_empty()).map(Vec::as_slice).collect();
        let scales = if rows.is_empty() {
            Vec::new()
        } else {
            let one = |&scale| self.scale(scale, &rows, &clips, bootstrap);
            Scale::ALL.iter().map(one).collect::<Result<_, _>>()?
        };
        Ok(RatingReport {
            clips_in_all: self.clips.len(),
            ratings: self.ratings.len(),
            audited,
            bootstrap,
            scales,
            clips,
            raters,
        })
    }

    /// Indices of ratings by clip or by rater.
    fn grouped(&self, groups: usize, by: impl Fn(&crate::Rating) -> usize) -> Vec<Vec<usize>> {
        let mut grouped = vec![Vec::new(); groups];
        for (i, rating) in self.ratings.iter().enumerate() {
            grouped[by(rating)].push(i);
        }
        grouped
    }

    fn means(&self, ratings: &[usize]) -> [f64; 3] {
        Scale::ALL.map(|s| mean(ratings.iter().map(|&i| f64::from(self.ratings[i].scores.get(s)))).unwrap_or(0.0))
    }

    /// Statistics of one scale; `rows` are the ratings of each rated clip, `clips` their reports.
    fn scale(
        &self,
        scale: Scale,
        rows: &[&[usize]],
        clips: &[ClipReport],
        bootstrap: Bootstrap,
    ) -> Result<ScaleReport, RatingError> {
        let (lowest, highest) = scale.range();
        let answer = |&i: &usize| self.ratings[i].scores.get(scale);
        let mut counts = vec![0; usize::from(highest - lowest) + 1];
        for i in 0..self.ratings.len() {
            counts[usize::from(answer(&i) - lowest)] += 1;
        }
        let units: Vec<Vec<u8>> = rows.iter().map(|row| row.iter().map(answer).collect()).collect();
        let level = Level::of(scale);
        let alpha = krippendorff_alpha(&units, level)
            .map(|value| {
                figure(bootstrap, value, &[units.len()], |sets| {
                    let drawn: Vec<&[u8]> = sets[0].iter().map(|&i| units[i].as_slice()).collect();
                    krippendorff_alpha(&drawn, level)
                })
            })
            .transpose()?;
        let pairs: Vec<(f64, f64)> = clips
            .iter()
            .filter_map(|c| Some((c.means[scale as usize], c.audit?.get(scale))))
            .collect();
        let audit_correlation = spearman(&pairs)
            .map(|value| {
                figure(bootstrap, value, &[pairs.len()], |sets| {
                    spearman(&sets[0].iter().map(|&i| pairs[i]).collect::<Vec<_>>())
                })
            })
            .transpose()?;
        Ok(ScaleReport {
            scale,
            lowest,
            highest,
            counts,
            mean: self.scale_mean(scale, rows, clips, bootstrap)?,
            level,
            alpha,
            audit_correlation,
        })
    }

    fn scale_mean(
        &self,
        scale: Scale,
        rows: &[&[usize]],
        clips: &[ClipReport],
        bootstrap: Bootstrap,
    ) -> Result<Figure, RatingError> {
        let value = mean(clips.iter().map(|c| c.means[scale as usize])).unwrap_or(0.0);
        // Only raters with at least one rating count.
        let people = rater_indices(self);
        // Number of times each rater was drawn.
        let mut weights = vec![0.0; self.raters.len()];
        figure(bootstrap, value, &[rows.len(), people.len()], |sets| {
            weights.fill(0.0);
            sets[1].iter().for_each(|&i| weights[people[i]] += 1.0);
            mean(sets[0].iter().filter_map(|&clip| {
                let (mut sum, mut weight) = (0.0, 0.0);
                for &i in rows[clip] {
                    let rating = &self.ratings[i];
                    weight += weights[rating.rater];
                    sum += weights[rating.rater] * f64::from(rating.scores.get(scale));
                }
                (weight > 0.0).then(|| sum / weight)
            }))
        })
    }
}

/// Indices of raters with at least one rating.
fn rater_indices(ratings: &Ratings) -> Vec<usize> {
    let mut indices: Vec<usize> = ratings.ratings.iter().map(|r| r.rater).collect();
    indices.sort_unstable();
    indices.dedup();
    indices
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    values.for_each(|v| {
        sum += v;
        count += 1.0;
    });
    (count > 0.0).then(|| sum / count)
}

/// Refuses scores that are not finite.
pub(super) fn check_scores(scores: &AuditScores) -> Result<(), RatingError> {
    let is_number = |scale: &Scale, score: &AuditScore| score.get(*scale).is_finite();
    let odd = scores
        .iter()
        .find(|(_, score)| !Scale::ALL.iter().all(|scale| is_number(scale, score)));
    odd.map_or(Ok(()), |(clip, _)| Err(RatingError::AuditScore { clip: clip.clone() }))
}

/// `value`, a figure over `counts[0]` clips, with the interval of `statistic` over resamples of sets of `counts` items.
pub(super) fn figure(
    bootstrap: Bootstrap,
    value: f64,
    counts: &[usize],
    statistic: impl FnMut(&[Vec<usize>]) -> Option<f64>,
) -> Result<Figure, RatingError> {
    let Estimate { value, bounds } = bootstrap.estimate(value, counts, statistic)?;
    Ok(Figure {
        value,
        interval: bounds.map(|bounds| [bounds.low, bounds.high]),
    })
}
