//! A damaged target: what is wrong is found, and named with its file and positions.

use std::{fs, path::Path};

use super::follower::{Shelf, Shipped, on_files, run};

type Damage = fn(&Path, &Path);

fn flip(file: &Path, _other: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn cut(file: &Path, _other: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
}

fn remove(file: &Path, _other: &Path) {
    fs::remove_file(file).unwrap();
}

fn swap(file: &Path, other: &Path) {
    let (one, two) = (fs::read(file).unwrap(), fs::read(other).unwrap());
    fs::write(file, two).unwrap();
    fs::write(other, one).unwrap();
}

fn overwrite(file: &Path, _other: &Path) {
    fs::write(file, "years of work").unwrap();
}

/// Restores into an empty folder; must be refused with 1 and these words.
fn is_found(shipped: &Shipped, what: &str, words: &[&str]) {
    let to = shipped.empty();
    let (code, said) = shipped.restore(to.path(), &[]);
    assert_eq!(code, Some(1), "{what}: {said}");
    for word in words {
        assert!(said.contains(word), "{what}: {word:?} is not in: {said}");
    }
    // And nobody serves what came of it.
    let (code, said) = run(on_files(to.path(), &["--listen", "127.0.0.1:0"]), &shipped.shelf);
    assert_eq!(code, Some(2), "{what}: {said}");
    assert!(said.contains("a restore into"), "{what}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_of_a_target_is_found_and_named() {
    let shipped = Shipped::of(7_000, 71).await;
    let (segments, keys) = (shipped.shelf.files_of(".segment"), shipped.shelf.files_of(".keys"));
    assert!(segments.len() >= 4 && keys.len() == 1, "{segments:?} {keys:?}");
    let (second, third) = (segments[1].as_str(), segments[2].as_str());
    let positions = {
        let first = first_position(&shipped, 2).await;
        format!("from position {first} to {}", first_position(&shipped, 3).await - 1)
    };
    let cases: [(&str, Damage, &str, &str, &[&str]); 8] = [
        ("a bit of a segment", flip, second, "", &[second, "SHA-256 is another", &positions]),
        ("a segment that is cut off", cut, second, "", &[second, "cut off", &positions]),
        ("a missing segment", remove, second, "", &[second, "is missing", &positions, "--to-position"]),
        ("two segments in each other's place", swap, second, third, &[second, "another log or another place"]),
        ("a file that is no segment", overwrite, second, "", &[second, "no file of a backup"]),
        ("a bit of a file of keys", flip, &keys[0], "", &[&keys[0], "SHA-256 is another"]),
        ("a file of keys that is cut off", cut, &keys[0], "", &[&keys[0], "cut off"]),
        ("a missing file of keys", remove, &keys[0], "", &["keys", "is missing"]),
    ];
    for (what, damage, file, other, words) in cases {
        let all = shipped.shelf.files();
        let kept: Vec<(String, Vec<u8>)> =
            all.iter().map(|name| (name.clone(), fs::read(shipped.shelf.target().join(name)).unwrap())).collect();
        damage(&shipped.shelf.target().join(file), &shipped.shelf.target().join(other));
        is_found(&shipped, what, words);
        for (name, bytes) in kept {
            fs::write(shipped.shelf.target().join(name), bytes).unwrap();
        }
    }
    let to = shipped.empty();
    let (code, said) = shipped.restore(to.path(), &[]);
    assert_eq!(code, Some(0), "put back, it can be restored: {said}");
}

/// The first position in a segment.
pub(super) async fn first_position(shipped: &Shipped, number: usize) -> u64 {
    let client = tests::http_client::client();
    let target = backup::open_target(&shipped.shelf.target().display().to_string(), client).unwrap();
    let key = std::sync::Arc::new(backup::BackupKey::read(&shipped.shelf.key()).unwrap());
    let segments = backup::Backup::open(target, key).await.unwrap().segments(None).await.unwrap();
    let read: Vec<_> = futures::StreamExt::collect(segments.read()).await;
    read[number - 1].as_ref().unwrap().head.first.0
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_of_another_log_under_the_same_key_is_refused() {
    let (one, other) = (Shipped::of(9_000, 72).await, Shipped::of(9_000, 73).await);
    let name = &one.shelf.files_of(".segment")[1];
    let foreign = other.shelf.target().join(name);
    fs::copy(foreign, one.shelf.target().join(name)).unwrap();
    is_found(&one, "a foreign segment", &[name, "another log or another place"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn follower_leaves_a_damaged_end_and_names_the_way_out() {
    let shipped = Shipped::of(500, 74).await;
    let last = shipped.shelf.files_of(".segment").pop().unwrap();
    let file = shipped.shelf.target().join(&last);
    let whole = fs::read(&file).unwrap();
    flip(&file, &file);
    let (code, said) = run(on_files(&shipped.source.path(), &["backup", "--follow"]), &shipped.shelf);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&last) && said.contains("move it away"), "{said}");
    fs::remove_file(&file).unwrap();
    let mut following = shipped.follow();
    following.has_shipped(shipped.events.last().unwrap().position.0).await;
    assert_eq!(following.terminate(), Some(0));
    assert_eq!(shipped.shelf.events().await, shipped.events);
    assert_ne!(fs::read(&file).unwrap(), whole, "it was shipped again, under another nonce");
}

/// A shelf with nothing on it.
pub(super) fn empty_shelf() -> Shelf {
    Shelf::new()
}
