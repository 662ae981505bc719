package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

var updated = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// tufLab is a machine of its own, with a TUF repository in the place of Sigstore's.
type tufLab struct {
	*sigstoretest.Repository
	root   []byte // the first TUF root
	cache  string // the folder of the cache
	now    time.Time
	answer func(*http.Request) (*http.Response, error) // nil: the repository's
}

func newTUFLab(t *testing.T) *tufLab {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the cache folder is set by XDG_CACHE_HOME here")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("TMPDIR", t.TempDir())
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	r, err := sigstoretest.NewRepository(sigstore.RepositoryURL, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return &tufLab{Repository: r, root: r.Root(), cache: filepath.Join(dir, "migrate"), now: updated}
}

// RoundTrip is the network.
func (l *tufLab) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.answer != nil {
		return l.answer(req)
	}
	data, err := l.Get(req.Context(), req.URL.String(), 100<<20)
	if err != nil {
		return response(req, http.StatusNotFound, strings.NewReader("not found")), nil
	}
	return response(req, http.StatusOK, bytes.NewReader(data)), nil
}

func response(req *http.Request, status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(body), Request: req, ContentLength: -1}
}

// run runs one command line and returns its exit status and what it said.
func (l *tufLab) run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return l.runWith(t, viper.New(), args...)
}

func (l *tufLab) runWith(t *testing.T, config *viper.Viper, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if !config.IsSet("offline") {
		config.Set("offline", false)
	}
	a := &app{streams: streams{&out, &errs}, now: func() time.Time { return l.now }, config: config, transport: l, attempts: 1, tufRoot: l.root}
	status = a.execute(t.Context(), args)
	return status, out.String(), errs.String()
}

// update updates and asserts that it goes well.
func (l *tufLab) update(t *testing.T) string {
	t.Helper()
	status, stdout, stderr := l.run(t, "trust", "update")
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	l.tidy(t)
	return stdout
}

// tidy asserts that nothing is left but the cached trust root and its lock.
func (l *tufLab) tidy(t *testing.T) {
	t.Helper()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
	entries, err := os.ReadDir(l.cache)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if e.Name() != "trust-root.json" && e.Name() != "trust-root.json.lock" {
			t.Errorf("left in the cache: %s", e.Name())
		}
	}
}

func (l *tufLab) file() string { return filepath.Join(l.cache, "trust-root.json") }

