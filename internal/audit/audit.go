// Package audit takes artifacts from their source through both verifiers: each
// artifact is read once, whatever its size, by a bounded number of workers, and
// what was found comes out in the order of the listing.
package audit

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// bufferSize is what one read asks of an artifact: large enough that system
// calls do not show in a profile, small enough that workers stay small.
const bufferSize = 256 << 10

// Auditor verifies artifacts both ways. Its fields are set once, before Run.
type Auditor struct {
	Keyring  *pgp.Keyring       // the pinned certificates
	Sigstore *sigstore.Verifier // shared by all workers
	// Expect says who should have signed an artifact; Roster.Expect, usually.
	Expect func(release.Name) keyrings.Expectation
	// Key, if set, is the managed key that bundles must be signed with, in
	// place of the expected identities.
	Key crypto.PublicKey
	// Only, if set, is the one method that is asked for.
	Only Method
	// Time is the present: signatures dated later are from the future.
	Time time.Time
	// Jobs is how many artifacts are read side by side; below 1 means 1.
	Jobs int
	// Progress, if set, is told after each artifact how far the run is. It
	// is called from one goroutine at a time.
	Progress func(Progress)
}

// Method is one of the two ways to verify an artifact.
type Method string

// The methods.
const (
	PGP      Method = "pgp"
	Sigstore Method = "sigstore"
)

// Progress is how far a run is.
type Progress struct {
	Done, Total int   // artifacts
	Bytes       int64 // read so far
}

// Run yields the evidence for each item, in the order of items, each as soon
// as its turn has come. An artifact that cannot be read yields evidence that
// says so. When ctx ends, the artifacts not yet read yield that as their trouble.
func (a *Auditor) Run(ctx context.Context, items []source.Item) iter.Seq[compare.Evidence] {
	return func(yield func(compare.Evidence) bool) {
		results := make([]chan compare.Evidence, len(items))
		for i := range results {
			results[i] = make(chan compare.Evidence, 1)
		}
		next := make(chan int)
		stopped := make(chan struct{})
		go func() {
			defer close(next)
			for i := range items {
				select {
				case next <- i:
				case <-stopped:
					return
				}
			}
		}()

		var workers sync.WaitGroup
		defer workers.Wait()
		defer close(stopped)
		track := tracker{total: len(items), report: a.Progress}
		for range max(1, a.Jobs) {
			workers.Go(func() {
				buf := make([]byte, bufferSize)
				for i := range next {
					ev := a.examine(ctx, items[i], buf)
					track.done(ev.Size)
					results[i] <- ev
				}
			})
		}

		for _, r := range results {
			if !yield(<-r) {
				return
			}
		}
	}
}

// tracker adds up what the workers have done.
type tracker struct {
	mu     sync.Mutex
	total  int
	count  int
	bytes  int64
	report func(Progress)
}

func (t *tracker) done(size int64) {
	if t.report == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.bytes += max(0, size)
	t.report(Progress{Done: t.count, Total: t.total, Bytes: t.bytes})
}

// examine reads one artifact and its sidecars and verifies it both ways.
func (a *Auditor) examine(ctx context.Context, item source.Item, buf []byte) compare.Evidence {
	ev := compare.Evidence{
		Name:      item.Name,
		Location:  item.Location,
		URL:       item.URL,
		Size:      -1,
		Expected:  a.Expect(item.Name),
		PGPUnseen: slices.Contains(item.Unseen, release.Asc),
	}
	for _, p := range item.Published {
		ev.Published = append(ev.Published, compare.Published(p))
	}

	asc := readSidecar(item, release.Asc, pgp.MaxSignatureSize)
	bundle := readSidecar(item, release.Sigstore, sigstore.MaxBundleSize)
	ev.PGPFile, ev.Bundle = asc.Sidecar, bundle.Sidecar
	_, hasSig := item.Sidecars[release.Sig]
	_, hasCrt := item.Sidecars[release.Crt]
	ev.LegacyPair = hasSig && hasCrt

	var signature *pgp.Signature
	if asc.found && asc.err == nil {
		signature = pgp.Parse(asc.data)
	}
	digest, hashes, err := a.digest(ctx, item, signature, buf, &ev)
	if err != nil {
		ev.Trouble = err.Error()
		ev.PGP = pgp.Result{Reason: pgp.Unreadable, Detail: err.Error()}
		ev.Sigstore = sigstore.Result{Reason: sigstore.Unreadable, Detail: err.Error()}
		return ev
	}
	ev.SHA256 = hex.EncodeToString(digest[:])
	ev.PGP = a.checkPGP(ev, asc, signature, hashes)
	ev.Sigstore = a.checkSigstore(ev, item, bundle, digest)
	return ev
}

