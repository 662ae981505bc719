package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/fetch"
	"migrate/internal/onlinetest"
	"migrate/internal/release"
)

// files makes a tree of files that hold their own paths.
func files(names ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, name := range names {
		fsys[name] = &fstest.MapFile{Data: []byte("content of " + name), ModTime: time.Date(2025, 6, 11, 15, 36, 0, 0, time.UTC)}
		if strings.HasSuffix(name, "/") {
			delete(fsys, name)
			fsys[strings.TrimSuffix(name, "/")] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		}
	}
	return fsys
}

// world is a server and a site that is made for it.
type world struct {
	*Site
	url string // of the server, without a slash

	mu    sync.Mutex
	asked []string // paths with queries, in order
}

// serve serves h to a site.
func serve(t *testing.T, h http.Handler) *world {
	t.Helper()
	w := &world{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.Method+" "+r.URL.RequestURI())
		w.mu.Unlock()
		h.ServeHTTP(rw, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	w.url = srv.URL
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Config{Transport: srv.Client().Transport, Hosts: []string{u.Host}, Attempts: 1})
	if w.Site, err = NewSite(client, srv.URL+"/ftp/python", srv.URL+"/api/v1/downloads/"); err != nil {
		t.Fatal(err)
	}
	return w
}

// instead answers what it has for a path, and leaves the others to h.
func instead(h http.Handler, answers map[string]http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.URL.Path]; ok {
			answer(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Error(w, http.StatusText(code), code) }
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, text)
	}
}

func (w *world) list(t *testing.T, selector string, opts Options) (Listing, error) {
	t.Helper()
	sel, err := ParseSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return w.List(t.Context(), sel, opts)
}

// diff lists and compares, with the server's URL written "SERVER" and sidecars
// that are not there left out.
func (w *world) diff(t *testing.T, selector string, opts Options, want ...string) Listing {
	t.Helper()
	l, err := w.list(t, selector, opts)
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
	var got []string
	for _, line := range lines(t, l) {
		line = strings.ReplaceAll(line, w.url, "SERVER")
		for _, kind := range []string{".asc", ".sigstore"} {
			for _, it := range l.Items {
				absent := fmt.Sprintf(" +%s=%s%s (SERVER/ftp/python/%s%s is not there)", kind[1:], it.Location, kind, it.Location, kind)
				line = strings.Replace(line, absent, "", 1)
			}
		}
		got = append(got, line)
	}
	for _, r := range l.Remarks {
		got = append(got, "# "+strings.ReplaceAll(r, w.url, "SERVER"))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", selector, d)
	}
	return l
}

var pythonOrg = files(
	"2.4.2/python24.chm", "2.4.3/python24.chm", "3.2/Python-3.2.tgz", "3.2/Python-3.2.tgz.asc", "3.2.1/Python-3.2.1.tgz",
	"3.13.4/Python-3.13.4.tgz",
	"3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz.asc", "3.13.5/Python-3.13.5.tgz.sigstore", "3.13.5/Python-3.13.5.tgz.spdx.json",
	"3.13.5/python-3.13.5-amd64.exe", "3.13.5/python-3.13.5-amd64.exe.asc", "3.13.5/python-3.13.5-amd64.exe.sigstore.json",
	"3.13.5/python-3.13.5-embed-amd64.zip", "3.13.5/python-3.13.5-embed-amd64.zip.sig", "3.13.5/python-3.13.5-embed-amd64.zip.crt",
	"3.13.5/amd64/core.msi", "3.13.5/win32/core.msi", "3.13.5/README", "3.13.5/README.asc", "3.13.5/Python-3.13.5.tar.xz.asc",
	"3.13.5/Python-3.13.4.tar.xz",
	"3.14.0/Python-3.14.0a1.tgz", "3.14.0/Python-3.14.0rc1.tgz", "3.14.0/Python-3.14.0rc1.tgz.sigstore", "3.14.0/Python-3.14.0.tgz", "3.14.0/Python-3.14.0.tgz.sigstore",
	"3.15.0/Python-3.15.0a1.tgz", "3.15.0/Python-3.15.0a2.tgz",
	"3.16.0/", "doc/x", "3.13/x", "README.html", "pymanager/x",
)

