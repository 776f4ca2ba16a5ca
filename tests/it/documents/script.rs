//! A page's commands as a shell script in a folder of its own. A stream ends after five seconds, or where its reader leaves.

use std::{
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tests::desk::{program, without_settings};

/// What a block of commands begins with; other indented blocks show answers, files or requests.
const COMMANDS: [&str; 15] = [
    "$ ",
    "(",
    "./target/",
    "createdb",
    "curl ",
    "desk ",
    "export ",
    "kill ",
    "make ",
    "mkdir ",
    "psql ",
    "python3 ",
    "staff ",
    "token() ",
    "unset ",
];

/// Makes the shell that the commands run in: servers go to the background, errors count, streams end.
const PRELUDE: &str = r#"
set -euo pipefail
exec 2>&1
touch "$PWD/desk.log"
serve() {
    command desk "$@" >> "$PWD/desk.log" 2>&1 &
    echo "$!" >> "$PWD/desk.pids"
    echo "$!" > "$PWD/desk.pid"
    lines=$(grep -c 'desk is ready' "$PWD/desk.log" || true)
    for _ in $(seq 600); do
        [ "$(grep -c 'desk is ready' "$PWD/desk.log" || true)" -gt "$lines" ] && return
        kill -0 "$(cat "$PWD/desk.pid")" 2>/dev/null || { cat "$PWD/desk.log"; return 1; }
        sleep 0.1
    done
    cat "$PWD/desk.log"; return 1
}
desk() { case " $* " in *" --listen "*) serve "$@" ;; *) command desk "$@" ;; esac; }
make() { [ "$1" = run ]; serve --data-dir data --faq-dir integrations/faq --dev; }
pgrep() { cat "$PWD/desk.pid"; }
kill() { command kill "$@"; sleep 0.5; }
curl() {
    case " $* " in
        *" -N "*) command curl --silent --show-error --fail-with-body --max-time 5 "$@" || case "$?" in 23 | 28) ;; *) return 1 ;; esac ;;
        *) command curl --silent --show-error --fail-with-body --max-time 30 "$@"; echo ;;
    esac
}
trap 'for pid in $(cat "$PWD/desk.pids" 2>/dev/null); do command kill -9 "$pid" 2>/dev/null || true; done' EXIT
"#;

/// The blocks of a page that are commands. Of those with a prompt only the lines behind it are; the rest is what they print.
pub(super) fn blocks(page: &str) -> Vec<String> {
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    let (mut is_code, mut before) = (false, "");
    for line in page.lines() {
        match line.strip_prefix("    ") {
            Some(code) if is_code || before.is_empty() => {
                is_code = true;
                blocks.last_mut().unwrap().push(code);
            }
            _prose => {
                is_code = false;
                if !blocks.last().unwrap().is_empty() {
                    blocks.push(Vec::new());
                }
            }
        }
        before = line;
    }
    let is_assignment = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, value)| name.chars().all(|c| c.is_ascii_lowercase()) && !value.is_empty())
    };
    let begins = |line: &str| COMMANDS.iter().any(|word| line.starts_with(word)) || is_assignment(line);
    let commands = blocks.into_iter().filter(|block| block.first().is_some_and(|line| begins(line)));
    commands.map(|block| without_output(&block)).collect()
}

fn without_output(block: &[&str]) -> String {
    let prompted: Vec<&str> = block.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
    if prompted.is_empty() { block.join("\n") } else { prompted.join("\n") }
}

/// A script, and what is exchanged in it.
pub(super) struct Script {
    folder: tempfile::TempDir,
    text: String,
    exchanged: Vec<(String, String)>,
}

impl Script {
    /// In a folder where paths of the checkout are as the documents have them.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let programs = program("desk").parent().unwrap().to_owned();
        std::fs::create_dir(folder.path().join("target")).unwrap();
        symlink(&programs, folder.path().join("target/release")).unwrap();
        for name in ["docs", "integrations"] {
            symlink(workspace.join(name), folder.path().join(name)).unwrap();
        }
        let (first, second) = (free_port(), free_port());
        let listen = format!("export PATH={}:$PATH DESK_LISTEN=127.0.0.1:{first}", programs.display());
        let open = "export HUMAN_SHIFT_START=00:00 HUMAN_SHIFT_END=24:00 WEEKENDS_DISABLED=false";
        let exchanged = [("8080", first), ("8081", second)].map(|(documented, free)| {
            ["localhost", "127.0.0.1", "0.0.0.0"]
                .map(|host| (format!("{host}:{documented}"), format!("127.0.0.1:{free}")))
        });
        let exchanged = exchanged.into_iter().flatten().collect();
        Self { folder, text: format!("{PRELUDE}\n{listen}\n{open}\n"), exchanged }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// In all blocks that follow.
    pub(super) fn exchange(&mut self, documented: &str, here: &str) {
        self.exchanged.push((documented.to_owned(), here.to_owned()));
    }

    /// A line of the test's own.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A block of a page.
    pub(super) fn block(&mut self, block: &str) {
        let block =
            self.exchanged.iter().fold(block.to_owned(), |text, (documented, here)| text.replace(documented, here));
        self.line(&block);
    }

    /// Runs it to its end; what it printed.
    pub(super) fn run(&self) -> String {
        let mut bash = without_settings("bash");
        let output = bash.arg("-c").arg(&self.text).current_dir(self.folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = || std::fs::read_to_string(self.folder.path().join("desk.log")).unwrap_or_default();
        assert!(output.status.success(), "{}\n--- printed:\n{said}\n--- desk:\n{}", self.text, log());
        said
    }
}

/// Below the range that systems take ports from for outgoing connections.
fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(10_000..32_000)).find(is_free).unwrap()
}
