package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/release"
)

// write makes a folder of files; a name that ends in a slash is a folder.
func write(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		put(t, dir, name, "content of "+filepath.Base(name))
	}
	return dir
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if strings.HasSuffix(name, "/") {
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, dir, name, target string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Skip(err)
	}
}

func open(t *testing.T, arg string) Listing {
	t.Helper()
	l, err := Open(context.Background(), arg)
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
	return l
}

// check holds a listing to what is true of every listing.
func check(t *testing.T, l Listing) {
	t.Helper()
	for _, it := range l.Items {
		if (it.Open == nil) != (l.Kind == kindTracker) || it.Open != nil && it.SHA256 != "" {
			t.Errorf("%s: Open and SHA256 do not fit: %q", it.Location, it.SHA256)
		}
		if it.Sidecars == nil || !filepath.IsLocal(it.Location) && !strings.HasPrefix(it.Location, "http") {
			t.Errorf("item %+v", it)
		}
		for kind, file := range it.Sidecars {
			if file.Open == nil || file.Location == "" || slices.Contains(it.Unseen, kind) {
				t.Errorf("%s: sidecar %s: %+v", it.Location, kind, file)
			}
		}
	}
	for _, tr := range l.Troubles {
		if msg := tr.Message; msg == "" || strings.ContainsAny(msg, "\n\r\x1b") || msg[0] != strings.ToLower(msg)[0] {
			t.Errorf("trouble %q: message %q", tr.Location, msg)
		}
	}
	for _, u := range l.Unrecognised {
		if strings.ContainsAny(u.Reason, "\n\r\x1b") || u.Reason == "" {
			t.Errorf("unrecognised %q: reason %q", u.Location, u.Reason)
		}
	}
}

// lines renders a listing, one line an entry, and reads what can be read.
func lines(t *testing.T, l Listing) []string {
	t.Helper()
	var out []string
	for _, it := range l.Items {
		line := it.Location + " is " + it.Name.Version.String() + " " + string(it.Name.Kind)
		if it.Open != nil {
			line += readable(it.Open)
		}
		for _, kind := range release.Sidecars() {
			if f, ok := it.Sidecars[kind]; ok {
				line += " +" + string(kind) + "=" + f.Location + readable(f.Open)
			}
		}
		out = append(out, line)
	}
	for _, u := range l.Unrecognised {
		out = append(out, "? "+u.Location+": "+u.Reason)
	}
	for _, tr := range l.Troubles {
		out = append(out, "! "+tr.Location+": "+tr.Message)
	}
	return out
}

func readable(open Opener) string {
	r, err := open(context.Background())
	if err != nil {
		return " (" + err.Error() + ")"
	}
	defer r.Close()
	if _, err := io.ReadAll(r); err != nil {
		return " (" + err.Error() + ")"
	}
	return ""
}

