//! Operations put together to OpenAPI documents, one for each surface.

use serde_json::{Map, Value, json};

use super::components::{common_headers, headers, idempotency_key, security_schemes};
use super::failures;
use super::operation::{Answer, Body, Hook, Operation, Parameter, Registered, Takes};
use crate::config;
use crate::domain::EnvironmentKind;
use crate::web::Surface;

/// The document of one surface.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its name: `openapi/<name>.json`.
    pub name: &'static str,
    /// What the surface is called.
    pub title: &'static str,
    /// The document.
    pub json: Value,
    /// Its operations, in the order of the table of routes.
    pub index: Vec<IndexEntry>,
}

/// One line of a document's index.
#[derive(Debug, Clone)]
pub struct IndexEntry {
    /// The method.
    pub method: String,
    /// The template of the path.
    pub path: &'static str,
    /// What the operation does.
    pub summary: String,
}

/// An address that the API is called at.
#[derive(Debug, Clone)]
pub struct Server {
    /// Scheme and host.
    pub url: String,
    /// Which environments answer there.
    pub says: &'static str,
}

struct About {
    surface: Surface,
    name: &'static str,
    title: &'static str,
    says: &'static str,
}

const ABOUT: [About; 3] = [
    About {
        surface: Surface::Partner,
        name: "partner",
        title: "Aboard: Partners API",
        says: "For a partner's platform that brings its users aboard. The key of the call decides the environment. \
               Answers are bare objects; unknown fields of a request are ignored. A body is one JSON object in UTF-8 \
               of at most 32 levels and 10,000 values, with no key twice and no NUL.",
    },
    About {
        surface: Surface::Users,
        name: "users",
        title: "Aboard: Users API",
        says: "For the back end of the organization that runs this server, and for whoever checks its tokens. The key \
               of the call decides the environment. Answers stand in an envelope; unknown fields of a request are \
               ignored. A body is one JSON object in UTF-8 of at most 32 levels and 10,000 values, with no key twice \
               and no NUL.",
    },
    About {
        surface: Surface::Wallet,
        name: "wallet",
        title: "Aboard: Wallet API",
        says: "For the organization's own apps: log-ins, and what follows from them. The app of the call decides the \
               environment. Answers are `{\"status\",\"message\",\"data\"}`; unknown fields of a request are ignored. \
               Version 2 is for everybody, version 1 for clients that were written for it; a token opens the calls of its \
               own version. A body is one JSON object in UTF-8 of at most 32 levels and 10,000 values, with no key twice \
               and no NUL.",
    },
];

/// Where the API is called, by the configuration: at the public URL, and at the hosts that stand for one kind of
/// environment.
#[must_use]
pub fn servers(public_url: &str, settings: &config::Server) -> Vec<Server> {
    let scheme = public_url.split_once("://").map_or("https", |(scheme, _)| scheme);
    let pinned = [
        (EnvironmentKind::Sandbox, "Sandbox keys alone"),
        (EnvironmentKind::Production, "Production keys alone"),
    ];
    let mut servers = vec![Server {
        url: public_url.trim_end_matches('/').to_owned(),
        says: "Sandbox and production: the key decides",
    }];
    for (kind, says) in pinned {
        if let Some(host) = settings.pinned_host(kind) {
            let url = format!("{scheme}://{host}");
            servers.push(Server { url, says });
        }
    }
    servers
}

/// The documents of all operations and of the events that webhooks are told of. Those that belong to no surface of the API are public and stand with the users
/// surface, whose tokens they are about.
#[must_use]
pub fn documents(operations: &[Registered], hooks: &[Hook], servers: &[Server]) -> Vec<Document> {
    let is_of = |surface: Surface, registered: &&Registered| match Surface::of(registered.template) {
        Surface::Issuers => surface == Surface::Users,
        own => surface == own,
    };
    ABOUT
        .iter()
        .map(|about| {
            let own: Vec<&Registered> = operations.iter().filter(|one| is_of(about.surface, one)).collect();
            let hooks = if about.surface == Surface::Users { hooks } else { &[] };
            document(about, &own, hooks, servers)
        })
        .collect()
}

fn document(about: &About, operations: &[&Registered], hooks: &[Hook], servers: &[Server]) -> Document {
    let (mut paths, mut responses, mut schemas) = (Map::new(), Map::new(), Map::new());
    let mut define = |named: &[(&'static str, Value)]| {
        for (name, schema) in named {
            schemas.entry(*name).or_insert_with(|| schema.clone());
        }
    };
    define(failures::schema(about.surface).definitions());
    for Registered {
        method,
        template,
        operation,
    } in operations
    {
        let surface = Surface::of(template);
        let path = paths.entry(*template).or_insert_with(|| json!({}));
        let mut shown = described(surface, operation, &mut responses);
        // Both versions of a call have one description, and generated clients a name for each.
        if surface == Surface::Wallet && template.starts_with("/api/v1/") {
            shown["operationId"] = format!("{}V1", operation.id).into();
        }
        path[method.as_str().to_lowercase()] = shown;
        operation
            .parameters
            .iter()
            .for_each(|one| define(one.schema.definitions()));
        operation
            .answers
            .iter()
            .for_each(|one| define(one.schema.definitions()));
        operation.body.iter().for_each(|one| define(one.schema.definitions()));
    }
    let mut told = Map::new();
    for hook in hooks {
        define(hook.schema.definitions());
        told.insert(hook.name.to_owned(), json!({ "post": described_hook(hook) }));
    }
    let servers: Vec<Value> = servers
        .iter()
        .map(|server| json!({ "url": server.url, "description": server.says }))
        .collect();
    let mut json = json!({
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": about.says,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": servers,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": headers(),
            "parameters": { "Idempotency-Key": idempotency_key() },
            "securitySchemes": security_schemes(about.surface),
        },
    });
    if !told.is_empty() {
        json["webhooks"] = told.into();
    }
    let index = operations
        .iter()
        .map(|one| IndexEntry {
            method: one.method.to_string(),
            path: one.template,
            summary: one.operation.summary.clone(),
        })
        .collect();
    Document {
        name: about.name,
        title: about.title,
        json,
        index,
    }
}

