//! Given events, then rows.

use domain::session::{
    Status,
    event::{EscalationReason, Outcome},
    notice::Notice,
};
use event_store::Position;
use jiff::{SignedDuration, Timestamp};
use testkit::SessionDriver;

use super::fixture::Fixture;
use crate::{Audience, MessageView, Role, Views};

/// All that was said, without notices.
async fn texts(views: &Views, thread: &SessionDriver, audience: Audience) -> Vec<String> {
    let messages = views.messages(thread.session(), audience, None, 50).await.unwrap();
    let said = messages.into_iter().filter(|message| message.notice.is_none());
    said.map(|message| message.content.unwrap_or_else(|| "[erased]".into())).collect()
}

#[tokio::test]
async fn a_session_with_an_answer_shows_both_messages_and_who_wrote_them() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "session_1");
    let last = thread.asks("多久充满？", "约 6 小时。", Outcome::Answered).write().await.unwrap();
    let running = fixture.caught_up().await;
    let session = running.views.session(thread.session()).await.unwrap().unwrap();
    assert_eq!((session.name.as_deref(), session.status, session.episode), (Some("session_1"), Status::BotActive, 1));
    assert_eq!((session.position, session.visitor), (last, thread.visitor()));
    assert_eq!(session.context, thread.state().session().unwrap().context);
    let messages = running.views.messages(thread.session(), Audience::Customer, None, 50).await.unwrap();
    let shown: Vec<_> = messages.iter().map(|m| (m.role, m.content.as_deref().unwrap())).collect();
    assert_eq!(shown, [(Role::User, "多久充满？"), (Role::Assistant, "约 6 小时。")]);
    assert_eq!(running.views.find_by_name("session_1").await.unwrap(), [thread.session()]);
    assert!(running.views.find_by_name("session_").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_fail_count_counts_each_failed_answer_once_and_a_good_one_resets_it() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.asks("a", "不清楚", Outcome::DoesNotKnow).write().await;
    thread.says("b").write().await;
    thread.starts_run().write().await;
    thread.fails(None).write().await;
    thread.retakes_run().write().await;
    thread.fails(Some("稍后")).write().await;
    let running = fixture.caught_up().await;
    assert_eq!(running.views.session(thread.session()).await.unwrap().unwrap().ai_fail_count, 2);
    let last = thread.asks("c", "好", Outcome::Answered).write().await.unwrap();
    running.reach(last).await;
    assert_eq!(running.views.session(thread.session()).await.unwrap().unwrap().ai_fail_count, 0);
}

#[tokio::test]
async fn an_escalation_stands_until_release_cancel_or_close_and_does_not_restart() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    let mut thread = SessionDriver::new(&fixture.log, "s");
    let row = async |thread: &SessionDriver| running.views.session(thread.session()).await.unwrap().unwrap();
    thread.says("人工").write().await;
    running.reach(thread.escalates(EscalationReason::Keyword).write().await.unwrap()).await;
    let pending = row(&thread).await;
    let escalation = pending.escalation.clone().unwrap();
    assert_eq!((escalation.reason, &*escalation.rule), (EscalationReason::Keyword, "R1"));
    assert_eq!(escalation.details.as_deref(), Some("命中关键词: 人工"));
    assert_eq!(pending.waiting_since, Some(escalation.trigger_at));
    assert_eq!(thread.escalates(EscalationReason::Vip).write().await, None);

    running.reach(thread.is_taken_over().write().await.unwrap()).await;
    let live = row(&thread).await;
    assert_eq!((live.status, live.agent, live.waiting_since), (Status::ManualLive, Some(thread.agent()), None));
    assert_eq!(live.escalation.as_ref(), Some(&escalation));
    assert!(live.taken_over_at.is_some() && live.last_manual_end_at.is_none());

    running.reach(thread.is_released().write().await.unwrap()).await;
    let released = row(&thread).await;
    assert_eq!((released.status, released.agent), (Status::BotActive, None));
    assert!(released.escalation.is_none() && released.taken_over_at.is_none());
    assert_eq!(released.last_manual_end_at, Some(released.updated_at));

    thread.escalates(EscalationReason::Manual).write().await;
    running.reach(thread.is_cancelled().write().await.unwrap()).await;
    assert!(row(&thread).await.escalation.is_none());
    thread.escalates(EscalationReason::Manual).write().await;
    running.reach(thread.is_closed().write().await.unwrap()).await;
    let closed = row(&thread).await;
    assert!(closed.escalation.is_none() && closed.waiting_since.is_none());
}

#[tokio::test]
async fn cleared_messages_are_hidden_from_the_customer_and_a_late_reply_to_them_too() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.asks("old", "old answer", Outcome::Answered).write().await;
    thread.says("unanswered").write().await;
    thread.starts_run().write().await;
    thread.starts_context(true).write().await;
    thread.replies("late answer", Outcome::Answered).write().await;
    thread.asks("new", "new answer", Outcome::Answered).write().await;
    let running = fixture.caught_up().await;
    assert_eq!(texts(&running.views, &thread, Audience::Customer).await, ["new", "new answer"]);
    let staff = running.views.messages(thread.session(), Audience::Staff, None, 50).await.unwrap();
    // The last is the offer of a person after the third answer.
    assert_eq!(staff.iter().map(|m| m.hidden).collect::<Vec<_>>(), [true, true, true, true, false, false, false]);
}

