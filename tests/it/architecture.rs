//! The rules of the architecture, checked against the manifests and files themselves: which crate may depend on which, what the
//! auditor's program is linked with, and what is generated from what.
//!
//! Invariant: an arrow, an I/O library in the rules, or a changed migration comes in only together with a change here.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::desk::program;

/// Every arrow there may be.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("event-store", &["protocol-server"]),
    ("journal", &["domain", "event-store", "testkit"]),
    ("commands", &["domain", "event-store", "journal", "testkit"]),
    ("integrations", &["commands", "domain"]),
    ("projections", &["domain", "event-store", "journal", "testkit"]),
    ("replay-tool", &["domain", "event-store", "journal", "projections", "testkit"]),
    ("backup", &["event-store"]),
    ("api", &["backup", "commands", "domain", "event-store", "integrations", "journal", "projections"]),
    ("generated-client", &[]),
    ("protocol-server", &[]),
    ("testkit", &["domain", "event-store"]),
    (
        "tests",
        &[
            "api",
            "backup",
            "commands",
            "domain",
            "event-store",
            "integrations",
            "journal",
            "projections",
            "protocol-server",
            "replay-tool",
            "testkit",
        ],
    ),
];

/// What no program is built with: only the tests inside a crate, and the crate of tests.
const FOR_TESTS: &[&str] = &["generated-client", "protocol-server", "testkit", "tests"];

/// What the rules are written with: nothing of it reads a clock, a file, a socket or a random source on its own.
const OF_DOMAIN: &[&str] = &[
    "aho-corasick",
    "jiff",
    "serde",
    "serde_json",
    "sha2",
    "strsim",
    "thiserror",
    "toml",
    "unicode-normalization",
    "unicode-segmentation",
    "uuid",
];

/// What tests inside a crate may add to its dependencies.
const TEST_HELPERS: &[&str] = &["proptest", "sqlx", "tempfile", "testkit"];

/// What the tests inside one crate may add beyond that.
const OWN_TEST_HELPERS: &[(&str, &str)] = &[
    // Its clock that is set by hand.
    ("commands", "event-store"),
    ("event-store", "protocol-server"),
    ("integrations", "uuid"),
    ("journal", "jiff"),
    ("journal", "serde_json"),
    ("journal", "uuid"),
    ("protocol-server", "kurrentdb"),
    ("protocol-server", "rcgen"),
];

/// Whatever could send something.
const SENDERS: &[&str] = &[
    "actix",
    "async-nats",
    "attohttpc",
    "awc",
    "axum",
    "curl",
    "h2",
    "hyper",
    "isahc",
    "kurrentdb",
    "lapin",
    "lettre",
    "mail-send",
    "minreq",
    "rdkafka",
    "redis",
    "reqwest",
    "surf",
    "tonic",
    "tungstenite",
    "ureq",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    run(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments)
}

struct Dependency {
    name: String,
    is_dev: bool,
}

/// The workspace's crates with what they depend on.
fn crates() -> BTreeMap<String, Vec<Dependency>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (text(&package["name"]), dependencies(package))).collect()
}

fn dependencies(package: &Value) -> Vec<Dependency> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.map(|one| Dependency { name: text(&one["name"]), is_dev: one["kind"] == "dev" }).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn crates_depend_only_on_allowed_crates() {
    let crates = crates();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(crates.keys().map(String::as_str).collect::<BTreeSet<_>>(), known, "a crate has its line in ARROWS");
    for (name, allowed) in ARROWS {
        for dependency in crates[*name].iter().filter(|dependency| known.contains(&*dependency.name)) {
            let may = allowed.contains(&&*dependency.name);
            assert!(may, "{name} must not depend on {}: ARCHITECTURE.md says who may lean on whom", dependency.name);
        }
    }
}

#[test]
fn dev_dependencies_are_only_allowed_test_helpers() {
    for (name, dependencies) in crates() {
        for dependency in dependencies.iter().filter(|dependency| dependency.is_dev) {
            let helper = &*dependency.name;
            let is_helper = TEST_HELPERS.contains(&helper) || OWN_TEST_HELPERS.contains(&(&*name, helper));
            assert!(is_helper, "{name} tests with {helper}, which is no helper");
        }
    }
}

