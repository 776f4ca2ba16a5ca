//! The vectors of texts, kept in a file by what they were made of.
//!
//! ```text
//! "FIIDOVEC1" · dimensions (u32) · number (u32) · number × (SHA-256 of model and text, dimensions × f32) · SHA-256 of all before
//! ```
//!
//! Integers and floats are little-endian. A text whose words change has another hash and gets a new vector; so has every text when
//! the model changes.
//!
//! *Invariant:* a file that is not exactly this counts as none, for vectors can be made again.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::client::Vector;

const MAGIC: &[u8] = b"FIIDOVEC1";
const HASH: usize = 32;

pub(super) type Hash = [u8; HASH];

/// The vectors that are known.
pub(super) struct Cache {
    path: PathBuf,
    model: String,
    vectors: HashMap<Hash, Vector>,
}

impl Cache {
    /// Reads what was kept.
    pub(super) fn open(path: PathBuf, model: &str) -> Self {
        let vectors = match fs::read(&path) {
            Ok(bytes) => read(&bytes).unwrap_or_else(|| {
                tracing::warn!(path = %path.display(), "the file of the FAQ's vectors is damaged; they are made anew");
                HashMap::new()
            }),
            Err(_not_there) => HashMap::new(),
        };
        Self { path, model: model.to_owned(), vectors }
    }

    /// What a text's vector is kept by.
    pub(super) fn hash(&self, text: &str) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.model.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.finalize().into()
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<&Vector> {
        self.vectors.get(hash)
    }

    pub(super) fn insert(&mut self, hash: Hash, vector: Vector) {
        self.vectors.insert(hash, vector);
    }

    /// Forgets all vectors: the server's have another number of dimensions now.
    pub(super) fn clear(&mut self) {
        self.vectors.clear();
    }

    /// Writes the vectors of these texts, and of no others.
    pub(super) fn keep(&mut self, hashes: &[Hash]) -> std::io::Result<()> {
        let wanted: std::collections::HashSet<&Hash> = hashes.iter().collect();
        self.vectors.retain(|hash, _| wanted.contains(hash));
        let bytes = write(&self.vectors);
        if fs::read(&self.path).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        crate::faq::atomic_file::write(&self.path, &bytes)
    }
}

fn write(vectors: &HashMap<Hash, Vector>) -> Vec<u8> {
    let mut in_order: Vec<(&Hash, &Vector)> = vectors.iter().collect();
    in_order.sort_by_key(|(hash, _)| **hash);
    let dimensions = in_order.first().map_or(0, |(_, vector)| vector.len());
    let mut bytes = MAGIC.to_vec();
    for number in [dimensions, in_order.len()] {
        bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    for (hash, vector) in in_order {
        bytes.extend(hash);
        bytes.extend(vector.iter().flat_map(|one| one.to_le_bytes()));
    }
    let sum: Hash = Sha256::digest(&bytes).into();
    bytes.extend(sum);
    bytes
}

fn read(bytes: &[u8]) -> Option<HashMap<Hash, Vector>> {
    let (body, sum) = bytes.split_last_chunk::<HASH>()?;
    if <Hash>::from(Sha256::digest(body)) != *sum {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (dimensions, rest) = number(rest)?;
    let (count, rest) = number(rest)?;
    let width = HASH + 4 * dimensions;
    if rest.len() != count.checked_mul(width)? {
        return None;
    }
    rest.chunks_exact(width).map(record).collect()
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn record(bytes: &[u8]) -> Option<(Hash, Vector)> {
    let (hash, floats) = bytes.split_first_chunk::<HASH>()?;
    let floats = floats.chunks_exact(4).filter_map(|four| four.first_chunk().map(|four| f32::from_le_bytes(*four)));
    Some((*hash, floats.collect()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(folder: &std::path::Path) -> Cache {
        let mut cache = Cache::open(folder.join("vectors"), "m");
        let hashes = ["one", "two"].map(|text| cache.hash(text));
        cache.insert(hashes[0], vec![0.5, -0.25]);
        cache.insert(hashes[1], vec![1.0, 0.0]);
        cache.insert(cache.hash("gone"), vec![0.0, 1.0]);
        cache.keep(&hashes).unwrap();
        cache
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = kept(folder.path());
        let again = Cache::open(folder.path().join("vectors"), "m");
        assert_eq!((again.vectors.len(), &again.vectors), (2, &cache.vectors));
        assert_eq!(again.get(&again.hash("one")), Some(&vec![0.5, -0.25]));
        assert_ne!(again.hash("one"), Cache::open(folder.path().join("vectors"), "other").hash("one"));
    }

    #[test]
    fn each_damaged_byte_and_each_cut_makes_it_none() {
        let folder = tempfile::tempdir().unwrap();
        kept(folder.path());
        let bytes = fs::read(folder.path().join("vectors")).unwrap();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(read(&damaged).is_none(), "{place}");
            assert!(read(&bytes[..place]).is_none(), "{place}");
        }
        assert!(read(&bytes).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut summed = bytes.clone();
            summed.extend(<Hash>::from(Sha256::digest(&bytes)));
            let _ = (read(&bytes), read(&summed));
        }
    }
}
