package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"migrate/internal/fetch"
	"migrate/internal/release"
)

const (
	// FilesURL is where python.org publishes its artifacts.
	FilesURL = "https://www.python.org/ftp/python/"
	// APIURL is where python.org says what it publishes.
	APIURL = "https://www.python.org/api/v1/downloads/"
)

const (
	// sideBySide is how many folders are listed at one time.
	sideBySide = 4
	// maxFolders and maxEntries bound what one site may make this program look
	// at. python.org has some 250 folders of releases, with 12,000 files.
	maxFolders = 1000
	maxEntries = 100_000
)

// Site is a server whose files are laid out like python.org/ftp/python.
type Site struct {
	client *fetch.Client
	files  string // ends in a slash
	api    string // ends in a slash; "" if nobody is asked
}

// NewSite returns the site whose file tree is at the URL files. If api is not
// "", python.org's API there is asked what it says about the artifacts. The
// client must be allowed to ask the hosts of both.
func NewSite(client *fetch.Client, files, api string) (*Site, error) {
	s := &Site{client: client}
	var err error
	if s.files, err = baseURL(files); err != nil {
		return nil, fmt.Errorf("releases cannot be fetched from %q: %w, e.g. %s", files, err, FilesURL)
	}
	if api == "" {
		return s, nil
	}
	if s.api, err = baseURL(api); err != nil {
		return nil, fmt.Errorf("the API at %q cannot be asked: %w, e.g. %s", api, err, APIURL)
	}
	return s, nil
}

