package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/onlinetest"
	"migrate/pgp"
	"migrate/sigstore"
)

// fault is what goes wrong with one file, and what a report has to make of it.
type fault struct {
	name   string
	next   []onlinetest.Fault // the next requests'
	always onlinetest.Fault   // all others'; nil: right answers
	want   string             // why the artifact is unchecked; "": it is judged as ever
}

// once is a fault that the program gets over; ever is one that it does not.
func once(name string, f ...onlinetest.Fault) fault { return fault{name: name, next: f} }
func ever(name string, f onlinetest.Fault, want string) fault {
	return fault{name: name, always: f, want: want}
}

// brokenFile are the faults that any file may have.
func brokenFile(size int) []fault {
	return []fault{
		once("no answer, once", onlinetest.CutBeforeAnswer()),
		once("cut at 0, once", onlinetest.CutAfter(0)),
		once("cut in the middle, once", onlinetest.CutAfter(size/2)),
		once("cut at the last byte, once", onlinetest.CutAfter(size-1)),
		once("chunked", onlinetest.Chunked()),
		once("chunked and cut, once", onlinetest.ChunkedCutAfter(size/2)),
		once("stalls, once", onlinetest.StallAfter(size/2)),
		once("never answers, once", onlinetest.StallBeforeAnswer()),
		once("drips", onlinetest.Drip(size/9, time.Second)),
		once("more announced, once", onlinetest.WrongLength(10)),
		once("500, once", onlinetest.Status(500)),
		once("503 twice", onlinetest.Status(503), onlinetest.Status(503)),
		once("429 for a minute", onlinetest.Status(429, "Retry-After", "60")),
		once("moved", onlinetest.Redirect(301, ftp+"moved/file")),

		ever("no answer", onlinetest.CutBeforeAnswer(), "the connection broke"),
		ever("cut at 0", onlinetest.CutAfter(0), "the connection broke"),
		ever("never answers", onlinetest.StallBeforeAnswer(), "the server stalled"),
		ever("drips a byte a minute", onlinetest.Drip(1, time.Minute), "the server stalled"),
		ever("no length", onlinetest.NoLength(), "came without a length"),
		ever("gzip", onlinetest.Gzip(true), "content encoding"),
		ever("said to be gzip", onlinetest.Gzip(false), "content encoding"),
		ever("to another host", onlinetest.Redirect(302, "https://evil.example/x"), "is not on one of the hosts"),
		ever("to http", onlinetest.Redirect(302, "http://"+python+"/x"), "is not https"),
		ever("in circles", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, "is where it came from"),
		ever("403", onlinetest.Status(403), "the server answered 403 Forbidden"),
		ever("429 for an hour", onlinetest.Status(429, "Retry-After", "3600"), "asks not to be asked before"),
		ever("500", onlinetest.Status(500), "the server answered 500 Internal Server Error (tried 5 times)"),
		ever("503", onlinetest.Status(503), "the server answered 503 Service Unavailable (tried 5 times)"),
	}
}

// brokenSmall are the faults of a file that is read in one piece, of which the
// client's own tests have more.
func brokenSmall(size int) []fault {
	return slices.DeleteFunc(brokenFile(size), func(f fault) bool {
		return f.always == nil && !slices.Contains([]string{"cut in the middle, once", "stalls, once", "503 twice", "429 for a minute"}, f.name)
	})
}

// broken sets a fault, and returns what takes it back.
func (s *stage) broken(host, at string, f fault) (mend func()) {
	s.Break(host, at, f.next...)
	if f.always != nil {
		s.BreakAlways(host, at, f.always)
	}
	return func() { s.Break(host, at) }
}

