//! Fills the named places of a template: `{agent}` becomes the agent's name.
//!
//! Invariant: one pass, so a name that looks like a place stays as it is.

/// The template with its places filled; a place that has no value stays.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, place)) = rest.split_once('{') {
        filled.push_str(before);
        let found = values.iter().find_map(|(name, value)| {
            place.strip_prefix(name).and_then(|after| after.strip_prefix('}')).map(|after| (*value, after))
        });
        if let Some((value, after)) = found {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push('{');
            rest = place;
        }
    }
    filled + rest
}
