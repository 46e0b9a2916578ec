//! Routes, registered once: for the router, by name for the edge, which tells of a request by its route, and with
//! their description for the reference.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};

use super::Web;
use super::reference::{Operation, Registered};

/// Routes, the templates of their paths, and what the operations of the API do.
#[derive(Default)]
pub struct Routes {
    router: Router<Web>,
    templates: Vec<&'static str>,
    operations: Vec<Described>,
}

/// An operation by its method and template, and what describes it.
type Described = (Method, &'static str, fn() -> Operation);

impl Routes {
    /// No route yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a path answers; further methods of a path may follow.
    #[must_use]
    pub fn route(mut self, template: &'static str, methods: MethodRouter<Web>) -> Self {
        if !self.templates.contains(&template) {
            self.templates.push(template);
        }
        Self {
            router: self.router.route(template, methods),
            ..self
        }
    }

    /// Adds a `GET` of the API.
    #[must_use]
    pub fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, Web>, doc: fn() -> Operation) -> Self {
        self.operation(Method::GET, path, routing::get(handler), doc)
    }

    /// Adds a `POST` of the API.
    #[must_use]
    pub fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, Web>, doc: fn() -> Operation) -> Self {
        self.operation(Method::POST, path, routing::post(handler), doc)
    }

    /// Adds a `PUT` of the API.
    #[must_use]
    pub fn put<T: 'static>(self, path: &'static str, handler: impl Handler<T, Web>, doc: fn() -> Operation) -> Self {
        self.operation(Method::PUT, path, routing::put(handler), doc)
    }

    /// Adds a `DELETE` of the API.
    #[must_use]
    pub fn delete<T: 'static>(self, path: &'static str, handler: impl Handler<T, Web>, doc: fn() -> Operation) -> Self {
        self.operation(Method::DELETE, path, routing::delete(handler), doc)
    }

    fn operation(
        self,
        method: Method,
        template: &'static str,
        methods: MethodRouter<Web>,
        doc: fn() -> Operation,
    ) -> Self {
        let mut routes = self.route(template, methods);
        routes.operations.push((method, template, doc));
        routes
    }

    /// Adds all routes of another part.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.templates.extend(other.templates);
        self.operations.extend(other.operations);
        Self {
            router: self.router.merge(other.router),
            ..self
        }
    }

    /// What the operations of the API do, in the order of their registration.
    #[must_use]
    pub fn operations(&self) -> Vec<Registered> {
        let described = |(method, template, doc): &Described| Registered {
            method: method.clone(),
            template,
            operation: doc(),
        };
        self.operations.iter().map(described).collect()
    }

    /// The router, and the templates in the order of their registration.
    pub fn into_parts(self) -> (Router<Web>, Vec<&'static str>) {
        (self.router, self.templates)
    }
}
