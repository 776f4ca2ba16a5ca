"""Each overlay is built, checked against Kubernetes' schemas, and then for what no schema says."""

import pathlib
import re
import shutil
import subprocess
import sys

import kubernetes_validate
import yaml

from started import PROJECT

K8S = PROJECT / "docker/k8s"
VERSIONS = ("1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35")
# A pod that sleeps before it ends is new in it; the overlays' comment says what to leave out before.
SLEEPS_FROM = ("1.28", "1.29")
WORKLOADS = ("Deployment", "StatefulSet")
OVERLAYS = {"canary", "dev", "postgres", "prod", "sqlite", "staging"}


def check(checks, folder, options, is_long):
    overlays = {path.name: path for path in (K8S / "overlays").iterdir()}
    checks.equal(set(overlays), OVERLAYS, "the overlays are those that are promised")
    old = without_sleep(folder)
    for name in sorted(overlays):
        checks.run(overlay_holds, name, old)


def without_sleep(folder):
    """The folder as it is for an old cluster: nothing sleeps."""
    copy = shutil.copytree(K8S, folder / "k8s")
    for path in copy.glob("overlays/*/kustomization.yaml"):
        path.write_text(path.read_text().replace("  - ../../drain\n", ""))
    return copy


def built(checks, path):
    kubectl = pathlib.Path(sys.executable).parent / "kubectl"
    done = subprocess.run([str(kubectl), "kustomize", str(path)], capture_output=True, text=True)
    if done.returncode or done.stderr:
        checks.that(False, f"{path.name} is built", done.stderr)
        return []
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def overlay_holds(checks, name, old):
    resources = built(checks, K8S / "overlays" / name)
    for_old = built(checks, old / "overlays" / name)
    if not checks.that(resources and for_old, f"{name}: kustomize builds it"):
        return
    wrong = [line for version in VERSIONS for line in refused(for_old if version in SLEEPS_FROM else resources, version)]
    checks.that(not wrong, f"{name}: Kubernetes {VERSIONS[0]} to {VERSIONS[-1]} take all {len(resources)} resources", "\n".join(wrong))
    for rule in RULES:
        checks.equal(list(rule(Cluster(resources))), [], f"{name}: {rule.__name__.replace('_', ' ')}")


def refused(resources, version):
    for resource in resources:
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except Exception as wrong:  # noqa: BLE001 - each of its errors
            yield f"{version} {called(resource)}: {str(wrong).splitlines()[0]}"


def called(resource):
    return f"{resource['kind']} {resource['metadata']['name']}"


class Cluster:
    """The resources of an overlay, by kind."""

    def __init__(self, resources):
        self.resources = resources

    def of(self, *kinds):
        return [one for one in self.resources if one["kind"] in kinds]

    def pods(self):
        """Each workload with its pod's template."""
        return [(one, one["spec"]["template"]) for one in self.of(*WORKLOADS)]

    def containers(self):
        return [(called(one), pod["spec"], container) for one, pod in self.pods() for container in pod["spec"]["containers"]]

    def selected(self, labels):
        return [pod for _, pod in self.pods() if labels.items() <= pod["metadata"]["labels"].items()]


def routes():
    """Paths that the program answers anybody."""
    return set(re.findall(r'GET "(/\w+)" Anybody', (PROJECT / "api/src/routes/table.rs").read_text()))


