//! `play`: to a pipe without pauses, on a terminal with pauses and keys.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::shop::{ANSWER, NAME, Shop, WITHHELD, customer, customer_says, session_of};

/// Limit on a slow machine.
const LONG: Duration = Duration::from_secs(30);

fn id() -> String {
    session_of(1).to_string()
}

#[tokio::test]
async fn output_to_a_pipe_has_no_pauses_and_no_colours() {
    let shop = Shop::with_a_session().await;
    let played = shop.replay_with_key(["play", &id(), "--step", "--speed", "0.01"]).ok();
    let shown = shop.replay_with_key(["show", &id()]).ok();
    for line in shown.lines().take_while(|line| !line.starts_with("state after")) {
        assert!(played.contains(line), "{line:?} is missing in\n{played}");
    }
    assert!(!played.contains('\u{1b}'), "{played}");
}

#[tokio::test]
async fn it_ends_at_the_requested_moment() {
    let shop = Shop::with_a_session().await;
    let played = shop.replay_with_key(["play", &id(), "--at", "4"]).ok();
    assert!(played.contains(ANSWER) && !played.contains("ESCALATED"), "{played}");
}

#[tokio::test]
async fn json_output_has_one_event_per_line() {
    let shop = Shop::with_a_session().await;
    let played = shop.replay_with_key(["--json", "play", &id()]).ok();
    let lines: Vec<serde_json::Value> = played.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 10);
    assert_eq!((&lines[8]["version"], &lines[8]["status_after"]), (&9.into(), &"manual_live".into()));
}

#[tokio::test]
async fn a_shortened_pause_is_reported() {
    let shop = Shop::with_a_session().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    shop.append(1, customer(1), &customer_says(60, "还在吗？")).await;
    // At a hundredth of the speed, a tenth of a second becomes more than five seconds.
    let played = shop.replay(["play", &id(), "--speed", "0.01"]).ok();
    assert!(played.contains("… 0 s later"), "{played}");
    let fast = shop.replay(["play", &id(), "--speed", "100000"]).ok();
    assert!(!fast.contains("later"), "{fast}");
}

#[tokio::test]
async fn an_invalid_speed_is_refused() {
    let shop = Shop::with_a_session().await;
    for speed in ["0", "-1", "nan", "inf", "fast"] {
        let refused = shop.replay(["play", &id(), &format!("--speed={speed}")]).failed(2);
        assert!(refused.contains("must be a number from"), "{refused}");
    }
}

/// The program on a pseudo-terminal made by `script`.
struct Terminal {
    child: Child,
    screen: String,
}

impl Terminal {
    /// Plays, and afterwards checks that the terminal is in line mode with echo.
    fn play(shop: &Shop, columns: u16, environment: &[(&str, &str)], arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_desk-replay");
        let (key, id) = (shop.master_key(), id());
        let line = format!(
            "trap : INT; stty cols {columns}; {program} --master-key {} play {id} {arguments}; echo ended $?; stty -a",
            key.display()
        );
        let mut command = Command::new("script");
        command.args(["-qfec", &line, "/dev/null"]).env_remove("NO_COLOR").env("DESK_STORE", shop.folder());
        command.env("TERM", "xterm").envs(environment.iter().copied());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Self { child, screen: String::new() }
    }

    fn press(&mut self, keys: &str) {
        let keyboard = self.child.stdin.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Reads output until it contains this.
    fn until(&mut self, expected: &str) -> &str {
        let began = Instant::now();
        let mut bytes = self.screen.clone().into_bytes();
        while !String::from_utf8_lossy(&bytes).contains(expected) {
            assert!(began.elapsed() < LONG, "{expected:?} is missing in\n{}", String::from_utf8_lossy(&bytes));
            let mut chunk = [0; 4096];
            let count = self.child.stdout.as_mut().unwrap().read(&mut chunk).unwrap();
            assert!(count > 0, "{expected:?} is missing in\n{}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&chunk[..count]);
        }
        self.screen = String::from_utf8_lossy(&bytes).into_owned();
        &self.screen
    }

    /// Reads the remaining output of a program that ends by itself.
    fn end(self) -> String {
        let screen = self.leave();
        assert!(screen.contains("ended 0"), "{screen}");
        screen
    }

    /// Reads the remaining output and checks that the terminal is restored.
    fn leave(mut self) -> String {
        self.until("ended ");
        let screen = self.until(" echo ").to_owned();
        let settings = screen.rsplit_once("ended ").unwrap().1;
        let is_set = |mode: &str| settings.split_whitespace().any(|set| set == mode);
        assert!(is_set("icanon") && is_set("isig"), "{settings}");
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
        screen
    }
}

#[tokio::test]
async fn with_step_each_event_waits_for_a_key() {
    let shop = Shop::with_a_session().await;
    let mut terminal = Terminal::play(&shop, 120, &[], "--step");
    terminal.until("Enter or space: go on; q: end");
    assert!(!terminal.screen.contains("session opened"), "{}", terminal.screen);
    for (key, told) in [("\r", "session opened"), (" ", "怎么办"), ("\r", "begins, assistant faq"), (" ", ANSWER)] {
        terminal.press(key);
        terminal.until(told);
    }
    assert!(!terminal.screen.contains("人工"), "{}", terminal.screen);
    terminal.press("q");
    let screen = terminal.end();
    assert!(!screen.contains(WITHHELD), "{screen}");
}

#[tokio::test]
async fn ctrl_c_ends_it_and_restores_the_terminal() {
    let shop = Shop::with_a_session().await;
    let mut terminal = Terminal::play(&shop, 120, &[], "--step");
    terminal.until("go on; q: end");
    terminal.press(" ");
    terminal.until("session opened");
    terminal.press("\u{3}");
    let screen = terminal.leave();
    // A key if it is already waiting for one; a signal (exit code 128 + 2) just before.
    assert!(screen.contains("ended 0") || screen.contains("ended 130"), "{screen}");
    assert!(!screen.contains(ANSWER), "{screen}");
}

#[tokio::test]
async fn it_ends_after_the_last_event_and_respects_no_color() {
    let shop = Shop::with_a_session().await;
    let coloured = Terminal::play(&shop, 120, &[], "--speed 1000").end();
    assert!(coloured.contains("\u{1b}[36m") && coloured.contains("-> manual_live"), "{coloured}");
    let plain = Terminal::play(&shop, 120, &[("NO_COLOR", "1")], "--speed 1000").end();
    assert!(!plain.contains("\u{1b}[36m") && plain.contains(NAME), "{plain}");
}

#[tokio::test]
async fn wide_characters_wrap_after_the_bar() {
    let shop = Shop::with_a_session().await;
    shop.append(1, customer(1), &customer_says(60, &"电".repeat(50))).await;
    let screen = Terminal::play(&shop, 60, &[("NO_COLOR", "1")], "--speed 1000").end();
    let rows: Vec<&str> = screen.lines().filter(|line| line.contains("电电")).map(str::trim_end).collect();
    // 60 columns minus the bar leave room for 24 characters of two columns each.
    let expected = [24, 24, 2].map(|count| format!("{:8} | {}", "", "电".repeat(count)));
    assert_eq!(rows, expected);
}
