//! What a reader of `$all` asked to see.

use regex::Regex;
use tonic::Status;

use crate::{
    event::{EPOCH_STREAM, Event},
    proto::streams::read_req::options::{FilterOptions, filter_options},
};

/// A filter of `$all`. Even without one the epochs are not seen.
pub(crate) enum Filter {
    None,
    Stream(Expression),
    Type(Expression),
}

pub(crate) enum Expression {
    Prefixes(Vec<String>),
    Regex(Regex),
}

impl Filter {
    /// # Errors
    /// `INVALID_ARGUMENT`: neither streams nor types are named, or the regular expression is none.
    pub(crate) fn parse(options: &FilterOptions) -> Result<Self, Status> {
        match &options.filter {
            Some(filter_options::Filter::StreamIdentifier(said)) => Ok(Self::Stream(Expression::parse(said)?)),
            Some(filter_options::Filter::EventType(said)) => Ok(Self::Type(Expression::parse(said)?)),
            None => Err(Status::invalid_argument("a filter names streams or event types")),
        }
    }

    pub(crate) fn lets_pass(&self, event: &Event) -> bool {
        &*event.stream != EPOCH_STREAM
            && match self {
                Self::None => true,
                Self::Stream(expression) => expression.matches(&event.stream),
                Self::Type(expression) => expression.matches(&event.event_type),
            }
    }
}

impl Expression {
    fn parse(said: &filter_options::Expression) -> Result<Self, Status> {
        if said.regex.is_empty() {
            return Ok(Self::Prefixes(said.prefix.clone()));
        }
        let regex = Regex::new(&said.regex);
        regex.map(Self::Regex).map_err(|error| Status::invalid_argument(error.to_string()))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefixes(prefixes) => prefixes.iter().any(|prefix| text.starts_with(prefix)),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}
