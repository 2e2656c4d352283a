//! The experiment: does generated video help a PushT policy? Configuration, stages, arms, manifest, resume.
