package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rhysd/actionlint"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// command runs one command line at a fixed time.
func command(t testing.TB, args ...string) (status int, out, errs string) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	var stdout, stderr bytes.Buffer
	now := func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }
	status = execute(context.Background(), args, streams{out: &stdout, err: &stderr}, now)
	return status, stdout.String(), stderr.String()
}

const demo = "../../testdata/demo"

var demoTrust = []string{"--roster", demo + "/roster.yaml", "--trusted-root", demo + "/trusted_root.json", "--keyring", demo + "/keys"}

// undivided checks that the parts into which matrix divides a source merge into
// the report of an undivided run, byte for byte.
func undivided(t *testing.T, trust []string, how []string, sources ...string) {
	t.Helper()
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.json")
	args := func(more ...string) []string {
		return slices.Concat([]string{"report", "--format", "json"}, trust, more, []string{"--"}, sources)
	}
	command(t, args("-o", whole)...)

	status, out, errs := command(t, slices.Concat([]string{"matrix"}, how, sources)...)
	if status != 0 {
		t.Fatalf("matrix: status %d: %s", status, errs)
	}
	var jobs []job
	if err := json.Unmarshal([]byte(out), &jobs); err != nil {
		t.Fatal(err)
	}
	if len(jobs) < 2 {
		t.Fatalf("%d jobs divide nothing", len(jobs))
	}
	var parts []string
	artifacts := 0
	for _, j := range jobs {
		file := filepath.Join(dir, j.File)
		command(t, args(append([]string{"-o", file}, strings.Fields(j.Args)...)...)...)
		parts = append(parts, file)
		artifacts += j.Artifacts
		if j.Artifacts == 0 {
			t.Errorf("job %s has nothing to do", j.Name)
		}
		doc, err := readReport(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Artifacts) != j.Artifacts {
			t.Errorf("job %s: %d artifacts, announced %d", j.Name, len(doc.Artifacts), j.Artifacts)
		}
	}
	slices.Reverse(parts) // in whatever order they come
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	merge := []string{"merge"}
	if len(trust) > 0 {
		merge = append(merge, trust[:2]...)
	}
	status, got, errs := command(t, append(merge, parts...)...)
	if got != string(want) {
		t.Errorf("%d parts do not merge into the undivided report: %s", len(parts), errs)
	}
	if wantStatus, _, _ := command(t, "report", whole); status != wantStatus {
		t.Errorf("merge ends with status %d, the undivided report with %d", status, wantStatus)
	}
	if doc, err := readReport(whole); err != nil || len(doc.Artifacts) != artifacts {
		t.Errorf("%d artifacts in all jobs, %v", artifacts, err)
	}
}

func TestUndivided(t *testing.T) {
	for _, how := range [][]string{
		{"--by", "series"}, {"--by", "release"}, {"--by", "shard", "--shards", "2"}, {"--by", "shard", "--shards", "7"},
	} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			undivided(t, demoTrust, how, demo+"/mirror")
		})
	}
	// The same mirror under two names: each artifact twice.
	t.Run("two sources", func(t *testing.T) {
		undivided(t, demoTrust, []string{"--by", "shard", "--shards", "3"}, demo+"/mirror", demo+"/mirror/../mirror/3.12.4")
	})
}

func TestUndividedCorpus(t *testing.T) {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	undivided(t, nil, []string{"--by", "shard", "--shards", "5"}, filepath.Join(corpus, "tracker"))
}

// TestDiffMergeCorpus holds diff and merge of three thousand artifacts to the
// same bytes from run to run. How long they take depends on what else the
// machine does: the log says, and BenchmarkDiffMergeCorpus measures.
func TestDiffMergeCorpus(t *testing.T) {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	dir := t.TempDir()
	old, new := filepath.Join(dir, "old.json"), filepath.Join(dir, "new.json")
	command(t, "report", "--format", "json", "-o", old, filepath.Join(corpus, "tracker-2024-08-10"))
	command(t, "report", "--format", "json", "-o", new, filepath.Join(corpus, "tracker"))
	for _, tt := range []struct {
		status int
		args   []string
	}{
		{1, []string{"diff", old, new}},
		{1, []string{"diff", "--all", old, new}},
		{1, []string{"diff", "--format", "markdown", old, new}},
		{1, []string{"diff", "--format", "json", old, new}},
		{0, []string{"diff", new, new}},
		{2, []string{"merge", new, new}},
	} {
		var first string
		for i := range 2 {
			start := time.Now()
			status, out, errs := command(t, tt.args...)
			t.Logf("%q: %v", tt.args[0], time.Since(start).Round(time.Millisecond))
			if status != tt.status || out == "" {
				t.Fatalf("%q: status %d, want %d: %s", tt.args, status, tt.status, errs)
			}
			if i == 0 {
				first = out
			} else if out != first {
				t.Errorf("%q: another result the second time", tt.args)
			}
		}
	}
}

