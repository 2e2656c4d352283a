"""Reads event files back with TensorBoard itself.

PUSHT_EVENTS_OUT=/tmp/events cargo test --release -p training --test tensorboard
python3 -m venv /tmp/tb && /tmp/tb/bin/pip install tensorboard && /tmp/tb/bin/python read_events.py /tmp/events
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], purge_orphaned_data=True)
events.Reload()
scalars = [(e.step, round(e.value, 6)) for e in events.Scalars("loss/train")]
print(scalars)
assert scalars == [(0, 1.0), (10, 0.5), (20, 0.333333), (30, 7.0)], scalars
