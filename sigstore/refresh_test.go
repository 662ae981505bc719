package sigstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// present is the time of a refresh. The TUF client reads the real clock besides,
// so what is to have expired has so long ago.
var (
	present = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	longAgo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
)

const repositoryURL = "https://tuf.example"

// repo is a TUF repository with a client that has been there before, or has not.
type repo struct {
	tuf *sigstoretest.Repository
	sigstore.Refresher
	trustedRoot []byte
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	r, err := sigstoretest.NewRepository(repositoryURL, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	trustedRoot := trustRoot(t, newLab(t, "refresh"), func(map[string]any) {})
	return &repo{r, sigstore.Refresher{Get: r.Get, Folder: t.TempDir(), Time: present, URL: repositoryURL, Root: r.Root()}, trustedRoot}
}

// publish publishes an edition with the trust root in it, unless told otherwise.
func (r *repo) publish(t *testing.T, e sigstoretest.Edition) {
	t.Helper()
	if err := r.tuf.Publish(e); err != nil {
		t.Fatal(err)
	}
}

func (r *repo) refresh(t *testing.T) *sigstore.Refreshed {
	t.Helper()
	got, err := r.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (r *repo) rotate(t *testing.T, expires time.Time, roles ...string) {
	t.Helper()
	if err := r.tuf.Rotate(expires, roles...); err != nil {
		t.Fatal(err)
	}
}

func TestRefresh(t *testing.T) {
	r := newRepo(t)
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot})
	want := &sigstore.Refreshed{Data: r.trustedRoot, Versions: sigstore.TUFVersions{Root: 1, Timestamp: 1, Snapshot: 1, Targets: 1}}
	if diff := cmp.Diff(want, r.refresh(t)); diff != "" {
		t.Error(diff)
	}
	asked := []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", sigstoretest.TargetPath(r.trustedRoot)}
	if diff := cmp.Diff(asked, r.tuf.Asked()); diff != "" {
		t.Errorf("asked for:\n%s", diff)
	}

	// Unchanged: the least that tells so is asked for.
	if diff := cmp.Diff(want, r.refresh(t)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2.root.json", "timestamp.json"}, r.tuf.Asked()); diff != "" {
		t.Errorf("asked for:\n%s", diff)
	}

	// Only the timestamp is new, as every few days.
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Versions: map[string]int64{metadata.TIMESTAMP: 2}})
	want.Versions.Timestamp = 2
	if diff := cmp.Diff(want, r.refresh(t)); diff != "" {
		t.Error(diff)
	}

	// A newer trust root.
	newer := trustRoot(t, newLab(t, "refresh, newer"), func(map[string]any) {})
	r.publish(t, sigstoretest.Edition{TrustedRoot: newer, Version: 3})
	want = &sigstore.Refreshed{Data: newer, Versions: sigstore.TUFVersions{Root: 1, Timestamp: 3, Snapshot: 3, Targets: 3}}
	if diff := cmp.Diff(want, r.refresh(t)); diff != "" {
		t.Error(diff)
	}

	// Every key of the repository is replaced, twice, the first time with a root
	// that has expired since: only the last one must be current.
	r.rotate(t, longAgo, metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS)
	r.rotate(t, time.Time{}, metadata.ROOT, metadata.TIMESTAMP)
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 4})
	want = &sigstore.Refreshed{Data: r.trustedRoot, Versions: sigstore.TUFVersions{Root: 3, Timestamp: 4, Snapshot: 4, Targets: 4}}
	if diff := cmp.Diff(want, r.refresh(t)); diff != "" {
		t.Error(diff)
	}
	r.tuf.Asked()

	// From now on it is the new root that is trusted: the old one is not asked
	// for, and a repository that has only that is refused.
	r.refresh(t)
	if asked := r.tuf.Asked(); !slices.Equal(asked, []string{"4.root.json", "timestamp.json"}) {
		t.Errorf("asked for %v", asked)
	}
	old := newRepo(t)
	old.publish(t, sigstoretest.Edition{TrustedRoot: newer, Version: 9})
	r.Get = old.tuf.Get
	if _, err := r.Refresh(t.Context()); !errors.Is(err, &metadata.ErrUnsignedMetadata{}) {
		t.Errorf("a repository from before the rotation: %v", err)
	}
}

