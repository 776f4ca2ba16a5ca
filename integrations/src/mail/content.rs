//! The two parts of a mail, with the same content.
//!
//! Invariants: `maud` escapes whatever it is not told to trust, and it is told to trust nothing; in the text part a message's
//! further lines are indented, so that none looks like another message.

use commands::mailer::{Mail, MailLine};
use domain::text::form::beginning;
use maud::{DOCTYPE, Markup, html};

use super::letter::{Letter, one_line};

/// The longest part of a message that is shown, in characters: a customer's longest.
const MESSAGE_CHARS: usize = 5_000;

const BODY: &str = "margin:0;padding:16px;font-family:sans-serif;font-size:14px;color:#222";
const URGENT: &str = "padding:12px;margin:12px 0;background:#fff3cd;border-left:4px solid #d9534f";
const CELL: &str = "padding:4px 12px 4px 0;text-align:left;vertical-align:top";
const MESSAGE: &str = "padding:8px;margin:4px 0;background:#f5f5f5;white-space:pre-wrap";
const FOOTER: &str = "margin-top:16px;color:#777;font-size:12px";

pub(super) fn html(letter: &Letter, mail: &Mail) -> Markup {
    let texts = letter.texts;
    let [title, advice] = box_texts(letter, mail);
    html! {
        (DOCTYPE)
        html lang=(texts.language) {
            head { meta charset="utf-8"; title { (texts.heading) } }
            body style=(BODY) {
                h2 { (texts.heading) }
                div style=(URGENT) { strong { (title) } br; (advice) }
                table {
                    @for (name, value) in rows(letter, mail) {
                        tr { th style=(CELL) { (name) } td style=(CELL) { (value) } }
                    }
                }
                h3 { (texts.conversation) }
                @for line in &mail.messages { (html_message(letter, line)) }
                @if mail.messages.is_empty() { p { (texts.no_conversation) } }
                div style=(FOOTER) { @for line in footer(letter, mail) { (line) br; } }
            }
        }
    }
}

fn html_message(letter: &Letter, line: &MailLine) -> Markup {
    html! {
        div style=(MESSAGE) dir="auto" {
            strong { (letter.texts.author_name(line.author)) } " " (letter.time_of_day(line.at)) br;
            (shortened(&line.text))
        }
    }
}

pub(super) fn text(letter: &Letter, mail: &Mail) -> String {
    let mut lines: Vec<String> = vec![letter.texts.heading.to_owned(), String::new()];
    lines.extend(box_texts(letter, mail).map(str::to_owned));
    lines.push(String::new());
    lines.extend(rows(letter, mail).into_iter().map(|(name, value)| format!("{name}: {value}")));
    lines.extend([String::new(), letter.texts.conversation.to_owned()]);
    lines.extend(mail.messages.iter().map(|line| text_message(letter, line)));
    if mail.messages.is_empty() {
        lines.push(letter.texts.no_conversation.to_owned());
    }
    lines.extend([String::new(), "-- ".to_owned()]);
    lines.extend(footer(letter, mail));
    lines.join("\n") + "\n"
}

fn text_message(letter: &Letter, line: &MailLine) -> String {
    let (author, at) = (letter.texts.author_name(line.author), letter.time_of_day(line.at));
    let said: Vec<String> = shortened(&line.text).split(is_line_end).map(|line| format!("    {line}")).collect();
    format!("{author} {at}\n{}", said.join("\n"))
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn box_texts(letter: &Letter, mail: &Mail) -> [&'static str; 2] {
    if mail.is_danger { letter.texts.danger } else { letter.texts.urgent }
}

fn rows(letter: &Letter, mail: &Mail) -> Vec<(&'static str, String)> {
    let texts = letter.texts;
    let mut rows = vec![(texts.session, one_line(&mail.session_name))];
    rows.extend(mail.customer_email.as_deref().map(|email| (texts.customer_email, one_line(email))));
    rows.extend([
        (texts.reason, texts.reason_name(mail.reason).to_owned()),
        (texts.triggered_at, letter.date_and_time(mail.triggered_at)),
        (texts.status, texts.status_name(mail.status).to_owned()),
    ]);
    rows
}

fn footer(letter: &Letter, mail: &Mail) -> [String; 2] {
    let sent_at = letter.date_and_time(mail.sent_at);
    [letter.texts.footer.to_owned(), format!("{}: {sent_at} ({})", letter.texts.sent_at, letter.zone())]
}

fn shortened(text: &str) -> String {
    let beginning = beginning(text, MESSAGE_CHARS);
    if beginning.len() == text.len() { text.to_owned() } else { format!("{beginning}…") }
}
