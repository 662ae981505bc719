package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"migrate/compare"
)

func table(opt TableOptions) func(io.Writer, *Document) error {
	return func(w io.Writer, d *Document) error { return Table(w, d, opt) }
}

// checkWidth holds each line to the width, by the table library's own measure.
func checkWidth(t *testing.T, out string, limit int) {
	t.Helper()
	for l := range strings.Lines(out) {
		l = strings.TrimSuffix(l, "\n")
		if n := twwidth.Width(l); n > limit {
			t.Errorf("a line of %d columns where %d are allowed: %q", n, limit, l)
		}
		if strings.TrimRight(l, " ") != l {
			t.Errorf("blanks at the end of %q", l)
		}
	}
}

func TestTableWidth(t *testing.T) {
	var docs []*Document
	for _, s := range hostile {
		docs = append(docs, New(hostileRun(s)))
	}
	docs = append(docs, New(sampleRun()), New(bigRun(300)), New(Run{}))
	for limit := 40; limit <= 200; limit++ {
		// Every document where layouts change, else one in turn.
		these := docs
		if !slices.Contains([]int{40, 60, 72, 80, 200}, limit) {
			these = []*Document{docs[limit%len(docs)], docs[len(docs)-3]}
		}
		for _, d := range these {
			checkWidth(t, render(t, table(TableOptions{Width: limit}), d), limit)
		}
	}
	checkWidth(t, render(t, table(TableOptions{}), docs[0]), 80)
	checkWidth(t, render(t, table(TableOptions{Width: 3}), docs[0]), 40)
}

// However narrow the table, no part of a name is lost.
func TestTableKeepsNames(t *testing.T) {
	d := New(sampleRun())
	for limit := 40; limit <= 200; limit++ {
		joined := artifactColumn(t, render(t, table(TableOptions{Width: limit}), d))
		for _, a := range d.Artifacts {
			if !strings.Contains(joined, a.Name) {
				t.Errorf("width %d: %s is not in the table:\n%s", limit, a.Name, joined)
			}
		}
	}
}

// artifactColumn puts together what the tables' artifact columns hold.
func artifactColumn(t *testing.T, out string) string {
	t.Helper()
	var b strings.Builder
	from, to := -1, -1
	for l := range strings.Lines(out) {
		l = strings.TrimSuffix(l, "\n")
		switch {
		case strings.Contains(l, "ARTIFACT"):
			from, to = strings.Index(l, "ARTIFACT"), strings.Index(l, "PGP ")
			if strings.Contains(l, "ARTIFACT, PGP") {
				to = -1
			}
		case l == "":
			from = -1
		case from >= 0 && len(l) > from:
			end := len(l)
			if to >= 0 {
				end = min(end, to)
			}
			b.WriteString(strings.TrimRight(l[from:end], " "))
		}
	}
	if b.Len() == 0 {
		t.Fatal("no artifact column found")
	}
	return b.String()
}

