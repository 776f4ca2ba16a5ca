//! Query parameters, each parsed by name so that errors name it.

use std::{
    collections::HashMap,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};
use domain::Language;

use crate::{body::shown, problem::Problem};

/// The query of a request.
pub struct QueryFields(HashMap<String, String>);

impl FromRequest for QueryFields {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

const MALFORMED: &str = "the query is malformed";

fn number(text: &str) -> Option<u64> {
    let number: i64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()?;
    number.try_into().ok()
}

impl QueryFields {
    /// Reads a query. A name that is there twice is refused: two readers of one request could take it for two things.
    ///
    /// # Errors
    /// It is malformed, or has a name twice.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query).map_err(|_| Problem::bad_request(MALFORMED))?;
        let mut fields = HashMap::new();
        for (name, value) in pairs.into_inner() {
            if fields.insert(name.clone(), value).is_some() {
                let shown = shown(&name);
                return Err(Problem::bad_request(format!("{shown} is given twice")).with("field", shown));
            }
        }
        Ok(Self(fields))
    }

    /// A parameter's text where it is there at all, if only as `name=`.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that says something.
    ///
    /// # Errors
    /// It is there and empty: whoever wants less than everything must not be given everything.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let text = self.given(name);
        if text.is_some_and(str::is_empty) { Err(Problem::invalid(name, "must not be empty")) } else { Ok(text) }
    }

    /// A parameter that is a language.
    ///
    /// # Errors
    /// It is there and is none that is spoken here.
    pub fn language(&self, name: &'static str) -> Result<Option<Language>, Problem> {
        let wrong = || Problem::invalid(name, "must be one of zh, en, de, fr, es, it");
        self.text(name)?.map(|text| Language::parse(text).ok_or_else(wrong)).transpose()
    }

    /// A parameter that is a number, in digits alone: no place in the log and no row is beyond 63 bits.
    ///
    /// # Errors
    /// It is there and is none.
    pub fn number<T: TryFrom<u64>>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let wrong = || Problem::invalid(name, "must be a whole number");
        self.given(name)
            .map(|text| number(text).and_then(|number| number.try_into().ok()).ok_or_else(wrong))
            .transpose()
    }
}
