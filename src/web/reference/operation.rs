//! One operation, as its file describes it.

use axum::http::Method;
use serde_json::Value;

use super::Schema;
use crate::domain::{Code, KeyScope};

/// Which credential a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None: anybody may call.
    Nothing,
    /// A partner key in `X-PARTNER-API-KEY`.
    PartnerKey,
    /// A server key in `Authorization`, with this scope if the call needs one.
    ServerKey(Option<KeyScope>),
    /// A user's token in `Authorization`.
    UserToken,
    /// A client secret in `x-client-secret`, or an app's id in `x-app-id`.
    App,
    /// A client secret in `x-client-secret`.
    ClientSecret,
    /// An app as above, and the access token of a log-in to it in `Authorization`.
    AppAndAccessToken,
    /// An app as above, and a wallet token of a log-in to it in `Authorization`.
    AppAndWalletToken,
}

/// What a call answers when it did what it was asked.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What it means.
    pub says: &'static str,
    /// The body.
    pub schema: Schema,
    /// Bodies to show, each under a name, made from the types that the handler answers with.
    pub examples: Vec<(&'static str, Value)>,
}

/// A parameter of a path or a query.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// `path` or `query`.
    pub place: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub schema: Schema,
}

/// What a call takes as its body.
#[derive(Debug, Clone)]
pub struct Body {
    /// The media types that are read.
    pub media: &'static [&'static str],
    /// What it has to hold.
    pub schema: Schema,
    /// A body to show.
    pub example: Value,
    /// Whether the call needs one.
    pub required: bool,
}

/// One operation: what it is for, what it takes, what it answers.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What generated clients call it.
    pub id: &'static str,
    /// One line.
    pub summary: String,
    /// More, in Markdown.
    pub description: String,
    /// The credential.
    pub takes: Takes,
    /// Whether another call should take its place.
    pub deprecated: bool,
    /// Whether it reads `Idempotency-Key`.
    pub repeatable: bool,
    /// Variable parts of the path, and the query.
    pub parameters: Vec<Parameter>,
    /// The body, if it reads one.
    pub body: Option<Body>,
    /// The answers.
    pub answers: Vec<Answer>,
    /// The media type of the answers.
    pub answers_with: &'static str,
    /// The refusals of its own, beside those that its credential, its body and the edge bring with them.
    pub refuses: Vec<Code>,
}

/// An event as webhooks are told of it.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its name.
    pub name: &'static str,
    /// When it happens.
    pub says: &'static str,
    /// The body.
    pub schema: Schema,
    /// A body to show.
    pub example: Value,
}

/// An operation with the route that it is registered at.
#[derive(Clone)]
pub struct Registered {
    /// The method.
    pub method: Method,
    /// The template of the path.
    pub template: &'static str,
    /// What it does.
    pub operation: Operation,
}

const JSON: &[&str] = &["application/json"];

impl Operation {
    /// An operation whose description is the comment at the top of its file, which `include_str!` reads: the first
    /// line, past the address, is the summary.
    #[must_use]
    pub fn new(id: &'static str, source: &'static str) -> Self {
        let comment = source.lines().map_while(|line| line.strip_prefix("//!"));
        let comment: Vec<&str> = comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let text = comment.join("\n");
        let (head, description) = text.split_once("\n\n").unwrap_or((&text, ""));
        let (_, summary) = head.split_once("`: ").unwrap_or(("", head));
        Self::saying(id, &summary.replace('\n', " "), description)
    }

    /// An operation that shares its file with another.
    #[must_use]
    pub fn saying(id: &'static str, summary: &str, description: &str) -> Self {
        let summary = summary.trim_end_matches('.');
        let mut letters = summary.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        Self {
            id,
            summary: first.unwrap_or_default() + letters.as_str(),
            description: description.to_owned(),
            takes: Takes::Nothing,
            deprecated: false,
            repeatable: false,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            answers_with: "application/json",
            refuses: Vec::new(),
        }
    }

    /// Which credential it takes.
    #[must_use]
    pub fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    /// Another call should take its place.
    #[must_use]
    pub fn deprecated(self) -> Self {
        Self {
            deprecated: true,
            ..self
        }
    }

