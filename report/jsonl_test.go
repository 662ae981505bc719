package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"migrate/compare"
)

func lineSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	for _, file := range []string{"schema.json", "jsonl.schema.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("https://example.com/"+file, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("https://example.com/jsonl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONLFitsSchema(t *testing.T) {
	schema := lineSchema(t)
	docs := documents()
	docs["neighbours"] = New(neighboursRun())
	for name, d := range docs {
		for line := range strings.Lines(render(t, JSONL, d)) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s: %v\n%s", name, err, line)
			}
		}
	}
}

// The schema of each line has the fields of its Go type, and no other.
func TestJSONLSchemaFields(t *testing.T) {
	var root schemaNode
	data, err := os.ReadFile("jsonl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{
		"header": reflect.TypeFor[headerLine](), "artifact": reflect.TypeFor[artifactLine](),
		"findings": reflect.TypeFor[findingsLine](), "series": reflect.TypeFor[seriesLine](),
		"unrecognised": reflect.TypeFor[unrecognisedLine](), "trouble": reflect.TypeFor[troubleLine](),
		"summary": reflect.TypeFor[summaryLine](),
	}
	if len(root.Defs) != len(types) {
		t.Errorf("%d kinds of line in the schema, want %d", len(root.Defs), len(types))
	}
	for name, typ := range types {
		n := root.Defs[name]
		var got, required []string
		var walk func(typ reflect.Type)
		walk = func(typ reflect.Type) {
			for i := range typ.NumField() {
				f := typ.Field(i)
				if f.Anonymous {
					walk(f.Type)
					continue
				}
				tag, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
				got = append(got, tag)
				if !strings.HasPrefix(opts, "omit") {
					required = append(required, tag)
				}
			}
		}
		walk(typ)
		var want []string
		for p := range n.Properties {
			want = append(want, p)
		}
		for _, list := range [][]string{got, required, want, n.Required} {
			slices.Sort(list)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: fields (-schema +code):\n%s", name, diff)
		}
		if diff := cmp.Diff(n.Required, required); diff != "" {
			t.Errorf("%s: required fields (-schema +code):\n%s", name, diff)
		}
		if n.Additional == nil || *n.Additional {
			t.Errorf("%s is open to other fields", name)
		}
	}
}

// neighboursRun has findings that show only beside other artifacts.
func neighboursRun() Run {
	r := sampleRun()
	for i := range r.Assessments {
		a := &r.Assessments[i]
		if i%2 == 0 {
			add(a, "sigstore/back-filled", compare.Note, "The bundle was made later")
		}
		if i%3 == 0 {
			add(a, "compare/same-digest", compare.Note, "The same bytes are also published as another")
		}
		slices.SortStableFunc(a.Findings, func(f, g compare.Finding) int {
			if f.Level != g.Level {
				return int(g.Level) - int(f.Level)
			}
			return strings.Compare(string(f.Code), string(g.Code))
		})
	}
	return r
}

// All lines together say what the document says.
func TestJSONLNothingLost(t *testing.T) {
	part := sampleRun()
	part.Part = &Part{Selection: "--shard 1/3", Of: 99}
	for name, d := range map[string]*Document{"part": New(part), "sample": New(sampleRun()), "neighbours": New(neighboursRun()), "empty": New(Run{})} {
		got := Document{Series: []Series{}, Artifacts: []Artifact{}, Unrecognised: []Unrecognised{}, Troubles: []Trouble{}}
		var last string
		added := 0
		for line := range strings.Lines(render(t, JSONL, d)) {
			var kind struct{ Type string }
			read := func(v any) {
				t.Helper()
				if err := json.Unmarshal([]byte(line), v); err != nil {
					t.Fatal(err)
				}
			}
			read(&kind)
			last = kind.Type
			switch kind.Type {
			case "header":
				read(&got)
			case "artifact":
				var a Artifact
				read(&a)
				got.Artifacts = append(got.Artifacts, a)
			case "findings":
				var l findingsLine
				read(&l)
				a := &got.Artifacts[l.Artifact]
				if l.Name != a.Name || l.Path != a.Path || l.URL != a.URL {
					t.Errorf("%s: findings for %s added to %s", name, l.Name, a.Name)
				}
				a.Findings = append(a.Findings, l.Findings...)
				slices.SortStableFunc(a.Findings, func(f, g Finding) int {
					if f.Level != g.Level {
						return int(g.Level) - int(f.Level)
					}
					return strings.Compare(string(f.Code), string(g.Code))
				})
				added++
			case "series":
				var s Series
				read(&s)
				got.Series = append(got.Series, s)
			case "unrecognised":
				var u Unrecognised
				read(&u)
				got.Unrecognised = append(got.Unrecognised, u)
			case "trouble":
				var u Trouble
				read(&u)
				got.Troubles = append(got.Troubles, u)
			case "summary":
				read(&got.Summary)
			default:
				t.Errorf("%s: a line of type %q", name, kind.Type)
			}
		}
		if diff := cmp.Diff(d, &got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if last != "summary" {
			t.Errorf("%s: the last line is %s, want the summary", name, last)
		}
		if (name == "neighbours") != (added > 0) {
			t.Errorf("%s: %d lines of findings", name, added)
		}
	}
}

// A stream's lines are those of the document, and each is out before the next
// artifact is looked at.
func TestStream(t *testing.T) {
	run := neighboursRun()
	d := New(run)
	all := run.Assessments
	run.Assessments, run.Series, run.Troubles, run.Unrecognised = nil, nil, nil, nil

	r, w := io.Pipe()
	lines := make(chan string)
	go func() {
		defer close(lines)
		dec := json.NewDecoder(r)
		for {
			var raw json.RawMessage
			if dec.Decode(&raw) != nil {
				return
			}
			lines <- string(raw)
		}
	}()
	var got strings.Builder
	next := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(<-lines + "\n")
	}
	s, err := NewStream(w, run)
	next(err)
	for _, a := range all {
		a.Findings = slices.DeleteFunc(slices.Clone(a.Findings), func(f compare.Finding) bool {
			return f.Code == "sigstore/back-filled" || f.Code == "compare/same-digest"
		})
		next(s.Artifact(a))
	}
	go func() { w.CloseWithError(s.Finish(d)) }()
	for line := range lines {
		got.WriteString(line + "\n")
	}
	if diff := cmp.Diff(render(t, JSONL, d), got.String()); diff != "" {
		t.Error(diff)
	}
}

// A document that is not the one whose artifacts were written is refused.
func TestStreamFinishRefuses(t *testing.T) {
	run := sampleRun()
	d := New(run)
	start := func(n int) *Stream {
		s, err := NewStream(io.Discard, run)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range run.Assessments[:n] {
			if err := s.Artifact(a); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	if err := start(len(run.Assessments)).Finish(d); err != nil {
		t.Error(err)
	}
	if err := start(3).Finish(d); err == nil || !strings.Contains(err.Error(), "11 artifacts and 3 were written") {
		t.Errorf("artifacts left out: got error %v", err)
	}
	d.Artifacts[1].Verdict = compare.Equivalent
	if err := start(len(run.Assessments)).Finish(d); err == nil || !strings.Contains(err.Error(), "3.9.9/python-3.9.9-amd64.exe is another in the report") {
		t.Errorf("another verdict: got error %v", err)
	}
}
