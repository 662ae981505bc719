package sigstoretest

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/transparency-dev/merkle/rfc6962"
)

// maxRetrieve is how many entries Rekor returns at once (pkg/api/entries.go).
const maxRetrieve = 10

// Rekor is the face that version 1 of Rekor shows to the network, before the
// Sigstore's log of that kind: an http.Handler that answers the two questions by
// which an entry is found from a digest, as the real one does. It is safe for
// concurrent use.
type Rekor struct {
	s *Sigstore

	mu      sync.Mutex
	entries []logged
}

// logged is one entry, by what it is found.
type logged struct {
	uuid   string
	digest string // "sha256:" and hex
	cert   []byte // PEM
	entry  models.LogEntryAnon
}

// Rekor returns a face of the Sigstore's Rekor v1. It knows the entries that
// were made through it.
func (s *Sigstore) Rekor() *Rekor { return &Rekor{s: s} }

// URL returns the log's address, as it stands in the trust root.
func (r *Rekor) URL() string { return r.s.genuine.logs[RekorV1].url() }

// Pair signs as Sigstore.Pair does, and logs the signature with the flaw that
// the signing asks for. What the log says can then be found by its digest.
func (r *Rekor) Pair(g Signing) (sig, crt []byte, err error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	d, err := r.s.sign(g)
	if err != nil {
		return nil, nil, fmt.Errorf("sigstoretest: %w", err)
	}
	sig = append(base64.StdEncoding.AppendEncode(nil, d.signature), '\n')
	return sig, d.pem, r.add(g, d)
}

// Again logs a pair's signature once more, as anybody can: with the time and the
// flaw of the signing, which is else the one that it was made by.
func (r *Rekor) Again(sig, crt []byte, g Signing) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	signature, err := base64.StdEncoding.DecodeString(string(sig))
	if err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	return r.add(g, &signed{hash: crypto.SHA256, pem: crt, digest: g.Digest[:], signature: signature})
}

// add logs a signature. The caller holds the Sigstore's lock.
func (r *Rekor) add(g Signing, d *signed) error {
	tle, err := r.s.log(g, d)
	if err != nil {
		return fmt.Errorf("sigstoretest: log entry: %w", err)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(tle.CanonicalizedBody)
	r.mu.Lock()
	defer r.mu.Unlock()
	// Rekor logs the same thing twice only in two of its shards.
	shard := uint64(treeID)
	for slices.ContainsFunc(r.entries, func(e logged) bool { return e.uuid == uuid(shard, leaf) }) {
		shard++
	}
	r.entries = append(r.entries, logged{
		uuid:   uuid(shard, leaf),
		digest: fmt.Sprintf("sha256:%x", d.digest),
		cert:   d.pem,
		entry:  newLogEntry(tle),
	})
	return nil
}

// uuid is what Rekor calls an entry.
func uuid(shard uint64, leaf []byte) string { return fmt.Sprintf("%016x%x", shard, leaf) }

// newLogEntry returns an entry as Rekor's API spells it.
func newLogEntry(tle *protorekor.TransparencyLogEntry) models.LogEntryAnon {
	id := hex.EncodeToString(tle.GetLogId().GetKeyId())
	e := models.LogEntryAnon{
		Body:           tle.CanonicalizedBody, // marshals as base64
		IntegratedTime: &tle.IntegratedTime,
		LogID:          &id,
		LogIndex:       &tle.LogIndex,
		Verification:   &models.LogEntryAnonVerification{SignedEntryTimestamp: tle.GetInclusionPromise().GetSignedEntryTimestamp()},
	}
	if p := tle.InclusionProof; p != nil {
		root := hex.EncodeToString(p.RootHash)
		proof := &models.InclusionProof{LogIndex: &p.LogIndex, RootHash: &root, TreeSize: &p.TreeSize, Hashes: []string{}}
		for _, h := range p.Hashes {
			proof.Hashes = append(proof.Hashes, hex.EncodeToString(h))
		}
		if c := p.GetCheckpoint().GetEnvelope(); c != "" {
			proof.Checkpoint = &c
		}
		e.Verification.InclusionProof = proof
	}
	return e
}

// ServeHTTP implements http.Handler.
func (r *Rekor) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	refuse := func(code int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(models.Error{Code: int64(code), Message: message})
	}
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	if req.Method != http.MethodPost {
		refuse(http.StatusMethodNotAllowed, "method "+req.Method+" is not allowed")
		return
	}
	switch req.URL.Path {
	case "/api/v1/index/retrieve":
		var q struct {
			Hash      string
			Operator  string
			PublicKey *struct {
				Format  string
				Content []byte
			}
		}
		if err := json.NewDecoder(req.Body).Decode(&q); err != nil || !strings.HasPrefix(q.Hash, "sha256:") {
			refuse(http.StatusUnprocessableEntity, "hash in body should match sha256")
			return
		}
		if q.PublicKey != nil && (q.Operator != "and" || q.PublicKey.Format != "x509") {
			refuse(http.StatusNotImplemented, "this Rekor is a small one")
			return
		}
		uuids := []string{}
		for _, e := range r.all() {
			if e.digest == q.Hash && (q.PublicKey == nil || bytes.Equal(e.cert, q.PublicKey.Content)) {
				uuids = append(uuids, e.uuid)
			}
		}
		answer(uuids)
	case "/api/v1/log/entries/retrieve":
		var q struct{ EntryUUIDs []string }
		if err := json.NewDecoder(req.Body).Decode(&q); err != nil || len(q.EntryUUIDs) == 0 {
			refuse(http.StatusUnprocessableEntity, "entryUUIDs in body should have at least 1 items")
			return
		}
		if len(q.EntryUUIDs) > maxRetrieve {
			refuse(http.StatusUnprocessableEntity, fmt.Sprintf("more than max allowed %d entries in request", maxRetrieve))
			return
		}
		entries := []models.LogEntry{}
		for _, e := range r.all() {
			if slices.Contains(q.EntryUUIDs, e.uuid) {
				entries = append(entries, models.LogEntry{e.uuid: e.entry})
			}
		}
		answer(entries)
	default:
		refuse(http.StatusNotFound, "path "+req.URL.Path+" was not found")
	}
}

func (r *Rekor) all() []logged {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

// Post is a sigstore.Post to this Rekor, without a network.
func (r *Rekor) Post(ctx context.Context, address, contentType string, body []byte, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if at := u.Scheme + "://" + u.Host; at != r.URL() {
		return nil, fmt.Errorf("%s: no such host", at)
	}
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	switch {
	case w.Code != http.StatusOK:
		return nil, fmt.Errorf("%s: %d %s", address, w.Code, cmp.Or(http.StatusText(w.Code), "unknown"))
	case int64(w.Body.Len()) > limit:
		return nil, fmt.Errorf("%s: more than %d bytes", address, limit)
	}
	return w.Body.Bytes(), nil
}
