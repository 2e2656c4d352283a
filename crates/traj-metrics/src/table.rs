//! Action measures as a table: one row per measure; one column each for the actions, every floor and every dataset of
//! the paper.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ActionMeasures;

/// Label of the distance to the actions, which only floors have.
const L2: &str = "L2 to the actions, px";

/// The paper's own values of one measure; empty if the paper has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperFigures {
    /// The measure, as in [`ActionTableRow::measure`].
    pub measure: &'static str,
    /// Value for human demonstrations.
    pub human: &'static str,
    /// Value for actions extracted from video.
    pub extracted: &'static str,
}

impl PaperFigures {
    /// Every measure that the paper reports.
    pub const ALL: [Self; 5] = [
        Self::new("velocity, px/step", "10.12 ± 8.32", "29.56"),
        Self::new("acceleration, px/step²", "5.36 ± 6.17", "51.02"),
        Self::new("jerk, px/step³", "7.61", "93.03"),
        Self::new("directness", "9.37", "96.61"),
        Self::new(L2, "", "122.56 ± 67.67"),
    ];

    const fn new(measure: &'static str, human: &'static str, extracted: &'static str) -> Self {
        Self {
            measure,
            human,
            extracted,
        }
    }
}

/// Serializes as `[measure, [human, extracted]]`.
impl Serialize for PaperFigures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.measure, [self.human, self.extracted]).serialize(serializer)
    }
}

/// Measures of actions, of their floors, and of the paper's datasets, side by side. Its `Display` is a text table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActionTable {
    /// Column headings.
    pub columns: Vec<&'static str>,
    /// One row per measure.
    pub rows: Vec<ActionTableRow>,
}

/// One measure in an [`ActionTable`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActionTableRow {
    /// The measure, with its unit.
    pub measure: &'static str,
    /// One text per column; empty if a column has no such measure.
    pub cells: Vec<String>,
}

impl ActionMeasures {
    /// The measures as a table, with the paper's values.
    pub fn table(&self) -> ActionTable {
        let floors = [
            ("constant", Some(&self.constant)),
            ("white noise", Some(&self.white_noise)),
            ("next position", self.next_position.as_ref()),
        ];
        let floors = || floors.into_iter().filter_map(|(name, floor)| Some((name, floor?)));
        let own = self.actions.cells().map(|(measure, cell)| (measure, vec![cell]));
        let mut rows: Vec<ActionTableRow> = own
            .into_iter()
            .chain([(L2, vec![String::new()])])
            .map(|(measure, cells)| ActionTableRow { measure, cells })
            .collect();
        for (_, floor) in floors() {
            let cells = floor.measures.cells().map(|(_, cell)| cell);
            for (row, cell) in rows.iter_mut().zip(cells.into_iter().chain([floor.l2.text()])) {
                row.cells.push(cell);
            }
        }
        for row in &mut rows {
            let paper = PaperFigures::ALL.iter().find(|paper| paper.measure == row.measure);
            let paper = paper.map_or(["", ""], |paper| [paper.human, paper.extracted]);
            row.cells.extend(paper.map(str::to_owned));
        }
        let names = floors().map(|(name, _)| name);
        let columns = ["actions"].into_iter().chain(names);
        ActionTable {
            columns: columns.chain(["paper: human", "paper: extracted"]).collect(),
            rows,
        }
    }
}

impl fmt::Display for ActionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28}", "")?;
        for column in &self.columns {
            write!(f, "{column:>18}")?;
        }
        for row in &self.rows {
            write!(f, "\n{:<28}", row.measure)?;
            for cell in &row.cells {
                write!(f, "{cell:>18}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    #[test]
    fn floors_and_the_paper_stand_beside_the_actions() {
        let line: Vec<Point> = (0..6).map(|t| [10.0 * f64::from(t), 0.0]).collect();
        let alone = ActionMeasures::of(&[&line[..]], None, 0).unwrap().table();
        assert_eq!(
            alone.columns,
            ["actions", "constant", "white noise", "paper: human", "paper: extracted"]
        );
        let table = ActionMeasures::of(&[&line[..]], Some(&[&line[..]]), 0).unwrap().table();
        assert_eq!(table.columns[3], "next position");
        assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()));
        let velocity = &table.rows[0];
        assert_eq!(
            (velocity.measure, &*velocity.cells[0], &*velocity.cells[4]),
            ("velocity, px/step", "10.00 ± 0.00", "10.12 ± 8.32")
        );
        // The next position of a line that moves 10 px per step is 10 px off; the actions are not compared with
        // themselves.
        let last = &table.rows[10];
        assert_eq!((&*last.cells[0], &*last.cells[3]), ("", "10.00 ± 0.00"));
        assert_eq!(table.to_string().lines().count(), 12);
        for paper in PaperFigures::ALL {
            assert!(table.rows.iter().any(|row| row.measure == paper.measure));
        }
    }
}
