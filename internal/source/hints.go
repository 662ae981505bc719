package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"migrate/internal/fetch"
	"migrate/internal/release"
)

const (
	// apiBy is who says what the API says.
	apiBy = "python.org's API"
	// apiPage is how many rows are asked for at one time: the most that the API
	// gives.
	apiPage = 1000
	// maxAPIPage bounds an answer; 1000 rows have 1.2 MB.
	maxAPIPage = 16 << 20
	// maxAPIRequests bounds how often the API is asked in one run. All that it
	// knows takes six requests, and it answers 600 in an hour.
	maxAPIRequests = 12
	// fewReleases is for how many releases it is asked one by one, at most.
	fewReleases = 4
	// maxLink is longer than any URL of a file on python.org.
	maxLink = 1024
)

// api asks python.org's API, version 1, what it says about files.
type api struct {
	client   *fetch.Client
	base     string
	requests int // that were made
	bad      int // rows that make no sense
}

var errAskedEnough = fmt.Errorf("it has more pages than the %d that are asked for", maxAPIRequests)

// hints adds what the API says to the items. That it says nothing costs only
// the comparison with it.
func (l *siteListing) hints(ctx context.Context) {
	a := api{client: l.site.client, base: l.site.api}
	rows, err := a.rows(ctx, l.versions())
	for i := range l.Items {
		it := &l.Items[i]
		row, ok := rows[rowKey{it.Name.Version, it.Name.File}]
		if !ok {
			continue
		}
		p := row.published()
		p.Links = row.disagreeing(it, l.listed)
		if p.Size >= 0 || p.SHA256 != "" || p.MD5 != "" || p.Links != nil {
			it.Published = append(it.Published, p)
		}
	}
	l.unlisted(rows)
	if err != nil {
		l.Remarks = append(l.Remarks, fmt.Sprintf("%s could not be asked for all that it says of sizes, digests and links, so those were not compared: %v", apiBy, err))
	}
	if a.bad > 0 {
		l.Remarks = append(l.Remarks, fmt.Sprintf("%s gave %d entries that make no sense, which were left out of the comparison", apiBy, a.bad))
	}
}

// unlisted remarks on the artifacts that the API knows and no list of files has,
// since a list may be incomplete. Left out are those that the API puts into the
// folder of another release, and names that do not fit their release: both are
// known mistakes of the API. A release of which no artifact is listed is left
// out too, since one that was recalled is like that.
func (l *siteListing) unlisted(rows map[rowKey]apiRow) {
	lacking := map[release.Version][]string{}
	for key, row := range rows {
		dir := key.version.Dir()
		name, ok := release.ParsePath(dir, key.file)
		if ok && name.Version == key.version && row.location == dir+"/"+key.file && !l.named[key] {
			lacking[key.version] = append(lacking[key.version], key.file)
		}
	}
	for _, v := range l.versions() {
		files := lacking[v]
		if len(files) == 0 {
			continue
		}
		slices.Sort(files)
		noun := "artifacts"
		if len(files) == 1 {
			noun = "artifact"
		}
		l.Remarks = append(l.Remarks, fmt.Sprintf("%s names %d %s of %s that its list of files does not have: %s", apiBy, len(files), noun, v, some(files)))
	}
}

// versions returns the releases that items are of, in order.
func (l *siteListing) versions() []release.Version {
	var all []release.Version
	for _, it := range l.Items {
		all = append(all, it.Name.Version)
	}
	slices.SortFunc(all, release.Version.Compare)
	return slices.Compact(all)
}

// rowKey is what an entry is matched by. Its URL is not: some are wrong.
type rowKey struct {
	version release.Version
	file    string
}

