//! The values of variables in quick replies: of the customer, the agent, the session and the order.

use commands::Customers;
use domain::{AgentId, SessionId, customer::event::Profile};
use projections::SessionView;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Where values come from.
pub(super) struct Values {
    session: SessionId,
    session_name: Option<String>,
    agent_name: Option<String>,
    profile: Option<Profile>,
    parameters: Map<String, Value>,
}

impl Values {
    /// What is known of a session and its customer, for an agent of this name.
    pub(super) async fn read(
        customers: &Customers,
        session: SessionView,
        agent_name: Option<String>,
    ) -> Result<Self, Problem> {
        let customer = customers.current(session.visitor).await?;
        let profile = customer.state.customer().and_then(|customer| customer.profile.clone());
        let SessionView { session, name: session_name, parameters, .. } = session;
        Ok(Self { session, session_name, agent_name, profile, parameters: parameters.unwrap_or_default().0 })
    }

    /// A variable's value. What the shop has signed counts more than what its page passed along.
    pub(super) fn of(&self, name: &str) -> Option<String> {
        let profile = self.profile.as_ref();
        let known = match name {
            "customer.name" => profile.and_then(|profile| Some(profile.name.as_ref()?.as_str().to_owned())),
            "customer.email" => profile.and_then(|profile| Some(profile.email.as_ref()?.as_str().to_owned())),
            "agent.name" => self.agent_name.clone(),
            "session.id" => Some(self.session.to_string()),
            "session.name" => self.session_name.clone(),
            _passed_along => None,
        };
        known.or_else(|| self.passed_along(name))
    }

    /// `order.number` is `{"order": {"number": …}}`, `order_number` or `order.number`; of a customer `user_name` as well.
    fn passed_along(&self, name: &str) -> Option<String> {
        let nested = || {
            name.split('.').try_fold(None, |within: Option<&Value>, word| match within {
                None => self.parameters.get(word).map(Some),
                Some(value) => value.get(word).map(Some),
            })
        };
        let of_customer = || self.parameters.get(&name.replacen("customer.", "user_", 1));
        let value = self.parameters.get(name).or_else(|| self.parameters.get(&name.replace('.', "_")));
        text(value.or_else(|| nested().flatten()).or_else(of_customer)?)
    }
}

/// What can stand in a text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whose name stands in a text as the agent's.
pub(super) async fn name_of(agent: AgentId, names: &crate::agent_names::NameLookup) -> Option<String> {
    names.of(agent).await.name
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn values(parameters: &Value) -> Values {
        Values {
            session: SessionId(Uuid::nil()),
            session_name: Some("s-1".to_owned()),
            agent_name: None,
            profile: None,
            parameters: parameters.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn what_the_page_passed_along_is_found_in_any_of_its_forms() {
        for passed in
            [json!({"order_number": "4711"}), json!({"order": {"number": 4711}}), json!({"order.number": "4711"})]
        {
            assert_eq!(values(&passed).of("order.number").as_deref(), Some("4711"), "{passed}");
        }
        assert_eq!(values(&json!({"user_name": "Anna"})).of("customer.name").as_deref(), Some("Anna"));
        assert_eq!(values(&json!({"order": {"number": [1]}})).of("order.number"), None);
    }

    #[test]
    fn what_is_known_counts_more_than_what_was_passed_along() {
        let passed = values(&json!({"session_id": "x", "session": {"name": "y"}}));
        assert_eq!(passed.of("session.id"), Some(Uuid::nil().to_string()));
        assert_eq!((passed.of("session.name").as_deref(), passed.of("agent.name")), (Some("s-1"), None));
    }
}
