package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/term"
)

// writeTo runs render on standard output, or, if file is not "" and not "-", on
// a file beside it that takes its place only once it is whole. Where the place
// is taken by a device or a pipe, it writes there.
func (a *app) writeTo(file string, render func(io.Writer) error) error {
	if file == "" || file == "-" {
		return buffered(a.out, render)
	}
	if err := replace(file, render); err != nil {
		return fmt.Errorf("output file %s: %w", file, err)
	}
	return nil
}

// checkOutput refuses, before any work is done for it, an output file that
// cannot be one.
func checkOutput(file string) error {
	if file == "" || file == "-" {
		return nil
	}
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		return fmt.Errorf("output file %s: is a folder: name a file in it", file)
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return fmt.Errorf("output file %s: %w", file, pathless(err))
	}
	return nil
}

func replace(file string, render func(io.Writer) error) error {
	mode := fs.FileMode(0o666)
	if target, err := os.Readlink(file); err == nil { // also of a link to what is not there yet
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(file), target)
		}
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			file = target
		}
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return writeInPlace(file, render)
	case err == nil:
		mode = info.Mode().Perm()
		if file, err = filepath.EvalSymlinks(file); err != nil {
			return pathless(err)
		}
	}
	// A name of its own, so that the file gets the mode that umask leaves. A
	// process ID would not do: in containers every run has the same.
	tmp := filepath.Join(filepath.Dir(file), fmt.Sprintf(".%s.%s.tmp", filepath.Base(file), rand.Text()))
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return pathless(err)
	}
	err = buffered(f, render)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(tmp, file)
	}
	if err != nil {
		return errors.Join(pathless(err), os.Remove(tmp))
	}
	return nil
}

func writeInPlace(file string, render func(io.Writer) error) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return pathless(err)
	}
	return errors.Join(buffered(f, render), f.Close())
}

// pathless is err without the operation and the path, which the caller says.
func pathless(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func buffered(w io.Writer, render func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := render(b); err != nil {
		return err
	}
	return b.Flush()
}

// readBounded reads a whole file of at most limit bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, pathless(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", file, limit)
	}
	return data, nil
}

// terminal returns w's file descriptor if w is a terminal.
func terminal(w io.Writer) (fd int, ok bool) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// width is how many columns a table may take: the terminal's, else 80.
func (a *app) width() int {
	if fd, ok := terminal(a.out); ok {
		if w, _, err := term.GetSize(fd); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// color says whether results may be coloured: on a terminal that is up to it,
// unless NO_COLOR is set (https://no-color.org).
func (a *app) color() bool {
	_, ok := terminal(a.out)
	return ok && !dumb() && os.Getenv("NO_COLOR") == ""
}

// dumb reports whether the terminal is not known to take control sequences.
// Windows knows no TERM.
func dumb() bool {
	name := os.Getenv("TERM")
	return name == "dumb" || name == "" && runtime.GOOS != "windows"
}

// nothingThere reports whether err means that there is no such file, be it that
// what should be its folder is none: a HOME of /dev/null is usual for services.
func nothingThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// sticky is a writer that remembers that something could not be written.
type sticky struct {
	io.Writer
	err error
}

func (w *sticky) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}
