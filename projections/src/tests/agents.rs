//! Properties over random accounts: what the rows say about who may come in is what the domain's fold says, and however the
//! events are cut into batches the tables are the same.

use std::collections::BTreeMap;

use domain::{
    AgentId, Language, SignInId,
    agent::{
        Command, Event, Permission, Presence, Role, State,
        command::{Changes, NewAccount, NewApiKey, Renewal, SignInRequest},
        decide, encode,
        event::{ApiKeyDigest, PasswordHash, PasswordOrigin, RecoveryDigest, RevokedReason, TotpSecret, Whereabouts},
    },
    text::{EmailAddress, PersonName, Skill, Username},
};
use event_store::{Actor, Expected, Log, NewEvent, Position, StreamName};
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::fixture::{Fixture, Running, dump};

struct Subject<'a> {
    log: &'a Log,
    agent: AgentId,
    state: State,
    /// The latest time at which a sign-in began: by then the fold has forgotten what had expired.
    newest: Timestamp,
}

fn at(second: u32) -> Timestamp {
    Timestamp::from_second(1_763_899_200 + i64::from(second)).unwrap()
}

fn week_after(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_hours(7 * 24)
}

fn new_account(n: u8) -> NewAccount {
    NewAccount {
        username: Username::parse(&format!("agent_{n}")).unwrap(),
        name: PersonName::parse(&format!("Agent {n}")).unwrap(),
        email: n.is_multiple_of(2).then(|| EmailAddress::parse("a@example.com").unwrap()),
        role: Role::ALL[usize::from(n) % Role::ALL.len()],
        skills: vec![Skill::parse("brakes").unwrap()],
        languages: vec![Language::Zh],
        capacity: u32::from(n),
        hash: PasswordHash("first".into()),
        by: PasswordOrigin::Administrator,
    }
}

/// A command out of a few numbers; the rules may refuse it.
fn command(kind: u8, n: u8, second: u32) -> Command {
    let (sign_in, now) = (SignInId(Uuid::from_u128(u128::from(n % 3))), at(second));
    let origin = Whereabouts { address: "192.0.2.1".into(), user_agent: None };
    match kind % 20 {
        0 | 1 => Command::SignIn(SignInRequest {
            // Ids are random: none is used twice.
            sign_in: SignInId(Uuid::from_u128((u128::from(second) << 8) | u128::from(n % 3))),
            device: None,
            at: now,
            expires_at: week_after(now),
            origin,
            checked: PasswordHash("first".into()),
            proof: None,
        }),
        2 => Command::Deactivate,
        3 => Command::Reactivate,
        4 => Command::SetPassword { hash: PasswordHash("first".into()), by: PasswordOrigin::Owner, keep: None },
        5 => Command::NoteFailure { hour: now, origin },
        6 => Command::Change(Box::new(Changes { role: Some(Role::ALL[usize::from(n) % 5]), ..Changes::default() })),
        7 => {
            Command::Change(Box::new(Changes { email: Some(None), capacity: Some(u32::from(n)), ..Changes::default() }))
        }
        8 => Command::Change(Box::new(Changes {
            name: PersonName::parse(&format!("Name {n}")).ok(),
            skills: Some(Vec::new()),
            languages: Some(vec![Language::En]),
            ..Changes::default()
        })),
        10 => Command::OfferSecondFactor(TotpSecret("S".into())),
        11 => {
            let recovery = vec![RecoveryDigest("r".into())];
            Command::EnableSecondFactor { secret: TotpSecret("S".into()), step: u64::from(second), recovery }
        }
        12 => Command::ResetSecondFactor,
        13 | 14 => Command::ChoosePresence { sign_in, presence: Presence::ALL[usize::from(n) % 5] },
        15 => Command::NoteLost { sign_in },
        16 => Command::ComeBack { sign_in },
        9 => Command::Revoke { sign_in, reason: RevokedReason::Asked },
        _leaves => Command::SignOut { sign_in },
    }
}

impl Subject<'_> {
    /// A command that names one of the sign-ins there are, where there are any.
    fn aimed(&self, command: Command, n: u8, second: u32) -> Command {
        let open = self.state.account().map(|account| account.sign_ins.keys().copied().collect::<Vec<_>>());
        let Some(sign_in) = open.filter(|open| !open.is_empty()).map(|open| open[usize::from(n) % open.len()]) else {
            return command;
        };
        match command {
            Command::Revoke { reason, .. } => Command::Revoke { sign_in, reason },
            Command::ChoosePresence { presence, .. } => Command::ChoosePresence { sign_in, presence },
            Command::NoteLost { .. } => Command::NoteLost { sign_in },
            Command::ComeBack { .. } => Command::ComeBack { sign_in },
            Command::SignOut { .. } if n.is_multiple_of(2) => {
                let (at, number) = (at(second), u32::from(n / 2 % 2));
                Command::Renew(Renewal { sign_in, number, device: None, at, expires_at: week_after(at) })
            }
            Command::SignOut { .. } => Command::SignOut { sign_in },
            other => other,
        }
    }

    async fn tell(&mut self, command: Command) -> Option<Position> {
        let events = decide(&self.state, command).ok().filter(|events| !events.is_empty())?;
        let new: Vec<NewEvent> = events
            .iter()
            .map(|event| testkit::new_event(encode(event), self.agent.0, Actor::new("system", "test")))
            .collect();
        let appended = self.log.append(&StreamName::of("agent", self.agent.0), Expected::Any, &new).await.unwrap();
        self.state = events.iter().fold(std::mem::take(&mut self.state), State::evolve);
        for event in &events {
            if let Event::SignedIn(signed_in) = event {
                self.newest = self.newest.max(signed_in.at);
            }
        }
        Some(appended.last_position)
    }
}