func diff(t *testing.T, l Listing, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, lines(t, l)); d != "" {
		t.Errorf("listing (-want +got):\n%s", d)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := write(t, "notes.txt", "Python-3.13.5.tgz.asc", "windows-3.14.0.json.sigstore", "old-report.json", "empty/", "nested/a/b/")
	put(t, dir, "bad.dsc", "nothing of the kind")
	link(t, dir, "gone.tgz", "nowhere")
	link(t, dir, "circle", "circle")
	at := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		arg  string
		want []string // parts of the error
	}{
		{at("missing"), []string{"does not exist", "name a folder laid out like", "saved JSON report"}},
		{at("Python-3.13.5.tgz"), []string{"does not exist", "name a folder"}},
		{"", []string{`source "" does not exist`}},
		{"3.13", []string{`"3.13" is no file or folder here`, "not fetched from python.org with --offline: leave that out", "download them first", "Debian .dsc"}},
		{"3.13.5", []string{"not fetched from python.org with --offline"}},
		{"3.10..3.14", []string{`"3.10..3.14" is no file or folder here`, "not fetched from python.org with --offline"}},
		{"all", []string{`"all" is no file or folder here`}},
		{"3.10..", []string{`"3.10.." selects no releases: write a version`, "as a file or folder it does not exist"}},
		{"3.14..3.10", []string{"its end comes before its start"}},
		{at("gone.tgz"), []string{"a link to something that is not there"}},
		{at("circle"), []string{"cannot be looked at", "too many"}},
		{at("empty"), []string{"is an empty folder", "name a folder"}},
		{at("nested"), []string{"is an empty folder"}},
		{at("notes.txt"), []string{"has no name that python.org or Debian gives", "restore its name"}},
		{at("Python-3.13.5.tgz.asc"), []string{"is the .asc file of an artifact: name the artifact instead", `Python-3.13.5.tgz"`}},
		{at("windows-3.14.0.json.sigstore"), []string{"is the .sigstore file", `windows-3.14.0.json"`}},
		{at("old-report.json"), []string{"is no artifact", "saved report"}},
		{at("bad.dsc"), []string{"is not a Debian source package", "fetch it again"}},
		{os.DevNull, []string{"is a device, not a file"}},
	}
	for _, tt := range tests {
		l, err := Open(context.Background(), tt.arg)
		if err == nil {
			t.Errorf("Open(%q) = %+v, want an error", tt.arg, l)
			continue
		}
		for _, part := range tt.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("Open(%q): %q lacks %q", tt.arg, err, part)
			}
		}
		if strings.ContainsAny(err.Error(), "\n\r\x1b") {
			t.Errorf("Open(%q): error %q is not one clean line", tt.arg, err)
		}
	}
}

func TestOpenControlCharacters(t *testing.T) {
	for _, arg := range []string{"a\nb\x1b[31m", filepath.Join(write(t, "a\nb\x1b[31m"), "a\nb\x1b[31m")} {
		_, err := Open(context.Background(), arg)
		if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") || !strings.Contains(err.Error(), `a\nb\x1b[31m`) {
			t.Errorf("Open(%q): %v, want the name escaped", arg, err)
		}
	}
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, write(t, "Python-3.13.5.tgz")); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, want %v", err, context.Canceled)
	}
	// during the walk
	f, err := newFolder(write(t, "3.13.5/Python-3.13.5.tgz"), true)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{ctx: ctx, folder: f}
	if err := w.run(); !errors.Is(err, context.Canceled) {
		t.Errorf("walk: %v, want %v", err, context.Canceled)
	}
}

func TestIsReport(t *testing.T) {
	dir := write(t, "report.json", "windows-3.14.0.json", "x.sigstore.json", "x.spdx.json", "report.jsonl", "Python-3.13.5.tgz",
		"folder.json/", "windows-3.14.json")
	for name, want := range map[string]bool{
		"report.json": true, "windows-3.14.json": true,
		"windows-3.14.0.json": false, "x.sigstore.json": false, "x.spdx.json": false, "report.jsonl": false,
		"Python-3.13.5.tgz": false, "folder.json": false, "missing.json": false,
	} {
		if got := IsReport(filepath.Join(dir, name)); got != want {
			t.Errorf("IsReport(%s) = %v, want %v", name, got, want)
		}
	}
}

