"""Labels, audits, replays and distances: against what is known of the clips, and against the program's numbers."""

import numpy as np
import pytest
from conftest import same

import pusht_start

EXPERT = pusht_start.expert_episode(seed=0)
STATES, ACTIONS = EXPERT["states"], EXPERT["actions"]
FRAMES = pusht_start.render(STATES)
N = len(ACTIONS)


def test_labels_are_the_experts_actions():
    labels = pusht_start.label(FRAMES, fps=10)
    assert labels["actions"].shape == (N + 1, 2) and labels["actions"].dtype == np.float32
    assert pusht_start.l2(labels["actions"][:-1], ACTIONS)["mean"] < 2
    same(labels["trusted"], np.arange(N + 1) < N, "trusted")
    assert labels["reasons"] == [None] * N + ["no-action"]
    same(labels["segments"], np.array([[0, N]]), "segments")
    same(labels["frames"], np.arange(N + 1), "frames")
    assert np.isnan(labels["actions"][N]).all() and np.isnan(labels["deviations"][N])
    assert 0 < labels["deviations"][:N].mean() < 3
    # What other functions say of the same frames and actions.
    track = pusht_start.track(FRAMES)
    same(labels["states"], np.hstack([track["agent"], track["block"]]), "states")
    same(labels["agent_confidence"], track["agent_confidence"], "confidence")
    measures = labels["measures"]
    for name, found in pusht_start.smoothness(labels["actions"][:N]).items():
        assert measures[name] == found
    assert measures["directness"]["summary"]["median"] == pusht_start.directness(labels["actions"][:N])
    assert measures["deviation"] == pytest.approx(labels["deviations"][:N].astype(float).mean(), abs=1e-12)
    # `pusht label` on the same frames as PNG files.
    assert measures["velocity"]["mean"] == pytest.approx(9.787409774110838, abs=1e-9)
    assert measures["jerk"]["sd"] == pytest.approx(2.0987511226722004, abs=1e-9)
    assert measures["deviation"] == pytest.approx(0.7997429940237928, abs=1e-9)


def test_labels_at_other_rates():
    plain = pusht_start.label(FRAMES, fps=10)
    twice = pusht_start.label(np.repeat(FRAMES, 2, axis=0), fps=20)
    same(twice["actions"], plain["actions"], "actions")
    same(twice["frames"], 2 * np.arange(N + 1), "frames")
    slow = pusht_start.label(FRAMES[::2], fps=5)
    assert len(slow["actions"]) == 2 * len(FRAMES[::2])
    assert not slow["trusted"].any() and slow["reasons"].count("repeated") > N / 2
    assert slow["measures"] is None and slow["segments"].shape == (0, 2)
    same(pusht_start.label(FRAMES, fps=np.float64(10))["actions"], plain["actions"], "actions")


def test_labels_of_frames_of_any_size_and_layout():
    large = pusht_start.label(pusht_start.render(STATES, width=256, height=256), fps=10)
    assert np.abs(large["registration"]["scale"] - 0.5).max() < 0.005
    assert pusht_start.l2(large["actions"][:-1], ACTIONS)["mean"] < 3
    plain = pusht_start.label(FRAMES, fps=10)
    same(pusht_start.label(np.asfortranarray(FRAMES), fps=10)["actions"], plain["actions"], "actions")
    same(pusht_start.label(FRAMES[::-1][::-1], fps=10)["actions"], plain["actions"], "actions")


def hidden_agent(first, last):
    states = STATES.copy()
    states[first : last + 1, :2] = -100
    return pusht_start.render(states)


def test_frames_without_an_agent_are_not_trusted():
    labels = pusht_start.label(hidden_agent(20, 22), fps=10)
    # The action before shows its effect in the first of them, the one after begins in the last.
    expected = [None] * (N + 1)
    expected[19:24] = ["no-agent"] * 5
    expected[N] = "no-action"
    assert labels["reasons"] == expected
    same(labels["segments"], np.array([[0, 19], [24, N]]), "segments")
    assert np.isnan(labels["states"][20:23, :2]).all() and np.isfinite(labels["states"][20:23, 2:]).all()


