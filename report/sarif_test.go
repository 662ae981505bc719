package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"migrate/compare"
	"migrate/pgp"
	"migrate/sigstore"
)

// officialSARIF is OASIS' schema; testdata/sarif-schema-2.1.0.md has its source.
func officialSARIF(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parseSARIF(t *testing.T, d *Document) sarifRun {
	t.Helper()
	var l sarifLog
	if err := json.Unmarshal([]byte(render(t, SARIF, d)), &l); err != nil {
		t.Fatal(err)
	}
	if len(l.Runs) != 1 {
		t.Fatalf("%d runs, want 1", len(l.Runs))
	}
	return l.Runs[0]
}

func TestSARIFFitsSchema(t *testing.T) {
	schema := officialSARIF(t)
	docs := documents()
	for _, s := range hostileNames() {
		docs[fmt.Sprintf("%.40q", s)] = New(hostileRun(s))
	}
	twice := New(sampleRun())
	twice.Artifacts = append(twice.Artifacts, twice.Artifacts...) // from two sources
	twice.count()
	docs["twice"] = twice
	for name, d := range docs {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(render(t, SARIF, d)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema has to be one that refuses.
func TestSARIFSchemaRefuses(t *testing.T) {
	schema := officialSARIF(t)
	good := render(t, SARIF, New(sampleRun()))
	for _, tt := range []struct{ old, new string }{
		{`"kind": "fail"`, `"kind": "broken"`},
		{`"level": "error"`, `"level": "fatal"`},
		{`"version": "2.1.0"`, `"version": "2.0.0"`},
		{`"executionSuccessful": false,`, ``},
		{`"uri": "3.9.9/Python-3.9.9.tar.xz"`, `"uri": "3.9.9 %"`},
	} {
		out := strings.Replace(good, tt.old, tt.new, 1)
		if out == good {
			t.Fatalf("%s is not in the sample", tt.old)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err == nil {
			t.Errorf("%s passes", tt.new)
		}
	}
}

// Every finding of the document is a result, of its artifact and its rule.
func TestSARIFResults(t *testing.T) {
	d := New(sampleRun())
	run := parseSARIF(t, d)
	var want, got []string
	for i := range d.Artifacts {
		for _, f := range d.Artifacts[i].Findings {
			want = append(want, fmt.Sprintf("%s %s %s: %s", f.Code, f.Level, d.Artifacts[i].Name, f.Message))
		}
	}
	for _, r := range run.Results {
		if rule := run.Tool.Driver.Rules[r.RuleIndex].ID; rule != r.RuleID {
			t.Errorf("rule index %d is of %s, want %s", r.RuleIndex, rule, r.RuleID)
		}
		loc := r.Locations[0].Physical.Artifact
		a := run.Artifacts[*loc.Index]
		if a.Location.URI != loc.URI {
			t.Errorf("artifact index %d is of %s, want %s", *loc.Index, a.Location.URI, loc.URI)
		}
		got = append(got, fmt.Sprintf("%s %s %s: %s", r.RuleID, r.Level, a.Facts.Name, r.Message.Text))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(run.Artifacts) != len(d.Artifacts) {
		t.Errorf("%d artifacts, want %d", len(run.Artifacts), len(d.Artifacts))
	}
	for i, a := range run.Artifacts {
		if a.Facts.Verdict != d.Artifacts[i].Verdict {
			t.Errorf("%s: verdict %s, want %s", a.Facts.Name, a.Facts.Verdict, d.Artifacts[i].Verdict)
		}
	}
}

// A run of which anything could not be checked has not succeeded, and says why,
// though it may have no result at all.
func TestSARIFTrouble(t *testing.T) {
	ok := Artifact{Name: "a", Path: "a", Verdict: compare.Equivalent}
	for _, tt := range []struct {
		name string
		d    Document
		want []string // notifications that are errors
	}{
		{"all well", Document{Artifacts: []Artifact{ok}}, nil},
		{"findings", Document{Artifacts: []Artifact{{Name: "a", Verdict: compare.Failed, Findings: []Finding{{"pgp/bad", compare.Error, "x"}}}}}, nil},
		{"not recognised", Document{Artifacts: []Artifact{ok}, Unrecognised: []Unrecognised{{"b", "c"}}}, nil},
		{"nothing found", Document{}, []string{"No artifacts were found, so nothing was checked."}},
		{"trouble", Document{Artifacts: []Artifact{ok}, Troubles: []Trouble{{"b", "denied"}}}, []string{"Could not be looked at: denied"}},
		{"no key", Document{Artifacts: []Artifact{{Name: "a", Verdict: compare.Unchecked, PGP: PGP{Status: pgp.UnknownKey}, Sigstore: Sigstore{Status: sigstore.Good}}}},
			[]string{"a could not be checked in full: verdict unchecked, PGP unknown-key, Sigstore good"}},
		{"malformed", Document{Artifacts: []Artifact{{Name: "a", Verdict: compare.Conflict, PGP: PGP{Status: pgp.Malformed, Reason: pgp.HTML}, Sigstore: Sigstore{Status: sigstore.Good}}}},
			[]string{"a could not be checked in full: verdict conflict, PGP malformed (html), Sigstore good"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.d.count()
			inv := parseSARIF(t, &tt.d).Invocations[0]
			var got []string
			for _, n := range inv.Notifications {
				if n.Level == compare.Error {
					got = append(got, n.Message.Text)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if inv.Successful != (tt.want == nil) || inv.Successful != (tt.d.Exit(compare.Error) != 2) {
				t.Errorf("executionSuccessful is %v", inv.Successful)
			}
		})
	}
}

// A result keeps its fingerprint when its sentence, its level or its neighbours
// change, and shares it with no other.
func TestSARIFFingerprints(t *testing.T) {
	prints := func(d *Document) map[string]string {
		m := make(map[string]string)
		run := parseSARIF(t, d)
		for i, r := range run.Results {
			if r.Fingerprints.Line == "" {
				t.Errorf("result %d has no fingerprint", i)
			}
			if other, ok := m[r.Fingerprints.Line]; ok {
				t.Errorf("%s and %s have the same fingerprint", other, r.RuleID)
			}
			m[r.Fingerprints.Line] = r.RuleID + " " + run.Artifacts[*r.Locations[0].Physical.Artifact.Index].Facts.Name
		}
		return m
	}
	before := New(sampleRun())
	a := &before.Artifacts[0]
	a.Findings = append(a.Findings, a.Findings[0]) // of two publishers, say
	before.count()
	after := New(sampleRun())
	after.Artifacts[0].Findings = slices.Clone(a.Findings)
	after.Artifacts = append([]Artifact{{Name: "another", Path: "another", Findings: []Finding{{"pgp/missing", compare.Note, "y"}}}}, after.Artifacts...)
	for i := range after.Artifacts {
		after.Artifacts[i].Path = "moved/" + after.Artifacts[i].Path
		for j := range after.Artifacts[i].Findings {
			f := &after.Artifacts[i].Findings[j]
			f.Message, f.Level = "said otherwise", compare.Note
		}
	}
	after.count()
	got := prints(after)
	for p, what := range prints(before) {
		if got[p] != what {
			t.Errorf("%s: %s is %q later", p, what, got[p])
		}
	}
	// Fixed for good: code scanning would take every finding for a new one.
	if p := parseSARIF(t, New(sampleRun())).Results[0].Fingerprints.Line; p != wantPrint {
		t.Errorf("the fingerprint of %s is %s, want %s", "compare/conflict", p, wantPrint)
	}
}

const wantPrint = "6cb910efdaab71f435e88267bfa53e1f:1"

// GitHub refuses a file with too many results: the lowest levels go first.
func TestSARIFLimit(t *testing.T) {
	d := New(sampleRun())
	all := d.Summary.Findings
	for _, tt := range []struct {
		limit                 int
		errors, warnings, not int
		message               string
	}{
		{100, all[compare.Error], all[compare.Warning], all[compare.Note], ""},
		{findings(d), all[compare.Error], all[compare.Warning], all[compare.Note], ""},
		{findings(d) - 1, all[compare.Error], all[compare.Warning], all[compare.Note] - 1, "1 finding of the lowest levels left out"},
		{all[compare.Error] + 1, all[compare.Error], 1, 0, "findings of the lowest levels left out"},
		{2, 2, 0, 0, "findings of the lowest levels left out"},
	} {
		run := newSARIF(d, tt.limit).Runs[0]
		got := make(map[compare.Level]int)
		for _, r := range run.Results {
			got[r.Level]++
		}
		if got[compare.Error] != tt.errors || got[compare.Warning] != tt.warnings || got[compare.Note] != tt.not {
			t.Errorf("limit %d: got %v", tt.limit, got)
		}
		notes := run.Invocations[0].Notifications
		last := notes[len(notes)-1].Message.Text
		if left := strings.Contains(last, "left out"); left != (tt.message != "") || !strings.Contains(last, tt.message) {
			t.Errorf("limit %d: the last notification is %q", tt.limit, last)
		}
	}
}

// Every code has its rule, in texts that are short enough for GitHub.
func TestSARIFRules(t *testing.T) {
	var d Document
	for _, e := range compare.Catalogue() {
		d.Artifacts = append(d.Artifacts, Artifact{Name: "a", Findings: []Finding{{e.Code, e.Level, "x"}}})
	}
	d.Artifacts = append(d.Artifacts, Artifact{Name: "b", Findings: []Finding{{"pgp/of-tomorrow", compare.Warning, "x"}}})
	d.count()
	rules := parseSARIF(t, &d).Tool.Driver.Rules
	if len(rules) != len(compare.Catalogue())+1 {
		t.Errorf("%d rules, want %d", len(rules), len(compare.Catalogue())+1)
	}
	for _, r := range rules {
		e, ok := compare.Explain(compare.Code(r.ID))
		if !ok {
			if r.ID != "pgp/of-tomorrow" || r.Default.Level != compare.Warning || r.Short.Text != "pgp/of-tomorrow" {
				t.Errorf("an unknown code has the rule %+v", r)
			}
			continue
		}
		if r.Default.Level != e.Level || r.Short.Text == "" || len(r.Full.Text) > 1024 || len(r.Short.Text) > 1024 ||
			!strings.Contains(r.Help.Text, "What to do: ") || !strings.Contains(r.Help.Markdown, "**What to do:** ") {
			t.Errorf("rule %+v", r)
		}
	}
}

func TestSARIFMessage(t *testing.T) {
	for in, want := range map[string]string{
		"plain, it's (so)":         "plain, it's (so)",
		"{0} and {1}":              "{{0}} and {{1}}",
		"[link](https://evil.org)": `\[link\](https://evil.org)`,
		`\[x]`:                     `\\\[x\]`,
		"a\nb\u202e":               `a\nb\u202e`,
	} {
		if got := sarifMessage(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestReference(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz"},
		{"https://www.python.org/ftp/x.tgz", "https://www.python.org/ftp/x.tgz"},
		{"/srv/a b", "file:///srv/a%20b"},
		{"a b/50%/#1?x", "a%20b/50%25/%231%3Fx"},
		{"javascript:alert(1)", "./javascript:alert%281%29"},
		{"//evil.org/x", "file:////evil.org/x"},
		{"https:evil", "./https:evil"},
		{`https://a.b/?q="<é>`, "https://a.b/?q=%22%3C%C3%A9%3E"},
		{"ü\u202e\n[x]", "%C3%BC%E2%80%AE%0A%5Bx%5D"},
		{`c:\x`, "./c:%5Cx"},
	} {
		got := reference(tt.in)
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
	}
}
