//! States and poses as rows of numbers, their form in files.

use pusht_env::State;

/// Rounds a state to float32, the precision of files.
pub(super) fn rounded(row: [f64; 5]) -> State {
    State::from_row(row.map(|x| f64::from(x as f32)))
}

/// States as `[agent x, agent y, T x, T y, T angle]` in float32.
pub(super) mod states {
    use pusht_env::State;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::rollout) fn serialize<S: Serializer>(states: &[State], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(states.iter().map(|state| state.to_row().map(|x| x as f32)))
    }

    pub(in crate::rollout) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<State>, D::Error> {
        let rows = Vec::<[f32; 5]>::deserialize(deserializer)?;
        Ok(rows
            .into_iter()
            .map(|row| State::from_row(row.map(f64::from)))
            .collect())
    }
}

/// A pose as `[x, y, angle]`.
pub(super) mod pose {
    use pusht_env::Pose;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::rollout) fn serialize<S: Serializer>(pose: &Pose, serializer: S) -> Result<S::Ok, S::Error> {
        [pose.x, pose.y, pose.angle].serialize(serializer)
    }

    pub(in crate::rollout) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pose, D::Error> {
        let [x, y, angle] = Deserialize::deserialize(deserializer)?;
        Ok(Pose::new(x, y, angle))
    }
}