def probes_ask_for_routes_and_ports_that_are_there(cluster):
    known = {"desk": routes(), "nginx": {"/router-healthz"}}
    for where, _, container in cluster.containers():
        ports = {port["name"] for port in container["ports"]}
        wanted = {"desk": 3, "nginx": 2}[container["name"]]
        probes = [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe") if name in container]
        if len(probes) != wanted:
            yield f"{where} has {len(probes)} probes"
        for probe in probes:
            asked = probe["httpGet"]
            if asked["path"] not in known[container["name"]] or asked["port"] not in ports:
                yield f"{where} asks for {asked}"
        if container["name"] == "desk" and container["livenessProbe"]["httpGet"]["path"] != "/healthz":
            yield f"{where}: liveness asks for more than the process"


def services_select_pods_and_their_ports(cluster):
    for service in cluster.of("Service"):
        pods = cluster.selected(service["spec"]["selector"])
        if not pods:
            yield f"{called(service)} selects nothing"
        for pod in pods:
            ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
            missing = {port["targetPort"] for port in service["spec"]["ports"]} - ports
            if missing:
                yield f"{called(service)} leads to ports that are not there: {missing}"


def selectors_are_of_one_workload_each(cluster):
    for workload, pod in cluster.pods():
        labels = workload["spec"]["selector"]["matchLabels"]
        if not labels.items() <= pod["metadata"]["labels"].items():
            yield f"{called(workload)} does not select its own pods"
        if len(cluster.selected(labels)) != 1:
            yield f"{called(workload)} selects pods of others"
    for budget in cluster.of("PodDisruptionBudget"):
        if not cluster.selected(budget["spec"]["selector"]["matchLabels"]):
            yield f"{called(budget)} selects nothing"
    for policy in cluster.of("NetworkPolicy"):
        if not cluster.selected(policy["spec"]["podSelector"]["matchLabels"]):
            yield f"{called(policy)} selects nothing"


def ingress_leads_to_a_service(cluster):
    services = {one["metadata"]["name"]: {port["name"] for port in one["spec"]["ports"]} for one in cluster.of("Service")}
    for ingress in cluster.of("Ingress"):
        hosts = {host for tls in ingress["spec"]["tls"] for host in tls["hosts"]}
        for rule in ingress["spec"]["rules"]:
            if rule["host"] not in hosts:
                yield f"{rule['host']} has no certificate"
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                if backend["port"]["name"] not in services.get(backend["name"], ()):
                    yield f"{called(ingress)} leads to {backend}"


def router_knows_its_services(cluster):
    """Hosts in nginx' configuration are services, by their ports."""
    served = {f"{one['metadata']['name']}:{one['spec']['ports'][0]['port']}" for one in cluster.of("Service")}
    for configuration in cluster.of("ConfigMap"):
        for text in configuration["data"].values():
            for server in re.findall(r"^\s+server ([\w.-]+:\d+)", text, re.MULTILINE):
                if server not in served:
                    yield f"{called(configuration)} asks {server}"


def autoscaler_scales_what_may_be_many(cluster):
    deployments = {one["metadata"]["name"]: one for one in cluster.of("Deployment")}
    for scaler in cluster.of("HorizontalPodAutoscaler"):
        name = scaler["spec"]["scaleTargetRef"]["name"]
        if name not in deployments or "replicas" in deployments[name]["spec"]:
            yield f"{called(scaler)} scales {name}, which is not there or counts itself"
    for one in cluster.of("StatefulSet"):
        if one["spec"]["replicas"] != 1 or cluster.of("HorizontalPodAutoscaler"):
            yield f"{called(one)}: its files belong to one desk"


def secrets_are_referred_to_and_never_written_down(cluster):
    for secret in cluster.of("Secret"):
        yield f"{called(secret)} is written down"
    for where, _, container in cluster.containers():
        for variable in container.get("env", []):
            if re.search(r"URL|PASSWORD|SECRET|TOKEN$|_KEY$", variable["name"]) and "secretKeyRef" not in variable.get("valueFrom", {}):
                yield f"{where}: {variable['name']} is written down"
    for configuration in cluster.of("ConfigMap"):
        for name in configuration["data"]:
            if re.search(r"URL|PASSWORD|SECRET|_KEY$", name):
                yield f"{called(configuration)}: {name} is written down"


def what_pods_refer_to_is_there(cluster):
    configurations = {one["metadata"]["name"] for one in cluster.of("ConfigMap")}
    accounts = {one["metadata"]["name"] for one in cluster.of("ServiceAccount")}
    for workload, pod in cluster.pods():
        spec = pod["spec"]
        claims = {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", [])}
        volumes = {one["name"] for one in spec.get("volumes", [])} | claims
        used = [one["configMapRef"]["name"] for container in spec["containers"] for one in container.get("envFrom", [])]
        used += [one["configMap"]["name"] for one in spec.get("volumes", []) if "configMap" in one]
        if not set(used) <= configurations:
            yield f"{called(workload)} reads {used}"
        if "serviceAccountName" in spec and spec["serviceAccountName"] not in accounts:
            yield f"{called(workload)} is nobody"
        for container in spec["containers"]:
            for mount in container["volumeMounts"]:
                if mount["name"] not in volumes:
                    yield f"{called(workload)} mounts {mount['name']}"


def images_have_versions(cluster):
    for where, _, container in cluster.containers():
        version = container["image"].rpartition(":")[2] if ":" in container["image"] else ""
        if version in ("", "latest"):
            yield f"{where}: {container['image']}"


def pods_are_shut_in(cluster):
    """As the pod security standard `restricted` wants it, and more."""
    for where, pod, container in cluster.containers():
        own, shared = container["securityContext"], pod["securityContext"]
        holds = (
            own["readOnlyRootFilesystem"]
            and own["allowPrivilegeEscalation"] is False
            and own["capabilities"] == {"drop": ["ALL"]}
            and shared["runAsNonRoot"]
            and shared["seccompProfile"] == {"type": "RuntimeDefault"}
            and pod["automountServiceAccountToken"] is False
            and "memory" in container["resources"]["limits"]
            and {"cpu", "memory"} <= container["resources"]["requests"].keys()
        )
        if not holds:
            yield where
        if container["name"] == "desk" and (shared["runAsUser"], shared["fsGroup"]) != (10001, 10001):
            yield f"{where} runs as {shared['runAsUser']}"


def pods_have_time_to_end(cluster):
    for workload, pod in cluster.pods():
        if pod["spec"].get("terminationGracePeriodSeconds", 30) < 60:
            yield called(workload)
        is_many = workload["kind"] == "Deployment" and pod["metadata"]["labels"]["app.kubernetes.io/name"] == "desk"
        sleeps = pod["spec"]["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds")
        if is_many and (sleeps != 10 or workload["spec"]["strategy"]["rollingUpdate"] != {"maxUnavailable": 0, "maxSurge": 1}):
            yield f"{called(workload)} ends while it is still asked"


RULES = (
    probes_ask_for_routes_and_ports_that_are_there,
    services_select_pods_and_their_ports,
    selectors_are_of_one_workload_each,
    ingress_leads_to_a_service,
    router_knows_its_services,
    autoscaler_scales_what_may_be_many,
    secrets_are_referred_to_and_never_written_down,
    what_pods_refer_to_is_there,
    images_have_versions,
    pods_are_shut_in,
    pods_have_time_to_end,
)
