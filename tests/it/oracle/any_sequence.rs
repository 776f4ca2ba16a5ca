//! Any sequence of what staff keeps beside the talk and what customers say of it: the views of notes, tags, ratings and episodes say
//! what their definitions say, live and at every moment, before and after an erasure.

use commands::{
    CommandId,
    executor::{CommandMetadata, new_event},
    sessions::{SessionDecider, stream_of},
};
use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, NoteId, SessionId, VisitorId,
    session::{
        Command, State, Status,
        command::{AddNote, EditNote, Opening, SendAgentMessage, SendMessage, Staff},
        decide,
        event::{CloseReason, Recipient, Words},
        priority::PriorityClass,
        rating::Score,
    },
    text::{MessageText, ReasonCode, SessionName, Tag},
};
use event_store::{Actor, Expected, StreamVersion};
use jiff::{SignedDuration, Timestamp};
use projections::{ViewsLocation, catalogue};
use proptest::{prelude::*, sample::select};
use serde_json::json;
use testkit::session::circumstances;
use tests::{
    shop::{Append, Step},
    test_scale::count,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{assert_none, compare_moments, fixture::Fixture, questions::Examination};

/// Sessions, of which the first two belong to one visitor.
const SESSIONS: usize = 3;

/// One thing that is wanted of a session; what a rule refuses does not happen.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Say { passes_parameters: bool },
    TakeOver(u8),
    AgentSays(u8),
    Release(u8),
    Close,
    AddNote { by: u8, mentions: u8 },
    EditNote { back: u8, by: u8, seen: u32 },
    RemoveNote { back: u8, by: u8, seen: u32 },
    Tags { add: u8, remove: u8 },
    Priority(PriorityClass),
    Rate { score: u8, has_comment: bool, hours_later: i64 },
}

fn wish() -> impl Strategy<Value = Wish> {
    let agent = || 1..4_u8;
    let classes = [PriorityClass::Vip, PriorityClass::Urgent, PriorityClass::Normal];
    prop_oneof![
        4 => any::<bool>().prop_map(|passes_parameters| Wish::Say { passes_parameters }),
        2 => agent().prop_map(Wish::TakeOver),
        3 => agent().prop_map(Wish::AgentSays),
        2 => agent().prop_map(Wish::Release),
        2 => Just(Wish::Close),
        3 => (agent(), 0..3_u8).prop_map(|(by, mentions)| Wish::AddNote { by, mentions }),
        4 => (0..3_u8, agent(), 1..4_u32).prop_map(|(back, by, seen)| Wish::EditNote { back, by, seen }),
        2 => (0..3_u8, agent(), 1..4_u32).prop_map(|(back, by, seen)| Wish::RemoveNote { back, by, seen }),
        4 => (0..6_u8, 0..6_u8).prop_map(|(add, remove)| Wish::Tags { add, remove }),
        1 => select(classes.to_vec()).prop_map(Wish::Priority),
        3 => (1..=5_u8, any::<bool>(), 0..200_i64)
            .prop_map(|(score, has_comment, hours_later)| Wish::Rate { score, has_comment, hours_later }),
    ]
}

fn agent(number: u8) -> AgentId {
    AgentId(Uuid::from_u128(u128::from(number)))
}

/// The last one is a supervisor.
fn staff(number: u8) -> Staff {
    Staff { agent: agent(number), is_supervisor: number == 3 }
}

fn text(said: &str) -> MessageText {
    MessageText::parse(said.to_owned()).unwrap()
}

/// A session on its way.
struct Thread {
    visitor: VisitorId,
    name: SessionName,
    state: State,
    version: u64,
    notes: Vec<NoteId>,
}

impl Thread {
    fn new(number: usize) -> Self {
        let visitor = VisitorId(Uuid::from_u128(0xa0 + u128::from(number > 1)));
        let name = SessionName::parse(format!("session {number}")).unwrap();
        Self { visitor, name, state: State::New, version: 0, notes: Vec::new() }
    }

    fn id(&self) -> SessionId {
        SessionId::of(self.visitor, self.name.as_str())
    }

    fn is_with_a_person(&self) -> bool {
        let status = self.state.session().map(domain::session::Session::status);
        matches!(status, Some(Status::PendingManual | Status::ManualLive))
    }

    /// The note that was added before so many others.
    fn note(&self, back: u8) -> NoteId {
        let note = self.notes.len().checked_sub(usize::from(back) + 1).map(|place| self.notes[place]);
        note.unwrap_or(NoteId(Uuid::nil()))
    }

