//! Reads a table of questions.

use domain::Language;

/// A question of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As in the table.
    pub id: String,
    /// Of the customer.
    pub language: Language,
    /// As in the table: `plain`, `free`, ….
    pub kind: String,
    /// As the customer wrote it.
    pub question: String,
    /// The entries that answer it; empty where nothing does.
    pub keys: Vec<String>,
}

/// A line that is no question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TableError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads a table: a header, then a question a line. Questions of kind `danger` are the policy's and are left out.
///
/// # Errors
/// A line has another form.
pub fn read(text: &str) -> Result<Vec<Asked>, TableError> {
    let mut all = Vec::new();
    for (line, row) in (1..).zip(text.lines()).skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        let asked = question(row).map_err(|what| TableError { line, what })?;
        if asked.kind != "danger" {
            all.push(asked);
        }
    }
    Ok(all)
}

fn question(row: &str) -> Result<Asked, &'static str> {
    let mut columns = row.split('\t').map(str::trim);
    let mut next = || columns.next().ok_or("wants five columns: id, language, kind, question, keys");
    let (id, language, kind, question, keys) = (next()?, next()?, next()?, next()?, next()?);
    let language = Language::parse(language).ok_or("the language is one of zh, en, de, fr, es, it")?;
    let keys =
        keys.split(',').map(str::trim).filter(|key| !key.is_empty() && *key != "none").map(str::to_owned).collect();
    Ok(Asked { id: id.to_owned(), language, kind: kind.to_owned(), question: question.to_owned(), keys })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_question_with_its_entries() {
        let table = "id\tlanguage\tkind\tquestion\tkeys\nq1\tde\tfree\tWie lange?\tdelivery-time, track-parcel\n\nq2\ten\tdanger\tfire\tnone\n";
        let asked = read(table).unwrap_or_default();
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (asked[0].language, asked[0].keys.as_slice()),
            (Language::De, &["delivery-time".to_owned(), "track-parcel".to_owned()][..])
        );
        assert_eq!(read("h\nq1\ten\tfree\tx").map_err(|error| error.line), Err(2));
        assert_eq!(read("h\nq1\tnl\tfree\tx\tnone").map_err(|error| error.line), Err(2));
    }
}