// kept returns what is cached, nil if nothing is.
func (l *tufLab) kept(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(l.file())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

func (l *tufLab) publish(t *testing.T, e sigstoretest.Edition) {
	t.Helper()
	if err := l.Publish(e); err != nil {
		t.Fatal(err)
	}
}

// show returns what trust show says.
func (l *tufLab) show(t *testing.T, args ...string) shownRoot {
	t.Helper()
	status, stdout, stderr := l.run(t, append([]string{"trust", "show", "--format=json"}, args...)...)
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	var s shownRoot
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// privateRoot is the trust root of a Sigstore founded in 2021, edited.
func privateRoot(t *testing.T, edit func(map[string]any)) []byte {
	t.Helper()
	s, err := sigstoretest.New("trust update", time.Date(2021, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Renew(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	data, err := s.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	edit(r)
	if data, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	return data
}

// withoutNewLog is the trust root as it was before the newest log came.
func withoutNewLog(r map[string]any) {
	r["tlogs"] = slices.DeleteFunc(r["tlogs"].([]any), func(l any) bool {
		return strings.Contains(l.(map[string]any)["baseUrl"].(string), "renewed")
	})
}

// withEndedLog has the certificate log ended.
func withEndedLog(r map[string]any) {
	l := r["ctlogs"].([]any)[0].(map[string]any)["publicKey"].(map[string]any)
	l["validFor"].(map[string]any)["end"] = "2026-11-01T00:00:00Z"
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q\nlacks %q", text, part)
		}
	}
}

func TestTrustUpdate(t *testing.T) {
	l := newTUFLab(t)
	embedded := l.show(t)
	if embedded.Origin != "embedded" || embedded.Source != sigstore.EmbeddedSource || embedded.TUF != nil ||
		embedded.Current.Format(time.DateOnly) != "2026-03-18" || *embedded.AgeDays != 249 {
		t.Fatalf("before any update: %+v", embedded)
	}
	contains(t, embedded.Why, "none is cached", "migrate trust update")

	first := privateRoot(t, withoutNewLog)
	l.publish(t, sigstoretest.Edition{TrustedRoot: first})
	out := l.update(t)
	contains(t, out, "The trust root has changed: SHA-256 ", "before, embedded (public Sigstore): SHA-256 "+embedded.SHA256,
		"new ", "gone ", "https://rekor.sigstore.dev", "https://rekor.sigstore.test",
		"Verified 2026-11-22T12:00:00Z (TUF root 1, timestamp 1, snapshot 1, targets 1 of https://tuf-repo-cdn.sigstore.dev), kept in "+l.file())

	cached := l.show(t)
	if cached.Origin != "cache" || cached.Source != "cache ("+l.file()+")" || !cached.Current.Equal(updated) || *cached.AgeDays != 0 ||
		*cached.TUF != (sigstore.TUFVersions{Root: 1, Timestamp: 1, Snapshot: 1, Targets: 1}) {
		t.Errorf("after the update: %+v", cached)
	}
	if _, raw, _ := l.run(t, "trust", "show", "--format=raw"); raw != string(first) {
		t.Error("raw is not what was published")
	}

	// Nothing new but the time.
	l.now = updated.AddDate(0, 0, 3)
	out = l.update(t)
	if want := fmt.Sprintf("The trust root is unchanged: SHA-256 %s\nVerified 2026-11-25T12:00:00Z (TUF root 1, timestamp 1, snapshot 1, targets 1 of %s), kept in %s\n",
		cached.SHA256, sigstore.RepositoryURL, l.file()); out != want {
		t.Errorf("unchanged:\n%swant\n%s", out, want)
	}
	if s := l.show(t); !s.Current.Equal(l.now) {
		t.Errorf("current on %s", s.Current)
	}

	// A new log, and another that has ended.
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 2})
	out = l.update(t)
	var told []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "  ") {
			told = append(told, strings.Join(strings.Fields(line)[:3], " "))
		}
	}
	want := []string{"ended certificate-log https://ctfe.sigstore.test", "new transparency-log https://renewed.rekor.sigstore.test"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told of the change:\n%s", diff)
	}
	contains(t, out, "2021-06-01 to 2026-11-01", "from 2026-10-01")

	// What every run stands on.
	a := &app{config: viper.New(), streams: streams{io.Discard, io.Discard}}
	trust, err := a.loadTrust(false)
	if err != nil {
		t.Fatal(err)
	}
	d := trust.describe().TrustRoot
	if d.Source != "cache ("+l.file()+")" || d.SHA256 != l.show(t).SHA256 || !d.Current.Equal(l.now) {
		t.Errorf("a report would say %+v", d)
	}
}

func TestTrustShow(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog)})
	l.update(t)
	l.now = updated.Add(30 * time.Hour)
	status, out, stderr := l.run(t, "trust", "show")
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	contains(t, out, "Trust root  cache ("+l.file()+")\n", "Chosen      migrate trust update got it\n",
		"Current     known to have been on 2026-11-22, 1 day ago; its newest key is of 2026-10-01\n",
		"TUF         root 1, timestamp 1, snapshot 1, targets 1\n")
	states := func(args ...string) map[string]int {
		count := map[string]int{}
		for _, a := range l.show(t, args...).Anchors {
			count[a.State]++
		}
		return count
	}
	if diff := cmp.Diff(map[string]int{"current": 6, "ended": 1}, states()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"current": 6, "future": 1}, states("--at=2026-09-30T00:00:00Z")); diff != "" {
		t.Error(diff)
	}
	if status, _, stderr := l.run(t, "trust", "show", "--format=yaml"); status != 2 || !strings.Contains(stderr, "no such format: yaml (want text, json or raw)") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