    fn command(&mut self, wish: Wish, id: &CommandId, at: Timestamp) -> Command {
        let message = MessageId(id.derive_id("message"));
        let notice = MessageId(id.derive_id("notice"));
        match wish {
            Wish::Say { passes_parameters } => self.says(passes_parameters, message),
            Wish::TakeOver(by) => Command::TakeOver { agent: agent(by), from_any: true, notice },
            Wish::AgentSays(by) => {
                let said = SendAgentMessage { agent: agent(by), message, text: text("hello"), quick_reply: None };
                Command::SendAgentMessage(said)
            }
            Wish::Release(by) => {
                Command::Release { by: staff(by), reason: ReasonCode::parse("resolved").unwrap(), notice, at }
            }
            Wish::Close => Command::Close { reason: CloseReason::CustomerLeft, notice, by: None, at },
            Wish::AddNote { by, mentions } => {
                let note = NoteId(id.derive_id("note"));
                self.notes.push(note);
                let mentions = (1..=mentions).map(agent).collect();
                Command::AddNote(AddNote { note, author: agent(by), mentions, text: text(&format!("note {note}")) })
            }
            Wish::EditNote { back, by, seen } => {
                let (note, text) = (self.note(back), text(&format!("edited {message}")));
                Command::EditNote(EditNote { note, by: agent(by), seen, mentions: vec![agent(by)], text })
            }
            Wish::RemoveNote { back, by, seen } => Command::RemoveNote { note: self.note(back), by: staff(by), seen },
            Wish::Tags { add, remove } => Command::ChangeTags { add: vec![tag(add)], remove: vec![tag(remove)] },
            Wish::Priority(class) => Command::SetPriority { class },
            Wish::Rate { score, has_comment, hours_later } => Command::Rate {
                score: Score::try_from(score).unwrap(),
                comment: has_comment.then(|| text("thanks")),
                at: at + SignedDuration::from_hours(hours_later),
            },
        }
    }

    fn says(&self, passes_parameters: bool, message: MessageId) -> Command {
        let parameters = if passes_parameters { json!({"message": message}) } else { json!({}) };
        let opening =
            Opening { visitor: self.visitor, name: self.name.clone(), context: ContextId(Uuid::from_u128(5)) };
        Command::SendMessage(SendMessage {
            opening,
            message,
            words: Words { text: text("hello"), parameters: parameters.as_object().cloned().unwrap() },
            language: Language::En,
            incarnation: Incarnation(Uuid::from_u128(6)),
            recipient: if self.is_with_a_person() { Recipient::Person } else { Recipient::Assistant },
            signals: Vec::new(),
            urgency: None,
            email: None,
            circumstances: circumstances(),
        })
    }

    /// Decides it, and says what is appended.
    fn take(&mut self, wish: Wish, number: usize, at: Timestamp) -> Option<Append> {
        let actor = Actor::new("system", "test");
        let id = CommandId::caused(Uuid::from_u128(8), "test", Uuid::from_u128(number as u128), "wish");
        let metadata = CommandMetadata { actor, correlation_id: Uuid::nil(), causation_id: None, id };
        let command = self.command(wish, &metadata.id, at);
        let events = decide(&self.state, command).unwrap_or_default();
        if events.is_empty() {
            return None;
        }
        let expected =
            if self.version == 0 { Expected::NoStream } else { Expected::Exact(StreamVersion(self.version)) };
        self.state = events.iter().fold(std::mem::take(&mut self.state), State::evolve);
        self.version += events.len() as u64;
        let events = events.iter().enumerate();
        let events = events.map(|(place, event)| new_event::<SessionDecider>(&metadata, self.visitor.0, place, event));
        Some(Append { at, stream: stream_of(self.id()), expected, events: events.collect() })
    }
}

fn tag(number: u8) -> Tag {
    Tag::parse(&format!("tag {number}")).unwrap()
}

/// Everything that can be asked, of views that followed the log and of the moments on the way.
async fn compare(wishes: &[(usize, Wish)], forgets: bool) {
    let (mut fixture, folder) = (Fixture::new(), tempfile::tempdir().unwrap());
    let live = fixture.views(ViewsLocation::Folder(folder.path().to_owned()), catalogue::all()).await;
    let mut threads: Vec<Thread> = (0..SESSIONS).map(Thread::new).collect();
    for (number, (session, wish)) in wishes.iter().enumerate() {
        let at = Timestamp::from_second(1_790_000_000 + number as i64 * 60).unwrap();
        if let Some(append) = threads[*session].take(*wish, number, at) {
            fixture.happens(&Step::Appended(append)).await;
        }
    }
    let head = fixture.head().await;
    live.reach(head).await;
    assert_none(&Examination::of(&fixture.oracle().await).put_to(&live.views, 5).await, "live");
    if head.0 == 0 {
        return;
    }
    if forgets {
        fixture.happens(&Step::Erased { at: Timestamp::now(), subject: threads[0].visitor }).await;
    }
    let (rebuilt, _folder) = {
        let folder = tempfile::tempdir().unwrap();
        (fixture.views(ViewsLocation::Folder(folder.path().to_owned()), catalogue::all()).await, folder)
    };
    rebuilt.reach(head).await;
    assert_none(&Examination::of(&fixture.oracle().await).put_to(&rebuilt.views, 5).await, "rebuilt");
    compare_moments(&fixture, 0, event_store::Position(head.0.div_ceil(2))).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: u32::try_from(count(8, 400)).unwrap(), ..ProptestConfig::default() })]

    #[test]
    fn views_of_any_sequence_of_notes_tags_and_ratings_match_the_oracle(
        wishes in prop::collection::vec((0..SESSIONS, wish()), 0..60),
        forgets: bool,
    ) {
        Runtime::new().unwrap().block_on(compare(&wishes, forgets));
    }
}