// TestRefreshRecovers has expired metadata in the folder, as after a long pause:
// they still guard against older ones.
func TestRefreshRecovers(t *testing.T) {
	r := newRepo(t)
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 5})
	r.refresh(t)
	expired := map[string]time.Time{metadata.TIMESTAMP: longAgo, metadata.SNAPSHOT: longAgo, metadata.TARGETS: longAgo}
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 5, Expires: expired})
	for path, name := range map[string]string{"timestamp.json": "timestamp.json", "5.snapshot.json": "snapshot.json", "5.targets.json": "targets.json"} {
		data, err := r.tuf.Get(t.Context(), repositoryURL+"/"+path, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.Folder, "tuf.example", name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 4})
	if _, err := r.Refresh(t.Context()); !errors.Is(err, &metadata.ErrBadVersionNumber{}) {
		t.Errorf("older than what has expired: %v", err)
	}
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 6})
	if got := r.refresh(t).Versions; got != (sigstore.TUFVersions{Root: 1, Timestamp: 6, Snapshot: 6, Targets: 6}) {
		t.Errorf("versions %+v", got)
	}
}

// TestRefreshFaults has a client that has seen version 5 of everything, and then
// something wrong, and one that has seen nothing.
func TestRefreshFaults(t *testing.T) {
	page := []byte("<!DOCTYPE html><title>Sign in to the network</title>")
	edition := func(edit func(*sigstoretest.Edition)) func(*testing.T, *repo) {
		return func(t *testing.T, r *repo) {
			e := sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 6}
			edit(&e)
			r.publish(t, e)
		}
	}
	// by has one role's exception.
	expired := func(role string) func(*testing.T, *repo) {
		return edition(func(e *sigstoretest.Edition) { e.Expires = map[string]time.Time{role: longAgo} })
	}
	forged := func(role string) func(*testing.T, *repo) {
		return edition(func(e *sigstoretest.Edition) { e.Signer = map[string]string{role: "forged"} })
	}
	older := func(role string) func(*testing.T, *repo) {
		return edition(func(e *sigstoretest.Edition) { e.Versions = map[string]int64{role: 4} })
	}
	file := func(path string, data []byte) func(*testing.T, *repo) {
		return func(t *testing.T, r *repo) {
			edition(func(*sigstoretest.Edition) {})(t, r)
			r.tuf.Set(path, data)
		}
	}
	target := func(edit func([]byte) []byte) func(*testing.T, *repo) {
		return func(t *testing.T, r *repo) {
			// Another trust root than the one that is known.
			data := trustRoot(t, newLab(t, "target"), func(map[string]any) {})
			r.publish(t, sigstoretest.Edition{TrustedRoot: data, Version: 6})
			r.tuf.Set(sigstoretest.TargetPath(data), edit(bytes.Clone(data)))
		}
	}
	const onlyBack = true // a fault for a client that has been there before
	for _, test := range []struct {
		name     string
		fault    func(*testing.T, *repo)
		kind     error // what errors.Is finds
		want     string
		onlyBack bool
	}{
		{"timestamp expired", expired(metadata.TIMESTAMP), &metadata.ErrExpiredMetadata{}, "stale, or this machine's clock (2026-11-22T12:00:00Z) is wrong: expired metadata error: timestamp.json is expired", false},
		{"snapshot expired", expired(metadata.SNAPSHOT), &metadata.ErrExpiredMetadata{}, "snapshot.json is expired", false},
		{"targets expired", expired(metadata.TARGETS), &metadata.ErrExpiredMetadata{}, "new targets is expired", false},
		{"root expired", func(t *testing.T, r *repo) {
			r.rotate(t, longAgo)
			edition(func(*sigstoretest.Edition) {})(t, r)
		}, &metadata.ErrExpiredMetadata{}, "final root.json is expired", false},

		{"timestamp forged", forged(metadata.TIMESTAMP), &metadata.ErrUnsignedMetadata{}, "timestamp.json is not signed by who should have signed it", false},
		{"snapshot forged", forged(metadata.SNAPSHOT), &metadata.ErrUnsignedMetadata{}, "6.snapshot.json is not signed", false},
		{"targets forged", forged(metadata.TARGETS), &metadata.ErrUnsignedMetadata{}, "6.targets.json is not signed", false},
		{"root forged", func(t *testing.T, r *repo) {
			edition(func(*sigstoretest.Edition) {})(t, r)
			if err := r.tuf.ForgeRoot(); err != nil {
				t.Fatal(err)
			}
		}, &metadata.ErrUnsignedMetadata{}, "2.root.json is not signed", false},
		{"timestamp by the snapshot's key", edition(func(e *sigstoretest.Edition) {
			e.Signer = map[string]string{metadata.TIMESTAMP: metadata.SNAPSHOT}
		}), &metadata.ErrUnsignedMetadata{}, "timestamp.json is not signed", false},
		{"a root of another version", func(t *testing.T, r *repo) {
			edition(func(*sigstoretest.Edition) {})(t, r)
			r.tuf.Set("2.root.json", r.tuf.Root())
		}, &metadata.ErrBadVersionNumber{}, "at 2.root.json: bad version number error: bad version number, expected 2, got 1", false},

		{"all rolled back", edition(func(e *sigstoretest.Edition) { e.Version = 4 }), &metadata.ErrBadVersionNumber{}, "its versions go back or do not fit together, at timestamp.json", onlyBack},
		{"timestamp rolled back", older(metadata.TIMESTAMP), &metadata.ErrBadVersionNumber{}, "new timestamp version 4 must be >= 5", onlyBack},
		{"snapshot rolled back", older(metadata.SNAPSHOT), &metadata.ErrBadVersionNumber{}, "new snapshot version 4 must be >= 5", onlyBack},
		{"targets rolled back", older(metadata.TARGETS), &metadata.ErrBadVersionNumber{}, "at 6.snapshot.json", onlyBack},

		{"no timestamp", file("timestamp.json", nil), fs.ErrNotExist, "timestamp.json is not there", false},
		{"no snapshot", file("6.snapshot.json", nil), fs.ErrNotExist, "6.snapshot.json is not there", false},
		{"no targets", file("6.targets.json", nil), fs.ErrNotExist, "6.targets.json is not there", false},
		{"target listed and not there", target(func([]byte) []byte { return nil }), fs.ErrNotExist, "trusted_root.json is not there", false},
		{"target not listed", edition(func(e *sigstoretest.Edition) { e.TrustedRoot = nil }), nil, "target trusted_root.json not found", false},

		{"page for the root", file("2.root.json", page), nil, "2.root.json: invalid character '<'", false},
		{"page for the timestamp", file("timestamp.json", page), nil, "timestamp.json: invalid character '<'", false},
		{"page for the snapshot", file("6.snapshot.json", page), nil, "6.snapshot.json: invalid character '<'", false},
		{"page for the targets", file("6.targets.json", page), nil, "6.targets.json: invalid character '<'", false},
		{"page for the target", target(func([]byte) []byte { return page }), &metadata.ErrLengthOrHashMismatch{}, "trusted_root.json is another file than was announced", false},
		{"empty timestamp", file("timestamp.json", []byte{}), nil, "timestamp.json: unexpected end of JSON input", false},
		{"the snapshot in place of the timestamp", func(t *testing.T, r *repo) {
			edition(func(*sigstoretest.Edition) {})(t, r)
			data, err := r.tuf.Get(t.Context(), repositoryURL+"/6.snapshot.json", 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			r.tuf.Set("timestamp.json", data)
		}, nil, "timestamp.json: ", false},

		{"target of the same length", target(func(b []byte) []byte { b[len(b)-2] ^= 1; return b }), &metadata.ErrLengthOrHashMismatch{}, "trusted_root.json is another file than was announced", false},
		{"target cut off", target(func(b []byte) []byte { return b[:len(b)-1] }), &metadata.ErrLengthOrHashMismatch{}, "another file than was announced", false},
		{"target too long", target(func(b []byte) []byte { return append(b, '\n') }), nil, "trusted_root.json: larger than", false},
		{"target announced too large", edition(func(e *sigstoretest.Edition) { e.TrustedRoot = make([]byte, 5_000_001) }),
			&metadata.ErrDownloadLengthMismatch{}, "trusted_root.json: download length mismatch error: announced with 5000001 bytes", false},
		{"target larger than a trust root", edition(func(e *sigstoretest.Edition) { e.TrustedRoot = make([]byte, sigstore.MaxTrustRootSize+1) }),
			nil, "what it publishes as trusted_root.json cannot be used: larger than 1048576 bytes", false},
		{"target is no trust root", edition(func(e *sigstoretest.Edition) { e.TrustedRoot = []byte(`{"tlogs": []}`) }),
			nil, "trusted_root.json cannot be used: unsupported TrustedRoot media type", false},
		{"target trusts no authority", edition(func(e *sigstoretest.Edition) {
			e.TrustedRoot = trustRoot(t, newLab(t, "refresh"), func(r map[string]any) { delete(r, "certificateAuthorities") })
		}), nil, "trusted_root.json cannot be used: names no certificate-authority", false},
		{"endless root", file("2.root.json", make([]byte, 512001)), nil, "2.root.json: larger than 512000 bytes", false},
		{"endless timestamp", file("timestamp.json", make([]byte, 16385)), nil, "timestamp.json: larger than 16384 bytes", false},
		{"endless snapshot", file("6.snapshot.json", make([]byte, 2_000_001)), nil, "6.snapshot.json: larger than 2000000 bytes", false},
		{"endless targets", file("6.targets.json", make([]byte, 5_000_001)), nil, "6.targets.json: larger than 5000000 bytes", false},
	} {
		for _, back := range []bool{true, false} {
			if !back && test.onlyBack {
				continue
			}
			name := test.name
			if back {
				name += ", been there before"
			}
			t.Run(name, func(t *testing.T) {
				r := newRepo(t)
				if back {
					r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Version: 5})
					r.refresh(t)
				}
				test.fault(t, r)
				got, err := r.Refresh(t.Context())
				if got != nil || err == nil {
					t.Fatalf("got %v, error %v", got, err)
				}
				for _, part := range []string{"refresh of the trust root from " + repositoryURL + ": ", test.want} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q lacks %q", err, part)
					}
				}
				if test.kind != nil && !errors.Is(err, test.kind) {
					t.Errorf("%q is no %T", err, test.kind)
				}
			})
		}
	}
}

