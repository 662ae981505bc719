package sigstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// RepositoryURL is the TUF repository from which the public Sigstore publishes
// its trust root.
const RepositoryURL = tuf.DefaultMirror

// target is the trust root's name in a TUF repository of Sigstore's.
const target = "trusted_root.json"

// maxMetadata is the size in bytes above which no file of a TUF repository is
// asked for; it is the client's own greatest limit, for targets metadata.
const maxMetadata = 5_000_000

// Refresher gets the trust root from a TUF repository with sigstore-go's client:
// every file of it is verified, from the root of trust on, before it counts.
type Refresher struct {
	// Get returns the bytes at a URL. More than limit of them are an error, and
	// so is every answer but the file itself; that there is none is an error that
	// is fs.ErrNotExist. It has the whole of the network side: time limits,
	// redirects, retries.
	Get func(ctx context.Context, url string, limit int64) ([]byte, error)
	// Folder is where the client keeps its verified metadata. What an earlier
	// refresh left there guards against older files; an empty folder is a fresh
	// start. During a refresh it must be nobody else's: the client takes no lock.
	// After a failed one it may hold the one half and not the other.
	Folder string
	// Time is the present. The client itself compares expiry dates with the
	// machine's clock and takes no other; Refresh compares them with Time as well.
	// A clock that is behind is not noticed by either: TUF metadata do not say
	// when they were made. That is for the caller, who knows the last refresh.
	Time time.Time
	// URL is the repository's; "" stands for RepositoryURL.
	URL string
	// Root is the first TUF root metadata to trust; nil stands for the public
	// Sigstore's that sigstore-go carries.
	Root []byte
}

// Refreshed is what a refresh found.
type Refreshed struct {
	Data     []byte      // the trusted_root.json as it was published
	Versions TUFVersions // of the metadata that vouch for it
}

// TUFVersions are the version numbers of a TUF repository's metadata.
type TUFVersions struct {
	Root      int64 `json:"root"`
	Timestamp int64 `json:"timestamp"`
	Snapshot  int64 `json:"snapshot"`
	Targets   int64 `json:"targets"`
}

// Newer reports whether v is of a later state of the repository. A new root may
// let the other numbers begin anew, with new keys (TUF specification, section
// 5.3.11); under one root, every change gives a new timestamp.
func (v TUFVersions) Newer(than TUFVersions) bool {
	return v.Root > than.Root || v.Root == than.Root && v.Timestamp > than.Timestamp
}

// Refresh gets the trust root, which can be used then. An error says which file of the repository could
// not be had or was not to be accepted, and why; it wraps Get's error, or the
// error of package metadata of go-tuf.
func (r Refresher) Refresh(ctx context.Context) (*Refreshed, error) {
	if r.URL == "" {
		r.URL = RepositoryURL
	}
	if r.Root == nil {
		r.Root = tuf.DefaultRoot()
	}
	f := &fetcher{ctx: ctx, get: r.Get}
	refreshed, err := r.refresh(f)
	switch {
	case err == nil:
		err = usable(refreshed.Data)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("refresh of the trust root: %w", context.Cause(ctx))
	default:
		err = f.explain(err, r.Time)
	}
	if err != nil {
		return nil, fmt.Errorf("refresh of the trust root from %s: %w", r.URL, err)
	}
	return refreshed, nil
}

// usable returns why nothing could be verified with a trust root, or nil.
func usable(data []byte) error {
	t, err := parseTrustRoot(target, data)
	if err == nil {
		err = t.complete()
	}
	if err == nil {
		_, err = NewVerifier(t)
	}
	if err != nil {
		return fmt.Errorf("what it publishes as %s cannot be used: %w", target, err)
	}
	return nil
}

func (r Refresher) refresh(f *fetcher) (*Refreshed, error) {
	dir := filepath.Join(r.Folder, tuf.URLToPath(r.URL)) // the client's own choice
	client, err := tuf.New(&tuf.Options{
		Root:              newestRoot(r.Root, filepath.Join(dir, "root.json")),
		CachePath:         r.Folder,
		RepositoryBaseURL: r.URL,
		CacheValidity:     tuf.NoCache,
		Fetcher:           f,
	})
	if err != nil {
		return nil, err
	}
	data, err := client.GetTarget(target)
	if err != nil {
		return nil, err
	}
	versions, err := r.verified(dir)
	if err != nil {
		return nil, err
	}
	return &Refreshed{Data: data, Versions: versions}, nil
}