// TestTrustUpdateFails has something wrong in the repository or on the way, on a
// machine that has a cached trust root and on one that has none: what was in use
// stays, to the byte, and nothing else is left behind.
func TestTrustUpdateFails(t *testing.T) {
	status := func(code int) func(*http.Request) (*http.Response, error) {
		return func(req *http.Request) (*http.Response, error) {
			return response(req, code, strings.NewReader("trouble")), nil
		}
	}
	for _, test := range []struct {
		name  string
		fault func(*testing.T, *tufLab, *sigstoretest.Edition)
		want  string
	}{
		{"expired", func(_ *testing.T, _ *tufLab, e *sigstoretest.Edition) {
			e.Expires = map[string]time.Time{metadata.TIMESTAMP: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
		}, "stale, or this machine's clock (2026-11-22T12:00:00Z) is wrong"},
		{"forged", func(_ *testing.T, _ *tufLab, e *sigstoretest.Edition) {
			e.Signer = map[string]string{metadata.TARGETS: "forged"}
		}, "6.targets.json is not signed by who should have signed it"},
		{"a root of trust of somebody else", func(t *testing.T, l *tufLab, _ *sigstoretest.Edition) {
			other, err := sigstoretest.NewRepository(sigstore.RepositoryURL, "somebody else")
			if err != nil {
				t.Fatal(err)
			}
			if err := other.Publish(sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 6}); err != nil {
				t.Fatal(err)
			}
			l.Repository = other
		}, "timestamp.json is not signed by who should have signed it"},
		{"not a trust root", func(_ *testing.T, _ *tufLab, e *sigstoretest.Edition) { e.TrustedRoot = []byte(`{"tlogs": []}`) },
			"unsupported TrustedRoot media type"},
		{"a trust root of nothing", func(t *testing.T, _ *tufLab, e *sigstoretest.Edition) {
			e.TrustedRoot = privateRoot(t, func(r map[string]any) { delete(r, "certificateAuthorities") })
		}, "names no certificate-authority"},
		{"no trust root", func(_ *testing.T, _ *tufLab, e *sigstoretest.Edition) { e.TrustedRoot = nil }, "target trusted_root.json not found"},
		{"endless", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) {
			l.answer = func(req *http.Request) (*http.Response, error) {
				return response(req, http.StatusOK, endless{}), nil
			}
		}, "larger than it may be: at most 512000 bytes"},
		{"not found", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) { l.answer = status(404) }, "timestamp.json is not there"},
		{"forbidden", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) { l.answer = status(403) }, "403"},
		{"out of service", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) { l.answer = status(503) }, "503"},
		{"a page", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) {
			l.answer = func(req *http.Request) (*http.Response, error) {
				return response(req, http.StatusOK, strings.NewReader("<html>Sign in")), nil
			}
		}, "2.root.json: invalid character '<'"},
		{"no network", func(_ *testing.T, l *tufLab, _ *sigstoretest.Edition) {
			l.answer = func(*http.Request) (*http.Response, error) { return nil, errors.New("network is unreachable") }
		}, "network is unreachable"},
		{"clock in the future", func(_ *testing.T, l *tufLab, e *sigstoretest.Edition) {
			l.now = time.Date(9001, 1, 1, 0, 0, 0, 0, time.UTC)
		}, "this machine's clock (9001-01-01T00:00:00Z) is wrong"},
	} {
		for _, cached := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, cached %v", test.name, cached), func(t *testing.T) {
				l := newTUFLab(t)
				if cached {
					l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog), Version: 5})
					l.update(t)
				}
				kept, was := l.kept(t), l.show(t)
				e := sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 6}
				test.fault(t, l, &e)
				l.publish(t, e)
				l.fails(t, test.want)
				if !bytes.Equal(l.kept(t), kept) {
					t.Error("the cached trust root is another one")
				}
				l.now, l.answer = updated, nil
				if diff := cmp.Diff(was, l.show(t)); diff != "" {
					t.Errorf("the trust root in use is another one:\n%s", diff)
				}
			})
		}
	}
}

// fails asserts that an update fails for a reason, on one line.
func (l *tufLab) fails(t *testing.T, want string) {
	t.Helper()
	status, stdout, stderr := l.run(t, "trust", "update")
	if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Fatalf("exit status %d, %q, %q", status, stdout, stderr)
	}
	contains(t, stderr, "migrate: refresh of the trust root from "+sigstore.RepositoryURL+": ", want, "; the trust root in use stays as it was\n")
	l.tidy(t)
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestTrustUpdateInterrupted fails each request in turn.
func TestTrustUpdateInterrupted(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	l.update(t)
	kept := l.kept(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 2})
	for n := range 5 {
		count := 0
		l.answer = func(req *http.Request) (*http.Response, error) {
			if count++; count <= n {
				data, err := l.Get(req.Context(), req.URL.String(), 100<<20)
				if err != nil {
					return response(req, http.StatusNotFound, strings.NewReader("")), nil
				}
				return response(req, http.StatusOK, bytes.NewReader(data)), nil
			}
			return response(req, http.StatusOK, io.MultiReader(strings.NewReader(`{"sig`), broken{})), nil
		}
		l.fails(t, "connection reset by peer")
		if count != n+1 {
			t.Errorf("%d requests, want %d", count, n+1)
		}
		if !bytes.Equal(l.kept(t), kept) {
			t.Fatal("the cached trust root is another one")
		}
	}
	l.answer = nil
	contains(t, l.update(t), "The trust root has changed", "targets 2 of")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// TestTrustRootCacheDamaged has something else in the place of the cached trust