func TestSite(t *testing.T) {
	w := serve(t, onlinetest.PythonOrg(pythonOrg, onlinetest.API{}))
	const asc, bundle = " +asc=3.13.5/Python-3.13.5.tgz.asc", " +sigstore=3.13.5/Python-3.13.5.tgz.sigstore"
	of3135 := []string{
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source" + asc + bundle + " +spdx.json=3.13.5/Python-3.13.5.tgz.spdx.json",
		"3.13.5/python-3.13.5-amd64.exe is 3.13.5 windows-installer +asc=3.13.5/python-3.13.5-amd64.exe.asc +sigstore=3.13.5/python-3.13.5-amd64.exe.sigstore.json",
		"3.13.5/python-3.13.5-embed-amd64.zip is 3.13.5 windows-embeddable +sig=3.13.5/python-3.13.5-embed-amd64.zip.sig +crt=3.13.5/python-3.13.5-embed-amd64.zip.crt",
	}
	odd3135 := []string{
		"? 3.13.5/: holds folders, which are not looked into, as no artifact is in one: amd64, win32",
		"? 3.13.5/Python-3.13.4.tar.xz: an artifact of 3.13.4, whose place is 3.13.4/",
		"? 3.13.5/Python-3.13.5.tar.xz.asc: sidecar without its artifact",
		"? 3.13.5/README: no artifact name known",
		"? 3.13.5/README.asc: sidecar of a file that is no artifact",
	}
	join := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	l := w.diff(t, "3.13.5", Options{}, join(of3135, odd3135)...)
	if l.Kind != "site" || l.Source != "3.13.5" {
		t.Errorf("Kind %q, Source %q", l.Kind, l.Source)
	}
	it := l.Items[0]
	if it.URL != w.url+"/ftp/python/3.13.5/Python-3.13.5.tgz" || it.Size != int64(len("content of 3.13.5/Python-3.13.5.tgz")) || it.Unseen != nil || it.Published != nil {
		t.Errorf("item %+v", it)
	}
	// An exact version needs one index only.
	if got := w.asked[0]; got != "GET /ftp/python/3.13.5/" {
		t.Errorf("asked first for %s", got)
	}
	for _, a := range w.asked {
		if strings.HasPrefix(a, "GET /ftp/python/ ") || strings.Contains(a, "amd64/") {
			t.Errorf("asked for %s", a)
		}
	}

	w.diff(t, "3.13", Options{}, join([]string{"3.13.4/Python-3.13.4.tgz is 3.13.4 source"}, of3135, odd3135)...)
	w.diff(t, "3.2", Options{}, "3.2/Python-3.2.tgz is 3.2.0 source +asc=3.2/Python-3.2.tgz.asc", "3.2.1/Python-3.2.1.tgz is 3.2.1 source")
	w.diff(t, "3.2.0", Options{}, "3.2/Python-3.2.tgz is 3.2.0 source +asc=3.2/Python-3.2.tgz.asc")
	w.diff(t, "2.4.3..3.2.0", Options{}, "2.4.3/python24.chm is 2.4.3 windows-help", "3.2/Python-3.2.tgz is 3.2.0 source +asc=3.2/Python-3.2.tgz.asc")
	final := []string{"3.14.0/Python-3.14.0.tgz is 3.14.0 source +sigstore=3.14.0/Python-3.14.0.tgz.sigstore"}
	w.diff(t, "3.14", Options{}, final...)
	rc1 := []string{"3.14.0/Python-3.14.0rc1.tgz is 3.14.0rc1 source +sigstore=3.14.0/Python-3.14.0rc1.tgz.sigstore"}
	w.diff(t, "3.14.0rc1", Options{}, rc1...)
	a1 := []string{"3.14.0/Python-3.14.0a1.tgz is 3.14.0a1 source"}
	w.diff(t, "3.14", Options{PreReleases: true}, join(a1, rc1, final)...)
	w.diff(t, "3.14.0rc1..3.15.0a1", Options{PreReleases: true}, join(rc1, final, []string{"3.15.0/Python-3.15.0a1.tgz is 3.15.0a1 source"})...)
	w.diff(t, "all", Options{}, join([]string{
		"2.4.2/python24.chm is 2.4.2 windows-help", "2.4.3/python24.chm is 2.4.3 windows-help",
		"3.2/Python-3.2.tgz is 3.2.0 source +asc=3.2/Python-3.2.tgz.asc", "3.2.1/Python-3.2.1.tgz is 3.2.1 source",
		"3.13.4/Python-3.13.4.tgz is 3.13.4 source"}, of3135, final, odd3135)...)
}

