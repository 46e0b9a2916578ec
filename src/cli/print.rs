//! The one place that writes to standard output and, for the last words, to standard error.

use std::process::ExitCode;

/// One line or text for the caller.
#[expect(clippy::print_stdout, reason = "the one place that prints")]
pub fn out(text: &str) {
    println!("{text}");
}

/// Why the command failed, and every cause.
#[expect(clippy::print_stderr, reason = "the one place that prints")]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("aboard: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    ExitCode::FAILURE
}

/// Sends the log to standard error, one JSON object a line.
pub fn start_log(config: &crate::config::Config) -> anyhow::Result<()> {
    use anyhow::Context as _;
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.level)
        .context("log.level: write error, warn, info, debug, or a filter like info,aboard::jobs=debug")?;
    let layer = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = layer.try_init();
    Ok(())
}