// newestRoot returns the newer of two root metadata: the one given, and the last
// one that the client verified, so that a root that was seen is never gone back
// on. The client itself begins with the one it is given each time.
func newestRoot(given []byte, last string) []byte {
	known, err := metadata.Root().FromFile(last)
	if err != nil {
		return given // none, or none that can be read; the client writes it anew
	}
	first, err := metadata.Root().FromBytes(given)
	if err != nil || known.Signed.Version <= first.Signed.Version {
		return given
	}
	data, err := known.ToBytes(false)
	if err != nil {
		return given
	}
	return data
}

// verified returns the versions of the metadata that the client has verified,
// and an error if one of them had expired at r.Time.
func (r Refresher) verified(dir string) (v TUFVersions, err error) {
	file := func(role string) string { return filepath.Join(dir, role+".json") }
	root, err := metadata.Root().FromFile(file(metadata.ROOT))
	if err != nil {
		return v, err
	}
	timestamp, err := metadata.Timestamp().FromFile(file(metadata.TIMESTAMP))
	if err != nil {
		return v, err
	}
	snapshot, err := metadata.Snapshot().FromFile(file(metadata.SNAPSHOT))
	if err != nil {
		return v, err
	}
	targets, err := metadata.Targets().FromFile(file(metadata.TARGETS))
	if err != nil {
		return v, err
	}
	for _, m := range []struct {
		role    string
		expired bool
	}{
		{metadata.ROOT, root.Signed.IsExpired(r.Time)},
		{metadata.TIMESTAMP, timestamp.Signed.IsExpired(r.Time)},
		{metadata.SNAPSHOT, snapshot.Signed.IsExpired(r.Time)},
		{metadata.TARGETS, targets.Signed.IsExpired(r.Time)},
	} {
		if m.expired {
			return v, &metadata.ErrExpiredMetadata{Msg: m.role + ".json is expired"}
		}
	}
	return TUFVersions{root.Signed.Version, timestamp.Signed.Version, snapshot.Signed.Version, targets.Signed.Version}, nil
}

// fetcher is a Get as the client takes it.
type fetcher struct {
	ctx  context.Context
	get  func(ctx context.Context, url string, limit int64) ([]byte, error)
	last string // the file that was asked for last
	err  error  // why it could not be had
}

// DownloadFile implements the client's fetcher.Fetcher.
func (f *fetcher) DownloadFile(url string, limit int64, _ time.Duration) ([]byte, error) {
	f.last = path.Base(url)
	var data []byte
	data, f.err = f.download(url, limit)
	return data, f.err
}

func (f *fetcher) download(url string, limit int64) ([]byte, error) {
	if limit < 0 || limit > maxMetadata {
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: fmt.Sprintf("announced with %d bytes", limit)}
	}
	data, err := f.get(f.ctx, url, limit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// The client knows by this, and by nothing else, that there is no newer root.
		return nil, &metadata.ErrDownloadHTTP{StatusCode: 404, URL: url}
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: fmt.Sprintf("larger than %d bytes", limit)}
	}
	return data, nil
}

// explain says in words of its own why the client gave up.
func (f *fetcher) explain(err error, present time.Time) error {
	is := func(kind error) bool { return errors.Is(err, kind) }
	switch cause := innermost(err); {
	case f.err != nil && is(&metadata.ErrDownloadHTTP{}):
		return fmt.Errorf("%s is not there: %w", f.last, fs.ErrNotExist)
	case f.err != nil:
		return fmt.Errorf("%s: %w", f.last, f.err)
	case is(&metadata.ErrExpiredMetadata{}):
		return fmt.Errorf("it is stale, or this machine's clock (%s) is wrong: %w", stamp(present), cause)
	case is(&metadata.ErrBadVersionNumber{}):
		return fmt.Errorf("its versions go back or do not fit together, at %s: %w", f.last, cause)
	case is(&metadata.ErrUnsignedMetadata{}):
		return fmt.Errorf("%s is not signed by who should have signed it: %w", f.last, cause)
	case is(&metadata.ErrLengthOrHashMismatch{}):
		return fmt.Errorf("%s is another file than was announced: %w", f.last, cause)
	case f.last == "":
		return cause // nothing was asked for yet
	default:
		return fmt.Errorf("%s: %w", f.last, cause)
	}
}

// innermost returns what an error was before the client told its own story
// around it.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
