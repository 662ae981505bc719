//go:build unix

package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// halfway opens an opener, reads the first n bytes, lets change change the file,
// and reads the rest.
func halfway(t *testing.T, open Opener, n int64, change func() error) (string, error) {
	t.Helper()
	r, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	first, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		t.Fatal(err)
	}
	if err := change(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	return string(first) + string(rest), err
}

// TestChangedWhileRead: what somebody writes to while it is read is neither the
// old file nor the new one, and its end is never reached; what is replaced or
// removed is read as it was.
func TestChangedWhileRead(t *testing.T) {
	const old = "content of Python-3.13.5.tgz"
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // before the change, however coarse the clock of files is
	for _, tt := range []struct {
		name    string
		change  func(file string) error
		changed bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"other bytes", func(file string) error {
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("C"), 20)
			return errors.Join(err, f.Close())
		}, true},
		{"grown", func(file string) error { return os.Truncate(file, 1000) }, true},
		{"shrunk", func(file string) error { return os.Truncate(file, 12) }, true},
		{"emptied", func(file string) error { return os.Truncate(file, 0) }, true},
		{"written anew", func(file string) error { return os.WriteFile(file, []byte(old), 0o666) }, true},
		{"removed", os.Remove, false},
		{"replaced", func(file string) error {
			return errors.Join(os.WriteFile(file+".new", []byte("quite another"), 0o666), os.Rename(file+".new", file))
		}, false},
		{"now a folder", func(file string) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o777)) }, false},
		{"made unreadable", func(file string) error { return os.Chmod(file, 0) }, false},
		{"its folder moved", func(file string) error { return os.Rename(filepath.Dir(file), filepath.Dir(file)+"-gone") }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, "3.13.5/Python-3.13.5.tgz", "3.13.5/Python-3.13.5.tgz.asc")
			file := filepath.Join(dir, "3.13.5", "Python-3.13.5.tgz")
			if err := os.Chtimes(file, long, long); err != nil {
				t.Fatal(err)
			}
			got, err := halfway(t, open(t, dir).Items[0].Open, 10, func() error { return tt.change(file) })
			switch {
			case tt.changed && (!errors.Is(err, ErrChanged) || err.Error() != "changed while it was read: run again"):
				t.Errorf("error %v, want %v", err, ErrChanged)
			case !tt.changed && (err != nil || got != old):
				t.Errorf("read %q, %v; want %q", got, err, old)
			}
		})
	}
}

// TestFolderThatVanishes has folders and files that go away between the listing
// of their folder and the look at them.
func TestFolderThatVanishes(t *testing.T) {
	dir := write(t, "3.12.1/Python-3.12.1.tgz", "3.13.5/Python-3.13.5.tgz", "3.13.6/Python-3.13.6.tgz", "3.13.6/Python-3.13.6.tgz.asc")
	f, err := newFolder(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	w := walk{ctx: context.Background(), folder: f}
	err = filepath.WalkDir(f.real, func(file string, d fs.DirEntry, err error) error {
		var gone error
		switch filepath.Base(file) {
		case "Python-3.12.1.tgz": // the folder after it was listed with it
			gone = os.RemoveAll(filepath.Join(dir, "3.13.5"))
		case "Python-3.13.6.tgz":
			gone = os.Remove(filepath.Join(dir, "3.13.6", "Python-3.13.6.tgz.asc"))
		}
		if gone != nil {
			t.Fatal(gone)
		}
		return w.visit(file, d, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.tree()
	if err != nil {
		t.Fatal(err)
	}
	check(t, l)
	diff(t, l,
		"3.12.1/Python-3.12.1.tgz is 3.12.1 source",
		"3.13.6/Python-3.13.6.tgz is 3.13.6 source",
		"! 3.13.5: "+wentAway,
		"! 3.13.6/Python-3.13.6.tgz.asc: "+wentAway)

	// The source itself.
	gone := filepath.Join(t.TempDir(), "gone")
	w = walk{ctx: context.Background(), folder: folder{name: gone, real: gone, confined: true}}
	if err := w.run(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestListedFilesChange changes the files of the other kinds of sources while
// they are listed: what was listed and is not there is trouble.
func TestListedFilesChange(t *testing.T) {
	t.Run("tracker data", func(t *testing.T) {
		dir := write(t, "versions/")
		put(t, dir, "versions/3.13.5.json", "[]")
		f, err := newFolder(dir, true)
		if err != nil {
			t.Fatal(err)
		}
		w := walk{ctx: context.Background(), folder: f}
		if err := w.run(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "versions")); err != nil {
			t.Fatal(err)
		}
		l, err := w.tracker()
		if err != nil {
			t.Fatal(err)
		}
		diff(t, l,
			"! "+dir+": no artifact of CPython in it: "+sources,
			"! versions/3.13.5.json: cannot be read: went away after it was listed: run again: check the file out again")
	})
	t.Run("dsc", func(t *testing.T) {
		dir := write(t, "python3.13_3.13.5-1.dsc/")
		_, err := Open(context.Background(), filepath.Join(dir, "python3.13_3.13.5-1.dsc"))
		if err == nil || !strings.Contains(err.Error(), "is an empty folder") {
			t.Errorf("error %v", err)
		}
		_, err = openDsc(context.Background(), filepath.Join(dir, "python3.13_3.13.5-1.dsc")) // a file until a moment ago
		if err == nil || !strings.HasSuffix(err.Error(), "cannot be read: "+folderProblem) {
			t.Errorf("error %v", err)
		}
	})
}
