//! The directory of the data, and who may look into it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

/// The bit of a directory that everybody may write to, like /tmp.
pub const STICKY: u32 = 0o1000;

/// The rights of those who are neither the owner nor in the group.
pub const EVERYBODY: u32 = 0o007;

/// The rights of a file; none if it cannot be looked at.
pub fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode() & 0o7777)
}

/// Whether anybody but the owner has any right.
pub fn others_may(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// A directory by its path; an empty one is the working directory.
pub fn or_here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    }
}

/// Makes a directory that only this user may look into, if it is not there.
pub fn make_directory(directory: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if directory.as_os_str().is_empty() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("--data: cannot make the directory {}", directory.display()))
}

/// Takes the others' rights from a directory that was there; what belongs to everybody is left as it is.
pub fn make_private(directory: &Path) -> anyhow::Result<()> {
    let directory = or_here(directory);
    let Ok(metadata) = directory.metadata() else {
        return Ok(());
    };
    let mode = metadata.permissions().mode();
    if !others_may(mode) {
        return Ok(());
    }
    let shown = directory.display();
    if mode & STICKY != 0 {
        bail!(
            "--data: {shown} is shared by every user of this machine. Name a directory of its own, like {shown}/aboard."
        );
    }
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).with_context(|| {
        format!(
            "--data: other users may look into {shown}, and its rights cannot be changed. Name a directory of your own"
        )
    })?;
    tracing::info!(directory = %shown, "other users could look into the data directory; now they cannot (mode 0700)");
    Ok(())
}
