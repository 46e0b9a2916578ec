//! Embeds the reader of the API's reference, if `make reference` has fetched it.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // The directory is always there: a file that is not would run this at every build.
    println!("cargo::rerun-if-changed=assets/vendor");
    let reader =
        Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("assets/vendor/reader.js.gz");
    let source = if reader.is_file() {
        format!("Some(include_bytes!({:?}))", reader.display().to_string())
    } else {
        "None".to_owned()
    };
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("reader.rs"), source)
}
