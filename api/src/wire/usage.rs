//! What assistants were asked and what that cost, as it stands on the wire.

use domain::session::event::{Cost, Tokens};
use projections::SessionUsage;
use serde::Serialize;
use utoipa::ToSchema;

/// What models counted.
#[derive(Serialize, ToSchema)]
pub struct TokensData {
    /// Tokens of questions and their contexts.
    input: u64,
    /// Tokens of answers.
    output: u64,
}

/// An amount of money.
#[derive(Serialize, ToSchema)]
pub struct CostData {
    /// ISO 4217.
    currency: String,
    /// In millionths of the currency.
    micros: u64,
}

/// What assistants were asked in a session.
#[derive(Serialize, ToSchema)]
pub struct SessionUsageData {
    /// How often an assistant was asked, answered or not.
    attempts: u64,
    tokens: TokensData,
    /// One for each currency; empty where no price is set.
    cost: Vec<CostData>,
}

impl From<Tokens> for TokensData {
    fn from(Tokens { input, output }: Tokens) -> Self {
        Self { input, output }
    }
}

/// Amounts of all currencies.
#[must_use]
pub fn costs(costs: Vec<Cost>) -> Vec<CostData> {
    costs.into_iter().map(|Cost { micros, currency }| CostData { currency, micros }).collect()
}

impl From<SessionUsage> for SessionUsageData {
    fn from(SessionUsage { attempts, tokens, cost }: SessionUsage) -> Self {
        Self { attempts, tokens: tokens.into(), cost: costs(cost) }
    }
}
