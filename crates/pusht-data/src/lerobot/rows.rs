//! A table of rows: actions, states, and the times of the frames.

use std::collections::BTreeMap;
use std::path::Path;

use parquet_numbers::{NumberTable, TableError};
use pusht_env::{Action, State};

use super::places::Place;
use super::{AGENT, BLOCK, FPS};
use crate::SourceOptions;

/// One episode without its frames.
pub(super) struct Rows {
    pub(super) actions: Vec<Action>,
    pub(super) states: Option<Vec<State>>,
    /// Times of the frames in the video, s, ascending.
    pub(super) times: Vec<f64>,
}

/// A table that holds rows of any number of episodes, in any order.
pub(super) struct RowTable {
    columns: NumberTable,
    actions: Vec<[f64; 2]>,
    states: Option<Vec<State>>,
    index: Option<Vec<usize>>,
    frame: Option<Vec<usize>>,
    time: Option<Vec<f64>>,
    /// Rows of every episode, by its number.
    episodes: BTreeMap<usize, Vec<usize>>,
}

const ACTION: &str = "action";
const EPISODE: &str = "episode_index";
const INDEX: &str = "index";
const FRAME: &str = "frame_index";
const TIME: &str = "timestamp";

impl RowTable {
    pub(super) fn read(path: &Path) -> Result<Self, TableError> {
        let columns = NumberTable::read(path, &[ACTION, AGENT, BLOCK, EPISODE, INDEX, FRAME, TIME])?;
        let actions = columns.needed(ACTION, columns.vectors(ACTION)?)?;
        let actions = actions.ok_or_else(|| {
            let found = format!("{} numbers in a row", columns.width(ACTION));
            columns.wrong(ACTION, "[x, y], the target of the agent", found)
        })?;
        let states = states(&columns)?;
        let mut episodes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let numbers = columns.needed(EPISODE, columns.counts(EPISODE)?)?;
        for (row, number) in numbers.into_iter().enumerate() {
            episodes.entry(number).or_default().push(row);
        }
        Ok(Self {
            actions,
            states,
            index: columns.counts(INDEX)?,
            frame: columns.counts(FRAME)?,
            time: columns.times(TIME)?,
            episodes,
            columns,
        })
    }

    /// Checks that every row belongs to one of these episodes: rows that nothing points to are those of a table that was
    /// replaced, or of an episode that is missing elsewhere.
    pub(super) fn has_only(&self, places: &[&Place]) -> Result<(), TableError> {
        let known = |number: &usize| places.iter().any(|place| place.number == *number);
        let odd = self.episodes.iter().find(|(number, _)| !known(number));
        let odd = odd.and_then(|(number, rows)| Some((number, *rows.first()?)));
        odd.map_or(Ok(()), |(number, row)| {
            let expected = "an episode of this table, according to meta/episodes";
            Err(self.columns.value(EPISODE, row, number.to_string(), expected))
        })
    }

    /// The rows of one episode, in the order of their index.
    pub(super) fn episode(&self, place: &Place, options: &SourceOptions) -> Result<Rows, TableError> {
        let mut rows = self.episodes.get(&place.number).cloned().unwrap_or_default();
        if rows.len() != place.length || rows.is_empty() {
            let expected = format!("{} rows of episode {}, at least one", place.length, place.number);
            return Err(self.columns.wrong(EPISODE, &expected, rows.len().to_string()));
        }
        if let Some(index) = &self.index {
            rows.sort_by_key(|&row| index[row]);
            let first = place.rows.as_ref().map_or(index[rows[0]], |range| range.start);
            self.consecutive(
                INDEX,
                index,
                &rows,
                first,
                "dataset_from_index and the rows after it, each once",
            )?;
        }
        if let Some(frame) = &self.frame {
            let expected = "the rows of an episode in the order of index, each once";
            self.consecutive(FRAME, frame, &rows, frame[rows[0]], expected)?;
        }
        Ok(Rows {
            actions: rows.iter().map(|&row| self.actions[row].map(|x| x as f32)).collect(),
            states: self
                .states
                .as_ref()
                .map(|states| rows.iter().map(|&row| states[row]).collect()),
            times: self.times(&rows, place, options)?,
        })
    }

    /// Checks that a column counts up from `first`.
    fn consecutive(
        &self,
        name: &str,
        column: &[usize],
        rows: &[usize],
        first: usize,
        expected: &'static str,
    ) -> Result<(), TableError> {
        let odd = rows
            .iter()
            .enumerate()
            .find(|&(k, &row)| Some(column[row]) != first.checked_add(k));
        odd.map_or(Ok(()), |(_, &row)| {
            Err(self.columns.value(name, row, column[row].to_string(), expected))
        })
    }

    /// Times of the frames in the video: of the episode's beginning there, plus those of the rows.
    fn times(&self, rows: &[usize], place: &Place, options: &SourceOptions) -> Result<Vec<f64>, TableError> {
        let step = 1.0 / f64::from(FPS);
        let times: Vec<f64> = match (&self.time, &self.frame) {
            (Some(time), _) => rows.iter().map(|&row| time[row]).collect(),
            (None, Some(frame)) => rows.iter().map(|&row| frame[row] as f64 * step).collect(),
            (None, None) => (0..rows.len()).map(|k| k as f64 * step).collect(),
        };
        // Times are often stored as float32.
        let most = |time: f64| options.tolerance.max(SourceOptions::TOLERANCE) + f64::from(f32::EPSILON) * time;
        let uneven = (1..times.len()).find(|&k| (times[k] - times[k - 1] - step).abs() > most(times[k]));
        if let Some(k) = uneven {
            let expected = "0.1 s after the row before: 10 rows a second, none left out";
            return Err(self.columns.value(TIME, rows[k], times[k].to_string(), expected));
        }
        let end = place
            .to
            .map(|to| to + options.tolerance.min(step / 2.0) + f64::from(f32::EPSILON) * to);
        let late = (0..times.len()).find(|&k| end.is_some_and(|end| place.from + times[k] > end));
        if let Some(k) = late {
            let expected =
                "a time before the episode's end in the video (to_timestamp, or where the next episode begins)";
            return Err(self.columns.value(TIME, rows[k], times[k].to_string(), expected));
        }
        Ok(times.into_iter().map(|time| place.from + time).collect())
    }
}

/// The states, if the poses of the T are known: beside the positions of the agent, or in a column of their own.
fn states(columns: &NumberTable) -> Result<Option<Vec<State>>, TableError> {
    if let Some(Some(rows)) = columns.vectors(AGENT)? {
        return Ok(Some(rows.into_iter().map(State::from_row).collect()));
    }
    let wrong = |name: &str, expected: &str| {
        let found = format!("{} numbers in a row", columns.width(name));
        columns.wrong(name, &format!("{expected}; rename a column of anything else"), found)
    };
    let agent = columns
        .vectors(AGENT)?
        .map(|agent| agent.ok_or_else(|| wrong(AGENT, "[agent x, agent y], or [agent x, agent y, T x, T y, T angle]")));
    let block = columns.vectors(BLOCK)?;
    let block = block.map(|block| block.ok_or_else(|| wrong(BLOCK, "[x, y, angle] of the T")));
    let state = |([x, y], [u, v, angle]): ([f64; 2], [f64; 3])| State::from_row([x, y, u, v, angle]);
    let parts = agent.transpose()?.zip(block.transpose()?);
    Ok(parts.map(|(agent, block)| agent.into_iter().zip(block).map(state).collect()))
}
