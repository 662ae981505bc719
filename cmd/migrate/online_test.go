package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"

	"migrate/compare"
	"migrate/internal/onlinetest"
	"migrate/internal/sigstoretest"
	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

const (
	python  = "www.python.org"
	peps    = "peps.python.org"
	vks     = "keys.openpgp.org"
	hkp     = "keyserver.ubuntu.com"
	github  = "github.com"
	rekor   = "rekor.sigstore.test" // of the demonstration's Sigstore
	elsewhr = "mirror.example"      // another copy of python.org

	ftp       = "/ftp/python/"
	cyclePath = "/api/release-cycle.json"
	apiRel    = "/api/v1/downloads/release/"
	apiFile   = "/api/v1/downloads/release_file/"
)

// places are where the demonstration is.
type places struct{ mirror, roster, root, keys string }

func demoPlaces(t testing.TB) places {
	t.Helper()
	demo, err := filepath.Abs(filepath.FromSlash("../../testdata/demo"))
	if err != nil {
		t.Fatal(err)
	}
	return places{filepath.Join(demo, "mirror"), filepath.Join(demo, "roster.yaml"), filepath.Join(demo, "trusted_root.json"), filepath.Join(demo, "keys")}
}

// stage is a fake internet and a machine on it, with a home of its own, that
// runs command lines.
type stage struct {
	t testing.TB
	*onlinetest.World
	places
	files fstest.MapFS // of www.python.org and of its mirror, below /ftp/python/
	base  string       // the folder that everything this machine may write to is in
	work  string       // where it stands

	now       time.Time // of command lines
	writes    bool      // command lines may write files
	transport http.RoundTripper
	tufRoot   []byte
	attempts  int // of each request; 0: the usual
}

// online makes a stage in a bubble of its own, where no wait takes time.
func online(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	big() // outside
	synctest.Test(t, func(t *testing.T) {
		// The ends of a pipe that say goodbye at the same time wait for each
		// other until their deadline.
		t.Cleanup(func() { time.Sleep(time.Minute) })
		test(t, newStage(t, onlinetest.NewInMemory(t)))
	})
}

func newStage(t testing.TB, w *onlinetest.World) *stage {
	t.Helper()
	s := &stage{t: t, World: w, places: demoPlaces(t), base: t.TempDir(), files: fstest.MapFS{}, now: keysPresent}
	s.work = filepath.Join(s.base, "work")
	for _, dir := range []string{"work", "home", "tmp"} {
		if err := os.Mkdir(filepath.Join(s.base, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range s.environment() {
		t.Setenv(name, value)
	}
	t.Chdir(s.work)
	silence(t)
	s.copyDemo()
	for name, data := range big().files {
		s.put(name, data)
	}
	s.serve()
	transport := w.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	s.transport = transport
	return s
}

// silence keeps sigstore-go quiet, as main does.
func silence(t testing.TB) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stderr
	os.Stderr = null
	t.Cleanup(func() { os.Stderr = was; null.Close() })
}

func (s *stage) environment() map[string]string {
	home := filepath.Join(s.base, "home")
	return map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "config"), "XDG_CACHE_HOME": filepath.Join(home, "cache"),
		"TMPDIR":          filepath.Join(s.base, "tmp"),
		"MIGRATE_OFFLINE": "false", "MIGRATE_ROSTER": s.bigRoster(), "MIGRATE_TRUSTED_ROOT": s.root, "MIGRATE_KEYRING": s.keys + string(filepath.ListSeparator) + s.bigKey(),
	}
}