def test_a_clean_clip_has_no_findings():
    audit = pusht_start.audit(FRAMES)
    assert audit["frames"] == N + 1 and audit["findings"] == [] and audit["suppressed"] == []
    scores = audit["scores"]
    assert [scores[name]["value"] for name in ("adherence", "responsibility", "physics")] == [2, 1, 5]
    assert audit["steps"]["moving"] == audit["steps"]["reproduced"] > 10
    assert audit["motion"]["pushed"] == audit["motion"]["path_length"]
    coverage = pusht_start.simulate(ACTIONS, seed=0)["coverage"]
    assert audit["progress"]["last_coverage"] == pytest.approx(coverage[-1], abs=0.03)
    assert audit["progress"]["solved"] is True
    # `pusht audit` on the same frames as PNG files.
    assert audit["motion"]["path_length"] == pytest.approx(355.50496442654946, abs=1e-9)
    assert audit["progress"]["mean_reward"] == pytest.approx(0.38031191297489, abs=1e-9)
    assert audit["steps"] == {"moving": 37, "reproduced": 37}
    twice = pusht_start.audit(np.repeat(FRAMES, 2, axis=0), fps=20)
    assert twice == audit
    slow = pusht_start.audit(FRAMES[::2], fps=5)
    assert slow["frames"] == len(FRAMES[::2])


def test_an_audit_finds_what_was_done():
    # The agent is far away, and the T moves by 5 px a frame.
    t = np.arange(20.0)[:, None]
    states = np.hstack([np.full((20, 2), 450.0), 150 + 4 * t, 200 + 3 * t, 0 * t])
    audit = pusht_start.audit(pusht_start.render(states))
    (finding,) = audit["findings"]
    assert finding["kind"] == "motion-without-contact" and finding["threshold"] == 8
    assert finding["value"] == pytest.approx(5 * 19, abs=2) and finding["worst"] == 19
    assert finding["frames"][1] == 19 and "moves without being pushed" in finding["text"]
    assert finding["simulated"] is None and len(finding["at"]) == 2
    assert audit["scores"]["responsibility"]["value"] == 0 and audit["motion"]["pushed"] == 0
    gone = pusht_start.audit(hidden_agent(20, 22))
    assert [(f["kind"], f["frames"], f["value"]) for f in gone["findings"]] == [("agent-gone", [20, 22], 1.0)]
    noise = np.random.default_rng(0).normal(0, 20, FRAMES.shape)
    noisy = pusht_start.audit(np.clip(FRAMES + noise, 0, 255).astype(np.uint8))
    assert "noise" in [f["kind"] for f in noisy["findings"]] and 10 < noisy["noise"] < 30
    # The T goes on alone after a push: the simulator has it elsewhere.
    states = STATES.copy()
    states[30:, 2:4] += np.minimum(np.arange(len(states) - 30), 10)[:, None] * [4.0, -3.0]
    kinds = {f["kind"]: f for f in pusht_start.audit(pusht_start.render(states))["findings"]}
    assert set(kinds["dynamics"]["simulated"]) == {"x", "y", "angle"}


def test_a_replay_is_the_simulator():
    replay = pusht_start.replay(FRAMES, ACTIONS, start_state=STATES[0])
    played = pusht_start.simulate(ACTIONS, state=STATES[0], reset_order="exact")["states"]
    same(replay["path"], played[1:], "path")
    assert replay["steps_to_divergence"] == N and replay["diverged"] is False
    track = pusht_start.track(FRAMES)
    agent = np.hypot(*(track["agent"][1:] - played[1:, :2]).T)
    block = np.hypot(*(track["block"][1:, :2] - played[1:, 2:4]).T)
    turn = np.abs((track["block"][1:, 2] - played[1:, 4] + np.pi) % (2 * np.pi) - np.pi)
    assert np.abs(replay["agent_error"] - agent).max() < 1e-9
    assert np.abs(replay["position_error"] - block).max() < 1e-9
    assert np.abs(replay["angle_error"] - turn).max() < 1e-9
    end = replay["end"]
    assert end["coverage_error"] == abs(end["clip_coverage"] - end["replay_coverage"]) < 0.05
    assert replay["start"]["frame"] == 0 and replay["start"]["velocity"] == [0, 0]


def test_a_replay_from_pixels_only():
    labels = pusht_start.label(FRAMES, fps=10)
    replay = pusht_start.replay(FRAMES, labels["actions"][:-1])
    assert not replay["diverged"] and replay["position_error"].max() < 20
    large = pusht_start.render(STATES, width=200, height=200)
    board = pusht_start.register(large)
    assert not pusht_start.replay(large, ACTIONS, registration=board, at_rest=True)["diverged"]
    # No action moves the T of a cross-fade.
    fade = np.linspace(0, 1, N + 1)[:, None, None, None]
    faded = ((1 - fade) * FRAMES[0] + fade * FRAMES[-1]).astype(np.uint8)
    # Nobody pushes the T where the clip has it.
    still = pusht_start.replay(FRAMES, np.tile(STATES[0, :2], (N, 1)), at_rest=True)
    assert still["diverged"] and still["steps_to_divergence"] < N
    assert still["simulated"]["length"] == 0 and still["shown"]["length"] > 20 and still["shown"]["pushes"] >= 1
    assert pusht_start.audit(faded)["findings"][0]["kind"] == "morph"


