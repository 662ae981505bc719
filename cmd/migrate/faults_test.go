package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/viper"

	"migrate/compare"
	"migrate/internal/source"
	"migrate/report"
)

// TestOneAmongThousands: of thousands of artifacts one was changed, by one byte,
// and every format tells of exactly that one.
func TestOneAmongThousands(t *testing.T) {
	const bad = "Python-3.12.377rc2.tar.xz"
	dir, demo := t.TempDir(), filepath.FromSlash("../../testdata/demo/mirror/3.12.4/Python-3.12.4.tgz")
	artifact, asc := read(t, demo), read(t, demo+".asc")
	total := 0
	for patch := range 500 {
		for _, pre := range []string{"", "rc1", "rc2"} {
			for _, ext := range []string{".tgz", ".tar.xz"} {
				file := filepath.Join(dir, fmt.Sprintf("Python-3.12.%d%s%s", patch, pre, ext))
				data := bytes.Clone(artifact)
				if filepath.Base(file) == bad {
					data[len(data)/2] ^= 1
				}
				write(t, file, data)
				write(t, file+".asc", asc)
				total++
			}
		}
	}
	a, _ := demoPlan(t, io.Discard)
	a.config.Set("fail-on", "error")
	p, err := a.prepare(t.Context(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := a.audit(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Exit(compare.Error); total != 3000 || got != exitFindings {
		t.Fatalf("%d artifacts, exit status %d", total, got)
	}
	if got := doc.Summary.Verdicts; got[compare.Failed] != 1 || got[compare.PGPOnly] != total-1 {
		t.Errorf("verdicts %v", got)
	}

	rendered := map[string]string{}
	for _, f := range formats() {
		var b bytes.Buffer
		if err := f.render(a, &b, doc); err != nil {
			t.Fatal(f.name, err)
		}
		rendered[f.name] = b.String()
	}
	want := func(format, pattern string, n int) {
		t.Helper()
		if got := len(regexp.MustCompile(pattern).FindAllString(rendered[format], -1)); got != n {
			t.Errorf("%s: %q is there %d times, want %d", format, pattern, got, n)
		}
	}
	quoted := regexp.QuoteMeta(bad)
	want("table", fmt.Sprintf(`\b%d pgp-only, 1 failed`, total-1), 1)
	want("table", `(?m)^failed +`+quoted+` `, 1)
	want("markdown", fmt.Sprintf(`\| %d \| %d \| 1 \|`, total, total-1), 1)
	// Once among those that need a look, once in the fold with all of them.
	want("markdown", "(?m)^\\| `"+quoted+"` \\| failed \\| bad", 2)
	want("markdown", `(?m)\| failed \|`, 2+1) // and in the head of the summary
	want("html", `<tbody[^>]* data-verdict="failed"`, 1)
	want("html", `<tbody[^>]* data-verdict="pgp-only"`, total-1)
	want("json", `"verdict": "failed"`, 1)
	want("json", `"code": "pgp/bad-signature"`, 1)
	want("jsonl", `(?m)^\{"type":"artifact".*"verdict":"failed"`, 1)
	want("jsonl", `(?m)^\{"type":"artifact".*"verdict":"pgp-only"`, total-1)
	want("junit", `<failure `, 1)
	want("sarif", `(?m)^ {10}"level": "error",$`, 1) // of a result

	rows, err := csv.NewReader(strings.NewReader(rendered["csv"])).ReadAll()
	if err != nil || len(rows) != total+1 {
		t.Fatalf("csv: %d rows, %v", len(rows), err)
	}
	name, verdict := slices.Index(rows[0], "name"), slices.Index(rows[0], "verdict")
	for _, row := range rows[1:] {
		if (row[name] == bad) != (row[verdict] == "failed") {
			t.Errorf("csv: %s is %s", row[name], row[verdict])
		}
	}
}

// TestClocks has a present that is far off, as of a machine whose battery is
// empty or that was set by hand.
func TestClocks(t *testing.T) {
	demo := filepath.FromSlash("../../testdata/demo")
	mirror := filepath.Join(demo, "mirror")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	at := func(s string) time.Time {
		now, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	run := func(now time.Time, args ...string) (status int, stdout, stderr string) {
		var out, errs strings.Builder
		a := &app{streams: streams{&out, &errs}, now: func() time.Time { return now }, config: viper.New()}
		status = a.execute(t.Context(), append(args, "--roster", filepath.Join(demo, "roster.yaml"),
			"--trusted-root", filepath.Join(demo, "trusted_root.json"), "--keyring", filepath.Join(demo, "keys")))
		return status, out.String(), errs.String()
	}

	usual := at("2026-01-15T12:00:00Z")
	_, out, _ := run(usual, "report", "--format", "csv", mirror)
	want := judged(t, out)
	for _, tt := range []struct {
		now  time.Time
		said string // of what PGP signs, all of it
	}{
		{at("1970-01-01T00:00:00Z"), "from-the-future"},
		{at("1999-01-01T00:00:00Z"), "from-the-future"},
		{at("2199-01-01T00:00:00Z"), ""}, // keys count when they signed
		{at("9999-12-31T23:59:59Z"), ""},
	} {
		for _, f := range formats() {
			if f.name != "json" && f.name != "csv" {
				status, out, stderr := run(tt.now, "report", "--format", f.name, filepath.Join(mirror, "3.12.4"))
				if want := map[bool]int{true: exitOK, false: exitFindings}[tt.said == ""]; status != want || out == "" || stderr != "" {
					t.Errorf("%s, %s: exit status %d, %d bytes, stderr %q", tt.now, f.name, status, len(out), stderr)
				}
				continue
			}
			status, out, stderr := run(tt.now, "report", "--format", f.name, mirror)
			if status != exitTrouble || out == "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "not a PGP signature") {
				t.Errorf("%s, %s: exit status %d, %d bytes, stderr %q", tt.now, f.name, status, len(out), stderr)
			}
			switch {
			case f.name == "json":
				doc, err := report.Read(strings.NewReader(out))
				if err != nil {
					t.Fatalf("%s: %v", tt.now, err)
				}
				if !doc.Created.Equal(tt.now) {
					t.Errorf("created %s, want %s", doc.Created, tt.now)
				}
				for _, art := range doc.Artifacts {
					if tt.said != "" && art.PGP.Status.String() == "good" {
						t.Errorf("%s: %s is good by PGP", tt.now, art.Name)
					}
				}
			case f.name == "csv" && tt.said == "":
				if got := judged(t, out); !slices.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%s: another answer than at %s", tt.now, usual)
				}
			case f.name == "csv":
				if n := strings.Count(out, tt.said); n < 10 {
					t.Errorf("%s: %s only %d times", tt.now, tt.said, n)
				}
			}
		}
		for _, args := range [][]string{{"keyrings", "list"}, {"keyrings", "check"}} {
			var out, errs strings.Builder
			a := &app{streams: streams{&out, &errs}, now: func() time.Time { return tt.now }, config: viper.New()}
			if status := a.execute(t.Context(), args); status == exitTrouble || out.Len() == 0 {
				t.Errorf("%s: %q: exit status %d, %q", tt.now, args, status, errs.String())
			}
		}
	}

	for _, tt := range []struct {
		now  time.Time
		at   string
		want string
	}{
		{now: time.Unix(-1, 0), want: "migrate: this machine's clock is in the year 1969: set the clock, or give the time with --at\n"},
		{now: time.Time{}, want: "migrate: this machine's clock is in the year 1: set the clock, or give the time with --at\n"},
		{now: time.Unix(1<<40, 0), want: "migrate: this machine's clock is in the year 36812: set the clock, or give the time with --at\n"},
		{at: "0001-01-01T00:00:00Z"}, {at: "1969-12-31T23:59:59Z"}, {at: "1970-01-01T00:00:00+01:00"},
		{at: "9999-12-31T23:59:59-23:59"}, {at: "10000-01-01T00:00:00Z"}, {at: "-001-01-01T00:00:00Z"}, {at: "now"},
	} {
		args := []string{"report", "--format", "json", mirror}
		if tt.at != "" {
			args = append(args, "--at="+tt.at)
			tt.want = "migrate: --at " + tt.at + ": want a time such as 2026-01-02T15:04:05Z\n"
		}
		if status, out, stderr := run(tt.now, args...); status != exitTrouble || out != "" || stderr != tt.want {
			t.Errorf("%s %s: exit status %d, %d bytes, stderr %q", tt.now, tt.at, status, len(out), stderr)
		}
	}
}

// judged are the rows of a report in CSV, without what is said of their series.
func judged(t *testing.T, report string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(report)).ReadAll()
	if err != nil || len(rows) < 30 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	end := slices.Index(rows[0], "series.status")
	for i := range rows {
		rows[i] = rows[i][:end]
	}
	return rows
}

// TestImpossibleLogTime: a bundle that claims a time which no report can say
// takes the report from nobody.
func TestImpossibleLogTime(t *testing.T) {
	demo := filepath.FromSlash("../../testdata/demo/mirror/3.12.4/Python-3.12.4")
	dir := t.TempDir()
	for _, suffix := range []string{".tgz", ".tgz.asc", ".tgz.sigstore", ".tar.xz", ".tar.xz.asc", ".tar.xz.sigstore"} {
		write(t, filepath.Join(dir, "Python-3.12.4"+suffix), read(t, demo+suffix))
	}
	bundle := filepath.Join(dir, "Python-3.12.4.tgz.sigstore")
	right := read(t, bundle)
	a, _ := demoPlan(t, io.Discard)
	claim := regexp.MustCompile(`"integratedTime":"\d+"`)
	for _, claimed := range []string{"253402300800", "9223372036854775807", "-62167219201", "-9223372036854775808"} {
		wrong := claim.ReplaceAll(right, []byte(`"integratedTime":"`+claimed+`"`))
		if bytes.Equal(wrong, right) {
			t.Fatal("the bundle has no such field")
		}
		write(t, bundle, wrong)
		p, err := a.prepare(t.Context(), []string{dir})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := a.audit(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range formats() {
			var b bytes.Buffer
			if err := f.render(a, &b, doc); err != nil {
				t.Errorf("%s: %s: %v", claimed, f.name, err)
			}
			if f.name != "json" {
				continue
			}
			doc, err := report.Read(&b)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]compare.Verdict{}
			for _, art := range doc.Artifacts {
				got[art.Name] = art.Verdict
			}
			if got["Python-3.12.4.tgz"] != compare.Conflict || got["Python-3.12.4.tar.xz"] != compare.Equivalent {
				t.Errorf("%s: verdicts %v", claimed, got)
			}
		}
	}
}

// TestOneOutputFile has many runs that write to one file at once, as containers
// with process IDs of their own do: the file is whole at any time, and one
// run's. What a run that was killed has left behind is in nobody's way.
func TestOneOutputFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "report.json")
	left := filepath.Join(dir, fmt.Sprintf(".report.json.%d.tmp", os.Getpid()))
	write(t, left, nil)
	write(t, file, []byte(`"first"`))
	whole := func() {
		var s string
		if err := json.Unmarshal(read(t, file), &s); err != nil || s != "first" && len(s) != 1<<16 || strings.Trim(s, s[:1]) != "" && s != "first" {
			t.Errorf("half a file: %v, %d bytes", err, len(s))
		}
	}
	var runs sync.WaitGroup
	for i := range 8 {
		runs.Go(func() {
			for range 5 {
				err := replace(file, func(w io.Writer) error {
					return json.NewEncoder(w).Encode(strings.Repeat(string(rune('a'+i)), 1<<16))
				})
				if err != nil {
					t.Error(err)
				}
				whole()
			}
		})
	}
	runs.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("in the folder: %v, %v", entries, err)
	}
}

