package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"migrate/internal/release"
)

// openFolder lists a folder: tracker data, else a tree.
func openFolder(ctx context.Context, arg string) (Listing, error) {
	f, err := newFolder(arg, true)
	if err != nil {
		return Listing{}, fmt.Errorf("source %q cannot be looked at: %w", arg, reason(err))
	}
	w := walk{ctx: ctx, folder: f}
	if err := w.run(); err != nil {
		return Listing{}, fmt.Errorf("source %q cannot be listed: %w", arg, reason(err))
	}
	if !w.isTracker() {
		return w.tree()
	}
	// A file added to a mirror must not turn the look at its bytes into a look
	// at claimed digests.
	for _, e := range w.entries {
		if _, ok := release.ParseName(path.Base(e.rel)); ok {
			return Listing{}, fmt.Errorf("source %q holds both tracker data (%s/*.json) and artifacts (%q): "+
				"move them apart and name the one that is meant", arg, trackerDir, e.rel)
		}
	}
	return w.tracker()
}

// walk collects what lies in a folder and below.
type walk struct {
	ctx      context.Context
	folder   folder
	entries  []entry
	found    []Unrecognised
	troubles []Trouble
}

func (w *walk) run() error {
	return filepath.WalkDir(w.folder.real, w.visit)
}

// visit is the fs.WalkDirFunc of run. It follows no links to folders: what lies
// inside is met on its own path, and what lies outside is not this source's.
func (w *walk) visit(file string, d fs.DirEntry, err error) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	rel, relErr := filepath.Rel(w.folder.real, file)
	if relErr != nil {
		return relErr
	}
	rel = filepath.ToSlash(rel)
	if err != nil {
		if rel == "." {
			return err
		}
		if errors.Is(err, fs.ErrNotExist) {
			w.trouble(rel, wentAway)
		} else {
			w.trouble(rel, fmt.Sprintf("cannot be looked at: %v: make it readable", reason(err)))
		}
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() && !(rel != "." && expectsFile(rel)) {
		return nil
	}
	e := w.folder.look(rel)
	switch {
	case !e.exists:
		w.trouble(rel, wentAway)
	case e.target == "" || expectsFile(rel):
		w.entries = append(w.entries, e)
	case e.target == "." || strings.HasPrefix(rel, e.target+"/"):
		w.trouble(rel, "a link to a folder that it lies in itself: remove it")
	default:
		w.found = append(w.found, Unrecognised{rel, fmt.Sprintf("link to the folder %q, whose files are listed there", e.target)})
	}
	return nil
}

const wentAway = "went away while the folder was listed: run again"

func (w *walk) trouble(rel, message string) {
	w.troubles = append(w.troubles, Trouble{Location: rel, Message: message})
}

// expectsFile reports whether a name is one of an artifact or of its sidecar.
func expectsFile(rel string) bool {
	base := path.Base(rel)
	if artifact, _, ok := release.SplitSidecar(base); ok {
		base = artifact
	}
	_, ok := release.ParseName(base)
	return ok
}

// tree makes a tree's listing.
func (w *walk) tree() (Listing, error) {
	if len(w.entries)+len(w.found)+len(w.troubles) == 0 {
		return Listing{}, fmt.Errorf("source %q is an empty folder: %s", w.folder.name, sources)
	}
	l := Listing{Source: w.folder.name, Kind: kindTree, Unrecognised: w.found, Troubles: w.troubles}
	l.add(w.folder, w.entries)
	l.finish()
	return l, nil
}

// add turns entries into items with their sidecars, and lists the others. Each
// entry comes up somewhere.
func (l *Listing) add(f folder, entries []entry) {
	at := make(map[string]entry, len(entries))
	for _, e := range entries {
		at[e.rel] = e
	}
	used := map[string]bool{}     // artifacts, and the sidecars that are theirs
	second := map[string]string{} // a sidecar that is not used -> the one that is
	for _, e := range entries {
		dir, base := path.Split(e.rel)
		name, ok := release.ParsePath(f.dirName(e.rel), base)
		if !ok {
			continue
		}
		used[e.rel] = true
		item := Item{
			Name: name, Location: e.rel, Open: e.open, Size: e.size,
			Sidecars: map[release.Sidecar]File{},
		}
		for _, kind := range release.Sidecars() {
			for _, file := range sidecarNames(name, kind) {
				side, ok := at[dir+file]
				if !ok {
					continue
				}
				if chosen, ok := item.Sidecars[kind]; ok {
					second[side.rel] = chosen.Location
					continue
				}
				item.Sidecars[kind] = File{Location: side.rel, Open: side.open}
				used[side.rel] = true
			}
		}
		l.Items = append(l.Items, item)
	}
	for _, e := range entries {
		switch {
		case e.problem != "" && (used[e.rel] || e.link):
			l.Troubles = append(l.Troubles, Trouble{e.rel, e.problem})
		case used[e.rel]:
		case e.problem != "":
			l.Unrecognised = append(l.Unrecognised, Unrecognised{e.rel, e.problem})
		case second[e.rel] != "":
			reason := fmt.Sprintf("not looked at, because %q is taken", path.Base(second[e.rel]))
			l.Unrecognised = append(l.Unrecognised, Unrecognised{e.rel, reason})
		default:
			l.Unrecognised = append(l.Unrecognised, Unrecognised{e.rel, whyNot(e.rel, func(rel string) bool { _, ok := at[rel]; return ok })})
		}
	}
}

// sidecarNames returns the names that an artifact's sidecar of one kind may
// have, the preferred one first. Debian's copy of a source has the bytes of
// upstream's, so upstream's sidecars are its own too.
func sidecarNames(n release.Name, kind release.Sidecar) []string {
	var names []string
	for _, suffix := range kind.Suffixes() {
		names = append(names, n.File+suffix)
	}
	if n.Upstream != n.File {
		for _, suffix := range kind.Suffixes() {
			names = append(names, n.Upstream+suffix)
		}
	}
	return names
}

// whyNot says why a file is neither an artifact nor the sidecar of one. there
// reports whether another file exists.
func whyNot(rel string, there func(rel string) bool) string {
	dir, base := path.Split(rel)
	if hasControl(base) {
		return "control characters in its name"
	}
	if isPart(base) {
		return "left by an interrupted --save; remove it"
	}
	artifact, _, ok := release.SplitSidecar(base)
	if !ok {
		return "no artifact name known"
	}
	if there(dir + artifact) {
		return "sidecar of a file that is no artifact"
	}
	return "sidecar without its artifact"
}