// Colour adds nothing but colour.
func TestTableColor(t *testing.T) {
	d := New(sampleRun())
	plain := render(t, table(TableOptions{Width: 100}), d)
	colored := render(t, table(TableOptions{Width: 100, Color: true}), d)
	if strings.Contains(plain, "\x1b") {
		t.Error("colour without Color")
	}
	for _, want := range []string{green + "equivalent", red + "conflict", yellow + "unchecked", red + "not-ready", red + "error"} {
		if !strings.Contains(colored, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if diff := cmp.Diff(plain, regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(colored, "")); diff != "" {
		t.Error(diff)
	}
}

func TestTableCollapses(t *testing.T) {
	d := New(bigRun(10000))
	short := render(t, table(TableOptions{}), d)
	if n := strings.Count(short, "\n"); n > 600 {
		t.Errorf("%d lines for 10000 artifacts", n)
	}
	for _, want := range []string{"490 artifacts of 30", "--all lists every one"} {
		if !strings.Contains(short, want) {
			t.Errorf("%q is not there", want)
		}
	}
	d = New(bigRun(1000))
	all := render(t, table(TableOptions{All: true}), d)
	for _, a := range d.Artifacts {
		if !strings.Contains(all, a.Name) {
			t.Fatalf("--all lacks %s", a.Name)
		}
	}
	if strings.Contains(all, "--all lists") {
		t.Error("--all offers itself")
	}

	few := New(bigRun(collapseOver))
	if diff := cmp.Diff(render(t, table(TableOptions{All: true}), few), render(t, table(TableOptions{}), few)); diff != "" {
		t.Errorf("a short list is collapsed:\n%s", diff)
	}
}

func TestTableUnrecognised(t *testing.T) {
	d := New(bigRun(1))
	d.Unrecognised = nil
	for i := range 100 {
		d.Unrecognised = append(d.Unrecognised, Unrecognised{Path: fmt.Sprintf("file-%d", i), Reason: "no artifact name known"})
	}
	short, all := render(t, table(TableOptions{}), d), render(t, table(TableOptions{All: true}), d)
	if !strings.Contains(short, "and 60 more; --all lists every one") || strings.Contains(short, "file-40") {
		t.Errorf("not shortened:\n%s", short)
	}
	if !strings.Contains(all, "file-99") {
		t.Error("--all lacks the last one")
	}
}

// Nothing invisible gets to the terminal, and everything is there escaped.
func TestTableEscapes(t *testing.T) {
	for _, s := range hostile {
		out := render(t, table(TableOptions{Width: 200, All: true}), New(hostileRun(s)))
		checkVisible(t, out)
		checkVisible(t, render(t, Text, New(hostileRun(s))))
		if want := "- " + Escape(text(s)) + ": " + Escape(text(s)); s != "" && len(want) < 150 && !strings.Contains(out, want) {
			t.Errorf("%q is not there as %q", s, want)
		}
	}
}

func checkVisible(t *testing.T, out string) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && !visible(r) {
			t.Errorf("%U got through:\n%q", r, out)
			return
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two", 7, []string{"one two"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"python-3.13.5-amd64.exe", 15, []string{"python-3.13.5-", "amd64.exe"}},
		{"aaaaaaaaaa", 4, []string{"aaaa", "aaaa", "aa"}},
		{"a-bbbbbbbbbbb", 8, []string{"a-bbbbbb", "bbbbb"}},
		{"日本語の名", 5, []string{"日本", "語の", "名"}},
		{"ab cdefghij", 4, []string{"ab", "cdef", "ghij"}},
	} {
		if diff := cmp.Diff(tt.want, wrap(tt.in, tt.limit)); diff != "" {
			t.Errorf("wrap(%q, %d): %s", tt.in, tt.limit, diff)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Python-3.13.5.tar.xz", "Python-3.13.5.tar.xz"},
		{"Łukasz Langa <lukasz@langa.pl>", "Łukasz Langa <lukasz@langa.pl>"},
		{"日本語", "日本語"},
		{`a\b`, `a\\b`},
		{"a\nb\tc\rd", `a\nb\tc\rd`},
		{"\x1b[31m\x00\x7f", `\x1b[31m\x00\x7f`},
		{"\u0085", `\u0085`},
		{"a\u202eb\u2066c\u200f", `a\u202eb\u2066c\u200f`},
		{"\u200b\u200d\ufeff\u00ad\u2060", `\u200b\u200d\ufeff\u00ad\u2060`},
		{"\u00a0\u3000\u2028", `\u00a0\u3000\u2028`},
		{"\u3164\u115f\u2800\ufe0f\u034f", `\u3164\u115f\u2800\ufe0f\u034f`},
		{"\U000e0041\U000e0100", `\U000e0041\U000e0100`},
		{"\xff\xfea", `\xff\xfea`},
		{"\ue000", `\ue000`},
		{"'\"", `'"`},
		{"\ufffd", "\ufffd"},
		{" a b  ", `\x20a b \x20`},
		{" ", `\x20`},
	} {
		if got := Escape(tt.in); got != tt.want {
			t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzTable(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, 40+i*3)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 40 || limit > 200 {
			t.Skip()
		}
		var b bytes.Buffer
		if err := Table(&b, New(hostileRun(s)), TableOptions{Width: limit}); err != nil {
			t.Fatal(err)
		}
		checkWidth(t, b.String(), limit)
		checkVisible(t, b.String())
	})
}

// What to do about a series is shown whatever its readiness.
func TestTableSteps(t *testing.T) {
	for _, r := range readinesses {
		d := &Document{Series: []Series{{Series: "3.13", Readiness: r}}, Artifacts: []Artifact{{Series: "3.13", Verdict: compare.Equivalent}}}
		out := render(t, table(TableOptions{}), d)
		if !strings.Contains(out, unexplained(r)) {
			t.Errorf("%s: nothing to do:\n%s", r, out)
		}
	}
}