// TestFaultsOfArtifacts: whatever the server does to one artifact or to one of
// its sidecars, that one is judged rightly or not at all, the others are as
// ever, and nothing half-read is kept.
func TestFaultsOfArtifacts(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred runs")
	}
	artifact := append(brokenFile(bigSize),
		once("cut within what is looked at first", onlinetest.CutAfter(511)),
		once("cut after it", onlinetest.CutAfter(512), onlinetest.CutAfter(1)),
		once("cut again and again", onlinetest.CutAfter(100_000), onlinetest.CutAfter(100_000), onlinetest.CutAfter(1), onlinetest.CutBeforeAnswer(), onlinetest.StallAfter(9)),
		once("changed between two ranges, once", onlinetest.CutAfter(300_000), onlinetest.Instead(onlinetest.NewFile(make([]byte, bigSize)))),
		once("ignores Range", onlinetest.CutAfter(300_000), onlinetest.IgnoreRange()),
		once("sends another range", onlinetest.CutAfter(300_000), onlinetest.ShiftRange(10, false)),
		once("gone for the rest, once", onlinetest.CutAfter(300_000), onlinetest.Status(404)),

		ever("ignores Range and breaks off", func(w http.ResponseWriter, r *http.Request, right http.Handler) {
			r.Header.Del("Range")
			onlinetest.CutAfter(300_000)(w, r, right)
		}, "changed while it was read"),
		ever("more announced", onlinetest.WrongLength(10), "changed while it was read"),
		ever("404", onlinetest.Status(404), "is listed and is not there"),
		ever("410", onlinetest.Status(410), "is listed and is not there"),
		ever("web page", onlinetest.ErrorPage("text/html; charset=utf-8"), "is a web page"),
		ever("web page in disguise", onlinetest.ErrorPage("application/octet-stream"), "is a web page"),
		ever("changes all the time", changing(), "changed while it was read"),
	)
	const at = bigRelease + "/" + bigFile
	for _, suffix := range []string{"", ".asc", ".sigstore"} {
		t.Run("artifact"+suffix, func(t *testing.T) {
			faults := artifact
			if suffix != "" {
				faults = append(brokenSmall(400),
					ever("404", onlinetest.Status(404), "is listed and is not there"),
					ever("410", onlinetest.Status(410), "is listed and is not there"),
					ever("endless", onlinetest.Endless(), "is larger than it may be"),
					ever("web page", onlinetest.ErrorPage("text/html"), webPage),
					ever("web page in disguise", onlinetest.ErrorPage("application/octet-stream"), webPage))
			}
			online(t, func(t *testing.T, s *stage) {
				s.onlyBigKey()
				s.put("moved/file", s.files[at].Data)
				right, _ := s.report(bigRelease)
				if got := answersOf(right); len(got) != 2 || strings.Count(strings.Join(got, "\n"), "equivalent pgp good  sigstore good  []") != 2 {
					t.Fatalf("without faults: %q", got)
				}
				for _, f := range faults {
					few := []string{"503", "404", "gzip", "to http", "endless", "web page", "web page in disguise", "cut in the middle, once"}
					if suffix == ".sigstore" && !slices.Contains(few, f.name) { // which is read as the .asc is
						continue
					}
					s.faultOfArtifact(at, suffix, f, answersOf(right))
				}
			})
		})
	}
}

// changing is a server whose file is another one each time it is asked, and
// whose connections break.
func changing() onlinetest.Fault {
	n := byte(0)
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		n++
		onlinetest.CutAfter(300_000)(w, r, onlinetest.NewFile(bytes.Repeat([]byte{n}, bigSize)))
	}
}

// webPage is what the verifiers say of one in place of a sidecar.
const webPage = "not a "

// faultOfArtifact makes a report while something is wrong with one artifact, or
// with its sidecar of that suffix, and saves what it reads.
func (s *stage) faultOfArtifact(at, suffix string, f fault, right []string) {
	t := s.t
	t.Helper()
	defer s.broken(python, ftp+at+suffix, f)()
	// What turns out well is not saved, so that it shows that nothing is written.
	args, dir := []string{bigRelease}, ""
	if s.writes = f.want != ""; s.writes {
		dir = filepath.Join(s.base, "saved")
		args = append(args, "--save", dir)
		defer os.RemoveAll(dir)
	}
	doc, r := s.report(args...)
	s.writes = false

	got := answersOf(doc)
	affected := -1
	for i := range doc.Artifacts {
		if doc.Artifacts[i].Name == path.Base(at) {
			affected = i
		}
	}
	if affected < 0 || len(got) != len(right) {
		t.Errorf("%s: artifacts %q", f.name, got)
		return
	}
	if f.want == "" {
		if d := gocmp.Diff(right, got); d != "" || r.status != 0 || len(r.lines) != 0 {
			t.Errorf("%s: status %d, %q\n%s", f.name, r.status, r.lines, d)
		}
	} else {
		a := &doc.Artifacts[affected]
		why := a.Trouble + a.PGP.Detail + a.Sigstore.Detail
		if a.Verdict != compare.Unchecked || r.status != 2 || !strings.Contains(why, f.want) {
			t.Errorf("%s: status %d, %s, want %s", f.name, r.status, got[affected]+why, f.want)
		}
		if len(r.lines) != 1 || !strings.Contains(r.lines[0], path.Base(at)+suffix) || !strings.Contains(r.lines[0], f.want) {
			t.Errorf("%s: standard error %q", f.name, r.lines)
		}
		for i := range got {
			if i != affected && got[i] != right[i] {
				t.Errorf("%s: of another artifact\n%s\nwant\n%s", f.name, got[i], right[i])
			}
		}
	}
	if dir == "" {
		return
	}
	for name := range tree(t, dir) {
		if strings.HasPrefix(path.Base(name), ".") {
			t.Errorf("%s: left behind: %s", f.name, name)
		}
	}
	again, _ := s.report("--offline", dir)
	s.savedAlike(f, affected, got, answersOf(again))
}

