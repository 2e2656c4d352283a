//! Behaviour cloning policies for PushT: CNN, ResNet-18 and a small policy on tracked state.
