package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/fetch"
	"migrate/internal/onlinetest"
	"migrate/internal/release"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// tree is what lies in a folder: path -> content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(dir), name)
		got[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Errorf("in the store (-want +got):\n%s", d)
	}
}

// text is an opener of a text.
func text(s string) Opener {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

// keep returns the item as the store's own, of a file with sidecars.
func keep(t *testing.T, s *Store, file string, open Opener, size int64, sidecars map[release.Sidecar]File) Item {
	t.Helper()
	name, ok := release.ParseName(file)
	if !ok {
		t.Fatal(file)
	}
	items := []Item{{Name: name, Location: "x/" + file, Open: open, Size: size, Sidecars: sidecars}}
	kept := s.Keep(items)
	if &kept[0] == &items[0] {
		t.Error("Keep changes what it is given")
	}
	return kept[0]
}

func readTo(open Opener, limit int64) (string, error) {
	r, err := open(context.Background())
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(r, limit))
	return string(data), errors.Join(err, r.Close())
}

// TestStore keeps what is read of a site, and lists it as a tree that says the
// same.
func TestStore(t *testing.T) {
	w := serve(t, onlinetest.PythonOrg(pythonOrg, onlinetest.API{}))
	l, err := w.list(t, "all", Options{PreReleases: true})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := openStore(t, dir)
	wantTree(t, dir, map[string]string{})
	kept := s.Keep(l.Items)
	want := map[string]string{}
	for i, it := range kept {
		for _, kind := range []release.Sidecar{release.Asc, release.Sigstore, release.Sig, release.Crt} { // as an audit does
			f, ok := it.Sidecars[kind]
			if !ok {
				continue
			}
			data, err := readTo(f.Open, 1000)
			if !errors.Is(err, ErrAbsent) {
				want[f.Location] = data
			}
			if err != nil && !errors.Is(err, ErrAbsent) {
				t.Error(err)
			}
		}
		r, err := it.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		if v, ok := r.(Validated); !ok || v.Validators().ETag == "" {
			t.Errorf("%s: validators were lost", it.Location)
		}
		r.Close()
		want[l.Items[i].Location] = string(data)
	}
	wantTree(t, dir, want)

	again := open(t, dir)
	if len(again.Unrecognised)+len(again.Troubles) > 0 || len(again.Items) != len(l.Items) {
		t.Errorf("listed again: %d of %d artifacts, %v, %v", len(again.Items), len(l.Items), again.Unrecognised, again.Troubles)
	}
	for i, it := range again.Items {
		if it.Location != l.Items[i].Location || it.Name != l.Items[i].Name {
			t.Errorf("%s is %v; was %s, %v", it.Location, it.Name, l.Items[i].Location, l.Items[i].Name)
		}
	}
}

func TestStoreKeepsNoPart(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	failing := func(err error) Opener {
		return func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("beg"), errReader{err})), nil
		}
	}
	for _, tt := range []struct {
		name  string
		open  Opener
		size  int64
		limit int64
		want  string // of the error
	}{
		{"broken", failing(io.ErrUnexpectedEOF), -1, 100, "unexpected EOF"},
		{"changed", failing(ErrChanged), -1, 100, "changed while it was read"},
		{"not read to its end", text("beginning"), -1, 3, ""},
		{"read to its end, and nobody saw that", text("beginning"), -1, 9, ""},
		{"shorter than listed", text("beginning"), 10, 100, ""},
		{"longer than listed", text("beginning"), 8, 100, ""},
		{"not there", func(context.Context) (io.ReadCloser, error) { return nil, ErrAbsent }, -1, 100, "is not there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			it := keep(t, openStore(t, dir), file, tt.open, tt.size, map[release.Sidecar]File{release.Asc: {Location: "x/" + file + ".asc", Open: tt.open}})
			if _, err := readTo(it.Open, tt.limit); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if tt.size < 0 {
				if _, err := readTo(it.Sidecars[release.Asc].Open, tt.limit); (err == nil) != (tt.want == "") {
					t.Errorf("sidecar: error %v, want %q", err, tt.want)
				}
			}
			wantTree(t, dir, map[string]string{})
		})
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// What is there already stays until the new one is whole.
func TestStoreReplaces(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	dir := write(t, "3.13.5/"+file, "3.13.5/notes")
	s := openStore(t, dir)
	r, err := keep(t, s, file, text("new"), -1, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b [3]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir)["3.13.5/"+file]; got != "content of "+file {
		t.Errorf("replaced too early by %q", got)
	}
	if _, err := r.Read(b[:]); err != io.EOF {
		t.Errorf("end: %v", err)
	}
	want := map[string]string{"3.13.5/" + file: "new", "3.13.5/notes": "content of notes"}
	wantTree(t, dir, want) // before Close, whose error nobody may look at
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	wantTree(t, dir, want)
}

