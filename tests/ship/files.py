"""What needs no server: the Dockerfile, compose files, the unit, rules, dashboards, settings, the runbook."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import yaml
from compose_spec import PyOptions

import promql
from started import PROJECT

DOCKER = PROJECT / "docker"
# Files that are laid over others, as their comments say.
TOGETHER = (
    ("compose.yml",),
    ("compose.yml", "compose.dev.yml"),
    ("compose.yml", "compose.backup.yml"),
    ("compose.postgres.yml",),
    ("compose.postgres.yml", "compose.staging.yml"),
    ("compose.postgres.yml", "compose.prod.yml"),
    ("compose.postgres.yml", "compose.canary.yml"),
    ("compose.postgres.yml", "compose.postgres.backup.yml"),
)
# Services that are the program.
DESKS = ("desk", "backup")
# The most that systemd may find exposed, in tenths.
MOST_EXPOSED = 20


def check(checks, folder, options, is_long):
    checks.run(dockerfile_is_clean)
    checks.run(image_is_made_of_every_crate)
    checks.run(shell_scripts_are_read)
    checks.run(compose_files_hold)
    for path in sorted((DOCKER / "systemd").glob("*.service")):
        checks.run(unit_is_right_and_exposes_little, folder, path, options.desk)
    checks.run(settings_are_known, options.desk)
    checks.run(prometheus_judges_as_it_should)
    checks.run(names_of_metrics_are_listed)
    checks.run(dashboards_ask_in_promql, folder)
    checks.run(each_alert_has_a_test_and_a_heading)


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)


def dockerfile_is_clean(checks):
    hadolint = pathlib.Path(sys.executable).parent / "hadolint"
    checks.succeeds(run(hadolint, "--failure-threshold", "info", DOCKER / "Dockerfile"), "hadolint finds nothing in the Dockerfile")


def image_is_made_of_every_crate(checks):
    """Cargo wants each member of the workspace, whatever it builds."""
    members = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["members"]
    let_in = {line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    missing = {member.split("/")[0] for member in members} - let_in
    checks.equal(missing, set(), "the image is built from every crate of the workspace")


def shell_scripts_are_read(checks):
    for script in (*DOCKER.glob("*.sh"), *DOCKER.glob("*/*.sh")):
        shell = script.read_text().splitlines()[0].removeprefix("#!").split("/")[-1]
        checks.succeeds(run(shell, "-n", script), f"{script.name} is read by {shell}")
        checks.that(os.access(script, os.X_OK), f"{script.name} can be executed")


def filled(text):
    """Variables as Compose fills them in, each that is required with a value."""
    pattern = r"\$\{(\w+)(?::?([-?])([^}]*))?\}"
    return re.sub(pattern, lambda found: found[3] if found[2] == "-" else f"the-{found[1].lower()}", text)


def laid_over(below, above):
    """As Compose merges files, in what these use of it: maps by key, lists one after the other, `command` in place of the other."""
    if isinstance(below, dict) and isinstance(above, dict):
        both = {key: laid_over(below[key], above[key]) for key in below.keys() & above.keys() - {"command"}}
        return below | above | both
    if isinstance(below, list) and isinstance(above, list):
        return below + [item for item in above if item not in below]
    return above


def composed(names):
    whole = {}
    for name in names:
        whole = laid_over(whole, yaml.safe_load(filled((DOCKER / name).read_text())))
    return whole


def parsed(text):
    options = PyOptions()
    options.apply_merge = True
    found = options.from_yaml(text)
    found.validate()
    return found


def compose_files_hold(checks):
    named = {name for names in TOGETHER for name in names}
    checks.equal({path.name for path in DOCKER.glob("compose*.yml")}, named, "each compose file is looked at")
    for names in TOGETHER:
        what = " with ".join(names)
        whole = composed(names)
        try:
            services = parsed(yaml.safe_dump(whole)).service_names
        except Exception as wrong:  # noqa: BLE001 - the parser has no common class
            checks.that(False, f"{what} are read by a parser of the Compose specification", wrong)
            continue
        checks.that(services, f"{what} are read by a parser of the Compose specification")
        checks.equal(list(flaws(whole)), [], f"{what}: images have versions, files are there, the desks are shut in")
    checks.equal(list(composed(TOGETHER[0])["services"]), ["desk"], "compose.yml has one container")


def flaws(whole):
    """What the specification does not ask for."""
    for name, service in whole["services"].items():
        image = service["image"]
        if "@sha256:" not in image and not image.startswith("the-") and (":" not in image or image.endswith(":latest")):
            yield f"{name}: {image} names no version"
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            made = ("./tls",)
            if source.startswith(".") and source not in made and not (DOCKER / source).exists():
                yield f"{name}: there is no {source}"
        if name.startswith(DESKS) and not (service.get("read_only") and service.get("cap_drop") == ["ALL"]):
            yield f"{name}: may do more than it needs"
        for port in service.get("ports", []):
            if name != "nginx" and not port.startswith("127.0.0.1:"):
                yield f"{name}: {port} is open to everybody"


def unit_is_right_and_exposes_little(checks, folder, path, desk):
    unit = folder / path.name
    shipped = path.read_text()
    # The program is not installed here.
    unit.write_text(shipped.replace("ExecStart=/usr/bin/desk", f"ExecStart={pathlib.Path(desk).resolve()}"))
    checks.that(unit.read_text() != shipped, f"{path.name} starts /usr/bin/desk")
    verified = run("systemd-analyze", "verify", unit)
    checks.that(verified.returncode == 0 and not verified.stderr.strip(), f"systemd finds nothing wrong with {path.name}", verified.stderr)
    exposed = run("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)
    print("# " + (exposed.stdout.strip().splitlines() or [""])[-1])
    checks.succeeds(exposed, f"{path.name} exposes at most 2.0")


def settings_are_known(checks, desk):
    """A desk refuses settings that it does not know, so a wrong name here would keep it from starting."""
    known = set(re.findall(r"`(DESK_\w+)`", run(desk, "settings").stdout)) | {"DESK_CONFIG"}
    checks.that(len(known) > 50, "the program says which settings it has")
    wrong = {f"{what}: {name}" for what, names in environments() for name in names if name.startswith("DESK_") and name not in known}
    checks.equal(wrong, set(), "settings in all these files are the program's")
    checks.that(len(list(environments())) > 15, "there are such files")


def environments():
    yield "Dockerfile", re.findall(r"(DESK_\w+)=", (DOCKER / "Dockerfile").read_text())
    for path in (DOCKER / "systemd").glob("*.service"):
        yield path.name, re.findall(r"^Environment=(\w+)=", path.read_text(), re.MULTILINE)
    for names in TOGETHER:
        for name, service in composed(names)["services"].items():
            if name.startswith(DESKS):
                yield f"{names[-1]}, {name}", service.get("environment", {})
    for path in (DOCKER / "k8s").rglob("*.yaml"):
        names = re.findall(r"^\s*- (?:name: )?(DESK_\w+)", path.read_text(), re.MULTILINE)
        if names:
            yield str(path.relative_to(DOCKER)), names


def prometheus_judges_as_it_should(checks):
    here = DOCKER / "prometheus"
    checks.succeeds(run("promtool", "check", "rules", *here.glob("rules/*.yml")), "promtool reads the rules")
    checks.succeeds(run("promtool", "check", "config", here / "prometheus.yml"), "promtool reads prometheus.yml")
    checks.succeeds(run("promtool", "test", "rules", *here.glob("tests/*.yml")), "alerts fire when they should, and not before")
    checks.succeeds(run("amtool", "check-config", here / "alertmanager.yml"), "amtool reads alertmanager.yml")
    for severity, receiver in (("critical", "pager"), ("warning", "team")):
        routed = run("amtool", "config", "routes", "test", "--config.file", here / "alertmanager.yml", f"severity={severity}")
        checks.equal(routed.stdout.strip(), receiver, f"{severity} goes to the {receiver}")


def expressions():
    """Every expression of rules and dashboards, with where it stands."""
    for path in (DOCKER / "prometheus/rules").glob("*.yml"):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield f"{path.name}: {rule.get('alert') or rule['record']}", rule["expr"]
    for path in (DOCKER / "grafana/dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{path.name}: {panel['title']}", target["expr"]


def names_of_metrics_are_listed(checks):
    here = DOCKER / "prometheus"
    ours = (here / "metrics.txt").read_text().splitlines()
    checks.equal(ours, sorted(set(ours)), "metrics.txt is sorted, and has each name once")
    recorded = [rule["record"] for group in yaml.safe_load((here / "rules/recorded.yml").read_text())["groups"] for rule in group["rules"]]
    known = {*ours, *(here / "metrics-of-others.txt").read_text().split(), *recorded}
    used = set()
    wrong = []
    for where, expression in expressions():
        found = {promql.family(name, known) for name in promql.names(expression)}
        used |= found
        wrong += [f"{where}: {name}" for name in sorted(found - known)]
    checks.that(not wrong, "rules and dashboards use listed names alone", "\n".join(wrong))
    checks.that(len(used) > 30, "they use many", used)
    for path in (here / "tests").glob("*.yml"):
        series = [one["series"] for test in yaml.safe_load(path.read_text())["tests"] for one in test["input_series"]]
        unknown = {promql.family(name, known) for one in series for name in promql.names(one)} - known
        checks.equal(unknown, set(), f"{path.name}: so do the tests of rules")
    boards = [path for path in (DOCKER / "grafana/dashboards").glob("*.json")]
    for path in boards:
        panels = [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]
        checks.that(panels and all(panel["targets"] for panel in panels), f"{path.name}: each panel asks something")
    checks.equal(len(boards), 2, "there are two dashboards")


def dashboards_ask_in_promql(checks, folder):
    """Prometheus' own parser reads what stands in dashboards, as if each were a rule."""
    asked = [expression for where, expression in expressions() if ".json: " in where]
    rules = [{"record": f"asked:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (folder / "asked.yml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    checks.succeeds(run("promtool", "check", "rules", folder / "asked.yml"), f"Prometheus understands the dashboards' {len(asked)} questions")


def each_alert_has_a_test_and_a_heading(checks):
    here = DOCKER / "prometheus"
    rules = [rule for group in yaml.safe_load((here / "rules/alerts.yml").read_text())["groups"] for rule in group["rules"]]
    expected = {(rule["alert"], rule["labels"]["severity"]) for rule in rules}
    fires = set()
    stays = set()
    for path in (here / "tests").glob("*.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                fires |= {(case["alertname"], alert["exp_labels"]["severity"]) for alert in case["exp_alerts"]}
                stays |= set() if case["exp_alerts"] else {case["alertname"]}
    checks.equal(expected - fires, set(), "each alert is seen to fire in each severity")
    headings = re.findall(r"^## (\w+)$", (PROJECT / "docs/runbook.md").read_text(), re.MULTILINE)
    names = {rule["alert"] for rule in rules}
    checks.equal(set(headings), names, "the runbook has a heading for each alert, and no other")
    wrong = [rule["alert"] for rule in rules if rule["annotations"]["runbook"] != f"docs/runbook.md#{rule['alert'].lower()}"]
    checks.equal(wrong, [], "each alert leads to its heading")
