//! Properties over random commands to quick replies: what the rows say of versions is what the domain's fold says, and a message
//! that names one counts once.

use std::collections::BTreeMap;

use domain::{
    AgentId, Language, QuickReplyId,
    settings::{
        encode,
        quick_reply::{Command, QuickReply, QuickReplyWords, State, decide, first_set},
    },
    text::{MessageText, QuickReplyCategory, QuickReplyTitle},
};
use event_store::{Actor, Expected, StreamName};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::fixture::{Fixture, dump};

const ANA: AgentId = AgentId(Uuid::from_u128(0xa));

/// A few ids, two of them of the first set.
fn reply(n: u8) -> QuickReplyId {
    match n % 5 {
        n @ 0..=1 => first_set::all()[usize::from(n)].0,
        n => QuickReplyId(Uuid::from_u128(u128::from(n))),
    }
}

fn says(n: u8) -> QuickReply {
    let words = QuickReplyWords {
        title: QuickReplyTitle::parse(&format!("Title {n}")).unwrap(),
        content: MessageText::parse(format!("Text {n}")).unwrap(),
    };
    QuickReply {
        words,
        category: QuickReplyCategory::parse("greeting").unwrap(),
        language: Language::ALL[usize::from(n) % 6],
    }
}

/// A command out of a few numbers; the rules may refuse it.
fn command(state: &State, owner: Option<AgentId>, kind: u8, n: u8) -> Command {
    let reply = if owner.is_some() { QuickReplyId(Uuid::from_u128(0x100 + u128::from(n % 3))) } else { reply(n) };
    let seen = state.version(reply).unwrap_or(1);
    match kind % 4 {
        0 if !state.knows(reply) => Command::Create { reply, owner, says: says(n) },
        0..=2 => Command::Change { reply, owner, says: says(n), seen },
        _ => Command::Remove { reply, seen },
    }
}

async fn append(fixture: &Fixture, owner: Option<AgentId>, state: State, kind: u8, n: u8) -> State {
    let Ok(events) = decide(&state, command(&state, owner, kind, n)) else { return state };
    let name = owner.map_or("settings-quick_replies".to_owned(), |owner| format!("settings-quick_replies-{owner}"));
    let stream = StreamName::parse(&name).unwrap();
    let new =
        |event| testkit::new_event(encode(event), owner.map_or(Uuid::nil(), Uuid::from), Actor::new("agent", "a"));
    let new: Vec<_> = events.iter().map(new).collect();
    fixture.log.append(&stream, Expected::Any, &new).await.unwrap();
    events.iter().fold(state, State::evolve)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_have_the_versions_of_the_fold(steps in vec((any::<bool>(), any::<u8>(), any::<u8>()), 1..40)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new();
            let (mut shared, mut own) = (State::default(), State::default());
            let running = fixture.run().await;
            for (is_own, kind, n) in steps {
                if is_own {
                    own = append(&fixture, Some(ANA), own, kind, n).await;
                } else {
                    shared = append(&fixture, None, shared, kind, n).await;
                }
            }
            running.reach(fixture.head().await).await;
            let views = running.views.reading().await.unwrap().quick_replies().await.unwrap();
            let found: BTreeMap<QuickReplyId, u32> = views.iter().map(|view| (view.reply, view.version)).collect();
            let ids = first_set::all().iter().map(|(id, _)| *id).chain((0..5).map(reply));
            let mut expected: BTreeMap<QuickReplyId, u32> =
                ids.filter_map(|id| Some((id, shared.version(id)?))).collect();
            let ids = (0..3).map(|n| QuickReplyId(Uuid::from_u128(0x100 + n)));
            expected.extend(ids.filter_map(|id| Some((id, own.version(id)?))));
            assert_eq!(found, expected);
            assert!(views.iter().all(|view| view.owner.is_none_or(|owner| owner == ANA)));
            assert_eq!(dump(&running.views).await, fixture.folded_afresh().await);
        });
    }
}

#[tokio::test]
async fn what_an_erased_agent_wrote_is_gone_from_views_that_are_built_anew() {
    let fixture = Fixture::new();
    let mut own = State::default();
    for n in 0..2 {
        own = append(&fixture, Some(ANA), own, 0, n).await;
    }
    let count = async |fixture: &Fixture| {
        let folder = tempfile::tempdir().unwrap();
        let running = fixture.run_in(folder.path(), crate::catalogue::all()).await;
        running.reach(fixture.head().await).await;
        let views = running.views.reading().await.unwrap().quick_replies().await.unwrap();
        views.iter().filter(|view| view.owner.is_some()).count()
    };
    assert_eq!(count(&fixture).await, 2);
    fixture.log.vault().erase_subject(ANA.0, jiff::Timestamp::now()).await.unwrap();
    assert_eq!(count(&fixture).await, 0);
}
