package source

import (
	"fmt"
	"path/filepath"

	"migrate/internal/release"
)

// openFile lists one artifact and the sidecars beside it.
func openFile(arg string) (Listing, error) {
	dir, base := filepath.Split(arg)
	if IsReport(arg) {
		return Listing{}, fmt.Errorf("source %q is no artifact: a .json file that is not named windows-VERSION.json is read as a saved report", arg)
	}
	if artifact, kind, ok := release.SplitSidecar(base); ok {
		return Listing{}, fmt.Errorf("source %q is the .%s file of an artifact: name the artifact instead, %q",
			arg, kind, filepath.Join(dir, artifact))
	}
	if _, ok := release.ParseName(base); !ok {
		return Listing{}, fmt.Errorf("source %q has no name that python.org or Debian gives to a CPython artifact: "+
			"restore its name, e.g. Python-3.13.5.tar.xz, or %s", arg, sources)
	}
	f, err := newFolder(filepath.Dir(arg), false)
	if err != nil {
		return Listing{}, fmt.Errorf("source %q cannot be looked at: %w", arg, reason(err))
	}
	l := Listing{Source: arg, Kind: kindFile}
	l.add(f, f.withSidecars([]string{base}))
	l.finish()
	return l, nil
}

// withSidecars looks at the files named and at the sidecars that lie beside
// them. Files that are named need not exist.
func (f folder) withSidecars(names []string) []entry {
	var entries []entry
	seen := map[string]bool{}
	add := func(name string, wanted bool) {
		if seen[name] {
			return
		}
		if e := f.look(name); e.exists || wanted {
			seen[name] = true
			entries = append(entries, e)
		}
	}
	for _, name := range names {
		add(name, true)
	}
	for _, name := range names {
		n, ok := release.ParseName(name)
		if !ok {
			continue
		}
		for _, kind := range release.Sidecars() {
			for _, sidecar := range sidecarNames(n, kind) {
				add(sidecar, false)
			}
		}
	}
	return entries
}

// At returns one file by its path, whatever its name, and its size in bytes. It
// must be a regular file that can be looked at.
func At(path string) (File, int64, error) {
	f, err := newFolder(filepath.Dir(path), false)
	if err != nil {
		return File{}, 0, fmt.Errorf("%q cannot be looked at: %w", path, reason(err))
	}
	e := f.look(filepath.Base(path))
	if e.problem != "" {
		return File{}, 0, fmt.Errorf("%q: %s", path, e.problem)
	}
	return File{Location: path, Open: e.open}, e.size, nil
}

// Beside looks for the sidecars of one file by its own name, whatever that is.
// Nothing beside a file is trusted for lying there.
func Beside(file string) (map[release.Sidecar]File, error) {
	f, err := newFolder(filepath.Dir(file), false)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be looked at: %w", file, reason(err))
	}
	found := map[release.Sidecar]File{}
	for _, kind := range release.Sidecars() {
		for _, suffix := range kind.Suffixes() {
			e := f.look(filepath.Base(file) + suffix)
			if _, taken := found[kind]; e.exists && !taken {
				found[kind] = File{Location: filepath.Join(filepath.Dir(file), e.rel), Open: e.open}
			}
		}
	}
	return found, nil
}