fn described(surface: Surface, operation: &Operation, responses: &mut Map<String, Value>) -> Value {
    let mut shown = json!({ "operationId": operation.id, "summary": operation.summary });
    if operation.deprecated {
        shown["deprecated"] = true.into();
    }
    let mut description = operation.description.clone();
    if let Takes::ServerKey(Some(scope)) = operation.takes {
        description = format!("{description}\n\nThe key needs the scope `{}`.", scope.as_str());
    }
    if !description.is_empty() {
        shown["description"] = description.trim().into();
    }
    let mut parameters: Vec<Value> = operation.parameters.iter().map(parameter).collect();
    if operation.repeatable {
        parameters.push(json!({ "$ref": "#/components/parameters/Idempotency-Key" }));
    }
    if !parameters.is_empty() {
        shown["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        shown["requestBody"] = request_body(body);
    }
    shown["security"] = match operation.takes {
        Takes::Nothing => json!([]),
        Takes::PartnerKey => json!([{ "PartnerKey": [] }]),
        Takes::ServerKey(_) => json!([{ "ServerKey": [] }]),
        Takes::UserToken => json!([{ "UserToken": [] }]),
        Takes::App => json!([{ "ClientSecret": [] }, { "AppId": [] }]),
        Takes::ClientSecret => json!([{ "ClientSecret": [] }]),
        Takes::AppAndAccessToken => {
            json!([{ "ClientSecret": [], "AccessToken": [] }, { "AppId": [], "AccessToken": [] }])
        }
        Takes::AppAndWalletToken => {
            json!([{ "ClientSecret": [], "WalletToken": [] }, { "AppId": [], "WalletToken": [] }])
        }
    };
    let mut answers = Map::new();
    for answer in &operation.answers {
        answers.insert(answer.status.to_string(), success(surface, operation, answer));
    }
    let codes = operation.refusals(surface.is_counted());
    let mut statuses: Vec<u16> = codes.iter().map(|code| failures::status(surface, *code)).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let same = |code: &&_| failures::status(surface, **code) == status;
        let group: Vec<_> = codes.iter().filter(same).copied().collect();
        // The same refusal with other headers.
        let public = if surface.is_counted() { "" } else { "Public" };
        let name = failures::name(&group) + public;
        answers.insert(
            status.to_string(),
            json!({ "$ref": format!("#/components/responses/{name}") }),
        );
        responses
            .entry(name)
            .or_insert_with(|| failures::response(surface, &group, common_headers(surface)));
    }
    shown["responses"] = answers.into();
    shown
}

/// What a receiver of webhooks gets and answers.
fn described_hook(hook: &Hook) -> Value {
    let header = |name: &str, says: &str| json!({ "name": name, "in": "header", "required": true, "description": says, "schema": { "type": "string" } });
    json!({
        "operationId": format!("on.{}", hook.name),
        "summary": hook.says,
        "security": [],
        "parameters": [
            header("webhook-id", "The event's id, the same for every attempt."),
            header("webhook-timestamp", "Unix seconds of this attempt."),
            header("webhook-signature", "Signatures of Standard Webhooks, `v1,…` and `v1a,…`."),
            header("Waffy-Signature", "`sha256=` and the HMAC-SHA256 of the raw body in lower-case hex."),
        ],
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": hook.schema.value(), "examples": { "usual": { "value": hook.example } },
            } },
        },
        "responses": {
            "2XX": { "description": "It arrived. Anything else is tried again." },
            "410": { "description": "The webhook is switched off." },
        },
    })
}

fn parameter(parameter: &Parameter) -> Value {
    let mut schema = parameter.schema.value().clone();
    let says = schema
        .as_object_mut()
        .and_then(|schema| schema.shift_remove("description"));
    let mut shown = json!({
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "schema": schema,
    });
    if let Some(says) = says {
        shown["description"] = says;
    }
    shown
}

fn request_body(body: &Body) -> Value {
    let content: Map<String, Value> = body
        .media
        .iter()
        .map(|media| {
            let shown = json!({ "schema": body.schema.value(), "examples": { "usual": { "value": body.example } } });
            ((*media).to_owned(), shown)
        })
        .collect();
    json!({ "required": body.required, "content": content })
}

fn success(surface: Surface, operation: &Operation, answer: &Answer) -> Value {
    let mut headers = common_headers(surface);
    if operation.repeatable {
        let replayed = json!({ "$ref": "#/components/headers/Idempotent-Replayed" });
        headers.insert("Idempotent-Replayed".to_owned(), replayed);
    }
    if surface == Surface::Issuers {
        let kept = json!({ "description": "How long a copy may be kept.", "schema": { "type": "string" } });
        headers.insert("Cache-Control".to_owned(), kept);
    }
    let examples: Map<String, Value> = answer
        .examples
        .iter()
        .map(|(name, example)| ((*name).to_owned(), json!({ "value": example })))
        .collect();
    json!({
        "description": answer.says,
        "headers": headers,
        "content": { operation.answers_with: { "schema": answer.schema.value(), "examples": examples } },
    })
}
