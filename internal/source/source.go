// Package source lists the artifacts of one place (a mirror tree, a file, a
// Debian source package, tracker data, python.org or a mirror of it on the
// network) and opens them and their sidecars.
// It verifies nothing, and nothing found in a source is ever trusted.
package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"migrate/internal/release"
)

// Opener opens a file for one read from its start. The context is that of the
// whole read.
//
// An opener of a file that is only known to exist once it is asked for returns
// ErrAbsent if it does not. What it opens may be a Validated.
type Opener func(context.Context) (io.ReadCloser, error)

var (
	// ErrAbsent is what an Opener returns for a file that is not there.
	ErrAbsent = errors.New("is not there")
	// ErrChanged is what a Read returns if the file changed under it: what was
	// read so far is of no use, and the file has to be opened again.
	ErrChanged = errors.New("changed while it was read")
)

// Validators tell one state of a file on a server from another, as far as the
// server says (RFC 9110, section 8.8).
type Validators struct {
	Size         int64  // bytes; -1 if unknown
	ETag         string // with its quotes; "" if there is none, or only a weak one
	LastModified string // as the server spells it; "" if unknown
}

// Same reports whether v and w say that the bytes are the same: sizes are known
// and equal, at least one validator is known to both, and none differs.
func (v Validators) Same(w Validators) bool {
	return v.Size >= 0 && v.Size == w.Size && v.ETag == w.ETag && v.LastModified == w.LastModified &&
		(v.ETag != "" || v.LastModified != "")
}

// Validated is a file being read whose validators are known.
type Validated interface {
	Validators() Validators
}

// File is a sidecar, or anything else that lies beside an artifact.
type File struct {
	Location string // path or URL, as people should see it
	Open     Opener
	// Unlisted says that it is not in the list of files: that it exists is only
	// known if it is there when asked for. Open then returns an error that wraps
	// fetch.ErrWebPage where a web page is in its place.
	Unlisted bool
}

// Published is what somebody other than the signer said about an artifact: a
// hint that is compared and never trusted.
type Published struct {
	By     string // who says so, e.g. "python3.13_3.13.5-2.dsc"
	Size   int64  // bytes; -1 if unknown
	SHA256 string // lower-case hex; "" if unknown
	MD5    string // lower-case hex; "" if unknown, or not needed beside SHA256
	// Hint says that mistakes are known in what By says: where a signature is
	// good, it is By that is wrong.
	Hint bool
	// Links are the sidecars of which By says something else than the source
	// shows: where each is, as a path in python.org's tree or a URL, or "" for
	// one that By has no link to.
	Links map[release.Sidecar]string
}

// Item is one artifact as a source lists it.
type Item struct {
	Name     release.Name
	Location string // path within the source with forward slashes, or URL
	URL      string // where it is read from, or where python.org publishes it, if the source says so

	// Open reads the artifact's bytes. It is nil where the source has none;
	// then SHA256 stands for them.
	Open   Opener
	SHA256 string // lower-case hex, only where Open is nil
	Size   int64  // bytes; -1 if unknown before reading

	// Validators asks for the artifact's validators without reading it. It is
	// nil where there are none to ask for.
	Validators func(context.Context) (Validators, error)

	Sidecars map[release.Sidecar]File
	// Unseen lists the sidecars this source cannot tell about: that they are
	// absent here says nothing about whether they exist.
	Unseen    []release.Sidecar
	Published []Published
}

// Unrecognised is a file that no name pattern understands.
type Unrecognised struct {
	Location string
	Reason   string // one line, e.g. "no artifact name known", "sidecar without its artifact"
}

// Trouble is something in a source that could not be looked at. It never ends
// the listing, and always makes the run's exit status 2.
type Trouble struct {
	Location string
	Message  string // one line, lower case, with the remedy
}

// Listing is what one source holds, in a stable order.
type Listing struct {
	Source       string // as the user named it
	Kind         string // "tree", "file", "dsc", "tracker", "site"
	Items        []Item
	Unrecognised []Unrecognised
	Troubles     []Trouble
	// Remarks are what is worth knowing and changes no answer, e.g. that nobody
	// could be asked for hints.
	Remarks []string

	base string // URL that locations are relative to, of a site
}

// The kinds of Listing.
const (
	kindTree    = "tree"
	kindFile    = "file"
	kindDsc     = "dsc"
	kindTracker = "tracker"
	kindSite    = "site"
)

// sources says what can be named, for the errors that need it.
const sources = "name a folder laid out like python.org/ftp/python, a CPython artifact, a Debian .dsc, " +
	"a checkout of cpython-release-tracker, releases (3.13.5, 3.13, 3.10..3.14, all), or a saved JSON report (.json)"

