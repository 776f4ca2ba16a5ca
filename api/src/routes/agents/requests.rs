//! What the administrator sends of an account, and what is taken of it.

use domain::{
    Language,
    agent::{
        Role,
        command::{CAPACITIES, Changes, SKILLS},
    },
    text::{Skill, Username},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    openapi::{texts, words},
    problem::Problem,
    routes::profile::{address_of, person_name, taken},
    sign_in::passwords::Password,
};

/// An account to be made.
#[derive(Deserialize, ToSchema)]
pub struct CreateAgentRequest {
    /// What it signs in with: letters, digits, dot, hyphen, underscore and @; it never changes.
    #[serde(default)]
    #[schema(value_type = texts::Login, required = true)]
    username: Option<String>,
    /// At least 10 characters. It has to be changed at the first sign-in.
    #[serde(default)]
    #[schema(value_type = texts::NewPassword, required = true)]
    password: Option<String>,
    /// What customers and colleagues see.
    #[serde(default)]
    #[schema(value_type = Option<texts::Person>)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<texts::Email>)]
    email: Option<String>,
    /// agent (unless told), supervisor, admin, auditor or analyst
    #[serde(default)]
    #[schema(value_type = Option<words::Role>)]
    role: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    skills: Option<Vec<String>>,
    /// zh, en; all unless told
    #[serde(default)]
    #[schema(value_type = Option<Vec<words::Language>>)]
    languages: Option<Vec<String>>,
    /// Conversations at a time, 5 unless told.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    max_sessions: Option<u32>,
}

/// An account to be made, as far as it is taken.
pub struct Wanted {
    pub(super) username: Username,
    pub(super) password: Password,
    /// What else is said of it.
    pub(super) filled: Changes,
}

impl CreateAgentRequest {
    /// What is taken of it.
    ///
    /// # Errors
    /// A field is missing or not taken.
    pub fn parse(self) -> Result<Wanted, Problem> {
        let Self { username, password, name, email, role, skills, languages, max_sessions } = self;
        let username = username.ok_or_else(|| Problem::invalid("username", "is required"))?;
        let username = Username::parse(&username).map_err(|error| Problem::invalid("username", error))?;
        let password = password.ok_or_else(|| Problem::invalid("password", "is required"))?;
        let password = taken(password, &username, "password")?;
        let filled = ChangeAgentRequest { name, email, role, skills, languages, max_sessions }.parse()?;
        Ok(Wanted { username, password, filled })
    }
}

/// What is to be other than it is.
#[derive(Deserialize, ToSchema)]
pub struct ChangeAgentRequest {
    #[serde(default)]
    #[schema(value_type = Option<texts::Person>)]
    name: Option<String>,
    /// Empty for nowhere.
    #[serde(default)]
    #[schema(value_type = Option<texts::Email>)]
    email: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<words::Role>)]
    role: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    skills: Option<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<words::Language>>)]
    languages: Option<Vec<String>>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    max_sessions: Option<u32>,
}

impl ChangeAgentRequest {
    /// What is taken of it.
    ///
    /// # Errors
    /// A field is not taken.
    pub fn parse(self) -> Result<Changes, Problem> {
        let Self { name, email, role, skills, languages, max_sessions } = self;
        Ok(Changes {
            name: name.map(person_name).transpose()?,
            email: email.map(address_of).transpose()?,
            role: role.as_deref().map(parse_role).transpose()?,
            skills: skills.map(parse_skills).transpose()?,
            languages: languages.map(|given| parse_languages(&given)).transpose()?,
            capacity: max_sessions.map(parse_capacity).transpose()?,
        })
    }
}

/// What an account knows about.
#[derive(Deserialize, ToSchema)]
pub struct SkillsRequest {
    #[serde(default)]
    #[schema(value_type = Vec<texts::SkillName>, required = true, max_items = 50)]
    skills: Option<Vec<String>>,
}

impl SkillsRequest {
    /// What is taken of it.
    ///
    /// # Errors
    /// It is missing or not taken.
    pub fn parse(self) -> Result<Changes, Problem> {
        let skills = self.skills.ok_or_else(|| Problem::invalid("skills", "is required"))?;
        Ok(Changes { skills: Some(parse_skills(skills)?), ..Changes::default() })
    }
}

/// A password for somebody who forgot theirs.
#[derive(Deserialize, ToSchema)]
pub struct ResetPasswordRequest {
    /// At least 10 characters; one is made up if it is not sent.
    #[serde(default)]
    #[schema(value_type = Option<texts::NewPassword>)]
    new_password: Option<String>,
}

impl ResetPasswordRequest {
    /// The password, as it was sent.
    #[must_use]
    pub fn parse(self) -> Option<String> {
        self.new_password
    }
}

fn parse_role(text: &str) -> Result<Role, Problem> {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    Role::parse(text).ok_or_else(|| Problem::invalid("role", format_args!("must be one of {}", names.join(", "))))
}

fn parse_skills(texts: Vec<String>) -> Result<Vec<Skill>, Problem> {
    if texts.len() > SKILLS {
        return Err(Problem::invalid("skills", format_args!("must be at most {SKILLS}")));
    }
    let parsed: Result<Vec<Skill>, _> = texts.iter().map(|text| Skill::parse(text)).collect();
    let mut skills = parsed.map_err(|error| Problem::invalid("skills", error))?;
    skills.sort();
    skills.dedup();
    Ok(skills)
}

fn parse_languages(texts: &[String]) -> Result<Vec<Language>, Problem> {
    let known = |text: &String| Language::ALL.into_iter().find(|language| language.as_str() == text);
    let parsed: Option<Vec<Language>> = texts.iter().map(known).collect();
    let given = parsed.ok_or_else(|| Problem::invalid("languages", "must be zh or en each"))?;
    Ok(Language::ALL.into_iter().filter(|language| given.contains(language)).collect())
}

fn parse_capacity(count: u32) -> Result<u32, Problem> {
    if CAPACITIES.contains(&count) {
        return Ok(count);
    }
    Err(Problem::invalid("max_sessions", format_args!("must be {} to {}", CAPACITIES.start(), CAPACITIES.end())))
}