func TestStoreFails(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	t.Run("a file for a folder", func(t *testing.T) {
		dir := write(t, "3.13.5")
		_, err := readTo(keep(t, openStore(t, dir), file, text("new"), -1, nil).Open, 100)
		if err == nil || !strings.Contains(err.Error(), "3.13.5/Python-3.13.5.tgz cannot be saved in ") || !strings.Contains(err.Error(), "not a directory: make room or name another folder") {
			t.Errorf("error %v", err)
		}
		wantTree(t, dir, map[string]string{"3.13.5": "content of 3.13.5"})
	})
	t.Run("a folder for a file", func(t *testing.T) {
		dir := write(t, "3.13.5/"+file+"/x")
		_, err := readTo(keep(t, openStore(t, dir), file, text("new"), -1, nil).Open, 100)
		if err == nil || !strings.Contains(err.Error(), "cannot be saved") {
			t.Errorf("error %v", err)
		}
		wantTree(t, dir, map[string]string{"3.13.5/" + file + "/x": "content of x"})
	})
	t.Run("a link that leads out", func(t *testing.T) {
		outside, dir := t.TempDir(), t.TempDir()
		link(t, dir, "3.13.5", outside)
		_, err := readTo(keep(t, openStore(t, dir), file, text("new"), -1, nil).Open, 100)
		if err == nil || !strings.Contains(err.Error(), "cannot be saved") {
			t.Errorf("error %v", err)
		}
		wantTree(t, outside, map[string]string{})
	})
	t.Run("a link in place of the file", func(t *testing.T) {
		outside, dir := write(t, "precious"), write(t, "3.13.5/")
		link(t, dir, "3.13.5/"+file, filepath.Join(outside, "precious"))
		if _, err := readTo(keep(t, openStore(t, dir), file, text("new"), -1, nil).Open, 100); err != nil {
			t.Error(err)
		}
		wantTree(t, outside, map[string]string{"precious": "content of precious"})
		wantTree(t, dir, map[string]string{"3.13.5/" + file: "new"})
	})
	t.Run("no write goes through", func(t *testing.T) { // as on a full disk
		dir := t.TempDir()
		r, err := keep(t, openStore(t, dir), file, text("new"), -1, nil).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.(*kept).part.Close()
		if _, err := io.ReadAll(r); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "3.13.5/Python-3.13.5.tgz cannot be saved in ") {
			t.Errorf("error %v", err)
		}
		r.Close()
		wantTree(t, dir, map[string]string{})
	})
	t.Run("closed", func(t *testing.T) {
		s := openStore(t, t.TempDir())
		s.Close()
		if _, err := readTo(keep(t, s, file, text("new"), -1, nil).Open, 100); !errors.Is(err, os.ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a folder for a sidecar", func(t *testing.T) {
		dir := write(t, "3.13.5/"+file, "3.13.5/"+file+".asc/x")
		it := keep(t, openStore(t, dir), file, text("new"), -1, map[release.Sidecar]File{release.Asc: {Location: "x.asc", Open: text("signature")}})
		if _, err := readTo(it.Sidecars[release.Asc].Open, 100); err != nil {
			t.Error(err)
		}
		if _, err := readTo(it.Open, 100); err == nil || !strings.Contains(err.Error(), "cannot be saved") {
			t.Errorf("error %v", err)
		}
		// Neither artifact is left, since neither has its sidecars.
		wantTree(t, dir, map[string]string{"3.13.5/" + file + ".asc/x": "content of x"})
	})
	file2 := filepath.Join(write(t, "file"), "file")
	for _, dir := range []string{"", file2, filepath.Join(file2, "x")} {
		if s, err := OpenStore(dir); err == nil || !strings.Contains(err.Error(), "name a folder to write to") {
			t.Errorf("OpenStore(%q): %v, %v", dir, s, err)
		}
	}
}

// A name can come from anywhere that makes an Item.
func TestStoreNames(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	for _, file := range []string{"../x", "..", ".", "", "a/b", `a\b`, "a:b", "a\x1b", "/etc/passwd"} {
		name := release.Name{File: file, Upstream: file, Version: version(t, "3.13.5")}
		it := s.Keep([]Item{{Name: name, Open: text("x"), Size: -1, Sidecars: map[release.Sidecar]File{}}})[0]
		if _, err := readTo(it.Open, 100); err == nil {
			t.Errorf("%q was kept", file)
		}
	}
	wantTree(t, dir, map[string]string{})

	// Where a sidecar lies does not decide where it is kept.
	const artifact = "Python-3.13.5.tgz"
	for location, want := range map[string]string{
		"../../etc/passwd": artifact + ".sigstore", "x/" + artifact + ".sigstore.json": artifact + ".sigstore.json", "https://example.com/x#/0/y": artifact + ".sigstore",
	} {
		dir := t.TempDir()
		it := keep(t, openStore(t, dir), artifact, text("x"), -1, map[release.Sidecar]File{release.Sigstore: {Location: location, Open: text("bundle")}})
		if _, err := readTo(it.Sidecars[release.Sigstore].Open, 100); err != nil {
			t.Error(err)
		}
		wantTree(t, dir, map[string]string{}) // a sidecar is nothing without its artifact
		if _, err := readTo(it.Open, 100); err != nil {
			t.Error(err)
		}
		wantTree(t, dir, map[string]string{"3.13.5/" + artifact: "x", "3.13.5/" + want: "bundle"})
	}
}

