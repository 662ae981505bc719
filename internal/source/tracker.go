package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"migrate/internal/release"
)

const (
	// trackerDir is the folder of a cpython-release-tracker checkout that holds
	// one JSON file a release.
	trackerDir = "versions"
	// maxTrackerSize bounds such a file; the largest real one has 90 KiB.
	maxTrackerSize = 16 << 20
	// ftpPath is where python.org's artifacts lie.
	ftpPath = "/ftp/python/"
)

// trackerFile is one artifact in the tracker's data. Sigstore holds the JSON
// value: nil where there is no such field, "null" where there is no bundle.
type trackerFile struct {
	SHA256 string `json:"sha256"`
	Raw    struct {
		URL      string          `json:"url"`
		FileSize *int64          `json:"filesize"`
		SHA256   string          `json:"sha256"`
		Sigstore json.RawMessage `json:"sigstore"`
	} `json:"raw"`
}

// isTracker reports whether a folder is a checkout of the tracker.
func (w *walk) isTracker() bool {
	for _, e := range w.entries {
		if isTrackerFile(e.rel) {
			return true
		}
	}
	return false
}

// isTrackerFile reports whether a file is one of a release: versions/3.13.5.json.
func isTrackerFile(rel string) bool {
	dir, base := path.Split(rel)
	version, ok := strings.CutSuffix(base, ".json")
	if !ok || dir != trackerDir+"/" {
		return false
	}
	_, err := release.ParseVersion(version)
	return err == nil
}

// tracker makes a tracker checkout's listing. Of what else lies in a checkout
// only the folder with the data matters.
func (w *walk) tracker() (Listing, error) {
	// What could not be looked at may hold artifacts, wherever it lies.
	l := Listing{Source: w.folder.name, Kind: kindTracker, Troubles: w.troubles}
	inside := func(rel string) bool { return strings.HasPrefix(rel, trackerDir+"/") }
	for _, u := range w.found {
		if inside(u.Location) {
			l.Unrecognised = append(l.Unrecognised, u)
		}
	}
	for _, e := range w.entries {
		switch {
		case isTrackerFile(e.rel):
			if err := w.ctx.Err(); err != nil {
				return Listing{}, err
			}
			l.addTrackerFile(w.ctx, e)
		case e.problem != "":
			l.Troubles = append(l.Troubles, Trouble{e.rel, e.problem})
		case inside(e.rel):
			l.Unrecognised = append(l.Unrecognised, Unrecognised{e.rel, "not a release's data"})
		}
	}
	l.finish()
	return l, nil
}

// addTrackerFile lists the artifacts of one release.
func (l *Listing) addTrackerFile(ctx context.Context, e entry) {
	trouble := func(format string, args ...any) {
		l.Troubles = append(l.Troubles, Trouble{e.rel, fmt.Sprintf(format, args...) + ": check the file out again"})
	}
	data, err := readAll(ctx, e.open, maxTrackerSize)
	if err != nil {
		trouble("cannot be read: %v", err)
		return
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil || rows == nil {
		trouble("is not a JSON list of release files")
		return
	}
	for i, row := range rows {
		var file trackerFile
		if err := json.Unmarshal(row, &file); err != nil {
			trouble("entry %d is not shaped like a release file's", i)
			continue
		}
		item, err := file.item(fmt.Sprintf("%s#/%d/raw/sigstore", e.rel, i))
		if err != nil {
			trouble("entry %d %v", i, err)
			continue
		}
		if item.Name.File == "" {
			l.Unrecognised = append(l.Unrecognised, Unrecognised{item.Location, "no artifact name known"})
			continue
		}
		l.Items = append(l.Items, item)
	}
}

// item makes the item of one artifact; its Name is zero if the URL's is not
// understood. bundleAt is where the bundle stands.
func (t trackerFile) item(bundleAt string) (Item, error) {
	location, err := trackerLocation(t.Raw.URL)
	if err != nil {
		return Item{}, err
	}
	item := Item{
		Location: location,
		URL:      t.Raw.URL,
		Size:     -1,
		Sidecars: map[release.Sidecar]File{},
	}
	item.Name, _ = release.ParsePath(path.Base(path.Dir(location)), path.Base(location))
	if size := t.Raw.FileSize; size != nil && *size > 0 {
		item.Size = *size
	}

	own, published := strings.ToLower(t.SHA256), strings.ToLower(t.Raw.SHA256)
	for _, digest := range []string{own, published} {
		if digest != "" && !sha256Form.MatchString(digest) {
			return Item{}, fmt.Errorf("has %q where a SHA-256 digest should be", digest)
		}
	}
	item.SHA256 = own
	if own == "" {
		item.SHA256 = published
	}
	if own != "" && published != "" {
		item.Published = []Published{{By: "python.org", Size: item.Size, SHA256: published}}
	}

	bundle := t.Raw.Sigstore
	for _, kind := range release.Sidecars() {
		if kind != release.Sigstore || bundle == nil {
			item.Unseen = append(item.Unseen, kind)
		}
	}
	if bundle != nil && !bytes.Equal(bundle, []byte("null")) {
		item.Sidecars[release.Sigstore] = File{Location: bundleAt, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(bundle)), nil
		}}
	}
	return item, nil
}

// trackerLocation returns the path of a python.org URL below /ftp/python/, and
// any other URL as it is.
func trackerLocation(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path == "" || u.Path == "/" {
		return "", fmt.Errorf("has %q where its URL should be", raw)
	}
	if path.Clean(u.Path) != u.Path {
		return "", fmt.Errorf("has the URL %q, whose path is not plain", raw)
	}
	if below, ok := strings.CutPrefix(u.Path, ftpPath); ok {
		return below, nil
	}
	return raw, nil
}
