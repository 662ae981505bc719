package sigstoretest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	formats "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
)

// Rekor v1 counts entries over all its shards, its proofs within one: the two
// indices of an entry differ.
const (
	shardStart = 1_000_000
	treeID     = 1193050959916656506
)

// log is one transparency log.
type log struct {
	kind Log
	host string
	id   []byte
	key  crypto.Signer
	tree *testonly.Tree
}

func newLog(kind Log, key crypto.Signer) (*log, error) {
	l := &log{kind: kind, key: key, tree: testonly.New(rfc6962.DefaultHasher)}
	switch kind {
	case RekorV1:
		l.host = "rekor.sigstore.test"
	case RekorV2:
		l.host = "log2025-1.rekor.sigstore.test"
	default:
		l.host = "log2025-2.rekor.sigstore.test"
	}
	pkix, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(pkix)
	l.id = id[:]
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		// Rekor v2 names a log by its checkpoint key (C2SP signed-note).
		if _, l.id, err = rekornote.KeyHash(l.host, key.Public()); err != nil {
			return nil, err
		}
	}
	// Nobody's log is empty: proofs shall have something to prove.
	for i := range 3 {
		l.tree.AppendData(fmt.Appendf(nil, "entry %d of somebody else", i))
	}
	return l, nil
}

// url is the log's address, as it stands in the trust root.
func (l *log) url() string { return "https://" + l.host }

// entry is what a log returns for a body.
// The stranger is who forges, if the signing asks for a flaw.
func (l *log) entry(kind, version string, body []byte, t time.Time, g Signing, stranger *log) (*protorekor.TransparencyLogEntry, error) {
	index := l.tree.Size()
	l.tree.AppendData(body)
	tle := &protorekor.TransparencyLogEntry{
		LogIndex:          int64(index),
		LogId:             &protocommon.LogId{KeyId: l.id},
		KindVersion:       &protorekor.KindVersion{Kind: kind, Version: version},
		CanonicalizedBody: body,
	}
	if !g.WithoutProof {
		hashes, err := l.tree.InclusionProof(index, l.tree.Size())
		if err != nil {
			return nil, err
		}
		if g.Flaw == ForgedProof {
			hashes[0] = bytes.Clone(hashes[0])
			hashes[0][0] ^= 1
		}
		tle.InclusionProof = &protorekor.InclusionProof{
			LogIndex: int64(index),
			RootHash: l.tree.Hash(),
			TreeSize: int64(l.tree.Size()),
			Hashes:   hashes,
		}
		if !g.WithoutCheckpoint {
			key := l.key
			if g.Flaw == ForgedCheckpoint {
				key = stranger.key
			}
			checkpoint, err := l.checkpoint(key)
			if err != nil {
				return nil, fmt.Errorf("checkpoint: %w", err)
			}
			tle.InclusionProof.Checkpoint = &protorekor.Checkpoint{Envelope: checkpoint}
		}
	}
	if l.kind != RekorV1 {
		return tle, nil // Rekor v2 promises nothing and knows no time
	}
	tle.LogIndex += shardStart
	tle.IntegratedTime = t.Unix()
	if !g.WithoutPromise {
		key := l.key
		if g.Flaw == ForgedPromise {
			key = stranger.key
		}
		promise, err := promise(tle, key)
		if err != nil {
			return nil, fmt.Errorf("promise: %w", err)
		}
		tle.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: promise}
	}
	return tle, nil
}

// checkpoint signs the present state of the log.
func (l *log) checkpoint(key crypto.Signer) (string, error) {
	ctx := context.Background()
	if l.kind == RekorV1 {
		c, err := util.CreateAndSignCheckpoint(ctx, l.host, treeID, l.tree.Size(), l.tree.Hash(), messageSigner{key})
		return string(c), err
	}
	signer, err := rekornote.NewNoteSigner(ctx, l.host, messageSigner{key})
	if err != nil {
		return "", err
	}
	text := formats.Checkpoint{Origin: l.host, Size: l.tree.Size(), Hash: l.tree.Hash()}.Marshal()
	c, err := note.Sign(&note.Note{Text: string(text)}, signer)
	return string(c), err
}

// promise returns the signed entry timestamp of an entry.
func promise(tle *protorekor.TransparencyLogEntry, key crypto.Signer) ([]byte, error) {
	payload, err := canonicalJSON(tlog.RekorPayload{
		Body:           tle.CanonicalizedBody, // marshals as base64
		IntegratedTime: tle.IntegratedTime,
		LogIndex:       tle.LogIndex,
		LogID:          hex.EncodeToString(tle.LogId.KeyId),
	})
	if err != nil {
		return nil, err
	}
	return signWith(key, crypto.SHA256, payload)
}

// canonicalJSON is RFC 8785.
func canonicalJSON(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsoncanonicalizer.Transform(data)
}