// TestRefreshInterrupted fails each request in turn, with and without
// cancellation, and refreshes then in the folder that was left.
func TestRefreshInterrupted(t *testing.T) {
	cut := errors.New("connection cut")
	for n := range 5 {
		for _, cancel := range []bool{false, true} {
			t.Run(fmt.Sprintf("request %d, cancel %v", n, cancel), func(t *testing.T) {
				r := newRepo(t)
				r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot})
				ctx, stop := context.WithCancelCause(t.Context())
				defer stop(nil)
				count := 0
				get := r.Get
				r.Get = func(ctx context.Context, url string, limit int64) ([]byte, error) {
					if count++; count == n+1 {
						if cancel {
							stop(errors.New("interrupted"))
							return nil, ctx.Err()
						}
						return nil, fmt.Errorf("%s: %w", url, cut)
					}
					return get(ctx, url, limit)
				}
				_, err := r.Refresh(ctx)
				switch {
				case err == nil:
					t.Fatal("no error")
				case cancel && err.Error() != "refresh of the trust root: interrupted":
					t.Errorf("error %q", err)
				case !cancel && (!errors.Is(err, cut) || !strings.Contains(err.Error(), ": connection cut")):
					t.Errorf("error %q", err)
				}
				r.Get = get
				if got := r.refresh(t); !bytes.Equal(got.Data, r.trustedRoot) {
					t.Error("another trust root")
				}
			})
		}
	}
}