// root: nothing stands in for it without a word, and an update mends it.
func TestTrustRootCacheDamaged(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog), Version: 5})
	l.update(t)
	good := l.kept(t)
	replaced := func(old, new string) []byte {
		if bytes.Count(good, []byte(old)) != 1 {
			t.Fatalf("%q stands there %d times", old, bytes.Count(good, []byte(old)))
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	valid := filepath.Join(t.TempDir(), "valid.json")
	if err := os.WriteFile(valid, sigstore.EmbeddedTrustRootJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	artifact := filepath.Join(t.TempDir(), "Python-3.13.5.tgz")
	if err := os.WriteFile(artifact, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "it is damaged: unexpected end of JSON input"},
		{"half of it", good[:len(good)/2], "it is damaged: unexpected end of JSON input"},
		{"zeros", make([]byte, len(good)), "it is damaged: invalid character"},
		{"a trusted_root.json", sigstore.EmbeddedTrustRootJSON(), "it is of version 0, and this program knows 1"},
		{"of a later program", replaced(`"version":1`, `"version":2`), "it is of version 2, and this program knows 1"},
		{"another date", replaced(`"verified":"2026-11-22`, `"verified":"2036-11-22`), "it is damaged: its digest is not the one it names"},
		{"another version of the metadata", replaced(`"timestamp":5`, `"timestamp":4`), "its digest is not the one it names"},
		{"one bit of the trust root", replaced(`"trustedRoot":"e`, `"trustedRoot":"f`), "its digest is not the one it names"},
		{"no digest", replaced(`,"sha256":"`, `,"sha257":"`), "its digest is not the one it names"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(l.file(), test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			says := []string{"migrate: cached trust root " + l.file() + " cannot be used: ", test.want, "; get it anew with migrate trust update, or remove the file\n"}
			for _, args := range [][]string{{"trust", "show"}, {"verify", artifact}, {"report", artifact}} {
				status, stdout, stderr := l.run(t, args...)
				if status != 2 || stdout != "" {
					t.Errorf("%v: exit status %d, %q", args, status, stdout)
				}
				contains(t, stderr, says...)
			}
			if got := l.show(t, "--trusted-root", valid).Origin; got != "file" {
				t.Errorf("--trusted-root: in use is the one of %s", got)
			}
			status, stdout, stderr := l.run(t, "trust", "update")
			if status != 0 {
				t.Fatalf("exit status %d: %s", status, stderr)
			}
			contains(t, stderr, append(says[:2], "; starting from what the program carries\n")...)
			contains(t, stdout, "The trust root has changed", "timestamp 5")
			if s := l.show(t); s.Origin != "cache" {
				t.Errorf("after the update: %+v", s)
			}
			l.tidy(t)
		})
	}

	t.Run("unreadable", func(t *testing.T) {
		if err := errors.Join(os.Remove(l.file()), os.Mkdir(l.file(), 0o700)); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(l.file())
		status, _, stderr := l.run(t, "trust", "show")
		if status != 2 {
			t.Errorf("exit status %d", status)
		}
		contains(t, stderr, l.file()+" cannot be used: ", "or remove the file")
	})
}

// TestTrustRootCacheOlder has a program that was updated after the cache was.
func TestTrustRootCacheOlder(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog), Version: 5})
	l.update(t)
	c, err := readCachedRoot(l.file())
	if err != nil {
		t.Fatal(err)
	}
	write := func(verified time.Time) {
		t.Helper()
		c.Verified = verified
		if kept, err := c.store(l.file()); err != nil || kept != c {
			t.Fatalf("kept %v, error %v", kept, err)
		}
	}
	write(time.Date(2026, 3, 17, 23, 59, 59, 0, time.UTC))
	s := l.show(t)
	if s.Origin != "embedded" || s.Why != "the cached one is older: it was current on 2026-03-17" {
		t.Errorf("a day older than the embedded one: %+v", s)
	}
	// What was seen still guards against what is older.
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 4})
	l.fails(t, "its versions go back")
	write(time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC))
	if s := l.show(t); s.Origin != "cache" {
		t.Errorf("as old as the embedded one: %+v", s)
	}
}

// TestTrustUpdateBeginsAnew has a repository that was driven to a high version by
// somebody with its keys, and begins anew with others.
func TestTrustUpdateBeginsAnew(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog), Version: 1 << 40})
	l.update(t)
	if err := l.Rotate(time.Time{}, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS); err != nil {
		t.Fatal(err)
	}
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog)})
	contains(t, l.update(t), "The trust root has changed", "(TUF root 2, timestamp 1, snapshot 1, targets 1 of")
	if s := l.show(t); *s.TUF != (sigstore.TUFVersions{Root: 2, Timestamp: 1, Snapshot: 1, Targets: 1}) {
		t.Errorf("kept %+v", s.TUF)
	}
}

