//! What the administrator sends of an account.

use domain::{
    Language,
    agent::{Role, command::Changes},
    text::{EmailAddress, PersonName, Skill, Username},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::passwords::Password,
    body::field::{Capacity, optional, required},
    openapi::{texts, words},
};

/// An account to be made.
#[derive(Deserialize, ToSchema)]
pub struct CreateAgentRequest {
    /// What it signs in with: letters, digits, dot, hyphen, underscore and @; it never changes.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Login)]
    pub(super) username: Username,
    /// At least 10 characters. It has to be changed at the first sign-in.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::NewPassword)]
    pub(super) password: Password,
    /// What customers and colleagues see.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Person>)]
    pub(super) name: Option<PersonName>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Email>)]
    pub(super) email: Option<Option<EmailAddress>>,
    /// agent (unless told), supervisor, admin, auditor or analyst
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Role>)]
    pub(super) role: Option<Role>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    pub(super) skills: Option<Vec<Skill>>,
    /// zh, en; all unless told
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<words::Language>>)]
    pub(super) languages: Option<Vec<Language>>,
    /// Conversations at a time, 5 unless told.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub(super) max_sessions: Option<Capacity>,
}

/// What is to be other than it is.
#[derive(Deserialize, ToSchema)]
pub struct ChangeAgentRequest {
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Person>)]
    pub(super) name: Option<PersonName>,
    /// Empty for nowhere.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Email>)]
    pub(super) email: Option<Option<EmailAddress>>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Role>)]
    pub(super) role: Option<Role>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    pub(super) skills: Option<Vec<Skill>>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<words::Language>>)]
    pub(super) languages: Option<Vec<Language>>,
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub(super) max_sessions: Option<Capacity>,
}

impl From<ChangeAgentRequest> for Changes {
    fn from(request: ChangeAgentRequest) -> Self {
        let ChangeAgentRequest { name, email, role, skills, languages, max_sessions } = request;
        Self { name, email, role, skills, languages, capacity: max_sessions.map(|Capacity(count)| count) }
    }
}

/// What an account knows about.
#[derive(Deserialize, ToSchema)]
pub struct SkillsRequest {
    #[serde(deserialize_with = "required")]
    #[schema(value_type = Vec<texts::SkillName>, max_items = 50)]
    pub(super) skills: Vec<Skill>,
}

/// A password for somebody who forgot theirs.
#[derive(Deserialize, ToSchema)]
pub struct ResetPasswordRequest {
    /// At least 10 characters; one is made up if it is not sent.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::NewPassword>)]
    pub(super) new_password: Option<Password>,
}
