//! Smoothness, directness, action distance, summary statistics and bootstrap intervals of planar trajectories.