def test_l2():
    a = np.zeros((4, 2))
    b = np.array([[3, 4], [1, 0], [1, 0], [1, 0]])
    assert pusht_start.l2(a, b) == {"mean": 2.0, "sd": pytest.approx(3**0.5)}
    assert pusht_start.l2([a[:1], a[1:]], [b[:1], b[1:].tolist()]) == pusht_start.l2(a, b)
    assert pusht_start.l2(np.stack([a, a]), np.stack([b, b])) == pusht_start.l2(a, b)
    assert pusht_start.l2(a.astype(np.float32), b.astype(np.uint8))["mean"] == 2
    for one, two, text in [
        (a, b[:2], "4.*2|unequal|length"),
        ([a], [b, b], "number of trajectories"),
        (a, b * np.nan, "finite|NaN"),
        (a[:0], b[:0], "."),
        (np.zeros((3, 3)), np.zeros((3, 3)), r"shape \(n, 2\)"),
    ]:
        with pytest.raises(ValueError, match=text):
            pusht_start.l2(one, two)


NOISE = np.random.default_rng(0).integers(0, 255, (3, 96, 96, 3), np.uint8)


@pytest.mark.parametrize("call", [lambda f: pusht_start.label(f, 10), pusht_start.audit, lambda f: pusht_start.replay(f, ACTIONS)])
def test_frames_that_are_none(call):
    for bad, error, text in [
        (FRAMES.astype(np.float32), TypeError, "uint8.*float32"),
        (FRAMES.tolist(), TypeError, "uint8.*list"),
        (None, TypeError, "NoneType"),
        (FRAMES[0], ValueError, r"got one of shape \(96, 96, 3\)"),
        (FRAMES.transpose(0, 3, 1, 2), ValueError, "channels last"),
        (np.zeros((2, 0, 96, 3), np.uint8), ValueError, "shape"),
        (NOISE, ValueError, "shows no PushT board|none of the 3 frames shows both"),
        (FRAMES[:0], ValueError, "frames"),
    ]:
        with pytest.raises(error, match=text):
            call(bad)


def test_frames_of_nothing():
    white = np.full((20, 96, 96, 3), 255, np.uint8)
    for call in (lambda: pusht_start.label(white, 10), lambda: pusht_start.audit(white)):
        with pytest.raises(ValueError, match="gray or blank"):
            call()
    with pytest.raises(ValueError, match="none of the 20 frames shows both agent and T"):
        pusht_start.replay(white, ACTIONS[:5])
    # The board without agent and T, which are bluer than they are red.
    empty = FRAMES[:20].copy()
    empty[empty[..., 2].astype(int) - empty[..., 0] > 8] = 255
    labels = pusht_start.label(empty, 10)
    assert set(labels["reasons"]) == {"no-agent"} and np.isnan(labels["actions"]).all() and labels["measures"] is None
    kinds = [f["kind"] for f in pusht_start.audit(empty)["findings"]]
    assert kinds[:2] == ["agent-gone", "block-gone"]


def test_other_bad_input():
    for fps, error in [("10", TypeError), (9.5, TypeError), (True, TypeError), (None, TypeError), (0, ValueError), (-3, ValueError), (10**12, ValueError)]:
        for call in (lambda: pusht_start.label(FRAMES, fps), lambda: pusht_start.audit(FRAMES, fps=fps)):
            with pytest.raises(error, match="fps"):
                call()
    with pytest.raises(ValueError, match="1 frames at 10 per second; an action needs two"):
        pusht_start.label(FRAMES[:1], 10)
    with pytest.raises(ValueError, match="goal_pose"):
        pusht_start.label(FRAMES, 10, goal_pose=[1, np.nan, 2])
    for actions, text in [
        (np.zeros((N + 5, 2)), f"{N + 5} actions for {N + 1} frames"),
        (np.zeros((0, 2)), "no action"),
        (np.full((5, 2), np.nan), "finite"),
        (np.zeros((5, 3)), r"shape \(n, 2\)"),
    ]:
        with pytest.raises(ValueError, match=text):
            pusht_start.replay(FRAMES, actions)
    for kwargs, text in [
        ({"start_state": [1, 2, 3]}, "start_state"),
        ({"start_state": [1, 2, 3, 4, np.inf]}, "finite"),
        ({"goal_pose": [1, 2]}, "goal_pose"),
    ]:
        with pytest.raises(ValueError, match=text):
            pusht_start.replay(FRAMES, ACTIONS, **kwargs)
    with pytest.raises(ValueError, match="96"):
        pusht_start.replay(pusht_start.render(STATES, width=128, height=128), ACTIONS)
