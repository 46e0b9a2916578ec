//! How often the disk syncs.

use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use super::super::print;
use crate::clock::Stopwatch;

/// Writes and syncs 4 KiB again and again for two seconds; prints syncs per second.
pub fn sync_rate(directory: &Path) -> anyhow::Result<()> {
    let path = directory.join("aboard-bench-sync");
    let mut file = std::fs::File::create(&path)?;
    file.write_all(&vec![0; 1 << 20])?;
    file.sync_all()?;
    let (watch, mut syncs) = (Stopwatch::start(), 0_u32);
    while watch.elapsed() < Duration::from_secs(2) {
        file.seek(std::io::SeekFrom::Start(u64::from(syncs % 256) * 4096))?;
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    let rate = f64::from(syncs) / watch.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    print::out(&format!("{rate:.0}"))
}
