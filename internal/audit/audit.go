// Package audit takes artifacts from their source through both verifiers: each
// artifact is read once, whatever its size, by a bounded number of workers, and
// what was found comes out in the order of the listing.
package audit

import (
	"cmp"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
	// Log, if set, is asked about .sig and .crt pairs that have no bundle
	// beside them; without it (offline) they cannot be checked.
	Log *sigstore.Log
	// Only, if set, is the one method that is asked for.
	Only Method
	// Time is the present: signatures dated later are from the future.
	Time time.Time
	// Jobs is how many artifacts are read side by side; below 1 means 1.
	Jobs int
	// Earlier, if set, returns what an earlier run found out about an artifact,
	// if that may be carried over. It is, if neither the artifact's validators
	// nor its sidecars have changed since.
	Earlier func(source.Item) (compare.Evidence, bool)
	// Progress, if set, is told how far the run is: when an artifact begins,
	// after each part of it that was read, and when it is done. It is called
	// from one goroutine at a time.
	Progress func(Progress)
}

// Progress is how far a run is, and how far it is with one artifact.
type Progress struct {
	Done, Total int   // artifacts
	Bytes       int64 // read so far, of all of them

	Worker   int    // who reads this artifact: 0 to Jobs-1
	Location string // of this artifact
	Read     int64  // bytes of it
	Size     int64  // bytes that it has; -1 if unknown
	Finished bool   // this artifact is done
}

// Method is one of the two ways to verify an artifact.
type Method string

// The methods.
const (
	PGP      Method = "pgp"
	Sigstore Method = "sigstore"
)

