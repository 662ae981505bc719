package sigstore

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// MaxTrustRootSize is the size in bytes above which a trust root is refused.
const MaxTrustRootSize = 1 << 20

// EmbeddedSource is the Source of the trust root that the program carries.
const EmbeddedSource = "embedded (public Sigstore)"

// embeddedCurrent is the day on which the embedded trust root was published, and
// so known to be current; trusted_root.md says the same.
const embeddedCurrent = "2026-03-18"

//go:embed trusted_root.json
var embeddedTrustRoot []byte

// TrustRoot is what a verification stands on: the certificate authorities, the
// logs and the timestamp authorities of one Sigstore. It is never changed.
type TrustRoot struct {
	source   string
	sha256   string
	current  time.Time
	material *root.TrustedRoot
	anchors  []Anchor
}

// AnchorKind says what an Anchor is trusted for.
type AnchorKind string

// The kinds of anchors.
const (
	TransparencyLog      AnchorKind = "transparency-log"      // Rekor
	CertificateLog       AnchorKind = "certificate-log"       // certificate transparency
	CertificateAuthority AnchorKind = "certificate-authority" // Fulcio
	TimestampAuthority   AnchorKind = "timestamp-authority"   // RFC 3161
)

// Anchor is one service of a trust root with one of its keys.
type Anchor struct {
	Kind  AnchorKind
	URL   string    // as it stands in the trust root
	KeyID string    // lower-case hex: the ID of a log, of an authority the SHA-256 of the certificate it signs with
	Start time.Time // the key is valid from here on, UTC
	End   time.Time // and until here; zero if it is still valid
}

// EmbeddedTrustRoot returns the public Sigstore's trust root that the program
// carries; trusted_root.md beside the file says where it comes from.
func EmbeddedTrustRoot() (*TrustRoot, error) {
	t, err := ParseTrustRoot(EmbeddedSource, embeddedTrustRoot)
	if err != nil {
		return nil, err
	}
	current, err := time.Parse(time.DateOnly, embeddedCurrent)
	if err != nil {
		return nil, err
	}
	return t.AsOf(current), nil
}

// EmbeddedTrustRootJSON returns the embedded trust root as it was published.
func EmbeddedTrustRootJSON() []byte { return bytes.Clone(embeddedTrustRoot) }

// ParseTrustRoot reads a trusted_root.json. The source names it in reports and
// errors. A trust root without transparency log, certificate log or certificate
// authority is refused, because nothing could be verified with it.
func ParseTrustRoot(source string, data []byte) (*TrustRoot, error) {
	t, err := parseTrustRoot(source, data)
	if err == nil {
		err = t.complete()
	}
	if err != nil {
		return nil, trustRootError(source, err)
	}
	return t, nil
}

// ParseKeyTrustRoot reads a trusted_root.json to be used with managed keys
// alone (Policy.Key). For them it may name no certificate authority and no
// certificate log; and if it names no transparency log, a bundle needs no entry
// of one. No bundle with a certificate is ever good by such a trust root.
func ParseKeyTrustRoot(source string, data []byte) (*TrustRoot, error) {
	t, err := parseTrustRoot(source, data)
	if err != nil {
		return nil, trustRootError(source, err)
	}
	return t, nil
}

func trustRootError(source string, err error) error {
	return fmt.Errorf("trust root %s: %w; give a trusted_root.json as Sigstore publishes it, or none for the embedded one", source, err)
}

// complete returns what is missing for bundles with certificates, or nil.
func (t *TrustRoot) complete() error {
	for _, kind := range []AnchorKind{TransparencyLog, CertificateLog, CertificateAuthority} {
		if !t.names(kind) {
			return fmt.Errorf("names no %s", kind)
		}
	}
	return nil
}

// names reports whether there is an anchor of the kind.
func (t *TrustRoot) names(kind AnchorKind) bool {
	return slices.ContainsFunc(t.anchors, func(a Anchor) bool { return a.Kind == kind })
}

func parseTrustRoot(source string, data []byte) (*TrustRoot, error) {
	if len(data) > MaxTrustRootSize {
		return nil, fmt.Errorf("larger than %d bytes", MaxTrustRootSize)
	}
	material, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	digest := sha256.Sum256(data)
	t := &TrustRoot{source: source, sha256: hex.EncodeToString(digest[:]), material: material}

	addLogs := func(kind AnchorKind, logs map[string]*root.TransparencyLog) {
		for id, l := range logs {
			t.anchors = append(t.anchors, Anchor{kind, l.BaseURL, id, l.ValidityPeriodStart.UTC(), utc(l.ValidityPeriodEnd)})
		}
	}
	addLogs(TransparencyLog, material.RekorLogs())
	addLogs(CertificateLog, material.CTLogs())
	for _, ca := range material.FulcioCertificateAuthorities() {
		if a, ok := ca.(*root.FulcioCertificateAuthority); ok {
			issuer := slices.Concat(a.Intermediates, []*x509.Certificate{a.Root})[0]
			t.anchors = append(t.anchors, Anchor{CertificateAuthority, a.URI, fingerprint(issuer), utc(a.ValidityPeriodStart), utc(a.ValidityPeriodEnd)})
		}
	}
	for _, ca := range material.TimestampingAuthorities() {
		if a, ok := ca.(*root.SigstoreTimestampingAuthority); ok {
			signer := a.Leaf
			if signer == nil {
				signer = slices.Concat(a.Intermediates, []*x509.Certificate{a.Root})[0]
			}
			t.anchors = append(t.anchors, Anchor{TimestampAuthority, a.URI, fingerprint(signer), utc(a.ValidityPeriodStart), utc(a.ValidityPeriodEnd)})
		}
	}
	slices.SortFunc(t.anchors, func(a, b Anchor) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.Start.Compare(b.Start), cmp.Compare(a.KeyID, b.KeyID))
	})
	return t, nil
}

// Source returns where the trust root is from: EmbeddedSource, or what
// ParseTrustRoot was given.
func (t *TrustRoot) Source() string { return t.source }

// SHA256 returns the digest of the trust root's bytes in lower-case hex.
func (t *TrustRoot) SHA256() string { return t.sha256 }

// AsOf returns the same trust root, known to be what its Sigstore published at
// the given time.
func (t *TrustRoot) AsOf(current time.Time) *TrustRoot {
	u := *t
	u.current = current.UTC()
	return &u
}

// Current returns the latest time at which the trust root is known to have been
// what its Sigstore published, UTC: for the embedded one the day it was taken
// over, for a refreshed one the time of the refresh; zero if nobody knows.
func (t *TrustRoot) Current() time.Time { return t.current }

// date is the time up to which the trust root knows the keys of its Sigstore.
func (t *TrustRoot) date() time.Time {
	if t.current.IsZero() {
		return t.Newest()
	}
	return t.current
}

// Newest returns the latest start of validity of any of its keys, which tells
// how old the trust root is at most; zero if it has no keys.
func (t *TrustRoot) Newest() time.Time {
	var newest time.Time
	for _, a := range t.anchors {
		if a.Start.After(newest) {
			newest = a.Start
		}
	}
	return newest
}

// Anchors returns everything that the trust root trusts, sorted by kind, start
// of validity and key ID.
func (t *TrustRoot) Anchors() []Anchor { return slices.Clone(t.anchors) }

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
