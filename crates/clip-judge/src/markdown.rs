//! The report as Markdown.

use std::fmt::{self, Display, Formatter};

use pusht_jobs::counted;
use rating::{AuditScore, Figure, Scale, score_of_clip};

use crate::results::JudgeReport;
use crate::text::plain;

/// A sentence, a table of comparisons, a row per clip, and the clips without scores.
impl Display for JudgeReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let results = &self.results;
        let scores = results.scores();
        writeln!(
            f,
            "{} at {}, shown {} frames of a clip at most, scored {} of {}. In brackets {:.0} % intervals.\n",
            results.model,
            results.endpoint,
            results.frames,
            scores.len(),
            counted(results.clips.len(), "clip"),
            100.0 * self.bootstrap.level
        )?;
        if !scores.is_empty() {
            self.comparisons(f)?;
            self.clips(f)?;
        }
        for line in results.without_scores() {
            writeln!(f, "No score: {line}.\n")?;
        }
        let usage = results.usage;
        write!(
            f,
            "{} in this run, {} answered before",
            counted(results.requests, "request"),
            counted(results.answered_before, "clip")
        )?;
        match usage.prompt_tokens + usage.completion_tokens {
            0 => writeln!(f, "."),
            _ => writeln!(
                f,
                "; {} tokens of questions, {} of answers.",
                usage.prompt_tokens, usage.completion_tokens
            ),
        }
    }
}

impl JudgeReport {
    fn comparisons(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.comparisons.iter().all(Vec::is_empty) {
            return Ok(());
        }
        writeln!(
            f,
            "| scale | beside | clips | mean, judge | mean, other | rank correlation | same score | agreement (alpha) |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for scale in Scale::ALL {
            for (other, scales) in self.others.iter().zip(&self.comparisons) {
                let Some(found) = scales.iter().find(|found| found.scale == scale) else {
                    continue;
                };
                let optional = |figure: &Option<Figure>| figure.as_ref().map_or_else(|| "–".to_owned(), text);
                writeln!(
                    f,
                    "| {} | {} | {} | {:.2} | {:.2} | {} | {} | {} |",
                    scale.name(),
                    plain(&other.name, 40),
                    found.clips,
                    found.means[0],
                    found.means[1],
                    optional(&found.correlation),
                    text(&found.same),
                    optional(&found.alpha)
                )?;
            }
        }
        writeln!(f)
    }

    fn clips(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = self.others.iter().map(|other| format!(" {} |", plain(&other.name, 40)));
        writeln!(f, "| clip | judge |{} the judge's reason |", names.collect::<String>())?;
        writeln!(f, "|---|---|{}---|", "---|".repeat(self.others.len()))?;
        for clip in &self.results.clips {
            let Some(answer) = &clip.answer else { continue };
            let others = self.others.iter().map(|other| {
                let found = score_of_clip(&other.scores, &clip.name);
                format!(" {} |", found.map_or_else(|| "–".to_owned(), triple))
            });
            writeln!(
                f,
                "| {} | {} |{} {} |",
                plain(&clip.name, 200),
                triple(answer.scores.into()),
                others.collect::<String>(),
                answer.reason
            )?;
        }
        writeln!(f)
    }
}

/// Adherence, responsibility and physics: `2 · 1 · 4.5`.
fn triple(score: AuditScore) -> String {
    let number = |value: f64| match value.fract() == 0.0 {
        true => format!("{value:.0}"),
        false => format!("{value:.1}"),
    };
    [score.adherence, score.responsibility, score.physics]
        .map(number)
        .join(" · ")
}

fn text(figure: &Figure) -> String {
    match figure.interval {
        Some([low, high]) => format!("{:.2} [{low:.2}, {high:.2}]", figure.value),
        None => format!("{:.2}", figure.value),
    }
}
