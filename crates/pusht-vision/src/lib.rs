//! The state out of a PushT frame: agent position and T pose with confidence, and closed-form actions from tracks.
