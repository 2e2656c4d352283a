//! Layers that draw from Burn's generator.
//!
//! Burn has one generator for the whole process. Two runs that draw from it side by side disturb each other, so a model
//! that does is refused: whatever is random in a run follows from the seed that its objective is handed.

use burn::module::{Module, ModuleVisitor};

use crate::TrainingError;

/// Refuses models with Burn's dropout (which its attention and transformer layers hold as well).
pub(crate) fn refuse_drawing_layers<M: Module>(model: &M) -> Result<(), TrainingError> {
    let mut search = Search::default();
    model.visit(&mut search);
    match search.found {
        Some(layer) => Err(TrainingError::SharedGenerator { layer }),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Search {
    path: Vec<String>,
    found: Option<String>,
}

impl ModuleVisitor for Search {
    /// Called for every field of a module, with the type that holds it.
    fn enter_module(&mut self, name: &str, container_type: &str) {
        if container_type == "Struct:Dropout" && self.found.is_none() {
            self.found = Some(self.path.join("."));
        }
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}