// Run yields the evidence for each item, in the order of items, each as soon
// as its turn has come. An artifact that cannot be read yields evidence that
// says so. When ctx ends, the artifacts that were not read to their end by then
// yield nothing.
func (a *Auditor) Run(ctx context.Context, items []source.Item) iter.Seq[compare.Evidence] {
	return func(yield func(compare.Evidence) bool) {
		results := make([]chan *compare.Evidence, len(items))
		for i := range results {
			results[i] = make(chan *compare.Evidence, 1)
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
		for n := range max(1, a.Jobs) {
			workers.Go(func() {
				w := worker{Auditor: a, track: &track, number: n, buf: make([]byte, bufferSize)}
				for i := range next {
					ev := w.examine(ctx, items[i])
					if ctx.Err() != nil && unreadable(ev) {
						results[i] <- nil // because the run has ended; it says nothing of the artifact
						continue
					}
					results[i] <- &ev
				}
			})
		}

		for _, r := range results {
			if ev := <-r; ev != nil && !yield(*ev) {
				return
			}
		}
	}
}

// unreadable reports whether the artifact or a sidecar could not be read.
func unreadable(ev compare.Evidence) bool {
	return ev.Trouble != "" || ev.PGP.Reason == pgp.Unreadable || ev.Sigstore.Reason == sigstore.Unreadable
}

// tracker adds up what the workers have done.
type tracker struct {
	mu     sync.Mutex
	total  int
	count  int
	bytes  int64
	report func(Progress)
}

// tell reports an artifact's progress, of which p holds what the worker knows;
// n bytes are new.
func (t *tracker) tell(p Progress, n int) {
	if t.report == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += int64(n)
	if p.Finished {
		t.count++
	}
	p.Done, p.Total, p.Bytes = t.count, t.total, t.bytes
	t.report(p)
}

// worker reads artifacts one after the other.
type worker struct {
	*Auditor
	track  *tracker
	number int
	buf    []byte
}

// examine reads one artifact and its sidecars and verifies it both ways.
func (w *worker) examine(ctx context.Context, item source.Item) compare.Evidence {
	at := Progress{Worker: w.number, Location: item.Location, Size: item.Size}
	w.track.tell(at, 0)
	defer func() {
		at.Finished = true
		w.track.tell(at, 0)
	}()
	a := w.Auditor
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

	asc := readSidecar(ctx, item, release.Asc, pgp.MaxSignatureSize)
	if asc.doubtful(item, release.Asc, ev.Expected.PGP) {
		asc = sidecar{}
	}
	bundle := readSidecar(ctx, item, release.Sigstore, sigstore.MaxBundleSize)
	if bundle.doubtful(item, release.Sigstore, ev.Expected.Sigstore) {
		bundle = sidecar{}
	}
	ev.PGPFile, ev.Bundle = asc.Sidecar, bundle.Sidecar
	_, hasSig := item.Sidecars[release.Sig]
	_, hasCrt := item.Sidecars[release.Crt]
	ev.LegacyPair = hasSig && hasCrt
	var sig, crt sidecar
	if ev.LegacyPair && !bundle.found {
		sig, crt = readSidecar(ctx, item, release.Sig, sigstore.MaxPairSize), readSidecar(ctx, item, release.Crt, sigstore.MaxPairSize)
		ev.Sig, ev.Crt = sig.Sidecar, crt.Sidecar
	}

	if asc.whole() && bundle.whole() && sig.whole() && crt.whole() {
		if earlier, ok := a.carryOver(ctx, item, ev); ok {
			return earlier
		}
	}
	var signature *pgp.Signature
	if asc.found && asc.err == nil {
		signature = pgp.Parse(asc.data)
	}
	for again := true; ; again = false {
		digest, hashes, err := w.digest(ctx, item, signature, &at, &ev)
		if err != nil {
			return unread(ev, err)
		}
		ev.SHA256 = hex.EncodeToString(digest[:])
		ev.PGP = a.checkPGP(ev, asc, signature, hashes)
		ev.Sigstore = a.checkSigstore(ctx, ev, item, bundle, sig, crt, digest)
		// A server that announces fewer bytes than it lists may have cut the
		// file short, once or always, which cannot be told from a forged one.
		switch {
		case item.Open == nil || item.Size < 0 || item.Size == ev.Size || !refused(ev):
			return ev
		case !again:
			return unread(ev, fmt.Errorf("listed with %d bytes, and served with %d, which its signatures are not for: run again", item.Size, ev.Size))
		}
	}
}

// unread is what is known of an artifact that could not be read, or not rightly.
func unread(ev compare.Evidence, err error) compare.Evidence {
	ev.Trouble = err.Error()
	ev.Size, ev.SHA256, ev.MD5, ev.ETag, ev.LastModified = -1, "", "", "", ""
	ev.PGP = pgp.Result{Reason: pgp.Unreadable, Detail: err.Error()}
	ev.Sigstore = sigstore.Result{Reason: sigstore.Unreadable, Detail: err.Error()}
	return ev
}

// refused reports whether a signature is not for the bytes that were read.
func refused(ev compare.Evidence) bool {
	return ev.PGP.Status == pgp.Bad || ev.Sigstore.Status == sigstore.DigestMismatch || ev.Sigstore.Status == sigstore.Bad
}

// carryOver returns the evidence of an earlier run if it still holds: the
// artifact and the sidecars that were judged are the same. ev is what is known
// of the artifact before it is read.
func (a *Auditor) carryOver(ctx context.Context, item source.Item, ev compare.Evidence) (compare.Evidence, bool) {
	if a.Earlier == nil || item.Validators == nil {
		return compare.Evidence{}, false
	}
	old, ok := a.Earlier(item)
	if ok && newMD5(item) != nil && old.MD5 == "" {
		return compare.Evidence{}, false // the hint has come since, and wants its digest
	}
	if !ok || old.URL != ev.URL || old.PGPFile.SHA256 != ev.PGPFile.SHA256 || old.Bundle.SHA256 != ev.Bundle.SHA256 ||
		old.LegacyPair != ev.LegacyPair || old.Sig.SHA256 != ev.Sig.SHA256 || old.Crt.SHA256 != ev.Crt.SHA256 {
		return compare.Evidence{}, false
	}
	was := source.Validators{Size: old.Size, ETag: old.ETag, LastModified: old.LastModified}
	// Who cannot be asked is read instead, and then says what is the matter.
	is, err := item.Validators(ctx)
	if err != nil || !is.Same(was) {
		return compare.Evidence{}, false
	}
	ev.Size, ev.SHA256, ev.MD5, ev.ETag, ev.LastModified = old.Size, old.SHA256, old.MD5, old.ETag, old.LastModified
	ev.PGP, ev.Sigstore, ev.Verified = old.PGP, old.Sigstore, old.Verified
	return ev, true
}

// maxRestarts is how often an artifact that changes while it is read is read
// again from its start.
const maxRestarts = 2

// digest reads the artifact once, into every hash state that the signature and
// the bundle need. Where the source has no bytes, hashes is nil and the digest
// is the one that the source gives.
func (w *worker) digest(ctx context.Context, item source.Item, sig *pgp.Signature, at *Progress, ev *compare.Evidence) (digest [sha256.Size]byte, hashes *pgp.Hashes, err error) {
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
	for restarts := 0; ; restarts++ {
		hashes = pgp.NewHashes(sig)
		err = w.read(ctx, item, hashes, at, ev)
		if !errors.Is(err, source.ErrChanged) || restarts == maxRestarts {
			break
		}
	}
	if err != nil {
		return digest, nil, err
	}
	return hashes.SHA256(), hashes, nil
}

// read reads the artifact from its start to its end into hashes.
func (w *worker) read(ctx context.Context, item source.Item, hashes *pgp.Hashes, at *Progress, ev *compare.Evidence) error {
	f, err := item.Open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	var into io.Writer = hashes
	sum := newMD5(item)
	if sum != nil {
		into = io.MultiWriter(hashes, sum)
	}
	at.Read, at.Size = 0, item.Size
	if v, ok := f.(source.Validated); ok && v.Validators().Size >= 0 {
		at.Size = v.Validators().Size // newer than the listing
	}
	metered := &meter{ctx: ctx, r: f, read: func(n int) {
		at.Read += int64(n)
		w.track.tell(*at, n)
	}}
	n, err := io.CopyBuffer(into, metered, w.buf)
	if err != nil {
		return err
	}
	if at.Size >= 0 && n != at.Size {
		return fmt.Errorf("changed while it was read: listed with %d bytes, read %d; run again", at.Size, n)
	}
	ev.Size = n
	if sum != nil {
		ev.MD5 = hex.EncodeToString(sum.Sum(nil))
	}
	if v, ok := f.(source.Validated); ok {
		ev.ETag, ev.LastModified = v.Validators().ETag, v.Validators().LastModified
	}
	return nil
}

// newMD5 returns a hash state if the source says no digest of the artifact but
// an MD5, as python.org did until 2025. It is compared as a hint, and nothing
// follows from it but a finding.
func newMD5(item source.Item) hash.Hash {
	if slices.ContainsFunc(item.Published, func(p source.Published) bool { return p.MD5 != "" && p.SHA256 == "" }) {
		return md5.New()
	}
	return nil
}

// meter is a reader that says how much was read, and ends with its context. It
// hides the other methods of the file, which keeps io.CopyBuffer on our buffer.
type meter struct {
	ctx  context.Context
	r    io.Reader
	read func(int)
}

func (m *meter) Read(p []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, fmt.Errorf("not read to its end: %w", context.Cause(m.ctx))
	}
	n, err := m.r.Read(p)
	m.read(n)
	return n, err
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

func (a *Auditor) checkSigstore(ctx context.Context, ev compare.Evidence, item source.Item, bundle, sig, crt sidecar, digest [sha256.Size]byte) sigstore.Result {
	policy := sigstore.Policy{
		Identities: ev.Expected.Identities,
		Patterns:   ev.Expected.Patterns,
		Key:        a.Key,
		Time:       a.Time,
	}
	switch {
	case a.Only == PGP:
		return sigstore.Result{Reason: sigstore.NotAsked, Detail: "not asked for"}
	case bundle.err != nil:
		return sigstore.Result{Reason: sigstore.Unreadable, Detail: bundle.err.Error()}
	case bundle.found:
		return a.Sigstore.Verify(bundle.data, digest, policy)
	case sig.err != nil || crt.err != nil:
		return sigstore.Result{Reason: sigstore.Unreadable, Detail: cmp.Or(sig.err, crt.err).Error()}
	case ev.LegacyPair:
		return a.Sigstore.VerifyPair(ctx, sig.data, crt.data, digest, policy, a.Log)
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

// doubtful reports whether a sidecar could not be asked for that is neither in
// the source's list nor due: then the list is right to leave it out. Many servers
// answer for what is not there with anything but 404.
func (s sidecar) doubtful(item source.Item, kind release.Sidecar, due keyrings.Presence) bool {
	return s.err != nil && item.Sidecars[kind].Unlisted && due == keyrings.None
}

// whole reports whether the digest tells all that there is to know of it.
func (s sidecar) whole() bool { return s.err == nil && s.found == (s.SHA256 != "") }

// readSidecar reads at most one byte more than limit, so that the verifier can
// tell a file that is too large without anybody holding it in memory.
func readSidecar(ctx context.Context, item source.Item, kind release.Sidecar, limit int64) sidecar {
	file, ok := item.Sidecars[kind]
	if !ok {
		return sidecar{}
	}
	s := sidecar{found: true, Sidecar: compare.Sidecar{Location: file.Location}}
	s.data, s.err = readAtMost(ctx, file.Open, limit+1)
	if errors.Is(s.err, source.ErrAbsent) {
		return sidecar{}
	}
	if s.err == nil && int64(len(s.data)) <= limit {
		sum := sha256.Sum256(s.data)
		s.SHA256 = hex.EncodeToString(sum[:])
	}
	return s
}

func readAtMost(ctx context.Context, open source.Opener, limit int64) (data []byte, err error) {
	f, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}
