//! Events of accounts of staff, and of what staff looks at.

use domain::{
    AgentId, DeviceId, Language, Personal, QuickReplyId, SessionId, SignInId, access,
    agent::{
        self, Permission, Presence, PresenceCause, Role,
        event::{
            ApiKeyDigest, ApiKeyIssued, ApiKeyLabel, ApiKeyRevoked, CapacityChanged, Created, Deactivated,
            LanguagesChanged, Names, Offer, PasswordHash, PasswordOrigin, PasswordSecret, PasswordSet, Person,
            PresenceChanged, Reactivated, RecoveryCodes, RecoveryCodesReplaced, RecoveryDigest, Renamed, RevokedReason,
            RoleChanged, SecondFactorDisabled, SecondFactorEnabled, SecondFactorOffered, SecondFactorUsed,
            SignInRenewed, SignInRevoked, SignInsFailed, SignedIn, SignedOut, SkillsChanged, TotpSecret, Whereabouts,
        },
    },
    session::event::Cost,
    settings,
    text::{EmailAddress, MessageText, PersonName, QuickReplyCategory, QuickReplyTitle, Skill, Username},
};
use jiff::{SignedDuration, Timestamp};
use uuid::{Uuid, uuid};

use super::noon;

const SIGN_IN: SignInId = SignInId(uuid!("7c9e6679-7425-40de-944b-e07fc1f90a01"));
const SESSION: SessionId = SessionId(uuid!("7c9e6679-7425-40de-944b-e07fc1f90a02"));
const REPLY: Uuid = uuid!("7c9e6679-7425-40de-944b-e07fc1f90a04");
const AGENT: AgentId = AgentId(uuid!("7c9e6679-7425-40de-944b-e07fc1f90a03"));

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn email() -> Option<EmailAddress> {
    EmailAddress::parse("anna@example.com").ok()
}

fn from_here() -> Personal<Whereabouts> {
    Personal::Known(Whereabouts { address: "192.0.2.7".to_owned(), user_agent: Some("Mozilla/5.0 (annas)".to_owned()) })
}

fn week_after(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_hours(7 * 24)
}

pub(super) fn accounts() -> Vec<agent::Event> {
    let person = Person { username: Username::parse("anna").unwrap(), name: name("anna 李"), email: email() };
    let skills = vec![Skill::parse("batteries").unwrap(), Skill::parse("退货").unwrap()];
    let languages = vec![Language::Zh, Language::En];
    let hash = PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned());
    vec![
        agent::Event::Created(Created {
            role: Role::Supervisor,
            skills: skills.clone(),
            languages: languages.clone(),
            capacity: 5,
            person: Personal::Known(person),
        }),
        agent::Event::Renamed(Renamed { names: Personal::Known(Names { name: name("anna 王"), email: email() }) }),
        agent::Event::RoleChanged(RoleChanged { role: Role::Auditor }),
        agent::Event::SkillsChanged(SkillsChanged { skills }),
        agent::Event::LanguagesChanged(LanguagesChanged { languages }),
        agent::Event::CapacityChanged(CapacityChanged { capacity: 7 }),
        agent::Event::Deactivated(Deactivated {}),
        agent::Event::Reactivated(Reactivated {}),
        agent::Event::PasswordSet(PasswordSet {
            by: PasswordOrigin::Administrator,
            secret: Personal::Known(PasswordSecret { hash }),
        }),
        agent::Event::SignedIn(SignedIn {
            sign_in: SIGN_IN,
            device: Some(DeviceId::of(AGENT, "a browser")),
            at: noon(),
            expires_at: week_after(noon()),
            origin: from_here(),
        }),
        agent::Event::SignInRenewed(SignInRenewed {
            sign_in: SIGN_IN,
            number: 1,
            at: noon(),
            expires_at: week_after(noon()),
        }),
        agent::Event::SignedOut(SignedOut { sign_in: SIGN_IN }),
        agent::Event::SignInRevoked(SignInRevoked { sign_in: SIGN_IN, reason: RevokedReason::TokenReused }),
        agent::Event::SignInsFailed(SignInsFailed { hour: noon(), origin: from_here() }),
        agent::Event::PresenceChanged(PresenceChanged { presence: Presence::Offline, cause: PresenceCause::Lost }),
    ]
}