// Two selections that overlap are told apart by their URLs, as two folders are
// by their paths.
func TestSiteQualify(t *testing.T) {
	w := serve(t, onlinetest.PythonOrg(pythonOrg, onlinetest.API{}))
	l, err := w.list(t, "3.13.5", Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.Qualify()
	base := w.url + "/ftp/python/3.13.5/"
	it := l.Items[0]
	if it.Location != it.URL || it.Sidecars[release.Asc].Location != it.URL+".asc" || l.Unrecognised[0].Location != base {
		t.Errorf("item %+v, %+v", it, l.Unrecognised[0])
	}
}

func TestSiteNothing(t *testing.T) {
	good := onlinetest.PythonOrg(pythonOrg, onlinetest.API{})
	only := func(dir string, answer http.HandlerFunc) http.Handler {
		return instead(good, map[string]http.HandlerFunc{"/ftp/python/" + dir: answer})
	}
	folders := func(names ...string) string {
		text := "<title>Index of /</title>"
		for _, name := range names {
			text += `<a href="` + name + `">x</a>`
		}
		return text
	}
	var endless, many []string
	for i := range maxListed + 1 {
		endless = append(endless, fmt.Sprintf("3.14.%d/", i))
	}
	many = endless[:maxFolders+1]
	for _, tt := range []struct {
		name     string
		h        http.Handler
		selector string
		opts     Options
		want     []string
	}{
		{"no such release", good, "3.99.1", Options{}, []string{"there is no release 3.99.1", "SERVER/ftp/python/3.99.1/ is not there", "open SERVER/ftp/python/ to see"}},
		{"no such pre-release", good, "3.14.0b1", Options{}, []string{"SERVER/ftp/python/3.14.0/ holds nothing of 3.14.0b1, but of 3.14.0a1, 3.14.0rc1, 3.14.0"}},
		{"no such series", good, "3.12", Options{}, []string{"has no release that is 3.12"}},
		{"only pre-releases", good, "3.15", Options{}, []string{"only pre-releases that are 3.15 (3.15.0a1, 3.15.0a2): add --pre-releases"}},
		{"only pre-releases, named as final", good, "3.15.0", Options{}, []string{"holds nothing of 3.15.0, but of 3.15.0a1, 3.15.0a2"}},
		{"only pre-releases, in a range", good, "3.14.0a1..3.14.0rc1", Options{}, []string{"only pre-releases are 3.14.0a1..3.14.0rc1: add --pre-releases"}},
		{"an empty folder", good, "3.16", Options{}, []string{"has no artifact that is 3.16: its folders are empty"}},
		{"an empty folder by its version", good, "3.16.0", Options{}, []string{"has no artifact that is 3.16.0"}},
		{"another tree", only("", says(folders("dists/", "pool/"))), "all", Options{}, []string{"lists no folder of a release", "laid out like https://www.python.org/ftp/python/"}},
		{"an error page for the root", only("", says("<title>Sorry</title><a href=/>home</a>")), "3.13", Options{}, []string{"the releases that are 3.13 cannot be listed", "is no index of files"}},
		{"an error page", only("3.13.5/", says("<title>Sorry</title><a href=/>home</a>")), "3.13.5", Options{}, []string{"release 3.13.5 cannot be listed", "is no index of files, but some other page: check the URL"}},
		{"an error page with a link", only("3.13.5/", says("<title>Sorry</title><a href=help.html>help</a>")), "3.13.5", Options{}, []string{"is no index of files"}},
		{"a root that is cut short", only("", says("<html>"+folders("3.13.5/"))), "3.13", Options{}, []string{"the releases that are 3.13 cannot be listed", "ends in its midst"}},
		{"cut short", only("3.13.5/", says("<html>"+folders("Python-3.13.5.tgz"))), "3.13.5", Options{}, []string{"release 3.13.5 cannot be listed", "ends in its midst, so that it may not list all files: check the URL, or run again later"}},
		{"refused", only("3.13.5/", status(403)), "3.13.5", Options{}, []string{"release 3.13.5 cannot be listed", "403"}},
		{"out of order", only("", status(503)), "all", Options{}, []string{"cannot be listed", "503"}},
		{"each out of order", instead(good, map[string]http.HandlerFunc{"/ftp/python/3.13.4/": status(503), "/ftp/python/3.13.5/": status(500)}), "3.13", Options{},
			[]string{"the releases that are 3.13 cannot be listed; 3.13.4 first", "503"}},
		{"huge", only("3.13.5/", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, folders("a")+strings.Repeat(" ", maxIndex))
		}), "3.13.5", Options{}, []string{"release 3.13.5 cannot be listed", fetch.ErrTooLarge.Error()}},
		{"endless", only("", says(folders(endless...))), "3.14", Options{}, []string{"lists more than 5000 names"}},
		{"too many releases", only("", says(folders(many...))), "3.14", Options{}, []string{"lists more than 1000 releases"}},
		{"names that lead out", only("3.13.5/", says(folders("../3.13.4/Python-3.13.5.tgz", "%2e%2e%2fPython-3.13.5.tgz", "//example.com/Python-3.13.5.tgz", "Python-3.13.5.tgz?x"))), "3.13.5", Options{},
			[]string{"has no artifact that is 3.13.5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, tt.h)
			l, err := w.list(t, tt.selector, tt.opts)
			if err == nil {
				t.Fatalf("listing %+v", l)
			}
			text := strings.ReplaceAll(err.Error(), w.url, "SERVER")
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q lacks %q", text, want)
				}
			}
			if strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%q is not one clean line", text)
			}
		})
	}
}

