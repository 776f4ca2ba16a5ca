//! Opens the FAQ that the settings ask for.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};
use integrations::{
    Faq,
    faq::{FaqSettings, MeaningSettings},
};

use super::{AnyError, secret_file};
use crate::{
    data_dir::DataDir,
    settings::{Embeddings, Settings},
};

/// The entries that come with the program.
static FAQ: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../integrations/faq");

/// The FAQ over the folder that is set, else over the data directory's.
pub(super) fn open(settings: &Settings, data_dir: &DataDir) -> Result<Faq, AnyError> {
    let folder = match &settings.faq_dir {
        Some(folder) => folder.clone(),
        None => shipped(data_dir)?,
    };
    let meaning = settings.embeddings.clone().map(|embeddings| meaning(embeddings, data_dir)).transpose()?;
    let last_good = Some(data_dir.join("faq-last-good.json"));
    let faq = Faq::open(FaqSettings { folder: folder.clone(), last_good, meaning })?;
    tracing::info!(folder = %folder.display(), entries = faq.entries(), "the FAQ is read");
    Ok(faq)
}

fn meaning(embeddings: Embeddings, data_dir: &DataDir) -> Result<MeaningSettings, AnyError> {
    let Embeddings { url, model, key_file } = embeddings;
    let key = key_file.map(|path| secret_file::read("faq_embeddings_key_file", &path)).transpose()?;
    Ok(MeaningSettings { url, model, key, cache: data_dir.join("faq-vectors") })
}

/// The data directory's own copy, which the shop may edit; written once.
fn shipped(data_dir: &DataDir) -> Result<PathBuf, AnyError> {
    let folder = data_dir.join("faq");
    if folder.exists() {
        return Ok(folder);
    }
    let draft = data_dir.join("faq.draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft)?;
    }
    std::fs::create_dir(&draft)?;
    FAQ.extract(&draft)?;
    std::fs::rename(&draft, &folder)?;
    Ok(folder)
}
