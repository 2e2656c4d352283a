use super::*;
use pusht_data::Provenance;
use pusht_env::GOAL;

/// White, green and gray.
const COLORS: usize = 3;

/// A white board with a green column and a gray block of 4 × 4 px.
fn frame([x, y]: [usize; 2]) -> IndexedFrame {
    let color = |at: usize| {
        let (column, row) = (at % SIDE, at / SIDE);
        match () {
            () if (x..x + 4).contains(&column) && (y..y + 4).contains(&row) => 2,
            () if column == 50 => 1,
            () => 0,
        }
    };
    IndexedFrame((0..SIDE * SIDE).map(color).collect())
}

fn episode(goal: pusht_env::Pose) -> Episode {
    Episode {
        frames: Vec::new(),
        actions: Vec::new(),
        states: None,
        goal,
        provenance: Provenance {
            source: "made".into(),
            index: 0,
            seed: None,
            actions: "none".into(),
        },
    }
}

fn background() -> Background {
    // The block rests on the green column in most frames, but not in most first ones.
    let clips = [[10, 10], [48, 30], [70, 5]].map(|start| vec![frame(start), frame([48, 30]), frame([48, 30])]);
    let frames: Vec<&[IndexedFrame]> = clips.iter().map(|clip| &clip[..]).collect();
    let one = episode(GOAL);
    Background::of(&[&one, &one, &one], &frames, COLORS).unwrap()
}

#[test]
fn the_board_behind_what_moves_is_known() {
    let background = background();
    assert_eq!(background.moving, [false, false, true]);
    // Nothing moves far from the board's edge.
    let empty = frame([SIDE, SIDE]);
    assert!(background.plate == empty);
    for start in [[48, 30], [0, 0], [92, 92], [20, 60]] {
        assert!(background.behind(&frame(start)) == empty, "{start:?}");
    }
    // Another board is kept where nothing hides it.
    let mut other = frame([20, 60]);
    other.0[7 * SIDE + 80] = 1;
    assert_eq!(background.behind(&other).0[7 * SIDE + 80], 1);
}

#[test]
fn boards_with_different_goals_have_no_common_background() {
    let clip = [frame([0, 0])];
    let frames: [&[IndexedFrame]; 2] = [&clip, &clip];
    let elsewhere = episode(pusht_env::Pose::new(100.0, 100.0, 0.0));
    assert!(Background::of(&[&episode(GOAL), &elsewhere], &frames, COLORS).is_none());
}

#[test]
fn a_background_is_read_back_as_it_was() {
    let background = background();
    let text = serde_json::to_string(&background).unwrap();
    assert!(serde_json::from_str::<Background>(&text).unwrap() == background);
    let cut = text.replacen("[0,", "[0,1", 1);
    let error = serde_json::from_str::<Background>(&cut).unwrap_err().to_string();
    assert!(error.contains("expected 9216"), "{error}");
}