// BenchmarkDiffMergeCorpus measures what is to take under two seconds.
func BenchmarkDiffMergeCorpus(b *testing.B) {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		b.Skip("MIGRATE_CORPUS is not set")
	}
	file := filepath.Join(b.TempDir(), "report.json")
	command(b, "report", "--format", "json", "-o", file, filepath.Join(corpus, "tracker"))
	commands := [][]string{{"diff", file, file}, {"merge", file, file}}
	for _, f := range formats() {
		commands = append(commands, []string{"report", "--format", f.name, file})
	}
	for _, args := range commands {
		b.Run(strings.Join(slices.DeleteFunc(slices.Clone(args), func(s string) bool { return s == file }), " "), func(b *testing.B) {
			for b.Loop() {
				if _, out, errs := command(b, args...); out == "" {
					b.Fatal(errs)
				}
			}
		})
	}
}

func TestGitHubMatrix(t *testing.T) {
	status, out, errs := command(t, "matrix", "--for", "github", "--by", "series", demo+"/mirror")
	if status != 0 || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	if strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
		t.Errorf("not one line: %q", out)
	}
	var matrix struct {
		Include []map[string]any `json:"include"`
	}
	if err := json.Unmarshal([]byte(out), &matrix); err != nil {
		t.Fatal(err)
	}
	if len(matrix.Include) < 5 || matrix.Include[0]["args"] != "--series 2.7" {
		t.Errorf("got %v", matrix.Include)
	}
	if err := githubMatrix(io.Discard, make([]job, maxGitHubJobs+1), nil); err == nil {
		t.Error("more jobs than GitHub takes")
	}
}

// Every example of GitHub's holds to actionlint, grants nothing beyond what a
// job says, and pins its actions.
func TestGitHubExamples(t *testing.T) {
	files := examples(t, "github")
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		errs, err := linter.Lint(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range errs {
			t.Error(e)
		}
		var w struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Timeout     int `yaml:"timeout-minutes"`
				Permissions map[string]string
				Steps       []struct{ Uses, Run string }
			}
		}
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: everything may %v", file, w.Permissions)
		}
		uses := 0
		for name, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: job %s has no time limit", file, name)
			}
			for _, s := range j.Steps {
				if s.Uses != "" {
					uses++
					if _, version, _ := strings.Cut(s.Uses, "@v"); version == "" {
						t.Errorf("%s: %s is not pinned", file, s.Uses)
					}
				}
				// What comes from outside reaches a script only through env.
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: a script is put together from expressions: %s", file, s.Run)
				}
			}
		}
		if uses == 0 {
			t.Errorf("%s: no action was looked at", file)
		}
	}
	// The linter does lint.
	errs, err := linter.Lint("broken.yml", []byte("on: push\njobs:\n  a:\n    steps: []\n"), nil)
	if err != nil || len(errs) == 0 {
		t.Errorf("a broken workflow passes: %v", err)
	}
}

