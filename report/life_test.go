package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/keyrings"
)

func day(t testing.TB, s string) cycle.Date {
	t.Helper()
	d, err := cycle.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func seriesOf(t *testing.T, d *Document, name string) Series {
	t.Helper()
	i := slices.IndexFunc(d.Series, func(s Series) bool { return s.Series == name })
	if i < 0 {
		t.Fatalf("no series %s", name)
	}
	return d.Series[i]
}

// onlyLife is what a series says of its life.
func onlyLife(s Series) Series {
	return Series{Status: s.Status, FirstRelease: s.FirstRelease, EndOfLife: s.EndOfLife, PGP: s.PGP, Sigstore: s.Sigstore}
}

func TestLifeInDocument(t *testing.T) {
	d := New(sampleRun())
	signed := func(from, until string) Period {
		return Period{keyrings.Required, day(t, from), day(t, until)}
	}
	for name, want := range map[string]Series{
		"3.9":  {Status: cycle.EndOfLife, FirstRelease: day(t, "2020-10-05"), EndOfLife: day(t, "2025-10-31"), PGP: signed("2020-10-05", "2025-10-31"), Sigstore: signed("2022-09-06", "2025-10-31")},
		"3.12": {PGP: Period{Presence: keyrings.Required}, Sigstore: Period{Presence: keyrings.Required}},
		"3.13": {Status: cycle.Bugfix, FirstRelease: day(t, "2024-10-07"), EndOfLife: day(t, "2029-10"), PGP: signed("2024-10-07", "2029-10"), Sigstore: signed("2024-10-07", "2029-10")},
		"3.14": {Status: cycle.Bugfix, FirstRelease: day(t, "2025-10-07"), EndOfLife: day(t, "2030-10"), PGP: Period{Presence: keyrings.None}, Sigstore: signed("2025-10-07", "2030-10")},
	} {
		if diff := cmp.Diff(want, onlyLife(seriesOf(t, d, name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if want := (ReleaseCycle{"embedded", day(t, "2026-07-01"), digest(6)}); d.Trust.ReleaseCycle != want {
		t.Errorf("stood on %v, want %v", d.Trust.ReleaseCycle, want)
	}
	text := render(t, JSON, d)
	for _, want := range []string{`"firstRelease": "2024-10-07"`, `"endOfLife": "2029-10"`, `"date": "2026-07-01"`, `"until": "2029-10"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in the document", want)
		}
	}
	for name, words := range map[string][]string{
		"table":    {"RELEASE CYCLE", "bugfix, ends 2029-10", "end-of-life 2025-10-31", "not known"},
		"markdown": {"| Release cycle |", "| bugfix, ends 2029-10 |", "| not known |", "Release cycle: `embedded`, of 2026-07-01"},
		"html":     {"bugfix, ends 2029-10", "<dt>Release cycle</dt><dd><code>embedded</code>, of 2026-07-01"},
		"csv":      {"series.endOfLife", ",bugfix,2024-10-07,2029-10"},
	} {
		f := renderers[name]
		if f == nil {
			f = HTML
		}
		out := render(t, f, d)
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("%s does not say %s", name, w)
			}
		}
	}
}

// withoutLife is a report as it was written before there was a release cycle.
func withoutLife(t *testing.T, d *Document) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(render(t, JSON, d)), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc["trust"].(map[string]any), "releaseCycle")
	for _, s := range doc["series"].([]any) {
		s := s.(map[string]any)
		for _, field := range []string{"status", "firstRelease", "endOfLife", "pgp", "sigstore"} {
			delete(s, field)
		}
		s["reasons"] = slices.DeleteFunc(s["reasons"].([]any), func(r any) bool {
			code := r.(map[string]any)["code"].(string)
			return code == "compare/pgp-until" || code == "compare/no-pgp" || code == "compare/end-of-life"
		})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadWithoutLife(t *testing.T) {
	d, err := Read(strings.NewReader(withoutLife(t, New(sampleRun()))))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Series {
		if onlyLife(s).PGP != (Period{}) || !s.EndOfLife.IsZero() || s.Status != "" {
			t.Errorf("%s has a life: %+v", s.Series, s)
		}
	}
	all := maps.Clone(renderers)
	all["html"] = HTML
	for name, f := range all {
		out := render(t, f, d)
		for _, w := range []string{"Release cycle", "RELEASE CYCLE", "until 20", "| not known |", "Life of", `"endOfLife"`, "0000-00"} {
			if strings.Contains(out, w) {
				t.Errorf("%s says %q of a report without", name, w)
			}
		}
	}
	if out := render(t, HTML, d); !strings.Contains(out, "<h2>Timeline of coverage</h2>") {
		t.Error("the timeline has another title")
	}

	// A run without a release cycle says nothing either, and merging old reports works.
	r := sampleRun()
	r.Cycle = nil
	if got := New(r); got.Trust.ReleaseCycle != (ReleaseCycle{}) || !got.Series[0].EndOfLife.IsZero() {
		t.Errorf("%+v", got.Series[0])
	}
	w := newWorld(t)
	w.run.Cycle = nil
	merged := mustMerge(t, w.options(), w.report(w.evidence[:4]), w.report(w.evidence[4:]))
	if diff := cmp.Diff(w.report(w.evidence), merged); diff != "" {
		t.Errorf("merged, it differs:\n%s", diff)
	}
}

func TestReadRefusesLife(t *testing.T) {
	text := render(t, JSON, New(sampleRun()))
	for _, tt := range []struct{ name, old, new, want string }{
		{"a month 13", `"endOfLife": "2029-10"`, `"endOfLife": "2029-13"`, "2029-13"},
		{"a 30th of February", `"endOfLife": "2029-10"`, `"endOfLife": "2029-02-30"`, "2029-02-30"},
		{"a year", `"endOfLife": "2029-10"`, `"endOfLife": "2029"`, "2029"},
		{"a year far ahead", `"endOfLife": "2029-10"`, `"endOfLife": "2999-10"`, "2999-10"},
		{"null", `"endOfLife": "2029-10"`, `"endOfLife": null`, "endOfLife is null"},
		{"an object", `"endOfLife": "2029-10"`, `"endOfLife": {"year": 2029}`, "endOfLife is not"},
		{"empty", `"endOfLife": "2029-10"`, `"endOfLife": ""`, "not a date"},
		{"no first release", `"firstRelease": "2024-10-07",`, ``, "firstRelease"},
		{"another status", `"status": "security"`, `"status": "planned"`, "/series/1/status"},
		{"another presence", `"presence": "none"
      }`, `"presence": "never"
      }`, "presence"},
		{"no presence", `"presence": "none"
      }`, `"from": "2024-10", "until": "2029-10"
      }`, "presence"},
		{"a cycle without digest", `"date": "2026-07-01",
      "sha256": "` + digest(6) + `"`, `"date": "2026-07-01"`, "sha256"},
	} {
		edited := strings.Replace(text, tt.old, tt.new, 1)
		if edited == text {
			t.Fatalf("%s: nothing to replace", tt.name)
		}
		if _, err := Read(strings.NewReader(edited)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// span is the part of a bar on the chart, in the words of its class.
func spans(c lifeChart, series string, track float64) string {
	var out []string
	for _, r := range c.Rows {
		if r.Series.Series != series {
			continue
		}
		for _, b := range r.Rects {
			if b.Y >= track && b.Y < track+lifeTrack+lifeGap {
				out = append(out, fmt.Sprintf("%s %s..%s", b.Class, c.month(b.X), c.month(b.X+b.Width)))
			}
		}
	}
	return strings.Join(out, ", ")
}

// month is the month nearest to a place on the chart, by its years.
func (c lifeChart) month(x float64) string {
	year, err := time.Parse("2006", c.Years[0].Label)
	if err != nil {
		panic(err)
	}
	perYear := c.Years[1].X - c.Years[0].X
	months := math.Round((x - c.Years[0].X) / perYear * 12)
	return year.AddDate(0, int(months), 0).Format("2006-01")
}

func TestLifeChart(t *testing.T) {
	const pgpTrack, sigstoreTrack = 4, 4 + lifeTrack + lifeGap
	d := New(sampleRun())
	c := newLifeChart(d)
	for _, tt := range []struct {
		series        string
		pgp, sigstore string
	}{
		// The report was made on 2026-08-06.
		{"3.14", "none 2025-10..2030-11", "sig 2025-10..2026-08, sig planned 2026-08..2030-11"},
		{"3.13", "pgp 2024-10..2026-08, pgp planned 2026-08..2029-11", "sig 2024-10..2026-08, sig planned 2026-08..2029-11"},
		{"3.12", "", ""}, // whose life is not known
		{"3.9", "pgp 2020-10..2025-11", "none 2020-10..2022-09, sig 2022-09..2025-11"},
	} {
		if got := spans(c, tt.series, pgpTrack); got != tt.pgp {
			t.Errorf("%s by PGP: %s, want %s", tt.series, got, tt.pgp)
		}
		if got := spans(c, tt.series, sigstoreTrack); got != tt.sigstore {
			t.Errorf("%s by Sigstore: %s, want %s", tt.series, got, tt.sigstore)
		}
	}
	if got := c.month(c.Now); got != "2026-08" {
		t.Errorf("the report was made in %s", got)
	}
	if c.Summary != "Of these series, 3.13 is the last to get PGP signatures, until 2029-10." || !c.None || c.Unknown {
		t.Errorf("%q, none %v, unknown %v", c.Summary, c.None, c.Unknown)
	}
	if n := len(c.Rows); n != 4 || c.Rows[0].Series.Series != "3.14" {
		t.Errorf("%d rows, the first %s", n, c.Rows[0].Series.Series)
	}

	// Everything that the picture says is said in words too.
	text := parseHTML(t, render(t, HTML, d)).text
	for _, want := range []string{"3.9\nend-of-life\n2020-10-05\n2025-10-31\n2020-10-05 to 2025-10-31\n2022-09-06 to 2025-10-31",
		"3.14\nbugfix\n2025-10-07\n2030-10\nnone\n2025-10-07 to 2030-10", "when this report was made", "still to come", "not signed with it"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestLifeChartEdges(t *testing.T) {
	life := func(name, first, end string, s cycle.Status, pgp, sigstore keyrings.Presence) Series {
		out := Series{Series: name, Status: s, FirstRelease: day(t, first), EndOfLife: day(t, end), PGP: Period{Presence: pgp}, Sigstore: Period{Presence: sigstore}}
		for _, p := range []*Period{&out.PGP, &out.Sigstore} {
			if p.Presence == keyrings.Required {
				p.From, p.Until = out.FirstRelease, out.EndOfLife
			}
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		series  []Series
		created time.Time
		check   func(c lifeChart) string
	}{
		{"nothing", nil, at("2026-08-06 09:30"), func(c lifeChart) string {
			if len(c.Rows)+len(c.Years) > 0 {
				return "there is a chart"
			}
			return ""
		}},
		{"the roster does not know", []Series{life("3.99", "2024-10-07", "2029-10", cycle.Bugfix, "", "")}, at("2026-08-06 09:30"), func(c lifeChart) string {
			if got := spans(c, "3.99", 4); got != "unknown 2024-10..2029-11" || !c.Unknown || c.None || c.Summary != "" {
				return got + c.Summary
			}
			return ""
		}},
		{"all have ended", []Series{life("3.6", "2016-12-23", "2021-12-23", cycle.EndOfLife, keyrings.Required, keyrings.None)}, at("2026-08-06 09:30"), func(c lifeChart) string {
			if c.Summary != "None of these series gets PGP signatures any more." || c.Years[len(c.Years)-1].Label == "" && len(c.Years) != 11 {
				return fmt.Sprint(c.Summary, c.Years)
			}
			return ""
		}},
		{"a report of no year", []Series{life("3.13", "2024-10-07", "2029-10", cycle.Bugfix, keyrings.Required, keyrings.Required)}, time.Time{}, func(c lifeChart) string {
			if got := spans(c, "3.13", 4); c.Now != 0 || got != "pgp planned 2024-10..2029-11" {
				return got
			}
			return ""
		}},
		{"a report of the year 9999", []Series{life("3.13", "2024-10-07", "2029-10", cycle.EndOfLife, keyrings.Required, keyrings.Required)}, at("9999-08-06 09:30"), func(c lifeChart) string {
			if got := spans(c, "3.13", 4); c.Now != 0 || got != "pgp 2024-10..2029-11" {
				return got
			}
			return ""
		}},
		{"edited: it ends before it begins", []Series{life("3.13", "2029-10", "2024-10", cycle.Bugfix, keyrings.Required, keyrings.Required)}, at("2026-08-06 09:30"), func(c lifeChart) string {
			return spans(c, "3.13", 4)
		}},
		{"as far as dates go", []Series{life("2.0", "1980-01", "2099-12", cycle.Bugfix, keyrings.Required, keyrings.None)}, at("2026-08-06 09:30"), func(c lifeChart) string {
			if len(c.Years) != 120 {
				return fmt.Sprintf("%d years", len(c.Years))
			}
			return ""
		}},
	} {
		d := New(Run{Time: tt.created})
		d.Series = tt.series
		c := newLifeChart(d)
		if got := tt.check(c); got != "" {
			t.Errorf("%s: %s", tt.name, got)
		}
		last := -1000.0
		for _, y := range c.Years {
			if y.Label != "" && y.X-last < yearWidth {
				t.Errorf("%s: the years run into each other at %s", tt.name, y.Label)
			}
			if y.Label != "" {
				last = y.X
			}
		}
		for _, r := range c.Rows {
			for _, b := range r.Rects {
				if b.Width < 0 || b.X < barsFrom || b.X+b.Width > lifeTo+.1 {
					t.Errorf("%s: a bar outside the picture: %+v", tt.name, b)
				}
			}
		}
		parseHTML(t, render(t, HTML, d)).structure(t)
	}
}

// Parts that were made at other times, with other data.
func TestMergeCycle(t *testing.T) {
	w := newWorld(t)
	// 3.9 and 3.11 are in the first part, the rest in the second.
	var older, newer []compare.Evidence
	for _, e := range w.evidence {
		if e.Name.Version.Minor < 12 {
			older = append(older, e)
		} else {
			newer = append(newer, e)
		}
	}
	series := func(minor int) release.Series { return release.Series{Major: 3, Minor: minor} }
	row := func(s cycle.Status, first, end string) cycle.Row {
		return cycle.Row{Status: s, FirstRelease: day(t, first), EndOfLife: day(t, end)}
	}
	first := cycle.New("embedded", digest(20), day(t, "2026-07-01"), map[release.Series]cycle.Row{
		series(11): row(cycle.Security, "2022-10-24", "2027-10"),
		series(13): row(cycle.Bugfix, "2024-10-07", "2029-09"),
	})
	second := cycle.New("https://peps.python.org/api/release-cycle.json", digest(21), day(t, "2027-11-01"), map[release.Series]cycle.Row{
		series(11): row(cycle.EndOfLife, "2022-10-24", "2027-10-12"),
		series(13): row(cycle.Security, "2024-10-07", "2029-10"),
	})
	report := func(ev []compare.Evidence, c *cycle.Cycle, made string) *Document {
		r := w.run
		r.Cycle, r.Time = c, at(made)
		r.Assessments, r.Series = compare.AssessAll(ev, w.roster)
		return copyOf(t, New(r))
	}
	life := func(d *Document, name string) string {
		s := seriesOf(t, d, name)
		reasons := s.Reasons[len(s.Reasons)-1].Message
		return fmt.Sprintf("%s %s %s: %s", s.Status, s.FirstRelease, s.EndOfLife, reasons)
	}
	for _, tt := range []struct {
		name         string
		a, b         *Document
		want11       string
		want13       string
		stood        *cycle.Cycle
		others       int
		isUndivided  bool
		undividedBy  *cycle.Cycle
		undividedNow string
	}{
		{
			name:   "the data of the last part count, and others fill in",
			a:      report(older, first, "2026-08-06 09:30"),
			b:      report(newer, second, "2027-11-02 09:30"),
			want11: "end-of-life 2022-10-24 2027-10: 3.11 reached its end of life (2027-10)",
			want13: "security 2024-10-07 2029-10: PGP signatures are due",
			stood:  second, others: 1,
		},
		{
			name:   "the same the other way round",
			a:      report(older, second, "2027-11-02 09:30"),
			b:      report(newer, first, "2026-08-06 09:30"),
			want11: "end-of-life 2022-10-24 2027-10-12: 3.11 reached its end of life (2027-10-12)",
			want13: "bugfix 2024-10-07 2029-09: PGP signatures are due",
			stood:  second, others: 1,
		},
		{
			name:   "the same data, and time went by",
			a:      report(older, first, "2026-08-06 09:30"),
			b:      report(newer, first, "2027-11-02 09:30"),
			want11: "end-of-life 2022-10-24 2027-10: 3.11 reached its end of life (2027-10, as planned on 2026-07-01)",
			want13: "bugfix 2024-10-07 2029-09: PGP signatures are due",
			stood:  first, isUndivided: true, undividedBy: first, undividedNow: "2027-11-02 09:30",
		},
		{
			name:   "one part has none",
			a:      report(older, nil, "2027-11-03 09:30"),
			b:      report(newer, second, "2027-11-02 09:30"),
			want11: "  : ",
			want13: "security 2024-10-07 2029-10: PGP signatures are due",
			stood:  second,
		},
		{
			name:   "other data at the same time",
			a:      report(older, first, "2027-11-02 09:30"),
			b:      report(newer, second, "2027-11-02 09:30"),
			want11: "end-of-life 2022-10-24 2027-10: 3.11 reached its end of life (2027-10)",
			want13: "security 2024-10-07 2029-10: PGP signatures are due",
			stood:  second, others: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := mustMerge(t, w.options(), tt.a, tt.b)
			for name, want := range map[string]string{"3.11": tt.want11, "3.13": tt.want13} {
				if got := life(d, name); !strings.HasPrefix(got, want) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if got, want := d.Trust.ReleaseCycle, (ReleaseCycle{tt.stood.Source(), tt.stood.Date(), tt.stood.SHA256()}); got != want {
				t.Errorf("stood on %v, want %v", got, want)
			}
			if len(d.Trust.Others) != tt.others {
				t.Errorf("others %+v, want %d", d.Trust.Others, tt.others)
			}
			for _, o := range d.Trust.Others {
				if o.ReleaseCycle.SHA256 != digest(20) || o.TrustRoot != (TrustRoot{}) || o.Roster != (Roster{}) {
					t.Errorf("another part stood on %+v", o)
				}
			}
			if tt.others > 0 && !strings.Contains(render(t, Markdown, d), "Release cycle of another part: `embedded`, of 2026-07-01") {
				t.Error("the report does not say what the other part stood on")
			}
			if back := mustMerge(t, w.options(), tt.b, tt.a); render(t, JSON, back) != render(t, JSON, d) {
				t.Errorf("in the other order it differs:\n%s", cmp.Diff(d, back))
			}
			// A merged report reads, and merges again with a part.
			mustMerge(t, w.options(), copyOf(t, d), tt.a)
			if tt.isUndivided {
				d.Origins = nil // but for when the parts were made
				if diff := cmp.Diff(report(w.evidence, tt.undividedBy, tt.undividedNow), d); diff != "" {
					t.Errorf("not the undivided report:\n%s", diff)
				}
			}
		})
	}
}
