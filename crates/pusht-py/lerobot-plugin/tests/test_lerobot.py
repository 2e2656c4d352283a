"""The environment within lerobot: found, made, evaluated. Needs lerobot with its extra diffusion, and this package installed."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("lerobot", reason="lerobot is not installed: pip install './lerobot-plugin[test]'")
pytest.importorskip("lerobot_env_pusht_start", reason="the package is not installed: pip install ./lerobot-plugin")

import pusht_start
import torch
from lerobot.envs import make_env, preprocess_observation
from lerobot.envs.configs import EnvConfig
from lerobot.envs.utils import env_to_policy_features
from lerobot.scripts.lerobot_eval import rollout
from lerobot.utils.import_utils import register_third_party_plugins

KINDS = {
    "pixels_agent_pos": {"observation.image": (3, 96, 96), "observation.state": (2,)},
    "environment_state_agent_pos": {"observation.environment_state": (16,), "observation.state": (2,)},
    "pixels": {"observation.image": (3, 96, 96)},
    "state": {"observation.state": (5,)},
}


def config(**kwargs):
    return EnvConfig.get_choice_class("pusht_start")(**kwargs)


def test_lerobot_finds_it():
    code = (
        "from lerobot.utils.import_utils import register_third_party_plugins as find\n"
        "from lerobot.envs.configs import EnvConfig\n"
        "find()\n"
        "print(EnvConfig.get_choice_class('pusht_start').__name__)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "PushTStartEnv"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use_async", [False, True])
def test_features_are_what_is_observed(kind, use_async):
    register_third_party_plugins()
    made = config(obs_type=kind)
    envs = make_env(made, n_envs=3, use_async_envs=use_async)["pusht_start"][0]
    observation, _ = envs.reset(seed=[0, 1, 2], options={"lerobot_new_rollout": True})
    seen = {key: tuple(value.shape[1:]) for key, value in preprocess_observation(observation).items()}
    features = env_to_policy_features(made)
    assert features.pop("action").shape == (2,)
    assert seen == {key: tuple(feature.shape) for key, feature in features.items()} == KINDS[kind]
    envs.close()


def test_unknown_kind_of_observation():
    with pytest.raises(ValueError, match="unknown obs_type 'smell'"):
        config(obs_type="smell")


def lerobot_eval(folder, kind, *arguments):
    """Runs the command with a random policy; the folder of its output, and what it printed."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
    from random_policy import save_policy

    save_policy(folder / "policy", KINDS[kind], down_dims=(16, 32), horizon=8, n_action_steps=4, num_inference_steps=4)
    command = [
        *(sys.executable, "-m", "lerobot.scripts.lerobot_eval", f"--policy.path={folder / 'policy'}", "--policy.device=cpu"),
        *("--env.type=pusht_start", f"--env.obs_type={kind}", f"--output_dir={folder / 'out'}", *arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "out", done.stderr


@pytest.mark.parametrize("kind", ["pixels_agent_pos", "environment_state_agent_pos"])
def test_lerobot_eval_with_a_batch(kind, tmp_path):
    """Batches, videos and the default of asynchronous environments, with which lerobot's own pusht ends in an error."""
    arguments = ["--env.episode_length=20", "--eval.n_episodes=5", "--eval.batch_size=3", "--seed=7"]
    out, printed = lerobot_eval(tmp_path, kind, *arguments)
    assert "does not have 'task_description'" not in printed
    info = json.loads((out / "eval_info.json").read_text())
    assert info["overall"]["n_episodes"] == 5
    # lerobot films the surplus episode of the last batch, too.
    assert len(info["overall"]["video_paths"]) == 6
    metrics = info["per_task"][0]["metrics"]
    assert len(metrics["sum_rewards"]) == 5
    assert np.isfinite(metrics["sum_rewards"]).all() and max(metrics["max_rewards"]) <= 1


def test_recorded_data_sets(tmp_path):
    """lerobot's own pusht cannot be recorded: its images have another size than it declares."""
    arguments = ["--env.episode_length=12", "--eval.n_episodes=2", "--eval.batch_size=2", "--eval.recording=true"]
    out, _ = lerobot_eval(tmp_path, "pixels_agent_pos", *arguments)
    for i in range(2):
        info = json.loads((out / "recordings" / "pusht_start_0" / f"env_{i}" / "meta" / "info.json").read_text())
        assert (info["total_episodes"], info["total_frames"], info["fps"]) == (1, 12, 10)
        assert info["features"]["pixels"]["shape"] == [96, 96, 3]


class Player(torch.nn.Module):
    """A policy that plays given actions."""

    def __init__(self, actions):
        super().__init__()
        self.actions = iter(torch.from_numpy(actions))

    def reset(self):
        pass

    def select_action(self, observation):
        return next(self.actions)


def test_sums_of_rewards_end_with_the_episode():
    """lerobot's mask counts the step after an episode, in which its own pusht is in the next one."""
    pytest.importorskip("gym_pusht", reason="gym-pusht is not installed: pip install 'lerobot[pusht]'")
    seeds = [0, 1, 2, 3]
    demonstrations = [pusht_start.expert_episode(seed) for seed in seeds]
    actions = np.stack(
        [np.pad(d["actions"], ((0, 300 - len(d["actions"])), (0, 0)), mode="edge") for d in demonstrations], axis=1
    ).astype(np.float32)
    same = lambda x: x
    sums = {}
    register_third_party_plugins()
    for name in ("pusht", "pusht_start"):
        made = EnvConfig.get_choice_class(name)(obs_type="environment_state_agent_pos")
        envs = make_env(made, n_envs=len(seeds))[name][0]
        played = rollout(envs, Player(actions), same, same, same, same, seeds=seeds)
        rewards, done = played["reward"].numpy(), played["done"].numpy()
        first = done.argmax(axis=1)
        assert played["success"].numpy().any(axis=1).all() and (first + 1 < done.shape[1]).any()
        steps = np.arange(done.shape[1])
        sums[name] = [(rewards * (steps <= first[:, None] + more)).sum(axis=1) for more in (0, 1)]
        envs.close()
    exact = sums["pusht"][0]
    assert abs(sums["pusht_start"][0] - exact).max() < 1e-9
    assert abs(sums["pusht_start"][1] - exact).max() < 1e-9
    assert (sums["pusht"][1] - exact).max() > 0.1
