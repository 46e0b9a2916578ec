//! The OpenAPI documents, as a judge of answers.

use std::collections::BTreeMap;

use aboard::api;
use aboard::web::reference::{Document, Server};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::client::Answer;

/// How a schema names another.
const SCHEMAS: &str = "#/components/schemas/";

/// The documents of a server at this address.
pub fn documents(url: &str) -> Vec<Document> {
    api::documents(&[Server {
        url: url.to_owned(),
        says: "The server under test",
    }])
}

/// One operation of a document.
pub struct Operation {
    pub document: &'static str,
    pub method: String,
    pub path: String,
    pub id: String,
    pub json: Value,
    /// What each status may answer: the media type, and for JSON the schema of the body.
    answers: BTreeMap<u16, (String, Option<Validator>)>,
    headers: BTreeMap<u16, Vec<String>>,
}

/// Every operation of every document.
pub fn operations() -> Vec<Operation> {
    documents("https://id.example.com")
        .iter()
        .flat_map(|document| {
            let paths = document.json["paths"].as_object().expect("paths");
            paths.iter().flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods");
                methods
                    .iter()
                    .map(|(method, json)| operation(document, path, method, json))
            })
        })
        .collect()
}

fn operation(document: &Document, path: &str, method: &str, json: &Value) -> Operation {
    let (mut answers, mut headers) = (BTreeMap::new(), BTreeMap::new());
    for (status, response) in json["responses"].as_object().expect("responses") {
        let status: u16 = status.parse().expect("a status");
        let response = resolved(document, response);
        let content = response["content"].as_object().expect("a body");
        let (media, body) = content.iter().next().expect("one media type");
        let schema = (media == "application/json").then(|| validator(document, &body["schema"], true));
        answers.insert(status, (media.clone(), schema));
        let known = response["headers"].as_object().expect("headers").iter();
        let required = known.filter(|(_, header)| resolved(document, header)["required"] == true);
        headers.insert(status, required.map(|(name, _)| name.to_lowercase()).collect());
    }
    Operation {
        document: document.name,
        method: method.to_uppercase(),
        path: path.to_owned(),
        id: json["operationId"].as_str().expect("an id").to_owned(),
        json: json.clone(),
        answers,
        headers,
    }
}

/// What a value stands for, if it is a reference.
pub fn resolved<'d>(document: &'d Document, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        None => value,
        Some(pointer) => document
            .json
            .pointer(&pointer[1..])
            .unwrap_or_else(|| panic!("{pointer}")),
    }
}

/// A judge by a schema of the document. A closed one also refuses fields that no schema names: what is answered has
/// to be described.
pub fn validator(document: &Document, schema: &Value, closed: bool) -> Validator {
    let mut schemas = Map::new();
    named(document, schema, &mut schemas);
    let mut root = json!({ "components": { "schemas": schemas }, "allOf": [schema] });
    if closed {
        close(&mut root["components"]["schemas"]);
        close(&mut root["allOf"]);
    }
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&root).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// The schemas of the document that this one names, and those that they name: a judge of all of them takes long to make.
fn named(document: &Document, schema: &Value, schemas: &mut Map<String, Value>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|one| named(document, one, schemas)),
        Value::Object(map) => {
            let name = map
                .get("$ref")
                .and_then(|pointer| pointer.as_str()?.strip_prefix(SCHEMAS));
            if let Some(name) = name.filter(|name| !schemas.contains_key(*name)) {
                let schema = &document.json["components"]["schemas"][name];
                schemas.insert(name.to_owned(), schema.clone());
                named(document, schema, schemas);
            }
            map.values().for_each(|one| named(document, one, schemas));
        }
        _ => {}
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(map) => {
            map.values_mut().for_each(close);
            let is_open = |map: &Map<String, Value>| {
                map.get("type") == Some(&json!("object"))
                    && map.contains_key("properties")
                    && !map.contains_key("additionalProperties")
            };
            if is_open(map) {
                map.insert("additionalProperties".to_owned(), false.into());
            }
        }
        _ => {}
    }
}

impl Operation {
    /// The names of what its body may hold.
    pub fn fields(&self, document: &Document) -> Vec<String> {
        let content = self.json["requestBody"]["content"].as_object();
        let schema = content.and_then(|content| content.values().next());
        let schema = schema.map(|body| resolved(document, &body["schema"]));
        let names = schema.and_then(|schema| schema["properties"].as_object());
        names.map_or_else(Vec::new, |names| names.keys().cloned().collect())
    }

    /// The names of its query's parameters.
    pub fn parameters(&self) -> Vec<String> {
        let parameters = self.json["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let of_query = parameters.iter().filter(|one| one["in"] == "query");
        of_query
            .map(|one| one["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// The credential it takes, by the name of its scheme.
    pub fn takes(&self) -> Option<&str> {
        let schemes = self.json["security"][0].as_object()?;
        schemes.keys().next().map(String::as_str)
    }

    /// The answer's status, media type, headers and body are those of the document.
    #[track_caller]
    pub fn assert_documented(&self, answer: &Answer, what: &dyn std::fmt::Debug) {
        let here = format!("{} {}: {what:?}: {answer:?}", self.method, self.path);
        let (media, schema) = self
            .answers
            .get(&answer.status)
            .unwrap_or_else(|| panic!("not documented: {here}"));
        assert!(answer.status < 500, "{here}");
        assert!(answer.header("content-type").starts_with(media), "{here}");
        for name in &self.headers[&answer.status] {
            assert!(!answer.header(name).is_empty(), "{name}: {here}");
        }
        if let Some(schema) = schema
            && let Err(error) = schema.validate(&answer.json())
        {
            panic!("{error} at {}: {here}", error.instance_path());
        }
    }
}
