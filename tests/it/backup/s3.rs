//! A backup in a bucket: moto, a service of S3's protocol, which is not Amazon's.

use std::{process::Command, time::Duration};

use reqwest::Method;
use tests::installed_server::InstalledServer;

use super::follower::{LONG, Shelf, forget, on_files, said};
use crate::{
    copy_log::{Place, place::unplaced, proves_itself, shop},
    crash::until,
};

struct S3(InstalledServer);

impl S3 {
    async fn start() -> Self {
        let s3 = Self(InstalledServer::start("s3", "moto_server", |command| {
            command.env_clear();
        }));
        let client = tests::http_client::client();
        until("the bucket is made", Duration::from_secs(60), async || {
            let made = client.request(Method::PUT, format!("{}/shop-backup", s3.0.url())).send().await;
            made.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        s3
    }

    fn on(&self, command: &mut Command, shelf: &Shelf) {
        command.env("DESK_BACKUP_TARGET", "s3://shop-backup/desk/one").env("DESK_BACKUP_KEY_FILE", shelf.key());
        command.env("DESK_BACKUP_SECONDS", "1").env("AWS_ENDPOINT_URL", self.0.url()).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    }

    fn run(&self, mut command: Command, shelf: &Shelf) -> (Option<i32>, String) {
        self.on(&mut command, shelf);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        (output.status.code(), said(&output))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn log_is_shipped_to_a_bucket_and_restored_from_there() {
    let (s3, shelf, source) = (S3::start().await, Shelf::new(), shop(3_000, 51).await);
    let events = source.events().await;
    let head = events.last().unwrap().position.0;
    for killed in [true, false] {
        let mut command = on_files(&source.path(), &["backup", "--follow"]);
        s3.on(&mut command, &shelf);
        forget(&source.path());
        let mut following = command.spawn().unwrap();
        until("the backup has caught up", LONG, async || {
            let follower = backup::state::read(&source.path()).follower;
            follower.is_some_and(|state| killed || (state.position == head && state.last_success_at.is_some()))
        })
        .await;
        following.kill().unwrap();
        following.wait().unwrap();
    }
    let to = tempfile::tempdir().unwrap();
    std::fs::copy(source.path().join("master-key"), to.path().join("master-key")).unwrap();
    let (code, said) = s3.run(on_files(to.path(), &["restore"]), &shelf);
    assert_eq!(code, Some(0), "{said}");
    let restored = Place::Kept(to.path().to_owned());
    let there = unplaced(&restored.events().await);
    assert_eq!(there[..events.len()], unplaced(&events));
    proves_itself(&restored).await;

    // A bucket that is not there is said so, and waited for no longer than a start takes.
    let mut command = on_files(to.path(), &["restore", "--from", "s3://nobodys-bucket"]);
    s3.on(&mut command, &shelf);
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
}
