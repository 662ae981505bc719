package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migrate/internal/release"
)

func TestTree(t *testing.T) {
	dir := write(t,
		"3.14.0/Python-3.14.0.tgz", "3.14.0/Python-3.14.0.tgz.sigstore", "3.14.0/Python-3.14.0rc1.tgz",
		"3.9.10/Python-3.9.10.tgz", "3.9.10/Python-3.9.10.tgz.asc",
		"3.13.5/python-3.13.5-amd64.exe", "3.13.5/python-3.13.5-amd64.exe.asc", "3.13.5/python-3.13.5-amd64.exe.spdx.json",
		"3.13.5/Python-3.13.5.tar.xz", "3.13.5/Python-3.13.5.tar.xz.sigstore.json", "3.13.5/Python-3.13.5.tar.xz.sig",
		"3.13.5/Python-3.13.5.tar.xz.crt", "3.13.5/Python-3.13.5.tar.xz.rekor",
		"3.13.5/windows-3.13.5.json", "3.13.5/windows-3.13.5.json.sigstore",
		"2.4.2/python24.chm", "2.4.3/python24.chm", "3.2.4/python324.chm", "3.2.5/python324.chm",
		"3.13.5/amd64/core.msi", "3.13.5/README", "3.13.5/README.asc", "3.13.5/Python-3.13.5.tgz.asc",
		// trust never comes from the source
		"keys.asc", "pubring.gpg", "roster.yaml", "trusted_root.json", "migrate.yaml",
	)
	l := open(t, dir)
	if l.Kind != "tree" || l.Source != dir {
		t.Errorf("Kind %q, Source %q", l.Kind, l.Source)
	}
	diff(t, l,
		"2.4.2/python24.chm is 2.4.2 windows-help",
		"2.4.3/python24.chm is 2.4.3 windows-help",
		"3.2.4/python324.chm is 3.2.4 windows-help",
		"3.2.5/python324.chm is 3.2.5 windows-help",
		"3.9.10/Python-3.9.10.tgz is 3.9.10 source +asc=3.9.10/Python-3.9.10.tgz.asc",
		"3.13.5/Python-3.13.5.tar.xz is 3.13.5 source +sigstore=3.13.5/Python-3.13.5.tar.xz.sigstore.json"+
			" +sig=3.13.5/Python-3.13.5.tar.xz.sig +crt=3.13.5/Python-3.13.5.tar.xz.crt +rekor=3.13.5/Python-3.13.5.tar.xz.rekor",
		"3.13.5/python-3.13.5-amd64.exe is 3.13.5 windows-installer +asc=3.13.5/python-3.13.5-amd64.exe.asc"+
			" +spdx.json=3.13.5/python-3.13.5-amd64.exe.spdx.json",
		"3.13.5/windows-3.13.5.json is 3.13.5 windows-manifest +sigstore=3.13.5/windows-3.13.5.json.sigstore",
		"3.14.0/Python-3.14.0rc1.tgz is 3.14.0rc1 source",
		"3.14.0/Python-3.14.0.tgz is 3.14.0 source +sigstore=3.14.0/Python-3.14.0.tgz.sigstore",
		"? 3.13.5/Python-3.13.5.tgz.asc: sidecar without its artifact",
		"? 3.13.5/README: no artifact name known",
		"? 3.13.5/README.asc: sidecar of a file that is no artifact",
		"? 3.13.5/amd64/core.msi: no artifact name known",
		"? keys.asc: sidecar without its artifact",
		"? migrate.yaml: no artifact name known",
		"? pubring.gpg: no artifact name known",
		"? roster.yaml: no artifact name known",
		"? trusted_root.json: no artifact name known",
	)
}

// A release's own folder tells the version as the folder above it does.
func TestTreeOfOneRelease(t *testing.T) {
	dir := write(t, "2.4.3/python24.chm")
	diff(t, open(t, filepath.Join(dir, "2.4.3")), "python24.chm is 2.4.3 windows-help")
	link(t, dir, "2.4.4", "2.4.3")
	diff(t, open(t, filepath.Join(dir, "2.4.4")), "python24.chm is 2.4.4 windows-help")
	t.Chdir(filepath.Join(dir, "2.4.3"))
	diff(t, open(t, "."), "python24.chm is 2.4.3 windows-help")
}

