//! What a model's tokens cost.

use crate::session::event::{Cost, Tokens};

/// The price of a million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Of the question and its context, in millionths of the currency.
    pub input: u64,
    /// Of the answer, in millionths of the currency.
    pub output: u64,
    /// Three letters (ISO 4217).
    pub currency: String,
}

const MILLION: u128 = 1_000_000;

impl Price {
    /// What these cost, rounded up to a millionth of the currency.
    #[must_use]
    pub fn of(&self, tokens: Tokens) -> Cost {
        let input = u128::from(tokens.input) * u128::from(self.input);
        let micros = (input + u128::from(tokens.output) * u128::from(self.output)).div_ceil(MILLION);
        Cost { micros: u64::try_from(micros).unwrap_or(u64::MAX), currency: self.currency.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cost_what_a_million_costs_by_their_share_rounded_up() {
        let price = Price { input: 150_000, output: 600_000, currency: "USD".to_owned() };
        for (input, output, micros) in [(0, 0, 0), (1, 0, 1), (1_000_000, 0, 150_000), (1_000, 500, 450)] {
            assert_eq!(price.of(Tokens { input, output }).micros, micros, "{input} and {output}");
        }
        assert_eq!(price.of(Tokens { input: u64::MAX, output: u64::MAX }).currency, "USD");
    }
}
