package report

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/pgp"
	"migrate/sigstore"
)

// copyOf returns a document that shares nothing with d.
func copyOf(t testing.TB, d *Document) *Document {
	t.Helper()
	c, err := Read(strings.NewReader(render(t, JSON, d)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// changedSample is the sample with one of each kind of change.
func changedSample(t testing.TB) (old, new *Document) {
	t.Helper()
	old = New(sampleRun())
	new = copyOf(t, old)
	new.Created = Time{old.Created.Add(24 * time.Hour)}
	new.Generator.Version = "9.9"
	new.Sources = []string{"/elsewhere"}
	find := func(name string) *Artifact {
		i := slices.IndexFunc(new.Artifacts, func(a Artifact) bool { return a.Name == name })
		if i < 0 {
			t.Fatalf("the sample has no %s", name)
		}
		return &new.Artifacts[i]
	}
	a := find("Python-3.11.2.tgz")
	a.SHA256 = digest(4711)
	a.Sigstore.Identity = Identity{"mallory@example.com", google}
	a.Sigstore.Status, a.Verdict = sigstore.WrongIdentity, compare.Failed
	a.Findings = []Finding{{"sigstore/wrong-identity", compare.Error, "Signed by somebody else"}}
	b := find("python-3.11.2-amd64.exe")
	b.PGP.Status, b.PGP.Certificate = pgp.WrongSigner, wouters
	b.Verdict = compare.Failed
	new.Artifacts = slices.DeleteFunc(new.Artifacts, func(a Artifact) bool { return a.Name == "python399.chm" })
	c := new.Artifacts[0]
	c.Name, c.Path = "Python-3.9.9.tgz", "3.9.9/Python-3.9.9.tgz"
	new.Artifacts = append([]Artifact{c}, new.Artifacts...)
	new.Series[0].Readiness = compare.Undetermined
	new.Trust.TrustRoot.SHA256 = digest(99)
	new.Trust.Keys[0].Copies = nil
	new.Troubles = append(new.Troubles, Trouble{"3.9.9/x", "cannot be read"})
	new.Unrecognised = nil
	new.count()
	return old, new
}

func TestDiffGolden(t *testing.T) {
	d := Compare(changedSample(t))
	for name, f := range map[string]func(io.Writer, *Diff) error{
		"diff-table": func(w io.Writer, d *Diff) error { return DiffTable(w, d, TableOptions{}) },
		"diff-table-50": func(w io.Writer, d *Diff) error {
			return DiffTable(w, d, TableOptions{Width: 50, Color: true, All: true})
		},
		"diff-markdown": DiffMarkdown,
		"diff-json":     DiffJSON,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := f(&b, d); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.String())
			if err := f(&failing{10}, d); err == nil {
				t.Error("no error when the writer is full")
			}
		})
	}
}

// What was made at another time, by another program, from a mirror that moved,
// is the same.
func TestDiffSame(t *testing.T) {
	old := New(sampleRun())
	new := copyOf(t, old)
	new.Created = Time{old.Created.Add(time.Hour)}
	new.Generator = Generator{"migrate", "2.0"}
	new.Sources = []string{"/srv/other"}
	new.Trust.Roster.Source = "elsewhere.yaml"
	for i := range new.Artifacts {
		a := &new.Artifacts[i]
		a.Path = "pub/" + a.Path
		for j := range a.Findings {
			a.Findings[j].Message += ", in other words"
		}
		a.Published = append(a.Published, Published{By: "an API", SHA256: a.SHA256, Hint: true})
	}
	if d := Compare(old, new); !d.Summary.Same || d.Summary.Regressed {
		var b bytes.Buffer
		DiffTable(&b, d, TableOptions{})
		t.Errorf("differs:\n%s", b.String())
	}
}

// notCompared are the fields of an artifact whose change alone is none, with
// why.
var notCompared = map[string]string{
	"Upstream":                 "follows from the name",
	"Series":                   "follows from the version",
	"Role":                     "follows from the name",
	"Kind":                     "follows from the name",
	"Platform":                 "follows from the name",
	"Path":                     "where it lies does not count",
	"URL":                      "where it lies does not count",
	"MD5":                      "the SHA-256 digest says it",
	"ETag":                     "how the server tells its files apart does not count",
	"LastModified":             "how the server tells its files apart does not count",
	"Verified":                 "is about the run",
	"PGP.Expires":              "the .asc says it",
	"PGP.Detail":               "wording",
	"PGP.UserID":               "the key says who",
	"PGP.Signer":               "the key says who",
	"PGP.SignerName":           "the key says who",
	"PGP.File":                 "where it lies does not count",
	"Sigstore.Detail":          "wording",
	"Sigstore.File":            "where it lies does not count",
	"Sigstore.SigFile":         "where it lies does not count",
	"Sigstore.CrtFile":         "where it lies does not count",
	"Expected.Known":           "a finding says so",
	"Expected.PGP.Reason":      "wording",
	"Expected.Sigstore.Reason": "wording",
	"Expected.SamePerson":      "the verdict follows from it",
	"Findings.Message":         "wording",
	// There is none beside a verified identity.
	"Sigstore.PromiseIdentity.SAN":    "the identity says who",
	"Sigstore.PromiseIdentity.Issuer": "the identity says who",
}