#[tokio::test]
async fn a_reply_that_also_answers_a_visible_message_is_visible() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("before").write().await;
    thread.starts_context(true).write().await;
    thread.says("after").write().await;
    thread.starts_run().write().await;
    thread.replies("both", Outcome::Answered).write().await;
    let running = fixture.caught_up().await;
    assert_eq!(texts(&running.views, &thread, Audience::Customer).await, ["after", "both"]);
}

#[tokio::test]
async fn a_new_context_without_clear_hides_nothing() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.asks("a", "b", Outcome::Answered).write().await;
    thread.starts_context(false).write().await;
    let running = fixture.caught_up().await;
    assert_eq!(texts(&running.views, &thread, Audience::Customer).await, ["a", "b"]);
}

#[tokio::test]
async fn a_withheld_reply_is_for_staff_only_with_what_was_shown_of_it() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").write().await;
    thread.starts_run().write().await;
    thread.is_taken_over().write().await;
    thread.replies("too late", Outcome::Answered).write().await;
    let running = fixture.caught_up().await;
    assert_eq!(texts(&running.views, &thread, Audience::Customer).await, ["a"]);
    let staff = running.views.messages(thread.session(), Audience::Staff, None, 50).await.unwrap();
    let MessageView { role, withheld, content, shown, .. } = staff.into_iter().find(|one| one.withheld).unwrap();
    assert_eq!(
        (role, withheld, content.as_deref(), shown.as_deref()),
        (Role::Assistant, true, Some("too late"), Some("too"))
    );
    let (page, _) = running.views.list(None, 10, 0).await.unwrap();
    assert_eq!(page[0].last_message.as_ref().unwrap().role, Role::System, "that an agent joined");
}

#[tokio::test]
async fn history_is_paged_backwards() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    for number in 0..7 {
        thread.says(&format!("m{number}")).write().await;
    }
    let running = fixture.caught_up().await;
    let newest = running.views.messages(thread.session(), Audience::Customer, None, 3).await.unwrap();
    let before = newest[0].position;
    let older = running.views.messages(thread.session(), Audience::Customer, Some(before), 3).await.unwrap();
    let text = |messages: &[MessageView]| messages.iter().map(|m| m.content.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        (text(&older), text(&newest)),
        (vec!["m1".into(), "m2".into(), "m3".into()], vec!["m4".into(), "m5".into(), "m6".into()])
    );
}

#[tokio::test]
async fn the_audit_trail_has_every_event_and_how_the_status_moved() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("人工").write().await;
    thread.escalates(EscalationReason::Keyword).write().await;
    let running = fixture.caught_up().await;
    running.reach(thread.is_taken_over().write().await.unwrap()).await;
    let trail = running.views.audit_trail(thread.session(), Position::START, 50).await.unwrap();
    let moves: Vec<_> = trail.iter().map(|e| (&*e.event_type, e.status_from, e.status_to)).collect();
    let (bot, pending, live) = (Some(Status::BotActive), Some(Status::PendingManual), Some(Status::ManualLive));
    assert_eq!(
        moves,
        [
            ("session.opened", None, bot),
            ("session.customer_message_sent", bot, bot),
            ("session.escalated", bot, pending),
            ("session.notice_given", pending, pending),
            ("session.agent_took_over", pending, live),
            ("session.notice_given", live, live)
        ]
    );
    assert_eq!(trail[4].details["agent"], thread.agent().to_string());
    assert_eq!(trail[0].actor, format!("customer:{}", thread.visitor()));
    let rest = running.views.audit_trail(thread.session(), trail[1].position, 1).await.unwrap();
    assert_eq!(rest, [trail[2].clone()]);
}

#[tokio::test]
async fn the_list_is_newest_first_by_status_and_paged_with_its_total() {
    let fixture = Fixture::new();
    let mut threads = Vec::new();
    for number in 0..3 {
        let mut thread = SessionDriver::new(&fixture.log, &format!("s{number}"));
        thread.says(&"电".repeat(60)).write().await;
        threads.push(thread);
    }
    threads[0].escalates(EscalationReason::Vip).write().await;
    let running = fixture.caught_up().await;
    let (all, total) = running.views.list(None, 2, 0).await.unwrap();
    assert_eq!(
        (all.iter().map(|s| s.session).collect::<Vec<_>>(), total),
        (vec![threads[0].session(), threads[2].session()], 3)
    );
    assert_eq!(all[1].last_message.as_ref().unwrap().content, Some("电".repeat(50) + "..."));
    let told = all[0].last_message.as_ref().unwrap();
    assert_eq!((told.role, told.notice.map(|given| given.notice)), (Role::System, Some(Notice::Queued)));
    assert_eq!(all[0].escalation.as_ref().unwrap().reason, EscalationReason::Vip);
    let (bot, total) = running.views.list(Some(Status::BotActive), 10, 1).await.unwrap();
    assert_eq!((bot.iter().map(|s| s.session).collect::<Vec<_>>(), total), (vec![threads[1].session()], 2));
    let (beyond, total) = running.views.list(Some(Status::PendingManual), 10, u64::MAX).await.unwrap();
    assert_eq!((beyond.len(), total), (0, 1));
}

