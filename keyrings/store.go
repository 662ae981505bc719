package keyrings

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"migrate/pgp"
)

// Store is a folder that keeps every copy of a key that was ever fetched, each
// as a file of its own that [ReadKeyFiles] reads. Nothing in it is rewritten or
// removed. Several programs may write to it at the same time, and whoever reads
// it meets whole files only.
type Store struct {
	Dir string
}

// Add keeps a copy that was fetched at that time from a URL. It returns the
// file, and whether it is new: a copy that is there already stays as it is.
//
// The file's name is the fingerprint and the beginning of the SHA-256 of the
// copy's packets. When and from where it came stands in the armor's comment.
func (s Store) Add(x pgp.Extracted, from string, at time.Time) (file string, added bool, err error) {
	file = filepath.Join(s.Dir, fmt.Sprintf("%s-%.8x.asc", x.Fingerprint, sha256.Sum256(x.Packets)))
	if err := s.add(file, x, from, at); errors.Is(err, fs.ErrExist) {
		return file, false, s.check(file, x)
	} else if err != nil {
		return file, false, fmt.Errorf("key cache: %w", err)
	}
	return file, true, nil
}

func (s Store) add(file string, x pgp.Extracted, from string, at time.Time) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fs.ErrExist
	}
	data, err := x.Armor(comment(from, at))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	// Beside the folder: what is in it is read, and an interrupted write must
	// not leave anything there.
	f, err := os.CreateTemp(filepath.Dir(s.Dir), "keys-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(f.Name()); err == nil && !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, never takes the place of a file.
	err = os.Link(f.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), file) // not every file system has links
	}
	if err != nil {
		return err
	}
	return syncFolder(s.Dir)
}

// check refuses a file that is not what its name says, or an old copy would be
// lost without a word.
func (s Store) check(file string, x pgp.Extracted) error {
	data, err := readKeyFile(file)
	if err != nil {
		return fmt.Errorf("key cache: %s: %s", file, reason(err))
	}
	found, _, _, err := pgp.Extract(data, func(f pgp.Fingerprint) bool { return f == x.Fingerprint })
	if err != nil || !slices.ContainsFunc(found, func(y pgp.Extracted) bool { return bytes.Equal(x.Packets, y.Packets) }) {
		return fmt.Errorf("key cache: %s: this file is damaged: remove it, and fetch the key again", file)
	}
	return nil
}

// syncFolder makes the names in a folder last. Windows does not let a folder be
// synced, and needs it not.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const (
	commentHeader = "Comment: "
	fetchedWord   = "fetched "
	fromWord      = " from "
)

func comment(from string, at time.Time) string {
	return fetchedWord + at.UTC().Format(time.RFC3339) + fromWord + from
}

// Fetched returns when, in UTC, and from where a key file was fetched, as
// [Store] wrote it. It reports false for any other file. Anybody can write such
// a line: it is for people to read.
func (f KeyFile) Fetched() (at time.Time, from string, ok bool) {
	for line := range bytes.Lines(f.Data) {
		text := strings.TrimSpace(string(line))
		if text == "" { // the end of the armor's headers
			break
		}
		rest, ok := strings.CutPrefix(text, commentHeader+fetchedWord)
		if !ok {
			continue
		}
		date, from, ok := strings.Cut(rest, fromWord)
		if at, err := time.Parse(time.RFC3339, date); ok && err == nil {
			return at.UTC(), from, true
		}
	}
	return time.Time{}, "", false
}
