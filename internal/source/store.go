package source

import (
	"bytes"
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
	"regexp"
	"slices"
	"strings"
	"sync"

	"migrate/internal/fetch"
	"migrate/internal/release"
)

// Store is a folder that keeps what is read, in python.org's layout, so that it
// can be a source itself. Several runs may share it, while what they read stays
// the same.
type Store struct {
	name string // as the user named it
	root *os.Root
}

// partSuffix ends the name of a file that is still being written.
const partSuffix = ".part"

// partForm is what such a name looks like: .NAME.RANDOM.part.
var partForm = regexp.MustCompile(`^\.(.+)\.[A-Z2-7]+\.part$`)

// partName returns a name for a file that is to become base.
func partName(base string) string { return "." + base + "." + rand.Text() + partSuffix }

// isPart reports whether a store gives such a name to what it is writing. Where
// nobody is, somebody was killed.
func isPart(base string) bool {
	m := partForm.FindStringSubmatch(base)
	return m != nil && expectsFile(m[1])
}

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
// store. What cannot be written is an error of the read.
//
// An artifact and the sidecars that were read before it are kept as one set,
// once the artifact has been read to its end; until then, what is there from an
// earlier run stays whole. Sidecars of an earlier run that are not in the set go
// then, those that describe the artifact and are still listed excepted. Where a
// sidecar is there and could not be read, nothing is kept: without it, the copy
// would say that there is none.
func (s *Store) Keep(items []Item) []Item {
	items = slices.Clone(items)
	for i := range items {
		it := &items[i]
		side := &set{listed: it.Sidecars, got: map[release.Sidecar]held{}}
		if it.Open != nil {
			it.Open = s.keeping(it.Open, path.Join(it.Name.Version.Dir(), it.Name.File), it.Size, side)
		}
		it.Sidecars = maps.Clone(it.Sidecars)
		for kind, file := range it.Sidecars {
			file.Open = side.holding(kind, file)
			it.Sidecars[kind] = file
		}
	}
	return items
}

// set is what is known of an artifact's sidecars when its turn has come.
type set struct {
	listed map[release.Sidecar]File

	mu  sync.Mutex
	got map[release.Sidecar]held // those that were asked for
}

// held is a sidecar that was asked for.
type held struct {
	suffix string
	data   []byte
	err    error
}

// holding returns an opener that also remembers what it opens.
func (s *set) holding(kind release.Sidecar, file File) Opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		h := held{suffix: suffixOf(kind, file)}
		h.data, h.err = readAll(ctx, file.Open, maxSidecar)
		s.mu.Lock()
		s.got[kind] = h
		s.mu.Unlock()
		if h.err != nil {
			return nil, h.err
		}
		return io.NopCloser(bytes.NewReader(h.data)), nil
	}
}

// suffixOf returns the spelling of a sidecar's suffix.
func suffixOf(kind release.Sidecar, file File) string {
	suffixes := kind.Suffixes()
	for _, suffix := range suffixes[1:] {
		if strings.HasSuffix(file.Location, suffix) {
			return suffix
		}
	}
	return suffixes[0]
}

// change is what becomes of one sidecar in the store.
type change struct {
	suffix string
	data   []byte
	remove bool // instead of being written
}

// changes returns what becomes of the sidecars in the store, in a fixed order.
// ok is false if one is there and could not be read.
func (s *set) changes() (all []change, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range release.Sidecars() {
		h, read := s.got[kind]
		file, listed := s.listed[kind]
		switch {
		case read && h.err != nil && !errors.Is(h.err, ErrAbsent) && !(file.Unlisted && refused(h.err)):
			return nil, false
		case !read && listed && (kind == release.SPDX || kind == release.Rekor):
			continue // nothing is judged by it
		}
		for _, suffix := range kind.Suffixes() {
			if read && h.err == nil && suffix == h.suffix {
				all = append(all, change{suffix: suffix, data: h.data})
			} else {
				all = append(all, change{suffix: suffix, remove: true})
			}
		}
	}
	return all, true
}

// refused reports whether an error may be all that a server has to say of a file
// that is not there.
func refused(err error) bool {
	var status *fetch.StatusError
	var redirect *fetch.RedirectError
	return errors.Is(err, fetch.ErrWebPage) || errors.As(err, &redirect) ||
		errors.As(err, &status) && status.Refused()
}

// keeping returns an opener that keeps what open opens at the path to, and the
// sidecars with it. size is what its length should be, unless the server says
// otherwise; -1 if unknown.
func (s *Store) keeping(open Opener, to string, size int64, side *set) Opener {
	return func(ctx context.Context) (io.ReadCloser, error) {
		from, err := open(ctx)
		if err != nil {
			return nil, err
		}
		k := &kept{store: s, from: from, to: to, size: size, side: side}
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
	store *Store
	from  io.ReadCloser
	to    string // path in the store, with slashes
	size  int64  // that it should have; -1 if unknown
	side  *set

	part *os.File // nil once it is in its place, or given up
	at   string   // the part's path in the store
	read int64
}

func (k *kept) create() (err error) {
	if !filepath.IsLocal(filepath.FromSlash(k.to)) || strings.Count(k.to, "/") != 1 || strings.ContainsAny(k.to, `\:`) || hasControl(k.to) {
		return fmt.Errorf("%q is no name for a file", k.to)
	}
	k.at = partName(path.Base(k.to))
	k.part, err = k.store.create(k.at)
	return err
}

func (s *Store) create(name string) (*os.File, error) {
	return s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
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
	changes, ok := k.side.changes()
	if !ok {
		k.giveUp()
		return n, err
	}
	if err := k.place(changes); err != nil {
		k.giveUp()
		return n, k.failed(err)
	}
	return n, io.EOF
}

// place puts the whole file and its sidecars in their places.
//
// Whenever that ends early, what lies in the store is true: an artifact is there
// with its own sidecars or not at all. So the earlier artifact goes first, then
// come the sidecars, which are nothing without it, and the new one last. All is
// written before.
func (k *kept) place(changes []change) (err error) {
	root := k.store.root
	parts := make([]string, len(changes))
	defer func() {
		for _, part := range parts {
			if part != "" {
				root.Remove(part)
			}
		}
	}()
	for i, c := range changes {
		if c.remove {
			continue
		}
		parts[i] = partName(path.Base(k.to) + c.suffix)
		if err := k.store.write(parts[i], c.data); err != nil {
			return err
		}
	}
	if err := errors.Join(k.part.Sync(), k.part.Close()); err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(k.to), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := k.remove(k.to); err != nil {
		return err
	}
	for i, c := range changes {
		if c.remove {
			err = k.remove(k.to + c.suffix)
		} else if err = root.Rename(parts[i], k.to+c.suffix); err == nil {
			parts[i] = ""
		}
		if err != nil {
			return err
		}
	}
	if err := root.Rename(k.at, k.to); err != nil {
		return err
	}
	k.part = nil
	return nil
}

// write writes a whole file.
func (s *Store) write(name string, data []byte) error {
	f, err := s.create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// remove removes a file, if it is there.
func (k *kept) remove(name string) error {
	if err := k.store.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
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
