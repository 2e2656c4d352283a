//! What can be wrong with a dataset, and how a user reads it.

use std::fmt;

use pusht_env::Action;

/// What in a dataset cannot be meant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DatasetFault {
    /// All actions lie within [-1, 1].
    NormalizedActions,
    /// All actions lie within the side of an image, [0, 96].
    ActionsInImagePx,
    /// An action far off the board.
    OffBoard {
        /// The episode.
        episode: usize,
        /// The first such row in it.
        row: usize,
        /// The action.
        action: Action,
    },
    /// Most actions do not take the agent to where it is next.
    UnexplainedActions {
        /// Median distance between where the action takes the agent and where it is, px.
        median: f64,
        /// What the actions would be with which it is.
        look_like: Option<&'static str>,
    },
    /// Agent and T are elsewhere from one row to the next, within an episode.
    Joined {
        /// The episode.
        episode: usize,
        /// The row after which they are elsewhere.
        row: usize,
        /// How far the agent is from where its action takes it, px.
        px: f64,
    },
    /// An episode begins or ends with a row of another one: no action leads from it to the others, or to it.
    OtherRow {
        /// The episode.
        episode: usize,
        /// The row from which no action leads to the next: the first one, or the last but one.
        row: usize,
        /// Whether the odd row is the first of the episode; else it is the last.
        is_first: bool,
        /// How far the agent is from where its action takes it, px.
        agent_px: f64,
        /// How far the T moves in the step, px.
        block_px: f64,
        /// The episode before or after it, if the odd row belongs there.
        of_episode: Option<usize>,
        /// Number of further episodes of which the same holds.
        more: usize,
    },
    /// In most frames no agent or no T is found.
    Unrecognized {
        /// Number of frames without.
        missed: usize,
        /// Number of frames looked at.
        looked_at: usize,
        /// Whether they are found with red and blue exchanged.
        exchanged: bool,
    },
    /// Frames of an episode do not show its states.
    Unseen {
        /// The episode.
        episode: usize,
        /// The row that is furthest off, of those looked at.
        row: usize,
        /// Distance of the agent between state and frame, px.
        agent_px: f64,
        /// Distance of the T, px.
        block_px: f64,
        /// Angle of the T between state and frame, degrees.
        degrees: f64,
        /// Whether the angle of the state would be right in degrees.
        in_degrees: bool,
        /// Number of further episodes of which the same holds.
        more: usize,
    },
    /// Frames show the states of their neighbors.
    Shifted {
        /// Rows from a frame's own state to the one that it shows.
        rows: i8,
        /// Mean distance of the agent between frame and own state, px.
        px: f64,
    },
}

/// What says where episodes end.
const ENDS: &str = "where episodes end (episode_ends; episode_index in a table of rows, length and dataset_from_index in one \
                    of episodes)";

impl DatasetFault {
    /// Whether nothing can be learned from the dataset as it is, and the fault says how to correct it; other faults may be
    /// those of an unusual dataset.
    pub const fn is_unusable(&self) -> bool {
        matches!(
            self,
            Self::NormalizedActions
                | Self::ActionsInImagePx
                | Self::OffBoard { .. }
                | Self::UnexplainedActions { look_like: Some(_), .. }
        )
    }
}

impl fmt::Display for DatasetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = "expected target positions of the agent, px of the 512 board";
        match self {
            Self::NormalizedActions => write!(
                f,
                "all actions lie within [-1, 1], so they are normalized or relative; {expected} (normalized ones over the \
                 board: 256 (a + 1))"
            ),
            Self::ActionsInImagePx => write!(
                f,
                "all actions lie within [0, 96], as in px of the 96 px image; {expected} (multiply by 512 / 96)"
            ),
            Self::OffBoard { episode, row, action } => write!(
                f,
                "the action [{}, {}] in episode {episode}, row {row}, is far off the board; {expected}: correct or drop the row",
                action[0], action[1]
            ),
            Self::UnexplainedActions { median, look_like } => {
                let look = look_like.map(|look| format!("; they look {look}")).unwrap_or_default();
                write!(
                    f,
                    "the recorded agent does not follow its actions: in the median it is {median:.0} px from where its action \
                     takes it within a step{look}; {expected}, in the row of the frame before it, at 10 Hz"
                )
            }
            Self::Joined { episode, row, px } => write!(
                f,
                "in episode {episode} agent and T are elsewhere after row {row} (the agent by {px:.0} px): two episodes are \
                 joined there; check {ENDS}"
            ),
            Self::OtherRow {
                episode,
                row,
                is_first,
                agent_px,
                block_px,
                of_episode,
                more,
            } => {
                write!(
                    f,
                    "in episode {episode} no action leads from row {row} to row {} (the agent is {agent_px:.0} px from where its \
                     action takes it, and the T moves by {block_px:.0} px)",
                    row + 1
                )?;
                if *more > 0 {
                    write!(f, ", and likewise in the first or last step of {more} more episodes")?;
                }
                match (of_episode, is_first) {
                    (Some(other), true) => write!(
                        f,
                        "; row {row} goes on from the last row of episode {other}, so that episodes end one row too early"
                    )?,
                    (Some(other), false) => write!(
                        f,
                        "; row {} leads to the first row of episode {other}, so that episodes end one row too late",
                        row + 1
                    )?,
                    (None, _) => {}
                }
                write!(f, "; check {ENDS}")
            }
            Self::Unrecognized {
                missed,
                looked_at,
                exchanged,
            } => {
                let look = match exchanged {
                    true => "; with red and blue exchanged they are: write RGB in place of BGR",
                    false => "",
                };
                write!(
                    f,
                    "agent and T are not found in {missed} of {looked_at} frames looked at{look}; expected PushT's board as \
                     gym-pusht draws it: a blue agent (65, 105, 225), a gray T (119, 136, 153) and a light green goal (144, \
                     238, 144) on white, in RGB from 0 to 255"
                )
            }
            Self::Unseen {
                episode,
                row,
                agent_px,
                block_px,
                degrees,
                in_degrees,
                more,
            } => {
                write!(
                    f,
                    "episode {episode}, row {row}: the frame does not show the recorded state; in the frame the agent is \
                     {agent_px:.0} px and the T {block_px:.0} px and {degrees:.0}° away"
                )?;
                if *more > 0 {
                    write!(f, " (so in {more} more episodes)")?;
                }
                match in_degrees {
                    true => write!(f, "; the angles look like degrees: write radians"),
                    false => write!(
                        f,
                        "; check that frames and states are of the same episode and in px of the 512 board and rad"
                    ),
                }
            }
            Self::Shifted { rows, px } => write!(
                f,
                "the frames show the states of the row {} (their own are {px:.0} px off): shift frames or rows by one",
                if *rows > 0 { "after theirs" } else { "before theirs" }
            ),
        }
    }
}