// TestDiffSeesEveryField changes one field after another.
func TestDiffSeesEveryField(t *testing.T) {
	var full compare.Assessment
	f := filler{values: make(map[string]string)}
	f.fill(reflect.ValueOf(&full).Elem(), "Assessment")
	full.Published[1].Hint = false // a hint's change is none
	base := New(Run{Assessments: []compare.Assessment{full}, Trust: Trust{}})
	seen := 0
	var walk func(v reflect.Value, at string)
	check := func(at string, change func()) {
		before := copyArtifact(t, base.Artifacts[0])
		change()
		got := !Compare(&Document{Artifacts: []Artifact{before}}, base).Summary.Same
		base.Artifacts[0] = before
		ignored := notCompared[at] != ""
		if got == ignored {
			t.Errorf("%s: change seen is %t, want %t", at, got, !ignored)
		}
		seen++
	}
	walk = func(v reflect.Value, at string) {
		switch v.Interface().(type) {
		case Time:
			check(at, func() { v.Set(reflect.ValueOf(Time{time.Unix(1e9, 0).UTC()})) })
			return
		case pgp.Status, sigstore.Status, compare.Verdict, compare.Level:
			check(at, func() { v.SetUint(3) })
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(reflect.ValueOf(&base.Artifacts[0]).Elem().FieldByIndex(append(slices.Clone(path(at)), i)), strings.TrimPrefix(at+"."+v.Type().Field(i).Name, "."))
			}
		case reflect.Slice:
			check(at, func() { v.Set(v.Slice(0, 1)) })
		case reflect.String:
			check(at, func() { v.SetString("other") })
		case reflect.Pointer:
			check(at, func() { n := int64(5); v.Set(reflect.ValueOf(&n)) })
		case reflect.Int:
			check(at, func() { v.SetInt(3) })
		case reflect.Bool:
			check(at, func() { v.SetBool(!v.Bool()) })
		default:
			t.Fatalf("%s: what is a %s?", at, v.Type())
		}
	}
	walk(reflect.ValueOf(&base.Artifacts[0]).Elem(), "")
	if seen < 60 {
		t.Errorf("only %d fields were changed", seen)
	}
}

// path returns the index of a field of Artifact by its name.
func path(at string) []int {
	if at == "" {
		return nil
	}
	typ := reflect.TypeFor[Artifact]()
	var index []int
	for name := range strings.SplitSeq(at, ".") {
		f, _ := typ.FieldByName(name)
		index = append(index, f.Index...)
		typ = f.Type
	}
	return index
}