/// The rows of an account against its fold.
async fn agrees(running: &Running, subject: &Subject<'_>) {
    let agent = subject.agent;
    let Some(account) = subject.state.account() else { return key_agrees(running, subject).await };
    let mut reading = running.views.reading().await.unwrap();
    let row = reading.agent(agent).await.unwrap().unwrap();
    let names = reading.agent_names([agent, agent, AgentId(Uuid::nil())]).await.unwrap();
    let name = account.name.as_ref().map(|name| (agent, name.as_str().to_owned()));
    assert_eq!(names, name.into_iter().collect());
    assert_eq!(reading.agent_names([]).await.unwrap(), BTreeMap::new());
    assert_eq!(row.username.as_deref(), account.username.as_ref().map(Username::as_str));
    assert_eq!(row.name.as_deref(), account.name.as_ref().map(PersonName::as_str));
    assert_eq!(row.email.as_deref(), account.email.as_ref().map(EmailAddress::as_str));
    assert_eq!(row.skills, account.skills.iter().map(Skill::as_str).collect::<Vec<_>>());
    assert_eq!((row.role, row.is_active, row.capacity), (account.role, account.is_active, account.capacity));
    assert_eq!((row.presence, row.presence_cause), (account.presence, account.presence_cause));
    assert_eq!(row.has_second_factor, account.second_factor.is_some());
    assert_eq!((row.languages, row.must_change_password), (account.languages.clone(), account.must_change_password));
    let begun = reading.sign_ins_of(agent, Timestamp::MIN).await.unwrap().into_iter();
    let rows: BTreeMap<SignInId, _> =
        begun.map(|row| (row.sign_in, (row.device, row.since, row.renewed_at, row.expires_at))).collect();
    // The fold forgets what has expired when the next sign-in begins; the rows keep it, marked by its time alone.
    for (sign_in, expected) in &account.sign_ins {
        let expected = (expected.device, expected.since, expected.renewed_at, expected.expires_at);
        assert_eq!(rows.get(sign_in), Some(&expected), "{sign_in}");
    }
    for (sign_in, (_, _, _, expires_at)) in rows {
        assert!(account.sign_ins.contains_key(&sign_in) || expires_at <= subject.newest, "{sign_in} is over");
    }
}

/// The row of a key against its fold.
async fn key_agrees(running: &Running, subject: &Subject<'_>) {
    let key = subject.state.api_key().unwrap();
    let rows = running.views.reading().await.unwrap().api_keys().await.unwrap();
    let row = rows.iter().find(|row| row.id == subject.agent).unwrap();
    assert_eq!(row.name.as_deref(), key.name.as_ref().map(PersonName::as_str));
    assert_eq!((&row.permissions, &row.digest), (&key.permissions, &key.digest));
    assert_eq!((row.expires_at, row.revoked_at.is_some()), (key.expires_at, key.is_revoked));
}

fn for_programs() -> impl Iterator<Item = Permission> {
    Permission::ALL.iter().copied().filter(|permission| permission.is_for_programs())
}

fn new_key(n: u8) -> NewApiKey {
    NewApiKey {
        name: PersonName::parse(&format!("Key {n}")).unwrap(),
        permissions: for_programs().skip(usize::from(n % 6)).collect(),
        digest: ApiKeyDigest(format!("{n:064x}")),
        expires_at: n.is_multiple_of(2).then(|| at(u32::from(n))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_accounts_are_the_domains_fold(steps in vec((0..3u8, any::<u8>(), any::<u8>(), 0..2_000_000u32), 1..60)) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let fixture = Fixture::new();
            let one_by_one = fixture.run().await;
            let mut accounts: Vec<Subject<'_>> = (0..3_u8).map(|n| Subject {
                log: &fixture.log, agent: AgentId(Uuid::from_u128(u128::from(n) + 1)), state: State::New,
                newest: Timestamp::MIN,
            }).collect();
            for (which, kind, n, second) in steps {
                let subject = &mut accounts[usize::from(which)];
                if subject.state == State::New {
                    let begins_as_key = n % 5 == 0;
                    let key = || Command::IssueApiKey(Box::new(new_key(n)));
                    let account = || Command::Create(Box::new(new_account(n)));
                    subject.tell(if begins_as_key { key() } else { account() }).await;
                }
                if subject.state.api_key().is_some() && kind % 3 == 0 {
                    subject.tell(Command::RevokeApiKey).await;
                }
                let command = subject.aimed(command(kind, n, second), n, second);
                subject.tell(command).await;
                one_by_one.reach(fixture.head().await).await;
                agrees(&one_by_one, subject).await;
            }
            one_by_one.reach(fixture.head().await).await;
            assert_eq!(dump(&one_by_one.views).await, fixture.folded_afresh().await);
        });
    }
}
