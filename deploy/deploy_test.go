package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/internal/config"
)

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// node is one YAML document; at walks down keys and numbers of list entries.
type node = map[string]any

func documents(t *testing.T, file string) []node {
	t.Helper()
	var all []node
	d, err := yaml.NewLoader(bytes.NewReader([]byte(text(t, file))))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var one node
		err := d.Load(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, one)
	}
}

func at[T any](t *testing.T, from any, path ...any) T {
	t.Helper()
	for i, step := range path {
		switch v := from.(type) {
		case map[string]any:
			from = v[step.(string)]
		case []any:
			n := step.(int)
			if n >= len(v) {
				t.Fatalf("%v has %d entries", path[:i], len(v))
			}
			from = v[n]
		default:
			t.Fatalf("%v: nothing below %T", path[:i], from)
		}
	}
	v, ok := from.(T)
	if !ok {
		t.Fatalf("%v is %T", path, from)
	}
	return v
}

var variable = regexp.MustCompile(`\$\{([A-Z_]+)[^}]*\}`)

// TestConfiguration loads what the containers get, with the variables that they get.
func TestConfiguration(t *testing.T) {
	if text(t, "config.yaml") != text(t, "kubernetes/config.yaml") {
		t.Error("config.yaml and kubernetes/config.yaml differ; copy one over the other")
	}
	env := map[string]bool{}
	for key := range at[map[string]any](t, documents(t, "compose.yaml")[0], "x-parley", "environment") {
		env[key] = true
	}
	secrets := at[map[string]any](t, documents(t, "kubernetes/secret.example.yaml")[0], "stringData")
	c, err := config.Parse("config.yaml", []byte(text(t, "config.yaml")), func(name string) (string, bool) {
		value, inCluster := secrets[name].(string)
		return value, env[name] && inCluster
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "0.0.0.0:8080" || c.Data != "/data" {
		t.Errorf("listen %s, data %s: Dockerfile, compose.yaml and deployment.yaml say 8080 and /data", c.Listen, c.Data)
	}
	// what is commented out must be right as well, with the marks taken away
	whole := regexp.MustCompile(`(?m)^# (models:|embedder:|  )`).ReplaceAllString(text(t, "config.yaml"), "$1")
	if _, err := config.Parse("config.yaml", []byte(whole), func(string) (string, bool) { return "http://x", true }); err != nil &&
		!strings.Contains(err.Error(), "database") && !strings.Contains(err.Error(), "redis") {
		t.Error(err)
	}
	if !strings.Contains(whole, "\nmodels:") {
		t.Error("the example models were not found")
	}
}

// TestComposeNeedsNoDefaults checks that secrets come from .env, that each variable is
// explained in env.example, and that nothing has a password of its own.
func TestComposeNeedsNoDefaults(t *testing.T) {
	compose, example := text(t, "compose.yaml"), text(t, "env.example")
	for _, m := range variable.FindAllStringSubmatch(compose, -1) {
		if name := m[1]; name != "PARLEY_VERSION" && !regexp.MustCompile(`(?m)^`+name+`=`).MatchString(example) {
			t.Errorf("%s is not in env.example", name)
		}
		if strings.Contains(m[1], "PASSWORD") && !strings.Contains(m[0], ":?") {
			t.Errorf("%s has a default or may be empty", m[0])
		}
	}
	for _, secret := range []string{"POSTGRES_PASSWORD", "REDIS_PASSWORD", "MODEL_API_KEY"} {
		if !regexp.MustCompile(`(?m)^` + secret + `=$`).MatchString(example) {
			t.Errorf("%s has a value in env.example", secret)
		}
	}
	all := documents(t, "compose.yaml")[0]
	volumes := at[map[string]any](t, all, "volumes")
	services := at[map[string]any](t, all, "services")
	for name := range services {
		s := at[map[string]any](t, services, name)
		if name != "migrate" && s["healthcheck"] == nil {
			t.Errorf("%s has no health check", name)
		}
		for other := range asMap(s["depends_on"]) {
			if services[other] == nil {
				t.Errorf("%s depends on %s, which is not there", name, other)
			}
		}
		list, _ := s["volumes"].([]any)
		for _, v := range list {
			from, _, _ := strings.Cut(v.(string), ":")
			if file, ok := strings.CutPrefix(from, "./"); ok {
				_ = text(t, file)
			} else if _, ok := volumes[from]; !ok {
				t.Errorf("%s: volume %s is not declared", name, from)
			}
		}
	}
	for _, published := range []string{"postgres", "redis"} {
		if services[published].(map[string]any)["ports"] != nil {
			t.Errorf("%s is open to the outside", published)
		}
	}
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// TestKubernetesAgrees checks ports, names and times across the manifests.
func TestKubernetesAgrees(t *testing.T) {
	all := map[string]node{}
	for _, file := range at2[string](t, documents(t, "kubernetes/kustomization.yaml")[0], "resources") {
		for _, d := range documents(t, filepath.Join("kubernetes", file)) {
			all[at[string](t, d, "kind")] = d
		}
	}
	d := all["Deployment"]
	pod := at[map[string]any](t, d, "spec", "template", "spec")
	server := at[map[string]any](t, pod, "containers", 0)
	if n := at[int](t, d, "spec", "replicas"); n != 3 {
		t.Errorf("%d replicas", n)
	}
	label := at[string](t, d, "spec", "selector", "matchLabels", "app.kubernetes.io/name")
	for _, got := range []string{
		at[string](t, d, "spec", "template", "metadata", "labels", "app.kubernetes.io/name"),
		at[string](t, all["Service"], "spec", "selector", "app.kubernetes.io/name"),
		at[string](t, all["PodDisruptionBudget"], "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
	} {
		if got != label {
			t.Errorf("label %q, want %q", got, label)
		}
	}
	port := at[int](t, server, "ports", 0, "containerPort")
	name := at[string](t, server, "ports", 0, "name")
	for _, got := range []string{
		at[string](t, server, "startupProbe", "httpGet", "port"), at[string](t, server, "readinessProbe", "httpGet", "port"),
		at[string](t, server, "livenessProbe", "httpGet", "port"), at[string](t, all["Service"], "spec", "ports", 0, "targetPort"),
	} {
		if got != name {
			t.Errorf("port %q, want %q", got, name)
		}
	}
	if port != 8080 || at[int](t, all["NetworkPolicy"], "spec", "ingress", 0, "ports", 0, "port") != port {
		t.Errorf("port %d", port)
	}
	// 25 s for answers (gateway) and 10 s for requests (internal/web), after preStop
	grace := at[int](t, pod, "terminationGracePeriodSeconds")
	if before := at[int](t, server, "lifecycle", "preStop", "sleep", "seconds"); grace < before+25+10+10 {
		t.Errorf("%d s are too few after %d s of preStop", grace, before)
	}
	for _, c := range append(at[[]any](t, pod, "initContainers"), at[[]any](t, pod, "containers")...) {
		if !at[bool](t, c, "securityContext", "readOnlyRootFilesystem") || at[bool](t, c, "securityContext", "allowPrivilegeEscalation") {
			t.Errorf("%v is not locked", at[string](t, c, "name"))
		}
		if at[string](t, c, "envFrom", 0, "secretRef", "name") != at[string](t, documents(t, "kubernetes/secret.example.yaml")[0], "metadata", "name") {
			t.Error("the Secret has another name")
		}
	}
	if uid := at[int](t, pod, "securityContext", "runAsUser"); !strings.Contains(text(t, "Dockerfile"), "USER 65532:65532") || uid != 65532 {
		t.Errorf("user %d", uid)
	}
	for _, p := range at[[]any](t, all["Ingress"], "spec", "rules", 0, "http", "paths") {
		if path := at[string](t, p, "path"); slices.Contains([]string{"/metrics", "/healthz", "/readyz"}, path) || path == "/" && at[string](t, p, "pathType") != "Exact" {
			t.Errorf("%s is open to everybody", path)
		}
	}
}

func at2[T any](t *testing.T, from any, path ...any) (list []T) {
	t.Helper()
	for _, v := range at[[]any](t, from, path...) {
		list = append(list, v.(T))
	}
	return list
}

// TestUnits lets systemd judge the units where it is installed.
func TestUnits(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the units are not checked here")
	}
	dir := t.TempDir()
	var files []string
	units, _ := filepath.Glob("systemd/*")
	for _, unit := range units {
		// the program is not installed where the unit expects it
		body := strings.ReplaceAll(text(t, unit), "/usr/local/bin/parley", "/bin/true")
		file := filepath.Join(dir, filepath.Base(unit))
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) != 3 {
		t.Errorf("units: %v", files)
	}
	out, err := exec.CommandContext(t.Context(), tool, append([]string{"verify", "--man=no"}, files...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "parley") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestAlertsNameMetricsThatExist reads the example rules in docs/operations.md.
func TestAlertsNameMetricsThatExist(t *testing.T) {
	page, source := text(t, "../docs/operations.md"), text(t, "../internal/telemetry/telemetry.go")
	_, rules, _ := strings.Cut(page, "```yaml\n")
	rules, _, _ = strings.Cut(rules, "```")
	var parsed node
	if err := yaml.Load([]byte(rules), &parsed); err != nil {
		t.Fatal(err)
	}
	if n := len(at[[]any](t, parsed, "groups", 0, "rules")); n < 5 {
		t.Errorf("%d rules", n)
	}
	for _, name := range regexp.MustCompile(`\bparley_\w+_(total|seconds|up|waiting|info)\b`).FindAllString(page, -1) {
		if !strings.Contains(source, `"`+name+`"`) {
			t.Errorf("%s is not counted", name)
		}
	}
	events := text(t, "../gateway/event.go")
	for _, m := range regexp.MustCompile(`(?:event|detail)=~?"([a-z_|]+)"`).FindAllStringSubmatch(rules, -1) {
		for _, word := range strings.Split(m[1], "|") {
			if !strings.Contains(events, `"`+word+`"`) {
				t.Errorf("%s is no event", word)
			}
		}
	}
}