// TestRefreshClock has a present long after the client's own.
func TestRefreshClock(t *testing.T) {
	r := newRepo(t)
	for _, role := range []string{metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS, metadata.ROOT} {
		soon := map[string]time.Time{role: present.AddDate(200, 0, 0)}
		if role == metadata.ROOT {
			r.rotate(t, soon[role])
		}
		r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot, Expires: soon})
		r.Folder = t.TempDir()
		r.Time = present.AddDate(200, 0, 1)
		_, err := r.Refresh(t.Context())
		if !errors.Is(err, &metadata.ErrExpiredMetadata{}) || !strings.Contains(err.Error(), "clock (2226-11-23T12:00:00Z) is wrong") ||
			!strings.Contains(err.Error(), role+".json is expired") {
			t.Errorf("%s, in the future: %v", role, err)
		}
		r.Time = present.AddDate(200, 0, 0)
		if _, err := r.Refresh(t.Context()); err != nil {
			t.Errorf("%s, at the last moment: %v", role, err)
		}
	}
}

// TestRefreshWithoutFolder has a folder that cannot be written to.
func TestRefreshWithoutFolder(t *testing.T) {
	r := newRepo(t)
	r.publish(t, sigstoretest.Edition{TrustedRoot: r.trustedRoot})
	r.Folder = filepath.Join(r.Folder, "file")
	if err := os.WriteFile(r.Folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("error %v", err)
	}
}

