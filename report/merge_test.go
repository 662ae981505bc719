package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// TestEvidence leads every field of the evidence through the document and back:
// one that were lost would be judged wrongly after a merge.
func TestEvidence(t *testing.T) {
	var full compare.Assessment
	f := filler{values: make(map[string]string)}
	f.fill(reflect.ValueOf(&full).Elem(), "Assessment")
	full.Location = "path/in/source"
	nothing := compare.Assessment{Evidence: compare.Evidence{
		Name:     release.Name{File: "Python-3.13.5.tgz", Upstream: "Python-3.13.5.tgz", Version: release.Version{Major: 3, Minor: 13, Micro: 5}},
		Location: "Python-3.13.5.tgz",
		Size:     -1,
	}}
	url := nothing
	url.Location, url.URL = "https://example.com/Python-3.13.5.tgz", "https://example.com/Python-3.13.5.tgz"
	stranger := nothing
	stranger.Name = release.Name{File: "x", Upstream: "x"}
	for name, a := range map[string]compare.Assessment{"full": full, "nothing": nothing, "URL": url, "not CPython's": stranger} {
		d := New(Run{Assessments: []compare.Assessment{a}})
		got, err := d.Artifacts[0].evidence()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a.Evidence, got); diff != "" {
			t.Errorf("%s: not the evidence that the document was made from (-want +got):\n%s", name, diff)
		}
	}
	if _, err := (&Artifact{Name: "x", Version: "three"}).evidence(); err == nil {
		t.Error("a version that is none was taken")
	}
}

// world is the sample's artifacts, judged.
type world struct {
	roster   *keyrings.Roster
	evidence []compare.Evidence
	run      Run
}

func newWorld(t testing.TB) world {
	t.Helper()
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	w := world{roster: roster, run: sampleRun()}
	w.run.Trust.Roster.SHA256 = roster.SHA256()
	for _, a := range w.run.Assessments {
		w.evidence = append(w.evidence, a.Evidence)
	}
	// The same bytes under two names, and a bundle made long after its release:
	// both show only beside a neighbour.
	twin := w.evidence[0]
	twin.Name.File, twin.Name.Upstream, twin.Location = "Python-3.9.9.tgz", "Python-3.9.9.tgz", "3.9.9/Python-3.9.9.tgz"
	late := artifact(release.Version{Major: 3, Minor: 13, Micro: 1}, "Python-3.13.1.tgz", release.RoleSource, release.KindSource)
	good(&late, wouters, "", "thomas@python.org", google)
	late.Expected.Signers = []pgp.Fingerprint{wouters}
	late.PGP.Created = at("2020-01-01 00:00")
	late.Sigstore.LogTime = at("2025-01-01 00:00")
	alone := late
	alone.Name.File, alone.Name.Upstream, alone.Location = "Python-3.13.1.tar.xz", "Python-3.13.1.tar.xz", "3.13.1/Python-3.13.1.tar.xz"
	alone.PGP = pgp.Result{Status: pgp.Missing}
	w.evidence = append(w.evidence, twin, late.Evidence, alone.Evidence, pairFromLog().Evidence)
	return w
}

// report is the report on some of the artifacts.
func (w world) report(ev []compare.Evidence) *Document {
	r := w.run
	r.Assessments, r.Series = compare.AssessAll(ev, w.roster)
	return New(r)
}

func (w world) options() MergeOptions {
	return MergeOptions{Generator: w.run.Generator, Roster: w.roster, Clients: w.run.Clients}
}

