//! What of a change to the document breaks clients that were made from the one before. The rules are oasdiff's (its checks of levels
//! error and warning), as far as a document of ours can break them, and two of generated clients: names of operations and of schemas
//! stay, because methods and types are called so.
//!
//! A request may become looser and an answer stricter: requests keep what they took, answers keep what they had.

use std::collections::BTreeSet;

use serde_json::Value;

use super::plain::SCHEMAS;

/// Every break, each with its place.
pub(super) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Found { old, new, breaks: Vec::new() };
    for (path, item) in members(&old["paths"]) {
        for (method, operation) in members(item) {
            found.operation(&format!("{} {path}", method.to_uppercase()), operation, &new["paths"][path][method]);
        }
    }
    found.schema(
        "Problem",
        &old["components"]["schemas"]["Problem"],
        &new["components"]["schemas"]["Problem"],
        Side::Server,
    );
    for (name, _) in members(&old["components"]["schemas"]) {
        found.must(!new["components"]["schemas"][name].is_null(), name, "the schema is gone: types have its name");
    }
    found.breaks
}

/// Who sends what is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

struct Found<'a> {
    old: &'a Value,
    new: &'a Value,
    breaks: Vec<String>,
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl<'a> Found<'a> {
    fn must(&mut self, holds: bool, place: &str, rule: &str) {
        if !holds {
            self.breaks.push(format!("{place}: {rule}"));
        }
    }

    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        if new.is_null() {
            return self.must(false, place, "the operation is gone");
        }
        self.must(old["operationId"] == new["operationId"], place, "its name is another: methods are called so");
        self.must(old["tags"] == new["tags"], place, "its tag is another: modules are called so");
        let (was, is) = (list(&old["security"]), list(&new["security"]));
        let is_open = is.is_empty() || (!was.is_empty() && was.iter().all(|one| is.contains(one)));
        self.must(is_open, place, "a way to say who calls is gone, or one is needed now");
        self.parameters(place, list(&old["parameters"]), list(&new["parameters"]));
        self.body(place, &old["requestBody"], &new["requestBody"]);
        for (status, response) in members(&old["responses"]).filter(|(status, _)| status.starts_with('2')) {
            let place = format!("{place} {status}");
            self.must(!new["responses"][status].is_null(), &place, "the status is gone");
            self.contents(&place, &response["content"], &new["responses"][status]["content"], Side::Server);
        }
    }

    fn parameters(&mut self, place: &str, old: &'a [Value], new: &'a [Value]) {
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for one in old {
            let place = format!("{place} ?{}", one["name"].as_str().unwrap_or_default());
            let Some(other) = new.iter().find(|other| same(one, other)) else {
                self.must(false, &place, "the parameter is gone");
                continue;
            };
            self.must(other["required"] != true || one["required"] == true, &place, "the parameter is required now");
            self.schema(&place, &one["schema"], &other["schema"], Side::Client);
        }
        let added = new.iter().filter(|other| other["required"] == true && !old.iter().any(|one| same(one, other)));
        let names: Vec<&str> = added.filter_map(|one| one["name"].as_str()).collect();
        self.must(names.is_empty(), place, &format!("parameters are new and required: {names:?}"));
    }

    fn body(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let is_required = |body: &Value| body["required"] == true;
        self.must(!is_required(new) || is_required(old), place, "a body is required now");
        self.contents(place, &old["content"], &new["content"], Side::Client);
    }

    fn contents(&mut self, place: &str, old: &'a Value, new: &'a Value, side: Side) {
        for (media_type, content) in members(old) {
            let place = format!("{place} {media_type}");
            let other = &new[media_type];
            self.must(!other.is_null(), &place, "the media type is gone");
            self.schema(&place, &content["schema"], &other["schema"], side);
        }
    }

    fn schema(&mut self, place: &str, old: &'a Value, new: &'a Value, side: Side) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        // What one side may send, the other must have taken.
        let (sent, taken) = match side {
            Side::Client => (&old, &new),
            Side::Server => (&new, &old),
        };
        let rule = match side {
            Side::Client => "a type is no longer taken",
            Side::Server => "a type is new in an answer",
        };
        self.must(is_within(&types(sent), &types(taken)), place, rule);
        self.must(words_fit(sent, taken), place, "the words of the enumeration fit no longer");
        self.must(bounds_fit(sent, taken), place, "bounds, pattern or format fit no longer");
        self.properties(place, &old, &new, side);
        self.inner(place, &old, &new, side);
    }

    fn properties(&mut self, place: &str, old: &Whole<'a>, new: &Whole<'a>, side: Side) {
        for (name, property) in &old.properties {
            let place = format!("{place} .{name}");
            let Some(other) = new.properties.iter().find(|(known, _)| known == name) else {
                self.must(false, &place, "the field is gone");
                continue;
            };
            let (was, is) = (old.required.contains(*name), new.required.contains(*name));
            match side {
                Side::Client => self.must(was || !is, &place, "the field is required now"),
                Side::Server => self.must(is || !was, &place, "the field may be left out now"),
            }
            self.schema(&place, property, other.1, side);
        }
        let known = |name: &str| old.properties.iter().any(|(known, _)| *known == name);
        let added: Vec<&&str> = new.required.iter().filter(|name| !known(name)).collect();
        self.must(side == Side::Server || added.is_empty(), place, &format!("fields are new and required: {added:?}"));
    }

    /// Items, values of maps, texts that are JSON, and choices.
    fn inner(&mut self, place: &str, old: &Whole<'a>, new: &Whole<'a>, side: Side) {
        for name in ["items", "additionalProperties", "contentSchema"] {
            if let (Some(one), Some(other)) = (old.member(name), new.member(name)) {
                self.schema(&format!("{place} {name}"), one, other, side);
            }
        }
        let (was, is) = (old.member("oneOf").map_or(&[][..], list), new.member("oneOf").map_or(&[][..], list));
        for one in was {
            match is.iter().find(|other| other["$ref"] == one["$ref"]) {
                Some(other) => self.schema(&format!("{place} oneOf"), one, other, side),
                None => self.must(false, place, &format!("a choice is gone: {one}")),
            }
        }
    }
}

