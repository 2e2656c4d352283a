//! Checks of weights for NaN and infinity.

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};

/// The path of the first parameter that holds NaN or infinity.
pub(crate) fn first_not_finite<M: Module>(model: &M) -> Option<String> {
    search(model, false)
}

/// The path of the first trained parameter that holds NaN or infinity.
pub(crate) fn first_trained_not_finite<M: Module>(model: &M) -> Option<String> {
    search(model, true)
}

fn search<M: Module>(model: &M, trained_only: bool) -> Option<String> {
    let mut search = Search {
        trained_only,
        ..Search::default()
    };
    model.visit(&mut search);
    search.found
}

#[derive(Default)]
struct Search {
    trained_only: bool,
    path: Vec<String>,
    found: Option<String>,
}

impl ModuleVisitor for Search {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.found.is_some() || (self.trained_only && !param.is_require_grad()) {
            return;
        }
        let finite = param
            .val()
            .without_autodiff()
            .try_into_vec_as::<f32>()
            .is_ok_and(|values| values.iter().all(|value| value.is_finite()));
        if !finite {
            self.found = Some(self.path.join("."));
        }
    }
}
