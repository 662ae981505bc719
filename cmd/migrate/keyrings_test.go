package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"

	"migrate/compare"
	"migrate/keyrings"
)

// keysPresent is after everything in the demonstration.
var keysPresent = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// fakeNetwork answers requests whose URL has a part: with a body, a status, or
// an error in place of an answer. It has nothing elsewhere.
type fakeNetwork struct {
	bodies map[string][]byte
	status map[string]int
	errors map[string]error
	asked  []string
}

func (n *fakeNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	url := r.URL.String()
	n.asked = append(n.asked, url)
	for part, err := range n.errors {
		if strings.Contains(url, part) {
			return nil, err
		}
	}
	answer := func(status int, body []byte) *http.Response {
		return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{}, ContentLength: int64(len(body)), Request: r}
	}
	for part, status := range n.status {
		if strings.Contains(url, part) {
			return answer(status, []byte("<html>"+http.StatusText(status)+"</html>")), nil
		}
	}
	for part, body := range n.bodies {
		if strings.Contains(url, part) {
			return answer(http.StatusOK, body), nil
		}
	}
	return answer(http.StatusNotFound, nil), nil
}

// keysBench runs command lines with the demonstration's roster, an empty home,
// and a network of their own.
type keysBench struct {
	t     *testing.T
	cache string // folder of the key cache
	fakeNetwork
	settings map[string]any
}

func newKeysBench(t *testing.T) *keysBench {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
		"MIGRATE_ROSTER":       filepath.FromSlash("../../testdata/demo/roster.yaml"),
		"MIGRATE_TRUSTED_ROOT": filepath.FromSlash("../../testdata/demo/trusted_root.json"),
	} {
		t.Setenv(name, value)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return &keysBench{t: t, cache: filepath.Join(cache, "migrate", "keys")}
}

func (b *keysBench) run(args ...string) (status int, stdout, stderr string) {
	b.t.Helper()
	b.asked = nil
	var out, err bytes.Buffer
	a := &app{streams: streams{&out, &err}, now: func() time.Time { return keysPresent }, config: viper.New(), transport: &b.fakeNetwork, attempts: 1}
	a.config.Set("offline", false)
	for name, value := range b.settings {
		a.config.Set(name, value)
	}
	status = a.execute(b.t.Context(), args)
	return status, out.String(), err.String()
}

