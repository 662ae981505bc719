//go:build unix

package source

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o666) }

// Nothing but a regular file is ever opened, and none is taken for missing.
func TestTreeIrregular(t *testing.T) {
	dir := write(t, "Python-3.13.5.tgz", "Python-3.13.5.tgz.asc/inside", "Python-3.13.4.tgz/Python-3.13.3.tgz", "Python-3.13.2.tgz.asc/")
	for _, name := range []string{"Python-3.13.5.tgz.sigstore", "Python-3.13.1.tgz", "pipe"} {
		if err := mkfifo(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	const pipe = "a named pipe, not a file: put the file in its place"
	diff(t, open(t, dir),
		"Python-3.13.1.tgz is 3.13.1 source ("+pipe+")",
		"Python-3.13.4.tgz/Python-3.13.3.tgz is 3.13.3 source",
		"Python-3.13.4.tgz is 3.13.4 source ("+folderProblem+")",
		"Python-3.13.5.tgz is 3.13.5 source +asc=Python-3.13.5.tgz.asc ("+folderProblem+") +sigstore=Python-3.13.5.tgz.sigstore ("+pipe+")",
		"? Python-3.13.2.tgz.asc: "+folderProblem,
		"? Python-3.13.5.tgz.asc/inside: no artifact name known",
		"? pipe: "+pipe,
		"! Python-3.13.1.tgz: "+pipe,
		"! Python-3.13.4.tgz: "+folderProblem,
		"! Python-3.13.5.tgz.asc: "+folderProblem,
		"! Python-3.13.5.tgz.sigstore: "+pipe,
	)
}

// What a file was when it was listed may not be what it is when it is opened.
func TestOpenerLooksAgain(t *testing.T) {
	outside := write(t, "secret")
	for name, change := range map[string]func(path string) error{
		"went away after it was listed":    func(string) error { return nil },
		"a folder, not a file":             func(path string) error { return os.Mkdir(path, 0o777) },
		"a named pipe, not a file":         mkfifo,
		"path escapes from parent":         func(path string) error { return os.Symlink(filepath.Join(outside, "secret"), path) },
		"too many levels of symbolic link": func(path string) error { return os.Symlink(filepath.Base(path), path) },
	} {
		dir := write(t, "Python-3.13.5.tgz")
		l := open(t, dir)
		path := filepath.Join(dir, "Python-3.13.5.tgz")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if got := readable(l.Items[0].Open); !strings.Contains(got, name) {
			t.Errorf("open: %q, want %q", got, name)
		}
	}
}
