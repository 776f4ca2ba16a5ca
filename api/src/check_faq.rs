//! `desk check-faq`: what is wrong with the files of the FAQ.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use integrations::faq::{Check, check};

use crate::settings::Settings;

/// What `--help` says beside the arguments.
pub(crate) const HELP: &str = "\
Reads every file of entries in the folder (docs/faq.md) and prints each fault with its file and line, and
how many entries there are in each language. It works while desk runs, which shows the same faults in
its log and in GET /api/health/detailed.

Exit status: 0 nothing is wrong, 1 something is, 2 the folder cannot be read.";

#[derive(Args)]
pub(crate) struct CheckFaqArgs {
    /// The folder [default: the setting faq_dir, else faq in data_dir]
    folder: Option<PathBuf>,
}

/// Something is wrong with the files.
#[derive(Debug, thiserror::Error)]
#[error("{faults} {} in {}", if *faults == 1 { "fault" } else { "faults" }, folder.display())]
pub(crate) struct FaultsFound {
    faults: usize,
    folder: PathBuf,
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Checks the folder, and prints.
pub(crate) fn check_faq(args: &CheckFaqArgs, settings: &Settings) -> Result<(), AnyError> {
    let set = || settings.faq_dir.clone().unwrap_or_else(|| settings.data_dir.join("faq"));
    let folder = args.folder.clone().unwrap_or_else(set);
    let found = check(&folder)?;
    std::io::stdout().write_all(report(&folder, &found).as_bytes())?;
    match (found.faults.len(), found.entries) {
        (0, 1..) => Ok(()),
        (0, 0) => Err(format!("no entry below {}", folder.display()).into()),
        (faults, _) => Err(FaultsFound { faults, folder }.into()),
    }
}

fn report(folder: &Path, found: &Check) -> String {
    let mut text: String = found.faults.iter().map(|fault| format!("{fault}\n")).collect();
    let languages: Vec<String> =
        found.by_language.iter().map(|(language, count)| format!("{language} {count}")).collect();
    // Writing into a string cannot fail.
    let _ =
        writeln!(text, "{}: {} entries without a fault ({})", folder.display(), found.entries, languages.join(", "));
    text
}