func mustMerge(t *testing.T, opt MergeOptions, docs ...*Document) *Document {
	t.Helper()
	d, err := Merge(parts(docs...), opt)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parts(docs ...*Document) (out []Input) {
	for i, d := range docs {
		out = append(out, Input{fmt.Sprintf("part-%d.json", i+1), d})
	}
	return out
}

// However the artifacts are divided, the merged report is the undivided one.
func TestMergeIsUndivided(t *testing.T) {
	w := newWorld(t)
	want := render(t, JSON, w.report(w.evidence))
	for _, code := range []string{"compare/same-digest", "sigstore/back-filled"} {
		if !strings.Contains(want, code) {
			t.Fatalf("the world does not show %s", code)
		}
	}
	for n := 1; n <= len(w.evidence); n++ {
		split := make([][]compare.Evidence, n)
		for i, e := range w.evidence {
			split[i%n] = append(split[i%n], e)
		}
		var docs []*Document
		for _, ev := range split {
			docs = append(docs, copyOf(t, w.report(ev)))
		}
		if n == len(w.evidence) && strings.Contains(render(t, JSON, docs[0]), "compare/same-digest") {
			t.Error("an artifact alone has a neighbour")
		}
		if got := render(t, JSON, mustMerge(t, w.options(), docs...)); got != want {
			t.Fatalf("%d parts: not the undivided report (-want +got):\n%s", n, cmp.Diff(want, got))
		}
		slices.Reverse(docs)
		if got := render(t, JSON, mustMerge(t, w.options(), docs...)); got != want {
			t.Fatalf("%d parts, last first: not the undivided report", n)
		}
	}
}

// Parts may overlap, and a merged report may be a part.
func TestMergeOverlap(t *testing.T) {
	w := newWorld(t)
	whole := w.report(w.evidence)
	half := w.report(w.evidence[:len(w.evidence)/2])
	want := render(t, JSON, whole)
	for name, d := range map[string]*Document{
		"itself":    mustMerge(t, w.options(), whole),
		"twice":     mustMerge(t, w.options(), whole, whole),
		"with half": mustMerge(t, w.options(), half, whole, half),
		"merged":    mustMerge(t, w.options(), mustMerge(t, w.options(), half), whole),
	} {
		if render(t, JSON, d) != want {
			t.Errorf("%s: another report", name)
		}
	}
}

// Nothing that a part says about its own judgement is believed.
func TestMergeJudgesAgain(t *testing.T) {
	w := newWorld(t)
	d := w.report(w.evidence)
	forged := copyOf(t, d)
	for i := range forged.Artifacts {
		forged.Artifacts[i].Verdict = compare.Equivalent
		forged.Artifacts[i].Findings = []Finding{}
	}
	for i := range forged.Series {
		forged.Series[i].Readiness = compare.Ready
	}
	forged.count()
	if got := mustMerge(t, w.options(), forged); render(t, JSON, got) != render(t, JSON, d) {
		t.Error("a forged judgement came through")
	}
}

func TestMergeConflict(t *testing.T) {
	w := newWorld(t)
	a, b := w.report(w.evidence), w.report(w.evidence)
	for _, tt := range []struct {
		name   string
		change func(*Artifact)
		want   string
	}{
		{"digest", func(a *Artifact) { a.SHA256 = digest(77) }, "digest is " + a.Artifacts[0].SHA256 + " in part-1.json and " + digest(77) + " in part-2.json"},
		{"status", func(a *Artifact) { a.PGP.Status = pgp.Missing }, "pgp status is bad in part-1.json and missing in part-2.json"},
		{"sigstore", func(a *Artifact) { a.Sigstore.Status = sigstore.Bad }, "sigstore status is good in part-1.json and bad in part-2.json"},
		{"detail", func(a *Artifact) { a.PGP.Detail = "other words" }, "pgp.detail is the file is not the one that was signed in part-1.json and other words in part-2.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := copyOf(t, b)
			tt.change(&b.Artifacts[0])
			_, err := Merge(parts(a, b), w.options())
			var conflict *ConflictError
			if !errors.As(err, &conflict) {
				t.Fatalf("got %v, want a conflict", err)
			}
			if len(conflict.Conflicts) != 1 || conflict.Conflicts[0].Place != a.Artifacts[0].Path {
				t.Errorf("got %+v", conflict.Conflicts)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q in it", err, tt.want)
			}
		})
	}

	many := copyOf(t, b)
	for i := range many.Artifacts {
		many.Artifacts[i].SHA256 = digest(1000 + i)
	}
	_, err := Merge(parts(a, many), w.options())
	if err == nil || strings.Count(err.Error(), "\n") > 20 || !strings.Contains(err.Error(), "more artifacts like these") {
		t.Errorf("many conflicts make the error %v", err)
	}
}

