"""Data sets and videos: written and read, and read from files that are made here."""

import json
import shutil

import files
import numpy as np
import pytest
from conftest import same

import pusht_start


def episode(seed, steps=20, **kwargs):
    played = pusht_start.expert_episode(seed, max_steps=steps)
    states = played["states"][:-1]
    return {"frames": pusht_start.render(states), "actions": played["actions"], "states": states, "seed": seed, **kwargs}


EPISODES = [episode(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lerobot") / "set"
    assert pusht_start.write_lerobot(folder, EPISODES) == 3
    return folder


def close(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


def test_what_is_written_is_read(written):
    episodes = pusht_start.read_episodes(written)
    assert len(episodes) == 3 and "3 episodes" in repr(episodes)
    same(episodes.lengths, np.array([20, 20, 20]), "lengths")
    for one, two in zip(EPISODES, episodes):
        assert list(two) == ["frames", "actions", "states", "goal_pose", "source", "index", "seed", "actions_from"]
        same(two["actions"], one["actions"], "actions")
        same(two["states"], one["states"].astype(np.float32).astype(np.float64), "states")
        assert two["frames"].shape == one["frames"].shape and two["frames"].dtype == np.uint8
        # H.264 of small pictures.
        assert close(two["frames"], one["frames"]) < 2
        assert (two["seed"], two["source"], two["actions_from"]) == (one["seed"], "pusht_start", "recorded")
        same(two["goal_pose"], np.array([256, 256, np.pi / 4]), "goal")
    same(episodes[-1]["frames"], episodes[2]["frames"], "the last")
    same(episodes.actions(-1), EPISODES[2]["actions"], "actions")
    assert [e["index"] for e in episodes[1:]] == [1, 2] and [e["index"] for e in episodes[::-1]] == [2, 1, 0]
    assert episodes[3:] == [] and episodes[2:1] == []
    for index in (3, -4):
        with pytest.raises(IndexError, match="only 3"):
            episodes[index]
    with pytest.raises(TypeError):
        episodes["0"]


def test_the_folder_is_a_lerobot_set(written):
    info = json.loads((written / "meta" / "info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["total_episodes"], info["total_frames"]) == ("v3.0", 10, 3, 60)
    assert info["features"]["observation.image"]["shape"] == [96, 96, 3]
    stats = json.loads((written / "meta" / "stats.json").read_text())
    actions = np.concatenate([e["actions"] for e in EPISODES]).astype(float)
    assert np.abs(np.array(stats["action"]["mean"]) - actions.mean(0)).max() < 1e-3
    assert np.abs(np.array(stats["action"]["max"]) - actions.max(0)).max() < 1e-3
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    rows = parquet.read_table(written / "data" / "chunk-000" / "file-000.parquet").to_pydict()
    same(np.array(rows["action"], np.float32), actions.astype(np.float32), "actions")


def test_episodes_come_one_at_a_time(tmp_path, written):
    assert pusht_start.write_lerobot(tmp_path / "copy", iter(pusht_start.read_episodes(written))) == 3
    copy = pusht_start.read_episodes(tmp_path / "copy")
    same(copy[1]["states"], pusht_start.read_episodes(written)[1]["states"], "states")
    goal = [200.0, 300.0, 1.0]
    one = {"frames": EPISODES[0]["frames"], "actions": EPISODES[0]["actions"].tolist(), "goal_pose": goal, "index": 7, "source": "me"}
    assert pusht_start.write_lerobot(tmp_path / "one", [one]) == 1
    found = pusht_start.read_episodes(tmp_path / "one")[0]
    assert found["states"] is None and (found["index"], found["source"], found["seed"]) == (7, "me", None)
    same(found["goal_pose"], np.array(goal), "goal")


def test_a_replay_buffer(tmp_path):
    frames = np.concatenate([e["frames"] for e in EPISODES])
    actions = np.concatenate([e["actions"] for e in EPISODES])
    states = np.concatenate([e["states"] for e in EPISODES])
    folder = files.replay_buffer(tmp_path / "buffer.zarr", frames, actions, states, [20, 40, 60])
    episodes = pusht_start.read_episodes(str(folder))
    for one, two in zip(EPISODES, episodes, strict=True):
        same(two["frames"], one["frames"], "frames")
        same(two["actions"], one["actions"], "actions")
        same(two["states"], one["states"].astype(np.float32).astype(np.float64), "states")
        assert two["source"] == "buffer.zarr"


def test_simulated_episodes(tmp_path):
    actions = np.round(np.random.default_rng(0).uniform(100, 400, (25, 2)))
    path = files.simulated(tmp_path / "set.jsonl", 5, actions)
    (found,) = pusht_start.read_episodes(path)
    played = pusht_start.simulate(actions, seed=5, protocol="diffusion_policy")["states"][:-1]
    same(found["states"], played, "states")
    same(found["actions"], actions.astype(np.float32), "actions")
    assert (found["seed"], found["source"], found["actions_from"]) == (5, "a test", "made up")
    drawn = pusht_start.render(played, protocol="diffusion_policy")
    # All but the ticks at contacts, which a state alone does not have.
    assert (found["frames"] == drawn).mean() > 0.999


def test_videos(tmp_path, written):
    clips = tmp_path / "clips"
    for name, one in zip("ab", EPISODES):
        files.clip(clips / "inner" / name, one["frames"])
    (video,) = (written / "videos" / "observation.image" / "chunk-000").glob("file-002.mp4")
    shutil.copy(video, clips / "c.mp4")
    episodes = pusht_start.read_episodes(clips)
    assert len(episodes) == 3 and "3 videos" in repr(episodes) and episodes.lengths is None
    by_name = {e["source"].rsplit("/", 1)[-1]: e for e in episodes}
    same(by_name["a"]["frames"], EPISODES[0]["frames"], "frames")
    same(by_name["b"]["frames"], EPISODES[1]["frames"], "frames")
    same(by_name["c.mp4"]["frames"], pusht_start.read_episodes(written)[2]["frames"], "frames")
    assert all(e["actions"] is None and e["states"] is None for e in episodes) and episodes.actions(0) is None
    # At twice the rate, every second frame.
    fast = pusht_start.read_episodes(clips / "inner" / "a", fps=20)
    same(fast[0]["frames"], EPISODES[0]["frames"][::2], "frames")
    assert len(pusht_start.read_episodes(clips / "c.mp4")) == 1


def test_what_is_no_data_set(tmp_path, written):
    with pytest.raises(FileNotFoundError, match="not found; expected a zarr replay buffer.*or videos"):
        pusht_start.read_episodes(tmp_path / "nothing")
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "old" / "meta").mkdir(parents=True)
    (tmp_path / "old" / "meta" / "info.json").write_text('{"codebase_version": "v2.1", "fps": 10, "features": {}}')
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 50)
    for path, text in [
        (tmp_path / "text.txt", "a file of something else; expected"),
        (written / "meta", "expected"),
        (written.parent, "a folder around a dataset, name .*set instead"),
        (tmp_path / "old", "v3.0.*convert_dataset_v21_to_v30"),
    ]:
        with pytest.raises(ValueError, match=text):
            pusht_start.read_episodes(path)
    with pytest.raises(ValueError, match="bad.mp4"):
        pusht_start.read_episodes(tmp_path / "bad.mp4")[0]
    with pytest.raises(ValueError, match="10 rows per second"):
        pusht_start.read_episodes(written, fps=5)
    with pytest.raises(ValueError, match="side"):
        pusht_start.read_episodes(written, camera="side")
    with pytest.raises(ValueError, match="tolerance"):
        pusht_start.read_episodes(written, tolerance=5.0)
    with pytest.raises(ValueError, match="camera and tolerance"):
        pusht_start.read_episodes(files.clip(tmp_path / "clip", EPISODES[0]["frames"][:3]), camera="side")
    broken = tmp_path / "broken"
    shutil.copytree(written, broken)
    next((broken / "videos").rglob("file-001.mp4")).write_bytes(b"")
    episodes = pusht_start.read_episodes(broken)
    assert len(episodes[0]["frames"]) == 20
    with pytest.raises(ValueError, match="file-001.mp4"):
        episodes[1]


def changed(**kwargs):
    return {key: value for key, value in {**EPISODES[0], **kwargs}.items() if value is not None}


@pytest.mark.parametrize(
    ("episodes", "error", "text"),
    [
        ([], ValueError, "at least one episode"),
        (EPISODES[0], TypeError, r"pass \[episode\]"),
        ([1], TypeError, "mapping"),
        (None, TypeError, "iterable|NoneType"),
        ([changed(frames=None)], ValueError, "episode 0 has no frames"),
        ([changed(actions=None)], ValueError, "has no actions"),
        ([changed(reward=1)], ValueError, "unknown key 'reward'"),
        ([changed(actions=EPISODES[0]["actions"][:5])], ValueError, "20 frames, 5 actions"),
        ([changed(states=np.zeros((21, 5)))], ValueError, "21 states"),
        ([changed(states=np.zeros((20, 4)))], ValueError, r"shape \(n, 5\)"),
        ([changed(states=np.full((20, 5), np.nan))], ValueError, "row 0 of the states.*finite"),
        ([changed(actions=np.full((20, 2), np.inf))], ValueError, "row 0.*not finite"),
        ([changed(frames=EPISODES[0]["frames"].astype(float))], TypeError, "uint8"),
        ([changed(frames=EPISODES[0]["frames"][:0], actions=np.zeros((0, 2)), states=None)], ValueError, "empty"),
        ([changed(goal_pose=[1, 2])], ValueError, "goal_pose"),
        ([changed(seed=-1)], (ValueError, OverflowError), "."),
        ([EPISODES[0], changed(states=None)], ValueError, "states in all episodes or in none"),
        ([EPISODES[0], changed(frames=np.zeros((20, 64, 64, 3), np.uint8))], ValueError, "64"),
    ],
)
def test_episodes_that_cannot_be_written(tmp_path, episodes, error, text):
    with pytest.raises(error, match=text):
        pusht_start.write_lerobot(tmp_path / "set", episodes)
    # Neither a half set nor the folder of one.
    assert list(tmp_path.iterdir()) == []


def test_what_an_iterable_raises_comes_through(tmp_path):
    def episodes(error):
        yield EPISODES[0]
        raise error

    for error in (ZeroDivisionError("mine"), KeyboardInterrupt(), SystemExit(3)):
        with pytest.raises(type(error)):
            pusht_start.write_lerobot(tmp_path / "set", episodes(error))
        assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path, written):
    with pytest.raises(FileExistsError, match="exists"):
        pusht_start.write_lerobot(written, EPISODES)
    assert len(pusht_start.read_episodes(written)) == 3
    (tmp_path / "file").write_text("")
    with pytest.raises((ValueError, OSError)):
        pusht_start.write_lerobot(tmp_path / "file" / "set", EPISODES)
    for fps in (5, 10.5, "10", None):
        with pytest.raises(ValueError, match="10 rows per second"):
            pusht_start.write_lerobot(tmp_path / "set", EPISODES, fps=fps)
