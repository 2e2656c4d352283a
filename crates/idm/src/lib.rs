//! Inverse dynamics for PushT: the closed form, a learned model, chunk reduction, labelling.
