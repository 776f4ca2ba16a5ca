//! `desk copy-log` and `desk copy-keys` between files, PostgreSQL and the protocol test server for KurrentDB
//! (`tests/protocol-server`, which is not KurrentDB).

mod growing;
mod keys;
mod killed;
mod moves;
mod old_positions;
pub(crate) mod place;
mod read_back;
mod refused;
mod served;

use std::{path::Path, process::Output};

use jiff::Timestamp;
use tests::{
    desk::{program, without_settings},
    shop::{Order, bulk},
};
use tokio::process::Command;

pub(crate) use place::Place;

/// A Wednesday, 20:00 by the shop's clock.
fn evening() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// A generated log in a folder: `events.db`, `keys.db`, `master-key`.
pub(crate) async fn shop(events: u64, seed: u64) -> Place {
    let place = Place::folder();
    bulk::write(Order::stress(events, seed, evening()), &place.path(), None, &mut |_| {}).await.unwrap();
    place
}

/// A command with nothing but the given environment.
fn desk(arguments: &[&str]) -> Command {
    let mut command = Command::from(without_settings(program("desk")));
    // So that nothing is written to ./data here.
    command.args(arguments).current_dir(std::env::temp_dir()).kill_on_drop(true);
    command
}

fn copying(from: &Place, to: &Place, more: &[&str]) -> Command {
    let mut command = desk(&["copy-log", "--from", &from.url(), "--to", &to.url()]);
    command.args(more);
    command
}

fn copying_keys(from: &str, to: &str) -> Command {
    desk(&["copy-keys", "--from", from, "--to", to])
}

/// Copies a vault in a folder, and must succeed.
async fn copy_keys(from: &Path, to: &str) -> String {
    let output = copying_keys(&text(from), to).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    said(&output)
}

/// Standard output and standard error of a run.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Copies, and must succeed.
async fn copy(from: &Place, to: &Place, more: &[&str]) -> String {
    let output = copying(from, to, more).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    said(&output)
}

/// Copies; must be refused with these words and this code.
async fn refused(from: &Place, to: &Place, code: i32, words: &[&str]) -> String {
    let output = copying(from, to, &[]).output().await.unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
    said
}

/// `desk-replay` on a log; returns exit code and output.
async fn replay(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program("desk-replay"));
    command.env_clear().args(["--store", &place.url()]).args(arguments).kill_on_drop(true);
    let output = command.output().await.unwrap();
    (output.status.code(), said(&output))
}

/// Without its vault, whose keys are copied apart.
pub(crate) async fn proves_itself(place: &Place) {
    let no_vault = tempfile::tempdir().unwrap();
    let (code, said) = replay(place, &["--views", &text(no_vault.path()), "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
}

/// A path as an argument.
fn text(path: &Path) -> String {
    path.display().to_string()
}
