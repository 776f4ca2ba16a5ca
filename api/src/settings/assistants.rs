//! Settings about assistants that are more than a number or a text.

use std::{fmt, str::FromStr};

use domain::budget::Price;

/// One of the assistants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssistantKind {
    /// Coze.
    Coze,
    /// A server that speaks OpenAI's language.
    OpenAi,
    /// The shop's FAQ.
    Faq,
}

impl AssistantKind {
    /// In the order in which they are asked unless told otherwise.
    pub const ALL: [Self; 3] = [Self::Coze, Self::OpenAi, Self::Faq];

    /// As in settings and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coze => "coze",
            Self::OpenAi => "openai",
            Self::Faq => "faq",
        }
    }
}

/// Does not say what it should.
#[derive(Debug)]
pub struct Unreadable;

/// Who is asked, the first first; each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantOrder(pub Vec<AssistantKind>);

impl FromStr for AssistantOrder {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut order = Vec::new();
        for name in text.split(',').map(str::trim) {
            let kind = AssistantKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(Unreadable)?;
            if order.contains(&kind) {
                return Err(Unreadable);
            }
            order.push(kind);
        }
        Ok(Self(order))
    }
}

impl fmt::Display for AssistantOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(","))
    }
}

/// Three letters, as ISO 4217 has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(pub String);

impl FromStr for Currency {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code.then(|| Self(text.to_owned())).ok_or(Unreadable)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a million tokens cost, in millionths of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice {
    input: u64,
    output: u64,
}

impl TokenPrice {
    /// In this currency.
    #[must_use]
    pub fn with(self, currency: &Currency) -> Price {
        Price { input: self.input, output: self.output, currency: currency.0.clone() }
    }
}

impl FromStr for TokenPrice {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (input, output) = text.split_once('/').ok_or(Unreadable)?;
        Ok(Self { input: micros(input.trim())?, output: micros(output.trim())? })
    }
}

/// An amount like `0.15`, in millionths.
fn micros(text: &str) -> Result<u64, Unreadable> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 6 || !is_number(whole) || !is_number(part) {
        return Err(Unreadable);
    }
    format!("{whole}{part:0<6}").parse().map_err(|_too_long| Unreadable)
}

/// How free a model is in its words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(pub Option<f64>);

impl FromStr for Temperature {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text == "server" {
            return Ok(Self(None));
        }
        let number: f64 = text.parse().map_err(|_no_number| Unreadable)?;
        (0.0..=2.0).contains(&number).then_some(Self(Some(number))).ok_or(Unreadable)
    }
}

/// Questions that a customer may choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestions(pub Vec<String>);

const MOST_SUGGESTIONS: usize = 6;
/// In characters.
const LONGEST_SUGGESTION: usize = 200;

impl FromStr for Suggestions {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let all: Vec<String> = text.split('|').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
        let is_short = |one: &String| one.chars().count() <= LONGEST_SUGGESTION;
        (all.len() <= MOST_SUGGESTIONS && all.iter().all(is_short)).then_some(Self(all)).ok_or(Unreadable)
    }
}

/// How we prove to Coze who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CozeAuthMode {
    /// By an OAuth app that signs.
    OAuthJwt,
    /// By a personal access token.
    Token,
}

impl FromStr for CozeAuthMode {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        match text {
            "OAUTH_JWT" => Ok(Self::OAuthJwt),
            "TOKEN" => Ok(Self::Token),
            _ => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_each_assistant_once() {
        let order: AssistantOrder = "openai, faq".parse().expect("it is well formed");
        assert_eq!(order.0, [AssistantKind::OpenAi, AssistantKind::Faq]);
        assert_eq!(order.to_string(), "openai,faq");
        for wrong in ["", "faq,faq", "gpt", "faq,"] {
            assert!(wrong.parse::<AssistantOrder>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_price_has_two_amounts_with_up_to_six_places() {
        let price: TokenPrice = "0.15/0.6".parse().expect("it is well formed");
        assert_eq!(price, TokenPrice { input: 150_000, output: 600_000 });
        assert_eq!(
            "3 / 15.000001".parse::<TokenPrice>().expect("it is well formed"),
            TokenPrice { input: 3_000_000, output: 15_000_001 }
        );
        for wrong in ["", "1", "1/", "/1", "1/-1", "1/1.0000001", "1e3/1", "1/NaN"] {
            assert!(wrong.parse::<TokenPrice>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn suggestions_are_few_and_short() {
        assert_eq!(
            "a? | b?|".parse::<Suggestions>().expect("it is well formed"),
            Suggestions(vec!["a?".to_owned(), "b?".to_owned()])
        );
        assert_eq!("".parse::<Suggestions>().expect("it is well formed"), Suggestions(Vec::new()));
        assert!("1|2|3|4|5|6|7".parse::<Suggestions>().is_err() && "长".repeat(201).parse::<Suggestions>().is_err());
    }

    #[test]
    fn a_temperature_is_between_0_and_2_or_the_servers() {
        assert_eq!("0.3".parse::<Temperature>().expect("it is well formed"), Temperature(Some(0.3)));
        assert_eq!("server".parse::<Temperature>().expect("it is well formed"), Temperature(None));
        for wrong in ["", "-1", "2.1", "NaN"] {
            assert!(wrong.parse::<Temperature>().is_err(), "{wrong}");
        }
    }
}