func copyArtifact(t *testing.T, a Artifact) (c Artifact) {
	t.Helper()
	out, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(out, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiffLevels(t *testing.T) {
	base := func() *Document { return New(sampleRun()) }
	for _, tt := range []struct {
		name   string
		change func(old, new *Document)
		want   Change
	}{
		{"digest changed", func(_, new *Document) { new.Artifacts[0].SHA256 = digest(1) }, Change{What: "digest", Level: compare.Error}},
		{"not read any more", func(_, new *Document) { new.Artifacts[0].SHA256 = "" }, Change{What: "digest", Level: compare.Warning}},
		{"read now", func(old, _ *Document) { old.Artifacts[0].SHA256 = "" }, Change{What: "digest", Level: compare.Note}},
		{"same digest, other size", func(_, new *Document) { n := int64(1); new.Artifacts[0].Size = &n }, Change{What: "size", Level: compare.Error}},
		{"failed", func(old, new *Document) {
			old.Artifacts[0].Verdict, new.Artifacts[0].Verdict = compare.Equivalent, compare.Failed
		}, Change{What: "verdict", Level: compare.Error}},
		{"could not be decided", func(old, new *Document) {
			old.Artifacts[0].Verdict, new.Artifacts[0].Verdict = compare.Equivalent, compare.Unchecked
		}, Change{What: "verdict", Level: compare.Warning}},
		{"mended", func(old, new *Document) {
			old.Artifacts[0].Verdict, new.Artifacts[0].Verdict = compare.Failed, compare.Equivalent
		}, Change{What: "verdict", Level: compare.Note}},
		{"missing", func(old, new *Document) {
			old.Artifacts[0].PGP.Status, new.Artifacts[0].PGP.Status = pgp.Good, pgp.Missing
		}, Change{What: "pgp status", Level: compare.Warning}},
		{"other key", func(old, new *Document) {
			old.Artifacts[0].PGP.Certificate, new.Artifacts[0].PGP.Certificate = pablo, wouters
		}, Change{What: "pgp key", Level: compare.Warning}},
		{"subkey that belongs to nobody", func(_, new *Document) { new.Artifacts[0].PGP.SigningKey = wouters }, Change{What: "pgp key", Level: compare.Note}},
		{"recalled", func(_, new *Document) { new.Artifacts[0].Expected.Recalled = "broken" }, Change{What: "recalled", Level: compare.Warning}},
		{"unreadable", func(_, new *Document) { new.Artifacts[0].Trouble = "no" }, Change{What: "trouble", Level: compare.Error}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old, new := base(), copyOf(t, base())
			tt.change(old, new)
			d := Compare(old, new)
			if len(d.Artifacts) != 1 || len(d.Artifacts[0].Changes) != 1 {
				t.Fatalf("got %+v", d.Artifacts)
			}
			c := d.Artifacts[0].Changes[0]
			if c.What != tt.want.What || c.Level != tt.want.Level {
				t.Errorf("got %s at %s, want %s at %s", c.What, c.Level, tt.want.What, tt.want.Level)
			}
			if d.Summary.Same || d.Summary.Regressed != (tt.want.Level > compare.Note) || d.Summary.Levels[c.Level] != 1 {
				t.Errorf("summary %+v", d.Summary)
			}
		})
	}
}

func TestDiffReadiness(t *testing.T) {
	const none = compare.Readiness(200)
	for _, tt := range []struct {
		old, new compare.Readiness
		want     compare.Level // 0: no change
	}{
		{compare.Ready, compare.Ready, 0},
		{compare.Ready, compare.ReadyWithGaps, compare.Warning},
		{compare.ReadyWithGaps, compare.Undetermined, compare.Warning},
		{compare.Undetermined, compare.NotReady, compare.Error},
		{compare.NotReady, compare.Ready, compare.Note},
		{none, compare.NotReady, compare.Note},
		{compare.Ready, none, compare.Warning},
	} {
		list := func(r compare.Readiness) (out []Series) {
			if r != none {
				out = append(out, Series{Series: "3.10", Readiness: r})
			}
			return append(out, Series{Series: "3.9"})
		}
		var got compare.Level
		if d := compareSeries(list(tt.old), list(tt.new)); len(d) > 0 {
			got = d[0].Level
			if (d[0].Old == nil) != (tt.old == none) || (d[0].New == nil) != (tt.new == none) {
				t.Errorf("%v to %v: got %+v", tt.old, tt.new, d[0])
			}
		}
		if got != tt.want {
			t.Errorf("%v to %v: level %v, want %v", tt.old, tt.new, got, tt.want)
		}
	}
}

// Several artifacts of one name belong together by place, then digest.
func TestDiffPairs(t *testing.T) {
	a := func(path, digest string) Artifact {
		return Artifact{Name: "Python-3.13.5.tgz", Version: "3.13.5", Path: path, SHA256: digest}
	}
	old := &Document{Artifacts: []Artifact{a("x/1", "aa"), a("x/2", "bb"), a("x/3", "cc")}}
	new := &Document{Artifacts: []Artifact{a("y/2", "bb"), a("y/3", "dd"), a("x/1", "aa")}}
	d := Compare(old, new)
	if len(d.Artifacts) != 1 || d.Artifacts[0].Place != "y/3" || d.Artifacts[0].Fate != Changed ||
		!slices.Equal(d.Artifacts[0].Changes, []Change{{"digest", compare.Error, "cc", "dd"}}) {
		t.Errorf("got %+v", d.Artifacts)
	}
	new.Artifacts = new.Artifacts[:2]
	if d := Compare(old, new); d.Summary.Gone != 1 || d.Summary.Appeared != 0 {
		t.Errorf("one of three is gone, got %+v", d.Summary)
	}
	// python24.chm of 2.4.1 is not that of 2.4.2.
	b := a("x/1", "aa")
	b.Version = "3.13.6"
	if d := Compare(old, &Document{Artifacts: append(slices.Clone(old.Artifacts[1:]), b)}); d.Summary.Gone != 1 || d.Summary.Appeared != 1 {
		t.Errorf("another version is another artifact, got %+v", d.Summary)
	}
}

// A finding that is there twice and then once is resolved once.
func TestDiffFindings(t *testing.T) {
	f := func(code compare.Code, l compare.Level) Finding { return Finding{code, l, "It is so"} }
	got := compareFindings(
		[]Finding{f("pgp/a", compare.Error), f("pgp/a", compare.Error), f("pgp/b", compare.Note)},
		[]Finding{f("pgp/a", compare.Error), f("pgp/b", compare.Warning)},
	)
	want := []FindingDiff{
		{Appeared, compare.Warning, "pgp/b", "It is so"},
		{Gone, compare.Note, "pgp/a", "It is so"},
		{Gone, compare.Note, "pgp/b", "It is so"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDiffSchema(t *testing.T) {
	schema, err := compiled(DiffSchema(), "")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	docs := documents()
	for name, d := range docs {
		for _, pair := range [][2]*Document{{d, docs["sample"]}, {docs["sample"], d}} {
			var b bytes.Buffer
			if err := DiffJSON(&b, Compare(pair[0], pair[1])); err != nil {
				t.Fatal(err)
			}
			if err := valid(b.String()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	var b bytes.Buffer
	if err := DiffJSON(&b, Compare(changedSample(t))); err != nil {
		t.Fatal(err)
	}
	if err := valid(b.String()); err != nil {
		t.Error(err)
	}
	for _, tt := range [][2]string{{`"fate": "gone"`, `"fate": "lost"`}, {`"level": "error"`, `"level": "fatal"`}, {`"same": false`, `"same": false, "x": 1`}} {
		text := strings.Replace(b.String(), tt[0], tt[1], 1)
		if text == b.String() {
			t.Fatalf("%s is not in the difference", tt[0])
		}
		if valid(text) == nil {
			t.Errorf("the schema takes %s", tt[1])
		}
	}
}

// TestDiffSchemaFields walks the Go types and the schema side by side.
func TestDiffSchemaFields(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(DiffSchema(), &root); err != nil {
		t.Fatal(err)
	}
	for typ, def := range map[reflect.Type]string{
		reflect.TypeFor[Diff](): "diff", reflect.TypeFor[Side](): "side", reflect.TypeFor[DiffSummary](): "summary",
		reflect.TypeFor[Change](): "change", reflect.TypeFor[SeriesDiff](): "series", reflect.TypeFor[Generator](): "generator",
		reflect.TypeFor[ArtifactDiff](): "artifact", reflect.TypeFor[FindingDiff](): "finding", reflect.TypeFor[PlaceDiff](): "place",
	} {
		n := root.Defs[def]
		var names, required, have []string
		for i := range typ.NumField() {
			name, opts, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			if opts == "" {
				required = append(required, name)
			}
		}
		for name, p := range n.Properties {
			have = append(have, name)
			if p.Description == "" && root.def(p.Ref).Description == "" {
				t.Errorf("%s.%s has no description", def, name)
			}
		}
		for _, list := range [][]string{names, required, have, n.Required} {
			slices.Sort(list)
		}
		if !slices.Equal(names, have) || !slices.Equal(required, n.Required) || n.Additional == nil || *n.Additional {
			t.Errorf("%s: fields %q, required %q; in the schema %q, %q", def, names, required, have, n.Required)
		}
	}
	// What both schemas have is the same in both.
	report := parseSchema(t)
	for _, def := range []string{"verdict", "readiness", "code", "seriesName", "time", "count", "levelCounts"} {
		if diff := cmp.Diff(report.Defs[def], root.Defs[def]); diff != "" {
			t.Errorf("%s: %s", def, diff)
		}
	}
}

// Names from outside can do nothing in any format.
func TestDiffHostile(t *testing.T) {
	empty := New(Run{Generator: Generator{Name: "migrate"}})
	for _, s := range hostile {
		run := hostileRun(s)
		run.Troubles = append(run.Troubles, source.Trouble{Location: s, Message: s})
		for _, d := range []*Diff{Compare(empty, New(run)), Compare(New(run), empty)} {
			var table, md, js bytes.Buffer
			if err := DiffTable(&table, d, TableOptions{All: true}); err != nil {
				t.Fatal(err)
			}
			if err := DiffMarkdown(&md, d); err != nil {
				t.Fatal(err)
			}
			if err := DiffJSON(&js, d); err != nil {
				t.Fatal(err)
			}
			checkVisible(t, table.String())
			checkWidth(t, table.String(), 80)
			checkVisible(t, md.String())
			checkVisible(t, js.String())
			checkRows(t, parsePage(md.String()))
			checkPipes(t, md.String())
			if strings.Contains(md.String(), "<script") && !strings.Contains(md.String(), "`") {
				t.Errorf("markup of %q", s)
			}
			var back Diff
			if err := json.Unmarshal(js.Bytes(), &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(d, &back); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestSeriesOrder(t *testing.T) {
	list := []string{"3.14", "3.9", "2.7", "10.0", "3.10"}
	slices.SortFunc(list, seriesOrder)
	if want := []string{"2.7", "3.9", "3.10", "3.14", "10.0"}; !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
	for _, text := range list {
		if _, err := release.ParseSeries(text); err != nil {
			t.Error(err)
		}
	}
}