func TestTreeSidecarsStayBesideTheirArtifact(t *testing.T) {
	diff(t, open(t, write(t, "a/Python-3.13.5.tgz", "b/Python-3.13.5.tgz.asc")),
		"a/Python-3.13.5.tgz is 3.13.5 source",
		"? b/Python-3.13.5.tgz.asc: sidecar without its artifact")
}

func TestTreeDebian(t *testing.T) {
	diff(t, open(t, write(t,
		"both/python3.13_3.13.5.orig.tar.xz", "both/Python-3.13.5.tar.xz", "both/Python-3.13.5.tar.xz.asc",
		"own/python3.12_3.12.0.orig.tar.xz", "own/python3.12_3.12.0.orig.tar.xz.asc", "own/Python-3.12.0.tar.xz.asc",
		"own/Python-3.12.0.tar.xz.sigstore")),
		"own/python3.12_3.12.0.orig.tar.xz is 3.12.0 source +asc=own/python3.12_3.12.0.orig.tar.xz.asc +sigstore=own/Python-3.12.0.tar.xz.sigstore",
		"both/Python-3.13.5.tar.xz is 3.13.5 source +asc=both/Python-3.13.5.tar.xz.asc",
		"both/python3.13_3.13.5.orig.tar.xz is 3.13.5 source +asc=both/Python-3.13.5.tar.xz.asc",
		`? own/Python-3.12.0.tar.xz.asc: not looked at, because "python3.12_3.12.0.orig.tar.xz.asc" is taken`)
}

func TestTreeDuplicates(t *testing.T) {
	diff(t, open(t, write(t, "3.13.5/Python-3.13.5.tgz", "old/3.13.5/Python-3.13.5.tgz", "zz/Python-3.13.5.tgz", "zz/Python-3.13.4.tgz")),
		"zz/Python-3.13.4.tgz is 3.13.4 source",
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		"old/3.13.5/Python-3.13.5.tgz is 3.13.5 source",
		"zz/Python-3.13.5.tgz is 3.13.5 source",
		`! old/3.13.5/Python-3.13.5.tgz: the same artifact is also at "3.13.5/Python-3.13.5.tgz": remove the one that is not meant`,
		`! zz/Python-3.13.5.tgz: the same artifact is also at "3.13.5/Python-3.13.5.tgz": remove the one that is not meant`)
}

func TestTreeWithoutArtifacts(t *testing.T) {
	dir := write(t, "README")
	diff(t, open(t, dir),
		"? README: no artifact name known",
		"! "+dir+": no artifact of CPython in it: "+sources)
}

func TestTreeControlCharacters(t *testing.T) {
	evil := "Python-3.13.5.tgz\x1b[2J\n"
	diff(t, open(t, write(t, evil, evil+".asc", "e\x07vil/Python-3.13.5.tgz", "e\x07vil/Python-3.13.5.tgz.asc")),
		"e\x07vil/Python-3.13.5.tgz is 3.13.5 source +asc=e\x07vil/Python-3.13.5.tgz.asc",
		"? "+evil+": control characters in its name",
		"? "+evil+".asc: control characters in its name")
}

