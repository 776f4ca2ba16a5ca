//! What the program signs with and is known by: keys of tokens, the shop's identity keys, and the node's name.

use std::path::Path;

use event_store::private_file::read_private_file;

use super::AnyError;
use crate::{
    auth::identity::{IdentityKeys, IdentityTokens},
    data_dir::DataDir,
    settings::Settings,
};

/// What signs tokens: the configured file's keys, or the data directory's own.
pub(super) fn token_keys(settings: &Settings, data_dir: &DataDir) -> Result<Vec<Vec<u8>>, AnyError> {
    if let Some(path) = &settings.token_key_file {
        return read_token_keys(path);
    }
    data_dir.keep("token-key", || hex::encode(rand::random::<[u8; 32]>()))?;
    read_token_keys(&data_dir.join("token-key"))
}

/// The keys in a file, a line each.
pub(crate) fn read_token_keys(path: &Path) -> Result<Vec<Vec<u8>>, AnyError> {
    let shown = path.display();
    let text = read_private_file(path).map_err(|error| format!("token key file {shown}: {error}"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<Vec<u8>>> = lines.map(|line| hex::decode(line).ok().filter(|key| key.len() >= 32)).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    Ok(keys.ok_or("each line of the token key file must be at least 64 hexadecimal digits")?)
}

/// A file that cannot be used keeps `desk` from starting: without it every customer of the shop would be a stranger.
pub(super) fn identity_tokens(settings: &Settings) -> Result<IdentityTokens, AnyError> {
    let keys = settings.identity_keys_file.as_deref().map(IdentityKeys::read).transpose()?.unwrap_or_default();
    tracing::info!(
        keys = keys.count(),
        legacy_sessions = settings.compat_legacy_sessions,
        "customers are known by the shop's identity tokens"
    );
    Ok(IdentityTokens::new(settings.identity_audience.clone(), keys))
}

/// The configured id, or one that the data directory keeps.
pub(super) fn node_id(settings: &Settings, data_dir: &DataDir) -> Result<String, AnyError> {
    if let Some(id) = &settings.node_id {
        return Ok(id.clone());
    }
    Ok(data_dir.keep("node-id", || format!("node-{:08x}", rand::random::<u32>()))?.0)
}