// Every example of GitLab's, and what matrix makes for it, holds to the schema
// of GitLab's own editor; and together they have every stage and job they name.
func TestGitLabExamples(t *testing.T) {
	text, err := os.ReadFile("../../testdata/gitlab/ci.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:ci", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("mem:ci")
	if err != nil {
		t.Fatal(err)
	}

	pipelines := make(map[string]map[string]any)
	for _, file := range examples(t, "gitlab") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pipelines[filepath.Base(file)] = pipeline(t, text)
	}
	for _, by := range [][]string{{"--by", "series"}, {"--by", "shard", "--shards", "3"}} {
		status, out, errs := command(t, append([]string{"matrix", "--for", "gitlab", demo + "/mirror"}, by...)...)
		if status != 0 {
			t.Fatalf("status %d: %s", status, errs)
		}
		pipelines[strings.Join(by, " ")] = pipeline(t, []byte(out))
	}
	for name, p := range pipelines {
		if err := schema.Validate(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := schema.Validate(map[string]any{"a": map[string]any{"script": 1.0}}); err == nil {
		t.Error("a job whose script is a number passes")
	}

	parent := pipelines["audit.gitlab-ci.yml"]
	checkJobs(t, parent)
	child := pipelines["audit-jobs.gitlab-ci.yml"]
	for name, v := range pipelines["--by shard --shards 3"] {
		if _, twice := child[name]; twice {
			t.Errorf("both parts of the child pipeline have a %s", name)
		}
		child[name] = v
	}
	if checkJobs(t, child) != 3+1+2 {
		t.Errorf("the child pipeline has the jobs %v", child)
	}
}

func pipeline(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var p map[string]any
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return p
}

// checkJobs checks that each job has a script or a trigger, and a stage that
// exists, and returns how many there are.
func checkJobs(t *testing.T, p map[string]any) int {
	t.Helper()
	get := func(job map[string]any, key string) any {
		for job != nil {
			if v, ok := job[key]; ok {
				return v
			}
			base, _ := job["extends"].(string)
			job, _ = p[base].(map[string]any)
		}
		return nil
	}
	n := 0
	for name, v := range p {
		job, ok := v.(map[string]any)
		if !ok || slices.Contains([]string{"workflow", "variables", "default"}, name) || strings.HasPrefix(name, ".") {
			continue
		}
		n++
		if get(job, "script") == nil && get(job, "trigger") == nil {
			t.Errorf("job %s does nothing", name)
		}
		if stages, _ := p["stages"].([]any); !slices.Contains(stages, get(job, "stage")) {
			t.Errorf("job %s is of stage %v, which is none of %v", name, get(job, "stage"), stages)
		}
		if get(job, "image") == nil && get(job, "trigger") == nil {
			t.Errorf("job %s has no image", name)
		}
	}
	return n
}

func examples(t *testing.T, system string) []string {
	t.Helper()
	files, err := filepath.Glob("../../.ci/examples/" + system + "/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples for %s: %v", system, err)
	}
	return files
}

// Examples use only commands, flags and formats that there are.
func TestExamplesRun(t *testing.T) {
	a := &app{}
	root := a.rootCommand()
	n := 0
	for _, file := range slices.Concat(examples(t, "github"), examples(t, "gitlab")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, call, ok := strings.Cut(line, "migrate ")
			words := strings.Fields(call)
			if !ok || strings.HasPrefix(strings.TrimSpace(line), "#") || len(words) == 0 || strings.Contains(line, "go build") || strings.Contains(line, "chmod") {
				continue
			}
			cmd, _, err := root.Find(words[:1])
			if err != nil {
				t.Errorf("%s: %v in %q", file, err, line)
				continue
			}
			n++
			for i, w := range words {
				if name, ok := strings.CutPrefix(w, "--"); ok && name != "" && cmd.Flags().Lookup(name) == nil {
					t.Errorf("%s: %s has no flag %s", file, words[0], w)
				}
				formats := formatNames()
				if words[0] == "diff" {
					formats = diffFormatNames()
				}
				if w == "--format" && !slices.Contains(formats, words[i+1]) {
					t.Errorf("%s: there is no format %s", file, words[i+1])
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d calls were looked at", n)
	}
}

// A source may be called anything, and stays one word of the script.
func TestGitLabQuoting(t *testing.T) {
	names := []string{"it's", `$(touch x)`, "a b", `"`, "\\", "${{ x }}", "\n- echo", "-o", "ü\u2028"}
	var b bytes.Buffer
	if err := gitlabPipeline(&b, []job{newJob("1/2", "shard", nil)}, names); err != nil {
		t.Fatal(err)
	}
	p := pipeline(t, b.Bytes())
	script := p["report 1/2"].(map[string]any)["script"].([]any)
	if len(script) != 1 {
		t.Fatalf("got %d commands", len(script))
	}
	_, after, _ := strings.Cut(script[0].(string), " -- ")
	want := ""
	for i, name := range names {
		if i > 0 {
			want += " "
		}
		want += shellQuote(name)
	}
	if after != want {
		t.Errorf("got %s, want %s", strconv.Quote(after), strconv.Quote(want))
	}
}
