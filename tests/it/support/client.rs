//! Callers of the server under test: an integrator with a key, a person's browser, somebody without anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A caller with headers of its own. A browser also keeps cookies; clones of it share them.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(&'static str, String)>,
    jar: Option<Jar>,
}

/// Cookies by name. Unlike a real browser's jar it sends `Secure` ones over http; Chromium walks the rest.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<BTreeMap<String, String>>>);

/// A client for addresses of this machine: it reads no certificates, which costs more than a call.
pub fn plain_http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().tls_certs_only([])
}

impl Client {
    /// Somebody without a key.
    pub fn new(base: &str) -> Self {
        let http = plain_http().redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().expect("a client"),
            base: base.to_owned(),
            headers: Vec::new(),
            jar: None,
        }
    }

    /// The same caller with one more header on each request.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut caller = self.clone();
        caller.headers.push((name, value.to_owned()));
        caller
    }

    /// The same caller with an empty cookie jar.
    pub fn browser(&self) -> Self {
        Self {
            jar: Some(Jar::default()),
            ..self.clone()
        }
    }

    /// The cookies of a browser, by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        let jar = self.jar.as_ref().expect("a browser");
        jar.0.lock().expect("no test panicked here").clone()
    }

    /// A request to a path, or to a whole address of this server.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(jar) = &self.jar {
            let jar = jar.0.lock().expect("no test panicked here");
            let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if !pairs.is_empty() {
                request = request.header("cookie", pairs.join("; "));
            }
        }
        Call {
            request,
            jar: self.jar.clone(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send().await
    }

    /// A POST of a form's fields, as a browser that says nothing of its origin (or curl) sends it.
    pub async fn submit(&self, path: &str, form: &'static str) -> Answer {
        let call = self.call("POST", path);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        call.body(form).send().await
    }
}

/// A request that is not sent yet.
pub struct Call {
    request: RequestBuilder,
    jar: Option<Jar>,
}

impl Call {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self {
            request: self.request.body(body),
            ..self
        }
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub async fn send(self) -> Answer {
        let response = self.request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the answer arrives whole");
        let answer = Answer { status, headers, body };
        if let Some(jar) = &self.jar {
            jar.take(&answer);
        }
        answer
    }
}

impl Jar {
    fn take(&self, answer: &Answer) {
        let mut jar = self.0.lock().expect("no test panicked here");
        for cookie in answer.all("set-cookie") {
            let (name, value) = cookie.split(';').next().expect("a pair").split_once('=').expect("=");
            if cookie.contains("; Max-Age=0;") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().expect("ASCII"));
        value.unwrap_or_default()
    }

    /// Every header of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("ASCII")).collect()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What most tests compare: status and JSON.
    #[track_caller]
    pub fn whole(&self) -> (u16, Value) {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        (self.status, self.json())
    }

    /// The names of the headers, in order.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.keys().map(axum::http::HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The page, after a look at the headers that each page must have.
    #[track_caller]
    pub fn page(&self) -> &str {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("referrer-policy"), "same-origin");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        let policy = self.header("content-security-policy");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(self.text().starts_with("<!doctype html>"), "{self:?}");
        assert!(!self.text().contains("<script"), "{self:?}");
        self.text()
    }
}