// Two mirrors in one report have two entries for one artifact, and keep them.
func TestMergeKeepsDuplicates(t *testing.T) {
	w := newWorld(t)
	w.evidence = append(w.evidence, w.evidence[0])
	d := w.report(w.evidence)
	if got := mustMerge(t, w.options(), d, d); render(t, JSON, got) != render(t, JSON, d) {
		t.Errorf("%d artifacts, want %d", len(got.Artifacts), len(d.Artifacts))
	}
	once := w.report(w.evidence[:1])
	_, err := Merge(parts(d, once), w.options())
	if err == nil || !strings.Contains(err.Error(), "number of entries is 2 in part-1.json and 1 in part-2.json") {
		t.Errorf("got %v", err)
	}
}

func TestMergeTrust(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		change func(*Document)
		want   string // "": no difference
		others int
	}{
		{"same", func(*Document) {}, "", 0},
		{"from elsewhere", func(d *Document) {
			d.Trust.TrustRoot.Source, d.Trust.Roster.Source, d.Trust.Keys[0].Copies[0].Source = "a", "b", "c"
		}, "", 0},
		{"trust root", func(d *Document) { d.Trust.TrustRoot.SHA256 = digest(5) }, "different trust roots", 1},
		{"roster", func(d *Document) { d.Trust.Roster.SHA256 = digest(6) }, "different rosters", 1},
		{"copy of a key", func(d *Document) { d.Trust.Keys[0].Copies[0].SHA256 = digest(8) }, "copies of the key " + w.run.Trust.Keys[0].Fingerprint, 0},
		{"key not at hand", func(d *Document) { d.Trust.Keys[0].Copies = nil }, "not at hand", 0},
		{"key not pinned", func(d *Document) { d.Trust.Keys = d.Trust.Keys[1:] }, "not pinned", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := len(w.evidence) / 2
			a, b := w.report(w.evidence[:n]), copyOf(t, w.report(w.evidence[n:]))
			tt.change(b)
			_, err := Merge(parts(a, b), w.options())
			var trust *TrustError
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.As(err, &trust) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
			opt := w.options()
			opt.AllowDifferentTrust = true
			for _, docs := range [][]*Document{{a, b}, {b, a}} {
				d := mustMerge(t, opt, docs...)
				if got := len(d.Trust.Others); got != tt.others {
					t.Errorf("%d others, want %d", got, tt.others)
				}
				if d.Trust.Roster.SHA256 != w.roster.SHA256() {
					t.Error("not judged by the roster that was given")
				}
				if tt.others > 0 && !strings.Contains(render(t, Markdown, d), "of another part") {
					t.Error("the report does not say what it stood on")
				}
				copyOf(t, d)
				mustMerge(t, w.options(), d) // one part cannot differ from itself
			}
		})
	}
}