// One folder that cannot be listed does not hide the others.
func TestSiteTroubles(t *testing.T) {
	good := onlinetest.PythonOrg(files("3.13.4/Python-3.13.4.tgz", "3.13.5/Python-3.13.5.tgz", "3.13.6/Python-3.13.6.tgz", "3.13.7/", "3.13.8/Python-3.13.8.tgz"), onlinetest.API{})
	w := serve(t, instead(good, map[string]http.HandlerFunc{"/ftp/python/3.13.4/": status(503), "/ftp/python/3.13.6/": says("<p>Busy"),
		"/ftp/python/3.13.8/": says(`<title>Index of /</title><a href="Python-3.13.8.tar.xz">x</a><a href="Python-3`)}))
	w.diff(t, "3.13", Options{},
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		"! 3.13.4/: cannot be listed: SERVER/ftp/python/3.13.4/: the server answered 503 Service Unavailable",
		"! 3.13.6/: cannot be listed: SERVER/ftp/python/3.13.6/ is no index of files, but some other page: check the URL, or run again later",
		"! 3.13.8/: cannot be listed: SERVER/ftp/python/3.13.8/ ends in its midst, so that it may not list all files: check the URL, or run again later",
	)
}

// What a hostile index lists is shown and not followed.
func TestSiteHostileIndex(t *testing.T) {
	index := `<title>Index of /</title>
		<a href="Python-3.13.5.tgz">x</a> 11-Jun-2025 15:36 28M
		<a href="Python-3.13.5.tgz.asc">x</a>
		<a href="../3.13.4/Python-3.13.5.tar.xz">x</a>
		<a href="%2e%2e%2fPython-3.13.5.tar.xz">x</a>
		<a href="https://example.com/Python-3.13.5.tar.xz">x</a>
		<a href="Python-3.13.5.tar.xz/">x</a>
		<a href="a%1b%5b2J">x</a>
		<a href="` + strings.Repeat("a", 300) + `">x</a>`
	w := serve(t, instead(onlinetest.PythonOrg(files("3.13.5/Python-3.13.5.tgz"), onlinetest.API{}),
		map[string]http.HandlerFunc{"/ftp/python/3.13.5/": says(index)}))
	l := w.diff(t, "3.13.5", Options{},
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source +asc=3.13.5/Python-3.13.5.tgz.asc (SERVER/ftp/python/3.13.5/Python-3.13.5.tgz.asc is listed and is not there: run again later)",
		"? 3.13.5/: holds folders, which are not looked into, as no artifact is in one: Python-3.13.5.tar.xz",
		"? 3.13.5/%2e%2e%2fPython-3.13.5.tar.xz: a link that is not the name of a file in its folder",
		"? 3.13.5/../3.13.4/Python-3.13.5.tar.xz: a link that is not the name of a file in its folder",
		"? 3.13.5/a\x1b[2J: control characters in its name",
		"? 3.13.5/"+strings.Repeat("a", 255)+"...: a link that is not the name of a file in its folder",
	)
	if l.Items[0].Size != -1 {
		t.Errorf("size %d, of a rounded one", l.Items[0].Size)
	}
}

