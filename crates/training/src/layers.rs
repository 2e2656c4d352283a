//! Layers that training refuses.
//!
//! Burn has one random generator for the whole process. Two runs that draw from it in parallel disturb each other, so a
//! model that does is refused: everything random in a run must follow from the seed passed to its objective.

use burn::module::{Module, ModuleVisitor};

use crate::TrainingError;

/// Refuses models with Burn's dropout (which its attention and transformer layers contain as well).
pub(crate) fn refuse_drawing_layers<M: Module>(model: &M) -> Result<(), TrainingError> {
    match first_of_type(model, "Dropout") {
        Some(layer) => Err(TrainingError::SharedGenerator { layer }),
        None => Ok(()),
    }
}

/// The path of the first layer of this type.
pub(crate) fn first_of_type<M: Module>(model: &M, name: &str) -> Option<String> {
    let mut search = Search {
        container: format!("Struct:{name}"),
        path: Vec::new(),
        found: None,
    };
    model.visit(&mut search);
    search.found
}

struct Search {
    container: String,
    path: Vec<String>,
    found: Option<String>,
}

impl ModuleVisitor for Search {
    /// Called for every field of a module, with the type that contains it.
    fn enter_module(&mut self, name: &str, container_type: &str) {
        if container_type == self.container && self.found.is_none() {
            self.found = Some(self.path.join("."));
        }
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
}
