//! The statistics as Markdown text.

use std::fmt::{self, Display, Formatter};

use pusht_jobs::counted;

use super::report::{Figure, RatingReport};

/// Markdown tables: scales first, then raters, then clips.
impl Display for RatingReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let level = 100.0 * self.bootstrap.level;
        writeln!(
            f,
            "{} of {} (of {} in the study) by {}. In brackets {level:.0} % intervals.\n",
            counted(self.ratings, "rating"),
            counted(self.clips.len(), "clip"),
            self.clips_in_all,
            people(self.raters.len())
        )?;
        if self.scales.is_empty() {
            return writeln!(f, "Nothing was rated yet.");
        }
        writeln!(
            f,
            "| scale | mean | answers, from the lowest | agreement (alpha) | rank correlation with the audit |"
        )?;
        writeln!(f, "|---|---|---|---|---|")?;
        for scale in &self.scales {
            let counts: Vec<String> = scale.counts.iter().map(ToString::to_string).collect();
            let optional = |e: &Option<Figure>| e.as_ref().map_or_else(|| "–".into(), text);
            writeln!(
                f,
                "| {} ({} to {}) | {} | {} | {} | {} |",
                scale.scale.name(),
                scale.lowest,
                scale.highest,
                text(&scale.mean),
                counts.join(" / "),
                optional(&scale.alpha),
                optional(&scale.audit_correlation)
            )?;
        }
        if self.audited > 0 {
            writeln!(
                f,
                "\n{} of the {} rated clips have scores of an audit.",
                self.audited,
                self.clips.len()
            )?;
        }
        let row = |name: &str, ratings: usize, [a, r, p]: [f64; 3]| {
            format!(
                "| {} | {ratings} | {a:.2} | {r:.2} | {p:.2} |",
                name.replace('|', "\\|")
            )
        };
        let head = "ratings | adherence | responsibility | physics |\n|---|---|---|---|---|";
        writeln!(f, "\n| rater | {head}")?;
        for r in &self.raters {
            writeln!(f, "{}", row(&r.name, r.ratings, r.means))?;
        }
        writeln!(f, "\n| clip | {head}")?;
        for c in &self.clips {
            writeln!(f, "{}", row(&c.name, c.ratings, c.means))?;
        }
        Ok(())
    }
}

/// `1 person`, `3 people`.
fn people(count: usize) -> String {
    match count {
        1 => "1 person".to_owned(),
        count => format!("{count} people"),
    }
}

fn text(figure: &Figure) -> String {
    match figure.interval {
        Some([low, high]) => format!("{:.2} [{low:.2}, {high:.2}]", figure.value),
        None => format!("{:.2}", figure.value),
    }
}