// demoKey reads a key file of the demonstration.
func demoKey(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo", "keys", name+".asc"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (b *keysBench) cached() []string {
	var names []string
	files, _ := os.ReadDir(b.cache)
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// fingerprintOf returns the fingerprint of a key of the demonstration's roster.
func (b *keysBench) fingerprintOf(label string) string {
	b.t.Helper()
	data, err := os.ReadFile(os.Getenv("MIGRATE_ROSTER"))
	if err != nil {
		b.t.Fatal(err)
	}
	roster, err := keyrings.Parse("roster.yaml", data)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range roster.Keys() {
		if k.Label == label {
			return string(k.Fingerprint)
		}
	}
	b.t.Fatalf("no key %s", label)
	return ""
}

// TestKeyringsUpdate: two servers with two copies of one key, and what a report
// makes of it afterwards.
func TestKeyringsUpdate(t *testing.T) {
	b := newKeysBench(t)
	jonas := b.fingerprintOf("JW")
	old, refreshed := demoKey(t, "jonas-wren-2019"), demoKey(t, "jonas-wren-2025")
	mirror := filepath.FromSlash("../../testdata/demo/mirror/3.12.4")

	if _, out, _ := b.run("report", mirror); !strings.Contains(out, "unknown-key") {
		t.Fatalf("without keys:\n%s", out)
	}

	b.bodies = map[string][]byte{
		"by-fingerprint/" + jonas: refreshed,
		"search=0x" + jonas:       append(bytes.Clone(demoKey(t, "felix-duarte")), old...),
		"www.python.org":          []byte("<!DOCTYPE html><p>moved"),
	}
	status, out, stderr := b.run("keyrings", "update", "jonas-wren")
	if diff := cmp.Diff("JW  "+jonas+`  Jonas Wren
  new        keys.openpgp.org
  new        keyserver.ubuntu.com
  refused    www.python.org        this is an HTML or XML page, not a key: download it again

2 copies new, 0 had already; 1 of 1 keys at hand
`, out); diff != "" || status != 0 || stderr != "" {
		t.Errorf("status %d, standard error %q, output (-want +got)\n%s", status, stderr, diff)
	}
	before := b.cached()
	if len(before) != 2 || !strings.HasPrefix(before[0], jonas+"-") {
		t.Errorf("cached: %q", before)
	}

	// With both copies every signature is good; the stranger's key is not there.
	if _, out, _ := b.run("report", mirror); !strings.Contains(out, "equivalent  Python-3.12.4.tar.xz") || strings.Contains(out, "refreshed") {
		t.Errorf("with both copies:\n%s", out)
	}

	// Again: nothing new, nothing changed.
	status, out, _ = b.run("keyrings", "update", jonas)
	if status != 0 || !strings.Contains(out, "had        keys.openpgp.org") || !strings.Contains(out, "0 copies new, 2 had already; 1 of 1") {
		t.Errorf("again: status %d\n%s", status, out)
	}
	if diff := cmp.Diff(before, b.cached()); diff != "" {
		t.Errorf("the cache changed\n%s", diff)
	}

	status, out, _ = b.run("keyrings", "list")
	if status != 0 || !strings.Contains(out, "https://keys.openpgp.org/vks/v1/by-") || !strings.Contains(out, "2026-01-15") {
		t.Errorf("list: status %d\n%s", status, out)
	}
	status, out, _ = b.run("keyrings", "list", "--format", "json")
	for _, want := range []string{
		`"fetched": "2026-01-15T12:00:00Z"`, `"newestSelfSignature": "2025-07-01T10:00:00Z"`,
		`"from": "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x` + jonas + `"`,
	} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("list --format json: status %d, no %s", status, want)
		}
	}
}

// TestKeyringsUpdateMissing: a key that is nowhere, or only without user ID, is
// trouble, and the line says how to get it.
func TestKeyringsUpdateMissing(t *testing.T) {
	b := newKeysBench(t)
	nora := b.fingerprintOf("NQ")
	status, out, stderr := b.run("keyrings", "update", "nora-quist")
	if status != 2 || !strings.Contains(out, "not found  keyserver.ubuntu.com\n") || !strings.Contains(out, "0 of 1 keys at hand") ||
		!strings.HasPrefix(stderr, "migrate: there is no copy of key "+nora+" of Nora Quist: gpg --keyserver") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("status %d\n%s\n%s", status, out, stderr)
	}
	if len(b.asked) != 3 { // Nora has no GitHub name
		t.Errorf("asked %q", b.asked)
	}
	if b.cached() != nil {
		t.Errorf("cached %q", b.cached())
	}
}

// spoil puts a revocation that nobody can read behind the key packet.
func spoil(t *testing.T, armored []byte) []byte {
	t.Helper()
	block, err := armor.Decode(bytes.NewReader(armored))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(block.Body)
	if err != nil {
		t.Fatal(err)
	}
	n := 2 + int(data[1]) // the demonstration's Ed25519 keys are short
	return slices.Concat(data[:n], []byte{0xC2, 4, 4, 0x20, 99, 8}, data[n:])
}