// savedAlike asserts that what was saved is judged as it was on the way, and
// that what could not be checked is not there.
func (s *stage) savedAlike(f fault, affected int, before, after []string) {
	s.t.Helper()
	want := before
	if f.want != "" && f.want != webPage { // which is kept as it came
		want = slices.Delete(slices.Clone(before), affected, affected+1)
	}
	if d := gocmp.Diff(want, after); d != "" {
		s.t.Errorf("%s: what was saved (-want +got)\n%s", f.name, d)
	}
}

// TestAnnouncesLess: a server that announces less than there is gives bytes that
// nobody signed. If it says so again, no client can tell that from a file that
// was cut off there, nor from a forged one.
func TestAnnouncesLess(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.onlyBigKey()
		right, _ := s.report(bigRelease)
		s.Break(python, ftp+bigRelease+"/"+bigFile, onlinetest.WrongLength(-10))
		doc, r := s.report(bigRelease)
		sameAnswers(t, "once", right, doc)
		if r.status != 0 || len(r.lines) != 0 {
			t.Errorf("once: status %d, %q", r.status, r.lines)
		}
		s.BreakAlways(python, ftp+bigRelease+"/"+bigFile, onlinetest.WrongLength(-10))
		doc, r = s.report(bigRelease)
		a := artifactOf(t, doc, bigFile)
		if a.Verdict != compare.Unchecked || r.status != 2 || !strings.Contains(a.Trouble, "listed with 700000 bytes, and served with 699990") {
			t.Errorf("always: status %d, %s", r.status, answerOf(a))
		}
	})
}

// TestFaultsOfTheIndex: a folder that cannot be listed is trouble, and says why;
// the other folders are as ever. With nothing else to look at, it is an error.
func TestFaultsOfTheIndex(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.onlyBigKey()
		right, _ := s.report("3.13.6.." + bigRelease)
		whole := answersOf(right)
		rest := slices.DeleteFunc(slices.Clone(whole), func(a string) bool { return strings.HasPrefix(a, bigRelease) })
		if len(rest) != 5 || len(whole) != 7 {
			t.Fatalf("without faults: %q", whole)
		}
		page := func(body string) onlinetest.Fault {
			return onlinetest.Instead(&onlinetest.File{Data: []byte(body), ContentType: "text/html"})
		}
		faults := append(brokenSmall(400),
			ever("404", onlinetest.Status(404), "is not there"),
			ever("410", onlinetest.Status(410), "is not there"),
			ever("web page", onlinetest.ErrorPage("text/html"), "is no index of files"),
			ever("web page in disguise", onlinetest.ErrorPage("application/octet-stream"), "is no index of files"),
			ever("endless", onlinetest.Endless(), "is larger than it may be"),
			ever("thousands of names", page("<title>Index of /</title>"+manyLinks(6000)), "lists more than 5000 names"),
			ever("more announced", onlinetest.WrongLength(10), "the connection broke"),
		)
		for _, f := range faults {
			func() {
				defer s.broken(python, ftp+bigRelease+"/", f)()
				doc, r := s.report("3.13.6.." + bigRelease)
				if f.want == "" {
					if d := gocmp.Diff(whole, answersOf(doc)); d != "" || len(doc.Troubles) != 0 {
						t.Errorf("%s: %v\n%s", f.name, doc.Troubles, d)
					}
					return
				}
				if d := gocmp.Diff(rest, answersOf(doc)); d != "" {
					t.Errorf("%s: the other release\n%s", f.name, d)
				}
				if r.status != 2 || len(doc.Troubles) != 1 || doc.Troubles[0].Path != bigRelease+"/" || !strings.Contains(doc.Troubles[0].Message, f.want) {
					t.Errorf("%s: status %d, troubles %v, want %s", f.name, r.status, doc.Troubles, f.want)
				}
				if n := len(linesWith(r, bigRelease+"/: cannot be listed")); n != 1 {
					t.Errorf("%s: standard error %q", f.name, r.lines)
				}
				if f.name != "503" && f.name != "web page in disguise" {
					return
				}
				m := s.run("matrix", "3.13.6.."+bigRelease)
				if m.status != 0 || len(m.lines) != 1 || !strings.Contains(m.lines[0], f.want) || !strings.Contains(m.out, `"artifacts": 5`) {
					t.Errorf("%s: matrix: status %d, %q, %s", f.name, m.status, m.lines, m.out)
				}
				// Alone.
				if r = s.run("report", bigRelease); r.status != 2 || r.out != "" || len(r.lines) != 1 || !strings.Contains(r.lines[0], bigRelease) {
					t.Errorf("%s: alone: status %d, %q, %q", f.name, r.status, r.lines, r.out)
				}
			}()
			if f.want == "" {
				continue
			}
			func() {
				defer s.broken(python, ftp, f)()
				if r := s.run("report", "3.13"); r.status != 2 || r.out != "" || len(r.lines) != 1 {
					t.Errorf("%s: all releases: status %d, %q, %q", f.name, r.status, r.lines, r.out)
				}
			}()
		}
	})
}