func TestTreeLinks(t *testing.T) {
	outside := write(t, "Python-3.13.4.tgz", "secret")
	dir := write(t, "pool/0001", "pool/0002", "3.13.5/Python-3.13.5.tar.xz")
	link(t, dir, "3.13.5/Python-3.13.5.tgz", "../pool/0001")
	link(t, dir, "3.13.5/Python-3.13.5.tgz.asc", filepath.Join(dir, "pool", "0002")) // absolute, but inside
	link(t, dir, "3.13.5/Python-3.13.5.tgz.sigstore", filepath.Join(outside, "secret"))
	link(t, dir, "3.13.5/Python-3.13.5.tar.xz.asc", "Python-3.13.5.tar.xz.asc")
	link(t, dir, "3.13.5/up", "..")
	link(t, dir, "self", ".")
	link(t, dir, "a", "b")
	link(t, dir, "b", "a")
	link(t, dir, "latest", "3.13.5")
	link(t, dir, "elsewhere", outside)
	link(t, dir, "nothing", "nowhere")
	link(t, dir, "python-3.13.5-amd64.exe", "pool") // a folder, by a link named like an artifact
	const (
		circle  = "a link that leads in a circle: put the file in its place"
		out     = "a link that leads out of the source and is not followed: put the file in its place"
		nothing = "a link to something that is not there: put the file in its place"
	)
	diff(t, open(t, dir),
		"3.13.5/Python-3.13.5.tar.xz is 3.13.5 source +asc=3.13.5/Python-3.13.5.tar.xz.asc ("+circle+")",
		"3.13.5/Python-3.13.5.tgz is 3.13.5 source +asc=3.13.5/Python-3.13.5.tgz.asc +sigstore=3.13.5/Python-3.13.5.tgz.sigstore ("+out+")",
		"python-3.13.5-amd64.exe is 3.13.5 windows-installer ("+folderProblem+")",
		`? latest: link to the folder "3.13.5", whose files are listed there`,
		"? pool/0001: no artifact name known",
		"? pool/0002: no artifact name known",
		"! 3.13.5/Python-3.13.5.tar.xz.asc: "+circle,
		"! 3.13.5/Python-3.13.5.tgz.sigstore: "+out,
		"! 3.13.5/up: a link to a folder that it lies in itself: remove it",
		"! a: "+circle,
		"! b: "+circle,
		"! elsewhere: "+out,
		"! nothing: "+nothing,
		"! python-3.13.5-amd64.exe: "+folderProblem,
		"! self: a link to a folder that it lies in itself: remove it",
	)
	// A file behind a link has its own size, not the link's.
	l := open(t, dir)
	if it := l.Items[1]; it.Size != int64(len("content of 0001")) {
		t.Errorf("%s: size %d", it.Location, it.Size)
	}
}

// Folders that cannot be read are hard to make for root, so visit is given
// what filepath.WalkDir would give it.
func TestTreeUnreadable(t *testing.T) {
	dir := write(t, "3.13.5/Python-3.13.5.tgz")
	f, err := newFolder(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := os.ReadDir(f.real)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{ctx: context.Background(), folder: f}
	denied := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}
	if err := w.visit(filepath.Join(f.real, "3.13.5"), infos[0], denied); err != fs.SkipDir {
		t.Errorf("visit: %v, want %v", err, fs.SkipDir)
	}
	l, err := w.tree()
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
	diff(t, l,
		"! "+dir+": no artifact of CPython in it: "+sources,
		"! 3.13.5: cannot be looked at: permission denied: make it readable")
	if err := w.visit(f.real, nil, denied); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("visit of the folder itself: %v, want %v", err, denied)
	}
	// listed, and gone before it was looked at
	if err := w.visit(filepath.Join(f.real, "gone.tgz"), fs.FileInfoToDirEntry(mustStat(t, dir, "3.13.5/Python-3.13.5.tgz")), nil); err != nil {
		t.Error(err)
	}
	if got := w.troubles[len(w.troubles)-1]; got.Location != "gone.tgz" || !strings.Contains(got.Message, "went away") {
		t.Errorf("trouble %+v", got)
	}
}

func mustStat(t *testing.T, dir, name string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestCorpusMirror(t *testing.T) {
	l := open(t, filepath.Join(corpus(t), "mirror"))
	diff(t, l,
		"3.11.2/Python-3.11.2.tgz is 3.11.2 source +sigstore=3.11.2/Python-3.11.2.tgz.sigstore",
		"3.13.5/Python-3.13.5.tar.xz is 3.13.5 source +asc=3.13.5/Python-3.13.5.tar.xz.asc +sigstore=3.13.5/Python-3.13.5.tar.xz.sigstore")
	if it := l.Items[1]; it.Size < 20<<20 || it.Name.Role != release.RoleSource || it.Unseen != nil {
		t.Errorf("item %+v", it)
	}
}

func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	return dir
}
