//! The commands in the documents, run as they stand: a line that fails fails the test.
//!
//! Only what is of one machine is exchanged: addresses, folders, and passwords that a page leaves open. Servers that a page starts in
//! the foreground run in the background here, and `curl` fails where the answer is an error.

mod script;

use std::path::{Path, PathBuf};

use script::{Script, blocks};
use tests::{
    desk::{Desk, Setup, write_private},
    postgres::{Postgres, program as postgres_program},
};
use tokio::task::block_in_place;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).unwrap()
}

#[test]
fn readme_links_every_page() {
    let readme = page("README.md");
    for file in std::fs::read_dir(workspace().join("docs")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.ends_with(".md") || readme.contains(&format!("(docs/{name})")),
            "README.md does not link docs/{name}"
        );
    }
    for name in ["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", ".editorconfig"] {
        assert!(workspace().join(name).is_file(), "{name} is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_can_be_followed() {
    let mut script = Script::new();
    let commands: Vec<String> =
        blocks(&page("README.md")).into_iter().filter(|block| !block.contains("make test")).collect();
    assert!(commands.len() >= 9, "{commands:#?}");
    script.line("make run");
    for block in &commands {
        script.block(block);
    }
    script.line("test -s saved/events.db; test -s restored/keys.db; test -s desk.toml");
    let said = block_in_place(|| script.run());
    for word in ["Hello, how can I help?", "my-session", "\"success\":true", "prove"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// On fewer events than `make demo` has.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_can_be_followed_and_has_customers_who_wait() {
    let mut script = Script::new();
    let commands = blocks(&page("tests/load/demo.txt"));
    assert_eq!(commands.len(), 2, "{commands:#?}");
    script.line("desk-load generate --events 6000 --dir demo");
    script.line("export DESK_NOBODY_CAME_AFTER=0 DESK_ADMIN_PASSWORD='only for this demo'");
    script.line("serve --data-dir demo --faq-dir integrations/faq --dev");
    script.block("desk-load people --url http://127.0.0.1:8080 --password 'only for this demo'");
    commands.iter().for_each(|block| script.block(block));
    let said = block_in_place(|| script.run());
    for word in ["4 customers wait", "demo-brakes", "prove"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_staff_can_be_followed() {
    let mut script = Script::new();
    let commands = blocks(&page("docs/staff.md"));
    assert!(commands.len() >= 3, "{commands:#?}");
    script.line("make run");
    commands.iter().for_each(|block| script.block(block));
    let said = block_in_place(|| script.run());
    assert!(said.contains("\"access_token\"") && said.contains("fdk_"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_migration_can_be_followed() {
    let mut script = Script::new();
    let commands = blocks(&page("docs/migrate.md"));
    assert!(commands.len() >= 2, "{commands:#?}");
    let (secret, others): (Vec<_>, Vec<_>) = commands.iter().partition(|block| block.contains("secrets.token_bytes"));
    // The page shows what the file of keys looks like; the secret is what its command prints.
    script.line(&format!("secret=$({})", secret.first().expect("the page makes a secret").trim()));
    script.line("printf '{\"keys\": [{\"kty\": \"oct\", \"kid\": \"shop-1\", \"alg\": \"HS256\", \"k\": \"%s\"}]}' \"$secret\" > keys.json");
    script.line("chmod 640 keys.json; export DESK_IDENTITY_KEYS_FILE=keys.json");
    script.line("make run");
    script.exchange("<k>", "$secret");
    others.iter().for_each(|block| script.block(block));
    let said = block_in_place(|| script.run());
    assert!(said.contains("\"is_identified\":true"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_postgresql_can_be_followed_with_several_nodes() {
    let server = Postgres::own().await;
    let mut script = Script::new();
    let folder = script.folder().display().to_string();
    let binaries = postgres_program("psql").parent().unwrap().display().to_string();
    script.line(&format!("export PATH={binaries}:$PATH PGHOST=127.0.0.1 PGPORT={} PGUSER=postgres", server.port()));
    // The server of the tests has made its own.
    script.line("psql -q -d postgres -c 'drop role desk_owner' -c 'drop role desk_app'");
    script.exchange("@db/", &format!("@127.0.0.1:{}/", server.port()));
    script.exchange("/etc/desk", &format!("{folder}/etc"));
    script.exchange("/var/lib/desk", &format!("{folder}/var"));
    let commands = blocks(&page("docs/postgresql.md"));
    assert!(commands.len() >= 4, "{commands:#?}");
    commands.iter().for_each(|block| script.block(block));
    let chat = "-H 'Content-Type: application/json' -d '{\"user_id\": \"s\", \"message\": \"hello\"}'";
    script.block(&format!("curl 0.0.0.0:8080/api/chat {chat}\ncurl 0.0.0.0:8081/api/chat {chat}"));
    let said = block_in_place(|| script.run());
    assert_eq!(said.matches("\"success\":true").count(), 2, "{said}");
    assert!(said.contains("policy database"), "check-config has asked: {said}");
}

/// What the page promises of the second node's role.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_with_the_app_role_alone_answer_for_each_other() {
    let database = Postgres::shared().await.fresh_database().await;
    let folder = tempfile::tempdir().unwrap();
    let token_key = folder.path().join("token-key");
    write_private(&token_key, &"44".repeat(32));
    let environment = vec![("DESK_TOKEN_KEY_FILE", token_key.display().to_string())];
    let mut owner = block_in_place(|| Desk::start(crate::crash::on(&database)));
    assert_eq!(block_in_place(|| owner.terminate()), Some(0));
    let alone =
        || Setup { database_url: Some(database.app_url()), environment: environment.clone(), ..Setup::default() };
    let (here, there) = block_in_place(|| (Desk::start(alone()), Desk::start(alone())));
    let customer = here.customer();
    assert_eq!(customer.chat("s", "多久发货？").await.unwrap()["success"], true);
    assert_eq!(customer.at(there.url()).chat("s", "多久发货？").await.unwrap()["success"], true);
}
