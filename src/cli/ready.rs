//! What `aboard dev` and `aboard serve` print when they are ready.

use serde_json::json;

use super::dev_keys::{DevEnvironment, DevKeys};
use super::print;
use crate::app::App;

/// The one line of `--json`; `serve` never prints keys.
pub fn ready_line(app: &App, keys: Option<&DevKeys>) -> serde_json::Value {
    let mut line =
        json!({ "url": app.url, "metrics_url": app.metrics_url, "database": app.web.config.store.shown_url() });
    if let Some(keys) = keys {
        let printed = |keys: &DevEnvironment| {
            json!({
                "partner_key": keys.partner_key,
                "partner_webhook_secret": keys.partner_webhook_secret,
                "server_key": keys.server_key,
                "app_id": keys.app_id,
                "client_secret": keys.client_secret,
                "issuer": app.web.tokens.issuer(keys.environment),
            })
        };
        line["sandbox"] = printed(&keys.sandbox);
        line["production"] = printed(&keys.production);
    }
    line
}

/// A server whose output nobody reads runs all the same.
pub fn print_ready(text: &str) {
    if let Err(error) = print::out(text) {
        tracing::warn!(error = format!("{error:#}"), "the ready line was not printed");
    }
}

/// The same for people.
pub fn greeting(app: &App, keys: &DevKeys) -> String {
    let DevKeys { sandbox, production } = keys;
    let url = &app.web.public_url;
    format!(
        "
  Aboard is ready at {url}

  Welcome page   {url}/
  API reference  {docs}
  Account page   {url}/account
  Inbox          {inbox}
  Metrics        {metrics}
  Data           {database}

  Sandbox keys (kept in dev-keys.json beside the data, with those of production)
    partner key      {partner}
    webhook secret   {secret}
    server key       {server}
    app id           {app_id}
    client secret    {client}

  Environments (for --environment, and in the addresses of issuers)
    sandbox          {sandbox_id}
    production       {production_id}

  Bring a first user aboard, then open the login_url in a browser:

    curl -sS {url}/api/v1/external_login \\
      -H 'X-PARTNER-API-KEY: {partner}' \\
      -H 'Content-Type: application/json' \\
      -d '{{\"email\":\"user@example.com\",\"partner_user_id\":\"abc123\",\"phone\":\"1234567890\"}}'

    curl -sS {url}/api/v1/embedded_check_user \\
      -H 'X-PARTNER-API-KEY: {partner}' \\
      -H 'Content-Type: application/json' \\
      -d '{{\"partner_user_id\":\"abc123\"}}'

  Stop with Ctrl-C.
",
        docs = app
            .web
            .reference
            .as_ref()
            .map_or_else(|| "off".to_owned(), |_| format!("{url}/docs")),
        inbox = app
            .web
            .welcome
            .as_ref()
            .map_or_else(|| "off".to_owned(), |welcome| format!("{url}{}", welcome.inbox_path())),
        metrics = app.metrics_url.as_deref().unwrap_or("off"),
        database = app.web.config.store.shown_url(),
        partner = sandbox.partner_key,
        secret = sandbox.partner_webhook_secret,
        server = sandbox.server_key,
        app_id = sandbox.app_id,
        client = sandbox.client_secret,
        sandbox_id = sandbox.environment,
        production_id = production.environment,
    )
}
