//! Reads groups of words and their pairs.

use std::collections::HashMap;

use super::{Combinations, Pair};
use crate::{
    policy::{
        document::phrases,
        matcher::{Matcher, PhraseList},
        phrase::Phrase,
    },
    settings::{DocumentError, toml_reader::Node},
};

/// What the program brings.
pub(super) const DANGER: &str = include_str!("../combinations.toml");
/// The group whose words take a sign's meaning away.
const NEGATIONS: &str = "no";

/// Reads the document: `[words.NAME]` with lists by language, `together = ["things + signs - nearer ! absent"]`, `[except]`.
///
/// # Errors
/// It is not such a document; the error says where.
pub(super) fn parse(text: &str) -> Result<Combinations, DocumentError> {
    let document = Node::parse(text)?;
    let mut groups: Vec<(String, Vec<Phrase>)> = Vec::new();
    let (mut except, mut together) = (Vec::new(), Vec::new());
    for (key, node) in document.table()? {
        match key.name() {
            "words" => {
                for (key, node) in node.table()? {
                    groups.push((key.name().to_owned(), phrases(&node)?));
                }
            }
            "except" => except = phrases(&node)?,
            "together" => together = node.list()?,
            _ => return Err(key.error("is not known")),
        }
    }
    let numbers: HashMap<&str, usize> = groups.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    let pair =
        |node: &Node<'_>| pair(node.text()?, &numbers).ok_or_else(|| node.error("names a group that is not there"));
    let pairs = together.iter().map(pair).collect::<Result<_, _>>()?;
    let negations = *numbers.get(NEGATIONS).ok_or_else(|| document.error("has no group of negations"))?;
    let count = groups.len();
    let list = PhraseList { phrases: groups.into_iter().map(group).collect(), except };
    let words = Matcher::new(&[&list]).map_err(|_| document.error("has too many words"))?;
    Ok(Combinations { words, count, negations, pairs })
}

/// One phrase of one part: any of its words.
fn group((shown, written): (String, Vec<Phrase>)) -> Phrase {
    Phrase { shown, parts: vec![written.into_iter().flat_map(|phrase| phrase.parts).flatten().collect()] }
}

/// `thing|thing + sign|sign - nearer ! absent`, all but the signs may be left out.
fn pair(written: &str, numbers: &HashMap<&str, usize>) -> Option<Pair> {
    let (rest, absent) = written.split_once(" ! ").unwrap_or((written, ""));
    let (rest, nearer) = rest.split_once(" - ").unwrap_or((rest, ""));
    let (things, signs) = rest.split_once(" + ").unwrap_or(("", rest));
    let named = |names: &str| -> Option<Vec<usize>> {
        names.split('|').filter(|name| !name.is_empty()).map(|name| numbers.get(name.trim()).copied()).collect()
    };
    Some(Pair { things: named(things)?, signs: named(signs)?, nearer: named(nearer)?, absent: named(absent)? })
}