// copyDemo takes the demonstration's mirror as what python.org has.
func (s *stage) copyDemo() {
	s.t.Helper()
	mirror := os.DirFS(s.mirror)
	err := fs.WalkDir(mirror, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(mirror, name)
		s.put(name, data)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// put puts a file on python.org. What is put again has another time.
func (s *stage) put(name string, data []byte) {
	at := time.Date(1999, 12, 1, 12, 0, 0, 0, time.UTC)
	if old := s.files[name]; old != nil {
		at = old.ModTime.Add(time.Hour)
	}
	s.files[name] = &fstest.MapFile{Data: data, ModTime: at}
}

// serve fills the world.
func (s *stage) serve() {
	s.t.Helper()
	org := onlinetest.PythonOrg(s.files, s.api())
	s.Handle(python, org)
	s.Handle(elsewhr, org)
	cycle, err := os.ReadFile(filepath.Join(filepath.Dir(s.places.roster), "..", "..", "internal", "cycle", "cycle.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.Handle(peps, onlinetest.Files{cyclePath: onlinetest.NewFile(cycle)})
	for _, host := range []string{vks, hkp, github} {
		s.Handle(host, onlinetest.Files{})
	}
	s.Handle(rekor, demoLog(s.t, s.places))
}

// api is what python.org's API says of all that there is: the truth, and of half
// of it an MD5 in place of a SHA-256.
func (s *stage) api() onlinetest.API {
	var api onlinetest.API
	ids := map[string]int{}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range s.files {
			if !yield(name) {
				return
			}
		}
	}) {
		dir, file := path.Split(name)
		version := strings.TrimSuffix(dir, "/")
		if isSidecarName(file) || version == "3.15.0" { // pre-releases have releases of their own; the API may lack them
			continue
		}
		if ids[version] == 0 {
			ids[version] = len(ids) + 1
			api.Releases = append(api.Releases, onlinetest.APIRelease{ID: ids[version], Name: "Python " + version, Slug: "python-" + strings.ReplaceAll(version, ".", "")})
		}
		data := s.files[name].Data
		f := onlinetest.APIFile{Release: ids[version], URL: "https://" + python + ftp + name, Size: len(data)}
		if sum := sha256.Sum256(data); len(api.Files)%2 == 0 {
			f.SHA256 = hex.EncodeToString(sum[:])
		} else {
			f.MD5 = fmt.Sprintf("%x", md5.Sum(data))
		}
		for suffix, link := range map[string]*string{".asc": &f.Asc, ".sigstore": &f.Sigstore, ".sig": &f.Sig, ".crt": &f.Crt} {
			if _, ok := s.files[name+suffix]; ok {
				*link = f.URL + suffix
			}
		}
		api.Files = append(api.Files, f)
	}
	return api
}

func isSidecarName(name string) bool {
	return slices.Contains([]string{".asc", ".sigstore", ".sig", ".crt"}, path.Ext(name))
}

// demoLog is the log of the demonstration's Sigstore, with the entry of its one
// pair.
func demoLog(t testing.TB, p places) http.Handler {
	t.Helper()
	private, err := demoSigstore()
	if err != nil {
		t.Fatal(err)
	}
	log := private.Rekor()
	file := filepath.Join(p.mirror, "3.10.7", "python-3.10.7-amd64.exe")
	read := func(suffix string) []byte {
		data, err := os.ReadFile(file + suffix)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	err = log.Again(read(".sig"), read(".crt"), sigstoretest.Signing{
		Digest: sha256.Sum256(read("")), Time: time.Date(2022, 9, 5, 10, 0, 0, 0, time.UTC).Add(70 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// demoSigstore is the Sigstore whose trust root the demonstration has; see
// internal/demo.
func demoSigstore() (*sigstoretest.Sigstore, error) {
	return sigstoretest.New("migrate demo", time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC))
}

// bigRelease is a release whose artifacts are larger than what is looked at
// before hashing begins, and signed both ways. The demonstration's are too small
// to break off in.
const bigRelease = "3.13.7"

const (
	bigFile   = "Python-3.13.7.tgz" // the one that goes wrong
	otherFile = "Python-3.13.7.tar.xz"
	bigSize   = 700_000
)

type bigFiles struct {
	files       map[string][]byte
	key         []byte
	fingerprint string
}

// big makes the files of that release, once.
var big = sync.OnceValue(func() bigFiles {
	b := bigFiles{files: map[string][]byte{}}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	private, err := demoSigstore()
	must(err)
	at := time.Date(2025, 8, 14, 10, 0, 0, 0, time.UTC)
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, DefaultHash: crypto.SHA512, Time: func() time.Time { return at }}
	key, err := openpgp.NewEntity("Jonas Wren", "", "", config)
	must(err)
	var public bytes.Buffer
	must(key.Serialize(&public))
	b.key, b.fingerprint = public.Bytes(), fmt.Sprintf("%X", key.PrimaryKey.Fingerprint)
	random := rand.NewChaCha8(sha256.Sum256([]byte("big")))
	for i, name := range []string{bigFile, otherFile} {
		data := make([]byte, bigSize>>(3*i))
		random.Read(data)
		var asc bytes.Buffer
		must(openpgp.ArmoredDetachSign(&asc, key, bytes.NewReader(data), config))
		bundle, err := private.Sign(sigstoretest.Signing{Digest: sha256.Sum256(data), SAN: "jonas@demo.example", Issuer: "https://accounts.demo.example", Time: at})
		must(err)
		b.files[bigRelease+"/"+name], b.files[bigRelease+"/"+name+".asc"], b.files[bigRelease+"/"+name+".sigstore"] = data, asc.Bytes(), bundle
	}
	return b
})

// bigKey writes the key that the big release is signed with to a file.
func (s *stage) bigKey() string {
	file := filepath.Join(s.base, "key")
	s.writeFile(file, big().key)
	return file
}

// bigRoster is the demonstration's roster with that key.
func (s *stage) bigRoster() string {
	s.t.Helper()
	data, err := os.ReadFile(s.places.roster)
	if err != nil {
		s.t.Fatal(err)
	}
	text := strings.Replace(string(data), "\nkeys:\n", "\nkeys:\n  BIG: {person: jonas-wren, fingerprint: "+big().fingerprint+", algorithm: Ed25519}\n", 1)
	text = strings.Replace(text, "\nexceptions:\n", "\nexceptions:\n  - {releases: "+bigRelease+", roles: [source], signers: [BIG], why: \"it is large\"}\n", 1)
	file := filepath.Join(s.base, "roster.yaml")
	s.writeFile(file, []byte(text))
	return file
}

func (s *stage) writeFile(file string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(file, data, 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// ran is what came of a command line.
type ran struct {
	status   int
	out, err string
	requests []onlinetest.Request
	lines    []string // of err, but for those that say how far it is
}

var progressLine = regexp.MustCompile(`^migrate: \d+ of \d+ artifacts`)

// run runs a command line. Unless s.writes is set, it must write no file.
func (s *stage) run(args ...string) ran {
	s.t.Helper()
	return s.runCtx(s.t.Context(), args...)
}

func (s *stage) runCtx(ctx context.Context, args ...string) ran {
	s.t.Helper()
	before := tree(s.t, s.base)
	s.Forget()
	var out, errs bytes.Buffer
	a := &app{streams: streams{&out, &errs}, now: func() time.Time { return s.now }, config: viper.New(), transport: s.transport, tufRoot: s.tufRoot, attempts: s.attempts}
	r := ran{status: a.execute(ctx, args)}
	r.out, r.err, r.requests = out.String(), errs.String(), s.Requests()
	for line := range strings.Lines(r.err) {
		if !progressLine.MatchString(line) {
			r.lines = append(r.lines, strings.TrimSuffix(line, "\n"))
		}
	}
	for _, line := range r.lines {
		if !strings.HasPrefix(line, "migrate: ") {
			s.t.Errorf("%q: a line of standard error that is not ours: %q", args, line)
		}
	}
	if unknown := s.UnknownHosts(); len(unknown) > 0 {
		s.t.Errorf("%q asked for hosts that are not in the test's world: %q", args, unknown)
	}
	if d := gocmp.Diff(before, tree(s.t, s.base)); d != "" && !s.writes {
		s.t.Errorf("%q changed files:\n%s", args, d)
	}
	return r
}

// report runs a report and returns the document.
func (s *stage) report(args ...string) (*report.Document, ran) {
	s.t.Helper()
	r := s.run(append([]string{"report", "--format", "json"}, args...)...)
	return s.read(r), r
}

// read reads the report that a command line wrote.
func (s *stage) read(r ran) *report.Document {
	s.t.Helper()
	doc, err := report.Read(strings.NewReader(r.out))
	if err != nil {
		s.t.Fatalf("status %d, no report: %v\n%s", r.status, err, r.err)
	}
	return doc
}

// onlyBigKey leaves only the key of the big release at hand, which is faster.
func (s *stage) onlyBigKey() { s.t.Setenv("MIGRATE_KEYRING", filepath.Join(s.base, "key")) }

// tree is the files below a folder, each with its digest.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = "folder"
		if !d.IsDir() {
			data, err := os.ReadFile(name)
			all[filepath.ToSlash(rel)] = digestLine(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func digestLine(data []byte) string {
	return fmt.Sprintf("%d bytes, %x", len(data), sha256.Sum256(data))
}

// unbreak makes a file of python.org be answered for rightly again.
func (s *stage) unbreak(at string) { s.Break(python, at) }

// answersOf is what a report says of each artifact, wherever it was read from.
func answersOf(d *report.Document) []string {
	var all []string
	for i := range d.Artifacts {
		all = append(all, answerOf(&d.Artifacts[i]))
	}
	return all
}

// answerOf is what a report says of an artifact, but for when it was verified.
func answerOf(a *report.Artifact) string {
	codes := slices.DeleteFunc(codesOf(a), func(c string) bool { return c == carriedOver })
	size := int64(-1)
	if a.Size != nil {
		size = *a.Size
	}
	return fmt.Sprintf("%s/%s %s pgp %s %s sigstore %s %s %q %d %.12s %s", a.Version, a.Name, a.Verdict,
		a.PGP.Status, a.PGP.Reason, a.Sigstore.Status, a.Sigstore.Reason, codes, size, a.SHA256, a.Trouble)
}

const carriedOver = "source/carried-over"

func codesOf(a *report.Artifact) []string {
	var codes []string
	for _, f := range a.Findings {
		codes = append(codes, string(f.Code))
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// judgements is what a report says of each series, but for the words.
func judgements(d *report.Document) []string {
	var all []string
	for _, s := range d.Series {
		line := fmt.Sprintf("%s %s %v %v", s.Series, s.Readiness, s.Artifacts, s.Verdicts)
		for _, r := range s.Reasons {
			line += fmt.Sprintf(" %s %d", r.Code, len(r.Artifacts))
		}
		all = append(all, line)
	}
	return all
}

// sameAnswers asserts that two reports say the same of the same artifacts.
func sameAnswers(t *testing.T, what string, want, got *report.Document) {
	t.Helper()
	if d := gocmp.Diff(answersOf(want), answersOf(got)); d != "" {
		t.Errorf("%s: artifacts (-want +got)\n%s", what, d)
	}
	if d := gocmp.Diff(judgements(want), judgements(got)); d != "" {
		t.Errorf("%s: series (-want +got)\n%s", what, d)
	}
}

// artifactOf returns the artifact of a name.
func artifactOf(t *testing.T, d *report.Document, name string) *report.Artifact {
	t.Helper()
	for i := range d.Artifacts {
		if d.Artifacts[i].Name == name {
			return &d.Artifacts[i]
		}
	}
	t.Fatalf("the report has no %s: %q", name, answersOf(d))
	return nil
}

// versionsOf counts the folders of what a report is about.
func versionsOf(d *report.Document) int {
	dirs := map[string]bool{}
	for _, a := range d.Artifacts {
		dirs[path.Dir(a.Path)] = true
	}
	return len(dirs)
}

// asked returns the requests as text, sorted.
func (r ran) asked() []string {
	var all []string
	for _, q := range r.requests {
		line := q.Method + " " + q.Host + q.Path
		if q.Range != "" {
			line += " " + q.Range
		}
		all = append(all, line)
	}
	slices.SortStableFunc(all, cmp.Compare)
	return all
}

// TestOnlineReport: what is read over the network is judged as what lies on disk.
func TestOnlineReport(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		folder := filepath.Join(s.base, "mirror")
		if err := os.CopyFS(folder, s.files); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			online, local []string
			least         int
		}{
			{[]string{"3.13"}, []string{"--series", "3.13"}, 7},
			{[]string{"3.12.4"}, []string{"--release", "3.12.4"}, 3},
			{[]string{"3.10..3.12"}, []string{"--series", "3.10,3.11,3.12"}, 14},
			{[]string{"3.11.9..3.11.13"}, []string{"--release", "3.11.9,3.11.10,3.11.12,3.11.13"}, 4},
			{[]string{"all", "--pre-releases"}, nil, 38},
			{[]string{"3.15", "--pre-releases"}, []string{"--series", "3.15"}, 3},
			{[]string{"3.15.0a2"}, []string{"--release", "3.15.0a2"}, 1},
			{[]string{"3.10..3.13", "--kind", "windows"}, []string{"--series", "3.10,3.11,3.12,3.13", "--kind", "windows"}, 4},
			{[]string{"3.13", "--base-url", "https://" + elsewhr + ftp}, []string{"--series", "3.13"}, 7},
			{[]string{"3.13", "--api-url", ""}, []string{"--series", "3.13"}, 7},
			{[]string{"3.9", "3.14"}, []string{"--series", "3.9,3.14"}, 8},
		} {
			t.Log(tt.online)
			want, local := s.report(append([]string{folder}, tt.local...)...)
			got, net := s.report(tt.online...)
			if len(got.Artifacts) < tt.least || net.status != local.status || got.Offline {
				t.Errorf("%q: %d artifacts, status %d and locally %d, offline %v", tt.online, len(got.Artifacts), net.status, local.status, got.Offline)
			}
			if tt.local == nil { // else this is of the whole folder, there
				if d := gocmp.Diff(want.Unrecognised, got.Unrecognised); d != "" || len(want.Unrecognised) == 0 {
					t.Errorf("not recognised (-local +online)\n%s", d)
				}
			}
			sameAnswers(t, strings.Join(tt.online, " "), want, got)
			if kind := slices.Contains(tt.online, "--kind"); kind != (got.Part != nil) {
				t.Errorf("%q: part %v", tt.online, got.Part)
			}
			if len(net.lines) != len(local.lines) {
				t.Errorf("%q: standard error\n%s\nand locally\n%s", tt.online, net.err, local.err)
			}
			api := slices.ContainsFunc(net.requests, func(q onlinetest.Request) bool { return strings.HasPrefix(q.Path, "/api/") && q.Host == python })
			if api == slices.Contains(tt.online, "--api-url") {
				t.Errorf("%q: asked the API: %v", tt.online, api)
			}
			tree := slices.ContainsFunc(net.requests, func(q onlinetest.Request) bool { return strings.HasPrefix(q.Path, ftp) && q.Host == python })
			if tree == slices.Contains(tt.online, "--base-url") {
				t.Errorf("%q: asked python.org for files: %v", tt.online, tree)
			}
		}
	})
}

// counting counts what would go over the network.
type counting struct {
	http.RoundTripper
	n atomic.Int32
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

// TestOffline: with --offline no command makes one connection, wherever that is
// said, and what would need one is an error or says so.
func TestOffline(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		c := &counting{RoundTripper: s.transport}
		s.transport = c
		at := func(name string) string { return filepath.Join(s.mirror, filepath.FromSlash(name)) }
		pkg, exe := at("3.13.6/python-3.13.6-macos11.pkg"), at("3.10.7/python-3.10.7-amd64.exe")
		tests := []struct {
			args     []string
			status   int
			out, err string // parts; "" if it says nothing
		}{
			{[]string{"report", "3.13"}, 2, "", `"3.13" is no file or folder here, and releases are not fetched from python.org with --offline`},
			{[]string{"report", "all", "--base-url", "https://" + elsewhr + "/x/"}, 2, "", "with --offline"},
			{[]string{"report", "3.13", "--save", "dir", "--limit-rate", "1M"}, 2, "", "with --offline"},
			{[]string{"matrix", "3.13"}, 2, "", "with --offline"},
			{[]string{"report", at("3.13.6")}, 2, "unknown-key", ""},
			{[]string{"report", at("3.10.7")}, 2, "no-log-proof", ""},
			{[]string{"report", exe}, 2, "no-log-proof", ""},
			{[]string{"verify", pkg}, 2, "unknown-key", ""},
			{[]string{"verify", exe}, 2, "legacy-pair", ""},
			{[]string{"verify", at("3.12.4/Python-3.12.4.tgz")}, 0, "equivalent", ""},
			{[]string{"keyrings", "update"}, 2, "", "--offline: keyrings update does nothing but use the network"},
			{[]string{"keyrings", "list"}, 0, "Nora Quist", ""},
			{[]string{"keyrings", "check"}, 1, "Nora Quist", ""},
			{[]string{"trust", "update"}, 2, "", "--offline"},
			{[]string{"trust", "show"}, 0, "--trusted-root names it", ""},
			{[]string{"matrix", s.mirror}, 0, "3.13", ""},
		}
		config := filepath.Join(s.base, "offline.yaml")
		s.writeFile(config, []byte("offline: true\n"))
		for how, set := range map[string]struct{ flag, env string }{
			"flag": {"--offline", "false"}, "environment": {"-v=false", "true"}, "configuration": {"--config=" + config, ""},
		} {
			t.Setenv("MIGRATE_OFFLINE", set.env)
			for _, tt := range tests {
				args := append(slices.Clone(tt.args), set.flag)
				r := s.run(args...)
				if r.status != tt.status || (r.out == "") != (tt.out == "") || !strings.Contains(r.out, tt.out) || (r.err == "") != (tt.err == "") || !strings.Contains(r.err, tt.err) {
					t.Errorf("%s: %q: status %d, standard error %q, output\n%.200s", how, args, r.status, r.err, r.out)
				}
				if n := c.n.Load(); n != 0 || len(r.requests) != 0 {
					t.Fatalf("%s: %q: %d requests, of which came %v", how, args, n, r.asked())
				}
			}
		}
		// The counter does count.
		t.Setenv("MIGRATE_OFFLINE", "")
		if s.run("report", pkg); c.n.Load() == 0 {
			t.Error("without --offline nothing is asked for either")
		}
	})
}

// TestNothingFound: releases that there are not are an error, which says what
// there is to do, and a folder of that name comes first.
func TestNothingFound(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		for args, want := range map[string]string{
			"report 3.12.99":         "there is no release 3.12.99: https://www.python.org/ftp/python/3.12.99/ is not there",
			"report 3.99":            "has no release that is 3.99",
			"report 4.0..5.0":        "has no release that is 4.0..5.0",
			"report 3.15":            "only pre-releases",
			"report 3.15.0":          "holds nothing of 3.15.0, but of 3.15.0a1, 3.15.0a2, 3.15.0a3",
			"matrix 3.99":            "has no release that is 3.99",
			"report 3.14 --kind ios": "there is no artifact of ios",
			"report 3.13..3.12":      "its end comes before its start",
			"report 3.12.4 --base-url http://" + elsewhr + "/":       "--base-url http://mirror.example/: want an address such as https://",
			"report 3.12.4 --limit-rate fast":                        "--limit-rate: ",
			"report 3.12.4 --save " + filepath.Join(s.base, "key"):   "--save: ",
			"report " + s.mirror + " --save " + s.work:               "--save keeps what is read over the network, and nothing is",
			"report 3.12.4 --save x --baseline " + s.places.roster:   "--baseline leaves files unread, and --save needs them read",
			"report 3.12.4 --baseline " + s.places.roster:            "--baseline: ",
			"report 3.12.4 --base-url https://" + elsewhr + "/none/": "there is no release 3.12.4",
		} {
			if r := s.run(strings.Fields(args)...); r.status != 2 || r.out != "" || len(r.lines) != 1 || !strings.Contains(r.lines[0], want) {
				t.Errorf("%s: status %d, %q, want %s", args, r.status, r.lines, want)
			}
		}
		// One of several sources is trouble, and the others are looked at.
		doc, r := s.report("3.12.4", "3.99")
		if r.status != 2 || len(doc.Artifacts) != 3 || len(doc.Troubles) != 1 || len(linesWith(r, "has no release that is 3.99")) != 1 {
			t.Errorf("status %d, %d artifacts, %v, %q", r.status, len(doc.Artifacts), doc.Troubles, r.lines)
		}
		if err := os.CopyFS(filepath.Join(s.work, "3.13"), os.DirFS(filepath.Join(s.mirror, "3.14.0"))); err != nil {
			t.Fatal(err)
		}
		doc, r = s.report("3.13")
		if len(doc.Artifacts) != 5 || doc.Artifacts[0].Version != "3.14.0" || len(r.requests) != 0 {
			t.Errorf("the folder 3.13: %q, %v", answersOf(doc), r.asked())
		}
		if doc, _ = s.report("3.13.6"); doc.Artifacts[0].Version != "3.13.6" {
			t.Errorf("3.13.6: %q", answersOf(doc))
		}
	})
}

// TestPublishedDigest: what the API says wrongly is a finding, and changes no
// verdict.
func TestPublishedDigest(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		api := s.api()
		for i, f := range api.Files {
			switch path.Base(f.URL) {
			case bigFile:
				api.Files[i].SHA256, api.Files[i].MD5 = strings.Repeat("0", 64), ""
			case otherFile:
				api.Files[i].SHA256, api.Files[i].MD5, api.Files[i].Size = "", strings.Repeat("0", 32), 7
			}
		}
		s.Handle(python, onlinetest.PythonOrg(s.files, api))
		doc, r := s.report(bigRelease)
		for name, want := range map[string][]string{
			bigFile:   {"source/published-digest-differs"},
			otherFile: {"source/published-digest-differs", "source/size-differs"},
		} {
			a := artifactOf(t, doc, name)
			if got := codesOf(a); !slices.Equal(got, want) || a.Verdict != compare.Equivalent || r.status != 0 {
				t.Errorf("status %d, %s", r.status, answerOf(a))
			}
		}
	})
}

// TestSave: what is saved is a source that is judged alike, whether it is saved
// once or again.
func TestSave(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.writes = true
		dir := filepath.Join(s.base, "saved")
		before := tree(t, s.base)
		want, _ := s.report("all", "--pre-releases")
		if d := gocmp.Diff(before, tree(t, s.base)); d != "" {
			t.Errorf("without --save:\n%s", d)
		}
		var first map[string]string
		for range 2 {
			doc, _ := s.report("all", "--pre-releases", "--save", dir)
			sameAnswers(t, "while it is saved", want, doc)
			saved := tree(t, dir)
			for name, what := range saved {
				file := s.files[name]
				if file == nil != (what == "folder") || file != nil && what != digestLine(file.Data) {
					t.Errorf("saved: %s, %s", name, what)
				}
			}
			// An .asc without its artifact is for nobody to read.
			if files := len(saved) - versionsOf(want); files != len(s.files)-1 {
				t.Errorf("%d files saved of %d", files, len(s.files))
			}
			if first != nil && !maps.Equal(first, saved) {
				t.Errorf("saved again (-first +second)\n%s", gocmp.Diff(first, saved))
			}
			first = saved
			local, _ := s.report(dir)
			sameAnswers(t, "what was saved", want, local)
		}
		for name := range tree(t, s.base) {
			if _, ok := before[name]; !ok && name != "saved" && !strings.HasPrefix(name, "saved/") {
				t.Errorf("written: %s", name)
			}
		}
	})
}

// TestMissingKeys: keys that a run lacks are fetched and kept, and the next run
// needs no network for them. One that is not to be had is said once.
func TestMissingKeys(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		t.Setenv("MIGRATE_KEYRING", filepath.Join(s.keys, "felix-duarte.asc"))
		jonas := "F0AEB9A1DEE3C9E39894D4F419986FAF65F54CC0"
		nora := "AE5FACD6B46B13DF95A1FF76C5D5561D00388B4C"
		byFingerprint := "/vks/v1/by-fingerprint/" + jonas
		key := onlinetest.NewFile(demoKey2(t, s.places, "jonas-wren-2025"))
		local := filepath.Join(s.mirror, "3.12.4")
		keyRequests := func(r ran) []string {
			return slices.DeleteFunc(r.asked(), func(q string) bool {
				return !strings.Contains(q, vks) && !strings.Contains(q, hkp) && !strings.Contains(q, "/static/")
			})
		}
		cache := filepath.Join(s.base, "home", "cache")

		// Nowhere to be had: unknown, with the reason.
		doc, r := s.report("3.12.4")
		for _, name := range []string{"Python-3.12.4.tgz", "Python-3.12.4.tar.xz"} {
			if a := artifactOf(t, doc, name); a.Verdict != compare.Unchecked || a.PGP.Status != pgp.UnknownKey {
				t.Errorf("no key: %s", answerOf(a))
			}
		}
		if r.status != 2 || len(r.lines) != 1 || !strings.Contains(r.lines[0], "migrate: key "+jonas+" of Jonas Wren: is not at hand and could not be fetched: keys.openpgp.org does not have it, ") {
			t.Errorf("no key: status %d, %q", r.status, r.lines)
		}
		if r = s.run("report", "-q", "3.12.4"); r.err != "" {
			t.Errorf("quiet: %q", r.err)
		}

		// The servers in trouble, in turn: the next one has it.
		s.writes = true
		want := ""
		for _, f := range append(brokenSmall(len(key.Data)), ever("another key", onlinetest.Instead(onlinetest.NewFile(demoKey2(t, s.places, "pavel-lindqvist"))), ""),
			ever("web page", onlinetest.ErrorPage("text/html"), ""), ever("endless", onlinetest.Endless(), ""), ever("404", onlinetest.Status(404), "")) {
			s.Handle(vks, onlinetest.Files{byFingerprint: key})
			s.Handle(hkp, onlinetest.Files{"/pks/lookup": key})
			s.broken(vks, byFingerprint, f)
			doc, r := s.report(local)
			if want = strings.Join(answersOf(doc), "\n"); r.status != 0 || strings.Count(want, "equivalent pgp good") != 3 || len(r.lines) != 0 {
				t.Errorf("%s: status %d, %q\n%s", f.name, r.status, r.lines, want)
			}
			if asked := keyRequests(r); f.always != nil && !slices.Contains(asked, "GET "+hkp+"/pks/lookup") || doc.Offline {
				t.Errorf("%s: asked %q, offline %v", f.name, asked, doc.Offline)
			}
			if err := os.RemoveAll(cache); err != nil {
				t.Fatal(err)
			}
		}

		// Each kind of run fetches it, once, and keeps it.
		s.Handle(vks, onlinetest.Files{byFingerprint: key})
		for _, args := range [][]string{{"report", "3.12.4"}, {"report", local}, {"verify", filepath.Join(local, "Python-3.12.4.tgz")}} {
			r := s.run(args...)
			if r.status != 0 || len(r.lines) != 0 || !slices.Equal(keyRequests(r), []string{"GET " + vks + byFingerprint}) {
				t.Errorf("%q: status %d, %q, asked %q", args, r.status, r.lines, keyRequests(r))
			}
			for range 2 {
				if r = s.run(append(args, "--offline=false")...); r.status != 0 || len(keyRequests(r)) != 0 {
					t.Errorf("%q again: status %d, asked %q", args, r.status, keyRequests(r))
				}
			}
			doc, r := s.report("--offline", local)
			if d := gocmp.Diff(want, strings.Join(answersOf(doc), "\n")); d != "" || r.status != 0 || len(r.requests) != 0 || !doc.Offline {
				t.Errorf("offline: status %d, %v\n%s", r.status, r.asked(), d)
			}
			if err := os.RemoveAll(cache); err != nil {
				t.Fatal(err)
			}
		}
		s.writes = false

		// All servers dead: a line for the key, and one for each of them.
		for _, host := range []string{vks, hkp} {
			s.Handle(host, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
		}
		doc, r = s.report(filepath.Join(s.mirror, "3.13.6"))
		if len(linesWith(r, "key "+jonas)) != 1 || len(linesWith(r, "key "+nora)) != 1 || len(linesWith(r, "could not be asked for keys: ")) != 2 || len(r.lines) != 4 || r.status != 2 {
			t.Errorf("dead servers: status %d, %q", r.status, r.lines)
		}
		if a := artifactOf(t, doc, "python-3.13.6-amd64.exe"); a.Verdict != compare.Equivalent { // by the key at hand
			t.Errorf("dead servers: %s", answerOf(a))
		}
	})
}

