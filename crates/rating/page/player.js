// Plays a clip frame by frame.
