//! Single bytes of the database file, changed at random: whatever changes a row is found, and both verifiers agree.

use std::path::{Path, PathBuf};

use rand::RngExt as _;
use tests::test_scale::{count, rng, seed};

use super::{Notes, Said, arguments, ours, rows_of, second_opinions};
use crate::checkpoint_attacks::Shop;

/// Changed files per call of the Python verifier.
const AT_ONCE: usize = 50;

struct Changed {
    path: PathBuf,
    what: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_of_the_file_are_found_where_they_change_a_row() {
    let mut random = rng(seed("changed bytes"), 0);
    let shop = Shop::new().await;
    let bytes = std::fs::read(shop.written.path()).unwrap();
    let original = rows_of(&shop.written.path()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (changes, mut found) = (count(200, 10_000), 0);
    // The log's id and generation are rows as well, and only notes know them.
    let more = arguments(&shop.elsewhere, Notes::All, None);
    for batch in 0..changes.div_ceil(AT_ONCE) {
        let changed: Vec<Changed> = (0..AT_ONCE.min(changes - batch * AT_ONCE))
            .map(|number| {
                let (at, by) = (random.random_range(0..bytes.len()), random.random_range(1..=255_u8));
                let mut bytes = bytes.clone();
                bytes[at] ^= by;
                let path = folder.path().join(format!("{number}.db"));
                std::fs::write(&path, bytes).unwrap();
                Changed { path, what: format!("byte {at} xor {by}") }
            })
            .collect();
        let paths: Vec<&Path> = changed.iter().map(|changed| changed.path.as_path()).collect();
        let theirs = second_opinions(&paths, &more);
        for (changed, theirs) in changed.iter().zip(theirs) {
            found += usize::from(is_found(changed, &theirs, &original, &more).await);
        }
        remove_all(folder.path());
    }
    println!("{found} of {changes} changes were found");
    assert!(found * 4 > changes, "most of the file is rows, and only {found} of {changes} changes were found");
}

async fn is_found(changed: &Changed, theirs: &Said, original: &[String], more: &[String]) -> bool {
    let ours = ours(&changed.path, more).await;
    assert_eq!(ours, *theirs, "{}", changed.what);
    match rows_of(&changed.path).await {
        Ok(rows) if rows == original => {}
        Ok(_other_rows) => assert_eq!(ours.0, 1, "{}: a row is another one", changed.what),
        Err(error) => assert_ne!(ours.0, 0, "{}: {error}", changed.what),
    }
    ours.0 != 0
}

fn remove_all(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
}
