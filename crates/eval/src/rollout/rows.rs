//! States and poses as rows of numbers, their form in files.

use pusht_env::State;

/// Rounds a state to float32, the precision of files.
pub(crate) fn rounded(row: [f64; 5]) -> State {
    State::from_row(row.map(|x| f64::from(x as f32)))
}

/// States as `[agent x, agent y, T x, T y, T angle]` in float32.
pub(crate) mod states {
    use pusht_env::State;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(states: &[State], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(states.iter().map(|state| state.to_row().map(|x| x as f32)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<State>, D::Error> {
        let rows = Vec::<[f32; 5]>::deserialize(deserializer)?;
        Ok(rows
            .into_iter()
            .map(|row| State::from_row(row.map(f64::from)))
            .collect())
    }
}

/// One state as such a row.
pub(crate) mod state {
    use pusht_env::State;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        state.to_row().map(|x| x as f32).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        Ok(State::from_row(<[f32; 5]>::deserialize(deserializer)?.map(f64::from)))
    }
}

/// A pose as `[x, y, angle]`.
pub(crate) mod pose {
    use pusht_env::Pose;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(pose: &Pose, serializer: S) -> Result<S::Ok, S::Error> {
        [pose.x, pose.y, pose.angle].serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pose, D::Error> {
        let [x, y, angle] = Deserialize::deserialize(deserializer)?;
        Ok(Pose::new(x, y, angle))
    }
}
