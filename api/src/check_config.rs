//! `desk check-config`: does what `desk` does at its start, up to opening the port, and says what it finds.
//!
//! Invariant: nothing is made and nothing is changed; what a first start would make is said instead.

mod databases;
mod files;

use std::fmt::Write as _;

use crate::{
    error_chain::chain,
    settings::{Layers, SETTINGS, Settings, Source, check_config},
    startup::AnyError,
};

/// What `--help` says beside the arguments.
pub(crate) const HELP: &str = "\
Prints every setting with its value and its source, and then what `desk` would find at its start: key files and
who can read them, the data directory, the FAQ, and the databases. Nothing is changed; it works while desk runs.

With --offline no database server is asked. With --ask each assistant that is set up is asked one question, which
may cost a little; nothing is recorded.

Exit status: 0 all is well, 1 an assistant did not answer, 2 desk would not start.";

/// Something would keep `desk` from starting.
#[derive(Debug, thiserror::Error)]
#[error("desk would not start: {faults} {} above", if *faults == 1 { "fault" } else { "faults" })]
pub(crate) struct WouldNotStart {
    faults: usize,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Findings {
    text: String,
    faults: usize,
}

impl Findings {
    /// It is as it should be.
    fn good(&mut self, what: &str) {
        self.line("ok", what);
    }

    /// `desk` would start, and this is worth knowing.
    fn note(&mut self, what: &str) {
        self.line("note", what);
    }

    /// `desk` would not start.
    fn fault(&mut self, what: &str) {
        self.faults += 1;
        self.line("FAULT", what);
    }

    /// Good, or the error as a fault.
    fn outcome(&mut self, what: &str, outcome: Result<(), AnyError>) {
        match outcome {
            Ok(()) => self.good(what),
            Err(error) => self.fault(&format!("{what}: {}", chain(&*error))),
        }
    }

    fn line(&mut self, kind: &str, what: &str) {
        writeln!(self.text, "{kind:<6} {what}").expect("writing to a string cannot fail");
    }
}

/// Everything that is to be printed; [`Report::verdict`] says whether `desk` would start.
pub(crate) async fn check(layers: &Layers, settings: &Settings, offline: bool) -> Report {
    let mut findings = Findings::default();
    for note in layers.notes() {
        findings.note(note);
    }
    secrets_in_an_open_file(layers, &mut findings);
    files::check(settings, &mut findings);
    if offline {
        findings.note("databases were not asked (--offline)");
    } else {
        databases::check(settings, &mut findings).await;
    }
    let text = format!("{}\n{}", check_config(layers, settings), findings.text);
    Report { text, faults: findings.faults }
}

/// The text, and how many faults it names.
pub(crate) struct Report {
    pub(crate) text: String,
    faults: usize,
}

impl Report {
    /// # Errors
    /// `desk` would not start.
    pub(crate) fn verdict(&self) -> Result<(), WouldNotStart> {
        if self.faults == 0 { Ok(()) } else { Err(WouldNotStart { faults: self.faults }) }
    }
}

/// The file itself is no key file; it may be one by what is in it.
fn secrets_in_an_open_file(layers: &Layers, findings: &mut Findings) {
    let secret =
        SETTINGS.iter().filter(|setting| setting.secret).find_map(|setting| match layers.source(setting.key) {
            Some(Source::File { path, .. }) => Some((setting.key, path)),
            Some(Source::Default | Source::Environment(_) | Source::Flag(_)) | None => None,
        });
    let Some((key, path)) = secret else { return };
    let read = event_store::private_file::read_private_file(std::path::Path::new(path));
    if read.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
        findings
            .note(&format!("{path} has the secret {key} and is open to everybody on this machine: chmod 640 {path}"));
    }
}
