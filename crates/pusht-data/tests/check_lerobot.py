"""Reads a LeRobot data set that pusht-data wrote with other people's readers. Needs: pip install pyarrow av numpy

    python check_lerobot.py DIR     # also with LeRobot itself, where it is installed (0.4 or newer)
"""

import json
import pathlib
import sys

import av
import numpy as np
import pyarrow.parquet as pq

root = pathlib.Path(sys.argv[1])
info = json.loads((root / "meta/info.json").read_text())
rows = pq.read_table(root / "data/chunk-000/file-000.parquet")
episodes = pq.read_table(root / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
tasks = pq.read_table(root / "meta/tasks.parquet")
assert "pandas" in {k.decode() for k in tasks.schema.metadata}, tasks.schema.metadata
assert info["total_frames"] == rows.num_rows and info["total_episodes"] == len(episodes)
assert np.allclose(rows["timestamp"], np.array(rows["frame_index"]) / info["fps"])
assert rows["index"].to_pylist() == list(range(rows.num_rows))
actions = np.array(rows["action"].to_pylist())
assert actions.shape == (rows.num_rows, 2) and np.isfinite(actions).all()
for e in episodes:
    key = "videos/observation.image/"
    path = info["video_path"].format(
        video_key="observation.image", chunk_index=e[key + "chunk_index"], file_index=e[key + "file_index"]
    )
    with av.open(str(root / path)) as video:
        frames = list(video.decode(video=0))
    assert len(frames) == e["length"] == e["dataset_to_index"] - e["dataset_from_index"], (path, len(frames), e)
    assert all(abs(float(f.pts * f.time_base) - i / info["fps"]) < 1e-6 for i, f in enumerate(frames)), path
print(f"pyarrow, av: {len(episodes)} episodes, {rows.num_rows} frames")

try:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
except ImportError:
    sys.exit("lerobot is not installed: not checked with it")
data = LeRobotDataset("local/pusht", root=root, video_backend="pyav")
assert data.num_frames == rows.num_rows and data.num_episodes == len(episodes)
for i in sorted({0, len(data) // 2, len(data) - 1}):
    item = data[i]
    assert item["observation.image"].shape[0] == 3 and np.allclose(item["action"], actions[i])
print(f"lerobot: {data.num_episodes} episodes, item keys {sorted(item)}")
