package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/compare"
	"migrate/internal/onlinetest"
	"migrate/report"
)

// readArtifacts are the artifacts whose bytes were asked for, sorted.
func (r ran) readArtifacts() []string {
	var all []string
	for _, q := range r.requests {
		if name := path.Base(q.Path); q.Method == http.MethodGet && strings.HasPrefix(q.Path, ftp) && !strings.HasSuffix(q.Path, "/") && !isSidecarName(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// verifiedOf are the artifacts that an earlier run has verified, sorted.
func verifiedOf(d *report.Document) []string {
	var all []string
	for _, a := range d.Artifacts {
		if !a.Verified.IsZero() {
			all = append(all, a.Name)
		}
	}
	slices.Sort(all)
	return all
}

// TestBaseline: a second run asks what has changed, and reads only that.
func TestBaseline(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		const selection = "3.12..3.13"
		last := filepath.Join(s.work, "last.json")
		s.writes = true
		if r := s.run("report", "-o", last, "--format", "json", selection); r.status != 2 || len(r.lines) != 1 {
			t.Fatalf("the first run: status %d, %q", r.status, r.lines)
		}
		s.writes = false
		first, err := readReport(last)
		if err != nil || len(first.Artifacts) != 10 || len(verifiedOf(first)) != 0 {
			t.Fatalf("the first run: %v", err)
		}
		const nora = "python-3.13.6-macos11.pkg" // which could not be checked
		var names, sure []string
		for _, a := range first.Artifacts {
			names = append(names, a.Name)
			if a.Name != nora {
				sure = append(sure, a.Name)
			}
		}
		slices.Sort(names)
		slices.Sort(sure)
		jonas := func(name string) bool {
			return strings.HasPrefix(name, "Python-3.12.4") || strings.HasPrefix(name, "Python-3.13.6")
		}

		began := keysPresent
		touch := func(file string, data []byte) string {
			s.writeFile(filepath.Join(s.base, file), data)
			return filepath.Join(s.base, file)
		}
		content := func(file string) []byte {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		always := func(string) bool { return true }
		for name, tt := range map[string]struct {
			change  func() // of the world, after the first run
			args    []string
			later   time.Duration
			due     func(name string) bool // besides Nora's
			remark  string
			changed func(name string) bool // of which the report says something else
		}{
			"nothing":                {},
			"a day later":            {later: 24 * time.Hour},
			"a month later":          {later: 31 * 24 * time.Hour, due: always, remark: "nothing can be carried over from --baseline"},
			"--max-age":              {later: time.Hour, args: []string{"--max-age", "30m"}, due: always, remark: "nothing can be carried over from --baseline"},
			"--max-age that is kept": {later: time.Hour, args: []string{"--max-age", "2h"}},
			"same size, other bytes": {change: func() { s.put(bigRelease+"/"+bigFile, make([]byte, bigSize)) }, due: is(bigFile), changed: is(bigFile)},
			"same bytes, other date": {change: func() { s.put(bigRelease+"/"+bigFile, s.files[bigRelease+"/"+bigFile].Data) }, due: is(bigFile)},
			"other size":             {change: func() { s.put(bigRelease+"/"+bigFile, []byte("short")) }, due: is(bigFile), changed: is(bigFile)},
			"other bundle": {change: func() {
				s.put(bigRelease+"/"+bigFile+".sigstore", s.files[bigRelease+"/"+otherFile+".sigstore"].Data)
			}, due: is(bigFile), changed: is(bigFile)},
			"other .asc": {change: func() {
				s.put(bigRelease+"/"+bigFile+".asc", append(bytes.Clone(s.files[bigRelease+"/"+bigFile+".asc"].Data), '\n'))
			}, due: is(bigFile)},
			"bundle gone": {change: func() { delete(s.files, bigRelease+"/"+bigFile+".sigstore") }, due: is(bigFile), changed: is(bigFile)},
			"no HEAD": {change: func() {
				s.BreakAlways(python, ftp+bigRelease+"/"+bigFile, func(w http.ResponseWriter, r *http.Request, right http.Handler) {
					if r.Method == http.MethodHead {
						w.WriteHeader(http.StatusForbidden)
						return
					}
					right.ServeHTTP(w, r)
				})
			}, due: is(bigFile)},
			"no validators": {change: func() {
				s.BreakAlways(python, ftp+bigRelease+"/"+bigFile, onlinetest.WithHeader("ETag", "", "Last-Modified", ""))
			}, due: is(bigFile)},
			"other roster":     {args: []string{"--roster", touch("roster2.yaml", append(content(os.Getenv("MIGRATE_ROSTER")), "# more\n"...))}, due: always, remark: "nothing can be carried over"},
			"other trust root": {args: []string{"--trusted-root", touch("root2.json", append(content(s.root), '\n'))}, due: always, remark: "nothing can be carried over"},
			"a key fewer":      {args: []string{"--keyring", s.withoutKey("jonas-wren-2025.asc")}, due: jonas, changed: jonas},
			"another place":    {args: []string{"--base-url", "https://" + elsewhr + ftp}, due: always},
		} {
			files := maps.Clone(s.files)
			if tt.change != nil {
				tt.change()
			}
			s.now = began.Add(tt.later)
			doc, r := s.report(append(tt.args, "--baseline", last, selection)...)
			due := func(n string) bool { return n == nora || tt.due != nil && tt.due(n) }
			wantRead, wantVerified := keep(names, due), keep(names, func(n string) bool { return !due(n) })
			if !slices.Equal(r.readArtifacts(), wantRead) {
				t.Errorf("%s: read %q, want %q", name, r.readArtifacts(), wantRead)
			}
			if got := verifiedOf(doc); !slices.Equal(got, wantVerified) {
				t.Errorf("%s: carried over %q, want %q", name, got, wantVerified)
			}
			for i, a := range doc.Artifacts {
				if was := &first.Artifacts[i]; answerOf(&a) != answerOf(was) != (tt.changed != nil && tt.changed(a.Name)) {
					t.Errorf("%s: now\n%s\nbefore\n%s", name, answerOf(&a), answerOf(was))
				}
				if slices.Contains(codesOf(&a), carriedOver) == a.Verified.IsZero() {
					t.Errorf("%s: %s was verified at %s: %q", name, a.Name, a.Verified, codesOf(&a))
				}
				if !a.Verified.IsZero() && !a.Verified.Equal(began) {
					t.Errorf("%s: %s was verified at %s", name, a.Name, a.Verified)
				}
				if a.Name == bigFile && tt.changed != nil && tt.changed(bigFile) && a.Verdict == compare.Equivalent {
					t.Errorf("%s: %s passes", name, a.Name)
				}
			}
			if tt.remark != "" != (len(linesWith(r, "--baseline")) == 1) || len(linesWith(r, tt.remark)) == 0 {
				t.Errorf("%s: standard error %q", name, r.lines)
			}
			clear(s.files)
			maps.Copy(s.files, files)
			s.Break(python, ftp+bigRelease+"/"+bigFile)
		}

		// Carried over twice: the date stays that of the reading.
		s.now = began.Add(20 * 24 * time.Hour)
		next := filepath.Join(s.work, "next.json")
		s.writes = true
		s.run("report", "-o", next, "--format", "json", "--baseline", last, selection)
		s.writes = false
		s.now = began.Add(40 * 24 * time.Hour)
		if _, r := s.report("--baseline", next, selection); len(r.readArtifacts()) != len(names) {
			t.Errorf("forty days after the reading only %q are read", r.readArtifacts())
		}
		// A copy of another place says nothing about python.org.
		s.now = began
		s.writes = true
		s.run("report", "-o", next, "--format", "json", "--base-url", "https://"+elsewhr+ftp, selection)
		s.writes = false
		doc, r := s.report("--baseline", next, selection)
		if len(r.readArtifacts()) != len(names) || len(verifiedOf(doc)) != 0 {
			t.Errorf("carried over from another place: %q", verifiedOf(doc))
		}
		// Nor does it help with what lies here.
		if _, r := s.report("--baseline", last, filepath.Join(s.mirror, "3.12.4")); len(linesWith(r, "--baseline is of no use here")) != 1 {
			t.Errorf("with a folder: %q", r.lines)
		}
	})
}

func is(name string) func(string) bool { return func(n string) bool { return n == name } }

func keep(names []string, f func(string) bool) []string {
	var kept []string
	for _, n := range names {
		if f(n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// withoutKey copies the keys, but for one, and returns the folder. Its value is
// for the flag, which takes the place of MIGRATE_KEYRING.
func (s *stage) withoutKey(name string) string {
	s.t.Helper()
	dir := filepath.Join(s.base, "fewer")
	if err := os.CopyFS(dir, os.DirFS(s.keys)); err != nil {
		s.t.Fatal(err)
	}
	for _, f := range []string{name, "unreadable"} {
		if err := os.RemoveAll(filepath.Join(dir, f)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.writeFile(filepath.Join(dir, "big.asc"), big().key)
	return dir
}

// TestInterruptedOnline: a run that is interrupted leaves what it has got to, and
// --baseline goes on from there.
func TestInterruptedOnline(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.writes = true
		const selection = "3.12..3.13"
		whole, _ := s.report(selection)
		file := filepath.Join(s.work, "out.json")
		for _, at := range []string{"/3.12.4/python-3.12.4-amd64.exe", "/3.13.6/Python-3.13.6.tgz.sigstore", "/" + bigRelease + "/" + bigFile} {
			ctx, cancel := context.WithCancelCause(t.Context())
			s.Break(python, ftp+at[1:], func(w http.ResponseWriter, r *http.Request, right http.Handler) {
				cancel(errors.New("interrupt signal received"))
				onlinetest.StallAfter(10)(w, r, right)
			})
			r := s.runCtx(ctx, "report", "-j", "1", "-o", file, "--format", "json", selection)
			cancel(nil)
			if r.status != 2 || !strings.Contains(r.lines[len(r.lines)-1], "interrupt signal received: ") || !strings.Contains(r.lines[len(r.lines)-1], "run again with --baseline "+file+".partial.json") {
				t.Errorf("%s: status %d, %q", at, r.status, r.lines)
			}
			if _, err := os.Stat(file); err == nil {
				t.Errorf("%s: there is a report", at)
			}
			partial, err := readReport(file + ".partial.json")
			if err != nil || partial.Part == nil || len(partial.Artifacts) == 0 {
				t.Fatalf("%s: the partial report: %v", at, err)
			}
			var done []string
			for i, a := range partial.Artifacts {
				done = append(done, a.Name)
				if got, want := answerOf(&a), answerOf(&whole.Artifacts[i]); got != want {
					t.Errorf("%s: in part\n%s\nwhole\n%s", at, got, want)
				}
			}
			s.Break(python, ftp+at[1:])
			r = s.run("report", "-o", file, "--format", "json", "--baseline", file+".partial.json", selection)
			doc, err := readReport(file)
			if err != nil || r.status != 2 {
				t.Fatalf("%s: status %d, %q, %v", at, r.status, r.lines, err)
			}
			sameAnswers(t, at, whole, doc)
			for _, name := range r.readArtifacts() {
				if slices.Contains(done, name) && name != "python-3.13.6-macos11.pkg" {
					t.Errorf("%s: %s is read again", at, name)
				}
			}
			if len(verifiedOf(doc)) == 0 || len(verifiedOf(doc)) > len(done) {
				t.Errorf("%s: carried over %q", at, verifiedOf(doc))
			}
			if err := os.Remove(file); err != nil { // the partial one has gone by itself
				t.Error(err)
			}
			if left, _ := os.ReadDir(s.work); len(left) != 0 {
				t.Errorf("%s: left behind: %v", at, left)
			}
		}
	})
}
