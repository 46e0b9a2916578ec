//! Makes functions of the texts in `locales/`, and embeds the reader of the API's reference, if `make reference` has
//! fetched it.

#[path = "build/locales.rs"]
mod locales;

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let (root, out) = (Path::new(&root), Path::new(&out));

    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=locales");
    if let Err(wrong) = locales::generate(&root.join("locales"), &out.join("words.rs"))? {
        for why in wrong {
            println!("cargo::error={why}");
        }
    }

    // The directory is always there: a file that is not would run this at every build.
    println!("cargo::rerun-if-changed=assets/vendor");
    let reader = root.join("assets/vendor/reader.js.gz");
    let source = if reader.is_file() {
        format!("Some(include_bytes!({:?}))", reader.display().to_string())
    } else {
        "None".to_owned()
    };
    fs::write(out.join("reader.rs"), source)
}
