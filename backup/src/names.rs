//! How the files of a backup are called.
//!
//! ```text
//! backup.json                                         which log, and which key
//! segments/<generation>/<number / 10,000>/<number>.segment
//! keys/<round>/<number>.<part|end|more>.keys          the round is the second in which it began
//! ```
//!
//! Invariant: all numbers have leading zeros, so that the order of names is the order of what they hold.

use crate::key_file::KeyFileKind;

pub(crate) const ABOUT: &str = "backup.json";
pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const KEYS: &str = "keys";

const SEGMENTS_IN_FOLDER: u64 = 10_000;

pub(crate) fn generation_folder(generation: u64) -> String {
    format!("{SEGMENTS}/{generation:08}")
}

pub(crate) fn segment(generation: u64, number: u64) -> String {
    format!("{}/{:06}/{number:010}.segment", generation_folder(generation), number / SEGMENTS_IN_FOLDER)
}

/// The number in a segment's name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    name.strip_suffix(".segment")?.parse().ok()
}

pub(crate) fn round_folder(round: u64) -> String {
    format!("{KEYS}/{round:012}")
}

pub(crate) fn keys(round: u64, number: u64, kind: KeyFileKind) -> String {
    format!("{}/{number:06}.{}.keys", round_folder(round), kind.as_str())
}

/// Number and kind in the name of a file of keys.
pub(crate) fn keys_number(name: &str) -> Option<(u64, KeyFileKind)> {
    let (number, kind) = name.strip_suffix(".keys")?.split_once('.')?;
    let kind = [KeyFileKind::Part, KeyFileKind::End, KeyFileKind::More].into_iter().find(|one| one.as_str() == kind)?;
    Some((number.parse().ok()?, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_what_they_hold() {
        assert_eq!(segment(1, 9_999), "segments/00000001/000000/0000009999.segment");
        assert_eq!(segment(1, 10_000), "segments/00000001/000001/0000010000.segment");
        assert_eq!(segment_number("0000010000.segment"), Some(10_000));
        assert_eq!(segment_number(".0000010000.segment.draft"), None);
        let name = keys(1_780_000_000, 3, KeyFileKind::More);
        assert_eq!(name, "keys/001780000000/000003.more.keys");
        assert_eq!(keys_number("000003.more.keys"), Some((3, KeyFileKind::More)));
        assert_eq!(keys_number("000003.less.keys"), None);
    }
}
