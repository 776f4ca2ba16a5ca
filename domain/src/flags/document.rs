//! The flags' document, as the shop writes it (`docs/flags.md`).
//!
//! Invariants: an unknown name is an error that names the nearest known one; a rule that could never speak is an error; both
//! seeds are there, and different, wherever they are drawn with.

use std::{collections::BTreeMap, str::FromStr};

use super::{Among, AskedFor, Flag, Kind, Known, Rule, Value, Variant};
use crate::{
    agent::Role,
    settings::{
        DocumentError,
        toml_reader::{Node, Place},
    },
};

const FIELDS: [&str; 6] = ["type", "default", "share_seed", "variant_seed", "rules", "variants"];
const RULE_FIELDS: [&str; 5] = ["percent", "sessions", "agents", "roles", "value"];
const VARIANT_FIELDS: [&str; 3] = ["name", "share", "assistants"];
/// What a name or a seed may have at most.
const LONGEST: usize = 100;

/// Every known flag, as the document has it or as it is without.
pub(super) fn parse(known: &'static [Known], text: &str) -> Result<BTreeMap<&'static str, Flag>, DocumentError> {
    let mut flags: BTreeMap<_, _> = known.iter().map(|known| (known.name, Flag::untouched(known))).collect();
    for (key, node) in Node::parse(text)?.table()? {
        if key.name() != "flags" {
            return Err(key.error("is not known; a document has tables like [flags.assistant_order]"));
        }
        for (key, node) in node.table()? {
            let names = known.iter().map(|known| known.name);
            let found = known.iter().find(|known| known.name == key.name());
            let found = found.ok_or_else(|| unknown(&key, names))?;
            flags.insert(found.name, Reader { known: found }.flag(&node)?);
        }
    }
    Ok(flags)
}

fn unknown<'a>(key: &Place<'_>, known: impl Iterator<Item = &'a str>) -> DocumentError {
    let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(known, key.name())).unwrap_or_default();
    key.error(format!("is not known; did you mean {nearest}?"))
}

/// Reads one flag.
struct Reader {
    known: &'static Known,
}

impl Reader {
    fn flag(&self, node: &Node<'_>) -> Result<Flag, DocumentError> {
        let fields = fields(node, &FIELDS)?;
        let field = |name: &str| fields.get(name).map(|(_, node)| node);
        let mut flag = Flag::untouched(self.known);
        self.check_type(field("type").ok_or_else(|| node.error("must have type"))?)?;
        if let Some(seed) = field("share_seed") {
            flag.share_seed = name(seed)?;
        }
        if let Some(seed) = field("variant_seed") {
            flag.variant_seed = name(seed)?;
        }
        if let Some((key, variants)) = fields.get("variants") {
            flag.variants = self.variants(key, variants)?;
            flag.names = flag.variants.iter().map(|variant| Value::Text(variant.name.clone())).collect();
        }
        if let Some(default) = field("default") {
            flag.default = self.value(&flag, default)?;
        }
        for rule in field("rules").map(Node::list).transpose()?.unwrap_or_default() {
            let read = self.rule(&flag, &rule)?;
            flag.rules.push(read);
        }
        check_seeds(&flag, node, field("variant_seed"))?;
        Ok(flag)
    }

    fn check_type(&self, node: &Node<'_>) -> Result<(), DocumentError> {
        let (text, kind) = (node.text()?, self.known.kind.as_str());
        if text == kind {
            Ok(())
        } else {
            Err(node.error(format!("must be {kind:?}, for that is what this flag says")))
        }
    }

    fn value(&self, flag: &Flag, node: &Node<'_>) -> Result<Value, DocumentError> {
        let value = match self.known.kind {
            Kind::Boolean => Value::Boolean(node.boolean()?),
            Kind::Text => Value::Text(node.text()?.to_owned()),
            Kind::Number => Value::Number(node.number(0..=u32::MAX)?),
        };
        if self.known.has_variants && value != self.known.initial && !flag.names.contains(&value) {
            return Err(node.error("must be the name of one of the variants, or \"\""));
        }
        Ok(value)
    }

    fn rule(&self, flag: &Flag, node: &Node<'_>) -> Result<Rule, DocumentError> {
        let fields = fields(node, &RULE_FIELDS)?;
        let value = fields.get("value").map(|(_, node)| self.value(flag, node)).transpose()?;
        let mut conditions = fields.iter().filter(|(name, _)| **name != "value");
        let (Some((name, (key, condition))), None) = (conditions.next(), conditions.next()) else {
            return Err(node.error("must have one of percent, sessions, agents and roles"));
        };
        if self.known.asked_for != speaks_of(name) {
            return Err(key.error("would never apply: this flag is asked for somebody else"));
        }
        if value.is_none() && flag.variants.is_empty() {
            return Err(node.error("must have value"));
        }
        Ok(Rule { of: among(name, condition)?, value })
    }