// TestHelpThatCannotBeWritten: what cobra writes by itself counts too.
func TestHelpThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help", "report"}, {"report", "-h"}, {"--version"}, {"completion", "bash"}, {"explain"}} {
		var errs strings.Builder
		status := execute(t.Context(), args, streams{full{}, &errs}, time.Now)
		if status != exitTrouble || errs.String() != "migrate: no space left on device\n" {
			t.Errorf("%q: exit status %d, %q", args, status, errs.String())
		}
	}
}

// full is a writer that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = fmt.Errorf("no space left on device")

// TestCheckpointOutlivesAFailedReport: a report that cannot be written leaves the partial
// one that was kept on the way, to go on from.
func TestCheckpointOutlivesAFailedReport(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	file := filepath.Join(t.TempDir(), "report.json")
	a.config.Set("output", file)
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { now = now.Add(time.Hour); return now }
	p.items[0].Validators = func(context.Context) (source.Validators, error) { return source.Validators{}, nil }
	p.items = p.items[:3]
	broken := format{name: "broken", render: func(*app, io.Writer, *report.Document) error { return errFull }}
	if _, err := a.carryOut(t.Context(), p, broken); err == nil || err.Error() != "output file "+file+": no space left on device" {
		t.Errorf("error %v", err)
	}
	partial, err := readReport(file + ".partial.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(partial.Artifacts) != len(p.items) {
		t.Errorf("%d of %d artifacts are kept", len(partial.Artifacts), len(p.items))
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
}
