//! Who turns texts into vectors for the FAQ.

use std::path::PathBuf;

use super::{Declared, Fault};

/// A server of `/v1/embeddings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embeddings {
    /// Its address.
    pub url: String,
    /// What it calls its model.
    pub model: String,
    /// The file with its key.
    pub key_file: Option<PathBuf>,
}

impl Embeddings {
    /// What the settings say together; `None`: there is none.
    pub(super) fn of(declared: &Declared) -> Result<Option<Self>, Fault> {
        let key_file = declared.faq_embeddings_key_file.clone();
        match (declared.faq_embeddings_url.clone(), declared.faq_embeddings_model.clone()) {
            (None, None) if key_file.is_none() => Ok(None),
            (None, _) => {
                Err(("faq_embeddings_url", "set together with faq_embeddings_model and faq_embeddings_key_file"))
            }
            (Some(url), _) if !is_http(&url) => {
                Err(("faq_embeddings_url", "an address like http://localhost:11434/v1"))
            }
            (Some(url), Some(model)) => Ok(Some(Self { url, model, key_file })),
            (Some(_), None) => Err((
                "faq_embeddings_model",
                "set together with faq_embeddings_url; any name where the server has one model only",
            )),
        }
    }
}

fn is_http(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['@', ' ']))
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, Settings};
    use super::*;

    fn embeddings(flags: &[(&'static str, &str)]) -> Result<Option<Embeddings>, String> {
        let mut layers = Layers::default();
        flags.iter().for_each(|(key, value)| layers.flag(key, Some((*value).to_owned())));
        Settings::parse(&layers).map(|settings| settings.embeddings).map_err(|error| error.to_string())
    }

    #[test]
    fn url_and_model_go_together() {
        let (url, model) = (("faq_embeddings_url", "http://localhost:1/v1"), ("faq_embeddings_model", "m"));
        assert_eq!(embeddings(&[]), Ok(None));
        let set = embeddings(&[url, model]).expect("both").expect("set");
        assert_eq!((set.url.as_str(), set.model.as_str(), set.key_file), ("http://localhost:1/v1", "m", None));
        for (flags, named) in [
            (&[url][..], "faq_embeddings_model"),
            (&[model], "faq_embeddings_url"),
            (&[("faq_embeddings_key_file", "/k")], "faq_embeddings_url"),
            (&[("faq_embeddings_url", "localhost:1"), model], "faq_embeddings_url"),
            (&[("faq_embeddings_url", "http://user:secret@host"), model], "faq_embeddings_url"),
        ] {
            let error = embeddings(flags).expect_err(named);
            assert!(error.contains(named) && !error.contains("secret"), "{error}");
        }
    }
}