fn recovery(digests: &[&str]) -> Personal<RecoveryCodes> {
    let digests = digests.iter().map(|text| RecoveryDigest((*text).to_owned())).collect();
    Personal::Known(RecoveryCodes { digests })
}

pub(super) fn second_factor_and_keys() -> Vec<agent::Event> {
    let offer = Personal::Known(Offer { secret: TotpSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned()) });
    vec![
        agent::Event::SecondFactorOffered(SecondFactorOffered { offer }),
        agent::Event::SecondFactorEnabled(SecondFactorEnabled {
            step: 59_459_064,
            recovery: recovery(&["c0ffee", "f00d"]),
        }),
        agent::Event::SecondFactorUsed(SecondFactorUsed::RecoveryCode { number: 1 }),
        agent::Event::RecoveryCodesReplaced(RecoveryCodesReplaced { recovery: recovery(&["decade"]) }),
        agent::Event::SecondFactorDisabled(SecondFactorDisabled {}),
        agent::Event::ApiKeyIssued(ApiKeyIssued {
            permissions: vec![Permission::StatisticsRead, Permission::LogRead],
            digest: ApiKeyDigest("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
            expires_at: Some(week_after(noon())),
            label: Personal::Known(ApiKeyLabel { name: name("Nightly export 夜间") }),
        }),
        agent::Event::ApiKeyRevoked(ApiKeyRevoked {}),
        agent::Event::DataErased(agent::event::DataErased {
            key_ids: vec![format!("{AGENT}/staff/2024-11")],
            cause: domain::ErasureCause::Retention,
        }),
    ]
}

pub(super) fn settings() -> Vec<settings::Event> {
    let reason = |text: &str| Some(MessageText::parse(text.to_owned()).unwrap());
    let document = "# R1 stays as it is.\n[rules.R2]\non = false\n".to_owned();
    vec![
        settings::Event::Published(settings::event::Published {
            version: 2,
            document,
            reason: reason("试用 “R2 off”"),
        }),
        settings::Event::RolledBack(settings::event::RolledBack {
            to_version: 1,
            version: 3,
            reason: reason("too many calls"),
        }),
        settings::Event::BudgetReached(settings::event::BudgetReached {
            assistant: "openai".to_owned(),
            day: "2026-11-23".parse().unwrap(),
            level: settings::event::BudgetLevel::Warning,
            spent: settings::event::Amount::Money(Cost { micros: 4_012_500, currency: "EUR".to_owned() }),
            budget: settings::event::Amount::Money(Cost { micros: 5_000_000, currency: "EUR".to_owned() }),
        }),
    ]
}

pub(super) fn quick_replies() -> Vec<settings::Event> {
    use settings::event::{PersonalQuickReplySaved, QuickReplyRemoved, QuickReplySaved, QuickReplyWords};
    let (reply, category) = (QuickReplyId(REPLY), || QuickReplyCategory::parse("after_sales").unwrap());
    let title = |text| QuickReplyTitle::parse(text).unwrap();
    let content = |text: &str| MessageText::parse(text.to_owned()).unwrap();
    vec![
        settings::Event::QuickReplySaved(QuickReplySaved {
            reply,
            version: 2,
            title: title("退换流程"),
            content: content("订单 {{order.number}} 已经登记。\n“谢谢” \\ 🚲"),
            category: category(),
            language: Language::Zh,
        }),
        settings::Event::PersonalQuickReplySaved(PersonalQuickReplySaved {
            reply,
            version: 1,
            owner: AGENT,
            category: category(),
            language: Language::De,
            words: Personal::Known(QuickReplyWords {
                title: title("Gruß"),
                content: content("Viele Grüße, Anna Schmidt (anna@example.com)"),
            }),
        }),
        settings::Event::QuickReplyRemoved(QuickReplyRemoved { reply, version: 3 }),
    ]
}

pub(super) fn restores() -> Vec<settings::Event> {
    vec![settings::Event::LogRestored(settings::event::LogRestored {
        from: 4711,
        root: "1b".repeat(32),
        generation: 2,
        who: "operations, ticket 4711".to_owned(),
        note: "fiido-desk/…\n4711\n".to_owned(),
    })]
}

pub(super) fn looks() -> Vec<access::Event> {
    vec![
        access::Event::SessionViewed(access::event::SessionViewed { session: SESSION }),
        access::Event::LogExported(access::event::LogExported { after: 42, personal: true }),
    ]
}
