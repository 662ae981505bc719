package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/pgp"
	"migrate/sigstore"
)

var update = flag.Bool("update", false, "write the golden files")

// renderers are all that a document can be rendered with.
var renderers = map[string]func(io.Writer, *Document) error{
	"csv":      CSV,
	"json":     JSON,
	"jsonl":    JSONL,
	"junit":    JUnit,
	"markdown": Markdown,
	"sarif":    SARIF,
	"text":     Text,
	"table":    func(w io.Writer, d *Document) error { return Table(w, d, TableOptions{}) },
	"table-50": func(w io.Writer, d *Document) error { return Table(w, d, TableOptions{Width: 50}) },
	"table-120-color": func(w io.Writer, d *Document) error {
		return Table(w, d, TableOptions{Width: 120, Color: true})
	},
}

func render(t testing.TB, f func(io.Writer, *Document) error, d *Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden holds a text to a file of testdata, or rewrites it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (if that is right, run go test ./report -update):\n%s", file, diff)
	}
}

func TestGolden(t *testing.T) {
	for name, f := range renderers {
		t.Run(name, func(t *testing.T) {
			golden(t, name, render(t, f, New(sampleRun())))
		})
	}
}

// The goldens are worth little if they do not show everything.
func TestSampleShowsAll(t *testing.T) {
	d := New(sampleRun())
	for _, v := range verdicts {
		if d.Summary.Verdicts[v] == 0 {
			t.Errorf("no artifact with verdict %s", v)
		}
	}
	for _, r := range readinesses {
		if !slices.ContainsFunc(d.Series, func(s Series) bool { return s.Readiness == r }) {
			t.Errorf("no series that is %s", r)
		}
	}
	for _, l := range levels {
		if d.Summary.Findings[l] == 0 {
			t.Errorf("no finding of level %s", l)
		}
	}
}

// The lists that say in which order values are shown must not lack any.
func TestEveryValueListed(t *testing.T) {
	for i := range 256 {
		v, r, l := compare.Verdict(i), compare.Readiness(i), compare.Level(i)
		if _, err := v.MarshalText(); (err == nil) != slices.Contains(verdicts, v) {
			t.Errorf("verdict %d: exists %v, listed %v", i, err == nil, err != nil)
		}
		if _, err := r.MarshalText(); (err == nil) != slices.Contains(readinesses, r) {
			t.Errorf("readiness %d: exists %v, listed %v", i, err == nil, err != nil)
		}
		if _, err := l.MarshalText(); (err == nil) != slices.Contains(levels, l) {
			t.Errorf("level %d: exists %v, listed %v", i, err == nil, err != nil)
		}
	}
	for _, v := range verdicts {
		if meanings[v] == "" {
			t.Errorf("no meaning for verdict %s", v)
		}
	}
}

// The first lines of every report for people have the answer, the readiness of
// each series, and the beginning of what to do.
func TestAnswerFirst(t *testing.T) {
	for _, name := range []string{"table", "markdown"} {
		lines := strings.Split(render(t, renderers[name], New(sampleRun())), "\n")
		head := strings.Join(lines[:20], "\n")
		at := -1
		for _, want := range []string{"Yes for 3.14 (2 artifacts) and 3.13 (2 artifacts)", "No for 3.9", "ready-with-gaps", "not-ready", "What to do", "3.14 has no PGP signatures"} {
			i := strings.Index(strings.ReplaceAll(head, "\n", " "), want)
			if i <= at {
				t.Errorf("%s: %q is not in the first 20 lines, or not in its place:\n%s", name, want, head)
			}
			at = i
		}
	}
}

