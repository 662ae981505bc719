package sigstoretest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Repository is a private TUF repository with a trust root as its one target,
// laid out like Sigstore's and served from memory. What it holds is what it was
// last made to publish; its files may be changed between requests.
type Repository struct {
	url  string
	seed string

	mu    sync.Mutex
	files map[string][]byte // by path within the repository
	asked []string          // the paths that were asked for, in order
	keys  map[string]string // the label of each role's key
	root  *metadata.Metadata[metadata.RootType]
}

// Edition is one state of a Repository.
type Edition struct {
	TrustedRoot []byte // the target; nil: targets.json does not list it
	// Version of timestamp, snapshot and targets; 0 means 1.
	Version int64
	// Versions, Expires and Signer are exceptions by role: another version,
	// another expiry than the far future, the label of another key to sign with.
	Versions map[string]int64
	Expires  map[string]time.Time
	Signer   map[string]string
}

// farFuture is an expiry that no clock gets to: the TUF client reads the real one.
var farFuture = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// NewRepository returns a repository at a URL with a root of version 1 and
// nothing else in it. The keys follow from the seed.
func NewRepository(url, seed string) (*Repository, error) {
	r := &Repository{url: url, seed: seed, files: map[string][]byte{}, keys: map[string]string{}}
	for _, role := range roles {
		r.keys[role] = role
	}
	r.root = metadata.Root(farFuture)
	for _, role := range roles {
		if err := r.trust(role); err != nil {
			return nil, fmt.Errorf("sigstoretest: %w", err)
		}
	}
	return r, r.publishRoot(r.keys[metadata.ROOT])
}

var roles = []string{metadata.ROOT, metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS}

// trust adds a role's key to the root.
func (r *Repository) trust(role string) error {
	key, err := newEd25519(r.seed, "tuf/"+r.keys[role])
	if err != nil {
		return err
	}
	public, err := metadata.KeyFromPublicKey(key.Public())
	if err != nil {
		return err
	}
	return r.root.Signed.AddKey(public, role)
}

// publishRoot signs the root with the keys of the given labels and publishes it
// under its version.
func (r *Repository) publishRoot(labels ...string) error {
	r.root.ClearSignatures()
	for _, label := range labels {
		if err := sign(r, r.root, label); err != nil {
			return fmt.Errorf("sigstoretest: %w", err)
		}
	}
	data, err := r.root.ToBytes(false)
	if err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[fmt.Sprintf("%d.root.json", r.root.Signed.Version)] = data
	return nil
}

// Root returns the newest root metadata.
func (r *Repository) Root() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files[fmt.Sprintf("%d.root.json", r.root.Signed.Version)]
}

// Rotate publishes the next version of the root, with a new key for each of the
// roles, signed by the keys of the old and of the new root.
func (r *Repository) Rotate(expires time.Time, rotated ...string) error {
	old := r.keys[metadata.ROOT]
	r.root.Signed.Version++
	r.root.Signed.Expires = farFuture
	if !expires.IsZero() {
		r.root.Signed.Expires = expires
	}
	for _, role := range rotated {
		for _, id := range r.root.Signed.Roles[role].KeyIDs {
			if err := r.root.Signed.RevokeKey(id, role); err != nil {
				return fmt.Errorf("sigstoretest: %w", err)
			}
		}
		r.keys[role] = fmt.Sprintf("%s of root %d", role, r.root.Signed.Version)
		if err := r.trust(role); err != nil {
			return fmt.Errorf("sigstoretest: %w", err)
		}
	}
	if fresh := r.keys[metadata.ROOT]; fresh != old {
		return r.publishRoot(old, fresh)
	}
	return r.publishRoot(old)
}

// ForgeRoot publishes the next version of the root, signed by nobody who may.
func (r *Repository) ForgeRoot() error {
	r.root.Signed.Version++
	defer func() { r.root.Signed.Version-- }()
	return r.publishRoot("forged")
}

// Publish puts an edition in the place of the one before. The roots stay.
func (r *Repository) Publish(e Edition) error {
	version := func(role string) int64 {
		if v := e.Versions[role]; v != 0 {
			return v
		}
		return max(1, e.Version)
	}
	expires := func(role string) time.Time {
		if t, ok := e.Expires[role]; ok {
			return t
		}
		return farFuture
	}
	signer := func(role string) string {
		if label, ok := e.Signer[role]; ok {
			return label
		}
		return r.keys[role]
	}

	files := map[string][]byte{}
	targets := metadata.Targets(expires(metadata.TARGETS))
	targets.Signed.Version = version(metadata.TARGETS)
	if e.TrustedRoot != nil {
		info, err := metadata.TargetFile().FromBytes("trusted_root.json", e.TrustedRoot, "sha256")
		if err != nil {
			return fmt.Errorf("sigstoretest: %w", err)
		}
		targets.Signed.Targets["trusted_root.json"] = info
		files[TargetPath(e.TrustedRoot)] = e.TrustedRoot
	}
	if err := add(r, files, targets, fmt.Sprintf("%d.targets.json", version(metadata.TARGETS)), signer(metadata.TARGETS)); err != nil {
		return err
	}
	snapshot := metadata.Snapshot(expires(metadata.SNAPSHOT))
	snapshot.Signed.Version = version(metadata.SNAPSHOT)
	snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(version(metadata.TARGETS))
	if err := add(r, files, snapshot, fmt.Sprintf("%d.snapshot.json", version(metadata.SNAPSHOT)), signer(metadata.SNAPSHOT)); err != nil {
		return err
	}
	timestamp := metadata.Timestamp(expires(metadata.TIMESTAMP))
	timestamp.Signed.Version = version(metadata.TIMESTAMP)
	timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(version(metadata.SNAPSHOT))
	if err := add(r, files, timestamp, "timestamp.json", signer(metadata.TIMESTAMP)); err != nil {
		return err
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.files, func(path string, _ []byte) bool { return !strings.HasSuffix(path, ".root.json") })
	maps.Copy(r.files, files)
	return nil
}

// TargetPath is where a trust root lies within the repository.
func TargetPath(trustedRoot []byte) string {
	return fmt.Sprintf("targets/%x.trusted_root.json", sha256.Sum256(trustedRoot))
}

// add signs metadata and puts it among the files.
func add[T metadata.Roles](r *Repository, files map[string][]byte, m *metadata.Metadata[T], path, label string) error {
	if err := sign(r, m, label); err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	data, err := m.ToBytes(false)
	if err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	files[path] = data
	return nil
}

func sign[T metadata.Roles](r *Repository, m *metadata.Metadata[T], label string) error {
	key, err := newEd25519(r.seed, "tuf/"+label)
	if err != nil {
		return err
	}
	signer, err := signature.LoadSigner(ed25519.PrivateKey(key), crypto.Hash(0))
	if err != nil {
		return err
	}
	_, err = m.Sign(signer)
	return err
}

// Set puts a file into the repository, or takes it away if data is nil.
func (r *Repository) Set(path string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if data == nil {
		delete(r.files, path)
		return
	}
	r.files[path] = data
}

// Asked returns the paths that were asked for since the last call, in order.
func (r *Repository) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// Get returns the file at a URL; more than limit bytes are an error, and that
// there is no file is one that is fs.ErrNotExist.
func (r *Repository) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, ok := strings.CutPrefix(url, r.url+"/")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, path)
	data, found := r.files[path]
	switch {
	case !ok || !found:
		return nil, fmt.Errorf("%s: %w", url, fs.ErrNotExist)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: larger than %d bytes", url, limit)
	}
	return data, nil
}