/// A schema with all that it consists of.
struct Whole<'a> {
    own: &'a Value,
    properties: Vec<(&'a str, &'a Value)>,
    required: BTreeSet<&'a str>,
}

impl<'a> Whole<'a> {
    fn member(&self, name: &str) -> Option<&'a Value> {
        self.own.get(name).filter(|member| !member.is_boolean())
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> Whole<'a> {
    let name = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS));
    let own = name.map_or(schema, |name| &document["components"]["schemas"][name]);
    let mut whole = Whole {
        own,
        properties: members(&own["properties"]).map(|(name, schema)| (name.as_str(), schema)).collect(),
        required: list(&own["required"]).iter().filter_map(Value::as_str).collect(),
    };
    for part in list(&own["allOf"]) {
        let part = resolved(document, part);
        whole.properties.extend(part.properties);
        whole.required.extend(part.required);
    }
    whole
}

/// What a schema may be; everything where it says nothing of that.
fn types(whole: &Whole<'_>) -> BTreeSet<String> {
    let names = |kind: &Value| match kind {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _anything => Vec::new(),
    };
    let is_composed = ["oneOf", "anyOf", "allOf"].iter().any(|name| whole.own.get(name).is_some());
    if is_composed { BTreeSet::new() } else { names(&whole.own["type"]).into_iter().collect() }
}

fn is_within(sent: &BTreeSet<String>, taken: &BTreeSet<String>) -> bool {
    let fits = |kind: &String| taken.contains(kind) || (kind == "integer" && taken.contains("number"));
    taken.is_empty() || (!sent.is_empty() && sent.iter().all(fits))
}

fn words_fit(sent: &Whole<'_>, taken: &Whole<'_>) -> bool {
    let words = |whole: &Whole<'_>| whole.own.get("enum").map(|words| list(words).to_vec());
    match (words(sent), words(taken)) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(sent), Some(taken)) => sent.iter().all(|word| taken.contains(word)),
    }
}

fn bounds_fit(sent: &Whole<'_>, taken: &Whole<'_>) -> bool {
    let number = |whole: &Whole<'_>, name: &str| whole.own[name].as_f64();
    let at_least = ["minimum", "minLength", "minItems", "minProperties"].iter().all(|name| {
        number(taken, name)
            .is_none_or(|least| number(sent, name).is_some_and(|sent| sent >= least) || is_zero(least, name))
    });
    let at_most = ["maximum", "maxLength", "maxItems", "maxProperties"]
        .iter()
        .all(|name| number(taken, name).is_none_or(|most| number(sent, name).is_some_and(|sent| sent <= most)));
    let same = |name: &str| taken.own.get(name).is_none_or(|rule| sent.own.get(name) == Some(rule));
    at_least && at_most && same("pattern") && same("format") && closed_fits(sent.own, taken.own)
}

/// Nothing is shorter than nothing.
fn is_zero(least: f64, name: &str) -> bool {
    least == 0.0 && name != "minimum"
}

/// Whether what takes refuses fields that it has not named, as it has not before.
fn closed_fits(sent: &Value, taken: &Value) -> bool {
    let is_closed = |schema: &Value| schema["additionalProperties"] == false;
    !is_closed(taken) || is_closed(sent)
}
