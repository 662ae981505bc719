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
// reads them, because without them the copy would be judged otherwise.
func (s *Store) Keep(items []Item) []Item {
	items = slices.Clone(items)
	for i := range items {
		it := &items[i]
		dir := it.Name.Version.Dir()
		sidecars := maps.Clone(it.Sidecars)
		for kind, file := range sidecars {
			file.Open = s.keeping(file.Open, path.Join(dir, sidecarFile(it.Name, kind, file)), -1, nil)
			sidecars[kind] = file
		}
		if it.Open != nil {
			it.Open = s.keeping(it.Open, path.Join(dir, it.Name.File), it.Size, []Opener{pairOf(sidecars, release.Sig), pairOf(sidecars, release.Crt)})
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

// keeping returns an opener that keeps what open opens at the path to. size is
// what its length should be, unless the server says otherwise; -1 if unknown.
// along is read to its end, and so kept too, before the file itself.
func (s *Store) keeping(open Opener, to string, size int64, along []Opener) Opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		from, err := open(ctx)
		if err != nil {
			return nil, err
		}
		k := &kept{ctx: ctx, store: s, from: from, to: to, size: size, along: along}
		if v := k.Validators(); v.Size >= 0 {
			k.size = v.Size
		}
		if err := k.create(); err != nil {
			return nil, errors.Join(k.failed(err), from.Close())
		}
		return k, nil
	}
}

// kept is a file that is written while it is read.
type kept struct {
	ctx   context.Context
	store *Store
	from  io.ReadCloser
	to    string // path in the store, with slashes
	size  int64  // that it should have; -1 if unknown
	along []Opener

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
