package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// folder is a folder on disk in which files are looked at and opened.
type folder struct {
	name string // as the user named it
	base string // the last part of it, also where name is "." or ends in ".."
	real string // the same without links, absolute
	// confined says that links are followed only to what lies inside. A tree
	// may come from anywhere, and a link must not make it name other files of
	// this machine.
	confined bool
}

// newFolder returns the folder that name names, which must exist.
func newFolder(name string, confined bool) (folder, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return folder{}, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return folder{}, err
	}
	return folder{name: name, base: filepath.Base(abs), real: real, confined: confined}, nil
}

// dirName is the name of the folder that rel lies in, which may be that of a
// release. It is the name the user gave, not what a link leads to.
func (f folder) dirName(rel string) string {
	if dir := path.Dir(rel); dir != "." {
		return path.Base(dir)
	}
	return f.base
}

// entry is one name within a folder, looked at but not opened.
type entry struct {
	rel     string // within the folder, with forward slashes
	exists  bool
	link    bool   // it is a symbolic link
	target  string // of a link to a folder inside: its path within the folder
	size    int64  // -1 if it cannot be opened
	open    Opener // never nil; fails with problem, if there is one
	problem string // why it cannot be opened, with the remedy; "" if it can
}

// folderProblem is the problem of a folder where a file is expected.
const folderProblem = "a folder, not a file: rename it, or put the file in its place"

// look looks at one name within the folder, following links, and opens nothing.
func (f folder) look(rel string) entry {
	e := entry{rel: rel, size: -1, exists: true}
	root, local := f.real, filepath.FromSlash(rel)
	info, err := os.Lstat(filepath.Join(root, local))
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		e.link = true
		root, local, info, err = f.follow(local)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && !e.link:
		e.exists = false
		e.problem = "not there: put the file beside the others"
	case errors.Is(err, fs.ErrNotExist):
		e.problem = "a link to something that is not there: put the file in its place"
	case errors.Is(err, syscall.ELOOP):
		e.problem = "a link that leads in a circle: put the file in its place"
	case errors.Is(err, errOutside):
		e.problem = "a link that leads out of the source and is not followed: put the file in its place"
	case err != nil:
		e.problem = fmt.Sprintf("cannot be looked at: %v: make it readable", reason(err))
	case info.IsDir():
		e.problem = folderProblem
		if e.link && root == f.real {
			e.target = filepath.ToSlash(local)
		}
	case !info.Mode().IsRegular():
		e.problem = irregular(info.Mode()) + ", not a file: put the file in its place"
	default:
		e.size = info.Size()
	}
	if e.problem != "" {
		problem := e.problem
		e.open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New(problem) }
		return e
	}
	e.open = func(context.Context) (io.ReadCloser, error) { return openRegular(root, local) }
	return e
}

var errOutside = errors.New("leads out of the folder")

// follow follows a link to its end, which is local within root.
func (f folder) follow(link string) (root, local string, info fs.FileInfo, err error) {
	path := filepath.Join(f.real, link)
	if info, err = os.Stat(path); err != nil {
		return "", "", nil, err
	}
	end, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", "", nil, err
	}
	local, err = filepath.Rel(f.real, end)
	if err == nil && filepath.IsLocal(local) {
		return f.real, local, info, nil
	}
	if f.confined {
		return "", "", nil, errOutside
	}
	return filepath.Dir(end), filepath.Base(end), info, nil
}

// openRegular opens a regular file. It looks at it first, because opening a
// named pipe would wait for a writer, and goes through os.Root, because the
// path may have become a link out of root since it was listed.
func openRegular(root, local string) (io.ReadCloser, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, unopened(err)
	}
	defer r.Close()
	info, err := r.Stat(local)
	if err != nil {
		return nil, unopened(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s, not a file", irregular(info.Mode()))
	}
	file, err := r.Open(local)
	if err != nil {
		return nil, unopened(err)
	}
	if info, err = file.Stat(); err != nil {
		return nil, errors.Join(unopened(err), file.Close())
	}
	return &regular{file, info}, nil
}

// regular is a file on disk being read.
type regular struct {
	file  *os.File
	begun fs.FileInfo // when it was opened
}

// Read returns ErrChanged in place of the end of a file that somebody has
// written to meanwhile: its bytes may be neither the old ones nor the new ones,
// and a signature that does not fit them says nothing.
func (r *regular) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	switch {
	case err == io.EOF:
		now, statErr := r.file.Stat()
		if statErr == nil && (now.Size() != r.begun.Size() || !now.ModTime().Equal(r.begun.ModTime())) {
			return n, fmt.Errorf("%w: run again", ErrChanged)
		}
	case err != nil:
		return n, fmt.Errorf("cannot be read to its end: %w: check the disk it lies on", reason(err))
	}
	return n, err
}

func (r *regular) Close() error { return r.file.Close() }

// unopened says why a file that was listed cannot be opened, with the remedy.
func unopened(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("went away after it was listed: run again")
	}
	return fmt.Errorf("cannot be opened: %w: make it readable", reason(err))
}

// readAll reads a whole file of at most limit bytes.
func readAll(ctx context.Context, open Opener, limit int64) ([]byte, error) {
	r, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, reason(err)
	}
	if n > limit {
		return nil, fmt.Errorf("larger than %d bytes, which no such file is", limit)
	}
	return b.Bytes(), nil
}

// irregular says what a thing is that is no regular file.
func irregular(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	default:
		return "something special"
	}
}

// reason is err without the operation and the path, which the caller says.
func reason(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// hasControl reports whether a name holds control characters, those that would
// change how a terminal shows the rest.
func hasControl(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool {
		return r < 0x20 || 0x7f <= r && r < 0xa0
	})
}