func manyLinks(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<a href=\"%d.txt\">x</a>\n", i)
	}
	return b.String()
}

func linesWith(r ran, text string) []string {
	return slices.DeleteFunc(slices.Clone(r.lines), func(l string) bool { return !strings.Contains(l, text) })
}

// TestHostileNames: no name in an index leads elsewhere, on the server or on
// disk, and each is reported.
func TestHostileNames(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.onlyBigKey()
		right, _ := s.report(bigRelease)
		index := "<title>Index of /ftp/python/</title><a href=\"" + bigFile + "\">x</a><a href=\"" + otherFile + "\">x</a>"
		hostile := []string{
			"..", "../", "../../../etc/passwd", "%2e%2e/", "%2e%2e%2fPython-3.13.7.tgz", "..%2f..%2fPython-3.13.7.tgz", "..%5cPython-3.13.7.tgz", "Python-3.13.7.tgz%00", "Python-3.13.7.tgz%0a",
			"%252e%252e%252fPython-3.13.7.tgz", "https://evil.example/Python-3.13.7.tgz", "//evil.example/Python-3.13.7.tgz", "/etc/Python-3.13.7.tgz", "C:Python-3.13.7.tgz",
			".Python-3.13.7.tgz.part", "Python-3.13.7.tgz/../Python-3.13.7.tar.bz2", "\u202eexe.Python-3.13.7.tgz", "Python-3.13.7.tgz%1b[31m", strings.Repeat("a", 300) + ".tgz",
		}
		for _, name := range hostile {
			index += "<a href=\"" + name + "\">x</a>\n"
		}
		s.BreakAlways(python, ftp+bigRelease+"/", onlinetest.Instead(&onlinetest.File{Data: []byte(index), ContentType: "text/html"}))
		s.writes = true
		dir := filepath.Join(s.base, "saved")
		doc, r := s.report("--save", dir, bigRelease)
		if d := gocmp.Diff(answersOf(right), answersOf(doc)); d != "" || r.status != 0 || len(r.lines) != 0 {
			t.Errorf("status %d, %q\n%s", r.status, r.lines, d)
		}
		want := tree(t, s.base)
		for name := range want {
			if rest, ok := strings.CutPrefix(name, "saved/"); ok && rest != bigRelease && s.files[rest] == nil {
				t.Errorf("saved: %q", name)
			}
		}
		for _, q := range r.requests {
			if name := strings.TrimPrefix(q.Path, ftp); q.Host == python && strings.HasPrefix(q.Path, ftp) && name != bigRelease+"/" && s.files[name] == nil {
				t.Errorf("asked for %q", q.Path)
			}
		}
		if len(doc.Unrecognised) < 8 {
			t.Errorf("not recognised: %q", doc.Unrecognised)
		}
		table := s.run("report", bigRelease)
		if strings.ContainsAny(table.out+table.err, "\x1b\x00\u202e") {
			t.Errorf("shown as they are: %q", table.out)
		}
	})
}

