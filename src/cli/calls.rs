//! Commands that call a running server over its API, with a server key of the sandbox.

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use super::manage::running;
use super::settings::Settings;

/// Which server, and with which key.
#[derive(Args)]
pub struct Server {
    /// The server [default: `server.public_url`, or where the one on this store listens]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A server key of the sandbox [default: `ABOARD_SERVER_KEY`, or the key of `aboard dev`]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
}

/// A server that is called.
pub struct Caller {
    http: Client,
    base: String,
    key: String,
}

impl Server {
    /// Finds out where the server is and which key to use.
    pub async fn caller(&self) -> anyhow::Result<Caller> {
        let config = self.settings.load(&[])?;
        let base = match (&self.url, &*config.server.public_url) {
            (Some(url), _) => url.clone(),
            (None, "") => format!("http://{}", running(&config).await.unwrap_or(config.server.listen)),
            (None, public) => public.to_owned(),
        };
        Ok(Caller {
            http: Client::builder().no_proxy().build()?,
            base: base.trim_end_matches('/').to_owned(),
            key: self.key()?,
        })
    }

    fn key(&self) -> anyhow::Result<String> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        if let Ok(key) = std::env::var("ABOARD_SERVER_KEY") {
            return Ok(key);
        }
        let file = self.settings.data_directory().join("dev-keys.json");
        let keys = std::fs::read_to_string(&file).ok();
        let keys: Option<Value> = keys.and_then(|text| serde_json::from_str(&text).ok());
        let key = keys.and_then(|keys| keys["sandbox"]["server_key"].as_str().map(str::to_owned));
        key.context(
            "--key: name a server key of the sandbox, or set ABOARD_SERVER_KEY. `aboard keys create NAME --kind server --environment sandbox` makes one; those of `aboard dev` are found from where it was started, or with its --data",
        )
    }
}

impl Caller {
    /// What is said where nobody answers.
    pub fn unreachable(&self) -> String {
        format!("no server answers at {}; name yours with --url", self.base)
    }

    /// A GET that is not sent yet.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    /// A POST that is not sent yet.
    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.key);
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// The server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The client, for calls to others.
    pub fn http(&self) -> &Client {
        &self.http
    }
}

/// A good answer, or the server's own words for why not.
pub async fn good(answer: Response) -> anyhow::Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap_or_default()).unwrap_or_default();
    let words = body["error"]["message"].as_str().unwrap_or("it did not say why");
    bail!("the server answered {status}: {words}")
}
