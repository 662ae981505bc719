package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"migrate/compare"
)

// What only the schema and the lists beside each other can tell. See also
// TestReadRefuses.
func TestReadChecks(t *testing.T) {
	good := render(t, JSON, New(sampleRun()))
	for _, tt := range []struct{ name, old, new, want string }{
		{"role", `"role": "source"`, `"role": "sauce"`, "/artifacts/0/role: value must be one of 'source', 'windows'"},
		{"kind", `"kind": "source"`, `"kind": ""`, "/artifacts/0/kind: value must be one of"},
		{"reason", `"reason": "html"`, `"reason": "htm"`, "/pgp/reason: value must be one of"},
		{"presence", `"presence": "required"`, `"presence": "perhaps"`, "/presence: value must be one of"},
		{"negative size", `"size": 23068672`, `"size": -23068672`, "/artifacts/0/size: minimum"},
		{"negative count", `"artifacts": 3,`, `"artifacts": -3,`, "minimum: got -3"},
		{"digest", `"sha256": "`, `"sha256": "x`, "does not match pattern"},
		{"empty string", `"platform": "amd64"`, `"platform": ""`, "/platform: minLength"},
		{"other series", `"version": "3.9.9"`, `"version": "3.13.9"`, "is of version 3.13.9, and not of series 3.9"},
		{"no version", `"version": "3.9.9"`, `"version": "three"`, `"three" is not a CPython version`},
		{"other spelling", `"version": "3.9.9"`, `"version": "v3.9.9"`, "is of version v3.9.9, and not"},
		{"hostile", `"role": "source"`, `"role": "\u001b[31m"`, "/artifacts/0/role: value must be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := strings.Replace(good, tt.old, tt.new, 1)
			if in == good {
				t.Fatalf("%s is not in the sample", tt.old)
			}
			_, err := Read(strings.NewReader(in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want one that says %q", err, tt.want)
			}
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error is not one visible line: %q", err)
			}
		})
	}
}

// A series that is taken out takes its answer along, and every number still
// agrees.
func TestReadSeries(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(d *Document)
		want string
	}{
		{"taken out", func(d *Document) { d.Series = d.Series[1:] }, "is of series 3.9, which it does not judge"},
		{"all taken out", func(d *Document) { d.Series = []Series{} }, "which it does not judge"},
		{"twice", func(d *Document) { d.Series = append(d.Series[:1:1], d.Series...) }, "it judges series 3.9 twice"},
		{"order", func(d *Document) { d.Series[0], d.Series[1] = d.Series[1], d.Series[0] }, "not in their order"},
	} {
		d := copyOf(t, New(sampleRun()))
		tt.edit(d)
		d.count()
		if tt.name == "twice" {
			d.Series[0].Artifacts, d.Series[0].Verdicts = d.Series[1].Artifacts, d.Series[1].Verdicts
		}
		_, err := Read(strings.NewReader(render(t, JSON, d)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one that says %q", tt.name, err, tt.want)
		}
	}
}

func TestReadForeign(t *testing.T) {
	for in, want := range map[string]string{
		`[{"schemaVersion": "1"}]`: "it is JSON, but not of migrate report --format json: cannot unmarshal array",
		`"report"`:                 "cannot unmarshal string",
		`{"schemaVersion": ["1"]}`: "cannot unmarshal array",
		`{"schemaVersion": "1"}`:   `the report lacks the field "artifacts"`,
		strings.Repeat(`[`, 1<<16): "exceeded max depth",
		`{"schemaVersion": "1", "generator": {"name": "migrate"}, "x": ` + strings.Repeat(`{"x":`, 5000) + `1` + strings.Repeat(`}`, 5001): `the report has a field "x"`,
	} {
		_, err := Read(strings.NewReader(in))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "struct") {
			t.Errorf("%.40s: got error %v, want one that says %q", in, err, want)
		}
	}
}

// TestReadVerdicts: a report that was edited does not say yes where its own
// evidence says no, however well its numbers were made to agree.
func TestReadVerdicts(t *testing.T) {
	conflict := func(d *Document) *Artifact {
		i := slices.IndexFunc(d.Artifacts, func(a Artifact) bool { return a.Verdict == compare.Conflict })
		return &d.Artifacts[i]
	}
	for name, tt := range map[string]struct {
		edit func(*Document)
		want string
	}{
		"verdict": {func(d *Document) {
			a := conflict(d)
			a.Verdict, a.Findings = compare.Equivalent, []Finding{}
		}, "is called equivalent, which is not what was found"},
		"readiness": {func(d *Document) {
			for i := range d.Series {
				d.Series[i].Readiness = compare.Ready
			}
		}, "is called ready, with an artifact in it that is "},
		"readiness without bundles": {func(d *Document) {
			for i := range d.Series {
				if d.Series[i].Readiness == compare.NotReady {
					d.Series[i].Readiness = compare.ReadyWithGaps
				}
			}
		}, "is called ready-with-gaps, with a "},
	} {
		t.Run(name, func(t *testing.T) {
			d := New(sampleRun())
			tt.edit(d)
			d.count()
			var b bytes.Buffer
			if err := JSON(&b, d); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(&b); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
		})
	}
	// Findings that were taken out do not take the exit status along.
	d := New(sampleRun())
	d.Artifacts, d.Troubles = []Artifact{*conflict(d)}, nil
	d.Artifacts[0].Findings = []Finding{}
	if status := d.Exit(compare.Error); status != 1 {
		t.Errorf("a conflict without a finding exits with %d, want 1", status)
	}
}
