//! Where is measured: a folder on a real disk, rounds, medians, and generated logs to work with.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Why nothing could be measured.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Flushes that the fdatasync figure is the median of.
const FLUSHES: usize = 100;

/// The folder, and how hard is measured.
pub(super) struct Fixture {
    folder: PathBuf,
    /// Rounds of each comparison.
    pub(super) rounds: usize,
    /// Each side of a round.
    pub(super) time: Duration,
    /// Events of the large log.
    pub(super) events: u64,
}

impl Fixture {
    pub(super) fn open(folder: PathBuf, rounds: usize, seconds: u64, events: u64) -> Result<Self, Failure> {
        fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        refuse_memory(&folder)?;
        Ok(Self { folder, rounds: rounds.max(1), time: Duration::from_secs(seconds.max(1)), events })
    }

    /// A folder of one measurement, removed with it.
    pub(super) fn fresh(&self) -> Result<tempfile::TempDir, Failure> {
        Ok(tempfile::tempdir_in(&self.folder)?)
    }

    /// What a flush of one page costs here.
    pub(super) fn fdatasync_ms(&self) -> Result<f64, Failure> {
        let mut file = File::create(self.folder.join("flushed"))?;
        let mut times = Vec::new();
        for _ in 0..FLUSHES {
            let started = Instant::now();
            file.write_all(&[7; 4096])?;
            file.sync_data()?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        fs::remove_file(self.folder.join("flushed"))?;
        Ok(median(times))
    }

    /// A data directory with a generated log of so many events, made at the first call and kept.
    pub(super) fn log_of(&self, events: u64) -> Result<PathBuf, Failure> {
        let kept = self.folder.join(format!("log-{events}"));
        if kept.exists() {
            return Ok(kept);
        }
        let draft = self.folder.join(format!("log-{events}.draft"));
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        self.generate(events, &draft, None)?;
        fs::rename(&draft, &kept)?;
        Ok(kept)
    }

    /// Generates a log: into a folder, or into a PostgreSQL database with its master key in the folder.
    pub(super) fn generate(&self, events: u64, folder: &Path, database_url: Option<&str>) -> Result<(), Failure> {
        let mut generate = Command::new(std::env::current_exe()?);
        generate.args(["generate", "--events", &events.to_string(), "--seed", "11", "--dir"]).arg(folder);
        generate.args(database_url.map(|url| ["--database-url", url]).into_iter().flatten());
        if generate.status()?.success() { Ok(()) } else { Err("a log could not be generated".into()) }
    }

    /// A copy of a generated log that may be written.
    pub(super) fn copy_of(&self, events: u64) -> Result<tempfile::TempDir, Failure> {
        let (log, copy) = (self.log_of(events)?, self.fresh()?);
        copy_folder(&log, &copy.path().join("data"))?;
        Ok(copy)
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

/// Memory that looks like a disk flushes in no time.
fn refuse_memory(folder: &Path) -> Result<(), Failure> {
    let mounts = fs::read_to_string("/proc/mounts")?;
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = mounted.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len());
    match holding {
        Some((point, kind)) if ["tmpfs", "ramfs", "devtmpfs"].contains(&kind) => {
            Err(format!("{} lies in memory ({kind} at {point}); name a folder on a disk with --dir", folder.display())
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The middle of some figures; the upper one of two.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The figure that so many of a hundred do not exceed.
pub(super) fn percentile(mut figures: Vec<f64>, percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() * percent).div_ceil(100).saturating_sub(1);
    figures.get(place).copied().unwrap_or_default()
}