// Open lists the source that arg names, and picks its kind by what is there: a
// folder with versions/*.json is tracker data, any other folder a tree, a file
// ending in .dsc a Debian source package, any other file one artifact.
//
// What could not be looked at is in the listing's Troubles. An error means that
// nothing could be listed: there is no such file, it is none of these, or it is
// empty. It names arg and the remedy. Saved reports are not listed here; see
// IsReport.
func Open(ctx context.Context, arg string) (Listing, error) {
	if err := ctx.Err(); err != nil {
		return Listing{}, err
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Listing{}, absent(arg)
	case err != nil:
		return Listing{}, fmt.Errorf("source %q cannot be looked at: %w", arg, reason(err))
	case info.IsDir():
		return openFolder(ctx, arg)
	case !info.Mode().IsRegular():
		return Listing{}, fmt.Errorf("source %q is %s, not a file: %s", arg, irregular(info.Mode()), sources)
	case strings.HasSuffix(arg, ".dsc"):
		return openDsc(ctx, arg)
	default:
		return openFile(arg)
	}
}

// IsReport reports whether arg names a saved JSON report: a file that ends in
// .json and is neither an artifact (windows-3.14.0.json) nor a sidecar. It goes
// by the name; whether the file holds a report is for its reader to say.
func IsReport(arg string) bool {
	base := filepath.Base(arg)
	if !strings.HasSuffix(base, ".json") {
		return false
	}
	if _, artifact := release.ParseName(base); artifact {
		return false
	}
	if _, _, sidecar := release.SplitSidecar(base); sidecar {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// absent is the error for an argument that is nothing on this disk.
func absent(arg string) error {
	_, err := ParseSelector(arg)
	switch {
	case err == nil:
		return fmt.Errorf("%q is no file or folder here, and releases are not fetched from python.org with --offline: "+
			"leave that out, or download them first, then %s", arg, sources)
	case selectorLike.MatchString(arg):
		return fmt.Errorf("%w; as a file or folder it does not exist", err)
	}
	if _, err := os.Lstat(arg); err == nil {
		return fmt.Errorf("source %q is a link to something that is not there: %s", arg, sources)
	}
	return fmt.Errorf("source %q does not exist: %s", arg, sources)
}

// selectorLike is what people write who mean releases.
var selectorLike = regexp.MustCompile(`^\d[\dabcr.]*\.[\dabcr.]*$`)

// Qualify puts the folder or URL that the listing's locations are relative to in
// front of them, so that those of several listings stay apart.
func (l *Listing) Qualify() {
	dir := l.Source
	if l.Kind == kindFile || l.Kind == kindDsc {
		dir = filepath.Dir(dir)
	}
	qualify := func(location *string) {
		switch {
		case l.base != "":
			*location = l.base + *location
		case *location != l.Source && !strings.Contains(*location, "://"):
			*location = filepath.ToSlash(filepath.Join(dir, filepath.FromSlash(*location)))
		}
	}
	for i := range l.Items {
		it := &l.Items[i]
		qualify(&it.Location)
		for kind, file := range it.Sidecars {
			qualify(&file.Location)
			it.Sidecars[kind] = file
		}
	}
	for i := range l.Unrecognised {
		qualify(&l.Unrecognised[i].Location)
	}
	for i := range l.Troubles {
		qualify(&l.Troubles[i].Location)
	}
}

// finish puts a listing in its order and says so if it holds no artifact.
func (l *Listing) finish() {
	if len(l.Items) == 0 {
		l.Troubles = append(l.Troubles, Trouble{
			Location: l.Source,
			Message:  "no artifact of CPython in it: " + sources,
		})
	}
	slices.SortStableFunc(l.Items, func(a, b Item) int {
		return cmp.Or(a.Name.Compare(b.Name), cmp.Compare(a.Location, b.Location))
	})
	slices.SortStableFunc(l.Unrecognised, func(a, b Unrecognised) int {
		return cmp.Or(cmp.Compare(a.Location, b.Location), cmp.Compare(a.Reason, b.Reason))
	})
	l.markDuplicates()
	slices.SortStableFunc(l.Troubles, func(a, b Trouble) int {
		return cmp.Or(cmp.Compare(a.Location, b.Location), cmp.Compare(a.Message, b.Message))
	})
}

// markDuplicates adds a trouble for every artifact that is listed before. The
// same file name is no duplicate where its directory makes it another version:
// python.org has a python24.chm for each release of 2.4.
func (l *Listing) markDuplicates() {
	type key struct {
		file    string
		version release.Version
	}
	first := map[key]string{}
	for _, it := range l.Items {
		k := key{it.Name.File, it.Name.Version}
		at, again := first[k]
		if !again {
			first[k] = it.Location
			continue
		}
		l.Troubles = append(l.Troubles, Trouble{
			Location: it.Location,
			Message:  fmt.Sprintf("the same artifact is also at %q: remove the one that is not meant", at),
		})
	}
}