// digest reads the artifact once, into every hash state that the signature and
// the bundle need. Where the source has no bytes, hashes is nil and the digest
// is the one that the source gives.
func (a *Auditor) digest(ctx context.Context, item source.Item, sig *pgp.Signature, buf []byte, ev *compare.Evidence) (digest [sha256.Size]byte, hashes *pgp.Hashes, err error) {
	if item.Open == nil {
		b, err := hex.DecodeString(item.SHA256)
		if err != nil || len(b) != sha256.Size {
			return digest, nil, fmt.Errorf("the source gives neither bytes nor a SHA-256 digest")
		}
		return [sha256.Size]byte(b), nil, nil
	}
	if err := ctx.Err(); err != nil {
		return digest, nil, fmt.Errorf("not read: %w", context.Cause(ctx))
	}
	f, err := item.Open()
	if err != nil {
		return digest, nil, err
	}
	defer f.Close()

	hashes = pgp.NewHashes(sig)
	// Hiding the reader's other methods keeps io.CopyBuffer on our buffer.
	n, err := io.CopyBuffer(hashes, struct{ io.Reader }{cancellable{ctx, f}}, buf)
	if err != nil {
		return digest, nil, err
	}
	if item.Size >= 0 && n != item.Size {
		return digest, nil, fmt.Errorf("changed while it was read: listed with %d bytes, read %d; run again", item.Size, n)
	}
	ev.Size = n
	return hashes.SHA256(), hashes, nil
}

// cancellable is a reader that ends with its context.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, fmt.Errorf("not read to its end: %w", context.Cause(c.ctx))
	}
	return c.r.Read(p)
}

func (a *Auditor) checkPGP(ev compare.Evidence, asc sidecar, sig *pgp.Signature, hashes *pgp.Hashes) pgp.Result {
	switch {
	case a.Only == Sigstore:
		return pgp.Result{Reason: pgp.NotAsked, Detail: "not asked for"}
	case asc.err != nil:
		return pgp.Result{Reason: pgp.Unreadable, Detail: asc.err.Error()}
	case ev.PGPUnseen:
		return pgp.Result{Reason: pgp.NoBytes, Detail: "the source has no artifact to hash and does not show whether there is a signature"}
	case !asc.found:
		return pgp.Result{Status: pgp.Missing}
	case hashes == nil:
		return pgp.Result{Reason: pgp.NoBytes, Detail: "the source has no artifact to hash"}
	}
	return a.Keyring.Verify(sig, hashes, pgp.Policy{Signers: ev.Expected.Signers, Time: a.Time})
}

func (a *Auditor) checkSigstore(ev compare.Evidence, item source.Item, bundle sidecar, digest [sha256.Size]byte) sigstore.Result {
	switch {
	case a.Only == PGP:
		return sigstore.Result{Reason: sigstore.NotAsked, Detail: "not asked for"}
	case bundle.err != nil:
		return sigstore.Result{Reason: sigstore.Unreadable, Detail: bundle.err.Error()}
	case bundle.found:
		return a.Sigstore.Verify(bundle.data, digest, sigstore.Policy{
			Identities: ev.Expected.Identities,
			Patterns:   ev.Expected.Patterns,
			Key:        a.Key,
			Time:       a.Time,
		})
	case ev.LegacyPair:
		return sigstore.LegacyPair()
	case slices.Contains(item.Unseen, release.Sigstore):
		return sigstore.Result{Reason: sigstore.Unseen, Detail: "the source does not show whether there is a bundle"}
	}
	return sigstore.Result{Status: sigstore.Missing}
}

// sidecar is a sidecar file's bytes.
type sidecar struct {
	compare.Sidecar
	data  []byte
	found bool
	err   error // it is there and could not be read
}

// readSidecar reads at most one byte more than limit, so that the verifier can
// tell a file that is too large without anybody holding it in memory.
func readSidecar(item source.Item, kind release.Sidecar, limit int64) sidecar {
	file, ok := item.Sidecars[kind]
	if !ok {
		return sidecar{}
	}
	s := sidecar{found: true, Sidecar: compare.Sidecar{Location: file.Location}}
	s.data, s.err = readAtMost(file.Open, limit+1)
	if s.err == nil && int64(len(s.data)) <= limit {
		sum := sha256.Sum256(s.data)
		s.SHA256 = hex.EncodeToString(sum[:])
	}
	return s
}

func readAtMost(open source.Opener, limit int64) (data []byte, err error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}