// TestKeyringsUpdateSpoiled: a server with a copy of a good key that has a
// revocation nobody can read does not spoil the key.
func TestKeyringsUpdateSpoiled(t *testing.T) {
	b := newKeysBench(t)
	jonas, clean := b.fingerprintOf("JW"), demoKey(t, "jonas-wren-2019")
	mirror := filepath.FromSlash("../../testdata/demo/mirror/3.12.4")
	b.bodies = map[string][]byte{"by-fingerprint/" + jonas: spoil(t, clean), "search=0x" + jonas: clean}
	const row = "  refused    keys.openpgp.org      its only news is a revocation that cannot be read (unexpected EOF); to take it all the same, save it and name it with --keyring\n"
	const trouble = "migrate: 1 copy was refused, because of what cannot be read and no other copy has: see above\n"

	// Whether the other copy is to be had in the same run or is at hand.
	for range 2 {
		status, out, stderr := b.run("keyrings", "update", "JW")
		if status != 2 || !strings.Contains(out, row) || !strings.Contains(out, "1 of 1 keys at hand") || stderr != trouble {
			t.Errorf("status %d\n%s\n%s", status, out, stderr)
		}
		if cached := b.cached(); len(cached) != 1 {
			t.Errorf("cached %q", cached)
		}
		if _, out, _ := b.run("report", mirror); !strings.Contains(out, "equivalent  Python-3.12.4.tar.xz") || strings.Contains(out, "unreadable") {
			t.Errorf("the key is spoiled:\n%s", out)
		}
		delete(b.bodies, "search=0x"+jonas)
	}

	// The only copy there is.
	if err := os.RemoveAll(b.cache); err != nil {
		t.Fatal(err)
	}
	status, out, stderr := b.run("keyrings", "update", "JW")
	if status != 0 || !strings.Contains(out, "  new        keys.openpgp.org      taken as the only copy, though a revocation cannot be read (unexpected EOF)\n") {
		t.Errorf("status %d\n%s\n%s", status, out, stderr)
	}
	cached := b.cached()
	if len(cached) != 1 {
		t.Fatalf("cached %q", cached)
	}

	// check names the file, and once another copy is there, that it can go.
	file := filepath.Join(b.cache, cached[0])
	b.bodies = map[string][]byte{"by-fingerprint/" + jonas: clean}
	for _, remedy := range []string{"remove that file once another copy is at hand", "remove that file: another copy is at hand"} {
		status, out, _ = b.run("keyrings", "check", "--format", "json")
		if status != 1 || !strings.Contains(out, `"what": "unreadable"`) || !strings.Contains(out, "; in "+file+`"`) || !strings.Contains(out, remedy) {
			t.Errorf("check: status %d\n%s", status, out)
		}
		if status, out, stderr := b.run("keyrings", "update", "JW"); status != 0 {
			t.Errorf("update: status %d\n%s\n%s", status, out, stderr)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := b.run("keyrings", "check", "--format", "json"); strings.Contains(out, `"unreadable"`) {
		t.Errorf("after the file is gone:\n%s", out)
	}
}

// TestKeyringsUpdateAll: one key a copy of which cannot be had costs nothing
// of the others.
func TestKeyringsUpdateAll(t *testing.T) {
	b := newKeysBench(t)
	var everything []byte
	files, err := filepath.Glob(filepath.FromSlash("../../testdata/demo/keys/*.asc"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		everything = append(everything, data...)
	}
	b.bodies = map[string][]byte{"www.python.org": everything}
	b.status = map[string]int{"keyserver.ubuntu.com": 503}
	status, out, stderr := b.run("keyrings", "update")
	// Quentin's doubtful key and Nora's are not in the file.
	if status != 2 || !strings.Contains(out, "13 copies new, 0 had already; 13 of 15 keys at hand") {
		t.Errorf("status %d\n%s", status, out)
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "migrate: keyserver.ubuntu.com could not be asked: https://keyserver.ubuntu.com/pks/lookup?") || !strings.HasSuffix(lines[0], ": the server answered 503 Service Unavailable") ||
		!strings.Contains(lines[1], b.fingerprintOf("NQ")) || !strings.Contains(lines[2], b.fingerprintOf("QV6")) {
		t.Errorf("standard error %q", lines)
	}
	asked := func(host string) int {
		return len(slices.DeleteFunc(slices.Clone(b.asked), func(url string) bool { return !strings.Contains(url, host) }))
	}
	if asked("python.org/static") != 1 || asked("keyserver.ubuntu.com") != 3 || asked("keys.openpgp.org") != 15 {
		t.Errorf("asked %q", b.asked)
	}
}

// TestKeyringsUpdateDead: without a network each host is tried once, and it is
// trouble even where every key is at hand already.
func TestKeyringsUpdateDead(t *testing.T) {
	b := newKeysBench(t)
	b.errors = map[string]error{"https://": errors.New("dial tcp: no such host \x1b[31m")}
	status, out, stderr := b.run("keyrings", "update", "--keyring", filepath.FromSlash("../../testdata/demo/keys"), "JW", "FD")
	if status != 2 || !strings.Contains(out, "2 of 2 keys at hand") || !strings.Contains(out, "failed     keys.openpgp.org") {
		t.Errorf("status %d\n%s", status, out)
	}
	if strings.Contains(out+stderr, "\x1b") || strings.Count(stderr, "could not be asked") != 3 {
		t.Errorf("standard error %q", stderr)
	}
	if len(b.asked) != 3 {
		t.Errorf("asked %q", b.asked)
	}
}

// TestKeyringsUpdateRefuses what it cannot do, before any request.
func TestKeyringsUpdateRefuses(t *testing.T) {
	b := newKeysBench(t)
	for _, test := range []struct {
		args     []string
		settings map[string]any
		want     string
	}{
		{nil, map[string]any{"offline": true}, "migrate: --offline: keyrings update does nothing but use the network"},
		{[]string{"nobody"}, nil, `migrate: "nobody" is neither a full fingerprint that the roster pins nor anybody in it`},
		{[]string{b.fingerprintOf("JW")[24:]}, nil, "is neither a full fingerprint"},
		{[]string{strings.Repeat("0", 40)}, nil, "migrate: key " + strings.Repeat("0", 40) + ": the roster does not pin it"},
		{[]string{"yuki-hartmann"}, nil, "migrate: the roster has no PGP key of Yuki Hartmann"},
		{[]string{"--at", "now"}, nil, "migrate: --at now: want a time"},
	} {
		b.settings = test.settings
		status, out, stderr := b.run(append([]string{"keyrings", "update"}, test.args...)...)
		if status != 2 || out != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, output %q, standard error %q", test.args, status, out, stderr)
		}
		if b.asked != nil {
			t.Errorf("%q: asked %q", test.args, b.asked)
		}
	}
	b.settings = nil
	t.Setenv("XDG_CACHE_HOME", "relative")
	if status, _, stderr := b.run("keyrings", "update"); status != 2 || !strings.Contains(stderr, "no folder for the key cache") || b.asked != nil {
		t.Errorf("no cache folder: status %d, %q, asked %q", status, stderr, b.asked)
	}
}

// TestKeyringsUpdateNoRoom: where the cache cannot be written, it says so and stops.
func TestKeyringsUpdateNoRoom(t *testing.T) {
	b := newKeysBench(t)
	if err := os.WriteFile(filepath.Dir(b.cache), nil, 0o600); err != nil { // a file in place of the folder
		t.Fatal(err)
	}
	b.bodies = map[string][]byte{"by-fingerprint": demoKey(t, "jonas-wren-2025")}
	if status, _, stderr := b.run("keyrings", "update", "JW"); status != 2 || !strings.Contains(stderr, "not a directory") {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// TestConcernCodes: every code that a concern refers to can be explained.
func TestConcernCodes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "keyrings", "check.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	for _, word := range strings.FieldsFunc(string(data), func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz/-", r)
	}) {
		if strings.HasPrefix(word, "pgp/") {
			codes++
			if _, ok := compare.Explain(compare.Code(word)); !ok {
				t.Errorf("there is no finding %s", word)
			}
		}
	}
	if codes < 10 {
		t.Errorf("only %d codes found", codes)
	}
}
