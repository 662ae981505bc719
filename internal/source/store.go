package source

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"migrate/internal/release"
)

// Store is a folder that keeps what is read, in python.org's layout, so that it
// can be a source itself. Several runs may share it.
type Store struct {
	name string // as the user named it
	root *os.Root
}

// partSuffix ends the name of a file that is still being written.
const partSuffix = ".part"

// maxPair bounds a .sig or .crt file; real ones have 2 KiB.
const maxPair = 1 << 20

// OpenStore opens the folder dir, and makes it if there is none. Links in it are
// followed only to what lies inside.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("%q cannot be made: %w: name a folder to write to", dir, reason(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be opened: %w: name a folder to write to", dir, reason(err))
	}
	return &Store{dir, root}, nil
}

// Close closes the folder. What is being read then is not kept.
func (s *Store) Close() error { return s.root.Close() }

// Keep returns the items with openers that also write what they read to the
// store. A file is there whole or not at all: it takes its place once it has
// been read to its end. What cannot be written is an error of the read.
//
// The .sig and .crt beside an artifact are kept along with it, though nobody
// reads them, because without them the copy would be judged otherwise. For the
// same reason an artifact is not kept if one of its sidecars is there and could
// not be read to its end before it.
func (s *Store) Keep(items []Item) []Item {
	items = slices.Clone(items)
	for i := range items {
		it := &items[i]
		dir := it.Name.Version.Dir()
		sidecars := maps.Clone(it.Sidecars)
		lost := new(atomic.Bool)
		for kind, file := range sidecars {
			file.Open = s.keepingSidecar(file.Open, path.Join(dir, sidecarFile(it.Name, kind, file)), lost)
			sidecars[kind] = file
		}
		if it.Open != nil {
			it.Open = s.keepingArtifact(it.Open, path.Join(dir, it.Name.File), it.Size, lost, []Opener{pairOf(sidecars, release.Sig), pairOf(sidecars, release.Crt)})
		}
		it.Sidecars = sidecars
	}
	return items
}

func pairOf(sidecars map[release.Sidecar]File, kind release.Sidecar) Opener {
	return sidecars[kind].Open
}

// sidecarFile returns the name under which a sidecar is kept: its own where that
// is one of its kind.
func sidecarFile(n release.Name, kind release.Sidecar, file File) string {
	names := sidecarNames(n, kind)
	if base := path.Base(file.Location); slices.Contains(names, base) {
		return base
	}
	return names[0]
}

// keepingSidecar returns an opener that keeps what open opens at the path to. It
// sets lost if that is there and is not kept.
func (s *Store) keepingSidecar(open Opener, to string, lost *atomic.Bool) Opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		k, err := s.keep(ctx, open, to)
		if err != nil {
			if !errors.Is(err, ErrAbsent) {
				lost.Store(true)
			}
			return nil, err
		}
		k.notKept = func() { lost.Store(true) }
		return k, nil
	}
}

// keepingArtifact returns an opener that keeps what open opens at the path to,
// unless a sidecar was lost. size is what its length should be, unless the
// server says otherwise; -1 if unknown. along is read to its end, and so kept
// too, before the file itself.
func (s *Store) keepingArtifact(open Opener, to string, size int64, lost *atomic.Bool, along []Opener) Opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		k, err := s.keep(ctx, open, to)
		if err != nil {
			return nil, err
		}
		k.lost, k.along = lost, along
		if k.size < 0 {
			k.size = size
		}
		return k, nil
	}
}

// keep opens a file and begins to keep it at the path to.
func (s *Store) keep(ctx context.Context, open Opener, to string) (*kept, error) {
	from, err := open(ctx)
	if err != nil {
		return nil, err
	}
	k := &kept{ctx: ctx, store: s, from: from, to: to}
	k.size = k.Validators().Size
	if err := k.create(); err != nil {
		return nil, errors.Join(k.failed(err), from.Close())
	}
	return k, nil
}

// kept is a file that is written while it is read.
type kept struct {
	ctx   context.Context
	store *Store
	from  io.ReadCloser
	to    string // path in the store, with slashes
	size  int64  // that it should have; -1 if unknown

	// Of an artifact: whether a sidecar was lost, and what is kept along with it.
	lost  *atomic.Bool
	along []Opener
	// Of a sidecar: what to call if it is not kept.
	notKept func()

	part *os.File // nil once it is in its place, or given up
	at   string   // the part's path in the store
	read int64
}

func (k *kept) create() (err error) {
	if !filepath.IsLocal(filepath.FromSlash(k.to)) || strings.Count(k.to, "/") != 1 || strings.ContainsAny(k.to, `\:`) || hasControl(k.to) {
		return fmt.Errorf("%q is no name for a file", k.to)
	}
	k.at = "." + path.Base(k.to) + "." + rand.Text() + partSuffix
	k.part, err = k.store.root.OpenFile(k.at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	return err
}

// failed says that the file cannot be kept, which is not the server's fault.
func (k *kept) failed(err error) error {
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		err = linkError.Err
	}
	return fmt.Errorf("%s cannot be saved in %q: %w: make room or name another folder", k.to, k.store.name, reason(err))
}

// Read also writes. The last of it puts the file in its place: only then does
// anybody learn that the file has ended.
func (k *kept) Read(p []byte) (int, error) {
	n, err := k.from.Read(p)
	k.read += int64(n)
	if k.part == nil {
		return n, err
	}
	if _, writeErr := k.part.Write(p[:n]); writeErr != nil {
		k.giveUp()
		return n, k.failed(writeErr)
	}
	if err != io.EOF || k.size >= 0 && k.read != k.size {
		return n, err // the reader says what is wrong with the size
	}
	if k.lost != nil && k.lost.Load() {
		k.giveUp()
		return n, io.EOF
	}
	for _, open := range k.along {
		if err := k.readOther(open); err != nil {
			k.giveUp()
			return n, err
		}
	}
	if err := k.place(); err != nil {
		k.giveUp()
		return n, k.failed(err)
	}
	return n, io.EOF
}

// readOther reads another file to its end, which keeps it too.
func (k *kept) readOther(open Opener) error {
	if open == nil {
		return nil
	}
	_, err := readAll(k.ctx, open, maxPair)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}

// place puts the whole file in its place.
func (k *kept) place() error {
	if err := k.part.Sync(); err != nil {
		return err
	}
	if err := k.part.Close(); err != nil {
		return err
	}
	if err := k.store.root.MkdirAll(path.Dir(k.to), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := k.store.root.Rename(k.at, k.to); err != nil {
		return err
	}
	k.part = nil
	return nil
}

// giveUp removes what was written, if it is not in its place.
func (k *kept) giveUp() {
	if k.part != nil {
		k.part.Close()
		k.store.root.Remove(k.at)
		k.part = nil
		if k.notKept != nil {
			k.notKept()
		}
	}
}

// Close ends the read. A file that was not read to its end is not kept.
func (k *kept) Close() error {
	k.giveUp()
	return k.from.Close()
}

// Validators returns those of what is read, as far as it has any.
func (k *kept) Validators() Validators {
	if v, ok := k.from.(Validated); ok {
		return v.Validators()
	}
	return Validators{Size: -1}
}
