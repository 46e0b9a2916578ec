//! Routes, registered once: for the router, and by name for the edge, which tells of a request by its route.

use axum::Router;
use axum::routing::MethodRouter;

use super::Web;

/// Routes and the templates of their paths.
#[derive(Default)]
pub struct Routes {
    router: Router<Web>,
    templates: Vec<&'static str>,
}

impl Routes {
    /// No route yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a path answers.
    #[must_use]
    pub fn route(mut self, template: &'static str, methods: MethodRouter<Web>) -> Self {
        self.templates.push(template);
        Self {
            router: self.router.route(template, methods),
            ..self
        }
    }

    /// Adds all routes of another part.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.templates.extend(other.templates);
        Self {
            router: self.router.merge(other.router),
            ..self
        }
    }

    /// The router, and the templates in the order of their registration.
    pub fn into_parts(self) -> (Router<Web>, Vec<&'static str>) {
        (self.router, self.templates)
    }
}
