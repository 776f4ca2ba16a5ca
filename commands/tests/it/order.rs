//! Which assistant is asked: by the variant that flags put a session in, and by what is left of the day's budgets.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commands::{
    Answering, Assistant, Completion, Node, Piece, PublishedSettings, Question, Rules, Sessions, SettingsInForce,
    assistants::{Assistants, BudgetThen, Budgets, Guarded, Limits},
    process::{Context, ProcessStore, Processes, RunSettings, Runner, StatusHandle, WatchBudgets, dispatcher},
    sessions::{ReceiveMessage, stream_of},
    settings::VersionZero,
};
use domain::{
    SessionId, VisitorId,
    budget::{DailyBudgets, PerAssistant, Price},
    flags::Flags,
    session::{
        Event,
        event::{AssistantRunStarted, Outcome, Recipient, Tokens},
    },
    settings::event::BudgetLevel,
    text::{MessageText, SessionName},
};
use event_store::{
    Actor, Clock, Log, Position, StreamVersion, Vault,
    clock::ManualClock,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::{SignedDuration, tz::TimeZone};
use journal::{Journal, Tail};
use tempfile::TempDir;
use testkit::FlakyStore;
use tokio::sync::watch;
use uuid::Uuid;

const LOG_ID: Uuid = Uuid::from_u128(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers at once, and counts 400,000 tokens.
struct Speaks(&'static str);

impl Assistant for Speaks {
    fn name(&self) -> &str {
        self.0
    }

    fn answer(&self, _: Question) -> Answering {
        let tokens = Some(Tokens { input: 400_000, output: 0 });
        let done = Completion { tokens, ..Completion::new(Outcome::Answered) };
        Box::pin(futures::stream::iter([Ok(Piece::Text(self.0.to_owned())), Ok(Piece::Done(done))]))
    }
}

/// A node of a shop whose assistants are Coze, at 40 cents an answer, a model and the FAQ.
struct Shop {
    store: Arc<FlakyStore>,
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    published: PublishedSettings,
    in_force: Arc<SettingsInForce>,
    budgets: Arc<Budgets>,
    runner: Arc<Runner>,
    rules: Arc<Rules>,
    _policies: TempDir,
}

impl Shop {
    async fn open(budget: Option<&str>, then: BudgetThen) -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-30T10:00:00Z".parse().unwrap()));
        let shared: Arc<dyn Clock> = clock.clone();
        let store = Arc::new(FlakyStore::new(LOG_ID).with_clock(shared.clone()));
        let vault = Arc::new(Vault::in_memory());
        let log = Log::new(store.clone(), vault.clone()).with_clock(shared.clone());
        let published = PublishedSettings::new(log.clone(), LOG_ID);
        let tail = Tail::start(store.clone(), Position::START);
        let in_force =
            SettingsInForce::load(published.journal(), Position::START, VersionZero::default()).await.unwrap();
        let (follower, followed) = (in_force.clone(), tail.clone());
        tokio::spawn(async move { follower.follow(&followed).await.map(|_| ()) });
        let money = budget.map_or_else(PerAssistant::default, |budget| budget.parse().unwrap());
        let daily = DailyBudgets { money, currency: "USD".to_owned(), tokens: PerAssistant::default() };
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let budgets = Arc::new(Budgets::new(daily, then, zone, in_force.clone(), shared.clone()));
        let price = Price { input: 1_000_000, output: 0, currency: "USD".to_owned() };
        let member = |name, price| {
            Arc::new(Guarded::new(Arc::new(Speaks(name)), Limits::default(), price).within(budgets.clone()))
        };
        let members = vec![member("coze", Some(price)), member("openai", None), member("faq", None)];
        let rules = Arc::new(Rules::new(in_force.clone(), shared.clone()));
        let (sessions, live) = (Arc::new(Sessions::new(log.clone(), LOG_ID)), Arc::default());
        let (assistants, settings) = (Arc::new(Assistants::new(members)), RunSettings::default());
        let node = Node::new("a");
        let runner = Runner::new(sessions, assistants, live, node, settings, rules.clone(), tail.clone());
        let (dispatching, (stop, stopping), following) = (runner.clone(), watch::channel(false), tail.clone());
        tokio::spawn(async move {
            let _never = stop;
            dispatcher::run(&dispatching, &following, Position::START, &StatusHandle::default(), stopping).await
        });
        let folder = watch_budgets(&log, &runner, &tail, shared, &budgets).await;
        Self { store, vault, clock, published, in_force, budgets, runner, rules, _policies: folder }
    }

    async fn publish(&self, document: &str) {
        let by = Actor::new("agent", "ana");
        let done = self.published.publish::<Flags>(by, document.to_owned(), None, None, Uuid::nil()).await.unwrap();
        self.in_force.reach(done.position, PATIENCE).await;
    }

    async fn roll_back(&self, to_version: u32) {
        let by = Actor::new("agent", "ana");
        let done = self.published.roll_back::<Flags>(by, to_version, None, None, Uuid::nil()).await.unwrap();
        self.in_force.reach(done.position, PATIENCE).await;
    }

    /// The n-th visitor asks: who was asked in which variant, and how it went.
    async fn ask(&self, n: u128) -> (AssistantRunStarted, Outcome) {
        let visitor = VisitorId(Uuid::from_u128(n));
        let request = ReceiveMessage {
            visitor,
            name: SessionName::parse("s".to_owned()).unwrap(),
            text: MessageText::parse("How far does it go?".to_owned()).unwrap(),
            parameters: serde_json::Map::new(),
            recipient: Recipient::Assistant,
            page: None,
            is_vip: false,
            key: None,
            correlation_id: Uuid::new_v4(),
        };
        let received = self.runner.sessions().receive_message(self.runner.node(), &self.rules, request).await.unwrap();
        let answered = async {
            loop {
                if let Some(answer) = self.answer(received.session, received.message).await {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.expect("it is answered in time")
    }

    async fn answer(&self, session: SessionId, message: domain::MessageId) -> Option<(AssistantRunStarted, Outcome)> {
        let journal = Journal::new(self.store.clone(), self.vault.clone());
        let events = journal.whole_stream(&stream_of(session), StreamVersion::NONE).await.unwrap();
        let events: Vec<&Event> =
            events.iter().filter_map(|decoded| decoded.event().session()).map(|(_, e)| e).collect();
        let outcome = events.iter().find_map(|event| match event {
            Event::AssistantReplied(replied) if replied.answers.contains(&message) => Some(replied.outcome),
            _other => None,
        })?;
        let started = events.iter().rev().find_map(|event| match event {
            Event::AssistantRunStarted(started) => Some(started.clone()),
            _other => None,
        });
        Some((started.expect("a run begins before it ends"), outcome))
    }

    async fn asked(&self, n: u128) -> String {
        self.ask(n).await.0.assistant
    }

    async fn until_level(&self, level: BudgetLevel) {
        let reached = async {
            while self.budgets.of("coze").is_none_or(|state| state.level != level) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("it is noted in time");
    }
}

/// Runs the process manager; answers the folder of its store.
async fn watch_budgets(
    log: &Log,
    runner: &Arc<Runner>,
    tail: &Arc<Tail>,
    clock: Arc<dyn Clock>,
    budgets: &Arc<Budgets>,
) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let Some(manager) = WatchBudgets::new(budgets) else { return folder };
    let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
    migrate_policy(&database).await.unwrap();
    let context = Context {
        store: ProcessStore::new(database),
        sessions: runner.sessions().clone(),
        accounts: Arc::new(commands::Accounts::new(log.clone(), LOG_ID)),
        tail: tail.clone(),
        clock,
        node: runner.node().clone(),
    };
    let processes = Processes::start(context, vec![Arc::new(manager)], Vec::new()).await.unwrap();
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        let _never = stop;
        processes.run("budgets", stopping).await
    });
    folder
}

const HALF: &str = "[flags.assistant_order]\ntype = \"string\"\nshare_seed = \"spring\"\nvariant_seed = \"spring variants\"\n\
                    rules = [{ percent = 50 }]\nvariants = [\n\
                    { name = \"model\", share = 50, assistants = [\"openai\", \"faq\"] },\n\
                    { name = \"plain\", share = 50, assistants = [\"faq\"] },\n]\n";

#[tokio::test]
async fn a_flag_moves_sessions_to_another_order_while_the_program_runs() {
    let shop = Shop::open(None, BudgetThen::Next).await;
    let (before, _) = shop.ask(1).await;
    assert_eq!((before.assistant.as_str(), before.variant), ("coze", None));
    shop.publish(HALF).await;
    let mut counts: BTreeMap<(String, Option<String>), u32> = BTreeMap::new();
    for n in 100..200 {
        let (started, _) = shop.ask(n).await;
        let session = SessionId::of(VisitorId(Uuid::from_u128(n)), "s");
        let expected = shop.in_force.flags().variant(session).map(|variant| variant.name.clone());
        assert_eq!(started.variant, expected);
        *counts.entry((started.assistant, started.variant)).or_default() += 1;
    }
    let count = |assistant: &str, variant: Option<&str>| {
        counts.get(&(assistant.to_owned(), variant.map(str::to_owned))).copied().unwrap_or_default()
    };
    let (out, model, plain) = (count("coze", None), count("openai", Some("model")), count("faq", Some("plain")));
    assert_eq!(out + model + plain, 100, "{counts:?}");
    // Five standard deviations.
    assert!((25..=75).contains(&out) && (3..=47).contains(&model) && (3..=47).contains(&plain), "{counts:?}");
    for n in 100..110 {
        let (first, again) = (shop.in_force.flags(), shop.ask(n).await.0);
        let session = SessionId::of(VisitorId(Uuid::from_u128(n)), "s");
        assert_eq!(again.variant, first.variant(session).map(|variant| variant.name.clone()), "it stays where it was");
    }
    shop.roll_back(0).await;
    for n in 300..310 {
        assert_eq!(shop.asked(n).await, "coze");
    }
}

#[tokio::test]
async fn whoever_has_spent_its_budget_is_passed_over_until_the_shops_day_ends() {
    let shop = Shop::open(Some("coze=1.00"), BudgetThen::Next).await;
    assert_eq!((shop.asked(1).await.as_str(), shop.asked(2).await.as_str()), ("coze", "coze"));
    shop.until_level(BudgetLevel::Warning).await;
    assert_eq!(shop.asked(3).await, "coze", "a warning is no end");
    shop.until_level(BudgetLevel::Spent).await;
    assert_eq!(shop.budgets.of("coze").unwrap().spent.number(), 1_200_000, "the last answer overshoots");
    assert_eq!(shop.asked(4).await, "openai");
    assert_eq!(shop.budgets.all().keys().collect::<Vec<_>>(), ["coze"]);

    // It is 18:00 in the shop.
    shop.clock.advance(SignedDuration::from_hours(5) + SignedDuration::from_mins(59));
    assert_eq!(shop.asked(5).await, "openai");
    shop.clock.advance(SignedDuration::from_mins(2));
    assert_eq!((shop.asked(6).await.as_str(), shop.budgets.of("coze")), ("coze", None));
    let loaded =
        SettingsInForce::load(shop.published.journal(), Position::START, VersionZero::default()).await.unwrap();
    let yesterday = shop.budgets.day(shop.clock.now() - SignedDuration::from_hours(1));
    assert_eq!(loaded.budgets_reached(yesterday).len(), 2, "known after a restart as well");
}

#[tokio::test]
async fn a_person_is_called_where_that_is_set_and_the_assistant_is_not_asked() {
    let shop = Shop::open(Some("0.40"), BudgetThen::Person).await;
    assert_eq!(shop.ask(1).await.1, Outcome::Answered);
    shop.until_level(BudgetLevel::Spent).await;
    let (started, outcome) = shop.ask(2).await;
    assert_eq!((started.assistant.as_str(), outcome), ("coze", Outcome::HandsOver));
}