func TestTrustUpdateClockBehind(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	behind := func(want string) {
		t.Helper()
		l.Asked()
		status, stdout, stderr := l.run(t, "trust", "update")
		if status != 2 || stdout != "" {
			t.Errorf("exit status %d, %q", status, stdout)
		}
		contains(t, stderr, "migrate: this machine's clock says "+l.now.Format(time.RFC3339), want)
		if asked := l.Asked(); len(asked) > 0 {
			t.Errorf("asked for %v with a wrong clock", asked)
		}
	}
	for _, l.now = range []time.Time{time.Unix(7, 0).UTC(), time.Date(2026, 3, 17, 23, 59, 59, 0, time.UTC)} {
		behind("before the trust root that the program carries was published, on 2026-03-18: set the clock")
	}
	l.now = updated
	l.update(t)
	l.now = updated.Add(-25 * time.Hour)
	behind("the cached trust root was got on 2026-11-22: set the clock, or if it was wrong then, remove " + l.file())
	l.now = updated.Add(-23 * time.Hour)
	l.update(t)
}

// TestTrustUpdateAtOnce has two updates, of which the one that has seen less is
// the last to store.
func TestTrustUpdateAtOnce(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog), Version: 5})
	late := *l
	started, proceed := make(chan struct{}), make(chan struct{})
	var target []byte
	late.answer = func(req *http.Request) (*http.Response, error) {
		res, err := l.RoundTrip(req)
		if strings.HasSuffix(req.URL.Path, "trusted_root.json") {
			target, _ = io.ReadAll(res.Body)
			res.Body = io.NopCloser(bytes.NewReader(target))
			close(started)
			<-proceed
		}
		return res, err
	}
	var done sync.WaitGroup
	var status int
	var out, stderr string
	done.Go(func() { status, out, stderr = late.run(t, "-v", "trust", "update") })
	<-started
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withEndedLog), Version: 6})
	status2, _, stderr2 := l.run(t, "trust", "update")
	if status2 != 0 || stderr2 != "" {
		t.Errorf("the faster one: exit status %d: %s", status2, stderr2)
	}
	kept := l.kept(t)
	close(proceed)
	done.Wait()
	if status != 0 {
		t.Errorf("the slower one: exit status %d: %s", status, stderr)
	}
	contains(t, stderr, "another run has kept a newer trust root meanwhile")
	contains(t, out, "timestamp 6,")
	if !bytes.Equal(l.kept(t), kept) {
		t.Error("the slower one has put its older trust root in the place of the newer one")
	}
	l.tidy(t)
}

// TestTrustUpdateCrowd has many updates at once.
func TestTrustUpdateCrowd(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	var crowd sync.WaitGroup
	for range 8 {
		crowd.Go(func() {
			if status, _, stderr := l.run(t, "trust", "update"); status != 0 {
				t.Errorf("exit status %d: %s", status, stderr)
			}
		})
	}
	crowd.Wait()
	l.tidy(t)
	if s := l.show(t); s.Origin != "cache" {
		t.Errorf("in use: %+v", s)
	}
}

func TestTrustUpdateOffline(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	config := viper.New()
	config.Set("offline", true)
	status, stdout, stderr := l.runWith(t, config, "trust", "update")
	if status != 2 || stdout != "" {
		t.Errorf("exit status %d, %q", status, stdout)
	}
	contains(t, stderr, "leave --offline away")
	if asked := l.Asked(); len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
	if l.kept(t) != nil {
		t.Error("something was cached")
	}
}

func TestTrustUpdateNowhere(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	for name, dir := range map[string]string{"relative": "cache", "a file": filepath.Join(t.TempDir(), "file")} {
		t.Run(name, func(t *testing.T) {
			if filepath.IsAbs(dir) {
				if err := os.WriteFile(dir, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("XDG_CACHE_HOME", dir)
			status, stdout, stderr := l.run(t, "trust", "update")
			if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit status %d, %q, %q", status, stdout, stderr)
			}
			if asked := l.Asked(); len(asked) > 0 {
				t.Errorf("asked for %v, to no avail", asked)
			}
		})
	}
}

// TestTrustUpdateOfASetting has a setting that the update does not change.
func TestTrustUpdateOfASetting(t *testing.T) {
	l := newTUFLab(t)
	l.publish(t, sigstoretest.Edition{TrustedRoot: privateRoot(t, withoutNewLog)})
	t.Setenv("MIGRATE_TRUSTED_ROOT", "/srv/trusted_root.json")
	status, _, stderr := l.run(t, "trust", "update")
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	contains(t, stderr, "the setting trusted-root names /srv/trusted_root.json, which is used in place of the cached trust root")
}