// TestRefreshPublic begins with the public Sigstore's own root of trust, which no
// test repository can follow.
func TestRefreshPublic(t *testing.T) {
	var asked []string
	r := sigstore.Refresher{Folder: t.TempDir(), Time: present, Get: func(_ context.Context, url string, _ int64) ([]byte, error) {
		asked = append(asked, url)
		return nil, fs.ErrNotExist
	}}
	_, err := r.Refresh(t.Context())
	if err == nil || !strings.Contains(err.Error(), "from https://tuf-repo-cdn.sigstore.dev: timestamp.json is not there") {
		t.Errorf("error %v", err)
	}
	if len(asked) != 2 || !strings.HasPrefix(asked[0], sigstore.RepositoryURL+"/") || !strings.HasSuffix(asked[0], ".root.json") || asked[1] != sigstore.RepositoryURL+"/timestamp.json" {
		t.Errorf("asked for %v", asked)
	}

	private := newRepo(t)
	private.publish(t, sigstoretest.Edition{TrustedRoot: private.trustedRoot})
	private.Root = nil
	if _, err := private.Refresh(t.Context()); err == nil {
		t.Error("a private repository was taken for the public Sigstore's")
	}
}

func TestTUFVersionsNewer(t *testing.T) {
	v := sigstore.TUFVersions{Root: 2, Timestamp: 9, Snapshot: 5, Targets: 3}
	for _, test := range []struct {
		than sigstore.TUFVersions
		want bool
	}{
		{v, false},
		{sigstore.TUFVersions{}, true},
		{sigstore.TUFVersions{Root: 2, Timestamp: 10, Snapshot: 5, Targets: 3}, false},
		{sigstore.TUFVersions{Root: 1, Timestamp: 10, Snapshot: 6, Targets: 4}, true},
		{sigstore.TUFVersions{Root: 3, Timestamp: 1, Snapshot: 1, Targets: 1}, false},
		{sigstore.TUFVersions{Root: 2, Timestamp: 8, Snapshot: 5, Targets: 3}, true},
	} {
		if got := v.Newer(test.than); got != test.want {
			t.Errorf("newer than %+v: %v", test.than, got)
		}
	}
}
