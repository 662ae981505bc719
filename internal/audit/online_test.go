package audit

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/fetch"
	"migrate/internal/onlinetest"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/sigstore"
)

// answers takes items through the pipeline, with the demo's trust, and returns
// a line for each.
func answers(t *testing.T, items []source.Item) []string {
	t.Helper()
	demo := func(name string) string { return filepath.Join("..", "..", "testdata", "demo", name) }
	read := func(name string) []byte {
		data, err := os.ReadFile(demo(name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	roster, err := keyrings.Parse("roster.yaml", read("roster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.ParseTrustRoot("trusted_root.json", read("trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	a := testAuditor(t)
	if a.Sigstore, err = sigstore.NewVerifier(root); err != nil {
		t.Fatal(err)
	}
	files, _ := keyrings.ReadKeyFiles([]string{demo("keys")})
	a.Keyring, _ = roster.Keyring(files)
	a.Expect = roster.Expect
	all, _ := compare.AssessAll(slices.Collect(a.Run(t.Context(), items)), roster)
	var lines []string
	for _, as := range all {
		lines = append(lines, fmt.Sprint(as.Location, " ", as.Verdict, " ", codes(as), " ", as.Size, " ", as.SHA256, " ", as.Trouble))
	}
	return lines
}

// TestOnline verifies the demo's mirror as a folder, from a server, and from
// what was saved on the way: each time with the same result.
func TestOnline(t *testing.T) {
	mirror := filepath.Join("..", "..", "testdata", "demo", "mirror")
	folder, err := source.Open(t.Context(), mirror)
	if err != nil {
		t.Fatal(err)
	}
	want := answers(t, folder.Items)
	if len(want) < 30 || !strings.Contains(strings.Join(want, "\n"), "conflict") {
		t.Fatalf("only %q", want)
	}

	srv := httptest.NewUnstartedServer(onlinetest.PythonOrg(os.DirFS(mirror), onlinetest.API{}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	client := fetch.New(fetch.Config{Transport: srv.Client().Transport, Hosts: []string{strings.TrimPrefix(srv.URL, "https://")}, Attempts: 1})
	site, err := source.NewSite(client, srv.URL+"/ftp/python/", "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := source.ParseSelector("all")
	if err != nil {
		t.Fatal(err)
	}
	online, err := site.List(t.Context(), all, source.Options{PreReleases: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, answers(t, online.Items)); d != "" {
		t.Errorf("from a server (-folder +server):\n%s", d)
	}

	dir := t.TempDir()
	store, err := source.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if d := cmp.Diff(want, answers(t, store.Keep(online.Items))); d != "" {
		t.Errorf("while it is saved (-folder +server):\n%s", d)
	}
	saved, err := source.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, answers(t, saved.Items)); d != "" || len(saved.Unrecognised)+len(saved.Troubles) > 0 {
		t.Errorf("from what was saved (-folder +saved):\n%s\n%v %v", d, saved.Unrecognised, saved.Troubles)
	}
}

// sized is a file of which a server says how large it is.
type sized struct {
	io.Reader
	size int64
}

func (sized) Close() error                    { return nil }
func (s sized) Validators() source.Validators { return source.Validators{Size: s.size} }

// TestServersSize: what the server says with the bytes is newer than the list.
func TestServersSize(t *testing.T) {
	for _, tt := range []struct {
		listed, said int64
		trouble      string
	}{
		{100, 100, ""},
		{99, 100, ""},
		{-1, 100, ""},
		{100, -1, ""},
		{99, -1, "listed with 99 bytes, read 100"},
		{100, 101, "listed with 101 bytes, read 100"},
	} {
		it := item(t, "Python-3.13.5.tgz")
		it.Size = tt.listed
		it.Open = func(context.Context) (io.ReadCloser, error) {
			return sized{io.LimitReader(zeros{}, 100), tt.said}, nil
		}
		ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
		if (ev.Trouble == "") != (tt.trouble == "") || !strings.Contains(ev.Trouble, tt.trouble) {
			t.Errorf("listed with %d, said to be %d: %q, want %q", tt.listed, tt.said, ev.Trouble, tt.trouble)
		}
	}
}