func TestMergeOtherRoster(t *testing.T) {
	w := newWorld(t)
	data, err := os.ReadFile("../testdata/demo/roster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other, err := keyrings.Parse("demo", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, allow := range []bool{false, true} {
		_, err = Merge(parts(w.report(w.evidence)), MergeOptions{Roster: other, AllowDifferentTrust: allow})
		if err == nil || !strings.Contains(err.Error(), "give the same with --roster") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Merge(nil, w.options()); err == nil {
		t.Error("nothing was merged")
	}
}

// The rest of the document: the latest time, sources in order, what the parts
// repeat once.
func TestMergeRest(t *testing.T) {
	w := newWorld(t)
	a, b := w.report(w.evidence[:2]), w.report(w.evidence[2:])
	b.Created = Time{a.Created.Add(time.Hour)}
	b.Offline = false
	a.Sources, b.Sources = []string{"x", "y"}, []string{"y", "z"}
	u := func(paths ...string) (out []Unrecognised) {
		for _, p := range paths {
			out = append(out, Unrecognised{p, "why"})
		}
		return out
	}
	a.Unrecognised, b.Unrecognised = u("p", "q", "q"), u("q", "q", "r")
	a.Troubles, b.Troubles = nil, []Trouble{{"t", "m"}}
	d := mustMerge(t, w.options(), a, b)
	if !d.Created.Equal(b.Created.Time) || d.Offline {
		t.Errorf("created %v, offline %t", d.Created, d.Offline)
	}
	if diff := cmp.Diff([]string{"x", "y", "z"}, d.Sources); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(u("p", "q", "q", "r"), d.Unrecognised); diff != "" {
		t.Error(diff)
	}
	if d.Summary.Troubles != 1 || d.Exit(compare.Error) != 2 {
		t.Errorf("%d troubles, exit status %d", d.Summary.Troubles, d.Exit(compare.Error))
	}
}

// A part says so to people in every format for them, and keeps what it says.
func TestPart(t *testing.T) {
	r := sampleRun()
	people := map[string]func(io.Writer, *Document) error{
		"table":    func(w io.Writer, d *Document) error { return Table(w, d, TableOptions{Width: 120}) },
		"markdown": Markdown,
		"html":     HTML,
	}
	for name, f := range people {
		if got := render(t, f, New(r)); strings.Contains(got, "This is a part") {
			t.Errorf("%s: the whole is a part", name)
		}
	}
	r.Part = &Part{Selection: "--shard 1/3", Of: 2736}
	d := New(r)
	want := fmt.Sprintf("This is a part of the source (--shard 1/3): %d of 2736 artifacts. 1 place could not", len(r.Assessments))
	if got := d.caveat(); !strings.HasPrefix(got, want) {
		t.Errorf("the caveat is %q, want %q first", got, want)
	}
	for name, f := range people {
		got := render(t, f, d)
		if !strings.Contains(got, "This is a part of the source") || !strings.Contains(got, " 1/3): ") || !strings.Contains(got, "of 2736 artifacts") {
			t.Errorf("%s does not say that it is a part", name)
		}
	}
	if got := copyOf(t, d).Part; got == nil || *got != *r.Part {
		t.Errorf("read again as %v, want %v", got, r.Part)
	}
}

func TestMergeMissing(t *testing.T) {
	w := newWorld(t)
	all := len(w.evidence)
	partOf := func(of int, ev []compare.Evidence) *Document {
		w := w
		w.run.Part = &Part{Selection: "--shard", Of: of}
		return copyOf(t, w.report(ev))
	}
	a, b, c := partOf(all, w.evidence[:3]), partOf(all, w.evidence[3:5]), partOf(all, w.evidence[5:])
	whole := w.report(w.evidence)
	want := render(t, JSON, whole)
	for name, docs := range map[string][]*Document{
		"all parts":              {a, b, c},
		"overlapping":            {a, b, b, c, a},
		"a part and the whole":   {a, whole},
		"all parts and of whole": {c, b, a, w.report(w.evidence[:1])},
	} {
		if got := render(t, JSON, mustMerge(t, w.options(), docs...)); got != want {
			t.Errorf("%s: not the undivided report (-want +got):\n%s", name, cmp.Diff(want, got))
		}
	}

	others := slices.Clone(w.evidence) // as many as the whole
	for i := range others {
		others[i].Location = "elsewhere/" + others[i].Location
	}
	allow := w.options()
	allow.AllowMissing = true
	lacking := fmt.Sprintf("the parts hold %d of %d artifacts: name the missing parts, or pass --allow-missing", all-2, all)
	for _, tt := range []struct {
		name    string
		docs    []*Document
		want    string
		allowed bool // by AllowMissing
	}{
		{"one is missing", []*Document{a, c}, lacking, true},
		{"one twice does not stand in", []*Document{a, c, a}, lacking, true},
		{"merged before", []*Document{mustMerge(t, allow, a, c)}, lacking, true},
		{"another listing", []*Document{a, partOf(all+1, w.evidence[3:])}, fmt.Sprintf("part-1.json is a part of %d artifacts and part-2.json of %d: ", all, all+1), false},
		{"too many", []*Document{partOf(4, w.evidence[:3]), partOf(4, w.evidence[3:])}, fmt.Sprintf("the parts hold %d artifacts, and say that they are of 4: ", all), false},
		// As many as there should be, but others.
		{"beside another source", []*Document{a, w.report(w.evidence[3:])}, fmt.Sprintf("the parts hold 3 of %d artifacts, and part-2.json is no part of them: ", all), false},
		{"beside another of the same size", []*Document{a, w.report(others)}, "part-2.json is no part of them", false},
		{"beside less than the whole", []*Document{a, w.report(w.evidence[:all-1])}, "part-2.json is no part of them", false},
	} {
		_, err := Merge(parts(tt.docs...), w.options())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		d, err := Merge(parts(tt.docs...), allow)
		switch {
		case tt.allowed && err != nil:
			t.Errorf("%s: %v although it is allowed", tt.name, err)
		case !tt.allowed && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v although nothing can allow it, want %q", tt.name, err, tt.want)
		case tt.allowed && (d.Part == nil || *d.Part != Part{"merged parts", all}):
			t.Errorf("%s: the result is a part %v", tt.name, d.Part)
		}
	}
	if got := mustMerge(t, allow, mustMerge(t, allow, a, c), b); render(t, JSON, got) != want {
		t.Error("the part that was missing does not complete what was merged without it")
	}
	if got := mustMerge(t, allow, a, b, c); got.Part != nil {
		t.Errorf("nothing is missing, and the result is a part %v", got.Part)
	}
}

// TestMergeOrigins: a merged report says so where its parts were not all made
// by this program at one time, since its results are as old as each part.
func TestMergeOrigins(t *testing.T) {
	w := newWorld(t)
	half := len(w.evidence) / 2
	first, second := w.report(w.evidence[:half]), w.report(w.evidence[half:])
	if d := mustMerge(t, w.options(), first, second); d.Origins != nil {
		t.Errorf("parts of one run have origins: %v", d.Origins)
	}
	older := Origin{first.Generator, Time{first.Created.Add(-24 * time.Hour)}}
	first.Created = older.Created
	newer := Origin{second.Generator, second.Created}
	want := []Origin{older, newer}
	merged := mustMerge(t, w.options(), second, first)
	if diff := cmp.Diff(want, merged.Origins); diff != "" {
		t.Error(diff)
	}
	if got := merged.oldest(); !got.Equal(older.Created.Time) {
		t.Errorf("the oldest part is of %s", got)
	}
	third := w.report(w.evidence[:half])
	third.Generator.Version = "0.0.1"
	want = []Origin{older, {third.Generator, third.Created}, newer}
	again := mustMerge(t, w.options(), merged, third)
	if len(again.Origins) != 3 || !again.otherProgram(w.run.Generator) || merged.otherProgram(w.run.Generator) {
		t.Errorf("got %v, want in some order %v", again.Origins, want)
	}
	if alone := mustMerge(t, w.options(), third); len(alone.Origins) != 1 || alone.Origins[0].Generator != third.Generator {
		t.Errorf("another program's part alone: %v", alone.Origins)
	}
}
