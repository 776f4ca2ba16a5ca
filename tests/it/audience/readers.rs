//! Staff of every role and programs with keys, each with a token that is good.

use api::auth::api_keys::NewKey;
use domain::{
    AgentId, Encoded, Personal, SignInId,
    agent::{
        self, Permission, Role,
        event::{
            ApiKeyIssued, ApiKeyLabel, Created, PasswordHash, PasswordOrigin, PasswordSecret, PasswordSet, Person,
            SignedIn, Whereabouts,
        },
    },
    text::{PersonName, Skill, Username},
};
use jiff::{SignedDuration, Timestamp};
use tests::app_without_processes::token_of;
use uuid::Uuid;

/// Somebody with a token.
pub(super) struct Reader {
    pub(super) name: String,
    pub(super) token: String,
    pub(super) id: AgentId,
    pub(super) skills: Vec<Skill>,
    permissions: Vec<Permission>,
}

impl Reader {
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// The first of each, with the events that make it what it is. Each has a password of its own, which it is not shown either.
/// Persons have these ids, one after the other.
pub(super) fn all(ids: impl IntoIterator<Item = AgentId>) -> Vec<(Reader, Vec<Encoded>)> {
    use Permission::{LogRead, PersonalRead, SessionRead};
    let people = Role::ALL.iter().zip(ids).map(|(role, id)| person(*role, id));
    let programs = [&[LogRead][..], &[LogRead, PersonalRead], &[LogRead, SessionRead], &[SessionRead, PersonalRead]];
    people.chain(programs.into_iter().map(program)).collect()
}

fn person(role: Role, id: AgentId) -> (Reader, Vec<Encoded>) {
    let (sign_in, now) = (SignInId(Uuid::new_v4()), Timestamp::now());
    let person = Person {
        username: Username::parse(&format!("the-{role}")).unwrap(),
        name: PersonName::parse(&format!("The {role}")).unwrap(),
        email: None,
    };
    let hash = PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned());
    let origin = Personal::Known(Whereabouts { address: "192.0.2.7".to_owned(), user_agent: None });
    let events = [
        agent::Event::Created(Created {
            role,
            skills: skills_of(role),
            languages: Vec::new(),
            capacity: 1,
            person: Personal::Known(person),
        }),
        agent::Event::PasswordSet(PasswordSet {
            by: PasswordOrigin::Owner,
            secret: Personal::Known(PasswordSecret { hash }),
        }),
        agent::Event::SignedIn(SignedIn {
            sign_in,
            device: None,
            at: now,
            expires_at: now + SignedDuration::from_hours(24),
            origin,
        }),
    ];
    let permissions = role.permissions().to_vec();
    let reader =
        Reader { name: role.to_string(), token: token_of(id, sign_in), id, skills: skills_of(role), permissions };
    (reader, events.iter().map(agent::encode).collect())
}

/// Groups of the examples and of the shop.
fn skills_of(role: Role) -> Vec<Skill> {
    let group = match role {
        Role::Agent | Role::Admin => "batteries",
        Role::Supervisor | Role::Auditor | Role::Analyst => "safety",
    };
    vec![Skill::parse(group).unwrap()]
}

fn program(permissions: &[Permission]) -> (Reader, Vec<Encoded>) {
    let key = NewKey::generate();
    let label = Personal::Known(ApiKeyLabel { name: PersonName::parse("Nightly export").unwrap() });
    let issued =
        ApiKeyIssued { permissions: permissions.to_vec(), digest: key.digest.clone(), expires_at: None, label };
    let reader = Reader {
        name: format!("a program with {permissions:?}"),
        token: key.expose().to_owned(),
        id: key.id,
        skills: Vec::new(),
        permissions: permissions.to_vec(),
    };
    (reader, vec![agent::encode(&agent::Event::ApiKeyIssued(issued))])
}