#[test]
fn no_program_links_a_test_crate() {
    for (name, dependencies) in crates().iter().filter(|(name, _)| *name != "tests") {
        for dependency in dependencies.iter().filter(|dependency| !dependency.is_dev) {
            let is_for_tests = FOR_TESTS.contains(&&*dependency.name);
            assert!(!is_for_tests, "{name} is built with {}, which is for tests alone", dependency.name);
        }
    }
}

#[test]
fn domain_links_no_io_runtime_or_randomness() {
    let crates = crates();
    for dependency in crates["domain"].iter().filter(|dependency| !dependency.is_dev) {
        assert!(OF_DOMAIN.contains(&&*dependency.name), "domain must not depend on {}", dependency.name);
    }
    let tree = cargo(&["tree", "-p", "domain", "-e", "normal", "--prefix", "none", "--offline"]);
    for library in ["tokio", "mio", "async-std", "sqlx", "socket2", "rand", "getrandom"] {
        assert!(!names(&tree).contains(library), "domain is linked with {library}");
    }
}

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn desk_replay_links_no_network_client() {
    let tree =
        cargo(&["tree", "-p", "replay-tool", "--no-default-features", "-e", "normal", "--prefix", "none", "--offline"]);
    let names = names(&tree);
    assert!(names.contains("event-store"), "{tree}");
    for sender in SENDERS {
        let linked = names.iter().find(|name| *name == sender || name.starts_with(&format!("{sender}-")));
        assert!(linked.is_none(), "desk-replay is linked with {linked:?}: `cargo tree -p replay-tool -i` says by whom");
    }
}

/// What is in version control.
fn files() -> Vec<PathBuf> {
    let listed = run("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let paths = listed.split('\0').filter(|path| !path.is_empty()).map(|path| workspace().join(path));
    paths.filter(|path| path.is_file()).collect()
}

#[test]
fn every_source_file_begins_with_a_module_comment() {
    for path in files().iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let source = std::fs::read_to_string(path).unwrap();
        assert!(source.starts_with("//! "), "{} does not begin with `//!`", path.display());
    }
}

#[test]
fn settings_page_matches_the_programs_output() {
    let printed = run(program("desk").to_str().unwrap(), &["settings"]);
    let page = std::fs::read_to_string(workspace().join("docs/settings.md")).unwrap_or_default();
    assert!(page == printed, "docs/settings.md is out of date: `make settings` writes it anew");
}

#[test]
fn migrations_match_their_checksums() {
    let folder = workspace().join("migrations");
    let listed = std::fs::read_to_string(folder.join("CHECKSUMS")).unwrap_or_default();
    let listed: BTreeMap<&str, &str> =
        listed.lines().filter_map(|line| line.split_once("  ").map(|(sum, path)| (path, sum))).collect();
    let mut found = BTreeSet::new();
    for path in files()
        .iter()
        .filter(|path| path.starts_with(&folder) && path.extension().is_some_and(|extension| extension == "sql"))
    {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        let sum = hex::encode(Sha256::digest(std::fs::read(path).unwrap()));
        let hint = format!("a new file is added by `cd migrations && sha256sum {name} >> CHECKSUMS`");
        let known = listed.get(&*name).unwrap_or_else(|| panic!("migrations/CHECKSUMS does not list {name}: {hint}"));
        assert_eq!(
            *known, sum,
            "migrations/{name} was edited: databases that ran it never run it again; write a new one ({hint})"
        );
        found.insert(name);
    }
    let gone: Vec<&&str> = listed.keys().filter(|name| !found.contains(**name)).collect();
    assert!(!found.is_empty() && gone.is_empty(), "migrations/CHECKSUMS lists files that are gone: {gone:?}");
}

#[test]
fn no_file_names_a_folder_of_a_developers_machine() {
    // Put together here, so that this file does not hold them either.
    let roots = ["home", "root", "Users"].map(|folder| format!("/{folder}/"));
    let own = workspace().to_str().unwrap().to_owned() + "/";
    let looks_like_a_path = |text: &str| {
        let homes = roots.iter().any(|root| {
            let mut places = text.match_indices(root.as_str());
            places.any(|(at, _)| {
                !text[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~".contains(before))
            })
        });
        homes || text.contains(&own)
    };
    for path in files() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let line = text.lines().find(|line| looks_like_a_path(line));
        assert!(
            line.is_none(),
            "{} names a folder of somebody's machine: {}",
            path.display(),
            line.unwrap_or_default()
        );
    }
}