    fn variants(&self, key: &Place<'_>, node: &Node<'_>) -> Result<Vec<Variant>, DocumentError> {
        if !self.known.has_variants {
            return Err(key.error("is not known for this flag"));
        }
        let mut variants: Vec<Variant> = Vec::new();
        for item in node.list()? {
            let (variant, named) = variant(&item)?;
            if variants.iter().any(|other| other.name == variant.name) {
                return Err(named);
            }
            variants.push(variant);
        }
        match variants.iter().map(|variant| variant.share).sum() {
            100 => Ok(variants),
            sum => Err(key.error(format!("must have shares that are 100 together, not {sum}"))),
        }
    }
}

/// A table's fields by their names.
fn fields<'a>(
    node: &Node<'a>,
    known: &[&'static str],
) -> Result<BTreeMap<&'static str, (Place<'a>, Node<'a>)>, DocumentError> {
    let mut fields = BTreeMap::new();
    for (key, node) in node.table()? {
        let found = known.iter().find(|known| **known == key.name());
        let name = *found.ok_or_else(|| unknown(&key, known.iter().copied()))?;
        fields.insert(name, (key, node));
    }
    Ok(fields)
}

/// One variant, and the error that there is one of this name.
fn variant(node: &Node<'_>) -> Result<(Variant, DocumentError), DocumentError> {
    let fields = fields(node, &VARIANT_FIELDS)?;
    let field =
        |name: &str| fields.get(name).map(|(_, node)| node).ok_or_else(|| node.error(format!("must have {name}")));
    let (named, assistants) = (field("name")?, field("assistants")?);
    let list = assistants.list()?;
    let mut names: Vec<String> = Vec::new();
    for item in &list {
        let assistant = name(item)?;
        if names.contains(&assistant) {
            return Err(item.error("must not name an assistant twice"));
        }
        names.push(assistant);
    }
    if names.is_empty() {
        return Err(assistants.error("must name an assistant"));
    }
    let variant = Variant { name: name(named)?, share: field("share")?.number(0..=100)?, assistants: names };
    Ok((variant, named.error("must be the name of one variant only")))
}

/// A text that is there and not endless.
fn name(node: &Node<'_>) -> Result<String, DocumentError> {
    let text = node.text()?;
    if (1..=LONGEST).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(node.error(format!("must be a text of 1 to {LONGEST} bytes without spaces around it")))
}

fn speaks_of(condition: &str) -> AskedFor {
    match condition {
        "agents" | "roles" => AskedFor::Staff,
        _percent_or_sessions => AskedFor::Sessions,
    }
}

fn among(condition: &str, node: &Node<'_>) -> Result<Among, DocumentError> {
    Ok(match condition {
        "percent" => Among::Percent(node.number(0..=100)?),
        "sessions" => Among::Sessions(ids(node, "sessions")?.into_iter().collect()),
        "agents" => Among::Agents(ids(node, "agents")?.into_iter().collect()),
        _roles => Among::Roles(node.list()?.iter().map(role).collect::<Result<_, _>>()?),
    })
}

/// Ids alone: names are personal and have no place in a document that stays in the log.
fn ids<T: FromStr>(node: &Node<'_>, whose: &str) -> Result<Vec<T>, DocumentError> {
    let id =
        |item: &Node<'_>| item.text()?.parse().map_err(|_| item.error(format!("must be ids of {whose}, never names")));
    node.list()?.iter().map(id).collect()
}

fn role(node: &Node<'_>) -> Result<Role, DocumentError> {
    let text = node.text()?;
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    Role::parse(text).ok_or_else(|| node.error(format!("must be roles: {}", known())))
}

/// Where both were drawn with one seed, everybody in a small share would be in the same variant.
fn check_seeds(flag: &Flag, node: &Node<'_>, variant_seed: Option<&Node<'_>>) -> Result<(), DocumentError> {
    let is_drawn = flag.rules.iter().any(|rule| matches!(rule.of, Among::Percent(_)));
    if is_drawn && flag.share_seed.is_empty() {
        return Err(node.error("must have share_seed, for a rule has percent"));
    }
    let is_dealt = flag.rules.iter().any(|rule| rule.value.is_none());
    if is_dealt && flag.variant_seed.is_empty() {
        return Err(node.error("must have variant_seed, for a rule leaves it to the variants' shares"));
    }
    match variant_seed {
        Some(seed) if flag.variant_seed == flag.share_seed => Err(seed.error("must be another seed than share_seed")),
        Some(_) | None => Ok(()),
    }
}
