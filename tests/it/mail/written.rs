//! What a mail says, and that nothing that people write gets out of its place.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use commands::mailer::Mail;
use domain::session::event::EscalationReason;
use integrations::mail::{MailLanguage, compose};
use proptest::prelude::*;

use super::{address, letter, mail_about, sender};

fn on_the_wire(mail: &Mail) -> String {
    let recipients = [address("a@example.com"), address("b@example.com")];
    String::from_utf8(compose(&letter(MailLanguage::Zh), &sender(), &recipients, mail)).unwrap()
}

/// The header lines, unfolded.
fn headers(wire: &str) -> Vec<(String, String)> {
    let head = wire.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n")
        .map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())))
        .map(|header| header.expect("each line of the head is a header"))
        .collect()
}

fn header(wire: &str, name: &str) -> String {
    headers(wire).into_iter().find(|(other, _)| other == name).unwrap().1
}

/// Undoes RFC 2047.
fn decoded(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, encoded)) = rest.split_once("=?utf-8?b?") {
        let (base64, after) = encoded.split_once("?=").unwrap();
        text.push_str(before);
        text.push_str(&String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap());
        // A space counts, but not between two encoded words.
        rest = after.strip_prefix(' ').filter(|next| next.starts_with("=?utf-8?b?")).unwrap_or(after);
    }
    text + rest
}

/// Everything between angle brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|after| after.split_once('>').expect("a tag ends").0).collect()
}

#[test]
fn a_mail_says_what_the_originals_said_in_the_teams_time() {
    let mail = mail_about("session_1", &["刹车响", "抱歉，我不清楚"]);
    let letter = letter(MailLanguage::Zh);
    assert_eq!(letter.subject(&mail), "[Fiido客服] 人工接管请求 - session_1");
    let text = letter.text(&mail);
    let expected = "Fiido 智能客服 - 人工接管请求\n\n⚠️ 需要人工介入\n用户请求已触发人工接管，请尽快处理。\n\n\
                    会话ID: session_1\n触发原因: AI连续失败\n触发时间: 2026-03-02 00:30:05\n当前状态: 非工作时间（已转邮件）\n\n\
                    最近对话记录（最多10条）\n用户 00:30:05\n    刹车响\nAI 00:30:05\n    抱歉，我不清楚\n\n-- \n\
                    此邮件由 Fiido 客服系统自动发送\n发送时间: 2026-03-02 01:00:00 (Asia/Shanghai)\n";
    assert_eq!(text, expected);
    let html = letter.html(&mail);
    for line in ["⚠️ 需要人工介入", "session_1", "AI连续失败", "2026-03-02 00:30:05", "刹车响", "2026-03-02 01:00:00"]
    {
        assert!(html.contains(line), "the HTML part lacks {line}");
    }
}

/// The original looked for `ai_fail`, which no event is called, and wrote 未知原因 (defect 21).
#[test]
fn every_reason_has_a_name_of_its_own_in_both_languages() {
    let reasons: Vec<_> = EscalationReason::ALL.into_iter().map(Some).chain([None]).collect();
    for language in MailLanguage::ALL {
        let text = |reason| letter(language).text(&Mail { reason, ..mail_about("s", &[]) });
        let texts: BTreeSet<String> = reasons.iter().map(|reason| text(*reason)).collect();
        assert_eq!(texts.len(), reasons.len());
        assert!(texts.iter().all(|text| !text.contains("未知原因")));
    }
    let fail_loop = letter(MailLanguage::En).text(&mail_about("s", &[]));
    assert!(fail_loop.contains("Reason: the assistant keeps failing\n"), "{fail_loop}");
    assert!(fail_loop.contains("No messages yet"), "{fail_loop}");
}

#[test]
fn danger_is_the_first_thing_that_a_mail_says() {
    let mail = Mail { is_danger: true, ..mail_about("s", &[]) };
    assert!(letter(MailLanguage::Zh).text(&mail).contains("⚠️ 安全隐患"));
    assert!(letter(MailLanguage::En).html(&mail).contains("⚠️ Danger"));
}

#[test]
fn the_same_mail_has_the_same_message_id_whenever_and_whatever_it_says() {
    let id = |mail: &Mail| header(&on_the_wire(mail), "Message-ID");
    let (first, later) = (mail_about("s", &["a"]), mail_about("t", &[]));
    assert_eq!(id(&first), "<00000000-0000-0000-0000-000000000007@example.com>");
    assert_eq!(id(&first), id(&Mail { sent_at: jiff::Timestamp::UNIX_EPOCH, ..later }));
}

#[test]
fn a_mail_names_the_request_that_it_came_of() {
    let mail = mail_about("s", &[]);
    assert_eq!(header(&on_the_wire(&mail), "X-Request-Id"), mail.request.to_string());
}

/// Texts that mean something to mail programs, between others.
fn texts() -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        Just("\r\nBcc: victim@example.com\r\n".to_owned()),
        Just("\n\n<script>alert(1)</script>".to_owned()),
        Just("=?utf-8?b?QmNjOiB4?=".to_owned()),
        Just("</td></tr></table><img src=x onerror=alert(1)>".to_owned()),
        Just("\r\n.\r\nMAIL FROM:<x@example.com>\r\n".to_owned()),
        Just("\"'&lt;\u{2028}\u{85}\u{0}\u{b}".to_owned()),
        Just("\n坐席 09:00:00\n    请付款".to_owned()),
        Just("长".repeat(1_200)),
        Just("x".repeat(1_200)),
        "\\PC{0,40}",
        any::<String>(),
    ];
    prop::collection::vec(nasty, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The head has the same headers, the HTML the same tags, and the text as many unindented lines, whatever people write.
    #[test]
    fn nothing_that_people_write_becomes_a_header_or_html(
        name in texts(), email in texts(), said in prop::collection::vec(texts(), 0..4)
    ) {
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let mail = Mail { customer_email: Some(email), ..mail_about(&name, &said) };
        let plain = Mail { customer_email: Some("c".to_owned()), ..mail_about("n", &vec!["t"; said.len()]) };
        let wire = on_the_wire(&mail);
        prop_assert!(wire.is_ascii() && !wire.contains('\0'));
        prop_assert!(wire.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        let names = |wire: &str| headers(wire).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        prop_assert_eq!(names(&wire), names(&on_the_wire(&plain)));
        let letter = letter(MailLanguage::Zh);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeezed(&decoded(&header(&wire, "Subject"))), squeezed(&letter.subject(&mail)));
        let (html, plain_html) = (letter.html(&mail), letter.html(&plain));
        prop_assert_eq!(tags(&html), tags(&plain_html));
        let unindented = |text: String| text.lines().filter(|line| !line.starts_with(' ')).count();
        prop_assert_eq!(unindented(letter.text(&mail)), unindented(letter.text(&plain)));
    }
}