// Two runs that save to one folder do not disturb each other.
func TestStoreShared(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	dir := t.TempDir()
	var readers []io.ReadCloser
	for range 4 {
		r, err := keep(t, openStore(t, dir), file, text(strings.Repeat("x", 1<<20)), -1, nil).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	var g sync.WaitGroup
	for _, r := range readers {
		g.Go(func() {
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Error(err)
			}
			r.Close()
		})
	}
	g.Wait()
	wantTree(t, dir, map[string]string{"3.13.5/" + file: strings.Repeat("x", 1<<20)})
}

// Without bytes there is nothing to keep.
func TestStoreWithoutBytes(t *testing.T) {
	if it := keep(t, openStore(t, t.TempDir()), "Python-3.13.5.tgz", nil, -1, map[release.Sidecar]File{}); it.Open != nil {
		t.Error("bytes came from nowhere")
	}
}

// A connection that is cut leaves nothing behind, and the next try is whole.
func TestStoreCutConnection(t *testing.T) {
	const file = "3.13.5/Python-3.13.5.tgz"
	tries := 0
	w := serve(t, instead(onlinetest.PythonOrg(files(file), onlinetest.API{}), map[string]http.HandlerFunc{
		"/ftp/python/" + file: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			if tries++; tries == 1 {
				io.WriteString(w, "be")
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, "begin")
		},
	}))
	l, err := w.list(t, "3.13.5", Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	it := openStore(t, dir).Keep(l.Items)[0]
	if _, err := readTo(it.Open, 100); err == nil {
		t.Error("half a file was taken for a whole one")
	}
	wantTree(t, dir, map[string]string{})
	if got, err := readTo(it.Open, 100); got != "begin" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	wantTree(t, dir, map[string]string{file: "begin"})
	if names := slices.Collect(func(yield func(string) bool) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			yield(e.Name())
		}
	}); !slices.Equal(names, []string{"3.13.5"}) {
		t.Errorf("left behind: %q", names)
	}
}

