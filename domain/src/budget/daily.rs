//! What each assistant may use in a day, as the settings say it: `5.00` for each, or `coze=5.00,openai=2.00`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{session::event::Cost, settings::event::Amount};

/// Costs nothing, so it has no budget.
const FREE: &str = "faq";

/// What each assistant may use in a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DailyBudgets {
    /// In millionths of the currency.
    pub money: PerAssistant<Micros>,
    /// The currency: three letters (ISO 4217).
    pub currency: String,
    /// Tokens of questions and answers together.
    pub tokens: PerAssistant<u64>,
}

impl DailyBudgets {
    /// Whether no assistant has any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.money.is_empty() && self.tokens.is_empty()
    }

    /// What an assistant may use in a day: nothing, one or two amounts.
    pub fn of(&self, assistant: &str) -> impl Iterator<Item = Amount> {
        let money = self.money.of(assistant).map(|micros| Cost { micros: micros.0, currency: self.currency.clone() });
        let tokens = self.tokens.of(assistant).copied().map(Amount::Tokens);
        money.map(Amount::Money).into_iter().chain(tokens)
    }

    /// The assistants that are named, for a check that they are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.money.named.keys().chain(self.tokens.named.keys()).map(String::as_str)
    }
}

/// A value for each assistant, and others for those that are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerAssistant<T> {
    each: Option<T>,
    named: BTreeMap<String, T>,
}

impl<T> Default for PerAssistant<T> {
    fn default() -> Self {
        Self { each: None, named: BTreeMap::new() }
    }
}

impl<T> PerAssistant<T> {
    /// Whether nobody has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.is_none() && self.named.is_empty()
    }

    /// An assistant's.
    fn of(&self, assistant: &str) -> Option<&T> {
        self.named.get(assistant).or(self.each.as_ref().filter(|_| assistant != FREE))
    }
}

/// The text is no list of budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an amount for each assistant, or a list like coze=5.00,openai=2.00")]
pub struct NotBudgets;

impl<T: Amounts> FromStr for PerAssistant<T> {
    type Err = NotBudgets;

    fn from_str(text: &str) -> Result<Self, NotBudgets> {
        let mut budgets = Self::default();
        for part in text.split(',').map(str::trim) {
            let (name, amount) =
                part.split_once('=').map_or((None, part), |(name, amount)| (Some(name.trim()), amount));
            let amount = T::read(amount.trim()).ok_or(NotBudgets)?;
            let earlier = match name {
                None => budgets.each.replace(amount),
                Some("") => return Err(NotBudgets),
                Some(name) => budgets.named.insert(name.to_owned(), amount),
            };
            if earlier.is_some() {
                return Err(NotBudgets);
            }
        }
        Ok(budgets)
    }
}

/// What a budget can be of.
pub trait Amounts: Sized {
    /// More than nothing, or none.
    fn read(text: &str) -> Option<Self>;
}

impl Amounts for u64 {
    fn read(text: &str) -> Option<Self> {
        is_digits(text).then(|| text.parse().ok()).flatten().filter(|tokens| *tokens > 0)
    }
}

/// Millionths of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub u64);

impl Amounts for Micros {
    /// With up to six digits after the point.
    fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 6 {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
        let micros = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
        (micros > 0).then_some(Self(micros))
    }
}

impl fmt::Display for Micros {
    /// `5.00`: as much after the point as there is, but cents at least.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1_000_000, format!("{:06}", self.0 % 1_000_000));
        let (cents, rest) = fraction.split_at(2);
        write!(f, "{whole}.{cents}{}", rest.trim_end_matches('0'))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Result<DailyBudgets, NotBudgets> {
        Ok(DailyBudgets { money: text.parse()?, currency: "USD".to_owned(), tokens: PerAssistant::default() })
    }

    fn of(text: &str, assistant: &str) -> Vec<u64> {
        money(text).expect("it is right").of(assistant).map(|amount| amount.number()).collect()
    }

    #[test]
    fn one_amount_is_for_each_and_a_named_one_is_for_that_assistant() {
        assert_eq!(of("5.00", "coze"), [5_000_000]);
        assert_eq!((of("coze=5.00, openai=0.25", "openai"), of("coze=5", "openai")), (vec![250_000], vec![]));
        assert_eq!((of("3,coze=5", "coze"), of("3,coze=5", "x")), (vec![5_000_000], vec![3_000_000]));
        assert!(of("5.00", "faq").is_empty(), "it costs nothing");
        assert_eq!(of("0.000001", "coze"), [1]);
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        for bad in
            ["", "0", "0.00", "-1", "5,0", "1.0000001", "5 USD", "=5", "coze=", "coze=5,coze=6", "5,6", ".5", "5."]
        {
            assert_eq!(money(bad).err(), Some(NotBudgets), "{bad}");
        }
        let tokens = |text: &str| text.parse::<PerAssistant<u64>>();
        assert!(tokens("1000").is_ok() && tokens("coze=5").is_ok());
        assert!(["1.5", "0", "+1", "18446744073709551616"].iter().all(|bad| tokens(bad).is_err()));
    }

    #[test]
    fn both_kinds_stand_beside_each_other() {
        let budgets =
            DailyBudgets { tokens: "coze=1000".parse().expect("it is right"), ..money("5").expect("it is right") };
        let all: Vec<_> = budgets.of("coze").collect();
        let cost = Cost { micros: 5_000_000, currency: "USD".to_owned() };
        assert_eq!(all, [Amount::Money(cost), Amount::Tokens(1000)]);
        assert_eq!(budgets.names().collect::<Vec<_>>(), ["coze"]);
        assert!(!budgets.is_empty() && DailyBudgets::default().is_empty());
    }

    #[test]
    fn money_is_written_with_cents_at_least() {
        for (micros, text) in [(5_000_000, "5.00"), (4_250_000, "4.25"), (1, "0.000001"), (1_250, "0.00125")] {
            assert_eq!(Micros(micros).to_string(), text);
        }
    }
}
