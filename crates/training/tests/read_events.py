"""Reads the event files of a run with TensorBoard itself and compares them with the curve beside them.

cargo run --release -- train policy --data demos.jsonl --out RUN
python3 -m venv /tmp/tb && /tmp/tb/bin/pip install tensorboard && /tmp/tb/bin/python read_events.py RUN

Stop and resume the run, or kill it, before: what TensorBoard shows must be the curve all the same.
"""

import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
rows = [json.loads(line) for line in (run / "curve.jsonl").read_text().splitlines()]
events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0}, purge_orphaned_data=True)
events.Reload()
for tag, name in [("loss/train", "train_loss"), ("learning_rate", "learning_rate"), ("loss/valid", "valid_loss")]:
    expected = [(row["step"], row[name]) for row in rows if name in row]
    found = [(e.step, e.value) for e in events.Scalars(tag)] if expected else []
    assert [step for step, _ in found] == [step for step, _ in expected], (tag, found, expected)
    for (step, value), (_, exact) in zip(found, expected):
        assert abs(value - exact) <= 1e-6 * abs(exact), (tag, step, value, exact)
    print(f"{tag}: {len(found)} points, as in curve.jsonl")