// An artifact and its sidecars in the store are of one run.
func TestStoreSets(t *testing.T) {
	const (
		file = "Python-3.13.5.tgz"
		at   = "3.13.5/" + file
	)
	failing := func(err error) Opener {
		return func(context.Context) (io.ReadCloser, error) { return nil, err }
	}
	old := map[string]string{
		at: "old", at + ".asc": "old asc", at + ".sigstore": "old bundle", at + ".sigstore.json": "older bundle",
		at + ".sig": "old sig", at + ".crt": "old crt", at + ".spdx.json": "old spdx", at + ".rekor": "old entry",
		"3.13.5/Python-3.13.5.tar.xz": "other", "3.13.5/Python-3.13.5.tar.xz.asc": "other asc",
	}
	with := func(set map[string]string) map[string]string {
		all := map[string]string{"3.13.5/Python-3.13.5.tar.xz": "other", "3.13.5/Python-3.13.5.tar.xz.asc": "other asc"}
		for suffix, text := range set {
			all[at+suffix] = text
		}
		return all
	}
	asc := File{Location: at + ".asc", Open: text("new asc")}
	bundle := File{Location: at + ".sigstore", Open: text("new bundle")}
	unlisted := func(err error) File {
		return File{Location: at + ".sigstore", Open: failing(err), Unlisted: true}
	}
	broken := func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("new"), errReader{io.ErrUnexpectedEOF})), nil
	}
	type files = map[release.Sidecar]File
	for _, tt := range []struct {
		name     string
		artifact Opener
		sidecars files
		unread   release.Sidecar
		want     map[string]string
	}{
		{"all new", text("new"), files{release.Asc: asc, release.Sigstore: bundle}, "", with(map[string]string{"": "new", ".asc": "new asc", ".sigstore": "new bundle"})},
		{"the other spelling", text("new"), files{release.Asc: asc, release.Sigstore: {Location: at + ".sigstore.json", Open: text("new bundle")}}, "",
			with(map[string]string{"": "new", ".asc": "new asc", ".sigstore.json": "new bundle"})},
		{"withdrawn", text("new"), files{release.Asc: {Location: at + ".asc", Open: failing(ErrAbsent), Unlisted: true}, release.Sigstore: unlisted(ErrAbsent)}, "", with(map[string]string{"": "new"})},
		{"no longer listed", text("new"), nil, "", with(map[string]string{"": "new"})},
		{"a description stays while it is listed", text("new"), files{release.SPDX: {Location: at + ".spdx.json", Open: text("new spdx")}}, release.SPDX, with(map[string]string{"": "new", ".spdx.json": "old spdx"})},
		{"a pair that nobody asked for", text("new"), files{release.Sigstore: bundle, release.Sig: {Location: at + ".sig", Open: text("new sig")}}, release.Sig, with(map[string]string{"": "new", ".sigstore": "new bundle"})},
		{"a web page for what is not listed", text("new"), files{release.Asc: asc, release.Sigstore: unlisted(fetch.ErrWebPage)}, "", with(map[string]string{"": "new", ".asc": "new asc"})},
		{"403 for what is not listed", text("new"), files{release.Asc: asc, release.Sigstore: unlisted(&fetch.StatusError{Code: 403})}, "", with(map[string]string{"": "new", ".asc": "new asc"})},
		{"a redirect for what is not listed", text("new"), files{release.Asc: asc, release.Sigstore: unlisted(&fetch.RedirectError{})}, "", with(map[string]string{"": "new", ".asc": "new asc"})},
		{"503 for what is not listed", text("new"), files{release.Asc: asc, release.Sigstore: unlisted(&fetch.StatusError{Code: 503})}, "", old},
		{"403 for what is listed", text("new"), files{release.Asc: {Location: at + ".asc", Open: failing(&fetch.StatusError{Code: 403})}, release.Sigstore: bundle}, "", old},
		{"the artifact breaks off", broken, files{release.Asc: asc, release.Sigstore: bundle}, "", old},
		{"the artifact cannot be had", failing(&fetch.StatusError{Code: 403}), files{release.Asc: asc, release.Sigstore: unlisted(ErrAbsent)}, "", old},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, "3.13.5/")
			for name, content := range old {
				if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			it := keep(t, openStore(t, dir), file, tt.artifact, -1, tt.sidecars)
			for kind, f := range it.Sidecars {
				if kind == tt.unread {
					continue
				}
				_, want := readTo(tt.sidecars[kind].Open, 100)
				if _, err := readTo(f.Open, 100); !errors.Is(err, want) || f.Unlisted != tt.sidecars[kind].Unlisted {
					t.Errorf("%s: error %v, want %v; unlisted %t", kind, err, want, f.Unlisted)
				}
			}
			wantTree(t, dir, old) // until the artifact has been read
			_, want := readTo(tt.artifact, 100)
			if _, err := readTo(it.Open, 100); fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("error %v, want %v", err, want)
			}
			wantTree(t, dir, tt.want)
		})
	}
}

// An artifact that is read again from its start keeps its sidecars.
func TestStoreReadAgain(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	tries := 0
	changing := func(context.Context) (io.ReadCloser, error) {
		if tries++; tries == 1 {
			return io.NopCloser(errReader{ErrChanged}), nil
		}
		return io.NopCloser(strings.NewReader("new")), nil
	}
	dir := t.TempDir()
	it := keep(t, openStore(t, dir), file, changing, -1, map[release.Sidecar]File{release.Asc: {Location: "x.asc", Open: text("signature")}})
	if _, err := readTo(it.Sidecars[release.Asc].Open, 100); err != nil {
		t.Error(err)
	}
	if _, err := readTo(it.Open, 100); !errors.Is(err, ErrChanged) {
		t.Errorf("error %v, want %v", err, ErrChanged)
	}
	if _, err := readTo(it.Open, 100); err != nil {
		t.Error(err)
	}
	wantTree(t, dir, map[string]string{"3.13.5/" + file: "new", "3.13.5/" + file + ".asc": "signature"})
}

// What a run that was killed leaves behind is named, and so is what to do.
func TestStoreLeftovers(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	dir := write(t, "3.13.5/"+file)
	s := openStore(t, dir)
	r, err := keep(t, s, file, text("new"), -1, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.write(partName(file+".sigstore.json"), nil); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	if len(l.Items) != 1 || len(l.Troubles) > 0 || len(l.Unrecognised) != 2 {
		t.Errorf("%+v", l)
	}
	for _, u := range l.Unrecognised {
		if u.Reason != "left by an interrupted --save; remove it" {
			t.Errorf("%s: %s", u.Location, u.Reason)
		}
	}
	for _, name := range []string{".notes.ABC.part", file + ".ABC.part", "." + file + ".part", "." + file + ".abc.part"} {
		if isPart(name) {
			t.Errorf("%s is taken for a store's", name)
		}
	}
}