func TestFile(t *testing.T) {
	dir := write(t, "Python-3.13.5.tgz", "Python-3.13.5.tgz.asc", "Python-3.13.5.tgz.sigstore", "Python-3.13.5.tgz.sigstore.json",
		"Python-3.13.5.tgz.crt", "Python-3.13.5.tar.xz", "README",
		"python3.13_3.13.5.orig.tar.xz", "Python-3.13.5.tar.xz.asc", "python3.13_3.13.5.orig.tar.xz.sigstore",
		"windows-3.14.0.json", "windows-3.14.0.json.sigstore.json", "2.4.3/python24.chm")

	l := open(t, filepath.Join(dir, "Python-3.13.5.tgz"))
	if l.Kind != "file" || l.Source != filepath.Join(dir, "Python-3.13.5.tgz") || l.Items[0].Size != int64(len("content of Python-3.13.5.tgz")) {
		t.Errorf("listing %+v", l)
	}
	diff(t, l,
		"Python-3.13.5.tgz is 3.13.5 source +asc=Python-3.13.5.tgz.asc +sigstore=Python-3.13.5.tgz.sigstore +crt=Python-3.13.5.tgz.crt",
		`? Python-3.13.5.tgz.sigstore.json: not looked at, because "Python-3.13.5.tgz.sigstore" is taken`)
	diff(t, open(t, filepath.Join(dir, "python3.13_3.13.5.orig.tar.xz")),
		"python3.13_3.13.5.orig.tar.xz is 3.13.5 source +asc=Python-3.13.5.tar.xz.asc +sigstore=python3.13_3.13.5.orig.tar.xz.sigstore")
	diff(t, open(t, filepath.Join(dir, "windows-3.14.0.json")),
		"windows-3.14.0.json is 3.14.0 windows-manifest +sigstore=windows-3.14.0.json.sigstore.json")
	diff(t, open(t, filepath.Join(dir, "2.4.3", "python24.chm")), "python24.chm is 2.4.3 windows-help")
}

func TestFileRelative(t *testing.T) {
	t.Chdir(write(t, "Python-3.13.5.tgz", "Python-3.13.5.tgz.asc"))
	for _, arg := range []string{"Python-3.13.5.tgz", "./Python-3.13.5.tgz"} {
		l := open(t, arg)
		diff(t, l, "Python-3.13.5.tgz is 3.13.5 source +asc=Python-3.13.5.tgz.asc")
		if l.Source != arg {
			t.Errorf("Source = %q, want %q", l.Source, arg)
		}
	}
	diff(t, open(t, "."), "Python-3.13.5.tgz is 3.13.5 source +asc=Python-3.13.5.tgz.asc")
}

// What the user names may be a link to anywhere, and so may what lies beside it.
func TestFileLinks(t *testing.T) {
	pool := write(t, "0001", "0002")
	dir := t.TempDir()
	link(t, dir, "Python-3.13.5.tgz", filepath.Join(pool, "0001"))
	link(t, dir, "Python-3.13.5.tgz.asc", filepath.Join(pool, "0002"))
	link(t, dir, "Python-3.13.5.tgz.sigstore", "nowhere")
	l := open(t, filepath.Join(dir, "Python-3.13.5.tgz"))
	const problem = "a link to something that is not there: put the file in its place"
	diff(t, l,
		"Python-3.13.5.tgz is 3.13.5 source +asc=Python-3.13.5.tgz.asc +sigstore=Python-3.13.5.tgz.sigstore ("+problem+")",
		"! Python-3.13.5.tgz.sigstore: "+problem)
}

// TestQualify: the same tree under two names must not give two artifacts one
// location.
func TestQualify(t *testing.T) {
	dir := t.TempDir()
	for _, mirror := range []string{"old", "new"} {
		for _, name := range []string{"3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz.asc", "3.13.5/notes.txt"} {
			file := filepath.Join(dir, mirror, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Chdir(dir)
	for arg, want := range map[string][3]string{
		"old":                          {"old/3.13.5/Python-3.13.5.tgz", "old/3.13.5/Python-3.13.5.tgz.asc", "old/3.13.5/notes.txt"},
		"new/":                         {"new/3.13.5/Python-3.13.5.tgz", "new/3.13.5/Python-3.13.5.tgz.asc", "new/3.13.5/notes.txt"},
		"old/3.13.5/Python-3.13.5.tgz": {"old/3.13.5/Python-3.13.5.tgz", "old/3.13.5/Python-3.13.5.tgz.asc", ""},
	} {
		l, err := Open(t.Context(), arg)
		if err != nil {
			t.Fatal(err)
		}
		l.Qualify()
		got := [3]string{l.Items[0].Location, l.Items[0].Sidecars[release.Asc].Location}
		if len(l.Unrecognised) > 0 {
			got[2] = l.Unrecognised[0].Location
		}
		if got != want {
			t.Errorf("%s: %q, want %q", arg, got, want)
		}
	}
}
