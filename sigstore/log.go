package sigstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-openapi/strfmt"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/tle"
)

// A Post sends a body and returns the answer, which it must not read beyond the
// limit in bytes. Whatever is not the whole of a successful answer is an error
// that names the URL; redirects, time and repetitions are for it to bound.
type Post func(ctx context.Context, url, contentType string, body []byte, limit int64) ([]byte, error)

// Log asks a transparency log for entries, by version 1 of Rekor's API
// (github.com/sigstore/rekor, openapi.yaml). Nothing that it answers is
// believed: it has to verify. It is safe for concurrent use if Post is.
type Log struct {
	URL  string // of the log, e.g. "https://rekor.sigstore.dev"
	Post Post
}

// Log returns what asks the trust root's log of version 1, which is the one that
// is trusted longest. Logs with Ed25519 keys are left out: they are of version 2,
// which cannot be searched.
func (t *TrustRoot) Log(post Post) *Log {
	for _, a := range t.anchors { // in order of their start
		if a.Kind != TransparencyLog {
			continue
		}
		if _, v2 := t.material.RekorLogs()[a.KeyID].PublicKey.(ed25519.PublicKey); !v2 {
			return &Log{URL: a.URL, Post: post}
		}
	}
	return &Log{Post: post} // which fails, saying why
}

// What is asked of a log and read of its answers, at most.
const (
	maxEntries = 100 // of one digest; CPython's have one or two
	maxAtOnce  = 10  // entries in one answer, which is Rekor's limit
	maxIndex   = 1 << 20
	maxAnswer  = 4 << 20
)

// entries returns the log entries that hold a bundle's very signature and
// certificate, the earliest first; none if the log shows none. They are not
// verified. An error means that there may be more all the same.
func (l *Log) entries(ctx context.Context, pb *protobundle.Bundle) ([]*protorekor.TransparencyLogEntry, error) {
	if l.URL == "" {
		return nil, errors.New("the trust root names no transparency log that can be searched")
	}
	base := strings.TrimSuffix(l.URL, "/")
	uuids, err := l.search(ctx, base, pb)
	if err != nil {
		return nil, err
	}
	found, err := l.retrieve(ctx, base, uuids, pb)
	slices.SortFunc(found, func(a, b *protorekor.TransparencyLogEntry) int {
		return cmp.Or(cmp.Compare(a.IntegratedTime, b.IntegratedTime), cmp.Compare(a.LogIndex, b.LogIndex))
	})
	return found, err
}

// retrieve returns those entries of the UUIDs that match the bundle.
func (l *Log) retrieve(ctx context.Context, base string, uuids []string, pb *protobundle.Bundle) (found []*protorekor.TransparencyLogEntry, failed error) {
	url := base + "/api/v1/log/entries/retrieve"
	for some := range slices.Chunk(uuids, maxAtOnce) {
		var answer []map[string]json.RawMessage
		if err := l.ask(ctx, url, map[string]any{"entryUUIDs": some}, maxAnswer, &answer); err != nil {
			return found, err
		}
		n := 0
		for _, entries := range answer {
			n += len(entries)
		}
		if n != len(some) {
			failed = fmt.Errorf("answer of %s: %d entries where %d were asked for", url, n, len(some))
		}
		if n > len(some) {
			return found, failed
		}
		for _, entries := range answer {
			for _, id := range slices.Sorted(maps.Keys(entries)) {
				switch e, err := matching(entries[id], pb); {
				case err != nil:
					failed = fmt.Errorf("answer of %s: entry %.100q: %w", url, id, err)
				case e != nil:
					found = append(found, e)
				}
			}
		}
	}
	return found, failed
}

// search returns the UUIDs of the entries for a digest, by anybody.
func (l *Log) search(ctx context.Context, base string, pb *protobundle.Bundle) ([]string, error) {
	url := base + "/api/v1/index/retrieve"
	query := map[string]any{"hash": "sha256:" + hex.EncodeToString(pb.GetMessageSignature().GetMessageDigest().GetDigest())}
	var all []string
	if err := l.ask(ctx, url, query, maxIndex, &all); err != nil {
		return nil, err
	}
	if len(all) > maxEntries {
		// Anybody can log signatures of a public file. The index knows the
		// certificate too, but in the spelling that was sent: that it has
		// nothing of it proves nothing.
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pb.GetVerificationMaterial().GetCertificate().GetRawBytes()})
		query["publicKey"] = map[string]any{"format": "x509", "content": block}
		query["operator"] = "and"
		n := len(all)
		all = nil // json appends to what is there
		if err := l.ask(ctx, url, query, maxIndex, &all); err != nil {
			return nil, err
		}
		if len(all) == 0 || len(all) > maxEntries {
			return nil, fmt.Errorf("answer of %s: %d entries for this digest, and only %d are looked through", url, n, maxEntries)
		}
	}
	for _, id := range all {
		if _, err := hex.DecodeString(id); err != nil || len(id) != 64 && len(id) != 80 {
			return nil, fmt.Errorf("answer of %s: %.100q is no entry's UUID", url, id)
		}
	}
	slices.Sort(all) // Rekor's order is random
	return slices.Compact(all), nil
}

// ask sends a question in JSON and reads the answer into a value.
func (l *Log) ask(ctx context.Context, url string, question any, limit int64, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	data, err := l.Post(ctx, url, "application/json", body, limit)
	if err != nil {
		return err
	}
	if int64(len(data)) > limit {
		return fmt.Errorf("answer of %s: larger than %d bytes", url, limit)
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("answer of %s: not what the log's API says: %w", url, err)
	}
	return nil
}

// hashedrekord is what identifies the body of a log entry of that kind, the one
// that CPython's signatures were logged as (version 0.0.1).
type hashedrekord struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Signature struct {
			Content   []byte `json:"content"`
			PublicKey struct {
				Content []byte `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
	} `json:"spec"`
}

// matching returns the log entry if it is of the bundle's very signature and
// certificate, else nil. An error means that it is or may be, and is not what
// the log's API says.
func matching(data []byte, pb *protobundle.Bundle) (*protorekor.TransparencyLogEntry, error) {
	var e models.LogEntryAnon
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	text, _ := e.Body.(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || text == "" {
		return nil, errors.New("it holds no body")
	}
	var body hashedrekord
	if json.Unmarshal(raw, &body) != nil || body.Kind != "hashedrekord" || body.APIVersion != "0.0.1" {
		return nil, nil // of another kind
	}
	// The file's PEM may differ from the log's in its line breaks.
	cert, err := onlyCertificate(bytes.TrimSpace(body.Spec.Signature.PublicKey.Content))
	if err != nil || !bytes.Equal(cert.Raw, pb.GetVerificationMaterial().GetCertificate().GetRawBytes()) ||
		!bytes.Equal(body.Spec.Signature.Content, pb.GetMessageSignature().GetSignature()) {
		return nil, nil // by somebody else, or of another signing
	}
	switch err := e.Validate(strfmt.Default); {
	case err != nil:
		return nil, err
	case e.Verification == nil || e.Verification.InclusionProof == nil:
		return nil, errors.New("it holds no inclusion proof")
	}
	return tle.GenerateTransparencyLogEntry(e)
}
