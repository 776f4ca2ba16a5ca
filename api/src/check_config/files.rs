//! Files and folders that a start reads, by the very functions that it reads them with.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use event_store::{
    SystemClock,
    checkpoint::{CheckpointKey, KeyError},
    vault::MasterKey,
};
use integrations::Grounding;

use super::Findings;
use crate::{
    ask_assistants::NoEntries,
    auth::identity::IdentityKeys,
    middleware::tls,
    settings::Settings,
    startup::{AnyError, assistants, mail, read_token_keys, refuse_unknown_budgets},
};

pub(super) fn check(settings: &Settings, findings: &mut Findings) {
    folder("data_dir", &settings.data_dir, findings);
    if let Some(path) = &settings.log_dir {
        folder("log_dir", path, findings);
    }
    keys(settings, findings);
    if let Some(path) = &settings.identity_keys_file {
        findings.outcome("identity_keys_file", IdentityKeys::read(path).map(drop).map_err(boxed));
    }
    if let Some(files) = &settings.tls {
        findings.outcome("tls_cert_file, tls_key_file", tls::check(files).map_err(boxed));
    }
    if let Some(path) = &settings.clock_file {
        findings.outcome("clock_file", fs::read_to_string(path).map(drop).map_err(boxed));
    }
    findings.outcome("mail", mail::mailer(settings).map(drop));
    let grounding: Arc<dyn Grounding> = Arc::new(NoEntries);
    let built = assistants::build(settings, None, &grounding, None, &SystemClock::shared());
    findings.outcome("assistants", built.map(drop).and_then(|()| refuse_unknown_budgets(settings)));
    faq(settings, findings);
}

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> AnyError {
    Box::new(error)
}

/// Made at the first start, beneath a folder that is there.
fn folder(name: &str, path: &Path, findings: &mut Findings) {
    let shown = path.display();
    if !path.exists() {
        let parent = path.ancestors().skip(1).find(|parent| parent.exists() || parent.as_os_str().is_empty());
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match writable(parent) {
            Ok(()) => findings.note(&format!("{name} {shown} is not there yet: the first start makes it")),
            Err(error) => findings.fault(&format!("{name} {shown} cannot be made: {error}")),
        }
        return;
    }
    findings.outcome(&format!("{name} {shown}"), writable(path).map_err(boxed));
    let lock = File::open(path.join("desk.lock"));
    if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
        findings.note(&format!("a desk is running on {shown}: stop it before another is started there"));
    }
}

fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".desk-check-{}", std::process::id()));
    File::create_new(&probe)?;
    fs::remove_file(&probe)
}

fn keys(settings: &Settings, findings: &mut Findings) {
    let in_data_dir = |name: &str| settings.data_dir.join(name);
    let master = settings.master_key_file.clone().unwrap_or_else(|| in_data_dir("master-key"));
    key("master key", &master, settings.master_key_file.is_some(), findings, |path| {
        MasterKey::read(path).map(drop).map_err(boxed)
    });
    let token = settings.token_key_file.clone().unwrap_or_else(|| in_data_dir("token-key"));
    key("token key", &token, settings.token_key_file.is_some(), findings, |path| read_token_keys(path).map(drop));
    // One that is named and not there is made as well.
    key("checkpoint key", &settings.checkpoint_key_file(), false, findings, |path| {
        match CheckpointKey::read(path) {
            // It is a secret alone, and signs for whatever log it finds.
            Ok(_) | Err(KeyError::Nameless { .. }) => Ok(()),
            Err(error) => Err(boxed(error)),
        }
    });
}

fn key(
    name: &str,
    path: &Path,
    must_be_there: bool,
    findings: &mut Findings,
    read: impl Fn(&Path) -> Result<(), AnyError>,
) {
    if !must_be_there && !path.exists() {
        return findings.note(&format!("{name} {} is not there yet: the first start makes it", path.display()));
    }
    findings.outcome(&format!("{name} {}", path.display()), read(path));
}

/// As at a start: faults in some files are told, and only a folder without any entry is refused.
fn faq(settings: &Settings, findings: &mut Findings) {
    let folder = settings.faq_dir.clone().unwrap_or_else(|| settings.data_dir.join("faq"));
    let shown = folder.display();
    if settings.faq_dir.is_none() && !folder.exists() {
        return findings.note(&format!("FAQ {shown} is not there yet: the first start fills it"));
    }
    match integrations::faq::check(&folder) {
        Ok(check) if check.entries == 0 => findings.fault(&format!("FAQ {shown} has no entry")),
        Ok(check) if check.faults.is_empty() => findings.good(&format!("FAQ {shown}: {} entries", check.entries)),
        Ok(check) => {
            let (entries, faults) = (check.entries, check.faults.len());
            findings.note(&format!("FAQ {shown}: {entries} entries, {faults} faults (`desk check-faq` names them)"));
        }
        Err(error) => findings.outcome(&format!("FAQ {shown}"), Err(boxed(error))),
    }
}