    /// It reads `Idempotency-Key`.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self {
            repeatable: true,
            ..self
        }
    }

    /// A variable part of its path.
    #[must_use]
    pub fn path(mut self, name: &'static str, schema: Schema) -> Self {
        self.parameters.push(Parameter {
            place: "path",
            name,
            schema,
        });
        self
    }

    /// A parameter of its query, which may be left out.
    #[must_use]
    pub fn query(mut self, name: &'static str, schema: Schema) -> Self {
        self.parameters.push(Parameter {
            place: "query",
            name,
            schema,
        });
        self
    }

    /// The JSON object that it needs, and one to show.
    #[must_use]
    pub fn body(self, schema: Schema, example: Value) -> Self {
        self.with_body(JSON, schema, example, true)
    }

    /// The JSON object that it reads if there is one.
    #[must_use]
    pub fn optional_body(self, schema: Schema, example: Value) -> Self {
        self.with_body(JSON, schema, example, false)
    }

    /// The form or the JSON object that it needs.
    #[must_use]
    pub fn form_or_json(self, schema: Schema, example: Value) -> Self {
        let media = &["application/x-www-form-urlencoded", "application/json"];
        self.with_body(media, schema, example, true)
    }

    /// The form with a file, or the JSON object, that it needs.
    #[must_use]
    pub fn multipart_or_json(self, schema: Schema, example: Value) -> Self {
        let media = &["multipart/form-data", "application/json"];
        self.with_body(media, schema, example, true)
    }

    fn with_body(self, media: &'static [&'static str], schema: Schema, example: Value, required: bool) -> Self {
        Self {
            body: Some(Body {
                media,
                schema,
                example,
                required,
            }),
            ..self
        }
    }

    /// What it answers when it did what it was asked, and one such body.
    #[must_use]
    pub fn answers(mut self, status: u16, says: &'static str, schema: Schema, example: Value) -> Self {
        self.answers.push(Answer {
            status,
            says,
            schema,
            examples: vec![("usual", example)],
        });
        self
    }

    /// What it answers is a stream of server-sent events that looks like this.
    #[must_use]
    pub fn streams(self, says: &'static str, example: Value) -> Self {
        Self {
            answers_with: "text/event-stream",
            ..self.answers(200, says, Schema::text(), example)
        }
    }

    /// Another body of the answer described last.
    #[must_use]
    pub fn or(mut self, name: &'static str, example: Value) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.examples.push((name, example));
        }
        self
    }

    /// Its own refusals. Those of the credential, the body and the edge are added to them.
    #[must_use]
    pub fn refuses(self, codes: &[Code]) -> Self {
        Self {
            refuses: codes.to_vec(),
            ..self
        }
    }

    /// Every refusal, in the order of the table.
    #[must_use]
    pub fn refusals(&self, counted: bool) -> Vec<Code> {
        let mut codes = self.refuses.clone();
        codes.extend([Code::UnknownHost, Code::Internal, Code::Unavailable, Code::Timeout]);
        if counted {
            codes.push(Code::RateLimited);
        }
        if self.takes != Takes::Nothing {
            codes.push(Code::Unauthorized);
        }
        // A scope that is lacking; an app that version 1 is switched off for.
        if matches!(
            self.takes,
            Takes::ServerKey(Some(_))
                | Takes::App
                | Takes::ClientSecret
                | Takes::AppAndAccessToken
                | Takes::AppAndWalletToken
        ) {
            codes.push(Code::Forbidden);
        }
        if self.body.is_some() {
            codes.extend([
                Code::Validation,
                Code::MalformedBody,
                Code::PayloadTooLarge,
                Code::UnsupportedMediaType,
            ]);
        }
        if self.repeatable {
            codes.extend([
                Code::Validation,
                Code::MalformedBody,
                Code::PayloadTooLarge,
                Code::Conflict,
                Code::IdempotencyMismatch,
            ]);
        }
        if self.parameters.iter().any(|parameter| parameter.place == "query") {
            codes.push(Code::Validation);
        }
        Code::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
    }
}