#[tokio::test]
async fn statistics_take_in_every_waiting_session_and_only_the_days_escalations() {
    let fixture = Fixture::new();
    for number in 0..120 {
        let mut thread = SessionDriver::new(&fixture.log, &format!("p{number}"));
        thread.says("人工").write().await;
        thread.escalates(EscalationReason::Keyword).write().await;
    }
    let mut live = SessionDriver::new(&fixture.log, "live");
    live.says("a").write().await;
    live.escalates(EscalationReason::Vip).write().await;
    live.is_taken_over().write().await;
    let mut closed = SessionDriver::new(&fixture.log, "closed");
    closed.says("a").write().await;
    closed.is_closed().write().await;
    let running = fixture.caught_up().await;
    let first = running.views.list(Some(Status::PendingManual), 200, 0).await.unwrap().0;
    let since: Vec<Timestamp> = first.iter().map(|row| row.waiting_since.unwrap()).collect();
    let taken = running.views.session(live.session()).await.unwrap().unwrap().taken_over_at.unwrap();
    let now = taken + SignedDuration::from_secs(60);
    let waits: Vec<f64> = since.iter().map(|at| now.duration_since(*at).as_secs_f64()).collect();

    let figures = running.views.statistics(now, since[119]).await.unwrap();
    assert_eq!((figures.total_sessions, figures.active_sessions, figures.active_agents), (122, 121, 1));
    let (pending, serving) = (Status::PendingManual, Status::ManualLive);
    assert_eq!(figures.by_status, [(pending, 120), (serving, 1), (Status::Closed, 1)]);
    assert_eq!(figures.by_escalation_reason, [(EscalationReason::Keyword, 120), (EscalationReason::Vip, 1)]);
    assert!((figures.avg_waiting_time - waits.iter().sum::<f64>() / 120.0).abs() < 1e-3);
    assert!((figures.max_waiting_time - waits[119]).abs() < 1e-3);
    assert!((figures.avg_service_time - 60.0).abs() < 1e-3);
    assert_eq!((figures.today.total_escalations, figures.today.pending, figures.today.serving), (121, 120, 1));
    let later = running.views.statistics(now, since[60]).await.unwrap();
    assert_eq!(later.today.total_escalations, 62);
    let tomorrow = running.views.statistics(now + SignedDuration::from_secs(60), now).await.unwrap();
    assert_eq!(tomorrow.today.total_escalations, 0);
}

#[tokio::test]
async fn statistics_of_nothing_are_zeros() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    let now = Timestamp::now();
    assert_eq!(running.views.statistics(now, now).await.unwrap(), crate::Statistics::default());
}

#[tokio::test]
async fn a_destroyed_key_leaves_rows_without_words() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.asks("a", "b", Outcome::Answered).write().await;
    thread.says("人工").write().await;
    thread.starts_run().write().await;
    thread.escalates(EscalationReason::Keyword).write().await;
    thread.replies("late", Outcome::Answered).write().await;
    fixture.log.vault().erase_subject(thread.visitor().0, Timestamp::now()).await.unwrap();
    let running = fixture.caught_up().await;
    assert_eq!(texts(&running.views, &thread, Audience::Staff).await, ["[erased]"; 4]);
    let session = running.views.session(thread.session()).await.unwrap().unwrap();
    assert_eq!((session.name, session.escalation.unwrap().details), (None, None));
    let (page, _) = running.views.list(None, 10, 0).await.unwrap();
    assert_eq!(page[0].last_message.as_ref().unwrap().content, None);
    assert_eq!(running.views.audit_trail(thread.session(), Position::START, 50).await.unwrap().len(), 9);
}

#[tokio::test]
async fn awkward_strings_come_back_as_they_were() {
    let fixture = Fixture::new();
    let running = fixture.run().await;
    for text in [
        "👨‍👩‍👧 🚲",
        "שלום \u{202e}abc",
        "'; drop table session; --\"\\",
        "\u{ffff}\u{fffd}\u{10ffff}",
        "%_$1 ?1 :a",
        "\r\n\t\u{7f}\u{1b}[2J",
        &"电".repeat(5_000),
    ] {
        let name: String = text.chars().filter(|c| !c.is_control() && !"\\/\u{202e}".contains(*c)).take(128).collect();
        let mut thread = SessionDriver::new(&fixture.log, &name);
        let last = thread.asks(text, text, Outcome::Answered).write().await.unwrap();
        running.reach(last).await;
        assert_eq!(texts(&running.views, &thread, Audience::Customer).await, [text, text]);
        assert_eq!(running.views.find_by_name(&name).await.unwrap(), [thread.session()]);
        let preview = running.views.list(None, 1, 0).await.unwrap().0[0].last_message.clone().unwrap().content.unwrap();
        assert!(preview.starts_with(&text.chars().take(50).collect::<String>()));
    }
}