// TestFaultsOfHints: what is wrong with the API or with the release cycle costs
// a remark, and changes no answer.
func TestFaultsOfHints(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.onlyBigKey()
		right, _ := s.report(bigRelease)
		for _, f := range append(brokenSmall(400),
			ever("404", onlinetest.Status(404), "is not there"),
			ever("410", onlinetest.Status(410), "is not there"),
			ever("endless", onlinetest.Endless(), "is larger than it may be"),
			ever("web page", onlinetest.ErrorPage("text/html"), ""),
			ever("web page in disguise", onlinetest.ErrorPage("application/json"), ""),
			ever("other JSON", onlinetest.Instead(onlinetest.NewFile([]byte(`{"detail":"no"}`))), ""),
		) {
			for _, api := range []string{apiRel, apiFile} {
				if api == apiFile && f.name != "503" && f.name != "web page" {
					continue
				}
				mendAPI, mendCycle := s.broken(python, api, f), s.broken(peps, cyclePath, f)
				doc, r := s.report(bigRelease)
				mendAPI()
				mendCycle()
				sameAnswers(t, f.name+" at "+api, right, doc)
				var want []string // the cycle is asked for less often
				if f.always != nil {
					want = append(want, "migrate: python.org's API could not be asked")
				}
				if f.always != nil || len(f.next) > 1 {
					want = append(want, "migrate: the release cycle is that of ")
					if doc.Trust.ReleaseCycle.Source != "embedded" || doc.Series[0].Status == "" {
						t.Errorf("%s: release cycle %+v", f.name, doc.Trust.ReleaseCycle)
					}
				}
				if r.status != 0 || len(r.lines) != len(want) {
					t.Errorf("%s at %s: status %d, %q", f.name, api, r.status, r.lines)
					continue
				}
				for i, line := range r.lines {
					if !strings.HasPrefix(line, want[i]) || !strings.Contains(line, strings.TrimSuffix(f.want, " (tried 5 times)")) {
						t.Errorf("%s at %s: %q", f.name, api, line)
					}
				}
			}
		}
	})
}

// TestFaultsOfTLS: a host that cannot be reached safely is not asked, and what
// hangs on it is said not to have been checked.
func TestFaultsOfTLS(t *testing.T) {
	s := newStage(t, onlinetest.New(t))
	s.attempts = 1
	transport := s.transport.(*http.Transport)
	right, _ := s.report("3.10.7")
	for trouble, want := range map[onlinetest.Trouble]string{
		onlinetest.Expired:       "the certificate of HOST is not accepted: tls: failed to verify certificate: x509: certificate has expired",
		onlinetest.WrongHost:     "the certificate of HOST is not accepted: tls: failed to verify certificate: x509: certificate is valid for elsewhere.example",
		onlinetest.Unknown:       "the certificate of HOST is not accepted: tls: failed to verify certificate: x509: certificate signed by unknown authority",
		onlinetest.HandshakeFail: "HOST cannot be reached: ",
		onlinetest.Refused:       "HOST cannot be reached: dial tcp: ",
	} {
		run := func(host string) ran {
			transport.CloseIdleConnections()
			s.Trouble(host, trouble)
			defer s.Trouble(host, onlinetest.NoTrouble)
			r := s.run("report", "--format", "json", "3.10.7")
			if len(r.lines) != 1 || !strings.Contains(r.lines[0], strings.ReplaceAll(want, "HOST", host)) {
				t.Errorf("%v of %s: standard error %q", trouble, host, r.lines)
			}
			return r
		}
		if r := run(python); r.status != 2 || r.out != "" {
			t.Errorf("%v of python.org: status %d, %q", trouble, r.status, r.out)
		}
		r := run(peps)
		if sameAnswers(t, "peps", right, s.read(r)); r.status != 0 {
			t.Errorf("%v of the PEPs: status %d", trouble, r.status)
		}
		r = run(rekor)
		a := artifactOf(t, s.read(r), "python-3.10.7-amd64.exe")
		if r.status != 2 || a.Verdict != compare.Unchecked || a.Sigstore.Reason != sigstore.LookupFailed || a.PGP.Status != pgp.Good {
			t.Errorf("%v of the log: status %d, %s", trouble, r.status, answerOf(a))
		}
	}
}
