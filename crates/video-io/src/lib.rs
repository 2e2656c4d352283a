//! MP4 (H.264), GIF and PNG folders out, from a stream of RGB frames.
