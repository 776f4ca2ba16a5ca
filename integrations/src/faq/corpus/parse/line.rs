//! What one line of a file is, however it is spelled.
//!
//! People write `Q:`, `q：`, `- Ｑ : …`; all of it is a question. What is folded here is the marker alone: what stands behind it
//! stays as written.

/// A line as its marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `## key`.
    Key(&'a str),
    /// `### language`.
    Language(&'a str),
    /// `Q: …`.
    Question(&'a str),
    /// `Synonyms: a, b`.
    Synonyms(&'a str),
    /// Anything else.
    Text,
}

const QUESTION: [&str; 3] = ["q", "问", "問"];
const SYNONYMS: [&str; 10] = [
    "synonyms",
    "synonym",
    "同义词",
    "同義詞",
    "近义词",
    "synonyme",
    "synonymes",
    "sinónimos",
    "sinonimos",
    "sinonimi",
];

/// Reads a line.
pub(super) fn line(line: &str) -> Line<'_> {
    if let Some(key) = heading(line, "##") {
        return Line::Key(key);
    }
    if let Some(language) = heading(line, "###") {
        return Line::Language(language);
    }
    let Some((marker, text)) = marked(line) else { return Line::Text };
    if QUESTION.contains(&marker.as_str()) {
        Line::Question(text)
    } else if SYNONYMS.contains(&marker.as_str()) {
        Line::Synonyms(text)
    } else {
        Line::Text
    }
}

/// The text of a heading of exactly this depth.
fn heading<'a>(line: &'a str, depth: &str) -> Option<&'a str> {
    let text = line.strip_prefix(depth)?;
    (text.is_empty() || text.starts_with(char::is_whitespace)).then(|| text.trim())
}

/// The short word before the first colon, without bullet and width and in lower case, and what stands behind.
fn marked(line: &str) -> Option<(String, &str)> {
    let line = line.trim_start().trim_start_matches(is_bullet).trim_start();
    let (marker, text) = line.split_once(is_colon)?;
    let marker = marker.trim().trim_matches('*');
    let is_short = marker.chars().count() <= 12;
    is_short.then(|| (folded(marker), text.trim_start_matches('*').trim()))
}

fn is_bullet(c: char) -> bool {
    matches!(c, '-' | '*' | '+' | '•' | '·' | '–' | '>' | '－' | '＊')
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：' | '﹕' | '︓' | '∶' | '꞉')
}

/// In lower case, with half-width letters.
fn folded(marker: &str) -> String {
    let narrow = marker.chars().map(|c| match c {
        'Ａ'..='ｚ' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    });
    narrow.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_question_may_be_marked_in_any_usual_way() {
        for spelled in [
            "Q: ask",
            "Q：ask",
            "q:ask",
            "q ： ask",
            "Ｑ：ask",
            "ｑ﹕ask",
            "- Q: ask",
            "* q：ask",
            "  -  Q : ask",
            "• Q: ask",
            "+ Q∶ ask",
            "\tQ:\task  ",
            "**Q:** ask",
            "**Q**: ask",
            "> Q: ask",
            "问：ask",
            "- 問: ask",
            "\u{3000}Q：ask",
        ] {
            assert_eq!(line(spelled), Line::Question("ask"), "{spelled:?}");
        }
    }

    #[test]
    fn synonyms_may_be_named_in_each_language() {
        for spelled in ["Synonyms: a, b", "synonyms：a, b", "- 同义词：a, b", "Synonyme: a, b", "Sinónimos: a, b"]
        {
            assert_eq!(line(spelled), Line::Synonyms("a, b"), "{spelled:?}");
        }
    }

    #[test]
    fn other_lines_are_text() {
        for text in [
            "",
            "ask",
            "FAQ: no",
            "Quick: no",
            "Q ask",
            "Note: Q: no",
            "请注意：不",
            "####  deep",
            "#title",
            "##key",
            "Q",
        ] {
            assert_eq!(line(text), Line::Text, "{text:?}");
        }
        assert_eq!(line("## a-key "), Line::Key("a-key"));
        assert_eq!(line("###\ten"), Line::Language("en"));
    }
}
