//! A real mail server, with and without TLS, that takes mails, refuses them, is slow, down, or breaks off.

use std::time::Duration;

use commands::{MailError, Mailer as _, mailer::Mail};
use domain::session::event::MailFailure::{self, Malformed, Refused, Rejected, Unavailable};
use integrations::mail::{Credentials, MailLanguage, Security, Smtp, SmtpSettings};
use tests::mail_server::{Certificate, MailServer};

use super::{address, letter, mail_about, sender};

/// A server on this machine.
fn settings(port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security,
        credentials: None,
        ca_pem: None,
        sender: sender(),
        recipients: vec![address("a@example.com"), address("b@example.com")],
    }
}

async fn send_to(settings: SmtpSettings, mail: &Mail) -> Result<(), MailError> {
    Smtp::new(settings, letter(MailLanguage::Zh)).unwrap().with_limit(Duration::from_secs(2)).send(mail).await
}

/// What comes of a mail to a server with these arguments, without TLS.
async fn outcome(arguments: &[&str]) -> (Result<(), MailError>, MailServer) {
    let server = MailServer::start(arguments);
    let sent = send_to(settings(server.port(), Security::None), &mail_about("s", &["hello"])).await;
    (sent, server)
}

fn retry(failure: MailFailure, code: &'static str) -> Result<(), MailError> {
    Err(MailError::retry(failure, code))
}

fn permanent(code: &'static str) -> Result<(), MailError> {
    Err(MailError::permanent(Rejected, code))
}

#[tokio::test]
async fn a_mail_arrives_as_two_parts_that_a_mail_program_can_read() {
    let server = MailServer::start(&[]);
    let said = format!("<b>{}</b>\nBcc: x@example.com", "长".repeat(600));
    let mail = mail_about("会话 <1> =?utf-8?q?x?=", &[&said]);
    send_to(settings(server.port(), Security::None), &mail).await.unwrap();
    let taken = &server.wait_for(1)[0];
    assert_eq!(taken.from, "desk@example.com");
    assert_eq!(taken.to, ["a@example.com", "b@example.com"]);
    assert_eq!(taken.content_type, "multipart/alternative");
    assert_eq!(taken.header("Subject"), "[Fiido客服] 人工接管请求 - 会话 <1> = ?utf-8?q?x?=");
    assert_eq!(taken.header("From"), "Fiido客服系统 <desk@example.com>");
    assert_eq!(taken.header("Message-ID"), "<00000000-0000-0000-0000-000000000007@example.com>");
    assert_eq!(taken.header("Date"), "Sun, 01 Mar 2026 17:00:00 +0000");
    assert!(taken.headers.iter().all(|(name, _)| name != "Bcc"));
    let letter = letter(MailLanguage::Zh);
    assert_eq!(taken.text.replace("\r\n", "\n"), letter.text(&mail));
    assert_eq!(taken.html.replace("\r\n", "\n").trim_end(), letter.html(&mail));
    assert!(!taken.is_encrypted && taken.raw().lines().all(|line| line.len() <= 998));
}

#[tokio::test]
async fn with_tls_the_certificate_and_the_password_are_checked() {
    let certificate = Certificate::make();
    for (mode, security) in [("implicit", Security::Implicit), ("starttls", Security::StartTls)] {
        let (cert, key) = (certificate.file(), certificate.key_file());
        let server = MailServer::start(&["--tls", mode, "--cert", &cert, "--key", &key, "--login", "desk:p:ä"]);
        let login = |password: &str| Some(Credentials { username: "desk".to_owned(), password: password.to_owned() });
        let ca_pem = Some(std::fs::read(certificate.file()).unwrap());
        let good = SmtpSettings { ca_pem, credentials: login("p:ä"), ..settings(server.port(), security) };
        let mail = mail_about("s", &["hello"]);
        assert_eq!(send_to(good.clone(), &mail).await, Ok(()), "{mode}");
        let taken = &server.wait_for(1)[0];
        assert_eq!((taken.is_encrypted, taken.login.as_deref()), (true, Some("desk")), "{mode}");

        let untrusted = SmtpSettings { ca_pem: None, ..good.clone() };
        assert_eq!(send_to(untrusted, &mail).await, retry(Unavailable, "tls"), "{mode}");
        let wrong = SmtpSettings { credentials: login("wrong"), ..good.clone() };
        assert_eq!(send_to(wrong, &mail).await, retry(Refused, "smtp_535"), "an operator may put it right");
        let nobody = SmtpSettings { credentials: None, ..good.clone() };
        assert_eq!(send_to(nobody, &mail).await, retry(Refused, "smtp_530"), "{mode}");
        let by_address = SmtpSettings { host: "127.0.0.1".to_owned(), ..good };
        assert_eq!(send_to(by_address, &mail).await, retry(Unavailable, "tls"), "the certificate has another name");
        assert_eq!(server.taken().len(), 1, "{mode}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_in_the_clear() {
    let server = MailServer::start(&[]);
    let mail = mail_about("s", &[]);
    assert_eq!(send_to(settings(server.port(), Security::StartTls), &mail).await, retry(Unavailable, "no_starttls"));
    assert_eq!(send_to(settings(server.port(), Security::Implicit), &mail).await, retry(Unavailable, "tls"));
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn a_refused_recipient_does_not_keep_the_mail_from_the_others() {
    let (sent, server) = outcome(&["--refuse", "a@example.com=550 no such user"]).await;
    assert_eq!(sent, Ok(()));
    assert_eq!(server.wait_for(1)[0].to, ["b@example.com"]);
}

#[tokio::test]
async fn it_is_tried_again_unless_the_server_refuses_for_good() {
    let refusing = |first: &str, second: &str| [format!("a@example.com={first}"), format!("b@example.com={second}")];
    for (replies, expected) in [
        (refusing("550 no such user", "550 no such user"), permanent("smtp_550")),
        (refusing("550 no such user", "450 busy"), retry(Unavailable, "smtp_450")),
    ] {
        let [first, second] = &replies;
        let (sent, server) = outcome(&["--refuse", first, "--refuse", second]).await;
        assert_eq!((sent, server.taken().len()), (expected, 0), "{replies:?}");
    }
    assert_eq!(outcome(&["--reply", "451 later"]).await.0, retry(Unavailable, "smtp_451"));
    assert_eq!(outcome(&["--reply", "554 spam"]).await.0, permanent("smtp_554"));
}

#[tokio::test]
async fn a_server_that_is_slow_breaks_off_or_is_down_is_tried_again() {
    assert_eq!(outcome(&["--delay", "5"]).await.0, retry(Unavailable, "timed_out"));
    assert_eq!(outcome(&["--close", "data"]).await.0, retry(Malformed, "bad_response"));
    let (sent, server) = outcome(&["--close", "message"]).await;
    assert_eq!(sent, retry(Malformed, "bad_response"), "nobody knows that it was taken");
    assert_eq!(server.wait_for(1).len(), 1);
    let port = server.port();
    drop(server);
    assert_eq!(send_to(settings(port, Security::None), &mail_about("s", &[])).await, retry(Unavailable, "connection"));
}