// rows returns what the API says about the files of some releases. With an
// error come the rows that there were up to then.
func (a *api) rows(ctx context.Context, versions []release.Version) (map[rowKey]apiRow, error) {
	rows := map[rowKey]apiRow{}
	releases := map[string]apiRelease{} // by URI
	var slugs []string
	err := a.pages(ctx, "release/", nil, func(object json.RawMessage) bool {
		r, ok := parseRelease(object)
		if !ok {
			return false
		}
		if r.version == (release.Version{}) {
			return true // of the install manager
		}
		releases[r.uri] = r
		if slices.Contains(versions, r.version) {
			slugs = append(slugs, r.slug)
		}
		return true
	})
	if err != nil {
		return rows, err
	}
	add := func(object json.RawMessage) bool {
		row, ok := parseRow(object)
		if !ok {
			return false
		}
		r, known := releases[row.release]
		if !known {
			return true
		}
		key := rowKey{r.version, row.file}
		if _, again := rows[key]; again {
			return false
		}
		rows[key] = row
		return true
	}
	if len(slugs) > fewReleases {
		return rows, a.pages(ctx, "release_file/", nil, add)
	}
	for _, slug := range slugs {
		if err := a.pages(ctx, "release_file/", url.Values{"release__slug": {slug}}, add); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// pages hands over every object of a list, page by page. It counts those that
// use says make no sense. Where the next page is, it works out for itself.
func (a *api) pages(ctx context.Context, list string, query url.Values, use func(json.RawMessage) bool) error {
	for offset, total := 0, 1; offset < total; {
		if a.requests++; a.requests > maxAPIRequests {
			return errAskedEnough
		}
		q := url.Values{"format": {"json"}, "limit": {fmt.Sprint(apiPage)}, "offset": {fmt.Sprint(offset)}}
		for k, v := range query {
			q[k] = v
		}
		address := a.base + list + "?" + q.Encode()
		data, err := a.client.Get(ctx, address, maxAPIPage)
		if err != nil {
			return err
		}
		page, err := parsePage(data)
		if err != nil {
			return fmt.Errorf("%s %w", address, err)
		}
		for _, object := range page.Objects {
			if !use(object) {
				a.bad++
			}
		}
		if len(page.Objects) == 0 {
			return nil
		}
		offset += len(page.Objects)
		total = page.Meta.Total
	}
	return nil
}

// page is one page of a list.
type page struct {
	Meta struct {
		Total int `json:"total_count"`
	} `json:"meta"`
	Objects []json.RawMessage `json:"objects"`
}

func parsePage(data []byte) (page, error) {
	var p page
	if err := json.Unmarshal(data, &p); err != nil || p.Objects == nil {
		return page{}, errors.New("is not what the API answers")
	}
	return p, nil
}

// apiRelease is an entry of the list of releases.
type apiRelease struct {
	version release.Version // zero if it is no CPython
	slug    string          // usually "python-3135", not always
	uri     string
}

var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,99}$`)

func parseRelease(object json.RawMessage) (apiRelease, bool) {
	var raw struct {
		Name string `json:"name"` // "Python 3.13.5"
		Slug string `json:"slug"`
		URI  string `json:"resource_uri"`
	}
	if err := json.Unmarshal(object, &raw); err != nil || raw.Name == "" || raw.URI == "" || !slugForm.MatchString(raw.Slug) {
		return apiRelease{}, false
	}
	r := apiRelease{slug: raw.Slug, uri: raw.URI}
	if name, ok := strings.CutPrefix(raw.Name, "Python "); ok {
		r.version, _ = release.ParseVersion(name)
	}
	return r, true
}

// apiRow is an entry of the list of files.
type apiRow struct {
	release  string // the URI of its release
	location string // where it says the file is: a path in python.org's tree, or a URL
	file     string // its name
	size     int64  // bytes; -1 if it says none
	sha256   string // lower-case hex; "" if it says none
	md5      string // the same
	// links are where it says the sidecars are, as a path in python.org's tree
	// or a URL, "" if nowhere. It says nothing of those that are not here.
	links map[release.Sidecar]string
}

// said is a text that may be left out, or null for none.
type said struct {
	text string
	ok   bool
}

func (s *said) UnmarshalJSON(data []byte) error {
	s.ok = true
	return json.Unmarshal(data, &s.text)
}

var md5Form = regexp.MustCompile(`^[0-9a-f]{32}$`)

// parseRow reads an entry of the list of files. ok is false if it makes no
// sense, the digests it gives included.
func parseRow(object json.RawMessage) (row apiRow, ok bool) {
	var raw struct {
		Release  string `json:"release"`
		URL      string `json:"url"`
		Size     *int64 `json:"filesize"`
		SHA256   string `json:"sha256_sum"`
		MD5      string `json:"md5_sum"`
		Asc      said   `json:"gpg_signature_file"`
		Sigstore said   `json:"sigstore_bundle_file"`
		Sig      said   `json:"sigstore_signature_file"`
		Crt      said   `json:"sigstore_cert_file"`
		SPDX     said   `json:"sbom_spdx2_file"`
	}
	if err := json.Unmarshal(object, &raw); err != nil || raw.Release == "" || len(raw.URL) > maxLink {
		return apiRow{}, false
	}
	u, err := url.Parse(raw.URL)
	if err != nil || u.Path == "" {
		return apiRow{}, false
	}
	row = apiRow{
		release:  raw.Release,
		location: linkPath(raw.URL),
		file:     path.Base(u.Path),
		size:     -1,
		sha256:   strings.ToLower(raw.SHA256),
		md5:      strings.ToLower(raw.MD5),
		links:    map[release.Sidecar]string{},
	}
	if row.sha256 != "" && !sha256Form.MatchString(row.sha256) || row.md5 != "" && !md5Form.MatchString(row.md5) {
		return apiRow{}, false
	}
	if raw.Size != nil && *raw.Size > 0 { // 0 stands for a size that nobody entered
		row.size = *raw.Size
	}
	for kind, link := range map[release.Sidecar]said{
		release.Asc: raw.Asc, release.Sigstore: raw.Sigstore, release.Sig: raw.Sig, release.Crt: raw.Crt, release.SPDX: raw.SPDX,
	} {
		if len(link.text) > maxLink {
			return apiRow{}, false
		}
		if link.ok {
			row.links[kind] = linkPath(link.text)
		}
	}
	return row, true
}

// linkPath returns where a link leads: a path in python.org's tree where it is
// one, else the link itself.
func linkPath(link string) string {
	if location, err := trackerLocation(link); err == nil {
		return location
	}
	return link
}

func (r apiRow) published() Published {
	p := Published{By: apiBy, Size: r.size, SHA256: r.sha256, Hint: true}
	if p.SHA256 == "" {
		p.MD5 = r.md5
	}
	return p
}

// disagreeing returns the sidecars of which the row says something else than
// the site lists.
func (r apiRow) disagreeing(it *Item, listed map[string]bool) map[release.Sidecar]string {
	var links map[release.Sidecar]string
	for _, kind := range release.Sidecars() {
		link, says := r.links[kind]
		there := it.Sidecars[kind].Location
		if !listed[there] {
			there = ""
		}
		if !says || link == there {
			continue
		}
		if links == nil {
			links = map[release.Sidecar]string{}
		}
		links[kind] = link
	}
	return links
}
