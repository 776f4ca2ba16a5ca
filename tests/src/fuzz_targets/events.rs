//! Stored events, of all kinds of stream: a database that somebody else has written to is outside, too.

use std::path::Path;

use domain::{DecodeError, Encoded, PersonalText, access, agent, customer, session, settings};
use serde_json::Value;

use super::{lines, text};

/// `<type> <schema>`, a line of plain JSON, and a line of personal JSON, or what has become of it. Whatever is read is written
/// back to what reads the same, and no history makes the fold stop.
pub(super) fn event(bytes: &[u8]) -> bool {
    let mut lines = text(bytes).unwrap_or_default().splitn(3, '\n');
    let (head, data, personal) = (lines.next().unwrap_or_default(), lines.next(), lines.next());
    let Some((name, schema)) = head.split_once(' ') else { return false };
    let (Ok(schema), Some(data)) = (schema.parse(), data) else { return false };
    let stored = Stored { name, schema, data, personal };
    match name.split_once('.').map(|(kind, _)| kind) {
        Some("session") => stored.read(session::decode, session::encode, |event| {
            let _ = session::State::default().evolve(event);
        }),
        Some("agent") => stored.read(agent::decode, agent::encode, |event| {
            let _ = agent::State::default().evolve(event);
        }),
        Some("customer") => stored.read(customer::decode, customer::encode, |event| {
            let _ = customer::State::default().evolve(event);
        }),
        Some("settings" | "log") => stored.read(settings::decode, settings::encode, |event| {
            let _ = settings::State::default().evolve(event);
        }),
        Some("access") => stored.read(access::decode, access::encode, |_| {}),
        _none_of_ours => false,
    }
}

struct Stored<'a> {
    name: &'a str,
    schema: u32,
    data: &'a str,
    personal: Option<&'a str>,
}

impl Stored<'_> {
    fn read<E: PartialEq + std::fmt::Debug>(
        &self,
        decode: fn(&str, u32, &str, PersonalText) -> Result<E, DecodeError>,
        encode: fn(&E) -> Encoded,
        fold: fn(&E),
    ) -> bool {
        let personal = match self.personal {
            None => PersonalText::Absent,
            Some("erased") => PersonalText::Erased,
            Some("sealed") => PersonalText::Sealed,
            Some(json) => PersonalText::Known(json.to_owned()),
        };
        let Ok(event) = decode(self.name, self.schema, self.data, personal.clone()) else { return false };
        fold(&event);
        let written = encode(&event);
        let again = match (written.personal, personal) {
            (Some((_, json)), _) => PersonalText::Known(json),
            (None, PersonalText::Known(_)) => panic!("{}: what was known is lost", self.name),
            (None, other) => other,
        };
        let read_again = decode(written.event_type, written.schema, &written.data, again);
        assert_eq!(read_again.expect("what is written can be read"), event);
        true
    }
}

/// The golden events.
pub(super) fn stored() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = std::fs::read_dir(folder).expect("the golden events are there");
    let mut paths: Vec<_> = files.map(|file| file.expect("it can be listed").path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("it can be read"));
    texts.filter_map(|text| golden(&text)).collect()
}

/// One that has a type; the vault's own files have none.
fn golden(file: &str) -> Option<Vec<u8>> {
    let golden: Value = serde_json::from_str(file).ok()?;
    let head =
        format!("{} {}", golden.get("schema")?.as_u64().map(|_| golden["event_type"].as_str())??, golden["schema"]);
    let personal = match golden["personal_state"].as_str()? {
        "known" => golden["personal"].as_str(),
        "erased" => Some("erased"),
        _absent => None,
    };
    let parts: Vec<&str> = [Some(&*head), golden["data"].as_str(), personal].into_iter().flatten().collect();
    Some(lines(&parts))
}