func demoKey2(t *testing.T, p places, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.keys, name+".asc"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOnlinePair: a pair without bundle is looked up in the log, is no bundle
// all the same, and is not checked if the log does not answer.
func TestOnlinePair(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		const exe = "python-3.10.7-amd64.exe"
		search := "/api/v1/index/retrieve"
		for _, args := range [][]string{{"report", "--format", "json", "3.10.7"}, {"verify", "--format", "json", filepath.Join(s.mirror, "3.10.7", exe)}} {
			r := s.run(args...)
			a := artifactOf(t, s.read(r), exe)
			if r.status != 0 || a.Verdict != compare.PGPOnly || a.Sigstore.Status != sigstore.GoodFromLog || s.read(r).Offline || len(r.lines) != 0 {
				t.Errorf("%q: status %d, %s, %q", args, r.status, answerOf(a), r.lines)
			}
			for _, f := range append(brokenSmall(90), ever("other JSON", onlinetest.Instead(onlinetest.NewFile([]byte("{}"))), "not what the log's API says"),
				ever("404", onlinetest.Status(404), "is not there"), ever("web page", onlinetest.ErrorPage("text/html"), ""), ever("endless", onlinetest.Endless(), "is larger")) {
				if f.always == nil || f.name == "in circles" || f.name != "503" && args[0] == "verify" { // the rest is the client's to test
					continue
				}
				mend := s.broken(rekor, search, f)
				r := s.run(args...)
				mend()
				a := artifactOf(t, s.read(r), exe)
				if r.status != 2 || a.Verdict != compare.Unchecked || a.Sigstore.Reason != sigstore.LookupFailed || a.PGP.Status != pgp.Good {
					t.Errorf("%q, %s: status %d, %s", args, f.name, r.status, answerOf(a))
				}
				want := strings.TrimSuffix(f.want, " (tried 5 times)")
				if strings.HasPrefix(f.name, "to ") { // a question is not sent elsewhere
					want = "the server answered 302 Found"
				}
				if len(r.lines) != 1 || !strings.Contains(r.lines[0], exe+".sig: the log could not be asked about it: ") || !strings.Contains(r.lines[0], want) {
					t.Errorf("%q, %s: standard error %q", args, f.name, r.lines)
				}
			}
			s.Handle(rekor, onlinetest.Files{search: onlinetest.NewFile([]byte("[]"))})
			r = s.run(args...)
			if a := artifactOf(t, s.read(r), exe); a.Sigstore.Status != sigstore.Incompatible || a.Sigstore.Reason != sigstore.NotInLog {
				t.Errorf("%q, an empty log: status %d, %s", args, r.status, answerOf(a))
			}
			s.Handle(rekor, demoLog(t, s.places))
		}
		doc, r := s.report(filepath.Join(s.mirror, "3.10.7"))
		if a := artifactOf(t, doc, exe); r.status != 0 || a.Sigstore.Status != sigstore.GoodFromLog || doc.Offline {
			t.Errorf("a folder: status %d, %s", r.status, answerOf(a))
		}
	})
}

// TestCycleOnline: today's release cycle is taken in place of the embedded one.
func TestCycleOnline(t *testing.T) {
	online(t, func(t *testing.T, s *stage) {
		s.Handle(peps, onlinetest.Files{cyclePath: onlinetest.NewFile([]byte(`{"3.12": {"branch": "3.12", "pep": 693, "status": "end-of-life", "first_release": "2023-10-02", "end_of_life": "2025-12", "release_manager": "Nobody"}}`))})
		doc, r := s.report("3.12.4")
		if c := doc.Trust.ReleaseCycle; c.Source != "https://"+peps+cyclePath || c.Date.String() != keysPresent.Format(time.DateOnly) || doc.Series[0].Status != "end-of-life" || r.status != 0 {
			t.Errorf("%+v, %+v", c, doc.Series[0])
		}
		// A report on what lies here asks for none.
		doc, r = s.report(filepath.Join(s.mirror, "3.12.4"))
		if doc.Trust.ReleaseCycle.Source != "embedded" || doc.Series[0].Status != "security" || len(r.requests) != 0 {
			t.Errorf("%+v, %v", doc.Trust.ReleaseCycle, r.asked())
		}
	})
}