// baseURL returns a URL below which others are, with a slash at its end.
func baseURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		u.Path != "" && path.Clean(u.Path) != "/"+strings.Trim(u.Path, "/") || strings.HasSuffix(u.Path, "//") {
		return "", errors.New("want an https URL of a folder")
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

// Options say what belongs to a selection.
type Options struct {
	PreReleases bool // those within a series, a range or all count too
}

// List lists the releases that are selected. Artifacts are found through the
// site's own lists of files. A signature or a bundle is asked for beside its
// artifact even if it is not listed, since a list can be out of date; other
// sidecars go by the list.
//
// A folder that cannot be listed is a Trouble of the listing. An error means
// that nothing was found, and says why. What python.org's API says is in each
// item's Published; an API that cannot be asked is in the listing's Remarks.
//
// Folders within a release's are not looked into: they hold the parts that the
// Windows installers fetch, and no artifacts.
func (s *Site) List(ctx context.Context, sel Selector, opts Options) (Listing, error) {
	if sel.text == "" {
		return Listing{}, errors.New("no releases are selected: " + selectors)
	}
	dirs, err := s.folders(ctx, sel, opts)
	if err != nil {
		return Listing{}, err
	}
	indexes, errs := make([]index, len(dirs)), make([]error, len(dirs))
	var g errgroup.Group
	g.SetLimit(sideBySide)
	for i, dir := range dirs {
		g.Go(func() error {
			indexes[i], errs[i] = s.release(ctx, dir)
			return nil
		})
	}
	g.Wait()
	if ctx.Err() != nil {
		return Listing{}, context.Cause(ctx)
	}

	l := siteListing{
		site: s, sel: sel, opts: opts, listed: map[string]bool{}, named: map[rowKey]bool{},
		Listing: Listing{Source: sel.String(), Kind: kindSite, base: s.files},
	}
	entries := 0
	for i, dir := range dirs {
		if errs[i] != nil {
			l.Troubles = append(l.Troubles, Trouble{dir + "/", fmt.Sprintf("cannot be listed: %v", errs[i])})
			continue
		}
		if entries += len(indexes[i].files); entries > maxEntries {
			return Listing{}, fmt.Errorf("%s lists more than %d files, which is not python.org's: check the URL", s.files, maxEntries)
		}
		l.add(dir, indexes[i])
	}
	if len(l.Items) == 0 {
		return Listing{}, l.nothing(dirs, errs)
	}
	if s.api != "" {
		l.hints(ctx)
		if ctx.Err() != nil {
			return Listing{}, context.Cause(ctx)
		}
	}
	l.finish()
	return l.Listing, nil
}

// folders returns the folders of the releases that are selected, in order.
func (s *Site) folders(ctx context.Context, sel Selector, opts Options) ([]string, error) {
	if sel.exact {
		return []string{sel.from.Dir()}, nil
	}
	ix, err := s.index(ctx, s.files)
	if err != nil {
		return nil, fmt.Errorf("the releases that are %s cannot be listed: %w", sel, err)
	}
	var found []release.Version
	known, pre := false, false
	for _, name := range ix.folders {
		v, err := release.ParseVersion(name)
		if err != nil || v.Dir() != name {
			continue
		}
		known = true
		if sel.reaches(v, opts.PreReleases) {
			found = append(found, v)
		}
		pre = pre || sel.reaches(v, true)
	}
	switch {
	case !known:
		return nil, fmt.Errorf("%s lists no folder of a release: check that it is laid out like %s", s.files, FilesURL)
	case len(found) == 0 && pre:
		return nil, fmt.Errorf("only pre-releases are %s: add --pre-releases", sel)
	case len(found) == 0:
		return nil, fmt.Errorf("%s has no release that is %s: open it to see those that there are", s.files, sel)
	case len(found) > maxFolders:
		return nil, fmt.Errorf("%s lists more than %d releases, which is not python.org's: check the URL", s.files, maxFolders)
	}
	slices.SortFunc(found, release.Version.Compare)
	var dirs []string
	for _, v := range found {
		dirs = append(dirs, v.Dir())
	}
	return dirs, nil
}

// index gets the index of one folder.
func (s *Site) index(ctx context.Context, address string) (index, error) {
	page, err := s.client.Get(ctx, address, maxIndex)
	if err != nil {
		return index{}, err
	}
	ix, err := parseIndex(page)
	if err != nil {
		return index{}, fmt.Errorf("%s %w: check the URL, or run again later", address, err)
	}
	return ix, nil
}

// release gets the index of one release's folder. A page that does not call
// itself an index, and names nothing of CPython's, is taken for another page.
func (s *Site) release(ctx context.Context, dir string) (index, error) {
	address := s.files + dir + "/"
	ix, err := s.index(ctx, address)
	if err != nil || ix.titled || slices.ContainsFunc(ix.files, func(f indexed) bool { return expectsFile(f.name) }) {
		return ix, err
	}
	return index{}, fmt.Errorf("%s %w: check the URL, or run again later", address, errNoIndex)
}

// siteListing is a site's listing while it is made.
type siteListing struct {
	Listing
	site   *Site
	sel    Selector
	opts   Options
	listed map[string]bool   // locations of sidecars that are listed
	named  map[rowKey]bool   // the artifacts that are listed, in their folder or another
	others []release.Version // releases in the same folders that are not selected
}

// add lists what is selected of one folder.
func (l *siteListing) add(dir string, ix index) {
	at := make(map[string]indexed, len(ix.files))
	for _, f := range ix.files {
		at[f.name] = f
	}
	there := func(rel string) bool { _, ok := at[path.Base(rel)]; return ok }
	used := map[string]bool{}     // artifacts, and the sidecars that are theirs
	second := map[string]string{} // a sidecar that is not used -> the one that is
	odd := func(name, reason string) {
		l.Unrecognised = append(l.Unrecognised, Unrecognised{dir + "/" + name, reason})
	}
	for _, f := range ix.files {
		name, ok := release.ParsePath(dir, f.name)
		if !ok {
			continue
		}
		used[f.name] = true
		l.named[rowKey{name.Version, f.name}] = true
		if home := name.Version.Dir(); home != dir {
			odd(f.name, fmt.Sprintf("an artifact of %s, whose place is %s/", name.Version, home))
			continue
		}
		item := l.site.item(name, f.size)
		for _, kind := range release.Sidecars() {
			for _, file := range sidecarNames(name, kind) {
				if !there(file) {
					continue
				}
				if chosen, ok := item.Sidecars[kind]; ok {
					second[file] = path.Base(chosen.Location)
					continue
				}
				used[file] = true
				item.Sidecars[kind] = l.site.sidecar(dir+"/"+file, true)
			}
		}
		if !l.sel.Has(name.Version, l.opts.PreReleases) {
			if !slices.Contains(l.others, name.Version) {
				l.others = append(l.others, name.Version)
			}
			continue
		}
		for _, file := range item.Sidecars {
			l.listed[file.Location] = true
		}
		for _, kind := range []release.Sidecar{release.Asc, release.Sigstore} {
			if _, ok := item.Sidecars[kind]; !ok {
				item.Sidecars[kind] = l.site.sidecar(item.Location+kind.Suffixes()[0], false)
			}
		}
		l.Items = append(l.Items, item)
	}
	for _, f := range ix.files {
		switch {
		case used[f.name]:
		case second[f.name] != "":
			odd(f.name, fmt.Sprintf("not looked at, because %q is taken", second[f.name]))
		default:
			odd(f.name, whyNot(dir+"/"+f.name, there))
		}
	}
	for _, href := range ix.odd {
		odd(href, "a link that is not the name of a file in its folder")
	}
	if len(ix.folders) > 0 {
		odd("", "holds folders, which are not looked into, as no artifact is in one: "+some(ix.folders))
	}
}

// some names a few of many.
func some(names []string) string {
	const few = 8
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// nothing says why nothing was found in the folders.
func (l *siteListing) nothing(dirs []string, errs []error) error {
	for i, err := range errs {
		switch {
		case err == nil:
		case len(dirs) == 1 && errors.Is(err, fetch.ErrAbsent):
			return fmt.Errorf("there is no release %s: %s%s/ is not there; open %s to see those that are", l.sel, l.site.files, dirs[i], l.site.files)
		case len(dirs) == 1:
			return fmt.Errorf("release %s cannot be listed: %w", l.sel, err)
		default:
			return fmt.Errorf("the releases that are %s cannot be listed; %s first: %w", l.sel, dirs[i], err)
		}
	}
	slices.SortFunc(l.others, release.Version.Compare)
	var others []string
	pre := false
	for _, v := range l.others {
		others = append(others, v.String())
		pre = pre || v.IsPre() && l.sel.Has(v, true)
	}
	switch {
	case pre && !l.sel.exact:
		return fmt.Errorf("%s has only pre-releases that are %s (%s): add --pre-releases", l.site.files, l.sel, some(others))
	case len(others) > 0 && len(dirs) == 1:
		return fmt.Errorf("%s%s/ holds nothing of %s, but of %s: name one of those", l.site.files, dirs[0], l.sel, some(others))
	}
	return fmt.Errorf("%s has no artifact that is %s: its folders are empty", l.site.files, l.sel)
}

// item returns an artifact, without its sidecars. The size is the listing's;
// what the server says when the file is read goes before it.
func (s *Site) item(name release.Name, size int64) Item {
	location := name.Version.Dir() + "/" + name.File
	address := s.address(location)
	return Item{
		Name: name, Location: location, URL: address, Size: size,
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			body, err := s.client.Open(ctx, address)
			if err != nil {
				return nil, fetched(address, true, err)
			}
			return &download{body, address}, nil
		},
		Validators: func(ctx context.Context) (Validators, error) {
			meta, err := s.client.Head(ctx, address)
			return Validators(meta), err
		},
		Sidecars: map[release.Sidecar]File{},
	}
}

// address returns the URL of a location.
func (s *Site) address(location string) string {
	dir, file := path.Split(location)
	return s.files + dir + url.PathEscape(file)
}

// maxSidecar is more than any verifier looks at.
const maxSidecar = 4 << 20

// sidecar returns a sidecar of the site, which it lists or not. A web page in
// place of one that is listed is for the verifiers to know; in place of one that
// is not, it may be how the server says that there is none.
func (s *Site) sidecar(location string, listed bool) File {
	address := s.address(location)
	open := func(ctx context.Context) (io.ReadCloser, error) {
		data, err := s.client.Get(ctx, address, maxSidecar)
		if err != nil {
			return nil, fetched(address, listed, err)
		}
		if !listed && fetch.IsWebPage(data) {
			return nil, fmt.Errorf("%s %w, and is not listed: run again later", address, fetch.ErrWebPage)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return File{Location: location, Open: open, Unlisted: !listed}
}

// fetched turns what a client says into what a source says. A file that is
// listed and not there could not be looked at: the server contradicts itself.
func fetched(address string, listed bool, err error) error {
	switch {
	case errors.Is(err, fetch.ErrAbsent) && listed:
		return fmt.Errorf("%s is listed and is not there: run again later", address)
	case errors.Is(err, fetch.ErrAbsent):
		return fmt.Errorf("%s %w", address, ErrAbsent)
	case errors.Is(err, fetch.ErrChanged):
		return fmt.Errorf("%s %w: run again", address, ErrChanged)
	}
	return err
}

// download is a file while it is read from a server.
type download struct {
	body    *fetch.Body
	address string
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if err != nil && err != io.EOF {
		err = fetched(d.address, true, err)
	}
	return n, err
}

func (d *download) Close() error { return d.body.Close() }

// Validators returns what the server said of the file.
func (d *download) Validators() Validators { return Validators(d.body.Meta()) }