func TestAnswer(t *testing.T) {
	series := func(names ...string) (list []Series) {
		for _, n := range names {
			s, r, _ := strings.Cut(n, " ")
			var readiness compare.Readiness
			if err := readiness.UnmarshalText([]byte(r)); err != nil {
				t.Fatal(err)
			}
			list = append(list, Series{Series: s, Readiness: readiness, Artifacts: 1 + len(list)})
		}
		return list
	}
	some := []Artifact{{}}
	for _, tt := range []struct {
		d    Document
		want string
	}{
		{Document{}, "No artifacts were found, so there is no answer."},
		{Document{Artifacts: some, Series: series("3.13 ready")}, "Yes for 3.13 (1 artifact)."},
		{Document{Artifacts: some, Series: series("3.9 ready", "3.10 ready", "3.11 ready")}, "Yes for 3.11 (3 artifacts), 3.10 (2 artifacts) and 3.9 (1 artifact)."},
		{Document{Artifacts: some, Series: series("3.9 undetermined", "3.10 not-ready", "3.11 ready-with-gaps")},
			"Yes, with gaps, for 3.11 (3 artifacts). No for 3.10. Undetermined for 3.9."},
	} {
		if got := tt.d.answer(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestStepsShared(t *testing.T) {
	reason := []Reason{{Code: "compare/no-sigstore", Message: "no bundles exist: keep PGP"}}
	d := Document{Series: []Series{
		{Series: "3.4", Readiness: compare.NotReady, Reasons: reason},
		{Series: "3.5", Readiness: compare.NotReady, Reasons: reason},
		{Series: "3.6", Readiness: compare.Undetermined, Reasons: reason},
		{Series: "3.7", Readiness: compare.Ready},
		{Series: "3.8", Readiness: compare.NotReady, Reasons: []Reason{{Code: "compare/no-sigstore", Message: "no bundles exist: keep PGP", Artifacts: []string{"a"}}}},
	}}
	var got []string
	for _, s := range d.steps() {
		got = append(got, strings.Join(s.series, "+")+" "+s.readiness.String()+" "+s.reasons[0].Message)
	}
	want := []string{
		"3.8 not-ready no bundles exist: keep PGP",
		"3.7 ready Check Sigstore in place of PGP: nothing is lost.",
		"3.6 undetermined no bundles exist: keep PGP",
		"3.5+3.4 not-ready no bundles exist: keep PGP",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Missing, negative, could not be checked and expected to be absent never look
// the same.
func TestOutcomesDiffer(t *testing.T) {
	var seen []string
	see := func(o outcome) {
		t.Helper()
		if slices.Contains(seen, o.String()) {
			t.Errorf("%q stands for two different outcomes", o)
		}
		seen = append(seen, o.String())
	}
	for _, presence := range []string{"required", "optional", "none", ""} {
		var a Artifact
		a.PGP.Status = pgp.Missing
		if err := setString(&a.Expected.PGP.Presence, presence); err != nil {
			t.Fatal(err)
		}
		see(a.pgpOutcome())
	}
	for s := pgp.Unchecked; s < pgp.Missing; s++ {
		see((&Artifact{PGP: PGP{Status: s}}).pgpOutcome())
	}
	see((&Artifact{PGP: PGP{Unseen: true, Reason: pgp.NoBytes}}).pgpOutcome())
	see((&Artifact{PGP: PGP{Reason: pgp.NoBytes}}).pgpOutcome())
	see((&Artifact{PGP: PGP{Status: pgp.Rejected, Reason: pgp.KeyRevoked, UserID: "x"}}).pgpOutcome())
	see((&Artifact{PGP: PGP{Status: pgp.Weak, Weaknesses: []pgp.Weakness{pgp.WeakHash, pgp.WeakKey}, UserID: "x"}}).pgpOutcome())
	if got, want := seen[len(seen)-1], "weak (weak-hash, weak-key): x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	seen = nil
	for s := sigstore.Unchecked; s < sigstore.Missing; s++ {
		see((&Artifact{Sigstore: Sigstore{Status: s}}).sigstoreOutcome())
	}
	see((&Artifact{Sigstore: Sigstore{Status: sigstore.Missing}}).sigstoreOutcome())
	see((&Artifact{Sigstore: Sigstore{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog}}).sigstoreOutcome())
	see((&Artifact{Sigstore: Sigstore{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog, NewerThanRoot: true}}).sigstoreOutcome())
	see((&Artifact{Sigstore: Sigstore{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint}}).sigstoreOutcome())
	see((&Artifact{Sigstore: Sigstore{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint, PromiseIdentity: Identity{SAN: "a@b"}}}).sigstoreOutcome())
}

func setString(dst any, s string) error {
	v := reflect.ValueOf(dst).Elem()
	if v.Kind() != reflect.String {
		return fmt.Errorf("%T is no string", dst)
	}
	v.SetString(s)
	return nil
}

// A claimed identity is never shown as the one that signed.
func TestClaimedIsNotShown(t *testing.T) {
	a := Artifact{Sigstore: Sigstore{Status: sigstore.Bad, Claimed: Identity{SAN: "claimed@example.com"}}}
	if got := a.sigstoreOutcome().String(); got != "bad" {
		t.Errorf("got %q, want just the status", got)
	}
}

func TestAlike(t *testing.T) {
	list := func(verdict compare.Verdict, releases, each int) (out []*Artifact) {
		for r := range releases {
			for i := range each {
				out = append(out, &Artifact{Name: fmt.Sprintf("f-%d-%d", r, i), Version: fmt.Sprintf("3.9.%d", r), Verdict: verdict})
			}
		}
		return out
	}
	for _, tt := range []struct {
		name string
		in   []*Artifact
		want []string
	}{
		{"few", list(compare.Equivalent, 1, 3), []string{"f-0-0", "f-0-1", "f-0-2"}},
		{"one release", list(compare.Equivalent, 1, 9), []string{"3.9.0: 9 artifacts"}},
		{"some releases", list(compare.Equivalent, 2, 5), []string{"3.9.0: 5 artifacts", "3.9.1: 5 artifacts"}},
		{"many releases", list(compare.Equivalent, 30, 5), []string{"150 artifacts of 30 releases, 3.9.0 to 3.9.29"}},
		{"negatives by name, and first", append(list(compare.Equivalent, 1, 9), list(compare.Conflict, 1, 5)...),
			[]string{"f-0-0", "f-0-1", "f-0-2", "f-0-3", "f-0-4", "3.9.0: 9 artifacts"}},
		{"too many negatives", list(compare.Failed, 9, 9), []string{"81 artifacts of 9 releases, 3.9.0 to 3.9.8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			n := 0
			for _, r := range alike(tt.in) {
				got = append(got, r.label)
				n += len(r.artifacts)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if n != len(tt.in) {
				t.Errorf("%d artifacts in the rows, want %d", n, len(tt.in))
			}
		})
	}
}

func TestExit(t *testing.T) {
	finding := func(l compare.Level) []Finding { return []Finding{{Code: "pgp/missing", Level: l, Message: "x"}} }
	ok := Artifact{Verdict: compare.Equivalent}
	for _, tt := range []struct {
		name   string
		d      Document
		failOn compare.Level
		want   int
	}{
		{"nothing found", Document{}, compare.Error, 2},
		{"all well", Document{Artifacts: []Artifact{ok}}, compare.Note, 0},
		{"unrecognised alone", Document{Artifacts: []Artifact{ok}, Unrecognised: []Unrecognised{{}}}, compare.Note, 0},
		{"trouble", Document{Artifacts: []Artifact{ok}, Troubles: []Trouble{{}}}, compare.Error, 2},
		{"unchecked", Document{Artifacts: []Artifact{ok, {}}}, compare.Error, 2},
		{"unreadable", Document{Artifacts: []Artifact{{Verdict: compare.Failed, Trouble: "x"}}}, compare.Error, 2},
		{"malformed .asc", Document{Artifacts: []Artifact{{Verdict: compare.Conflict, PGP: PGP{Status: pgp.Malformed}}}}, compare.Error, 2},
		{"malformed bundle", Document{Artifacts: []Artifact{{Verdict: compare.Conflict, Sigstore: Sigstore{Status: sigstore.Malformed}}}}, compare.Error, 2},
		{"error", Document{Artifacts: []Artifact{{Verdict: compare.Failed, Findings: finding(compare.Error)}}}, compare.Error, 1},
		{"warning below", Document{Artifacts: []Artifact{{Verdict: compare.PGPOnly, Findings: finding(compare.Warning)}}}, compare.Error, 0},
		{"warning at", Document{Artifacts: []Artifact{{Verdict: compare.PGPOnly, Findings: finding(compare.Warning)}}}, compare.Warning, 1},
		{"note at", Document{Artifacts: []Artifact{{Verdict: compare.PGPOnly, Findings: finding(compare.Note)}}}, compare.Note, 1},
		{"error above", Document{Artifacts: []Artifact{{Verdict: compare.Failed, Findings: finding(compare.Error)}}}, compare.Note, 1},
		{"no level means error", Document{Artifacts: []Artifact{{Verdict: compare.Failed, Findings: finding(compare.Error)}}}, 0, 1},
		{"no level is not note", Document{Artifacts: []Artifact{{Verdict: compare.PGPOnly, Findings: finding(compare.Warning)}}}, 0, 0},
		{"trouble beats findings", Document{Artifacts: []Artifact{{Verdict: compare.Failed, Findings: finding(compare.Error)}, {}}}, compare.Error, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.d.Exit(tt.failOn); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestNothingLost fills every field of the evidence and looks for each value
// in the document: the program's other formats know nothing but that.
func TestNothingLost(t *testing.T) {
	var a compare.Assessment
	f := filler{values: make(map[string]string)}
	f.fill(reflect.ValueOf(&a).Elem(), "Assessment")
	a.Location = "path/in/source" // tells paths from URLs
	doc := render(t, JSON, New(Run{
		Time:        at("2026-01-01 00:00"),
		Assessments: []compare.Assessment{a},
		Trust:       Trust{Keys: []Key{{Fingerprint: string(a.PGP.Certificate), Person: "person", Name: "A Name"}}},
	}))
	for at, value := range f.values {
		if at != "Assessment.Evidence.Location" && !strings.Contains(doc, value) {
			t.Errorf("%s (%s) is not in the document", at, value)
		}
	}
	for _, want := range []string{`"path": "path/in/source"`, `"signer": "person"`, `"signerName": "A Name"`} {
		if !strings.Contains(doc, want) {
			t.Errorf("%s is not in the document", want)
		}
	}
	if len(f.values) < 50 {
		t.Errorf("only %d values were filled in", len(f.values))
	}
	// Booleans cannot be told apart by their value: false ones are left out.
	if got, want := strings.Count(doc, ": true"), f.bools; got != want {
		t.Errorf("%d fields are true, want %d", got, want)
	}
}

type filler struct {
	values map[string]string // as they look in JSON, by where they are
	n      int
	bools  int
}

func (f *filler) fill(v reflect.Value, at string) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		u := time.Unix(int64(f.n)*100000, 0).UTC()
		v.Set(reflect.ValueOf(u))
		f.values[at] = u.Format(time.RFC3339)
		return
	case release.Version:
		v.Set(reflect.ValueOf(release.Version{Major: 3, Minor: 97, Micro: 98, Pre: "rc", PreN: 99}))
		f.values[at] = `"3.97.98rc99"`
		return
	case pgp.Status, sigstore.Status, compare.Verdict, compare.Level:
		v.SetUint(2)
		f.values[at] = fmt.Sprintf("%q", v.Interface())
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), at+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i), fmt.Sprintf("%s[%d]", at, i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, fmt.Sprintf("%s key %d", at, i))
			f.fill(value, fmt.Sprintf("%s value %d", at, i))
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("value-%d-", f.n))
		f.values[at] = fmt.Sprintf("%q", v.Interface())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(77000 + f.n))
		f.values[at] = fmt.Sprintf(": %d", 77000+f.n)
	case reflect.Bool:
		v.SetBool(true)
		f.bools++
	default:
		panic("what is a " + v.Type().String() + "?")
	}
}

func TestNew(t *testing.T) {
	a := artifact(release.Version{Major: 3, Minor: 13, Micro: 5}, "python3.13_3.13.5.orig.tar.xz", release.RoleSource, release.KindSource)
	a.Name.Upstream = "Python-3.13.5.tar.xz"
	a.Size = -1
	a.Location = "https://example.com/x"
	b := a
	b.Name.Upstream = b.Name.File
	b.Location, b.URL, b.Size = "d/x\xff", "https://example.com/y", 0
	r := Run{
		Time:         time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600)),
		Sources:      []string{"\xfe"},
		Assessments:  []compare.Assessment{a, b},
		Series:       []compare.Series{{Series: release.Series{Major: 3, Minor: 13}}},
		Unrecognised: []source.Unrecognised{{Location: "a", Reason: "b"}},
	}
	d := New(r)
	zero := int64(0)
	type fields struct {
		Upstream, Path, URL string
		Size                *int64
	}
	var got []fields
	for _, a := range d.Artifacts {
		got = append(got, fields{a.Upstream, a.Path, a.URL, a.Size})
	}
	want := []fields{
		{"Python-3.13.5.tar.xz", "", "https://example.com/x", nil},
		{"", `d/x\xff`, "https://example.com/y", &zero},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := d.Created.Format(time.RFC3339Nano), "2026-01-02T02:04:05Z"; got != want {
		t.Errorf("created %s, want %s", got, want)
	}
	if got := d.Sources[0]; got != `\xfe` {
		t.Errorf("source %q", got)
	}
	if s := d.Series[0]; s.Artifacts != 2 || s.Verdicts[compare.Unchecked] != 2 {
		t.Errorf("series has %d artifacts, %v", s.Artifacts, s.Verdicts)
	}
	if got, want := d.Summary.Unrecognised, 1; got != want {
		t.Errorf("%d unrecognised, want %d", got, want)
	}
}

// failing fails after n bytes.
type failing struct{ n int }

var errFull = errors.New("no space left")

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	d := New(bigRun(200))
	for name, f := range renderers {
		for _, n := range []int{0, 1, 5000} {
			if err := f(&failing{n}, d); !errors.Is(err, errFull) {
				t.Errorf("%s, full after %d bytes: got error %v", name, n, err)
			}
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for name, f := range renderers {
		for _, n := range []int{1000, 10000} {
			d := New(bigRun(n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := f(io.Discard, d); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	for _, n := range []int{1000, 10000} {
		d := New(bigRun(n))
		b.Run(fmt.Sprintf("table-all/%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := Table(io.Discard, d, TableOptions{All: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		doc := render(b, JSON, New(bigRun(n)))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := Read(strings.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestTimesThatCannotBeSaid: a bundle may claim any time, and RFC 3339 knows the
// years 0 to 9999.
func TestTimesThatCannotBeSaid(t *testing.T) {
	for _, tt := range []struct {
		seconds int64 // since 1970
		said    bool
	}{
		{0, true}, {-1, true}, {253402300799, true}, {253402300800, false}, {-62167219200, true}, {-62167219201, false},
		{math.MaxInt64, false}, {math.MinInt64, false},
	} {
		when := newTime(time.Unix(tt.seconds, 0))
		if when.IsZero() == tt.said {
			t.Errorf("%d: %s", tt.seconds, when)
		}
		if _, err := json.Marshal(when); err != nil {
			t.Errorf("%d: %v", tt.seconds, err)
		}
	}
	// In UTC it is another year than where it was.
	if when := newTime(time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*60*60))); !when.IsZero() {
		t.Errorf("in the year %d", when.Year())
	}
}
