//! Arbitrary bytes and mutated examples for every parser of untrusted input. `fuzz/` gives the same functions to a fuzzer.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};
use tests::{
    fuzz_targets::{BODIES, OPENINGS, Opening},
    test_scale::count,
};

#[test]
fn fuzz_targets_accept_their_examples() {
    for Opening { name, read, examples } in OPENINGS {
        let examples = examples();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            assert!(read(&example), "{name}: {}", String::from_utf8_lossy(&example));
        }
    }
}

#[test]
fn fuzz_targets_survive_arbitrary_bytes() {
    for Opening { name, read, .. } in OPENINGS {
        let cases = count(512, 50_000);
        check(name, cases, &prop::collection::vec(any::<u8>(), 0..600), |bytes| _ = read(bytes));
        check(name, cases, &"\\PC{0,200}".prop_map(String::into_bytes), |bytes| _ = read(bytes));
    }
}

#[test]
fn fuzz_targets_survive_mutated_examples() {
    for Opening { name, read, examples } in OPENINGS {
        let examples = examples();
        let changed = (0..examples.len(), prop::collection::vec(change(), 1..6)).prop_map(move |(which, changes)| {
            changes.iter().fold(examples[which].clone(), |bytes, change| change.made_to(bytes, &examples))
        });
        check(name, count(1_024, 100_000), &changed, |bytes| _ = read(bytes));
    }
}

/// Runs so many cases; a failing one is printed minimised.
fn check(name: &str, cases: usize, bytes: &impl Strategy<Value = Vec<u8>>, read: impl Fn(&[u8])) {
    let config =
        ProptestConfig { cases: u32::try_from(cases).unwrap(), failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(bytes, |bytes| {
        read(&bytes);
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(reason, bytes)) => {
            panic!("{name}: {reason}: {:?}", bytes.escape_ascii().to_string());
        }
        Err(TestError::Abort(reason)) => panic!("{name}: {reason}"),
        Ok(()) => {}
    }
}

/// A mutation of an example.
#[derive(Debug, Clone)]
enum Change {
    /// Replaces a byte.
    Byte(prop::sample::Index, u8),
    /// Removes a range.
    Cut(prop::sample::Index, prop::sample::Index),
    /// Repeats a range.
    Repeated(prop::sample::Index, prop::sample::Index),
    /// Inserts bytes that often break parsers.
    Inserted(prop::sample::Index, &'static str),
    /// Appends the end of another example.
    Crossed(prop::sample::Index, prop::sample::Index, prop::sample::Index),
}

const PIECES: [&str; 18] = [
    "\0",
    "\n",
    "\r\n",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ".",
    "-",
    "99999999999999999999",
    "1e999",
    "\u{202e}",
    " ",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Repeated(from, to)),
        3 => (at(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Change::Inserted(at, piece)),
        1 => (at(), at(), at()).prop_map(|(at, other, from)| Change::Crossed(at, other, from)),
    ]
}

impl Change {
    fn made_to(&self, mut bytes: Vec<u8>, examples: &[Vec<u8>]) -> Vec<u8> {
        let place = |index: &prop::sample::Index, bytes: &[u8]| index.index(bytes.len() + 1);
        let range = |from, to, bytes: &[u8]| {
            let (from, to) = (place(from, bytes), place(to, bytes));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Byte(at, byte) => {
                if let Some(changed) = bytes.len().checked_sub(1).map(|last| at.index(last + 1)) {
                    bytes[changed] = *byte;
                }
            }
            Self::Cut(from, to) => drop(bytes.drain(range(from, to, &bytes))),
            Self::Repeated(from, to) => {
                let range = range(from, to, &bytes);
                let again = bytes[range.clone()].to_vec();
                bytes.splice(range.start..range.start, again);
            }
            Self::Inserted(at, piece) => {
                let at = place(at, &bytes);
                bytes.splice(at..at, piece.bytes());
            }
            Self::Crossed(at, other, from) => {
                let other = &examples[other.index(examples.len())];
                bytes.truncate(place(at, &bytes));
                bytes.extend_from_slice(&other[place(from, other)..]);
            }
        }
        bytes
    }
}

#[tokio::test]
async fn every_request_body_of_the_openapi_document_is_a_fuzz_target() {
    let document = super::http::document().await;
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operations = operations.as_object().unwrap().iter();
        let with_body = operations.filter(|(_, operation)| operation["requestBody"].is_object());
        documented.extend(with_body.map(|(method, _)| format!("{method} {path}")));
    }
    let listed: BTreeSet<String> = BODIES.iter().map(|body| body.route.to_owned()).collect();
    assert_eq!(documented, listed, "tests/src/fuzz_targets/bodies.rs lists what the document has");
}

/// Fuzz targets are built only with a nightly toolchain, so each is a single line.
#[test]
fn every_fuzz_target_has_its_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut targets = BTreeSet::new();
    for file in fs::read_dir(folder.join("fuzz_targets")).unwrap() {
        targets.insert(file.unwrap().file_name().into_string().unwrap());
    }
    let expected: BTreeSet<String> = OPENINGS.iter().map(|opening| format!("{}.rs", opening.name)).collect();
    assert_eq!(targets, expected);
    for Opening { name, .. } in OPENINGS {
        let target = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        let told = format!("//! The opening `{name}` of `tests/src/fuzz_targets.rs`, for the fuzzer.\n");
        assert_eq!(target, format!("{told}#![no_main]\nfuzz::opening!(\"{name}\");\n"));
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{name}");
    }
}
