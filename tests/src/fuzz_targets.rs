//! Every parser of untrusted input as a function of bytes that always returns whether it accepted them, and panics if it
//! accepted what it must reject. The property tests of every run (`it/fuzz_targets.rs`) and the fuzzer (`fuzz/`) call the same
//! functions.

mod bodies;
mod calendars;
mod events;
mod flags;
mod headers;
mod openai;
mod policies;
mod proofs;
mod streams;
mod tokens;

use std::path::Path;

pub use bodies::{BODIES, Body};

/// One parser of untrusted input.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// The name of the fuzz target.
    pub name: &'static str,
    /// Parses the bytes; true if they were accepted.
    pub read: fn(&[u8]) -> bool,
    /// Accepted inputs to begin with.
    pub examples: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const OPENINGS: &[Opening] = &[
    opening("staff_token", tokens::staff, tokens::staffs),
    opening("visitor_token", tokens::visitor, tokens::visitors),
    opening("identity_token", tokens::identity, tokens::identities),
    opening("identity_keys", tokens::identity_keys, tokens::key_sets),
    opening("api_key", tokens::api_key, tokens::api_keys),
    opening("event", events::event, events::stored),
    opening("body", bodies::body, bodies::all),
    opening("query", headers::query, headers::queries),
    opening("cursor", headers::cursor, headers::cursors),
    opening("client", headers::client, headers::clients),
    opening("lists", headers::lists, headers::all_lists),
    opening("policy", policies::policy, policies::policies),
    opening("calendars", calendars::calendars, calendars::documents),
    opening("openai_answer", openai::answer, openai::answers),
    opening("flags", flags::flags, flags::documents),
    opening("note", proofs::note, proofs::notes),
    opening("proof", proofs::proof, proofs::files),
    opening("sealed", proofs::sealed, proofs::parts),
    opening("sse", streams::sse, streams::bodies),
    opening("coze_stream", streams::coze, streams::chats),
];

const fn opening(name: &'static str, read: fn(&[u8]) -> bool, examples: fn() -> Vec<Vec<u8>>) -> Opening {
    Opening { name, read, examples }
}

/// The parser of this name.
///
/// # Panics
/// There is none.
#[must_use]
pub fn named(name: &str) -> Opening {
    *OPENINGS.iter().find(|opening| opening.name == name).unwrap_or_else(|| panic!("{name} is no opening"))
}

impl Opening {
    /// Writes the examples where a fuzzer finds them.
    ///
    /// # Panics
    /// The folder cannot be written.
    pub fn write_examples(&self, folder: &Path) {
        let folder = folder.join(self.name);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        for (number, example) in (self.examples)().into_iter().enumerate() {
            std::fs::write(folder.join(format!("example-{number}")), example).expect("the folder can be written");
        }
    }
}

/// Most of what comes in is text.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Lines of text, as bytes.
fn lines(lines: &[&str]) -> Vec<u8> {
    lines.join("\n").into_bytes()
}