func TestSiteOpen(t *testing.T) {
	const dir = "/ftp/python/3.13.5/"
	good := onlinetest.PythonOrg(files("3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz.crt", "3.13.5/Python-3.13.5.tar.xz", "3.13.5/python-3.13.5-amd64.exe"), onlinetest.API{})
	w := serve(t, instead(good, map[string]http.HandlerFunc{
		dir + "Python-3.13.5.tgz.asc":         says("stale"), // there, though not listed
		dir + "Python-3.13.5.tgz.sigstore":    status(410),
		dir + "Python-3.13.5.tgz.crt":         status(404),
		dir + "Python-3.13.5.tar.xz":          status(404),
		dir + "Python-3.13.5.tar.xz.asc":      status(403),
		dir + "Python-3.13.5.tar.xz.sigstore": status(500),
	}))
	l, err := w.list(t, "3.13.5", Options{})
	if err != nil {
		t.Fatal(err)
	}
	xz, tgz, exe := l.Items[0], l.Items[1], l.Items[2]
	for _, tt := range []struct {
		name   string
		open   Opener
		absent bool
		want   string
	}{
		{"unlisted and there", tgz.Sidecars[release.Asc].Open, false, ""},
		{"unlisted and gone", tgz.Sidecars[release.Sigstore].Open, true, "is not there"},
		{"unlisted and not there", exe.Sidecars[release.Asc].Open, true, "is not there"},
		{"listed and not there", tgz.Sidecars[release.Crt].Open, false, "is listed and is not there: run again"},
		{"unlisted and refused", xz.Sidecars[release.Asc].Open, false, "403"},
		{"unlisted and broken", xz.Sidecars[release.Sigstore].Open, false, "500"},
		{"the artifact", tgz.Open, false, ""},
		{"the artifact, listed and not there", xz.Open, false, "is listed and is not there: run again"},
	} {
		r, err := tt.open(t.Context())
		if err == nil {
			r.Close()
		}
		if errors.Is(err, ErrAbsent) != tt.absent || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, kind := range []release.Sidecar{release.Sig, release.SPDX, release.Rekor} {
		if _, ok := tgz.Sidecars[kind]; ok {
			t.Errorf("%s goes by the list, which has none", kind)
		}
	}

	r, err := tgz.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read, ok := r.(Validated)
	asked, err := tgz.Validators(t.Context())
	if err != nil || !ok || !asked.Same(read.Validators()) || asked.ETag == "" || asked.LastModified == "" || asked.Size != tgz.Size {
		t.Errorf("validators %+v of the read, %+v of the question: %v", read, asked, err)
	}
	if data, err := io.ReadAll(r); string(data) != "content of 3.13.5/Python-3.13.5.tgz" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := xz.Validators(t.Context()); err == nil {
		t.Error("validators of what is not there")
	}
}

// A web page in place of a sidecar is one thing where the list has the sidecar,
// and another where it has not.
func TestSiteUnlisted(t *testing.T) {
	const artifact, page = "3.13.5/Python-3.13.5.tgz", "<!DOCTYPE html><title>Not found</title>"
	h := instead(onlinetest.PythonOrg(files(artifact, artifact+".asc"), onlinetest.API{}), map[string]http.HandlerFunc{
		"/ftp/python/" + artifact + ".asc": says(page), "/ftp/python/" + artifact + ".sigstore": says(page)})
	w := serve(t, h)
	l, err := w.list(t, "3.13.5", Options{})
	if err != nil {
		t.Fatal(err)
	}
	listed, unlisted := l.Items[0].Sidecars[release.Asc], l.Items[0].Sidecars[release.Sigstore]
	if listed.Unlisted || !unlisted.Unlisted {
		t.Errorf("Unlisted: %t of one that is listed, %t of one that is not", listed.Unlisted, unlisted.Unlisted)
	}
	if got, err := readTo(listed.Open, 100); got != page || err != nil {
		t.Errorf("listed: %q, %v", got, err)
	}
	_, err = readTo(unlisted.Open, 100)
	if want := w.url + "/ftp/python/" + artifact + ".sigstore is a web page, not the file, and is not listed: run again later"; !errors.Is(err, fetch.ErrWebPage) || errors.Is(err, ErrAbsent) || err.Error() != want {
		t.Errorf("not listed: %v, want %s", err, want)
	}
}

func TestSiteChanged(t *testing.T) {
	for err, want := range map[error]error{
		fmt.Errorf("x: %w", fetch.ErrChanged): ErrChanged,
		fmt.Errorf("x: %w", fetch.ErrAbsent):  ErrAbsent,
		fetch.ErrOffline:                      fetch.ErrOffline,
		io.ErrUnexpectedEOF:                   io.ErrUnexpectedEOF,
	} {
		if got := fetched("SERVER/x", false, err); !errors.Is(got, want) {
			t.Errorf("%v became %v, want %v", err, got, want)
		}
	}
}

func TestSiteOffline(t *testing.T) {
	w := serve(t, http.NotFoundHandler())
	client := fetch.New(fetch.Config{Offline: true, Hosts: []string{strings.TrimPrefix(w.url, "https://")}})
	s, err := NewSite(client, w.url, w.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"3.13.5", "3.13"} {
		sel, err := ParseSelector(arg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.List(t.Context(), sel, Options{}); !errors.Is(err, fetch.ErrOffline) {
			t.Errorf("%s: %v, want %v", arg, err, fetch.ErrOffline)
		}
	}
	if len(w.asked) > 0 {
		t.Errorf("asked for %q", w.asked)
	}
}

func TestSiteCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	w := serve(t, instead(onlinetest.PythonOrg(pythonOrg, onlinetest.API{}), map[string]http.HandlerFunc{
		"/ftp/python/3.13.5/": func(http.ResponseWriter, *http.Request) { cancel(why) },
	}))
	sel, err := ParseSelector("3.13")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.List(ctx, sel, Options{}); !errors.Is(err, why) {
		t.Errorf("error %v, want %v", err, why)
	}
	if _, err := w.List(t.Context(), Selector{}, Options{}); err == nil || !strings.Contains(err.Error(), "no releases are selected") {
		t.Errorf("no selection: %v", err)
	}
}

// The order does not depend on which answer comes first.
func TestSiteOrder(t *testing.T) {
	var names, want []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("3.13.%d/Python-3.13.%[1]d.tgz", i))
		want = append(want, names[i]+fmt.Sprintf(" is 3.13.%d source", i))
	}
	var mu sync.Mutex
	running, most := 0, 0
	good := onlinetest.PythonOrg(files(names...), onlinetest.API{})
	w := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if path.Dir(r.URL.Path) == "/ftp/python" {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			defer func() { mu.Lock(); running--; mu.Unlock() }()
		}
		good.ServeHTTP(rw, r)
	}))
	w.diff(t, "3.13", Options{}, want...)
	if most > sideBySide {
		t.Errorf("%d folders listed at one time, want %d at most", most, sideBySide)
	}
}

func TestNewSite(t *testing.T) {
	for _, raw := range []string{FilesURL, APIURL, "https://mirror.example:8443/a%20b", "https://mirror.example"} {
		s, err := NewSite(nil, raw, raw)
		if err != nil || !strings.HasSuffix(s.files, "/") || strings.HasSuffix(s.files, "//") || !strings.HasPrefix(s.files, raw) || s.api != s.files {
			t.Errorf("%q: %+v, %v", raw, s, err)
		}
	}
	for _, raw := range []string{"", "http://www.python.org/ftp/python/", "www.python.org", "/srv/mirror", "https://", "https://a:b@example.com/",
		"https://example.com/?a", "https://example.com/#a", "https://example.com/a/../b", "https://example.com//", "file:///srv", "https://exa mple/"} {
		if s, err := NewSite(nil, raw, ""); err == nil || !strings.Contains(err.Error(), FilesURL) {
			t.Errorf("%q: %+v, %v", raw, s, err)
		}
		if s, err := NewSite(nil, FilesURL, raw); raw != "" && err == nil {
			t.Errorf("API %q: %+v", raw, s)
		}
	}
}
