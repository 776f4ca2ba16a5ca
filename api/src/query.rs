//! Query parameters, each parsed by name so that errors name it.

use std::{
    collections::HashMap,
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};

use crate::problem::Problem;

/// The query of a request.
pub struct QueryFields(HashMap<String, String>);

impl FromRequest for QueryFields {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = Query::<HashMap<String, String>>::from_query(request.query_string());
        ready(parsed.map(|query| Self(query.into_inner())).map_err(|_| Problem::bad_request("the query is malformed")))
    }
}

impl QueryFields {
    /// A parameter's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A parameter's text where it is there at all, if only as `name=`: for those whose absence means something else.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that is a number.
    ///
    /// # Errors
    /// It is there and is none.
    pub fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| Problem::invalid(name, "must be a whole number")))
            .transpose()
    }
}
